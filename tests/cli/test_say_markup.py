"""`--input-format`: Markdown, HTML, SSML and books through the command, to the sound."""

from __future__ import annotations

import io
import json
import struct
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import ttm as package
from ttm.errors import UnreadableText, UsageError

CONTAINER = """<?xml version="1.0"?><container version="1.0"
 xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
 <rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>
 <enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData></encryption>"""


def opf(*paths: str) -> str:
    items = "".join(
        f'<item id="i{n}" href="{path}" media-type="application/xhtml+xml"/>'
        for n, path in enumerate(paths)
    )
    refs = "".join(f'<itemref idref="i{n}"/>' for n in range(len(paths)))
    return (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        f'{items}</manifest><spine><itemref idref="nav"/>{refs}</spine></package>'
    )


def page(body: str) -> str:
    head = (
        "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE html><html xmlns='x'><head><title/></head>"
    )
    return f"{head}<body>{body}</body></html>"


CHAPTERS = {
    "OEBPS/nav.xhtml": page("<p>Contents</p>"),
    "OEBPS/one.xhtml": page("<h1>The sea</h1><p>It was a caf&#233; &amp; bar.</p><h2>Later</h2>"),
    "OEBPS/a b.xhtml": page("<h1>The land</h1><p>It was dry.</p>"),
}


def book(path: Path, files: dict[str, str], package_file: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OEBPS/book.opf", package_file or opf("one.xhtml", "a%20b.xhtml"))
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def dry(here, tmp_path) -> Callable[..., list[dict]]:
    """The chunks that `ttm say --dry-run --json` shows."""

    def run(*words: str) -> list[dict]:
        code, out, err = here("say", "-m", "tone", "--dry-run", "--json", *words)
        assert (code, err) == (0, ""), err
        return json.loads(out)["chunks"]

    return run


def texts(rows: list[dict]) -> list[str]:
    return [row["text"] for row in rows]


@pytest.mark.parametrize(
    ("name", "text", "spoken"),
    [
        ("a.md", "# Hi *you*\n\n- x", ["Hi you", "x"]),
        ("A.MARKDOWN", "**b**", ["b"]),
        ("a.html", "<p>b<script>c</script>", ["b"]),
        ("a.xhtml", "<p>b</p>", ["b"]),
        ("a.ssml", "<speak>b<break/></speak>", ["b", ""]),
        ("a.txt", "**b** <i>c</i>", ["**b** <i>c</i>"]),
        ("a", "**b** <i>c</i>", ["**b** <i>c</i>"]),
    ],
)
def test_a_file_is_read_as_its_suffix_says(dry, tmp_path, name, text, spoken):
    (tmp_path / name).write_text(text)
    rows = dry("-f", name)
    assert texts(rows) == spoken
    assert rows[0]["start"] == 0
    assert rows[-1]["end"] <= len(text)


def test_what_is_typed_or_piped_is_plain_text_unless_somebody_says_otherwise(dry, ttm):
    assert texts(dry("*b* <i>c</i> [pause] [[x]]")) == ["*b* <i>c</i> [pause] [[x]]"]
    assert texts(dry("--input-format", "markdown", "*b*")) == ["b"]
    done = ttm("say", "--dry-run", "--json", "--input-format", "html", input=b"<b>c</b>")
    assert texts(json.loads(done.stdout)["chunks"]) == ["c"]


def test_files_of_several_forms_are_read_each_in_its_own(dry, tmp_path):
    (tmp_path / "a.txt").write_text("*one*\n")
    (tmp_path / "b.md").write_text("*two*\n\n```\nx\n")
    (tmp_path / "c.html").write_text("<p>*three*")
    (tmp_path / "d.ssml").write_text("<speak>four</speak>")
    rows = dry("-f", "a.txt", "-f", "b.md", "-f", "c.html", "-f", "d.ssml", "-f", "a.txt")
    assert texts(rows) == ["*one*", "two", "Code block, one line.", "*three*", "four", "*one*"]
    assert [row["line"] for row in rows] == [1, 4, 6, 10, 12, 14]
    assert {row["begins"] for row in rows} == {"paragraph"}


def test_pauses_and_phonemes_are_switched_on_by_settings(dry):
    rows = dry("--set", "text.pauses=true", "one [pause:2s] two [pause]")
    assert [(row["text"], row.get("wait")) for row in rows] == [
        ("one", None), ("two", 2.0), ("", 0.7),
    ]  # fmt: skip
    assert texts(dry("--set", "text.phonemes=true", "a [[tɛst]]")) == ["a test"]


def test_code_is_read_as_the_settings_say(dry):
    for code, spoken in (("skip", ["a"]), ("announce", ["a", "Code block, one line."])):
        words = ("--set", f"text.code={code}", "--input-format", "markdown", "a\n\n    x = 1")
        assert texts(dry(*words)) == spoken


def test_a_plan_for_people_shows_the_pauses(here):
    words = ("--input-format", "ssml", "<speak>a<break time='2s'/>b</speak>")
    code, out, _ = here("say", "-m", "tone", "--dry-run", *words)
    assert (code, out.splitlines()[1:]) == (0, ["1:8\ta", "1:27\t[pause of 2 s]", "1:27\tb"])


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def samples(path: Path) -> tuple[int, ...]:
    with wave.open(str(path)) as file:
        return struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))


