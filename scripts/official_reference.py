"""What the official package computes on a checkpoint, as arrays to compare ttm's own with.

    PYTHON scripts/official_reference.py CHECKPOINT OUT --cases FILE.json [--dtype T] [--threads N]

PYTHON is an interpreter of an environment with qwen-tts 0.1.1, which ttm neither needs nor imports.
FILE.json holds cases by name: the arguments of the package's `generate_...`, and

    frames      how many to make at the most (24)
    do_sample   with the checkpoint's sampling settings after `torch.manual_seed(1234)`, not greedy
    ref         [rate, seconds] of the recording to clone

Every case becomes OUT/<case>.npz (`i` counts the texts of a batch):

    input_ids_i, instruct_ids_i, ref_ids_i [L]   prompt_embeds [B, L, D]   prompt_mask [B, L]
    trailing_text [B, T, D]   tts_pad_embed [D]   first_tokens [B, S]: of group 0, the last unused
    talker_logits [B, S, V] raw, talker_hidden [B, S, D] normed; step 0 is the prefill's last
    pred_logits [15, V] raw, frame 0 of text 0   codes_i [F, 16] as the codec gets them: in-context
    clones begin with the reference's   wav_i [samples]   sample_rate   and of clones ref_wav,
    ref_sr, ref_code_i [F, 16], spk_embed_i [D]
    talker_min_gap, pred_min_gap   of a greedy case: the smallest distance of best and second logit
    ref_min_gap   the smallest distance of nearest and second codebook entry
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.metadata
import importlib.util
import json
import os
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

VERSION = "0.1.1"
FRAMES = 24
SEED = 1234
GRID = 2.0**-12
"""Samples of the reference are multiples of this: the same on every machine, and small when packed.
"""

Arrays = dict[str, Any]


def reference(rate: int, seconds: float) -> np.ndarray:
    """A gliding tone with overtones that swells four times a second; [samples] float32."""
    time = np.arange(round(rate * seconds)) / rate
    turns = 140 * time - 3 * np.cos(2 * np.pi * 1.1 * time)  # 119 to 161 Hz
    tone = sum(np.sin(2 * np.pi * k * turns) / k for k in range(1, 9))
    swell = 0.6 - 0.4 * np.cos(2 * np.pi * 4 * time)
    return (np.round(0.15 * tone * swell / GRID) * GRID).astype(np.float32)


class Recorder:
    """Looks on while the package works; `arrays` is what was seen since `clear`."""

    def __init__(self, model: Any) -> None:
        self._eos = model.config.talker_config.codec_eos_token_id
        self.clear()
        talker, predictor = model.talker, model.talker.code_predictor
        watch(model, "generate", lambda args, kwargs, result: self._request.update(kwargs))
        watch(talker, "generate", self._generated)
        watch(talker, "forward", self._talker_stepped)
        watch(predictor, "forward", self._predictor_stepped)
        watch(model.speech_tokenizer, "decode", self._decoded)
        if model.tts_model_type == "base":
            codec = model.speech_tokenizer.model
            parts = codec.encoder.quantizer
            layers = [
                *parts.semantic_residual_vector_quantizer.layers,
                *parts.acoustic_residual_vector_quantizer.layers,
            ]
            for layer in layers[: codec.encoder_valid_num_quantizers]:
                watch(layer.codebook, "quantize", functools.partial(self._quantized, layer))

    def clear(self) -> None:
        self._request: dict[str, Any] = {}
        self._talker: dict[str, Any] = {}
        self._logits: list[torch.Tensor] = []
        self._hidden: list[torch.Tensor] = []
        self._predicted: list[torch.Tensor] = []
        self._codes: list[torch.Tensor] = []
        self._tokens = torch.empty(0)
        self._predictor_gap = self._reference_gap = float("inf")

    def arrays(self, *, greedy: bool) -> Arrays:
        talker = self._talker
        found: Arrays = {
            "prompt_embeds": plain(talker["inputs_embeds"]),
            "prompt_mask": plain(talker["attention_mask"]),
            "trailing_text": plain(talker["trailing_text_hidden"]),
            "tts_pad_embed": plain(talker["tts_pad_embed"]).reshape(-1),
            "talker_logits": plain(torch.stack(self._logits, 1)),
            "talker_hidden": plain(torch.stack(self._hidden, 1)),
            "pred_logits": plain(torch.stack(self._predicted)),
            "first_tokens": plain(self._tokens),
        }
        for name in ("input_ids", "instruct_ids", "ref_ids"):
            for i, ids in enumerate(self._request.get(name) or []):
                if ids is not None:
                    found[f"{name}_{i}"] = plain(ids[0])
        found |= {f"codes_{i}": plain(codes) for i, codes in enumerate(self._codes)}
        clone = self._request.get("voice_clone_prompt") or {}
        for name, key in (("ref_code", "ref_code"), ("spk_embed", "ref_spk_embedding")):
            for i, value in enumerate(clone.get(key) or []):
                if value is not None:
                    found[f"{name}_{i}"] = plain(value)
        if greedy:
            found["talker_min_gap"] = np.float32(self._talker_gap(found))
            found["pred_min_gap"] = np.float32(self._predictor_gap)
        if "ref_code_0" in found:
            found["ref_min_gap"] = np.float32(self._reference_gap)
        return found

    def _generated(self, args: Any, kwargs: Any, result: Any) -> None:
        self._talker, self._tokens = kwargs, result.sequences

    def _talker_stepped(self, args: Any, kwargs: Any, result: Any) -> None:
        self._logits.append(result.logits[:, -1].clone())
        self._hidden.append(result.past_hidden[:, 0].clone())

    def _predictor_stepped(self, args: Any, kwargs: Any, result: Any) -> None:
        last = result.logits[:, -1].float()
        if len(self._predicted) < 15:
            self._predicted.append(last[0].clone())
        self._predictor_gap = min(self._predictor_gap, gap(last))

    def _decoded(self, args: Any, kwargs: Any, result: Any) -> None:
        self._codes = [item["audio_codes"] for item in args[0]]

    def _quantized(self, layer: Any, args: Any, kwargs: Any, result: Any) -> None:
        vectors = args[0].float()
        distances = torch.cdist(vectors[None], layer.codebook.embed[None].float())[0]
        self._reference_gap = min(self._reference_gap, gap(-distances))

    def _talker_gap(self, found: Arrays) -> float:
        """After penalty, shortest length and suppression, as the arg-max sees the logits."""
        settings, smallest = self._talker, float("inf")
        tokens = torch.from_numpy(found["first_tokens"])
        logits = torch.from_numpy(found["talker_logits"])
        for row, picked in zip(logits.clone(), tokens, strict=True):
            for step, token in enumerate(picked):
                seen, scores = picked[:step].unique(), row[step]
                penalty = settings["repetition_penalty"]
                factor = torch.where(scores[seen] > 0, 1 / penalty, penalty)
                scores[seen] *= factor
                scores[settings["suppress_tokens"]] = -torch.inf
                if step < settings["min_new_tokens"]:
                    scores[self._eos] = -torch.inf
                smallest = min(smallest, gap(scores[None]))
                if token == self._eos:
                    break
        return smallest


def watch(owner: Any, name: str, look: Callable[[Any, Any, Any], object]) -> None:
    """Have `look(args, kwargs, result)` called after every call of a method."""
    method = getattr(owner, name)

    @functools.wraps(method)  # transformers reads the signature
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        look(args, kwargs, result)
        return result

    setattr(owner, name, watched)


def gap(scores: torch.Tensor) -> float:
    """Between the best and the second; the smallest of all rows of [B, V]."""
    best = scores.topk(2, dim=-1).values
    return float((best[:, 0] - best[:, 1]).min())


def plain(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()


def run(tts: Any, recorder: Recorder, case: dict[str, Any]) -> Arrays:
    """One case, to the arrays of its file."""
    how = dict(case)
    # The last token that is drawn does not become a frame.
    how["max_new_tokens"] = how.pop("frames", FRAMES) + 1
    greedy = not how.pop("do_sample", False)
    if greedy:
        how |= {"do_sample": False, "subtalker_dosample": False}
    more: Arrays = {}
    recorder.clear()
    torch.manual_seed(SEED)
    kind = tts.model.tts_model_type
    if kind == "base":
        rate, seconds = how.pop("ref")
        samples = reference(rate, seconds)
        how |= {"ref_audio": (samples, rate)}
        more = {"ref_wav": samples, "ref_sr": np.int64(rate)}
    speak = {
        "custom_voice": tts.generate_custom_voice,
        "voice_design": tts.generate_voice_design,
        "base": tts.generate_voice_clone,
    }
    sound, sample_rate = speak[kind](**how)
    more["sample_rate"] = np.int64(sample_rate)
    return recorder.arrays(greedy=greedy) | {f"wav_{i}": wav for i, wav in enumerate(sound)} | more


def load(checkpoint: Path, dtype: str) -> Any:
    """The package's model; what importing it prints goes to stderr."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.filterwarnings("ignore")
    if importlib.util.find_spec("torchaudio") is None:
        # Only the 25 Hz tokenizer, which no checkpoint here has, calls it.
        for name in ("torchaudio", "torchaudio.compliance", "torchaudio.compliance.kaldi"):
            sys.modules[name] = types.ModuleType(name)
        sys.modules["torchaudio.compliance"].kaldi = sys.modules["torchaudio.compliance.kaldi"]
    with contextlib.redirect_stdout(sys.stderr):
        from qwen_tts import Qwen3TTSModel

        return Qwen3TTSModel.from_pretrained(str(checkpoint), dtype=getattr(torch, dtype))


