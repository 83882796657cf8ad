"""A voice in one file, `.ttmvoice`: its recording, transcript, prompts, where it comes from.

A file in the safetensors format (8 bytes of little-endian length, a JSON header, tensors), so that
other programs can read it and nothing in it can run. Tensors: `audio`, the recording as ttm keeps
it; `prompt.ENGINE.name`, what an engine made of that once, by the engine's own fingerprint of
the weights that made it. `__metadata__` says the rest, and the sha256 of everything.
"""

from __future__ import annotations

import array
import hashlib
import json
import math
import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from io import FileIO
from pathlib import Path
from typing import Any, Literal

from ttm.errors import BadVoice

SUFFIX = ".ttmvoice"
FORMAT = "1"
FILE_MAX = 8 << 20
"""Bytes: 31 s of sound are 1.5 MB, and a prompt has some ten kilobytes."""
HEADER_MAX = 256 << 10
SECONDS_MAX = 32.0
PROMPTS_MAX = 32
TENSORS_MAX = 8
"""Of one prompt."""
RATES = range(8_000, 48_000 + 1)
"""Hertz of the recording."""
TEXT_MAX = 4_000
"""Characters of each text about the voice."""

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
"""What a voice may be called: a file's name on every system, and never an option or a path."""
FINGERPRINT = re.compile(r"[a-z0-9][a-z0-9-]{7,79}")
"""What an engine calls the weights that made a prompt."""
_TENSOR = re.compile(r"[a-z][a-z0-9_]{0,31}")

WIDTHS = {"F32": 4, "I16": 2}
"""Bytes of an element, of the types that a voice file may hold."""
_CODES: dict[str, Literal["f", "h"]] = {"F32": "f", "I16": "h"}


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers, little-endian."""

    kind: str
    """`F32` or `I16`."""
    shape: tuple[int, ...]
    data: bytes


Prompt = Mapping[str, Tensor]
"""What an engine made of a recording, by names of its own."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """A voice as it is kept; `replace()` to vary."""

    name: str
    kind: Literal["cloned", "designed"]
    audio: bytes
    """Signed 16-bit samples, little-endian, mono."""
    rate: int
    """Hertz."""
    transcript: str = ""
    """What is said in the recording; empty where nobody knows."""
    language: str = ""
    """BCP-47 tag or English name; empty where nobody said."""
    description: str = ""
    """What it is like; of a designed voice, what it was made from."""
    consent: str = ""
    """Who agreed to the cloning, in the words of the one who added it."""
    created: str = ""
    """UTC, as 2026-11-22T10:00:00Z."""
    source: str = ""
    """Where it comes from: the recording's sha256 and shape, or the model and seed."""
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    """By fingerprint."""

    @property
    def seconds(self) -> float:
        return len(self.audio) / 2 / self.rate


TEXTS = tuple(f.name for f in fields(VoiceFile) if f.name not in ("audio", "rate", "prompts"))


def is_voice(path: str | os.PathLike[str]) -> bool:
    """Whether this is the name of a voice file."""
    return os.fspath(path).casefold().endswith(SUFFIX)


