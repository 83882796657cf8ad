"""Whether espeak-ng says what it was given, when it says so: a recogniser listens."""

# ruff: noqa: RUF001 (IPA has letters that look like others)
from __future__ import annotations

import json

import numpy as np
import pytest

from ttm.audio import Audio
from ttm.errors import EngineCrashed, UnknownName
from ttm.speech import Speech, Timing

SENTENCES = (
    "the captain carried a wooden letter through the quiet harbour",
    "every morning the old teacher opened the kitchen window slowly",
    "seven curious farmers walked together over the narrow bridge",
    "she remembered the distant mountain and the green river valley",
    "please bring some bread and water to the village station tonight",
    "my brother painted the garden gate a bright shade of silver",
    "a patient doctor noticed the young sailor behind the market",
    "nobody answered when the engine stopped under the dark forest",
    "last winter they borrowed a heavy paper map of the city",
    "music from the library could be heard across the open street",
)
NOTICE = "Good morning. Dr. Smith lives on Elm St., and pays $3.50."
PAD = 0.2
"""Seconds of silence that the recogniser wants on both sides."""


@pytest.fixture
def recorded(espeak) -> dict[str, Audio]:
    """The sentences as the voice says them that the recogniser understands best."""
    audios: dict[str, Audio] = {}
    for sentence in SENTENCES:
        (audios[sentence],) = espeak.speak(Speech(sentence, "en-us+f3", rate=0.85))
    return audios


def heard(decoder, audio: Audio) -> str | None:
    """What the recogniser makes of it; None when nothing that it was told to expect fits."""
    soxr = pytest.importorskip("soxr")
    silence = np.zeros(round(PAD * audio.rate), np.float32)
    samples = soxr.resample(np.concatenate([silence, audio.numpy(), silence]), audio.rate, 16_000)
    decoder.start_utt()
    decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    return decoder.hyp() and decoder.hyp().hypstr


@pytest.fixture(scope="module")
def pocketsphinx():
    return pytest.importorskip("pocketsphinx", reason="no wheel of pocketsphinx for this Python")


@pytest.fixture(scope="module")
def aligner(pocketsphinx):
    return pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", lm=None)


def test_a_recogniser_finds_the_words_that_were_said_and_no_others(aligner, recorded):
    own = other = 0
    following = dict(zip(SENTENCES, SENTENCES[1:] + SENTENCES[:1], strict=True))
    for sentence, audio in recorded.items():
        aligner.set_align_text(sentence)
        own += heard(aligner, audio) is not None
        aligner.set_align_text(following[sentence])  # as long, within two words
        other += heard(aligner, audio) is not None
    assert own >= 9
    assert other <= 1


def test_a_recogniser_knows_which_of_ten_sentences_was_said(pocketsphinx, recorded, tmp_path):
    grammar = tmp_path / "ten.jsgf"
    grammar.write_text(f"#JSGF V1.0; grammar ten; public <s> = {' | '.join(SENTENCES)} ;")
    decoder = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", jsgf=str(grammar), lm=None)
    wrong = [said for said, audio in recorded.items() if heard(decoder, audio) != said]
    assert len(wrong) <= 1
    samples = recorded[SENTENCES[0]].numpy()[::-1]
    assert heard(decoder, Audio(samples.astype("<f4").tobytes(), 22_050, "f32")) is None


def test_most_words_are_timed_as_a_recogniser_would(aligner, recorded):
    late: list[float] = []
    for sentence, audio in recorded.items():
        aligner.set_align_text(sentence)
        if heard(aligner, audio) is None:
            continue
        # One frame is 10 ms; a pause is no word, and `the(2)` is another way to say `the`.
        begins = [
            (segment.word.partition("(")[0], segment.start_frame / 100 - PAD)
            for segment in aligner.seg()
            if segment.word[0] not in "<("
        ]
        for timing in audio.timings:
            word = sentence[timing.start : timing.end]
            place = next(i for i, (aligned, _) in enumerate(begins) if aligned == word)
            late.append(begins[place][1] - timing.at)
            del begins[: place + 1]
    assert len(late) > 80
    assert np.mean(np.abs(late) <= 0.08) > 0.9


