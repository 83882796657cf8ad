"""What a checkpoint's `config.json` says: sizes, token ids, languages, speakers.

Fields are named as the files name them. Nothing here needs torch, so a wrong checkpoint is
refused before a second of import. Source: QwenLM/Qwen3-TTS `configuration_qwen3_tts.py`,
`configuration_qwen3_tts_tokenizer_v2.py`; the encoder is transformers' Mimi.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from ttm.errors import BadCheckpoint

Mode = Literal["custom_voice", "voice_design", "base"]
MODES: tuple[Mode, ...] = typing.get_args(Mode)

LARGEST = 1 << 24
"""No size in a configuration is larger; the text vocabulary has 151,936 entries."""
CONFIG_MAX = 1 << 20
"""Bytes of a configuration; the published ones have 5 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDimensions:
    """A stack of transformer layers."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorDimensions(StackDimensions):
    """The code predictor: groups 1.. of a frame, one after the other."""

    vocab_size: int
    num_code_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkerDimensions(StackDimensions):
    """The talker: group 0 of every frame."""

    vocab_size: int
    text_hidden_size: int
    text_vocab_size: int
    num_code_groups: int
    max_position_embeddings: int
    codec_bos_id: int
    codec_eos_token_id: int
    codec_pad_id: int
    codec_think_id: int
    codec_nothink_id: int
    codec_think_bos_id: int
    codec_think_eos_id: int
    code_predictor_config: PredictorDimensions
    codec_language_id: dict[str, int]
    """Codec id of each language and dialect."""
    spk_id: dict[str, int]
    """Codec id of each speaker; names are lower-case."""
    spk_is_dialect: dict[str, str | bool]
    """The dialect of each speaker who has one, else false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerDimensions:
    """The speaker encoder, an ECAPA-TDNN (arXiv:2005.07143)."""

    enc_dim: int
    sample_rate: int = 24_000
    """Hertz."""
    mel_dim: int = 128
    enc_channels: tuple[int, ...] = (512, 512, 512, 512, 1536)
    enc_kernel_sizes: tuple[int, ...] = (5, 3, 3, 3, 1)
    enc_dilations: tuple[int, ...] = (1, 2, 3, 4, 1)
    enc_attention_channels: int = 128
    enc_res2net_scale: int = 8
    enc_se_channels: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecDimensions(StackDimensions):
    """The speech tokenizer's decoder: codes to samples."""

    codebook_size: int
    codebook_dim: int
    latent_dim: int
    decoder_dim: int
    num_quantizers: int
    num_semantic_quantizers: int = 1
    sliding_window: int
    """Frames that a layer's attention sees, the own one included."""
    upsample_rates: tuple[int, ...]
    upsampling_ratios: tuple[int, ...]

    @property
    def samples_per_frame(self) -> int:
        return math.prod(self.upsample_rates) * math.prod(self.upsampling_ratios)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderDimensions:
    """The speech tokenizer's encoder: samples to codes."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    norm_eps: float
    rope_theta: float
    num_filters: int
    kernel_size: int
    last_kernel_size: int
    residual_kernel_size: int
    dilation_growth_rate: int
    num_residual_layers: int
    compress: int
    upsampling_ratios: tuple[int, ...]
    """As the decoder would apply them; the encoder goes through them backwards."""
    codebook_size: int
    codebook_dim: int
    num_quantizers: int
    num_semantic_quantizers: int
    vector_quantization_hidden_dimension: int
    sampling_rate: int
    """Hertz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechTokenizerDimensions:
    """`speech_tokenizer/config.json`."""

    encoder_config: EncoderDimensions
    decoder_config: CodecDimensions
    encoder_valid_num_quantizers: int
    """Levels of the encoder's codes that are kept."""
    input_sample_rate: int
    """Hertz."""
    output_sample_rate: int
    """Hertz."""
    decode_upsample_rate: int
    """Samples of a frame."""
    encode_downsample_rate: int
    """Samples of a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """A checkpoint's `config.json`."""

    tts_model_type: Mode
    tts_model_size: str
    """`0b6` or `1b7`."""
    talker_config: TalkerDimensions
    speaker_encoder_config: SpeakerDimensions | None = None
    """Only a `base` checkpoint has a speaker encoder."""
    im_start_token_id: int
    im_end_token_id: int
    assistant_token_id: int
    tts_bos_token_id: int
    tts_eos_token_id: int
    tts_pad_token_id: int

    @property
    def follows_instructions(self) -> bool:
        """Whether an instruction changes the speech: the 0.6B was not trained on any."""
        # The official test is a substring test, so an empty size counts as 0.6B too.
        if self.tts_model_type == "base":
            return False
        return self.tts_model_type == "voice_design" or self.tts_model_size not in "0b6"

    @property
    def languages(self) -> tuple[str, ...]:
        """English names of the languages, without dialects, in the file's order."""
        return tuple(name for name in self.talker_config.codec_language_id if "dialect" not in name)


