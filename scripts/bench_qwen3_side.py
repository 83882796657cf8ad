"""One side of scripts/bench_qwen3: loads a checkpoint once, then answers each line of stdin with
one measured run as a line of JSON. Run by the interpreter of that side: `ours` by ttm's,
`official` by one that has qwen-tts.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

TEXT = "Hello there, how are you today? This is a test of the text to speech system."
WARM_UP = 3
"""Frames."""

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
        start = clock()
        result = self._part(*inputs, **named)
        self.seconds.append(clock() - start)
        return result


def ours(checkpoint: str, dtype: str, threads: int) -> Callable[[int], dict[str, float]]:
    from ttm.audio import Audio
    from ttm.engine.qwen3 import Qwen3Engine
    from ttm.speech import Speech

    how = {"quantize": "int8"} if dtype == "int8" else {"quantize": "none", "dtype": dtype}
    engine = Qwen3Engine(checkpoint, threads=threads, device="cpu", temperature=0, **how)
    model = engine._loaded
    read = model.bytes_a_second() * model.samples_per_frame / model.rate
    talker = model.talker = Timed(model.talker)
    predictor = model.predictor = Timed(model.predictor)
    decode = model.codec.decode = Timed(model.codec.decode)

    def run(frames: int) -> dict[str, float]:
        for part in (talker, predictor, decode):
            part.seconds.clear()
        seconds = frames * model.samples_per_frame / model.rate
        engine._delivery = dataclasses.replace(engine._delivery, max_seconds=seconds)
        start, first, samples = clock(), 0.0, 0
        for item in engine.speak(Speech(TEXT, voice="ryan", language="English")):
            if isinstance(item, Audio):
                samples += item.samples
                first = first or (clock() - start if item.samples else 0.0)
        found = figures(
            start, samples / model.rate, first, talker.seconds, predictor.seconds, decode.seconds
        )
        return found | {"read_gb_per_s": read / 1e6 / (found["talker_ms"] + found["predictor_ms"])}

    return run


def official(checkpoint: str, dtype: str, threads: int) -> Callable[[int], dict[str, float]]:
    import functools

    import torch

    torch.set_num_threads(threads)
    with contextlib.redirect_stdout(sys.stderr):
        from qwen_tts import Qwen3TTSModel
    speaker = Qwen3TTSModel.from_pretrained(checkpoint, dtype=getattr(torch, dtype))
    model = speaker.model
    # generate() reads the signature of what it calls.
    timed = Timed(model.talker.forward)
    model.talker.forward = functools.wraps(timed._part)(lambda *a, **k: timed(*a, **k))
    predictor = model.talker.code_predictor.generate = Timed(model.talker.code_predictor.generate)
    decode = model.speech_tokenizer.decode = Timed(model.speech_tokenizer.decode)

    def run(frames: int) -> dict[str, float]:
        for part in (timed, predictor, decode):
            part.seconds.clear()
        start = clock()
        # N + 1 tokens make N frames; the last token is never completed.
        waves, rate = speaker.generate_custom_voice(
            text=TEXT,
            speaker="Ryan",
            language="English",
            max_new_tokens=frames + 1,
            do_sample=False,
            subtalker_dosample=False,
        )
        wall = clock() - start
        # Its talker's forward makes the frame's other codes too.
        steps = [t - p for t, p in zip(timed.seconds[1:], predictor.seconds, strict=False)]
        talker = [timed.seconds[0], *steps]
        return figures(start, len(waves[0]) / rate, wall, talker, predictor.seconds, decode.seconds)

    return run


def figures(
    start: float,
    audio: float,
    first: float,
    talker: list[float],
    predictor: list[float],
    codec: list[float],
) -> dict[str, float]:
    wall = clock() - start
    frames = len(predictor)
    return {
        "wall_s": wall,
        "audio_s": audio,
        "rtf": wall / audio,
        "first_sound_s": first,
        "prefill_s": talker[0],
        "talker_ms": 1e3 * statistics.median(talker[1:]),
        "predictor_ms": 1e3 * statistics.median(predictor),
        "codec_ms": 1e3 * sum(codec) / frames,
        "frames": frames,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


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
    start = clock()
    load = {"ours": ours, "official": official}[asked.side]
    run = load(asked.checkpoint, asked.dtype, asked.threads)
    loaded = clock() - start
    run(WARM_UP)
    for line in sys.stdin:
        print(json.dumps({"load_s": loaded, **run(int(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
