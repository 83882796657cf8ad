"""Qwen3-TTS, our own implementation: exact to the official one, streaming, lean.

Runs only in the worker's process. A checkpoint is checked before torch is imported, so that a
wrong one is refused at once. https://github.com/QwenLM/Qwen3-TTS, arXiv:2601.15621
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ttm.audio import Audio
from ttm.audio.recording import read_recording
from ttm.engine import Effective, Tell
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.voices import language, voices
from ttm.errors import EngineUnavailable, UnknownName, UsageError, did_you_mean
from ttm.models.speakers import DESIGNED
from ttm.speech import Speech, Voice
from ttm.voicefile import Prompt, is_voice, read

if TYPE_CHECKING:
    from ttm.engine.qwen3.codec import CodecState
    from ttm.engine.qwen3.ensemble import Ensemble
    from ttm.engine.qwen3.model import Model
    from ttm.engine.qwen3.prompt import Reference, Request
    from ttm.engine.qwen3.sampling import Sampling

REFERENCES = 8
"""Cloned voices that are kept; encoding one takes seconds on a CPU."""

SHARED_FROM = 512
"""Width of a talker from which several threads, and int8 weights, are of use."""

STRETCH = 8
"""Frames decoded at a time where nobody listens yet."""

SEED_MAX = (1 << 63) - 1

CLONES_NOT = ("this model cannot clone a voice", "Use a base model, such as qwen3:0.6b-base")


class Qwen3Engine:
    """A checkpoint in the official layout, on one device.

    Options are the settings under `[engine.qwen3]`; a negative sampling parameter means the
    checkpoint's own, and `packed_dir` is where quantized weights are kept. With an empty `folder`
    nothing is loaded, and only `effective` answers. Raises BadCheckpoint and EngineUnavailable.
    """

    def __init__(
        self,
        folder: str = "",
        device: str = "auto",
        dtype: str = "auto",
        quantize: str = "auto",
        threads: int = 0,
        graphs: bool = True,
        temperature: float = -1.0,
        top_k: int = -1,
        top_p: float = -1.0,
        repetition_penalty: float = -1.0,
        max_seconds: float = 0.0,
        chunk_frames: Sequence[int] = (1, 2, 4),
        packed_dir: str = "",
        loading: Tell | None = None,
    ) -> None:
        checkpoint = Checkpoint(Path(folder)) if folder else None
        if loading:
            loading("torch", 0.0)
        try:
            import torch

            from ttm.engine.qwen3.placement import place
        except ImportError as failure:
            raise EngineUnavailable(
                f"the qwen3 engine needs a package that is not installed ({failure.name})",
                "Run `ttm doctor`",
            ) from failure
        small = checkpoint and checkpoint.dimensions.talker_config.hidden_size < SHARED_FROM
        self._threads = threads or (1 if small else _cores())
        torch.set_num_threads(self._threads)
        self._place = place(device, dtype, "none" if small and quantize == "auto" else quantize)
        self._checkpoint, self._model = checkpoint, None
        if checkpoint is None:
            return
        from ttm.engine.qwen3.model import Model
        from ttm.engine.qwen3.utterance import Delivery

        how = None
        if self._place.quantize != "none":
            from ttm.engine.qwen3.cores import Cores
            from ttm.engine.qwen3.packs import Packs, fingerprint
            from ttm.engine.qwen3.quantized import Quantization

            packs = Packs(Path(packed_dir), fingerprint(checkpoint)) if packed_dir else Packs()
            four_bits = self._place.quantize == "int4-predictor"
            how = Quantization(Cores(self._threads), packs, four_bits)
        self._model = Model(
            checkpoint,
            self._place.device,
            self._place.dtype,
            loading,
            how,
            graphs=graphs and self._place.device.type == "cuda",
        )
        sampling = _overridden(self._model.sampling, temperature, top_k, top_p, repetition_penalty)
        self._model.prepare(sampling)
        self._delivery = Delivery(sampling, tuple(chunk_frames), max_seconds)
        self._coming: tuple[Speech, ...] = ()
        self._together: Ensemble | None = None
        if how:
            from ttm.engine.qwen3.ensemble import Ensemble

            self._together = Ensemble(self._model, sampling, self._plain)
            # What torch still computes is the codec's part, which has one core.
            torch.set_num_threads(1)
        self._references: OrderedDict[tuple[str, int, int, str], _Heard] = OrderedDict()

    def effective(self) -> Effective:
        """What the settings came to here."""
        from ttm.engine.qwen3.placement import type_name

        found: Effective = {
            "device": str(self._place.device),
            "dtype": type_name(self._place.dtype),
            "codec_dtype": "float32",
            "quantize": self._place.quantize,
            "threads": self._threads,
        }
        if self._checkpoint is None:
            return found
        dimensions = self._checkpoint.dimensions
        sampling = self._delivery.sampling
        return found | {
            "bytes_a_second": self._loaded.bytes_a_second(),
            "mode": dimensions.tts_model_type,
            "size": dimensions.tts_model_size,
            "follows_instructions": dimensions.follows_instructions,
            "clones": dimensions.tts_model_type == "base",
            "temperature": sampling.talker.temperature,
            "top_k": sampling.talker.top_k,
            "top_p": sampling.talker.top_p,
            "repetition_penalty": sampling.repetition_penalty,
        }

    def voices(self) -> list[Voice]:
        return voices(self._loaded.checkpoint.dimensions, "qwen3")

    def expect(self, speeches: Sequence[Speech]) -> None:
        """Speak these together with the next one, where that takes less time."""
        self._coming = tuple(speeches)

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        from ttm.engine.qwen3.utterance import begin, utter

        model, coming, self._coming = self._loaded, self._coming, ()
        heard = self._voice(speech)
        if heard and heard.reference.codes is not None and heard.state is None:
            yield from self._prime(heard)
        state = heard.state if heard else None
        request = self._request(speech, heard)
        seed = speech.seed & SEED_MAX
        if self._together and (coming or self._together.knows(speech)):
            together = replace(self._delivery, ramp=(STRETCH,))
            yield from self._together.speak(
                speech,
                [each for each in coming if _voice_of(each) == _voice_of(speech)],
                lambda one: begin(
                    model, self._request(one, heard), together, one.seed & SEED_MAX, state
                ),
            )
        else:
            yield from utter(model, self._plain, request, self._delivery, seed, state)

    def _voice(self, speech: Speech) -> _Heard | None:
        """The voice of the speech's recording, where it is to be cloned. Raises UsageError."""
        if self._loaded.checkpoint.dimensions.tts_model_type == "base":
            if not speech.recording:
                raise UsageError(
                    "this model speaks with the voice of a recording", "Give one with --voice FILE"
                )
            return self._heard(speech)
        if speech.recording:
            raise UsageError(*CLONES_NOT)
        return None

    def _request(self, speech: Speech, heard: _Heard | None) -> Request:
        """The speech in the checkpoint's names. Raises UsageError and UnknownName."""
        from ttm.engine.qwen3.prompt import Request

        dimensions = self._loaded.checkpoint.dimensions
        if speech.instruct and not dimensions.follows_instructions:
            raise UsageError(*_deaf(dimensions.tts_model_type))
        return Request(
            speech.text,
            language(dimensions, speech.language),
            self._speaker(speech),
            speech.instruct,
            reference=heard.reference if heard else None,
            # The official package lays the text of a clone out beside the frames.
            streaming=heard is not None,
        )

    def prompt(self, recording: str, transcript: str) -> tuple[str, Prompt]:
        from ttm.engine.qwen3.cloning import fingerprint, packed

        checkpoint = self._loaded.checkpoint
        if checkpoint.dimensions.tts_model_type != "base":
            raise UsageError(*CLONES_NOT)
        heard = self._heard(Speech("", recording=recording, transcript=transcript))
        if heard.kept:
            return "", {}
        return fingerprint(checkpoint), packed(heard.reference)

    def close(self) -> None:
        self._model = None

    @property
    def _loaded(self) -> Model:
        if self._model is None:
            raise EngineUnavailable("the qwen3 engine was started without a checkpoint")
        return self._model

    def _speaker(self, speech: Speech) -> str:
        """The checkpoint's name of the voice; empty where it has no speakers."""
        speakers = self._loaded.checkpoint.dimensions.talker_config.spk_id
        name = speech.voice.casefold()
        if speech.recording or not speakers:
            if name and not speech.recording and name != DESIGNED:
                raise UnknownName(f"unknown voice '{speech.voice}'", "this model has no speakers")
            return ""
        if not name:
            return next(iter(speakers))
        if name not in speakers:
            hint = did_you_mean(name, speakers) or f"it has {', '.join(speakers)}"
            raise UnknownName(f"unknown voice '{speech.voice}'", hint)
        return name

    def _heard(self, speech: Speech) -> _Heard:
        """The recording's voice, from memory where the file has not changed."""
        path = Path(speech.recording)
        # What is wrong with a path that is no file, `read_recording` says in one sentence.
        stat = path.stat() if path.is_file() else None
        version = (stat.st_mtime_ns, stat.st_size) if stat else (0, 0)
        key = (str(path), *version, speech.transcript)
        heard = self._references.pop(key, None)
        if heard is None:
            heard = self._listened(path, speech.transcript)
        self._references[key] = heard
        while len(self._references) > REFERENCES:
            self._references.popitem(last=False)
        return heard

    def _listened(self, path: Path, transcript: str) -> _Heard:
        """The voice as a voice file has kept it for this checkpoint, else from the recording."""
        import torch

        from ttm.engine.qwen3.cloning import unpacked

        model = self._loaded
        if is_voice(path) and (kept := unpacked(model.checkpoint, read(path), transcript)):
            return _Heard(kept, kept=True)
        rate = model.checkpoint.speech_tokenizer.input_sample_rate
        samples = torch.from_numpy(read_recording(path, rate))
        torch.set_num_threads(self._threads)
        try:
            return _Heard(model.reference(samples, transcript))
        finally:
            torch.set_num_threads(1 if model.cores else self._threads)

    def _prime(self, heard: _Heard) -> Iterator[Audio]:
        """Bring the codec behind the reference, drawing breath."""
        from ttm.engine.qwen3.codec import CodecState
        from ttm.engine.qwen3.utterance import prime

        model, state = self._loaded, CodecState()
        for _ in prime(model, heard.reference, state):
            yield Audio(b"", model.rate, "f32")
        heard.state = state

    def _plain(self) -> Model:
        """The same checkpoint in float32 on the CPU, for one utterance."""
        import torch

        from ttm.engine.qwen3.model import Model

        return Model(self._loaded.checkpoint, torch.device("cpu"), torch.float32)


