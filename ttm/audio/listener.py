"""The listener: `python -m ttm.audio.listener PATH`, a child process of `ttm.audio.intake`.

stdout: one JSON line, a Take without its sound or `{"error": ..., "fix": ..., "code": ...}`, then
the prepared sound. A small file can decode to gigabytes, and a broken one can kill its decoder;
both end here.
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttm.child import settle_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ttm.audio.recording import Source

MEMORY_MAX = 1 << 30
"""Bytes of address space; 30 s of eight channels at 192 kHz need a third of it."""
CPU_MAX = 20
"""Seconds; 30 s of sound take half of one."""

RATE = 24_000
"""Hertz that a voice is kept at: what Qwen3-TTS hears and speaks."""
STEP = 480
"""Samples of a step that is loud or quiet: 20 ms."""
DEEPEST = -60.0
"""dBFS below which nothing is speech."""
REACH = 30.0
"""dB below the loud steps that speech still has; unvoiced consonants lie 20 to 30 below vowels."""
ABOVE_NOISE = 6.0
"""dB that speech stands out from the noise at least."""
GATED = -90.0
"""dBFS below which a step is digital silence, which says nothing of the room's noise."""
BEFORE, AFTER = 0.1, 0.25
"""Seconds that are kept around the speech, so that no onset and no ending is lost."""
EDGE = 0.005
"""Seconds in which the cut ends rise and fall."""
LOUDNESS = -23.0
"""LUFS that every voice is kept at (EBU R 128)."""
HIGHEST = 10 ** (-1 / 20)
"""The loudest sample is not beyond -1 dBFS (EBU R 128)."""
STRONGEST = 10 ** (40 / 20)
"""What a faint recording is multiplied with at most."""
SILENCE = 0.5
"""Seconds of silence behind the recording: without them its last sound leaks into what the clone
says first (andimarafioti/faster-qwen3-tts issue 9)."""


def main() -> int:
    """Read the recording; report and give its sound on stdout."""
    import resource

    settle_in()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX, CPU_MAX))
    # Each thread reserves address space, of which there is little.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from ttm.audio.recording import read_source
    from ttm.errors import TtmError

    answer: dict[str, Any]
    pcm = b""
    try:
        answer, pcm = listen(read_source(Path(sys.argv[1])))
    except TtmError as failure:
        answer = {"error": failure.what, "fix": failure.fix, "code": failure.code}
    except MemoryError:
        answer = {"error": "the recording takes too much memory to decode", "fix": "", "code": ""}
    with os.fdopen(1, "wb", closefd=False) as out:
        out.write(json.dumps(answer).encode() + b"\n" + pcm)
    return 0


def listen(source: Source) -> tuple[dict[str, Any], bytes]:
    """What is heard in a recording, and its speech prepared for cloning: 16-bit at `RATE`."""
    import numpy as np

    from ttm.audio.recording import resample

    samples = resample(source.samples, source.rate, RATE)
    offset = float(samples.mean())
    samples = samples - np.float32(offset)
    levels = _levels(samples)
    heard = _speech(levels)
    first, last = int(np.argmax(heard)), len(heard) - int(np.argmax(heard[::-1]))
    start = max(0, first * STEP - round(BEFORE * RATE))
    end = min(len(samples), last * STEP + round(AFTER * RATE))
    quiet = np.diff(np.flatnonzero(heard[first:last]), prepend=0) - 1
    level = _mean(levels[heard])
    room = levels[levels > GATED]
    noise = _mean(np.sort(room)[: max(1, len(room) // 20)])
    found = {
        "kept_rate": RATE,
        "form": source.form,
        "rate": source.rate,
        "channels": source.channels,
        "seconds": len(source.samples) / source.rate,
        "speech": (last - first) * STEP / RATE,
        "pause": max(0, int(quiet.max(initial=0))) * STEP / RATE,
        "level": level,
        "noise": noise,
        "clipped": source.clipped,
        "offset": offset,
    }
    kept = _levelled(samples[start:end])
    edge = np.linspace(0, 1, round(EDGE * RATE), dtype=np.float32)
    kept[: len(edge)] *= edge
    kept[-len(edge) :] *= edge[::-1]
    kept = np.pad(kept, (0, round(SILENCE * RATE)))
    return found, np.rint(kept * 32767).astype("<i2").tobytes()


def _levels(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """dBFS of each step, -120 at least.

    samples  [S]
    return   [S // STEP]
    """
    import numpy as np

    steps = samples[: len(samples) // STEP * STEP].reshape(-1, STEP).astype(np.float64)
    levels: NDArray[np.float64] = 10 * np.log10(np.square(steps).mean(axis=1) + 1e-12)
    return levels


def _speech(levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which steps are speech, rather than the room; at least the loudest.

    levels  [T]
    return  [T]
    """
    import numpy as np

    loud = float(np.percentile(levels, 95))
    room = float(np.percentile(levels, 5))
    least = max(DEEPEST, loud - REACH, min(room + ABOVE_NOISE, loud - ABOVE_NOISE))
    return levels >= min(least, float(levels.max()))


def _mean(levels: NDArray[np.float64]) -> float:
    """dBFS of the mean power."""
    import numpy as np

    if not len(levels):
        return -120.0
    return float(10 * math.log10(float(np.power(10, levels / 10).mean())))


def _levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """At `LOUDNESS`, or as near to it as the highest sample allows.

    samples  [S]
    return   [S]
    """
    import numpy as np

    from ttm.audio.loudness import Loudness

    meter = Loudness(RATE, 1)
    meter.feed(samples[:, None])
    loudness = meter.integrated()
    factor = 1.0 if loudness is None else 10 ** ((LOUDNESS - loudness) / 20)
    highest = float(np.abs(samples).max())
    return samples * np.float32(min(factor, STRONGEST, HIGHEST / highest))


if __name__ == "__main__":
    sys.exit(main())