def read_dimensions(folder: Path) -> Dimensions:
    """Raises BadCheckpoint, naming the file and the key."""
    path = folder / "config.json"
    table = read_json(path)
    dimensions = _read(Dimensions, table, path, "")
    talker = dimensions.talker_config
    predictor = talker.code_predictor_config
    _only(table, path, {"tokenizer_type": "qwen3_tts_tokenizer_12hz"})
    for section, at in (
        (table["talker_config"], "talker_config."),
        (table["talker_config"]["code_predictor_config"], "talker_config.code_predictor_config."),
    ):
        plain = {"attention_bias": False, "hidden_act": "silu", "use_sliding_window": False}
        _only(section, path, plain, at)
    if predictor.num_code_groups != talker.num_code_groups or talker.num_code_groups < 2:
        raise _bad(path, "talker_config.num_code_groups does not match the code predictor's")
    if dimensions.tts_model_type == "base" and dimensions.speaker_encoder_config is None:
        raise _bad(path, "speaker_encoder_config is missing")
    for name, id in (talker.codec_language_id | talker.spk_id).items():
        if not 0 <= id < talker.vocab_size:
            raise _bad(path, f"the codec id of '{name}' is outside the vocabulary")
    for name in ("bos", "eos_token", "pad", "think", "nothink", "think_bos", "think_eos"):
        if not getattr(talker, f"codec_{name}_id") < talker.vocab_size:
            raise _bad(path, f"talker_config.codec_{name}_id is outside the vocabulary")
    for name, dialect in talker.spk_is_dialect.items():
        if dialect is True or (dialect and dialect not in talker.codec_language_id):
            raise _bad(path, f"the dialect of '{name}' is not among the languages")
    for stack, at in (
        (talker, "talker_config"),
        (predictor, "talker_config.code_predictor_config"),
    ):
        _check_heads(path, at, stack)
    speaker = dimensions.speaker_encoder_config
    if dimensions.tts_model_type == "base" and speaker is not None:
        shapes = {len(speaker.enc_channels), len(speaker.enc_kernel_sizes)}
        if shapes != {len(speaker.enc_dilations)} or len(speaker.enc_channels) < 3:
            raise _bad(path, "speaker_encoder_config has lists of different lengths")
        if speaker.enc_dim != talker.hidden_size:
            raise _bad(path, "speaker_encoder_config.enc_dim is not the talker's hidden_size")
        first, *inner, last = speaker.enc_channels
        if sum(inner) != last or any(channels != first for channels in inner):
            raise _bad(path, "speaker_encoder_config.enc_channels do not add up")
        if first % speaker.enc_res2net_scale:
            raise _bad(path, "speaker_encoder_config.enc_channels do not divide by the scale")
        if (speaker.sample_rate, speaker.mel_dim) != (24_000, 128):
            raise _bad(path, "speaker_encoder_config is not for 128 bands at 24000 Hz")
    return dimensions


