"""A wrong checkpoint is refused by its files alone, with one sentence that names the cause."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.errors import BadCheckpoint

Spoil = Callable[[Path], None]


@pytest.fixture
def copy(made, tmp_path) -> Path:
    """A checkpoint that a test may spoil."""
    return shutil.copytree(made("tiny", "base", 5), tmp_path / "spoilt")


def read_tensors(path: Path) -> tuple[dict, bytes]:
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def write_tensors(path: Path, header: dict, data: bytes) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def edited(file: str, change: Callable[[dict], None]) -> Spoil:
    def spoil(folder: Path) -> None:
        if file.endswith(".json"):
            table = json.loads((folder / file).read_text())
            change(table)
            (folder / file).write_text(json.dumps(table))
        else:
            header, data = read_tensors(folder / file)
            change(header)
            write_tensors(folder / file, header, data)

    return spoil


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def cut_to_the_header(folder: Path) -> None:
    file = folder / "speech_tokenizer" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:300])


def pickled(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(pickle.dumps({"weights": list(range(10_000))}))


def only_a_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def set_talker(key: str, value: object) -> Spoil:
    return edited("config.json", lambda table: table["talker_config"].__setitem__(key, value))


def transposed(header: dict) -> None:
    header["talker.text_projection.linear_fc2.weight"]["shape"].reverse()


HEAD = "talker.codec_head.weight"
WRONG: dict[str, tuple[Spoil, str]] = {
    "missing key": (
        edited("model.safetensors", lambda header: header.pop(HEAD)),
        f"lacks the tensor '{HEAD}'",
    ),
    "unknown key": (
        edited("model.safetensors", lambda h: h.__setitem__("talker.extra", h[HEAD])),
        "unknown tensor 'talker.extra'",
    ),
    "wrong shape": (edited("model.safetensors", transposed), "and config.json says 64 x 96"),
    "cut short": (cut_short, "was cut short"),
    "cut in the header": (cut_to_the_header, "was cut short"),
    "pickle": (pickled, "is a pickle or an archive"),
    "only a pickle": (only_a_pickle, "pickled weights, which can run code"),
    "integers": (
        edited("model.safetensors", lambda header: header[HEAD].__setitem__("dtype", "I32")),
        "not as a floating type",
    ),
    "no number": (set_talker("rms_norm_eps", float("nan")), "NaN is not a number"),
    "infinite": (set_talker("rope_theta", float("inf")), "Infinity is not a number"),
    "no size": (set_talker("num_hidden_layers", 0), "talker_config.num_hidden_layers cannot be 0"),
    "huge size": (set_talker("hidden_size", 1 << 40), "talker_config.hidden_size cannot be"),
    "a text for a size": (set_talker("head_dim", "32"), "talker_config.head_dim cannot be"),
    "a key less": (
        edited("config.json", lambda table: table["talker_config"].pop("vocab_size")),
        "talker_config.vocab_size is missing",
    ),
    "another activation": (set_talker("hidden_act", "gelu"), "ttm knows only 'silu'"),
    "another mode": (
        edited("config.json", lambda table: table.__setitem__("tts_model_type", "song")),
        "tts_model_type cannot be",
    ),
    "another codec": (
        edited("speech_tokenizer/config.json", lambda t: t.__setitem__("decode_upsample_rate", 7)),
        "decode_upsample_rate is not the product",
    ),
    "a temperature that is none": (
        edited("generation_config.json", lambda t: t.__setitem__("temperature", -3)),
        "temperature is not from 0 to 5",
    ),
    "no vocabulary": (lambda folder: (folder / "vocab.json").unlink(), "vocab.json is missing"),
    "no configuration": (lambda folder: (folder / "config.json").unlink(), "is missing"),
    "deep": (lambda folder: (folder / "config.json").write_text("[" * 90_000), "nested too deep"),
    "no text": (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe"), "no JSON that"),
    "no object": (lambda folder: (folder / "config.json").write_text("[]"), "no JSON object"),
}


@pytest.mark.parametrize(("spoil", "cause"), WRONG.values(), ids=WRONG)
def test_a_wrong_checkpoint_is_named(copy: Path, spoil: Spoil, cause: str):
    spoil(copy)
    with pytest.raises(BadCheckpoint) as failure:
        Checkpoint(copy)
    assert cause in failure.value.sentence
    assert "\n" not in failure.value.sentence


def test_remote_code_in_a_configuration_is_never_looked_at(copy: Path):
    edited("config.json", lambda t: t.__setitem__("auto_map", {"AutoModel": "canary.Canary"}))(copy)
    (copy / "canary.py").write_text("raise SystemExit('the canary sang')")
    Checkpoint(copy)
    assert "canary" not in sys.modules


def test_the_tensors_are_the_files_own(made, models):
    from safetensors.torch import load_file

    folder = made("tiny", "base", 5)
    checkpoint = Checkpoint(folder)
    for file, ours in (
        ("model.safetensors", checkpoint.weights),
        ("speech_tokenizer/model.safetensors", checkpoint.speech_weights),
    ):
        theirs = load_file(folder / file)
        assert set(ours) == set(theirs)
        assert all((ours[name] == theirs[name]).all() for name in theirs)
