"""One side of scripts/bench_qwen3: loads a checkpoint once, says what that took, then answers each
line of stdin, `{"do": ..., "frames": ...}`, with a line of JSON. Run by the interpreter of that
side: `ours` by ttm's, `official` by one that has qwen-tts.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib.metadata
import json
import math
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TEXT = "Hello there, how are you today? This is a test of the text to speech system."
CHUNKS = (
    "The first boat came in before it was light, and nobody was at the harbour.",
    "She opened the letter, read it twice, and put it back into the drawer.",
    "There is a bridge over the river, but the road to it is often under water.",
    "He asked the doctor what could be done, and the doctor did not know it either.",
    "In the evening the whole village was at the station, the mayor among them.",
    "A good sailor looks at the sky first, and only then at what is written.",
    "The library had been closed for a year when the roof was mended at last.",
    "We walked through the forest, and it was quiet there, as it is in winter.",
)
"""What a long text is made of, again and again."""
CHUNK = 50
"""Frames of each."""
FRAMES_A_SECOND = 12.5
WARM_UP = 3
"""Frames."""
STRETCHES = 8
"""Decoded one behind the other for the codec's own time, after two that warm it up."""

Figures = dict[str, Any]
Task = Callable[[int], Figures]
"""Frames in, figures out."""
Clock = Callable[[], float]
clock: Clock = time.perf_counter


class Timed:
    """Stands for a callable and remembers how long each call took."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self.seconds: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return self._timed(self._part, inputs, named)

    def read(self, *inputs: Any, **named: Any) -> Any:
        """A talker's prefill, where it is a method of its own."""
        return self._timed(self._part.read, inputs, named)

    def _timed(self, part: Any, inputs: Any, named: Any) -> Any:
        start = clock()
        result = part(*inputs, **named)
        self.seconds.append(clock() - start)
        return result


