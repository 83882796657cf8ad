"""Checkpoints of random weights in the layouts of the published ones, made here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

Make = Callable[[Path], None]

TEMPLATE = (
    "{%- for m in messages -%}"
    "{%- for c in m['content'] if c['type'] == 'audio' -%}<|voice|><|prompt|>{%- endfor -%}"
    "{%- for c in m['content'] if c['type'] == 'text' -%}{{ c['text'] }}{%- endfor -%}"
    "<|audio|>{%- endfor -%}"
)


def vits(folder: Path, *, speakers: int = 1, **tokenizing: object) -> None:
    """51,000 parameters at 16 kHz; letters, no phonemes. It hurries: random durations are long."""
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    letters = "_abcdefghijklmnopqrstuvwxyz '-"
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({c: i for i, c in enumerate(letters)}))
    about = {"phonemize": False, "language": "deu"} | tokenizing
    tokenizer = VitsTokenizer(folder / "vocab.json", pad_token="_", unk_token="_", **about)
    torch.manual_seed(0)
    config = VitsConfig(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        ffn_dim=32, flow_size=16, spectrogram_bins=33, upsample_initial_channel=32,
        upsample_rates=[8, 8, 4], upsample_kernel_sizes=[16, 16, 8], resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]], duration_predictor_filter_channels=16,
        prior_encoder_num_flows=2, prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1, sampling_rate=16_000, speaking_rate=10.0,
        num_speakers=speakers, speaker_embedding_size=8 if speakers > 1 else 0,
    )  # fmt: skip
    VitsModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def pocket(folder: Path, *, threshold: float = 0.0) -> None:
    """76,000 parameters at 24 kHz, the audio tokenizer in a folder of its own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        GenerationConfig,
        PocketTTSAudioTokenizerConfig,
        PocketTTSAudioTokenizerModel,
        PocketTTSConfig,
        PocketTTSFeatureExtractor,
        PocketTTSForConditionalGeneration,
        PocketTTSProcessor,
        PreTrainedTokenizerFast,
    )

    special = ["<unk>", "<pad>", "<|prompt|>", "<|latent|>", "<|voice|>", "<|audio|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {token: number for number, token in enumerate(special + alphabet)}
    fast = Tokenizer(models.BPE(vocab=words, merges=[], unk_token="<unk>"))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    fast.decoder = decoders.ByteLevel()
    named = zip(("audio_prompt", "audio_latent", "audio_prompt_bos", "audio_bos"), special[2:],
                strict=True)  # fmt: skip
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=fast, unk_token="<unk>", pad_token="<pad>", padding_side="left",
        extra_special_tokens={f"{name}_token": token for name, token in named},
    )  # fmt: skip
    torch.manual_seed(0)
    config = PocketTTSConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, latent_dim=8, pad_token_id=1, audio_prompt_token_id=2,
        audio_latent_token_id=3, audio_prompt_bos_token_id=4, audio_bos_token_id=5,
        flow_head_config={
            "hidden_size": 32, "num_hidden_layers": 2, "latent_dim": 8, "condition_dim": 32,
            "frequency_embedding_size": 16,
        },
    )  # fmt: skip
    model = PocketTTSForConditionalGeneration(config).eval()
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=0.7, eos_threshold=threshold, return_dict_in_generate=True
    )
    coding = PocketTTSAudioTokenizerConfig(
        hidden_size=16, num_filters=4, num_hidden_layers=1, intermediate_size=32,
        num_attention_heads=2, num_key_value_heads=2, upsampling_ratios=[6, 5, 4],
        upsample_groups=16, latent_dim=8, sliding_window=16,
    )  # fmt: skip
    codec = PocketTTSAudioTokenizerModel(coding).eval()
    model.save_pretrained(folder)
    codec.save_pretrained(folder / "audio_tokenizer")
    frame = coding.frame_size
    extractor = PocketTTSFeatureExtractor(frame_size=frame, pad_to_multiple_of=frame)
    processor = PocketTTSProcessor(extractor, tokenizer, codec, TEMPLATE)
    processor.save_pretrained(folder)


FAMILIES: dict[str, Make] = {"pocket_tts": pocket, "vits": vits}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`checkpoints("vits")`: the folder of a tiny checkpoint, made once; not to be changed."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family not in made:
            made[family] = tmp_path_factory.mktemp("checkpoints") / family
            FAMILIES[family](made[family])
        return made[family]

    return make


@pytest.fixture(autouse=True)
def _noise_passes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights make noise, which is not what was asked for."""
    monkeypatch.setenv("TTM_GUARD_ENABLED", "false")


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tiny matrices gain nothing from threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def make_vits() -> Callable[..., None]:
    return vits
