"""The decoder: `python -m ttm.audio.decoder`, a child process of `ttm.audio.decoded`.

stdin: a sound file of one channel. stdout: one JSON line, `{"rate": 22050, "sample_format": "s16"}`
or `{"error": "..."}`, then its samples.
"""

from __future__ import annotations

import json
import os
import sys

from ttm.child import settle_in

PIECE = 1 << 16
"""Samples that are decoded at a time."""


def main() -> int:
    """Decode stdin to stdout."""
    settle_in()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import soundfile

    try:
        sound = soundfile.SoundFile(0, closefd=False)
    except soundfile.LibsndfileError as failure:
        return _refused(failure.error_string.strip().rstrip("."))
    if sound.channels != 1:
        return _refused(f"it has {sound.channels} channels")
    # soundfile seeks after every read, which loses the end of a FLAC without a length.
    sound.seekable = lambda: False
    exact = sound.subtype == "PCM_16"
    about = {"rate": sound.samplerate, "sample_format": "s16" if exact else "f32"}
    with os.fdopen(1, "wb", closefd=False) as out:
        out.write(json.dumps(about).encode() + b"\n")
        while len(piece := sound.read(PIECE, dtype="int16" if exact else "float32")):
            out.write(piece.astype("<i2" if exact else "<f4", copy=False).tobytes())
    return 0


def _refused(why: str) -> int:
    os.write(1, json.dumps({"error": why}).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