class _Heard:
    """A recording's voice, and the codec's state behind the recording."""

    def __init__(self, reference: Reference, *, kept: bool = False) -> None:
        self.reference, self.kept = reference, kept
        self.state: CodecState | None = None


def _voice_of(speech: Speech) -> Speech:
    """The speech without its text: what speeches must share to be spoken together."""
    return replace(speech, text="", continues=False, seed=0)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _overridden(
    sampling: Sampling, temperature: float, top_k: int, top_p: float, repetition_penalty: float
) -> Sampling:
    """The checkpoint's sampling with what the settings say instead; a temperature of 0 makes
    talker and code predictor greedy."""
    from ttm.engine.qwen3.sampling import Choice, Sampling

    ours = sampling.talker
    greedy = temperature == 0
    return Sampling(
        Choice(
            temperature if temperature >= 0 else ours.temperature,
            top_k if top_k >= 0 else ours.top_k,
            top_p if top_p >= 0 else ours.top_p,
        ),
        replace(sampling.predictor, temperature=0.0) if greedy else sampling.predictor,
        repetition_penalty if repetition_penalty >= 0 else sampling.repetition_penalty,
    )


def _deaf(mode: str) -> tuple[str, str]:
    """Why an instruction is refused, and what to do."""
    if mode == "base":
        return "a cloned voice follows no instruction", "Leave out --instruct"
    return (
        "the 0.6B model follows no instruction",
        "Leave out --instruct, or use a 1.7B model, such as qwen3:1.7b",
    )
