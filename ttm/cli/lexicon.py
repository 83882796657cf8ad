"""`ttm lexicon`: how words are to be said."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, Typer

from ttm.cli import output
from ttm.cli.output import failures_in_json
from ttm.cli.request import Request
from ttm.cli.say import load_settings
from ttm.cli.source import gathered
from ttm.config import Config
from ttm.errors import ConfigError, UnknownName, UsageError, did_you_mean
from ttm.narration.narrator import Narrator
from ttm.narration.opening import lexicon_path
from ttm.text.language import script_language
from ttm.text.lexicon import RULE, Entry, Hit
from ttm.text.lexicon.reading import entry_of, read
from ttm.text.traced import plain

app = Typer(no_args_is_help=True, add_completion=False, help="Say how words are to be said.")

Word = Annotated[str, Argument(metavar="WORD", show_default=False, help="A word or a phrase.")]
Say = Annotated[
    str | None, Option("--say", "-s", metavar="TEXT", help="Spelled so that it is read right.")
]
Ipa = Annotated[
    str | None, Option("--ipa", metavar="IPA", help="Its sounds, for engines that take them.")
]
Case = Annotated[
    str | None,
    Option("--case", metavar="RULE", help="exact, any, or smart: exact where it has a capital."),
]
Language = Annotated[
    str | None, Option("--language", "-l", metavar="TAG", help="Only in this language.")
]
Voice = Annotated[str | None, Option("--voice", "-v", metavar="NAME", help="Only by this voice.")]
Model = Annotated[str | None, Option("--model", "-m", metavar="ID", help="Only by this model.")]
Place = Annotated[
    Path | None, Option("--lexicon", metavar="PATH", help="This file, instead of yours.")
]
Json = Annotated[bool, Option("--json", help="As JSON.")]
ConfigPath = Annotated[
    str | None, Option("--config", metavar="PATH", help="Settings from this file.")
]


@app.command("list")
def list_(lexicon: Place = None, json: Json = False, config: ConfigPath = None) -> None:
    """List the words of your lexicon."""
    with failures_in_json(json):
        path = _path(lexicon, config)
        file = read(path, lines=True)
    entries = file.entries if file else ()
    if json:
        output.json([_record(entry, path) for entry in entries])
        return
    if not entries:
        output.note(f"{path} has no words yet. `ttm lexicon add WORD --say TEXT` adds one.")
        return
    rows = [(one.written, one.say, one.ipa, _when(one)) for one in entries]
    output.table(rows, ("WORD", "SAY", "IPA", "WHEN"))


@app.command()
def add(
    word: Word,
    say: Say = None,
    ipa: Ipa = None,
    case: Case = None,
    language: Language = None,
    voice: Voice = None,
    model: Model = None,
    lexicon: Place = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Say how a word is to be said; again, to change it."""
    from ttm.text.lexicon.writing import add as write

    with failures_in_json(json):
        if say is None and ipa is None:
            raise UsageError(
                f"nothing says how '{word}' is said", "Give --say TEXT, or --ipa IPA, or both"
            )
        given = {"written": word, "say": say, "ipa": ipa, "case": case}
        given |= {"language": language, "voice": voice, "model": model}
        entry = entry_of({key: one for key, one in given.items() if one is not None})
        path = _path(lexicon, config)
        changed = write(path, entry)
    if json:
        output.json({"ok": True, "changed": changed, **_record(entry, path)})
    else:
        output.note(f"{'Changed' if changed else 'Added'} '{entry.written}' in {path}")