class Ours:
    """The engine, as its worker drives it."""

    def __init__(self, checkpoint: str, dtype: str, threads: int) -> None:
        from ttm import paths
        from ttm.engine.qwen3 import Qwen3Engine

        how = {"quantize": "none", "dtype": dtype}
        if dtype not in ("float32", "bfloat16"):
            how = {"quantize": dtype}
        self._engine = Qwen3Engine(
            checkpoint,
            threads=threads,
            device="cpu",
            temperature=0,
            packed_dir=str(paths.packed_dir()),
            **how,
        )
        self._model = self._engine._loaded
        self._threads = threads

    def facts(self) -> Figures:
        from ttm.engine.qwen3.layout import model_layout
        from ttm.engine.qwen3.model import FRAME_WEIGHTS

        model, weights = self._model, 0
        for name, shape in model_layout(model.checkpoint.dimensions).items():
            if name.startswith("talker.code_predictor.model.layers."):
                weights += (model.predictor.dimensions.num_code_groups - 1) * math.prod(shape)
            elif name.startswith(FRAME_WEIGHTS):
                weights += math.prod(shape)
        bytes_a_second = self._engine.effective()["bytes_a_second"]
        return {
            "bytes_a_frame": bytes_a_second * model.samples_per_frame / model.rate,
            "weights_a_frame": weights,
            "effective": self._engine.effective(),
        }

    def watch(self) -> None:
        """Time the parts from here on; what was loaded is another matter."""
        self._talker = self._model.talker = Timed(self._model.talker)
        self._predictor = self._model.predictor = Timed(self._model.predictor)
        self._decode = self._model.codec.decode = Timed(self._model.codec.decode)

    def speak(self, frames: int) -> Figures:
        from ttm.audio import Audio
        from ttm.speech import Speech

        parts = (self._talker, self._predictor, self._decode)
        for part in parts:
            part.seconds.clear()
        self._limit(frames)
        start, first, samples = clock(), 0.0, 0
        for item in self._engine.speak(Speech(TEXT, voice="ryan", language="English")):
            if isinstance(item, Audio):
                samples += item.samples
                first = first or (clock() - start if item.samples else 0.0)
        return figures(clock() - start, samples / self._model.rate, first, *parts)

    def alone(self, frames: int) -> Figures:
        """Talker and predictor with no codec beside them."""
        import torch

        from ttm.engine.qwen3.prompt import Request

        model = self._model
        with torch.inference_mode():
            prompt = model.writer.write(Request(TEXT, "english", "ryan"))
        self._talker.seconds.clear()
        self._predictor.seconds.clear()
        greedy, generator = model.sampling.greedy, torch.Generator()
        made = sum(1 for _ in model.generate([prompt], greedy, generator, frames))
        return {
            "talker_ms": 1e3 * statistics.mean(self._talker.seconds[1:]),
            "predictor_ms": 1e3 * statistics.mean(self._predictor.seconds),
            "frames": made,
        }

    def codec(self, frames: int) -> Figures:
        """So many frames at a time on one core, in the middle of an utterance."""
        import torch

        from ttm.engine.qwen3.codec import CodecState

        size, state = self._model.codec.dimensions, CodecState()
        shape = (STRETCHES + 2, 1, size.num_quantizers, frames)
        codes = torch.randint(size.codebook_size, shape, generator=torch.Generator())
        with one_core():
            self._decode.seconds.clear()
            for stretch in codes:
                self._decode(stretch, state)
        seconds = statistics.median(self._decode.seconds[2:])
        return {"codec_ms": 1e3 * seconds / frames, "frames": frames}

    def long(self, frames: int) -> Figures:
        """A text of so many frames, in chunks, as a file gets them."""
        from ttm.audio import Audio
        from ttm.engine import ENGINES
        from ttm.speech import Speech

        self._limit(CHUNK)
        wanted = [
            Speech(text, voice="ryan", language="English", seed=i, continues=i > 0)
            for i, text in enumerate(chunks(frames))
        ]
        ahead = ENGINES["qwen3"].foresight_unheard
        start, samples = clock(), 0
        for i, speech in enumerate(wanted):
            self._engine.expect(wanted[i + 1 : i + 1 + ahead])
            for item in self._engine.speak(speech):
                samples += item.samples if isinstance(item, Audio) else 0
        wall, audio = clock() - start, samples / self._model.rate
        made = samples // self._model.samples_per_frame
        return {"wall_s": wall, "audio_s": audio, "rtf": wall / audio, "frames": made}

    def _limit(self, frames: int) -> None:
        seconds = frames * self._model.samples_per_frame / self._model.rate
        self._engine._delivery = dataclasses.replace(self._engine._delivery, max_seconds=seconds)