def write(here, name: str, ssml: str, *words: str) -> Path:
    ssml = f"<speak>{ssml}</speak>"
    code, _, err = here("say", "--input-format", "ssml", ssml, "-o", name, "-q", *words)
    assert code == 0, err
    return Path(name)


def test_pauses_are_as_long_as_asked_wherever_they_stand(here):
    tone = ("-m", "tone", "--pause", "100")
    alone = seconds(write(here, "a.wav", "one two", *tone))
    for inside, more in (
        ("<break time='1s'/>one two", 1.0),
        ("one two<break time='1.5s'/>", 1.5),
        ("<break time='1s'/>one two<break time='1s'/>", 2.0),
    ):
        assert seconds(write(here, "b.wav", inside, *tone)) == pytest.approx(alone + more, abs=1e-3)
    two = seconds(write(here, "a.wav", "one.<break strength='none'/> two.", *tone))
    for inside, more in (
        ("one. two.", 0.1),
        ("one.<break time='50ms'/> two.", 0.1),
        ("one.<break time='2s'/> two.", 2.0),
        ("one.<break time='1s'/> , <break time='1s'/> two.", 2.0),
    ):
        assert seconds(write(here, "b.wav", inside, *tone)) == pytest.approx(two + more, abs=1e-3)


def test_a_pause_before_the_first_word_moves_its_timing(here, tmp_path):
    write(here, "a.wav", "<break time='1s'/>one", "-m", "tone", "--timings", "t.json")
    rows = json.loads((tmp_path / "t.json").read_text())["timings"]
    assert [(row["kind"], round(row["at"], 3)) for row in rows] == [
        ("word", 1.0),
        ("sentence", 1.0),
    ]


def test_rate_volume_and_voice_change_for_their_stretch_only(here):
    tone = ("-m", "tone", "--pause", "0")
    plain = seconds(write(here, "a.wav", "banana", *tone))
    fast = write(here, "b.wav", "<prosody rate='2'>banana</prosody> banana", *tone)
    assert seconds(fast) == pytest.approx(1.5 * plain, rel=0.03)
    soft = samples(write(here, "c.wav", "<prosody volume='-6dB'>banana</prosody>", *tone))
    loud = samples(write(here, "d.wav", "banana", *tone))
    assert max(soft) == pytest.approx(max(loud) / 2, rel=0.02)
    high = samples(write(here, "e.wav", "<voice name='high'>banana</voice>", *tone))
    assert high == samples(write(here, "f.wav", "banana", *tone, "-v", "high"))
    pitched = samples(write(here, "g.wav", "<prosody pitch='+12st'>banana</prosody>", *tone))
    assert pitched == high


def test_espeak_speaks_each_language_with_a_voice_of_it(here):
    both = write(
        here, "a.wav", "Good morning. <lang xml:lang='de'>Guten Morgen.</lang>", "--pause", "0"
    )
    english = write(here, "b.wav", "Good morning.")
    german = write(here, "c.wav", "Guten Morgen.", "-v", "de")
    assert seconds(both) == pytest.approx(seconds(english) + seconds(german), abs=0.05)


def test_a_voice_that_there_is_not_is_an_error_before_a_word_is_spoken(here, tmp_path):
    ssml = "<speak>One. Two. <voice name='nobody'>Three.</voice></speak>"
    code, _, err = here("say", "-m", "tone", "--input-format", "ssml", ssml, "-o", "x.wav")
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert "unknown voice 'nobody'" in err


def test_a_language_that_nobody_speaks_is_a_warning(here):
    ssml = "<speak>One <lang xml:lang='akk'>ana</lang></speak>"
    code, out, err = here("say", "--input-format", "ssml", ssml, "-o", "x.wav", "--json")
    warning = "model 'espeak' has no voice for language 'akk'; 'en-us' speaks"
    assert (code, json.loads(out)["warnings"]) == (0, [warning])
    assert err == f"ttm: warning: {warning}\n"


def test_the_language_of_a_page_chooses_its_voice(here, tmp_path):
    (tmp_path / "a.html").write_text("<html lang=de><p>Hallo")
    chosen = {}
    for words in ((), ("-v", "en-us"), ("-l", "fr")):
        _, out, _ = here("say", "-f", "a.html", "--dry-run", "--json", *words)
        told = json.loads(out)
        chosen[words] = told["voice"], [row.get("delivery") for row in told["chunks"]]
    assert chosen[("-v", "en-us")] == ("en-us", [None])
    assert chosen[("-l", "fr")] == ("fr", [None])
    assert chosen[()][0] == "de"


