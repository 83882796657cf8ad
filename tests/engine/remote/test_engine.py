"""What goes over the line, and what is made of what comes back."""

from __future__ import annotations

import contextlib
import io
import json
import struct

import numpy as np
import pytest
import soundfile

from ttm.audio import Audio
from ttm.engine.remote import RemoteEngine, exchange
from ttm.engine.remote.listing import OPENAI, listed
from ttm.engine.remote.sound import NotSound, Wav
from ttm.errors import ConfigError, RemoteError, RemoteRefused
from ttm.speech import Speech

RATE = 16_000
KEY = "sk-Very-Secret-1"


@pytest.fixture
def engine(server):
    with contextlib.ExitStack() as stack:
        yield lambda **how: stack.enter_context(
            contextlib.closing(RemoteEngine("home", how.pop("url", server.url), **how))
        )


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    return file


def said(engine, text="Hello.", voice="anna", **how):
    """The sound, and the notes."""
    every = list(engine.speak(Speech(text, voice, **how)))
    sound = [one for one in every if isinstance(one, Audio) and one.samples]
    return sound, [one for one in every if isinstance(one, str)]


def test_the_key_goes_to_the_server_and_is_never_quoted(engine, server, key_file):
    def quoting(handler, _):
        handler.whole(401, json.dumps({"error": f"bad key {KEY}"}).encode(), "application/json")

    made = engine(key_file=str(key_file))
    assert said(made)[1] == []
    assert server.asked[-1][1]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps([server.asked[-1][2], made.effective()])
    server.answers = [quoting]
    with pytest.raises(RemoteRefused) as told:
        said(made)
    assert told.value.sentence == (
        f"the server 'home' does not know the key (401: bad key ***). Check {key_file}"
    )


def test_a_key_that_others_can_read_is_noted(engine, key_file):
    key_file.chmod(0o644)
    assert said(engine(key_file=str(key_file)))[1] == [
        f"other users can read the key in {key_file}; chmod 600 {key_file}"
    ]


@pytest.mark.parametrize("text", ["", "two words", "a\nX-Evil: 1", "schlüssel", "x" * 5000])
def test_what_is_no_key_is_refused_unread(engine, key_file, text):
    key_file.write_text(text)
    with pytest.raises(ConfigError, match="does not hold a key") as told:
        engine(key_file=str(key_file))
    assert not text or text not in told.value.sentence
    with pytest.raises(ConfigError, match="there is no file"):
        engine(key_file=f"{key_file}.not")


def test_neither_key_nor_text_follows_a_redirect(engine, server, key_file):
    elsewhere = server.url.replace("127.0.0.1", "localhost") + "/caught"
    server.answers = [lambda h, _: h.whole(308, b"", "text/plain", Location=elsewhere)]
    with pytest.raises(RemoteRefused, match="sends us on to another address"):
        said(engine(key_file=str(key_file)))
    assert len(server.asked) == 1


def test_what_everybody_could_read_is_not_sent(engine, server, monkeypatch):
    assert [exchange._public(each) for each in ("8.8.8.8", "::ffff:8.8.8.8", "2001:4860::1")] == [
        True,
        True,
        True,
    ]
    private = ("127.0.0.1", "192.168.1.2", "10.0.0.1", "100.64.1.2", "fe80::1%eth0", "fd00::1")
    assert not any(map(exchange._public, private))
    monkeypatch.setattr(exchange, "_public", lambda _: True)
    with pytest.raises(RemoteRefused, match=r"http is not encrypted\. Give engine\.remote\.home"):
        said(engine())
    assert not server.asked
    assert said(engine(insecure=True))[0]


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/", "/v1/audio/speech"])
def test_an_address_is_taken_as_people_write_it(engine, server, tail):
    assert said(engine(url=server.url.removesuffix("/v1") + tail))[0]
    assert server.asked[-1][0] == "/v1/audio/speech"


def test_names_extra_fields_language_and_seed_go_as_the_settings_say(engine, server):
    made = engine(
        model="kokoro",
        voices={"ada": "af_heart+af_sky"},
        extra={"lang_code": "{language}", "seed": "{seed}", "options": {"a": [1]}, "model": "x"},
    )
    assert said(made, voice="ada", seed=5, language="de")[1] == []
    assert server.spoken[-1] == {
        "lang_code": "de", "seed": 5, "options": {"a": [1]}, "model": "kokoro",
        "input": "Hello.", "voice": "af_heart+af_sky", "response_format": "wav",
    }  # fmt: skip
    said(made, voice="bert")
    assert (server.spoken[-1]["voice"], "lang_code" in server.spoken[-1]) == ("bert", False)
    notes = said(engine(), language="de")[1]
    assert notes == [
        "the server 'home' is not told the language; "
        "engine.remote.home.extra can name a field for it"
    ]


