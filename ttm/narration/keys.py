"""What the sound of a chunk hangs on, as a digest: equal keys, equal sound.

The words are in it as the engine is given them, and out of it as nothing but the digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ttm import __version__
from ttm.engine import ENGINES, PLUGINS, EngineCard, missing
from ttm.models import manifest
from ttm.models.store import Model
from ttm.runtime.environment import Place
from ttm.speech import Speech
from ttm.voicefile import is_voice, read

PATH = 1
"""Raised when something between a chunk's words and the kept sound changes how that sounds: an
engine, its edges, the stretching, the guard."""
SEEDS = "a chunk's own, derived from the text's"
"""How `Speech.seed` comes about; see `seeds`."""

SILENT = {
    "bytes_a_second",  # a figure, for `ttm bench`
    "chunk_frames",  # how much is decoded at a time
    "folder",  # where the weights lie; what they are is in it
    "graphs",  # how a GPU is told what to do, not what
    "insecure",
    "keep_packed",
    "key_file",  # who asks a server
    "name",  # what the user calls a server; its address is in it
    "packed_dir",
    "retries",
    "threads",  # the same sums in another order
    "timeout",
    "voices",  # of a server: only what the voice is called there
}
"""Options of engines that nobody hears."""
UNHEARD = {
    "continues",  # nothing that is kept hangs on what came before
    "recording",  # what is in it counts, not where it lies
    "volume",  # comes after
}
"""Fields of a Speech that are no part of its key."""
BESIDE = {"espeak": ("espeakng_loader",)}
"""Packages that a built-in engine speaks with, beside those on its card."""
FILES_MAX = 1000
"""Files of a checkpoint that are looked at."""


def base(
    model: Model,
    engine: EngineCard,
    options: Mapping[str, Any],
    runtime: Path,
    *,
    judged: bool,
) -> dict[str, Any]:
    """What all chunks of a narration share; `runtime` is the folder of the neural one.
    `judged`: what the guard would refuse is not among what is kept.

    Raises OSError for a checkpoint that cannot be read.
    """
    return {
        "ttm": __version__,
        "path": PATH,
        "seeds": SEEDS,
        "judged": judged,
        "engine": engine.name,
        "packages": _packages(engine, runtime),
        "weights": _weights(model.folder) if model.folder else "",
        "options": _audible(options),
    }


def voice(options: Mapping[str, Any], speech: Speech) -> dict[str, str]:
    """Who speaks: what the voice is called at a server, and what is in its recording.

    Raises OSError for a recording that cannot be read, BadVoice for a damaged voice file.
    """
    voices = options.get("voices")
    return {
        "there": voices.get(speech.voice, "") if isinstance(voices, Mapping) else "",
        "recording": _recording(speech.recording) if speech.recording else "",
    }


def shared(found: Mapping[str, Any], effective: Mapping[str, Any]) -> bytes:
    """A digest of a base, and of what the engine says that it runs with, which stands for the
    options of that name: `auto` is no device."""
    options = {name: value for name, value in found["options"].items() if name not in effective}
    return _digest({**found, "options": options, "effective": _audible(effective)})


def chunk(
    shared: bytes, speech: Speech, who: Mapping[str, str], bent: tuple[float, float] = (1.0, 1.0)
) -> str:
    """The key of a chunk: 64 hexadecimal digits.

    `who`: of `voice`. `bent`: by which factors pitch and tempo are changed before it is kept.
    """
    heard = {f.name: getattr(speech, f.name) for f in fields(speech) if f.name not in UNHEARD}
    return _digest({"of": shared.hex(), "speech": heard, "who": who, "bent": bent}).hex()


def seed(found: Mapping[str, Any], speech: Speech, voice: Mapping[str, str]) -> str:
    """The key of a text's seed: who speaks, with which weights, and in which manner."""
    who = (found["engine"], found["weights"], voice["there"], voice["recording"])
    where = {name: found["options"].get(name) for name in ("url", "model")}
    how = (speech.voice, speech.language, speech.instruct, speech.transcript)
    return _digest({"seed of": [*who, *how], "at": where}).hex()


def _audible(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sorted(options.items()) if name not in SILENT}


def _digest(of: Mapping[str, Any]) -> bytes:
    text = json.dumps(of, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=32).digest()


def _weights(folder: Path) -> str:
    """A fingerprint of a checkpoint that changes with its files: what they were verified to be,
    else their names, sizes and times, since hashing gigabytes would cost every start seconds."""
    made = manifest.read(folder.parent)
    if made and made.revision == folder.name and manifest.whole(folder, made.files):
        files = [(file.path, file.size, file.sha256) for file in made.files]
        return _digest({"files": sorted(files)}).hex()
    found: list[tuple[str, int, int]] = []
    for where, folders, names in os.walk(folder):
        # What begins with a dot is no part of a model; ttm's own note of its last use is there.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in names if not name.startswith(".")):
            path = os.path.join(where, name)
            about = os.stat(path)
            found.append((os.path.relpath(path, folder), about.st_size, about.st_mtime_ns))
            if len(found) > FILES_MAX:
                raise OSError(f"{folder} holds more than {FILES_MAX} files")
    return _digest({"files": found}).hex()


def _recording(path: str) -> str:
    """A fingerprint of what a voice is cloned from. What a voice file holds beside its sound is
    made of that, by the weights, or comes with the Speech."""
    if is_voice(path):
        voice = read(Path(path))
        return hashlib.blake2b(voice.audio + str(voice.rate).encode(), digest_size=32).hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packages(engine: EngineCard, runtime: Path) -> dict[str, str]:
    """Versions of what computes the sound: of the built-in engines in ttm's environment or in the
    neural runtime, of any other the distribution that brings it."""
    if engine.name not in ENGINES:
        return _offered(engine)
    names = (*engine.modules, *BESIDE.get(engine.name, ()))
    if missing(engine):
        current = Place(runtime).current()
        made = current.manifest() if current else None
        packages = made.packages if made else {}
        return {name: version for name, version in packages.items() if name in names}
    found = {}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _offered(engine: EngineCard) -> dict[str, str]:
    found = {
        point.dist.name: point.dist.version
        for point in metadata.entry_points(group=PLUGINS)
        if point.name == engine.name and point.dist
    }
    # Somebody who works on an engine does not give each try a version.
    top = find_spec(engine.where.partition(":")[0].partition(".")[0])
    if top and top.origin and os.path.exists(top.origin):
        about = os.stat(top.origin)
        found["file"] = f"{about.st_size} {about.st_mtime_ns}"
    return found
