"""Every format, to files and through pipes."""

from __future__ import annotations

import json
import struct

import pytest
import soundfile

from ttm.audio.measure import measure

TEXT = "Seven beeps are heard in this sentence."
SECONDS = 2.24
"""How long the model `tone` takes for it."""

SUFFIXES = ("wav", "flac", "mp3", "ogg", "opus")


def seconds(path) -> float:
    about = soundfile.info(path)
    return about.frames / about.samplerate


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_suffix_chooses_the_format_and_the_file_says_its_true_length(ttm, tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    done = ttm("say", TEXT, "-m", "tone", "-o", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    about = soundfile.info(path)
    told = {"ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III")}
    assert (about.format, about.subtype) == told.get(suffix, (suffix.upper(), "PCM_16"))
    assert (about.channels, about.samplerate) == (1, 24_000)
    # Lossy formats may round up to a frame.
    assert seconds(path) == pytest.approx(SECONDS, abs=0.1 if suffix == "mp3" else 0.03)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", [*SUFFIXES, "pcm"])
def test_a_pipe_gets_the_whole_sound_in_any_format(ttm, tmp_path, name):
    done = ttm("say", TEXT, "-m", "tone", "-o", "-", "--format", name)
    assert (done.returncode, done.stderr) == (0, b"")
    if name == "pcm":
        length = len(done.stdout) / 2 / 24_000
    else:
        if name == "wav":
            assert struct.unpack_from("<I", done.stdout, 4) == (0xFFFFFFFF,)
            assert struct.unpack_from("<I", done.stdout, 40) == (0xFFFFFFFF,)
        (tmp_path / "piped").write_bytes(done.stdout)
        length = measure(str(tmp_path / "piped")).seconds
    assert length == pytest.approx(SECONDS, abs=0.1 if name == "mp3" else 0.03)


def test_a_pipe_gets_wav_and_a_file_the_same_samples_with_true_sizes(ttm, tmp_path):
    piped = ttm("say", TEXT, "-m", "tone", "-o", "-").stdout
    ttm("say", TEXT, "-m", "tone", "-o", "x.wav")
    written = (tmp_path / "x.wav").read_bytes()
    assert piped[44:] == written[44:]
    assert struct.unpack_from("<I", written, 4) == (len(written) - 8,)
    assert struct.unpack_from("<I", written, 40) == (len(written) - 44,)


def test_a_format_can_be_named_for_a_file_without_a_suffix(ttm, tmp_path):
    assert ttm("say", "hi", "-m", "tone", "-o", "x", "--format", "flac").returncode == 0
    assert soundfile.info(tmp_path / "x").format == "FLAC"
    assert ttm("say", "hi", "-m", "tone", "-o", "y").returncode == 0
    assert soundfile.info(tmp_path / "y").format == "WAV"


def test_espeak_keeps_its_own_rate_where_the_format_can(ttm, tmp_path):
    rates = {}
    for suffix in ("wav", "opus"):
        done = ttm("say", "Good morning.", "-o", f"x.{suffix}", "--json")
        assert done.returncode == 0, done.stderr
        rates[suffix] = json.loads(done.stdout)["outputs"][0]["rate"]
    assert rates == {"wav": 22_050, "opus": 24_000}


@pytest.mark.parametrize(("suffix", "rate"), [("wav", 8_000), ("flac", 48_000), ("mp3", 44_100)])
def test_a_sample_rate_can_be_asked_for(ttm, tmp_path, suffix, rate):
    path = tmp_path / f"x.{suffix}"
    assert ttm("say", TEXT, "-m", "tone", "-o", path, "--sample-rate", rate).returncode == 0
    assert soundfile.info(path).samplerate == rate
    assert seconds(path) == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("suffix", ["mp3", "opus"])
def test_a_bitrate_changes_the_size(ttm, tmp_path, suffix):
    sizes = []
    for bitrate in (16, 64):
        path = tmp_path / f"{bitrate}.{suffix}"
        assert ttm("say", TEXT, "-m", "tone", "-o", path, "--bitrate", bitrate).returncode == 0
        sizes.append(path.stat().st_size)
    assert sizes[1] > 2 * sizes[0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-o", "x.mp3", "--format", "wav"), "'x.mp3' says mp3, but the format asked for is wav"),
        (("-o", "x.wva"), "'.wva' is no suffix of a format that ttm writes. did you mean 'wav'"),
        (("-o", "x", "--format", "oggg"), "--format: expected wav, flac, mp3, ogg, opus or pcm"),
        (("-o", "x.wav", "--bitrate", "64"), "wav has no bitrate: it loses nothing"),
        (("-o", "x.opus", "--sample-rate", "44100"), "opus cannot have a sample rate of 44100 Hz"),
        (("-o", "x.ogg", "--bitrate", "320"), "ogg at"),
    ],
)
def test_what_a_format_cannot_have_is_known_before_the_engine_starts(
    ttm, faulty, tmp_path, words, says
):
    done = ttm("say", "hi", "-m", "broken", *words, env=faulty)
    assert done.returncode == 2
    assert says.casefold() in done.stderr.decode().casefold()
    assert not list(tmp_path.iterdir())


def test_a_bitrate_among_the_settings_is_for_the_formats_that_have_one(ttm):
    done = ttm("say", "hi", "-m", "tone", "-o", "x.wav", env={"TTM_SAY_BITRATE": "64"})
    assert (done.returncode, done.stderr) == (0, b"")


def test_ten_minutes_of_ogg_are_encoded(ttm, tmp_path):
    words = "abcdefghijklmnopqrst " * 450  # libvorbis dies on much less when fed all at once
    done = ttm("say", "-m", "tone", "-o", "x.ogg", input=words.encode())
    assert done.returncode == 0, done.stderr
    assert seconds(tmp_path / "x.ogg") > 540
