from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.audio.formats import FORMATS, choose, output_bitrate, output_rate
from ttm.errors import UnknownName, UsageError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.wav", "wav"),
        ("a.WAVE", "wav"),
        ("dir.mp3/a.flac", "flac"),
        ("a.b.Mp3", "mp3"),
        ("a.oga", "ogg"),
        ("a.opus", "opus"),
        ("a.s16le", "pcm"),
        ("-", "wav"),
        ("/dev/null", "wav"),
        ("no-suffix", "wav"),
    ],
)
def test_the_suffix_picks_the_format(path, name):
    assert choose(path).name == name


def test_a_path_without_a_known_suffix_takes_what_was_asked_for():
    assert choose("-", "MP3").name == "mp3"
    assert choose("talk.x1", "opus").name == "opus"
    assert choose("/dev/stdout", fallback="ogg").name == "ogg"


def test_a_suffix_and_a_format_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match=r"'a\.mp3' says mp3, but the format asked for is wav"):
        choose("a.mp3", "wav")
    assert choose("a.mp3", "mp3").name == "mp3"


def test_an_unknown_format_or_suffix_is_answered_with_its_neighbour():
    with pytest.raises(UnknownName, match="Did you mean 'flac'"):
        choose("-", "flak")
    with pytest.raises(UnknownName, match="Did you mean 'opus'"):
        choose("a.opsu")
    with pytest.raises(UnknownName, match="--format: wav, flac"):
        choose("chapter.1")


def test_the_rate_is_the_nearest_that_the_format_takes():
    assert output_rate(FORMATS["wav"], 22_050) == 22_050
    assert output_rate(FORMATS["opus"], 22_050) == 24_000
    assert output_rate(FORMATS["opus"], 44_100) == 48_000
    assert output_rate(FORMATS["mp3"], 20_000) == 22_050
    assert output_rate(FORMATS["mp3"], 96_000) == 48_000
    assert output_rate(FORMATS["pcm"], 22_050) == 24_000
    assert output_rate(FORMATS["pcm"], 24_000, 16_000) == 16_000


def test_a_rate_that_the_format_cannot_have_is_answered_with_those_it_can():
    with pytest.raises(UsageError, match="It takes 8000, 12000, 16000, 24000, 48000 Hz"):
        output_rate(FORMATS["opus"], 24_000, 22_050)
    with pytest.raises(UsageError, match="It takes 8000 to 192000 Hz"):
        output_rate(FORMATS["wav"], 24_000, 1)


@settings(max_examples=50)
@given(st.sampled_from(sorted(FORMATS)), st.integers(1, 400_000))
def test_whatever_rate_is_chosen_may_also_be_asked_for(name, native):
    rate = output_rate(FORMATS[name], native)
    assert output_rate(FORMATS[name], native, rate) == rate


def test_bitrates_are_those_the_format_has_at_that_rate():
    assert output_bitrate(FORMATS["wav"], 24_000) == 0
    assert output_bitrate(FORMATS["mp3"], 24_000) == 64
    assert output_bitrate(FORMATS["mp3"], 48_000, 320) == 320
    assert output_bitrate(FORMATS["opus"], 24_000) == 32
    with pytest.raises(UsageError, match=r"mp3 at 24000 Hz cannot have.*It takes 8 to 160"):
        output_bitrate(FORMATS["mp3"], 24_000, 320)
    with pytest.raises(UsageError, match="flac has no bitrate"):
        output_bitrate(FORMATS["flac"], 24_000, 64)


def test_writing_a_wav_loads_neither_numpy_nor_subprocess(tmp_path):
    script = """
import sys
from ttm.audio import silence
from ttm.audio.formats import choose
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
path = sys.argv[1]
with open_sink(open_target(path), choose(path), native_rate=24000) as sink:
    sink.write(silence(1, 24000))
    sink.close()
print(*{"numpy", "soundfile", "soxr", "subprocess"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a.wav"], capture_output=True, check=True
    )
    assert done.stdout.strip() == b""
    assert (tmp_path / "a.wav").stat().st_size == 48_044