def test_voices_are_the_settings_then_the_server_s_then_openai_s(engine, server):
    listed = [(v.name, v.languages, v.model) for v in engine(voices={"ada": "x"}).voices()]
    assert listed == [
        ("ada", (), "remote:home"),
        ("anna", (), "remote:home"),
        ("bert", ("de",), "remote:home"),
    ]
    server.voices = None
    assert [voice.name for voice in engine(voices={"ada": "x"}).voices()] == ["ada"]
    assert tuple(voice.name for voice in engine().voices()) == OPENAI


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"voices": ["a", "b"]}', ["a", "b"]),
        ('[{"voice_id": "a"}, {"name": "b"}, {"x": 1}, 7, null]', ["a", "b"]),
        ('{"data": [{"id": "a", "gender": "F", "languages": ["en_US", 3]}]}', ["a"]),
        ('{"voices": {"a": {}, "b": "x"}}', ["a", "b"]),
        ('{"voices": ["+a", "a\\u001b[2J", "", "a", "a"]}', ["a"]),
        ('{"voices": 7}', []),
        ("<html>", []),
        ("[" * 100_000, []),
    ],
)
def test_a_list_of_voices_is_read_in_every_shape(body, names):
    assert [voice.name for voice in listed(body.encode(), "remote:x")] == names


def encoded(form, subtype=None, channels=1, rate=RATE):
    wave = np.tile(0.3 * np.sin(np.arange(rate) / 20)[:, None], channels)
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=form, subtype=subtype)
    return file.getvalue()


WAVS = [("PCM_16", 1), ("PCM_16", 2), ("PCM_U8", 1), ("PCM_24", 2), ("PCM_32", 1), ("FLOAT", 1),
        ("DOUBLE", 2)]  # fmt: skip


@pytest.mark.parametrize(("subtype", "channels"), WAVS)
@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
def test_a_wav_of_any_samples_is_read_as_it_comes(form, subtype, channels):
    whole = encoded(form, subtype, channels)
    reads = Wav()
    blocks = [one for at in range(0, len(whole), 777) for one in reads.take(whole[at : at + 777])]
    assert not list(reads.end())
    assert len(blocks) > 10
    sound = np.concatenate([block.numpy() for block in blocks])
    assert {block.rate for block in blocks} == {RATE}
    expected = soundfile.read(io.BytesIO(whole), always_2d=True)[0].mean(axis=1)
    assert np.abs(sound - expected).max() < 1e-4


def test_a_wav_that_lies_is_no_sound():
    good = encoded("WAV", "PCM_16")
    for at, junk in ((20, b"\x11\x00"), (22, b"\xff\xff"), (24, b"\xff\xff\xff\x0f"), (8, b"AVI ")):
        with pytest.raises(NotSound):
            list(Wav().take(good[:at] + junk + good[at + len(junk) :]))
    endless = Wav()
    list(endless.take(good[:36] + b"junk" + struct.pack("<I", 1 << 30)))
    with pytest.raises(NotSound):
        list(endless.take(bytes(2 << 20)))
    short = Wav()
    list(short.take(good[:-100]))
    with pytest.raises(EOFError):
        list(short.end())


@pytest.mark.parametrize(
    ("asked", "kind", "form", "rate"),
    [
        ("flac", "audio/flac", "FLAC", RATE),
        ("mp3", "audio/mpeg", "MP3", RATE),
        ("opus", "audio/ogg", "OGG", RATE),
        ("wav", "audio/mpeg", "MP3", RATE),
        ("wav", "", "FLAC", RATE),
        ("pcm", "application/octet-stream", "WAV", RATE),
    ],
)
def test_sound_is_what_it_is_whatever_was_asked_for(engine, server, asked, kind, form, rate):
    server.answers = [lambda handler, _: handler.whole(200, encoded(form), kind)]
    sound, _ = said(engine(format=asked))
    assert {block.rate for block in sound} == {rate}
    assert sum(block.seconds for block in sound) == pytest.approx(1, abs=0.1)
    assert server.spoken[-1]["response_format"] == asked


@pytest.mark.parametrize(
    ("kind", "headers", "rate"),
    [
        ("audio/pcm", {}, 22_050),
        ("audio/pcm;rate=48000", {}, 48_000),
        ("application/octet-stream", {"X_Audio_Sample_Rate": "16000"}, 16_000),
        ("audio/pcm;rate=9999999", {}, 22_050),
    ],
)
def test_raw_samples_have_the_rate_that_is_said_of_them(engine, server, kind, headers, rate):
    def odd(handler, _):
        handler.begin(kind, **headers)
        for block in (b"\1\2\3", b"\4\5", b"\6\7", b""):
            handler.chunk(block)

    server.answers = [odd]
    sound, _ = said(engine(format="pcm", sample_rate=22_050))
    assert b"".join(block.pcm for block in sound) == b"\1\2\3\4\5\6"
    assert {block.rate for block in sound} == {rate}


def test_what_cannot_be_decoded_is_a_sentence(engine, server):
    server.answers = [lambda handler, _: handler.whole(200, b"ID3" + bytes(500), "audio/mpeg")]
    with pytest.raises(RemoteError, match=r"sent no sound that ttm can read\. Try another"):
        said(engine(format="mp3", retries=0))
