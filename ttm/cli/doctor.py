"""`ttm doctor`: what works here, and what to do about the rest."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from typer import Exit, Option

from ttm import __version__
from ttm.cli import output
from ttm.cli.engines import servers, spelled_out
from ttm.cli.say import load_settings
from ttm.config import Config, default_path
from ttm.engine import EngineCard, every_card, missing
from ttm.errors import ModelError, TtmError
from ttm.narration.opening import open_worker, runtime_root
from ttm.narration.provision import lacking
from ttm.runtime import offers
from ttm.runtime.environment import Place
from ttm.runtime.flavour import detect
from ttm.runtime.inspection import STAGE, look, verify
from ttm.speech import Speech
from ttm.voices import VARIANT

HERE = "`ttm doctor`"
"""What other commands advise, and this one need not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: str
    """`ok`, `note` (something that need not be there is not) or `bad`."""
    sentence: str
    fix: str = ""
    exit_code: int = 0


def doctor(
    json: Annotated[bool, Option("--json", help="As JSON, to go with a report.")] = False,
    config: Annotated[
        str | None, Option("--config", metavar="PATH", help="Settings from this file.")
    ] = None,
) -> None:
    """Say what works here, and what to do about the rest."""
    findings = list(_examine(config))
    if json:
        output.json({"ok": not any(f.exit_code for f in findings), "findings": _records(findings)})
    else:
        for finding in findings:
            output.line(f"{finding.state:<4}  {finding.name:<14}  {finding.sentence}")
            if finding.fix:
                output.line(f"{'':<4}  {'':<14}  -> {finding.fix}")
    if worst := next((f.exit_code for f in findings if f.exit_code), 0):
        raise Exit(worst)


def _records(findings: list[Finding]) -> list[dict[str, Any]]:
    return [{"name": f.name, "state": f.state, "sentence": f.sentence, "fix": f.fix}
            for f in findings]  # fmt: skip


def _examine(config_path: str | None) -> Iterator[Finding]:
    yield Finding("ttm", "ok", f"{__version__} at {Path(__file__).parents[1]}")
    yield Finding(
        "python", "ok", f"{platform.python_version()} on {platform.platform()}, {sys.executable}"
    )
    settings = Config()
    try:
        settings = load_settings(config_path, None, None, {})
        path = Path(config_path) if config_path else default_path()
        yield _settings_file(path)
    except TtmError as failure:
        problems = getattr(failure, "problems", ())
        said = "; ".join(problems) or failure.what
        yield Finding("settings", "bad", said, failure.fix, failure.exit_code)
    yield _runtime(settings)
    for engine in every_card():
        for server in servers(engine, settings):
            yield _engine(engine, settings, server)
    yield _tried("encoders", _encoded)
    yield _player(settings)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    state = "ok" if free > 1 << 28 else "note"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free in {tempfile.gettempdir()}")
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or "not set"
    yield Finding("locale", "ok", f"{locale}, terminal encoding {sys.stdout.encoding}")


def _settings_file(path: Path) -> Finding:
    if not path.exists():
        return Finding("settings", "ok", f"{path} does not exist; defaults hold")
    mode = path.stat().st_mode & 0o777
    if mode & 0o022:
        fix = f"chmod go-w {path}"
        return Finding("settings", "note", f"{path} can be changed by other users", fix)
    return Finding("settings", "ok", str(path))


def _tried(name: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", attempt())
    except TtmError as failure:
        fix = "" if HERE in failure.fix else failure.fix
        return Finding(name, "bad", failure.what, fix, failure.exit_code)


def _runtime(settings: Config) -> Finding:
    """The private environment that holds torch, with every file of its packages."""
    if not lacking():
        sentence = f"not needed: the environment in {sys.prefix} has torch and its like"
        return Finding("runtime", "ok", sentence)
    found = verify(Place(runtime_root(settings)))
    if found.condition == "absent":
        fix = "For natural voices: ttm runtime stage"
        return Finding("runtime", "note", found.sentence, fix)
    if found.manifest is None or found.condition != "ready":
        return Finding("runtime", "bad", found.sentence, STAGE, ModelError.exit_code)
    made, where = found.manifest, found.environment
    sentence = f"torch {made.torch} on Python {made.python} in {where and where.folder}"
    fits, why = detect(os.environ)
    if fits != made.flavour and made.flavour == "cpu":
        fix = f"For its speed: ttm runtime stage --device {fits}"
        return Finding("runtime", "note", f"{sentence}, though {why}", fix)
    return Finding("runtime", "ok", sentence)


def _engine(engine: EngineCard, settings: Config, server: str) -> Finding:
    name = f"engine {engine.name}"
    if engine.named and not server:
        return Finding(
            name,
            "note",
            "no server is named",
            "To have one: ttm config set engine.remote.NAME.url URL",
        )
    if server:
        return _tried(f"{name}:{server}", partial(_answering, engine, settings, server))
    if absent := missing(engine):
        staged = offers(engine.modules)
        if not staged or look(Place(runtime_root(settings))).condition == "absent":
            extra = f"pip install 'ttm-speech[{engine.extra}]'"
            how = "ttm runtime stage" if staged and "torch" in absent else extra
            return Finding(name, "note", f"needs {', '.join(absent)}", f"To have it: {how}")
    return _tried(name, partial(_loaded if engine.checkpoint else _spoken, engine, settings))


def _loaded(engine: EngineCard, settings: Config) -> str:
    """Start the engine in a real worker, without a checkpoint."""
    with contextlib.closing(open_worker(engine, settings)) as worker:
        worker.load()
        return f"starts ({spelled_out(worker.effective)})"


def _answering(engine: EngineCard, settings: Config, server: str) -> str:
    """Ask a server for its voices; speaking may cost money."""
    with contextlib.closing(open_worker(engine, settings, server=server)) as worker:
        voices = len(worker.voices())
        count = f"{voices} voice{'s' * (voices != 1)}"
        return f"answers ({count}; {spelled_out(worker.effective)})"


def _spoken(engine: EngineCard, settings: Config) -> str:
    """Speak a word in a real worker."""
    import time

    worker = open_worker(engine, settings)
    try:
        began = time.monotonic()
        said = worker.speak(Speech("Hello."))
        seconds = sum(audio.seconds for audio in said if not isinstance(audio, str))
        first = time.monotonic() - began
        voices = sum(not voice.name.startswith(VARIANT) for voice in worker.voices())
    finally:
        worker.close()
    count = f"{voices} voice{'s' * (voices != 1)}"
    return f"speaks ({count}; {seconds:.1f} s of sound {first * 1000:.0f} ms after start)"


def _encoded() -> str:
    """Encode a moment of sound in every format."""
    from ttm.audio import silence
    from ttm.audio.formats import FORMATS
    from ttm.audio.sink import open_sink
    from ttm.audio.target import open_target

    with tempfile.TemporaryDirectory(prefix="ttm-doctor-") as folder:
        for form in FORMATS.values():
            target = open_target(os.path.join(folder, f"sound{form.suffixes[0]}"))
            with open_sink(target, form, native_rate=24_000) as sink:
                sink.write(silence(0.2, 24_000))
                sink.close()
    return f"{', '.join(FORMATS)} can be written"


def _player(settings: Config) -> Finding:
    from ttm.playback import find_loudspeaker

    try:
        found = find_loudspeaker(settings.playback).ready()
    except TtmError as failure:
        return Finding("playback", "note", failure.what, failure.fix)
    return Finding("playback", "ok", f"through {found.about}")
