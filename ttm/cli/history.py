"""`ttm history`: what was said before."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from typing import Annotated, Any

from typer import Argument, Option, Typer

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.say import load_settings
from ttm.config import Config
from ttm.errors import TtmError, UsageError
from ttm.narration.history import Said, open_history

app = Typer(no_args_is_help=True, add_completion=False, help="See what was said before, again.")

Number = Annotated[
    str, Argument(metavar="N", show_default=False, help="As `list` counts; the newest is 1.")
]
Json = Annotated[bool, Option("--json", help="As JSON.")]
ConfigPath = Annotated[
    str | None, Option("--config", metavar="PATH", help="Settings from this file.")
]
Profile = Annotated[
    str | None, Option("--profile", "-p", metavar="NAME", help="Lay a profile over it.")
]

SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@app.command("list")
def list_(
    most: Annotated[str, Option("--most", "-n", metavar="N", help="So many; 0 is all.")] = "20",
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """List what was said, the newest first."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        every = open_history(settings).every()
        limit = _number(most, "-n") or len(every)
    if json:
        output.json([{"number": n, **_record(one)} for n, one in enumerate(every[:limit], 1)])
        return
    if not every:
        output.note("Nothing was said yet, or history.keep is off.")
        return
    rows = [(str(n), *_row(one)) for n, one in enumerate(every[:limit], 1)]
    output.table(rows, ("N", "WHEN", "MODEL", "VOICE", "SECONDS", "TO", "WHAT"))


@app.command()
def show(number: Number, json: Json = False, config: ConfigPath = None) -> None:
    """Show all that is known of one of them."""
    with failures_in_json(json):
        said = open_history(load_settings(config, None, None, {})).get(_number(number, "N"))
    record = _record(said)
    if json:
        output.json(record)
        return
    width = max(map(len, record))
    for key, value in record.items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {one}" for name, one in value.items())
        text = ", ".join(value) if isinstance(value, list) else value
        if text not in ("", None):
            output.line(f"{key.ljust(width)}  {text}")


@app.command()
def play(
    number: Number,
    out: Annotated[
        str | None, Option("--output", "-o", metavar="PATH", help="Write it here.")
    ] = None,
    seed: Annotated[
        str | None, Option("--seed", metavar="N", help="Another than it was said with.")
    ] = None,
    json: Json = False,
    profile: Profile = None,
    config: ConfigPath = None,
) -> None:
    """Say one of them again, as it was said."""
    from ttm.cli.request import Request
    from ttm.cli.speaking import speak

    with failures_in_json(json, stderr=out == "-"):
        settings = load_settings(config, profile, None, {})
        said = open_history(settings).get(_number(number, "N"))
        words, files = _again(said, settings)
        # A profile, or the settings of today, may have another voice: what was said had this one.
        flags: dict[str, object] = {f"say.{name}": str(one) for name, one in said.settings.items()}
        flags |= {"say.model": said.model, "say.voice": said.voice}
        flags["say.seed"] = seed if seed is not None or said.seed is None else str(said.seed)
        request = Request(
            words=words,
            files=files,
            output=out,
            play=out is None,
            form="",
            transcripts={},
            split="none",
            follow=False,
            clobber=True,
            json=json,
            quiet=False,
            verbose=False,
            dry_run=False,
            history=True,
            input_form=said.form,
        )
        speak(request, load_settings(config, profile, None, flags))


@app.command()
def clear(
    older_than: Annotated[
        str | None, Option("--older-than", metavar="AGE", help="Only that: 12h, 30d or 8w.")
    ] = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Forget what was said."""
    with failures_in_json(json):
        settings = load_settings(config, None, None, {})
        before = float("inf") if older_than is None else time.time() - _age(older_than)
        gone = open_history(settings).clear(before)
    if json:
        output.json({"ok": True, "removed": gone})
    else:
        output.note(f"Forgot {gone} {'speech' if gone == 1 else 'speeches'}")


def _again(said: Said, settings: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The text of a speech, or the files that still hold it.

    Raises UsageError where neither is there.
    """
    if said.text is not None:
        return (said.text,), ()
    if said.files and "-" not in said.files:
        from ttm.cli.extent import Extent
        from ttm.cli.source import read

        try:
            fingerprint = open_history(settings).fingerprint()
            for piece in read((), said.files, settings.text, Extent(), said.form):
                if isinstance(piece, str):
                    fingerprint.add(piece)
        except TtmError as failure:
            raise UsageError(f"its text cannot be had: {failure.what}") from None
        if str(fingerprint) == said.digest:
            return (), said.files
        what = f"{', '.join(said.files)} is no longer what was said"
        raise UsageError(what, "Say it with `ttm say -f`")
    raise UsageError(
        "its text was not kept",
        "`ttm config set history.keep full` keeps that of what is said from now on",
    )


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise UsageError(f"{name} takes a number, not '{text[:40]}'")
    return int(text)


def _age(text: str) -> float:
    hit = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if not hit:
        raise UsageError(f"no age is '{text[:40]}'", "Give one such as 12h, 30d or 8w")
    return int(hit[1]) * SECONDS[hit[2]]


def _row(said: Said) -> tuple[str, ...]:
    where = [*said.outputs, *(["aloud"] if said.played else [])]
    what = f"{said.characters} characters" if said.text is None else " ".join(said.text.split())
    if said.text is None and said.files and "-" not in said.files:
        what = ", ".join(said.files)
    failed = f"exit {said.exit}: " if said.exit else ""
    cells = (said.model, said.voice, f"{said.seconds:.1f}", ", ".join(where), failed + what[:60])
    return (_when(said), *cells)


def _when(said: Said) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(said.time))


def _record(said: Said) -> dict[str, Any]:
    record = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(said).items()}
    return record | {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(said.time))}