def spans(text: str, timings: list[Timing]) -> list[str]:
    return [text[timing.start : timing.end] for timing in timings]


@pytest.mark.parametrize(
    ("voice", "text", "words"),
    [
        ("en-us", NOTICE, "Good morning Dr Smith lives on Elm St and pays $ 3.50"),
        ("en-us", "Don't rock'n'roll, e-mail AT&T: “now”!", "Don't rock'n'roll e-mail AT&T now"),
        ("en-us", "I ❤ you 😀 all (yes) — 5% more.", "I ❤ you 😀 all yes 5 % more"),
        ("de", "Das 1. Mal kostet es 3,50 €.", "Das 1 Mal kostet es 3,50 €"),
        ("fr", "«Bonjour», dit-il, aujourd'hui.", "Bonjour dit-il aujourd'hui"),
        ("es", "—¡Hola! ¿Cómo estás?", "Hola Cómo estás"),
        ("hi", "नमस्ते दुनिया।", "नमस्ते दुनिया"),
        ("ru", "Привет, мир!", "Привет мир"),
        ("en-us", "a\0b 日本 Привет", "a b 日本 Привет"),
    ],
)
def test_timings_are_of_the_words_that_are_said(say, voice, text, words):
    audio = say(text, voice)
    assert spans(text.replace("\0", " "), audio.timings) == words.split()
    moments = [moment for timing in audio.timings for moment in (timing.at, timing.until)]
    assert moments == sorted(moments)
    assert 0 <= moments[0] < moments[-1] <= audio.seconds
    assert all(timing.exact and timing.kind == "word" for timing in audio.timings)


@pytest.mark.parametrize(
    ("text", "voice", "ipa"),
    [
        ("Hello, world. Again!", "en-us", "həlˈoʊ wˈɜːld ɐɡˈɛn"),
        ("Guten Morgen", "de", "ɡˈuːtən mˈɔɾɡən"),
        ("Hi\0you", "en-us+f3", "hˈaɪ juː"),
        ("", "en-us", ""),
    ],
)
def test_it_tells_how_it_would_pronounce_a_text(espeak, text, voice, ipa):
    assert espeak.phonemes(text, voice) == ipa


def test_a_text_that_cannot_be_pronounced_costs_nothing_else(espeak):
    with pytest.raises(EngineCrashed) as caught:
        espeak.phonemes("---नमस्ते", "en-us")
    assert caught.value.contained
    with pytest.raises(UnknownName):
        espeak.phonemes("hi", "xx-nobody")
    assert espeak.phonemes("hi", "en-us") == "hˈaɪ"


def test_half_a_surrogate_pair_is_only_that(say):
    text = "left \ud800 right"
    said = spans(text, say(text).timings)
    assert (said[0], said[-1]) == ("left", "right")


def test_timings_are_of_the_file_that_is_written(ttm, tmp_path):
    words = ("-v", "en-us", "--set", "text.normalize=off", "-o", "x.wav", "--timings", "x.json")
    done = ttm("say", *words, "--json", "--", NOTICE)
    assert done.returncode == 0, done.stderr
    seconds = json.loads(done.stdout)["seconds"]
    rows = json.loads((tmp_path / "x.json").read_text())["timings"]
    words = [row for row in rows if row["kind"] == "word"]
    assert [NOTICE[row["start"] : row["end"]] for row in words] == [
        *("Good", "morning", "Dr", "Smith", "lives", "on", "Elm", "St", "and", "pays", "$", "3.50"),
    ]
    moments = [moment for row in words for moment in (row["at"], row["until"])]
    assert moments == sorted(moments)
    assert moments[0] == 0
    assert moments[-1] <= seconds
    assert all(row["exact"] for row in rows)


def test_a_text_without_a_sound_gives_none(espeak):
    for text in ("", " ", "\n", "()", "…"):
        assert all(audio.seconds < 0.1 for audio in espeak.speak(Speech(text, "en-us")))
