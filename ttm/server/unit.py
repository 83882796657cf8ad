"""The server as a service of the user's session: systemd's on Linux, launchd's on macOS."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttm.child import SECRETS, own_module
from ttm.errors import OutputError, UsageError

NAME = "ttm"
LABEL = "org.ttm-speech.ttm"
"""What launchd calls it."""

KEPT = ("TTM_", "XDG_", "HF_")
"""Variables that say where things are, and how they are set; the session may not have them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The file that describes the service, and the commands that begin and end it."""

    path: Path
    text: str
    begin: tuple[tuple[str, ...], ...]
    end: tuple[tuple[str, ...], ...]
    after: tuple[tuple[str, ...], ...] = ()
    """To be run when the file is gone."""


def unit(words: Sequence[str], environ: Mapping[str, str], platform: str = sys.platform) -> Unit:
    """The service that runs `ttm serve` with these options, by absolute paths.

    Of the environment, what places and settings hang on goes with it, and no secret. Raises
    UsageError on a system with neither systemd nor launchd.
    """
    command = [*own_module("ttm", "serve", *words)]
    command[0] = os.path.abspath(command[0])
    kept = {
        name: one
        for name, one in sorted(environ.items())
        if name.startswith(KEPT) and name != "XDG_RUNTIME_DIR" and _plain(name, one)
    }
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    if platform == "linux":
        return _systemd(command, kept, home, environ)
    if platform == "darwin":
        return _launchd(command, kept, home)
    raise UsageError("this system has neither systemd nor launchd", "Run `ttm serve` by its own")


def install(made: Unit) -> bool:
    """Write the file and begin the service; whether it runs, for the file is of use without a
    session that could begin it. Raises OutputError."""
    try:
        made.path.parent.mkdir(parents=True, exist_ok=True)
        part = made.path.with_name(f".{made.path.name}.part")
        part.write_text(made.text)
        part.replace(made.path)
    except OSError as failure:
        raise OutputError(f"cannot write {made.path}: {failure.strerror}") from None
    return _run(made.begin)


def uninstall(made: Unit) -> bool:
    """End the service and remove its file; False where there is none. Raises OutputError."""
    if not made.path.exists():
        return False
    _run(made.end)
    try:
        made.path.unlink(missing_ok=True)
    except OSError as failure:
        raise OutputError(f"cannot remove {made.path}: {failure.strerror}") from None
    _run(made.after)
    return True


def _systemd(
    command: Sequence[str], kept: Mapping[str, str], home: Path, environ: Mapping[str, str]
) -> Unit:
    settings = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(settings) if os.path.isabs(settings) else home / ".config"
    lines = [
        "# Written by `ttm serve --install`; `ttm serve --uninstall` removes it.",
        "[Unit]",
        "Description=ttm, text-to-speech that keeps its voices loaded",
        "# A server that cannot start is tried five times, and then left alone.",
        "StartLimitIntervalSec=60",
        "StartLimitBurst=5",
        "",
        "[Service]",
        # A $ begins a variable there, and in no other line.
        "ExecStart=" + " ".join(_quoted(word).replace("$", "$$") for word in command),
        *(f"Environment={_quoted(f'{name}={one}')}" for name, one in kept.items()),
        "Restart=on-failure",
        "RestartSec=2",
        "# What is being spoken may end; its own time for that is server.grace.",
        "TimeoutStopSec=30",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    control = ("systemctl", "--user")
    return Unit(
        folder / "systemd" / "user" / f"{NAME}.service",
        "\n".join(lines),
        ((*control, "daemon-reload"), (*control, "enable", "--now", f"{NAME}.service")),
        ((*control, "disable", "--now", f"{NAME}.service"),),
        ((*control, "daemon-reload"),),
    )


def _launchd(command: Sequence[str], kept: Mapping[str, str], home: Path) -> Unit:
    path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    log = home / "Library" / "Logs" / "ttm" / "serve.log"
    about = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(kept),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ExitTimeOut": 30,
        "Umask": 0o077,
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
    }
    domain = f"gui/{os.getuid()}"
    return Unit(
        path,
        plistlib.dumps(about, sort_keys=False).decode(),
        (("launchctl", "bootstrap", domain, str(path)),),
        (("launchctl", "bootout", f"{domain}/{LABEL}"),),
    )


def _plain(name: str, one: str) -> bool:
    return one.isprintable() and not name.upper().endswith(SECRETS)


def _quoted(word: str) -> str:
    """A word as systemd.syntax(7) reads it, where % begins a specifier."""
    inner = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{inner}"'


def _run(commands: Sequence[Sequence[str]]) -> bool:
    """Whether all of them ran; a session that is none has nothing that could run them."""
    for command in commands:
        if shutil.which(command[0]) is None:
            return False
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode:
            return False
    return True