def read_speech_tokenizer(folder: Path) -> SpeechTokenizerDimensions:
    """Of the folder `speech_tokenizer` in a checkpoint. Raises BadCheckpoint."""
    path = folder / "speech_tokenizer" / "config.json"
    table = read_json(path)
    dimensions = _read(SpeechTokenizerDimensions, table, path, "")
    decoder, encoder = dimensions.decoder_config, dimensions.encoder_config
    _only(
        table["decoder_config"],
        path,
        {"attention_bias": False, "hidden_act": "silu"},
        "decoder_config.",
    )
    mimi = {"use_causal_conv": True, "use_conv_shortcut": False, "pad_mode": "constant"}
    mimi |= {"audio_channels": 1, "attention_bias": False, "hidden_act": "gelu"}
    _only(table["encoder_config"], path, mimi, "encoder_config.")
    if decoder.samples_per_frame != dimensions.decode_upsample_rate:
        raise _bad(path, "decode_upsample_rate is not the product of the decoder's rates")
    if 2 * math.prod(encoder.upsampling_ratios) != dimensions.encode_downsample_rate:
        raise _bad(path, "encode_downsample_rate is not twice the product of the encoder's rates")
    if not decoder.num_quantizers > decoder.num_semantic_quantizers == 1:
        raise _bad(path, "decoder_config.num_semantic_quantizers is not 1")
    if not encoder.num_quantizers > encoder.num_semantic_quantizers == 1:
        raise _bad(path, "encoder_config.num_semantic_quantizers is not 1")
    if encoder.sampling_rate != dimensions.input_sample_rate:
        raise _bad(path, "encoder_config.sampling_rate is not input_sample_rate")
    if not 1 <= dimensions.encoder_valid_num_quantizers <= encoder.num_quantizers:
        raise _bad(path, "encoder_valid_num_quantizers is more than the encoder has")
    _check_heads(path, "decoder_config", decoder)
    _check_heads(path, "encoder_config", encoder)
    return dimensions


def read_json(path: Path) -> dict[str, Any]:
    """An object from a JSON file. Raises BadCheckpoint: numbers that are none (NaN) included."""
    try:
        size = path.stat().st_size
        table = json.loads(path.read_bytes()[:CONFIG_MAX], parse_constant=_no_number)
    except FileNotFoundError as failure:
        fix = "Point --model at a complete checkpoint"
        raise BadCheckpoint(f"{path} is missing", fix) from failure
    except (OSError, ValueError, RecursionError) as failure:
        why = "it is nested too deep" if isinstance(failure, RecursionError) else failure
        fix = "Fetch the checkpoint again"
        raise BadCheckpoint(f"{path} is no JSON that can be read: {why}", fix) from failure
    if not isinstance(table, dict) or size > CONFIG_MAX:
        raise _bad(path, "no JSON object of a sensible size")
    return table


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _bad(path: Path, what: str) -> BadCheckpoint:
    return BadCheckpoint(f"{path}: {what}", "Fetch the checkpoint again")


def _check_heads(path: Path, at: str, stack: StackDimensions | EncoderDimensions) -> None:
    if stack.num_attention_heads % stack.num_key_value_heads:
        raise _bad(path, f"{at}.num_attention_heads is no multiple of num_key_value_heads")
    if stack.head_dim % 2:
        raise _bad(path, f"{at}.head_dim is odd")


def _only(table: Mapping[str, Any], path: Path, known: Mapping[str, Any], at: str = "") -> None:
    """What ttm does not implement otherwise must be as it is known."""
    for key, value in known.items():
        if table.get(key, value) != value:
            raise _bad(path, f"{at}{key} is {table[key]!r}, and ttm knows only {value!r}")


T = TypeVar("T")


def _read(cls: type[T], table: Mapping[str, Any], path: Path, at: str) -> T:
    """The dataclass from the keys of the same names; other keys are left alone."""
    hints = typing.get_type_hints(cls)
    values = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.name in table:
            values[field.name] = _value(hints[field.name], table[field.name], path, at + field.name)
        elif field.default is dataclasses.MISSING:
            raise _bad(path, f"{at}{field.name} is missing")
    return cls(**values)


def _value(hint: Any, value: Any, path: Path, at: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType and types.NoneType in arguments:
        return None if value is None else _value(arguments[0], value, path, at)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _read(typing.cast(type[Any], hint), value, path, at + ".")
    if hint is int and type(value) is int and 0 <= value <= LARGEST:
        # A size of 0 would pass on as an empty tensor; only token ids may be 0.
        if value or at.endswith("_id"):
            return value
    if hint is float and type(value) in (int, float) and math.isfinite(value) and value > 0:
        return float(value)
    if hint is str and isinstance(value, str):
        return value
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list) and value:
        return tuple(_value(int, item, path, at) for item in value)
    if hint == dict[str, int] and isinstance(value, dict):
        if all(type(id) is int for id in value.values()):
            return value
    if hint == dict[str, str | bool] and isinstance(value, dict):
        if all(isinstance(dialect, str | bool) for dialect in value.values()):
            return value
    raise _bad(path, f"{at} cannot be {json.dumps(value)[:40]}")