def pack(voice: VoiceFile) -> bytes:
    """The file's bytes; the same for the same voice."""
    tensors = {"audio": Tensor("I16", (len(voice.audio) // 2,), voice.audio)}
    for fingerprint, prompt in sorted(voice.prompts.items()):
        for name, tensor in sorted(prompt.items()):
            tensors[f"prompt.{fingerprint}.{name}"] = tensor
    # Wide types first, so that every tensor begins at a multiple of its own width.
    order = sorted(tensors, key=lambda name: (-WIDTHS[tensors[name].kind], name))
    about = {name: getattr(voice, name) for name in TEXTS} | {"rate": str(voice.rate)}
    entries: dict[str, Any] = {}
    at = 0
    for name in order:
        tensor = tensors[name]
        end = at + len(tensor.data)
        entries[name] = {
            "dtype": tensor.kind,
            "shape": list(tensor.shape),
            "data_offsets": [at, end],
        }
        at = end
    body = b"".join(tensors[name].data for name in order)
    digest = _digest(about, entries, body)
    header = {"__metadata__": {"ttmvoice": FORMAT, **about, "sha256": digest}, **entries}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def read(path: Path) -> VoiceFile:
    """The voice in a file.

    Raises BadVoice when there is none, or when it is damaged or was not made by ttm.
    """
    return unpack(_bytes(path), str(path))


def unpack(block: bytes, name: str) -> VoiceFile:
    """The voice that `pack` made these bytes of; `name` is for sentences. Raises BadVoice."""
    try:
        return _unpacked(block)
    except _Damage as damage:
        raise BadVoice(
            f"the voice file '{name}' {damage}", "Export or add the voice again"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadVoice(
            f"the voice file '{name}' has a damaged header", "Export or add the voice again"
        ) from None


class _Damage(Exception):
    """What is wrong with a file, behind its name."""


def _bytes(path: Path) -> bytes:
    """What is in the file, when it is one and of a size that a voice has."""
    try:
        # O_NONBLOCK: a named pipe that nobody writes to would keep us here.
        with FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BadVoice(f"'{path}' is no file", f"Name a {SUFFIX} file")
            block = file.read(FILE_MAX + 1)
    except FileNotFoundError:
        raise BadVoice(f"there is no voice file '{path}'", "Check the path") from None
    except IsADirectoryError:
        raise BadVoice(f"'{path}' is a folder", f"Name a {SUFFIX} file in it") from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise BadVoice(f"the voice file '{path}' cannot be read: {reason}") from None
    if len(block) > FILE_MAX:
        raise BadVoice(f"the voice file '{path}' is larger than {FILE_MAX >> 20} MB")
    return block


def _unpacked(block: bytes) -> VoiceFile:
    length = int.from_bytes(block[:8], "little")
    if not 2 <= length <= min(HEADER_MAX, len(block) - 8) or block[8:9] != b"{":
        raise _Damage("is no voice that ttm has written, or was cut short")
    entries = json.loads(block[8 : 8 + length])
    about = entries.pop("__metadata__")
    version, digest = about.pop("ttmvoice"), about.pop("sha256")
    if version != FORMAT:
        raise _Damage(f"is of format {str(version)[:20]}, which this ttm does not know")
    body = block[8 + length :]
    if digest != _digest(about, entries, body):
        raise _Damage("is damaged: it is not what was written (sha256)")
    tensors, at = {}, 0
    for name, entry in entries.items():
        start, end = entry["data_offsets"]
        if start != at:
            raise _Damage("has tensors out of their order")
        tensors[name] = _tensor(entry["dtype"], entry["shape"], body[start:end])
        at = end
    if at != len(body):
        raise _Damage("has more or less in it than its header says")
    audio = tensors.pop("audio")
    rate = int(about.pop("rate"))
    if audio.kind != "I16" or rate not in RATES or not 0 < len(audio.data) / 2 / rate < SECONDS_MAX:
        raise _Damage("holds no recording of a voice")
    if set(about) != set(TEXTS) or not all(type(text) is str for text in about.values()):
        raise _Damage("does not say what a voice has to say of itself")
    if not NAME.fullmatch(about["name"]) or about["kind"] not in ("cloned", "designed"):
        raise _Damage("has no name that a voice can have")
    if any(len(text) > TEXT_MAX for text in about.values()):
        raise _Damage(f"has a text of over {TEXT_MAX} characters")
    return VoiceFile(audio=audio.data, rate=rate, prompts=_prompts(tensors), **about)


def _prompts(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    prompts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, fingerprint, own = name.split(".")
        if kind != "prompt":
            raise _Damage(f"holds the unknown tensor '{name[:60]}'")
        prompts.setdefault(fingerprint, {})[own] = tensor
    if len(prompts) > PROMPTS_MAX:
        raise _Damage(f"holds more than {PROMPTS_MAX} prompts")
    for fingerprint, prompt in prompts.items():
        check_prompt(fingerprint, prompt)
    return prompts


def check_prompt(fingerprint: str, prompt: Prompt) -> None:
    """Raises ValueError for a prompt that no file may hold."""
    if not FINGERPRINT.fullmatch(fingerprint) or not 0 < len(prompt) <= TENSORS_MAX:
        raise ValueError("a prompt of a strange name or size")
    for name, tensor in prompt.items():
        if not _TENSOR.fullmatch(name):
            raise ValueError("a tensor of a strange name")
        _tensor(tensor.kind, tensor.shape, tensor.data)


def _tensor(kind: Any, shape: Any, data: bytes) -> Tensor:
    """Checked: as many numbers as the shape says, and every one finite."""
    size = [int(each) for each in shape]
    if kind not in WIDTHS:
        raise ValueError("a tensor of a type that no voice has")
    if not 1 <= len(size) <= 3 or min(size) < 1 or math.prod(size) * WIDTHS[kind] != len(data):
        raise ValueError("a tensor of a wrong length")
    if kind == "F32" and not all(map(math.isfinite, numbers(data, kind))):
        raise ValueError("numbers that are not finite")
    return Tensor(kind, tuple(size), data)


def numbers(data: bytes, kind: str) -> array.array[Any]:
    """Little-endian numbers as this machine has them."""
    found: array.array[Any] = array.array(_CODES[kind], data)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _digest(about: Mapping[str, str], entries: Mapping[str, Any], body: bytes) -> str:
    """Of everything that a file says, in an order of its own."""
    said = json.dumps([about, entries], sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(len(said).to_bytes(8, "little") + said + body).hexdigest()
