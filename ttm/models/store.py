"""From what a user typed to a model: its engine, and the folder of its checkpoint."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttm.errors import BadCheckpoint, ModelMissing, UnknownModel, did_you_mean
from ttm.models.place import Place
from ttm.models.registry import (
    COMMIT,
    ENGINES,
    FILES,
    HUB_ID,
    OTHER_FILES,
    REGISTRY,
    begun,
    by_hub,
    by_name,
)

CONFIG_MAX = 1 << 20
"""Bytes of a config.json; the published ones have 5 kB."""
_KINDS = ", ".join(ENGINES)
WORDS = {"custom_voice": "CustomVoice", "voice_design": "VoiceDesign", "base": "Base"}
"""What people call a checkpoint's `tts_model_type`."""


@dataclass(frozen=True, slots=True)
class Model:
    """What speaks: an engine, and the checkpoint where it needs one."""

    name: str
    """As the user gave it."""
    engine: str
    folder: Path | None = None
    """Absolute; None for an engine that needs no checkpoint."""
    mode: str = ""
    """The checkpoint's `tts_model_type`: custom_voice, voice_design or base."""
    size: str = ""
    """The checkpoint's size, as `0.6B`."""
    server: str = ""
    """The name that the settings give to a server, for an engine that speaks through one."""

    @property
    def clones(self) -> bool:
        """Whether its checkpoint, if it has one, is made for the voices of recordings."""
        return self.mode in ("", "base")

    @property
    def title(self) -> str:
        """The engine with what its checkpoint is: `qwen3 (0.6B CustomVoice)`."""
        about = self.server or " ".join(filter(None, (self.size, WORDS.get(self.mode, ""))))
        return f"{self.engine} ({about})" if about else self.engine


def find(name: str, *, engines: Iterable[str], models_dir: Path, hub_cache: Path) -> Model:
    """The model of this name: an engine, a short name, a hub id, or a checkpoint's folder.

    `engines` are those that need no checkpoint. Short names and engines may be cut to a unique
    beginning. A checkpoint lies in `models_dir` as `Owner--Name`, or where the hub's own library
    keeps its downloads.

    Raises UnknownModel with the nearest names, UsageError for the beginning of several,
    ModelMissing for a checkpoint that is not here or not whole, BadCheckpoint for a folder that
    holds none.
    """
    plain, known = list(engines), by_name()
    word = name.casefold()
    if name in plain:
        return Model(name, name)
    if word not in known and is_folder(name):
        return _in_folder(name, Path(os.path.expanduser(name)).absolute())
    if word in known:
        return _kept(name, known[word].hub, models_dir, hub_cache)
    if HUB_ID.fullmatch(name):
        entry = by_hub(name)
        return _kept(name, entry.hub if entry else name, models_dir, hub_cache)
    whole = begun(word, [*plain, *(entry.name for entry in REGISTRY)])
    if whole in plain:
        return Model(whole, whole)
    if whole:
        return _kept(whole, known[whole].hub, models_dir, hub_cache)
    names = [*plain, *(entry.name for entry in REGISTRY)]
    hint = did_you_mean(name, [*plain, *known]) or f"known models: {', '.join(names)}"
    raise UnknownModel(f"unknown model '{name}'", hint)


def is_folder(name: str) -> bool:
    """Whether this is meant for a path; `Owner/Name` is one where there is such a folder."""
    if not name or "\0" in name:
        return False
    if name[0] in f".~{os.sep}" or os.path.exists(name):
        return True
    return os.sep in name and not HUB_ID.fullmatch(name)


def here(hub: str, models_dir: Path, hub_cache: Path) -> tuple[Path | None, list[str]]:
    """Where a published checkpoint lies, and the files that it lacks there: as ttm fetched it, as
    somebody put it into ttm's folder, or where the hub's own library keeps it; None for nowhere."""
    place = Place(models_dir, hub)
    if found := place.complete():
        return found, []
    folders = (place.folder, snapshot(hub, hub_cache))
    lacks = [(folder, _lacking(folder)) for folder in folders if folder]
    lacks = [(folder, lacking) for folder, lacking in lacks if len(lacking) < len(FILES)]
    whole = next(((folder, lacking) for folder, lacking in lacks if not lacking), None)
    return whole or (lacks[0] if lacks else (None, []))


def _kept(name: str, hub: str, models_dir: Path, hub_cache: Path) -> Model:
    """A published checkpoint, from where ttm or the hub's library keeps it."""
    folder, lacking = here(hub, models_dir, hub_cache)
    if folder and not lacking:
        return _in_folder(name, folder.absolute())
    entry = by_hub(hub)
    call = entry.name if entry else hub
    fix = f"Fetch it with `ttm models pull {call}`"
    if folder:
        raise ModelMissing(
            f"the checkpoint of model '{name}' in {folder} has no {lacking[0]}", fix, model=call
        )
    state = "here in part only" if Place(models_dir, hub).folder.is_dir() else "not here"
    raise ModelMissing(f"the checkpoint of model '{name}' is {state}", fix, model=call)


def snapshot(hub: str, hub_cache: Path) -> Path | None:
    """The folder of the newest download in the cache of the hub's library."""
    repository = hub_cache / f"models--{hub.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return repository / "snapshots" / commit if COMMIT.fullmatch(commit) else None


def _lacking(folder: Path) -> list[str]:
    """The files that this checkpoint cannot do without, and does."""
    try:
        kind = read_config(folder / "config.json").get("model_type")
    except BadCheckpoint:
        kind = None
    other = isinstance(kind, str) and ENGINES.get(kind) == "huggingface"
    return [file for file in (OTHER_FILES if other else FILES) if not (folder / file).is_file()]


def _in_folder(name: str, folder: Path) -> Model:
    """The model in this folder, as its config.json says."""
    if not folder.is_dir():
        what = f"{folder} is no folder" if folder.exists() else f"there is no folder {folder}"
        raise BadCheckpoint(what, "Give --model the folder of a checkpoint, or a model's name")
    table = read_config(folder / "config.json")
    kind = table.get("model_type")
    engine = ENGINES.get(kind) if isinstance(kind, str) else None
    if engine is None:
        said = f"is of '{kind[:40]}'" if isinstance(kind, str) else "does not say of which model"
        raise BadCheckpoint(
            f"the checkpoint in {folder} {said}", f"Those that can be used are of {_KINDS}"
        )
    mode, size = described(table)
    return Model(name, engine, folder, mode, size)


def described(table: Mapping[str, Any]) -> tuple[str, str]:
    """The mode and the size that a config.json says, each empty where it says none."""
    mode = table.get("tts_model_type")
    size = re.fullmatch(r"(\d)b(\d)", str(table.get("tts_model_size")))  # 0b6 is 0.6B
    return mode if isinstance(mode, str) else "", f"{size[1]}.{size[2]}B" if size else ""


def read_config(path: Path) -> dict[str, Any]:
    """The table of a checkpoint's config.json. Raises BadCheckpoint."""
    fix = "Give --model a folder with a checkpoint's files"
    if not path.is_file():  # a FIFO would be waited for
        raise BadCheckpoint(f"{path.parent} holds no config.json", fix)
    try:
        with path.open("rb") as file:
            text = file.read(CONFIG_MAX + 1)
    except OSError as failure:
        raise BadCheckpoint(f"cannot read {path}: {failure.strerror}", fix) from None
    try:
        table = json.loads(text) if len(text) <= CONFIG_MAX else None
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise BadCheckpoint(f"{path} is no JSON object", fix)
    return table
