"""scripts/make_checkpoint: checkpoints with random weights that are always the same ones."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.codec import Codec
from ttm.engine.qwen3.dimensions import MODES, read_dimensions, read_speech_tokenizer
from ttm.engine.qwen3.layout import model_layout, speech_tokenizer_layout
from ttm.engine.qwen3.speaker import SpeakerEncoder
from ttm.engine.qwen3.tokens import TextTokens
from ttm.engine.qwen3.weights import TensorFile

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "engine" / "qwen3" / "golden"
SECONDS = 3
"""Of computing, that a tiny checkpoint may take: the tests of the engine make several."""

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    """The script as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        path = str(ROOT / "scripts" / "make_checkpoint")
        loader = importlib.machinery.SourceFileLoader("make_checkpoint", path)
        spec = importlib.util.spec_from_loader("make_checkpoint", loader)
        assert spec
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        yield module


@pytest.fixture
def make(script: ModuleType, tmp_path: Path) -> Make:
    """`make(mode, size="tiny", seed=0, eos_gain=0.0, dtype="bfloat16")`: its folder."""

    def make_one(
        mode: str, size: str = "tiny", seed: int = 0, eos_gain: float = 0.0, dtype: str = "bfloat16"
    ) -> Path:
        out = tmp_path / str(len(list(tmp_path.iterdir())))
        script.make(out, size, mode, seed, eos_gain, dtype)
        return out

    return make_one


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def weights(folder: Path) -> TensorFile:
    return TensorFile(folder / "model.safetensors", model_layout(read_dimensions(folder)))


@pytest.mark.parametrize("mode", MODES)
def test_a_tiny_checkpoint_is_made_fast_and_ttm_accepts_it(make: Make, mode: str) -> None:
    began = time.process_time()
    folder = make(mode)
    assert time.process_time() - began < SECONDS
    checkpoint = Checkpoint(folder)
    assert checkpoint.dimensions.tts_model_type == mode
    assert checkpoint.speech_tokenizer.decode_upsample_rate == 1920
    speakers = checkpoint.dimensions.talker_config.spk_id
    assert len(speakers) == (9 if mode == "custom_voice" else 0)
    assert len(checkpoint.dimensions.languages) == 10
    assert torch.isfinite(torch.cat([t.float().ravel() for t in checkpoint.weights.values()])).all()


def test_the_narrower_code_predictor_of_the_larger_model_has_its_projection(make: Make) -> None:
    small, large = weights(make("base")), weights(make("base", "tiny-1b7"))
    assert not any("small_to_mtp_projection" in name for name in small)
    assert large["talker.code_predictor.small_to_mtp_projection.weight"].shape == (48, 64)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(make: Make) -> None:
    first, again, other = (files(make("base", seed=seed)) for seed in (5, 5, 6))
    assert first == again
    changed = {name for name in first if first[name] != other[name]}
    assert changed == {"model.safetensors", "speech_tokenizer/model.safetensors"}


def test_no_two_tensors_hold_the_same_values(make: Make) -> None:
    sums = [
        hashlib.sha256(t.view(torch.int16).numpy()).digest() for t in weights(make("base")).values()
    ]
    assert len(set(sums)) == len(sums)


def test_float32_holds_what_bfloat16_was_rounded_from(make: Make) -> None:
    exact, rounded = weights(make("base", dtype="float32")), weights(make("base"))
    assert all(t.dtype == torch.float32 for t in exact.values())
    assert all(torch.equal(t.bfloat16(), rounded[name]) for name, t in exact.items())
    assert any(not torch.equal(t, rounded[name].float()) for name, t in exact.items())


def test_the_end_weighs_as_much_as_was_asked(make: Make) -> None:
    never, even, strong = (
        weights(make("custom_voice", eos_gain=gain, dtype="float32"))["talker.codec_head.weight"]
        for gain in (0.0, 1.0, 3.0)
    )
    stop = 2150 - 2048 + 256
    assert not never[stop].any()
    assert torch.equal(strong[stop], 3 * even[stop])
    others = [i for i in range(len(even)) if i != stop]
    assert torch.equal(never[others], even[others])
    assert even[stop].std() == pytest.approx(float(even.std()), rel=0.3)


def test_the_codec_and_the_speaker_encoder_are_as_loud_as_real_ones(make: Make) -> None:
    folder = make("base")
    sizes = read_speech_tokenizer(folder)
    path = folder / "speech_tokenizer" / "model.safetensors"
    codec = Codec(sizes.decoder_config, TensorFile(path, speech_tokenizer_layout(sizes)))
    stream = torch.Generator().manual_seed(1)
    codes = torch.randint(0, sizes.decoder_config.codebook_size, (1, 16, 10), generator=stream)
    samples = codec.decode(codes)
    assert float(samples.std()) == pytest.approx(0.12, rel=0.2)
    assert abs(float(samples.mean())) < 0.02
    speaker = read_dimensions(folder).speaker_encoder_config
    assert speaker
    mel = torch.randn((80, speaker.mel_dim), generator=stream) * 2 - 5
    vector = SpeakerEncoder(speaker, weights(folder)).embed_mel(mel)
    assert float(vector.float().std()) == pytest.approx(0.6, rel=0.2)


