"""What the small files of a Qwen3-TTS checkpoint say: configurations, special tokens, vocabulary.

The values are those of the published checkpoints (`Qwen/Qwen3-TTS-12Hz-*`). Keys that every
transformers configuration has, such as `num_beams`, are left out: they say nothing of the model.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

SIZES = ("tiny", "tiny-1b7", "0.6b", "1.7b")
"""tiny is put together as the 0.6B, tiny-1b7 as the 1.7B: with a narrower code predictor."""

# fmt: off
LANGUAGES = {
    "chinese": 2055, "english": 2050, "german": 2053, "italian": 2070, "portuguese": 2071,
    "spanish": 2054, "japanese": 2058, "korean": 2064, "french": 2061, "russian": 2069,
}
DIALECTS = {"beijing_dialect": 2074, "sichuan_dialect": 2062}
SPEAKERS = {
    "serena": 3066, "vivian": 3065, "uncle_fu": 3010, "ryan": 3061, "aiden": 2861,
    "ono_anna": 2873, "sohee": 2864, "eric": 2875, "dylan": 2878,
}
SPEAKS_DIALECT = {"eric": "sichuan_dialect", "dylan": "beijing_dialect"}
CODEC_IDS = {
    "codec_pad_id": 2148, "codec_bos_id": 2149, "codec_eos_token_id": 2150,
    "codec_think_id": 2154, "codec_nothink_id": 2155,
    "codec_think_bos_id": 2156, "codec_think_eos_id": 2157,
}
PREDICTOR: Json = {
    "model_type": "qwen3_tts_talker_code_predictor",
    "attention_bias": False, "attention_dropout": 0, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
    "layer_types": ["full_attention"] * 5, "max_position_embeddings": 65536,
    "max_window_layers": 28, "num_attention_heads": 16, "num_code_groups": 16,
    "num_hidden_layers": 5, "num_key_value_heads": 8, "rms_norm_eps": 1e-6, "rope_scaling": None,
    "rope_theta": 1000000, "sliding_window": None, "use_cache": True, "use_sliding_window": False,
    "vocab_size": 2048,
}
TALKER: Json = {
    "model_type": "qwen3_tts_talker", "code_predictor_config": PREDICTOR, **CODEC_IDS,
    "codec_language_id": LANGUAGES, "spk_id": {}, "spk_is_dialect": {},
    "attention_bias": False, "attention_dropout": 0, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
    "max_position_embeddings": 32768, "num_attention_heads": 16, "num_code_groups": 16,
    "num_hidden_layers": 28, "num_key_value_heads": 8, "position_id_per_seconds": 13,
    "rms_norm_eps": 1e-6, "rope_theta": 1000000,
    "rope_scaling": {
        "interleaved": True, "mrope_section": [24, 20, 20],
        "rope_type": "default", "type": "default",
    },
    "sliding_window": None, "text_hidden_size": 2048, "text_vocab_size": 151936,
    "use_cache": True, "use_sliding_window": False, "vocab_size": 3072,
}
MODEL: Json = {
    "architectures": ["Qwen3TTSForConditionalGeneration"], "model_type": "qwen3_tts",
    "assistant_token_id": 77091, "im_start_token_id": 151644, "im_end_token_id": 151645,
    "tts_pad_token_id": 151671, "tts_bos_token_id": 151672, "tts_eos_token_id": 151673,
    "tokenizer_type": "qwen3_tts_tokenizer_12hz", "tts_model_size": "0b6",
    "talker_config": TALKER, "transformers_version": "4.57.3",
}
ENCODER: Json = {
    "_frame_rate": 12.5, "attention_bias": False, "attention_dropout": 0.0, "audio_channels": 1,
    "codebook_dim": 256, "codebook_size": 2048, "compress": 2, "dilation_growth_rate": 2,
    "dtype": "float32", "head_dim": 64, "hidden_act": "gelu", "hidden_size": 512,
    "initializer_range": 0.02, "intermediate_size": 2048, "kernel_size": 7, "last_kernel_size": 3,
    "layer_scale_initial_scale": 0.01, "max_position_embeddings": 8000, "norm_eps": 1e-5,
    "normalize": False, "num_attention_heads": 8, "num_filters": 64, "num_hidden_layers": 8,
    "num_key_value_heads": 8, "num_quantizers": 32, "num_residual_layers": 1,
    "num_semantic_quantizers": 1, "pad_mode": "constant", "residual_kernel_size": 3,
    "rope_theta": 10000.0, "sampling_rate": 24000, "sliding_window": 250, "trim_right_ratio": 1.0,
    "upsample_groups": 512, "upsampling_ratios": [8, 6, 5, 4], "use_cache": False,
    "use_causal_conv": True, "use_conv_shortcut": False,
    "vector_quantization_hidden_dimension": 256,
}
DECODER: Json = {
    "attention_bias": False, "attention_dropout": 0.0, "codebook_dim": 512, "codebook_size": 2048,
    "decoder_dim": 1536, "head_dim": 64, "hidden_act": "silu", "hidden_size": 512,
    "intermediate_size": 1024, "latent_dim": 1024, "layer_scale_initial_scale": 0.01,
    "max_position_embeddings": 8000, "num_attention_heads": 16, "num_hidden_layers": 8,
    "num_key_value_heads": 16, "num_quantizers": 16, "num_semantic_quantizers": 1,
    "rms_norm_eps": 1e-5, "rope_theta": 10000, "semantic_codebook_size": 4096,
    "sliding_window": 72, "upsample_rates": [8, 5, 4, 3], "upsampling_ratios": [2, 2],
    "vector_quantization_hidden_dimension": 512,
}
SPEECH_TOKENIZER: Json = {
    "architectures": ["Qwen3TTSTokenizerV2Model"], "model_type": "qwen3_tts_tokenizer_12hz",
    "encoder_config": ENCODER, "decoder_config": DECODER, "encoder_valid_num_quantizers": 16,
    "input_sample_rate": 24000, "output_sample_rate": 24000,
    "decode_upsample_rate": 1920, "encode_downsample_rate": 1920, "transformers_version": "4.57.3",
}

# The tiny sizes have shapes of which few agree by chance, so that a mix-up is an error. Frame rate
# and samples per frame are the true ones.
TINY_CODES = 256
"""Entries of a codebook; 2048 in the true sizes."""
TINY_STACK: Json = {
    "head_dim": 32, "hidden_size": 64, "max_position_embeddings": 4096,
    "num_attention_heads": 4, "num_key_value_heads": 2,
}
TINY_TALKER: Json = TINY_STACK | {
    "intermediate_size": 160, "num_hidden_layers": 3, "text_hidden_size": 96,
    "vocab_size": TINY_CODES + 1024,
}
TINY_PREDICTOR: Json = TINY_STACK | {
    "intermediate_size": 128, "layer_types": ["full_attention"] * 2, "num_hidden_layers": 2,
    "vocab_size": TINY_CODES,
}
TINY_SPEAKER: Json = {
    "enc_attention_channels": 16, "enc_channels": [32, 32, 32, 32, 96], "enc_dim": 64,
    "enc_res2net_scale": 4, "enc_se_channels": 16,
}
TINY_ENCODER: Json = {
    "codebook_dim": 8, "codebook_size": TINY_CODES, "head_dim": 8, "hidden_size": 32,
    "intermediate_size": 64, "num_attention_heads": 4, "num_filters": 4, "num_hidden_layers": 2,
    "num_key_value_heads": 4, "num_quantizers": 20, "sliding_window": 16, "upsample_groups": 32,
    "vector_quantization_hidden_dimension": 8,
}
TINY_DECODER: Json = {
    "codebook_dim": 16, "codebook_size": TINY_CODES, "decoder_dim": 48, "head_dim": 8,
    "hidden_size": 24, "intermediate_size": 48, "latent_dim": 40, "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 4, "semantic_codebook_size": 2 * TINY_CODES,
    "sliding_window": 8, "vector_quantization_hidden_dimension": 16,
}

GENERATION: Json = {
    "do_sample": True, "repetition_penalty": 1.05, "temperature": 0.9, "top_p": 1.0, "top_k": 50,
    "subtalker_dosample": True, "subtalker_temperature": 0.9, "subtalker_top_p": 1.0,
    "subtalker_top_k": 50, "max_new_tokens": 8192,
}
PREPROCESSOR: Json = {
    "padding_side": "left", "padding_value": 0.0, "processor_class": "Qwen3TTSProcessor",
    "return_attention_mask": True,
}
SPEECH_PREPROCESSOR: Json = {
    "chunk_length_s": None, "feature_extractor_type": "EncodecFeatureExtractor",
    "feature_size": 1, "overlap": None, "padding_side": "right", "padding_value": 0.0,
    "return_attention_mask": True, "sampling_rate": 24000,
}
SPEECH_CONFIGURATION: Json = {
    "framework": "pytorch", "task": "feature-extraction", "allow_remote": True,
}
# fmt: on

FIRST_SPECIAL = 151643
"""Id of the first of the special tokens, which follow each other."""
SPECIAL_TOKENS = """
<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|>
<|box_end|> <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|>
<|image_pad|> <|video_pad|> <tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|>
<|fim_pad|> <|repo_name|> <|file_sep|> <tool_response> </tool_response> <think> </think>
<|audio_start|> <|audio_end|> <tts_pad> <tts_text_bos> <tts_text_eod> <tts_text_bos_single>
<|audio_pad|>
""".split()
NOT_SPECIAL = SPECIAL_TOKENS[14:26]
"""Added to the vocabulary, but kept when a text is decoded without its special tokens."""
PUBLISHED_WORDS = {"user": 872, "assistant": 77091}
"""Ids in the published vocabulary of the words that every prompt has."""
MERGES = 250
"""Pieces made of others, about all that `SENTENCES` yield; the published vocabulary has 151,387."""
SPACE = "\u0120"
"""How a space is written in a piece: bytes that cannot be shown stand at U+0100 and after."""

SENTENCES = """
A tool that talks needs a voice, and this one has several: a calm one for the evening, a bright one
for the morning, and a deep narrator with a British accent for everything else. How are you today?
Hello there, I'm well, thank you; it's only that we'd been waiting for the last train since half
past ten. Speak slowly, in a warm and friendly tone, please. The quick brown fox jumps over the lazy
dog, but the dog doesn't mind. They'll say that reading aloud is a test of patience, and that the
text of a system of speech should sound natural. Where is the station? Go straight on for five
minutes, then turn left at the old market. She said that it would rain by noon, so he's taken a
coat. One, two, three, four, six, seven, eight, nine: in 2024 the answer was 42, not 3.14. Good
night! The harbour was quiet, the bridge was closed, and nothing could be heard but the wind.
"""


def configurations(size: str, mode: str) -> tuple[Json, Json]:
    """`config.json` and `speech_tokenizer/config.json`; the text ids are the published ones."""
    model, speech = copy.deepcopy(MODEL), copy.deepcopy(SPEECH_TOKENIZER)
    talker = model["talker_config"]
    model["tts_model_type"] = mode
    if mode == "custom_voice":
        talker["codec_language_id"] |= DIALECTS
        talker["spk_id"] |= SPEAKERS
        talker["spk_is_dialect"] = {name: SPEAKS_DIALECT.get(name, False) for name in SPEAKERS}
    if mode == "base":
        model["speaker_encoder_config"] = {"enc_dim": 1024, "sample_rate": 24000}
    if size in ("tiny-1b7", "1.7b"):
        model["tts_model_size"] = "1b7"
    if size == "1.7b":
        talker |= {"hidden_size": 2048, "intermediate_size": 6144}
        if mode == "base":
            model["speaker_encoder_config"]["enc_dim"] = 2048
    elif size.startswith("tiny"):
        _shrink(model, speech)
        if size == "tiny-1b7":
            talker["code_predictor_config"] |= {"hidden_size": 48, "head_dim": 24}
    return model, speech


def _shrink(model: Json, speech: Json) -> None:
    talker = model["talker_config"]
    shift = PREDICTOR["vocab_size"] - TINY_CODES
    talker |= TINY_TALKER | {name: id - shift for name, id in CODEC_IDS.items()}
    talker["rope_scaling"]["mrope_section"] = [6, 5, 5]  # half a head's width together
    for table in ("codec_language_id", "spk_id"):
        talker[table] = {name: id - shift for name, id in talker[table].items()}
    talker["code_predictor_config"] |= TINY_PREDICTOR
    if "speaker_encoder_config" in model:
        model["speaker_encoder_config"] |= TINY_SPEAKER
    speech["encoder_config"] |= TINY_ENCODER
    speech["decoder_config"] |= TINY_DECODER


def vocabulary(size: str, model: Json) -> tuple[dict[str, int], list[str], Json]:
    """`vocab.json`, the lines of `merges.txt`, `tokenizer_config.json`.

    The true sizes have the published ids, with gaps filled by what no merge leads to. The tiny ones
    have ids without gaps, which are written into `model`.
    """
    merges = _learn(MERGES)
    pieces = list(dict.fromkeys([*_alphabet(), *("".join(pair) for pair in merges)]))
    if size.startswith("tiny"):
        vocab = {piece: id for id, piece in enumerate(pieces)}
        added = {name: len(vocab) + i for i, name in enumerate(SPECIAL_TOKENS)}
        room = len(vocab) + len(added)
        model["talker_config"]["text_vocab_size"] = room + -room % 64
        model |= {"assistant_token_id": vocab["assistant"]}
        model |= {f"im_{end}_token_id": added[f"<|im_{end}|>"] for end in ("start", "end")}
        for key, name in (("pad", "pad"), ("bos", "text_bos"), ("eos", "text_eod")):
            model[f"tts_{key}_token_id"] = added[f"<tts_{name}>"]
    else:
        added = {name: FIRST_SPECIAL + i for i, name in enumerate(SPECIAL_TOKENS)}
        words = {id: word for word, id in PUBLISHED_WORDS.items()}
        others = (piece for piece in pieces if piece not in PUBLISHED_WORDS)
        vocab = {}
        for id in range(FIRST_SPECIAL):
            piece = words.get(id) or next(others, None)
            vocab[piece or f"<unused-{id}>"] = id
    return vocab, [" ".join(pair) for pair in merges], _tokenizer_config(added)


def _tokenizer_config(added: dict[str, int]) -> Json:
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    special = [name for name in SPECIAL_TOKENS if name not in NOT_SPECIAL]
    return {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {
            str(id): {"content": name, **plain, "special": name in special}
            for name, id in added.items()
        },
        "additional_special_tokens": special[1:],
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 131072,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }


def _alphabet() -> list[str]:
    """A character for each byte, in the order of the published ids; the first is `!`."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = len(range(0x100)) - len(shown)
    return [*map(chr, shown), *(chr(0x100 + i) for i in range(hidden))]


def _learn(count: int) -> list[tuple[str, str]]:
    """Byte-pair merges: those of the prompt's own words first, then what is most frequent."""
    text = " ".join(SENTENCES.split())
    words = Counter(
        tuple(word.replace(" ", SPACE))
        for word in re.findall(r"'[a-z]+| ?[A-Za-z]+| ?[^\sA-Za-z0-9]+", text)
    )
    words |= Counter({tuple(word): 10_000 for word in PUBLISHED_WORDS})
    merges = []
    for _ in range(count):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                pairs[pair] += times
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        merged: Counter[tuple[str, ...]] = Counter()
        for word, times in words.items():
            merged[_merge(word, best)] += times
        words = merged
    return merges


def _merge(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    joined: list[str] = []
    for piece in word:
        if joined and (joined[-1], piece) == pair:
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
