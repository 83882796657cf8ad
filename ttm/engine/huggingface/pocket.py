"""Pocket TTS: a latent a frame of 80 ms, decoded as they come. https://arxiv.org/abs/2509.06926

The library's `generate` gives nothing before its end, so the frames are made here, one call of the
model each; a test holds the result to that of `generate`.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ttm.audio import Audio
from ttm.audio.recording import read_recording
from ttm.engine.huggingface.folder import COMPLETE, attempted, languages, loaded, read_json
from ttm.errors import BadAudio, BadCheckpoint, SynthesisError, UnknownName, did_you_mean
from ttm.speech import Speech, Voice

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
"""`Owner/Name`; no path."""
OWN = "default"
"""The voice that the model takes when it is given none."""
VOICES_MAX = 1_000
PROMPT_MAX = 30 * 25
"""Frames of a voice."""
REFERENCES = 8
"""Voices that are kept; encoding a recording takes a second on a CPU."""

# The library's own, where a checkpoint does not say.
FLOW_STEPS, EOS_THRESHOLD, FRAMES_BEFORE_EOS, TEMPERATURE = 1, -4.0, 6, 1.0
PROCESSOR_NUMBERS = (
    "short_text_max_words",
    "frames_after_eos_short_text",
    "frames_after_eos",
    "fade_in_duration",
)


class Pocket:
    """A `PocketTTSForConditionalGeneration`, its processor and its audio tokenizer."""

    def __init__(self, folder: Path, device: torch.device, temperature: float) -> None:
        from transformers import (
            AutoTokenizer,
            PocketTTSAudioTokenizerModel,
            PocketTTSFeatureExtractor,
            PocketTTSForConditionalGeneration,
            PocketTTSProcessor,
        )

        about = read_json(folder / "processor_config.json", needed=False)
        self._codec = loaded(PocketTTSAudioTokenizerModel, _codec_folder(folder, about)).to(device)
        self._model = loaded(PocketTTSForConditionalGeneration, folder).to(device)
        self._device = device
        # Not the processor's own loader, which would follow whatever path the checkpoint names.
        tokenizer = attempted(
            lambda: AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            ),
            folder,
        )
        frame = self._codec.config.frame_size
        features = about.get("feature_extractor")
        features = features if isinstance(features, dict) else {"frame_size": frame}
        self._processor = attempted(
            lambda: PocketTTSProcessor(
                PocketTTSFeatureExtractor(**{"pad_to_multiple_of": frame} | features),
                tokenizer,
                audio_tokenizer=self._codec,
                chat_template=_template(folder, tokenizer),
                **{name: about[name] for name in PROCESSOR_NUMBERS if name in about},
            ),
            folder,
        )
        self.rate = int(self._processor.feature_extractor.sampling_rate)
        generation = self._model.generation_config
        drawn = getattr(generation, "do_sample", None) is True
        own = _number(generation, "temperature", TEMPERATURE) if drawn else 0.0
        self._spread = math.sqrt(own if temperature < 0 else temperature)
        self._steps = int(_number(generation, "num_flow_steps", FLOW_STEPS))
        self._threshold = _number(generation, "eos_threshold", EOS_THRESHOLD)
        self._earliest = int(_number(generation, "min_frames_before_eos", FRAMES_BEFORE_EOS))
        self._languages = languages(folder)
        self._files = _voice_files(folder / "voices", self._model.config.latent_dim)
        self._prompts: OrderedDict[tuple[str, int, int], Tensor] = OrderedDict()

    def voices(self) -> list[Voice]:
        if not self._files:
            return [Voice(OWN, self._languages, "whoever the model takes by itself")]
        return [Voice(name, self._languages) for name in self._files]

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        inputs = self._inputs(speech)
        # A third of a second for each token of the text and two more, as the original has it.
        rate = self._model.config.frame_rate
        most = math.ceil((_text_tokens(self._processor, inputs) / 3 + 2) * rate)
        latents: list[Tensor] = []
        decoded = 0
        ended = False
        for latent, over in self._latents(inputs, most):
            latents.append(latent)
            ended = over
            # All of it again each time it has doubled, which costs twice at the most. The
            # decoder's convolutions take no state, and without what came before it clicks.
            if len(latents) >= max(1, 2 * decoded):
                yield self._decoded(latents, decoded)
                decoded = len(latents)
            else:
                yield Audio(b"", self.rate, "f32")
        if decoded < len(latents):
            yield self._decoded(latents, decoded)
        if not ended:
            yield Audio(b"", self.rate, "f32", cut=True)

    def _latents(self, inputs: dict[str, Tensor], most: int) -> Iterator[tuple[Tensor, bool]]:
        """One latent a frame, [1, 1, D], in the codec's space, and whether it is the last; at most
        so many.

        The last one comes some frames after the model says that the speech is over.
        """
        model = self._model
        tail = int(inputs.pop("frames_after_eos")[0])
        placeholder = torch.full(
            (1, 1), model.config.audio_latent_token_id, device=self._device, dtype=torch.long
        )
        found = model(**inputs, use_cache=True)
        left = -1
        for frame in range(most):
            condition = found.last_hidden_state[:, -1]
            noise = torch.randn(1, model.config.latent_dim, device=self._device) * self._spread
            latent = model.sample_latent(condition, noise, self._steps)[:, None]
            if not torch.isfinite(latent).all():
                raise BadAudio("the model's numbers are not finite", COMPLETE)
            over = frame >= self._earliest and float(found.logits[0, -1, 0]) > self._threshold
            if left < 0 and over:
                left = tail
            yield model.denormalize_latents(latent), left == 0
            if left == 0:
                return
            left -= left > 0
            found = model(
                input_ids=placeholder,
                audio_latents=latent,
                past_key_values=found.past_key_values,
                use_cache=True,
            )

    def _decoded(self, latents: list[Tensor], begin: int) -> Audio:
        """The sound of the frames from `begin` on."""
        wave = self._processor.decode(torch.cat(latents, 1)[0])
        piece = wave[begin * self._codec.config.frame_size :]
        return Audio(piece.numpy().astype("<f4").tobytes(), self.rate, "f32")

    def _inputs(self, speech: Speech) -> dict[str, Tensor]:
        text = speech.text
        for token in self._processor.placeholder_tokens:
            text = text.replace(token, " ")
        if not text.strip():
            raise SynthesisError("there is nothing to speak in this text")
        prompt = self._prompt(speech)
        spoken: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if prompt is not None:
            spoken.insert(0, {"type": "audio"})
        rendered = self._processor.apply_chat_template(
            [{"role": "user", "content": spoken}], tokenize=False
        )
        found = self._processor(
            text=[rendered],
            audio_prompt_latents=None if prompt is None else [prompt],
            return_tensors="pt",
        )
        names = (
            "input_ids", "attention_mask", "audio_prompt_latents", "audio_prompt_latents_mask",
            "frames_after_eos",
        )  # fmt: skip
        return {name: found[name].to(self._device) for name in names if name in found}

    def _prompt(self, speech: Speech) -> Tensor | None:
        """The latents of the voice, [F, D]; None where the model is given none."""
        if speech.recording:
            return self._kept(Path(speech.recording))
        names = list(self._files) or [OWN]
        name = speech.voice or names[0]
        if name not in names:
            hint = did_you_mean(name, names) or f"it has {', '.join(names[:10])}"
            raise UnknownName(f"unknown voice '{name}'", hint)
        return self._kept(self._files[name]) if self._files else None

    def _kept(self, path: Path) -> Tensor:
        """The voice of a file, from memory where the file has not changed."""
        stat = path.stat() if path.is_file() else None
        key = (str(path), stat.st_mtime_ns if stat else 0, stat.st_size if stat else 0)
        found = self._prompts.pop(key, None)
        if found is None:
            found = _stored(path) if path.suffix == ".safetensors" else self._heard(path)
        self._prompts[key] = found
        while len(self._prompts) > REFERENCES:
            self._prompts.popitem(last=False)
        return found

    def _heard(self, path: Path) -> Tensor:
        """The voice of a recording."""
        if self._codec.encoder is None:
            raise UnknownName("this checkpoint cannot hear recordings", "Name one of its voices")
        samples = read_recording(path, self.rate)
        features = self._processor.feature_extractor([samples], return_tensors="pt")
        features = features.to(self._device)
        mask = features["padding_mask"]
        found = self._codec.encode(features["input_values"].float(), mask)
        latents: Tensor = found.latents[0][found.latents_mask[0].bool()].float().cpu()
        return latents


def _number(generation: Any, name: str, otherwise: float) -> float:
    found = getattr(generation, name, None)
    return float(found) if isinstance(found, int | float) else otherwise


def _text_tokens(processor: Any, inputs: dict[str, Tensor]) -> int:
    tokenizer = processor.tokenizer
    placeholders = tokenizer.convert_tokens_to_ids(processor.placeholder_tokens)
    ids = inputs["input_ids"]
    return int((~torch.isin(ids, torch.tensor(placeholders, device=ids.device))).sum())


def _codec_folder(folder: Path, about: dict[str, Any]) -> Path | str:
    """Where the audio tokenizer is: in the checkpoint, beside it, or in the hub's cache."""
    named = about.get("audio_tokenizer")
    name = named.get("audio_tokenizer_name_or_path", "") if isinstance(named, dict) else ""
    name = name if isinstance(name, str) else ""
    places = [folder / "audio_tokenizer"]
    if HUB_ID.fullmatch(name):
        places.append(folder.parent / name.replace("/", "--"))
    for place in places:
        if (place / "config.json").is_file():
            return place
    if HUB_ID.fullmatch(name):
        return name  # offline, the library looks into its cache alone
    raise BadCheckpoint(f"{folder} holds no audio_tokenizer", COMPLETE)