@pytest.mark.parametrize(
    ("size", "mode", "expected"),
    [
        ("0.6b", "custom_voice", 1_811_626_576),
        ("1.7b", "voice_design", 3_833_402_552),
    ],
)
def test_the_true_sizes_are_as_long_as_the_published_files(
    script: ModuleType, tmp_path: Path, size: str, mode: str, expected: int
) -> None:
    (tmp_path / "speech_tokenizer").mkdir()
    script.write_texts(tmp_path, size, mode)
    model = model_layout(read_dimensions(tmp_path))
    speech = speech_tokenizer_layout(read_speech_tokenizer(tmp_path))
    values = [sum(map(math.prod, layout.values())) for layout in (model, speech)]
    header = script.header(model, "bfloat16", {"format": "pt"})
    assert len(header) + 2 * values[0] == expected
    assert len(script.header(speech, "float32")) + 4 * values[1] == 682_293_092


def test_the_texts_around_the_weights_are_the_published_ones(make: Make) -> None:
    found = files(make("custom_voice"))
    generation = hashlib.sha256(found["generation_config.json"]).hexdigest()
    assert generation.startswith("f1b90b45")
    lengths = {
        "generation_config.json": 245,
        "preprocessor_config.json": 127,
        "speech_tokenizer/preprocessor_config.json": 234,
        "speech_tokenizer/configuration.json": 76,
    }
    assert {name: len(found[name]) for name in lengths} == lengths


def test_a_true_size_has_the_published_token_ids(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "speech_tokenizer").mkdir()
    script.write_texts(tmp_path, "0.6b", "base")
    vocabulary = json.loads((tmp_path / "vocab.json").read_text("utf-8"))
    assert sorted(vocabulary.values()) == list(range(151_643))
    tokens = TextTokens(tmp_path, read_dimensions(tmp_path))
    assert tokens.instruction("a")[:3] == [151_644, 872, 198]
    added = json.loads((tmp_path / "tokenizer_config.json").read_text())["added_tokens_decoder"]
    names = {int(id): token["content"] for id, token in added.items()}
    assert [*names] == list(range(151_643, 151_676))
    assert (names[151_671], names[151_673]) == ("<tts_pad>", "<tts_text_eod>")


def test_blocks_that_several_threads_draw_come_in_the_order_of_the_rows(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "BLOCK", 100)
    layout = {"b.weight": (501, 7), "a.bias": (1001,), "c.cluster_usage": (300,)}
    drawn = script.Weights(1, layout, script.SPEECH_RULES)
    path = tmp_path / "x.safetensors"
    assert script.write_tensors(path, drawn, "float32") == path.stat().st_size
    written = TensorFile(path, layout)
    for name in layout:
        assert np.array_equal(written[name].numpy(), drawn.whole(name))
    assert len(np.unique(drawn.whole("b.weight"))) > 501 * 7 * 0.99
    assert np.flatnonzero(drawn.whole("c.cluster_usage") == 0).tolist() == [0, 97, 194, 291]


# ---- on the command line


def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "make_checkpoint"), *map(str, words)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


def test_it_says_in_one_line_what_it_wrote(tmp_path: Path) -> None:
    out = tmp_path / "new" / "one"
    done = call(out, "--size", "tiny", "--mode", "voice_design", "--seed", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{out}: tiny voice_design, seed 3, eos gain 0; model ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "--size"),
        (["--size", "2b", "--mode", "base"], "'2b'"),
        (["--size", "tiny", "--mode", "clone"], "'clone'"),
        (["--size", "tiny", "--mode", "base", "--eos-gain", "nan"], "--eos-gain nan"),
    ],
)
def test_a_wrong_argument_gets_a_sentence(tmp_path: Path, wrong: list[str], said: str) -> None:
    done = call(tmp_path / "out", *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", "kept.txt"])
def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "kept.txt").touch()
    done = call(tmp_path / name, "--size", "tiny", "--mode", "base")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("is not an empty folder; name a new one")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


# ---- the references that scripts/make_golden made


def test_the_golden_references_are_whole_small_and_far_from_a_tie() -> None:
    table = json.loads((GOLDEN / "cases.json").read_text("utf-8"))
    named = {GOLDEN / name / f"{case}.npz" for name in table for case in table[name]["cases"]}
    assert set(GOLDEN.rglob("*.npz")) == named
    assert sum(path.stat().st_size for path in named) < 6_000_000
    assert {table[name]["mode"] for name in table} == set(MODES)
    for path in named:
        with np.load(path) as arrays:
            gaps = [float(arrays[key]) for key in arrays if key.endswith("_gap")]
        assert min(gaps, default=1) >= 2e-4, path