@app.command()
def rm(
    word: Word,
    language: Language = None,
    voice: Voice = None,
    model: Model = None,
    lexicon: Place = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Remove a word from your lexicon."""
    from ttm.text.lexicon.writing import remove

    def chosen(entry: Entry) -> bool:
        narrowed = ((language, entry.language), (voice, entry.voice), (model, entry.model))
        return all(wanted is None or wanted == has for wanted, has in narrowed)

    with failures_in_json(json):
        path = _path(lexicon, config)
        file = read(path)
        words = [entry.written for entry in file.entries if chosen(entry)] if file else []
        if word not in words:
            hint = did_you_mean(word, words) or "`ttm lexicon list` shows all"
            raise UnknownName(f"there is no word '{word}' in {path}", hint)
        gone = remove(path, word, chosen)
    if json:
        output.json({"ok": True, "removed": [_record(entry, path) for entry in gone]})
    else:
        more = f" ({len(gone)} entries)" if len(gone) > 1 else ""
        output.note(f"Removed '{word}' from {path}{more}")


@app.command("test")
def try_out(
    words: Annotated[
        list[str], Argument(metavar="WORD", show_default=False, help="A word, or a text.")
    ],
    file: Annotated[
        list[str] | None,
        Option("--file", "-f", metavar="PATH", help="As in this text, with the lexicon beside it."),
    ] = None,
    lexicon: Annotated[
        list[str] | None, Option("--lexicon", metavar="PATH", help="With this file; repeatable.")
    ] = None,
    language: Annotated[
        str | None, Option("--language", "-l", metavar="TAG", help="Language of the text.")
    ] = None,
    voice: Annotated[
        str | None, Option("--voice", "-v", metavar="NAME", help="The voice that speaks.")
    ] = None,
    model: Annotated[
        str | None, Option("--model", "-m", metavar="ID", help="The model that speaks.")
    ] = None,
    out: Annotated[
        str | None, Option("--output", "-o", metavar="PATH", help="Write it here.")
    ] = None,
    play: Annotated[
        bool | None, Option("--play/--no-play", help="Play it even with -o, or not at all.")
    ] = None,
    json: Json = False,
    config: ConfigPath = None,
) -> None:
    """Show how a word is said and why, and say it."""
    from ttm.cli.speaking import speak

    request = Request(
        words=(" ".join(words),),
        files=tuple(file or ()),
        output=out,
        play=out is None if play is None else play,
        form="",
        transcripts={},
        split="none",
        follow=False,
        clobber=True,
        json=False,
        quiet=json,
        verbose=False,
        dry_run=False,
        lexicons=tuple(lexicon or ()),
    )
    flags = {"say.language": language, "say.voice": voice, "say.model": model}
    with failures_in_json(json, stderr=out == "-"):
        settings = load_settings(config, None, None, flags)
        found = _found(request, settings)
        if json:
            output.json({"ok": True, **found}, stderr=out == "-")
        else:
            _show(found, stderr=out == "-")
        if request.play or out:
            speak(request, settings)


def _found(request: Request, config: Config) -> dict[str, Any]:
    """What is said for a text, and by which entries."""
    text = request.words[0]
    with Narrator(config) as narrator:
        lexicon = gathered(narrator, request)
        spoken_by, language = _speaker(narrator, config, text)
        model = narrator.model(config.say.model).name
        takes = narrator.card(config.say.model).phonemes
        said = lexicon.spoken(language, spoken_by, model)
        hits = said.find(text)
        chunks = list(
            narrator.plan(
                [text],
                model=config.say.model,
                language=language,
                voice=spoken_by,
                lexicon=lexicon,
            )
        )
    changes = [change for chunk in chunks for change in chunk.changes if change.rule == RULE]
    return {
        "text": text,
        "spoken": " ".join(chunk.text for chunk in chunks) or said(plain(text)).text,
        "model": model,
        "voice": spoken_by,
        "language": language,
        "phonemes": [one.phonemes for one in changes if one.phonemes] if takes else [],
        "hits": [{"start": hit.start, "end": hit.end, **_record(*_placed(hit))} for hit in hits],
    }


def _speaker(narrator: Narrator, config: Config, text: str) -> tuple[str, str]:
    """The voice and the language, without loading a model that takes long."""
    from ttm.cli.voice import choose

    say, engine = config.say, narrator.card(config.say.model)
    if engine.loads_slowly or engine.named:
        language = "" if say.language == "auto" else say.language
        return say.voice, language or script_language(text) or "en"
    choice = choose(narrator, config, text, "")
    return choice.voice.name, choice.language


def _placed(hit: Hit) -> tuple[Entry, Path]:
    """The entry with its line, and its file."""
    lined = read(hit.file.path, lines=True)
    same = [one for one in (lined.entries if lined else ()) if one == _at(hit.entry, one.line)]
    return (same[-1] if same else hit.entry), hit.file.path


def _at(entry: Entry, line: int) -> Entry:
    from dataclasses import replace

    return replace(entry, line=line)


def _show(found: dict[str, Any], *, stderr: bool) -> None:
    tell = output.note if stderr else output.line
    for hit in found["hits"]:
        said = " or ".join(filter(None, (hit["say"], hit["ipa"] and f"/{hit['ipa']}/")))
        tell(f"{hit['written']}: {said}  ({hit['file']}:{hit['line']})")
    if not found["hits"]:
        by = f"voice {found['voice']} of model {found['model']}" if found["voice"] else ""
        tell(f"no word of the lexicon ({found['language']}, {by or found['model']})")
    sounds = f", with /{'/, /'.join(found['phonemes'])}/" if found["phonemes"] else ""
    tell(f"spoken: {found['spoken']}{sounds}")


def _path(lexicon: Path | None, config: str | None) -> Path:
    """The file that is meant. Raises ConfigError for settings beside which there is none."""
    if path := lexicon or lexicon_path(load_settings(config, None, None, {})):
        return path
    raise ConfigError("there is no place for a lexicon", "Name one with --lexicon")


def _when(entry: Entry) -> str:
    """The conditions of an entry, in words."""
    told = [entry.language, entry.voice and f"voice {entry.voice}"]
    told += [entry.model and f"model {entry.model}", "" if entry.case == "smart" else entry.case]
    return ", ".join(filter(None, told))


def _record(entry: Entry, path: Path) -> dict[str, Any]:
    return asdict(entry) | {"file": str(path)}