def _template(folder: Path, tokenizer: Any) -> str:
    """How text and voice are laid out."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text("utf-8", errors="replace")
    if isinstance(tokenizer.chat_template, str):
        return tokenizer.chat_template
    raise BadCheckpoint(f"{file} is missing", COMPLETE)


def _voice_files(folder: Path, size: int) -> dict[str, Path]:
    """The voices that come with a checkpoint: latents of this size, or recordings."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        fits = path.suffix in (".wav", ".flac", ".mp3") or (
            path.suffix == ".safetensors" and _latents_in(path, size)
        )
        if fits and path.is_file() and path.stem.isprintable() and not path.stem.startswith("+"):
            found.setdefault(path.stem, path)
    return dict(list(found.items())[:VOICES_MAX])


def _latents_in(path: Path, size: int) -> str:
    """The name of the one tensor of latents in this file; empty where it holds something else."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            shape = file.get_slice(names[0]).get_shape() if len(names) == 1 else []
    except (OSError, SafetensorError):
        return ""
    frames = shape[-2] if len(shape) in (2, 3) else 0
    whole = len(shape) == 2 or (len(shape) == 3 and shape[0] == 1)
    return names[0] if whole and shape[-1] == size and 0 < frames <= PROMPT_MAX else ""


def _stored(path: Path) -> Tensor:
    from safetensors.torch import load_file

    (found,) = load_file(path).values()
    return found.reshape(-1, found.shape[-1]).float()