class Official:
    """The official package, greedy, with all its sound at the end."""

    def __init__(self, checkpoint: str, dtype: str, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        start = clock()
        with contextlib.redirect_stdout(sys.stderr):
            from qwen_tts import Qwen3TTSModel
        self._import_s = clock() - start
        self._speaker = Qwen3TTSModel.from_pretrained(checkpoint, dtype=getattr(torch, dtype))

    def facts(self) -> Figures:
        weights = read = 0
        talker = self._speaker.model.talker
        passes = talker.code_predictor.config.num_code_groups - 1
        for name, weight in talker.named_parameters():
            times = passes if name.startswith("code_predictor.model.layers.") else 1
            if times > 1 or name.startswith(("model.layers.", "codec_head.", "code_predictor.lm")):
                weights += times * weight.numel()
                read += times * weight.numel() * weight.element_size()
        return {
            "bytes_a_frame": read,
            "weights_a_frame": weights,
            "import_qwen_tts_s": self._import_s,
        }

    def watch(self) -> None:
        import functools

        model = self._speaker.model
        # generate() reads the signature of what it calls.
        self._talker = timed = Timed(model.talker.forward)
        model.talker.forward = functools.wraps(timed._part)(lambda *a, **k: timed(*a, **k))
        predictor = model.talker.code_predictor
        self._predictor = predictor.generate = Timed(predictor.generate)
        self._decode = model.speech_tokenizer.decode = Timed(model.speech_tokenizer.decode)

    def speak(self, frames: int) -> Figures:
        for part in (self._talker, self._predictor, self._decode):
            part.seconds.clear()
        wall, audio = self._generate(TEXT, frames)
        # Its talker's forward makes the frame's other codes too.
        whole = self._talker.seconds
        self._talker.seconds = [whole[0]] + [
            step - part for step, part in zip(whole[1:], self._predictor.seconds, strict=False)
        ]
        return figures(wall, audio, wall, self._talker, self._predictor, self._decode)

    def long(self, frames: int) -> Figures:
        """All chunks as one batch."""
        wall, audio = self._generate(chunks(frames), CHUNK)
        made = round(audio * FRAMES_A_SECOND)
        return {"wall_s": wall, "audio_s": audio, "rtf": wall / audio, "frames": made}

    def _generate(self, text: str | list[str], frames: int) -> tuple[float, float]:
        """Seconds that it took, and seconds of sound."""
        start = clock()
        # N + 1 tokens make N frames; the last token is never completed.
        waves, rate = self._speaker.generate_custom_voice(
            text=text,
            speaker="Ryan",
            language="English",
            max_new_tokens=frames + 1,
            do_sample=False,
            subtalker_dosample=False,
        )
        return clock() - start, sum(map(len, waves)) / rate


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """For torch, and for kernels where there are any."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    numba = sys.modules.get("numba")
    kernels = numba.get_num_threads() if numba else 1
    if numba:
        numba.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    if numba:
        numba.set_num_threads(kernels)


def figures(
    wall: float, audio: float, first: float, talker: Timed, predictor: Timed, codec: Timed
) -> Figures:
    """Means over a run's frames, so that the parts add up to the whole; the talker's first step
    takes the prompt."""
    frames = len(predictor.seconds)
    return {
        "wall_s": wall,
        "audio_s": audio,
        "rtf": wall / audio,
        "first_sound_s": first,
        "prefill_s": talker.seconds[0],
        "talker_ms": 1e3 * statistics.mean(talker.seconds[1:]),
        "talker_median_ms": 1e3 * statistics.median(talker.seconds[1:]),
        "predictor_ms": 1e3 * statistics.mean(predictor.seconds),
        "predictor_median_ms": 1e3 * statistics.median(predictor.seconds),
        "codec_ms": 1e3 * sum(codec.seconds) / frames,
        "frames": frames,
    }


def chunks(frames: int) -> list[str]:
    """The texts that are so many frames together."""
    return [CHUNKS[i % len(CHUNKS)] for i in range(frames // CHUNK)]


def peak() -> float:
    """MiB that this process had at most. Linux's own count begins with the process; `getrusage`
    goes on with that of whoever started it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 if sys.platform != "darwin" else 1 << 20)


def versions() -> dict[str, str]:
    known = ("torch", "numpy", "numba", "transformers", "qwen-tts", "ttm-speech")
    found = {"python": sys.version.split()[0]}
    for name in known:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=["ours", "official"])
    parser.add_argument("checkpoint")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers

    def answer(found: Figures) -> None:
        print(json.dumps(found | {"peak_rss_mib": peak()}), file=answers, flush=True)

    start = clock()
    import torch  # noqa: F401

    imported = clock()
    kind = {"ours": Ours, "official": Official}[asked.side]
    side = kind(asked.checkpoint, asked.dtype, asked.threads)
    loaded = clock()
    side.watch()
    tasks: dict[str, Task] = {
        do: getattr(side, do) for do in ("speak", "alone", "codec", "long") if hasattr(side, do)
    }
    ready = {
        "import_torch_s": imported - start,
        "load_s": loaded - imported,
        "versions": versions(),
        "does": list(tasks),
        **side.facts(),
    }
    side.speak(WARM_UP)
    answer(ready)
    for line in sys.stdin:
        request = json.loads(line)
        answer(tasks[request["do"]](request["frames"]))


if __name__ == "__main__":
    main()