def test_markup_that_is_wrong_is_told_with_its_place(here, tmp_path):
    (tmp_path / "a.ssml").write_text("<speak>\n  <foo/>\n</speak>")
    code, out, err = here("say", "-m", "tone", "-f", "a.ssml", "-o", "x.wav")
    assert (code, out) == (3, "")
    assert err.startswith("ttm: error: a.ssml, line 2, column 3: ttm does not know the tag <foo>.")
    code, _, err = here(
        "say", "-m", "tone", "-f", "a.ssml", "-o", "x.wav", "--set", "text.strict=false",
    )  # fmt: skip
    assert code == 3
    assert "nothing to speak" in err


def test_an_input_format_that_there_is_not_is_an_error(here):
    code, _, err = here("say", "x", "--input-format", "markdwon")
    assert (code, "Did you mean 'markdown'?" in err) == (2, True)
    code, _, err = here("say", "x", "--input-format", "epub", "--dry-run")
    assert (code, "an EPUB is a file" in err) == (2, True)


def test_a_book_is_read_by_its_chapters(dry, tmp_path):
    book(tmp_path / "b.epub", CHAPTERS)
    rows = dry("-f", "b.epub")
    assert [(row["text"], row["chapter"]) for row in rows] == [
        ("The sea", 1), ("It was a café & bar.", 1), ("Later", 1),
        ("The land", 2), ("It was dry.", 2),
    ]  # fmt: skip
    original = CHAPTERS["OEBPS/one.xhtml"] + CHAPTERS["OEBPS/a b.xhtml"]
    assert original[: rows[3]["end"]].endswith("The land")
    (tmp_path / "noname").write_bytes((tmp_path / "b.epub").read_bytes())
    assert dry("-f", "noname") == rows


def test_a_book_becomes_a_file_a_chapter(here, tmp_path):
    book(tmp_path / "b.epub", CHAPTERS)
    code, _, err = here(
        "say", "-m", "tone", "-f", "b.epub", "--split", "chapter", "-o", "{n}-{slug}.wav"
    )
    assert code == 0, err
    assert sorted(p.name for p in tmp_path.glob("*.wav")) == ["001-the-sea.wav", "002-the-land.wav"]


def test_a_book_comes_through_a_pipe_too(ttm, tmp_path):
    piped = book(tmp_path / "b.epub", CHAPTERS).read_bytes()
    done = ttm("say", "--dry-run", "--json", "--input-format", "epub", input=piped)
    assert texts(json.loads(done.stdout)["chunks"])[-1] == "It was dry."


def damaged(path: Path) -> None:
    whole = book(path, CHAPTERS).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def entities(path: Path) -> None:
    bomb = "<!DOCTYPE p [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>"
    book(path, CHAPTERS, bomb + opf("one.xhtml"))


def locked(path: Path) -> None:
    book(path, {**CHAPTERS, "META-INF/encryption.xml": ENCRYPTION.format("OEBPS/one.xhtml")})


def bomb(path: Path) -> None:
    huge = io.StringIO()
    huge.write("<package>" + " " * (9 << 20) + "</package>")
    book(path, CHAPTERS, huge.getvalue())


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (damaged, "is not an EPUB, or a damaged one"),
        (entities, "defines entities"),
        (locked, "is encrypted"),
        (bomb, "unpacks to more than is allowed"),
        (lambda path: book(path, CHAPTERS, opf("../../etc/passwd", "/x")), "holds no chapters"),
        (lambda path: book(path, CHAPTERS, "<package><a></package>"), "is damaged at line 1"),
        (lambda path: path.write_bytes(b"PK\x03\x04 no"), "is not an EPUB"),
    ],
)
def test_a_book_that_cannot_be_read_is_told_so(here, tmp_path, make, why):
    make(tmp_path / "b.epub")
    code, _, err = here("say", "-m", "tone", "-f", "b.epub", "--dry-run")
    assert (code, why in err, err.count("\n")) == (3, True, 1), err


def test_fonts_may_be_locked(dry, tmp_path):
    locked_font = ENCRYPTION.format("OEBPS/font.otf")
    book(tmp_path / "b.epub", {**CHAPTERS, "META-INF/encryption.xml": locked_font})
    assert len(dry("-f", "b.epub")) == 5


def test_programs_say_how_a_text_is_written():
    heard = list(package.speak("*One* [two](x)", model="tone", input_format="markdown"))
    words = [one for audio in heard for one in audio.timings if one.kind == "word"]
    assert [(one.start, one.end) for one in words] == [(1, 4), (7, 10)]
    with pytest.raises(UsageError, match="input format 'rtf'"):
        next(package.speak("x", input_format="rtf"))
    with pytest.raises(UnreadableText, match="line 1, column 8"):
        next(package.speak("<speak><x/></speak>", model="tone", input_format="ssml"))


def test_a_service_is_told_how_a_text_is_written():
    with package.Service("tone") as service:
        heard = service.speak("<b>One</b>", input_format="html")
        spans = [(o.start, o.end) for audio in heard for o in audio.timings if o.kind == "word"]
        assert spans == [(3, 6)]
        plain = service.synthesize("One")
        assert service.synthesize("**One**", input_format="markdown") == plain
