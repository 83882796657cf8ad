"""Texts that kill espeak-ng or leave it speechless: spoken, or named; never lost in silence."""

from __future__ import annotations

import json
import random
import re
import wave
from pathlib import Path

import pytest

LANGUAGES = ("en-us", "de", "fr", "es", "it", "pt-br", "ru", "cmn", "hi", "ar")

VECTORS = ("---नमस्ते", "s'" * 68, "U.S.A." * 80, "-²-日", "s'" * 75)
"""Each has ended a process that called espeak-ng: https://github.com/espeak-ng/espeak-ng/pull/2495"""

SCRIPTS = (
    (0x61, 0x7A), (0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF), (0x600, 0x6FF),
    (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3), (0x10330, 0x1034F), (0x1D400, 0x1D7FF),
)  # fmt: skip
SYMBOLS = "-–—'’\"“”.,;:!?¡¿…·*/\\|()[]{}<>&%#@$€£¥+=~^_`°²³½™©®§¶†‡•№∞√≠"  # noqa: RUF001
MARKS = "\u0301\u0308\u0323\u064b\u093c\u0e31\u20e3\ufe0f"
EMOJI = "😀❤👍🏽👨\u200d👩\u200d👧🇩🇪1\ufe0f\u20e3🏴\U000e0067\U000e0062🤷‍♂️"
CONTROLS = "\x00\x07\x1b[31m\x85\u200b\u200e\u202e\ufeff\u2028\t\r\n"


def hard_text(chance: random.Random) -> str:
    """A text of mixed scripts, symbols, repeats, marks, emoji, digits and controls."""
    parts: list[str] = []
    for _ in range(chance.randint(1, 12)):
        low, high = chance.choice(SCRIPTS)
        word = "".join(chr(chance.randint(low, high)) for _ in range(chance.randint(1, 8)))
        part = chance.choice(
            (
                word,
                word + " ",
                word.upper() + ".",
                chance.choice(SYMBOLS) * chance.randint(1, 9),
                chance.choice(MARKS) * chance.randint(1, 5),
                chance.choice(EMOJI) * chance.randint(1, 5),
                chance.choice(CONTROLS),
                str(chance.getrandbits(chance.choice((4, 20, 200)))),
                chance.choice(("s'", "U.S.A.", "-²", "a'a", "www.", "x=", "1/"))
                * chance.randint(1, 60),
            )
        )
        parts.append(part)
    return "".join(parts)


HARD = [hard_text(random.Random(seed)) for seed in range(500)]


def uncovered(text: str, folder: Path, report: dict[str, object]) -> list[str]:
    """Words of the text that were neither said nor reported as skipped."""
    rows = json.loads((folder / "x.json").read_text())["timings"]
    said = [(row["start"], row["end"]) for row in rows if row["kind"] == "sentence"]
    skipped = [(skip["start"], skip["end"]) for skip in report["skips"]]
    place = 0
    lost: list[str] = []
    for start, end in [*sorted(said + skipped), (len(text), len(text))]:
        lost += re.findall(r"[^\W_]+", text[place:start])
        place = max(place, end)
    return lost


def spoken_or_skipped(ttm, folder: Path, text: str, language: str) -> dict[str, object]:
    """Speak a text with --on-error skip, and see that nothing of it was lost."""
    (folder / "x.txt").write_bytes(text.encode())
    done = ttm(
        *("say", "-f", "x.txt", "-v", language, "-o", "x.wav", "--timings", "x.json"),
        *("--on-error", "skip", "--json"),
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    report = json.loads(done.stdout)
    assert report["skipped"] == len(report["skips"])
    # Reading turns each way to end a line into one character.
    assert uncovered(text.replace("\r\n", "\n").replace("\r", "\n"), folder, report) == []
    with wave.open(str(folder / "x.wav")) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(report["seconds"], abs=1e-3)
    return report


@pytest.mark.parametrize("language", LANGUAGES)
def test_deadly_texts_are_spoken_in_pieces_or_their_place_is_named(ttm, tmp_path, language):
    text = "".join(f"{vector}\n\n" for vector in VECTORS)
    report = spoken_or_skipped(ttm, tmp_path, text, language)
    assert report["seconds"] > 10
    for skip in report["skips"]:
        line = text.splitlines()[skip["line"] - 1]
        assert line[skip["column"] - 1 :].startswith(text[skip["start"] : skip["end"]].strip())


@pytest.mark.parametrize("language", ["en-us", "hi"])
@pytest.mark.parametrize("text", VECTORS, ids=ascii)
def test_a_deadly_text_alone_is_spoken_or_refused(ttm, tmp_path, text, language):
    spoken_or_refused(ttm, tmp_path, text, language)


def spoken_or_refused(ttm, folder: Path, text: str, language: str) -> int:
    """Speak a text; the exit code, after a look at what else there is."""
    (folder / "x.txt").write_bytes(text.encode())
    (folder / "x.wav").unlink(missing_ok=True)
    done = ttm("say", "-f", "x.txt", "-v", language, "-o", "x.wav")
    said = done.stderr.decode()
    if done.returncode == 0:
        with wave.open(str(folder / "x.wav")) as file:
            assert file.getnframes() > 0
        assert said == ""
        return 0
    assert not (folder / "x.wav").exists()
    assert said.startswith("ttm: error: ")
    assert said.count("\n") == 1
    if done.returncode == 6:
        assert re.search(r"at line \d+, column \d+ \(characters \d+ to \d+\): ", said)
    else:
        assert done.returncode == 3
        assert "nothing" in said
    return done.returncode


@pytest.mark.parametrize("language", ["en-us", "fr", "hi"])
def test_sixty_hard_texts_are_spoken_or_their_places_are_named(ttm, tmp_path, language):
    start = LANGUAGES.index(language) * 20
    text = "\n\n".join(["Good.", *HARD[start : start + 20]])
    spoken_or_skipped(ttm, tmp_path, text, language)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_hundred_hard_texts_are_each_spoken_or_refused(ttm, tmp_path):
    codes = [
        spoken_or_refused(ttm, tmp_path, text, LANGUAGES[i % len(LANGUAGES)])
        for i, text in enumerate(HARD)
    ]
    figures = {code: codes.count(code) for code in sorted(set(codes))}
    print(figures)
    assert figures[0] > 400