def main() -> None:
    parser = argparse.ArgumentParser(description="What the official package computes.")
    parser.add_argument("checkpoint", metavar="CHECKPOINT", type=Path)
    parser.add_argument("out", metavar="OUT", type=Path)
    parser.add_argument("--cases", required=True, metavar="FILE.json", type=Path)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    try:
        cases = json.loads(asked.cases.read_text("utf-8"))
        version = importlib.metadata.version("qwen-tts")
    except (OSError, ValueError) as failure:
        parser.error(f"{asked.cases} cannot be read as JSON ({failure})")
    except importlib.metadata.PackageNotFoundError:
        parser.error(f"{sys.executable} has no qwen-tts; run this with one that has")
    if version != VERSION:
        parser.error(f"{sys.executable} has qwen-tts {version}, and the references are {VERSION}'s")
    torch.set_num_threads(asked.threads)
    tts = load(asked.checkpoint, asked.dtype)
    recorder = Recorder(tts.model)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, case in cases.items():
        arrays = run(tts, recorder, case)
        np.savez_compressed(asked.out / f"{name}.npz", **arrays)
        gaps = {key: float(arrays[key]) for key in arrays if key.endswith("_gap")}
        shown = ", ".join(f"{key} {value:.1e}" for key, value in gaps.items())
        levels = ", ".join(f"{arrays[key].std():.3f}" for key in arrays if key.startswith("wav_"))
        frames = ", ".join(str(len(arrays[k])) for k in arrays if k.startswith("codes_"))
        print(f"{name}: codes {frames}; level {levels}; {shown or 'sampled'}", flush=True)


if __name__ == "__main__":
    main()
