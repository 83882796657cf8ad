from __future__ import annotations

import math
import os
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr

from ttm.audio.recording import read_recording
from ttm.errors import UsageError

RATE = 24_000


def voice(seconds=2.0, rate=RATE, hertz=200):
    t = np.arange(round(seconds * rate)) / rate
    return (0.4 * np.sin(2 * np.pi * hertz * t) * (1.2 + np.sin(2 * np.pi * 3 * t)) / 2.2).astype(
        np.float32
    )


@pytest.fixture
def saved(tmp_path):
    """Write samples to a file; its path."""

    def save(samples, rate=RATE, name="x.wav", **how):
        soundfile.write(tmp_path / name, samples, rate, **({"subtype": "FLOAT"} | how))
        return tmp_path / name

    return save


@pytest.fixture
def refused(no_leftovers):
    """Read a recording that is refused; what is said, without the folder. Nothing stays open."""

    def refuse(path):
        with pytest.raises(UsageError) as failure:
            read_recording(path, RATE)
        assert failure.value.fix
        return str(failure.value).replace(f"{path.parent}/", "")

    return refuse


def test_a_recording_at_the_rate_asked_for_is_not_changed(saved):
    samples = voice()
    heard = read_recording(saved(samples), RATE)
    assert heard.dtype == np.float32
    assert np.array_equal(heard, samples)


@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "IMA_ADPCM"),
        ("FLAC", "PCM_24"),
        ("MP3", "MPEG_LAYER_III"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("AIFF", "PCM_16"),
    ],
)
def test_what_libsndfile_reads_is_read_whatever_it_is_called(saved, form, subtype):
    samples = voice(3)
    heard = read_recording(saved(samples, name="voice.bin", format=form, subtype=subtype), RATE)
    # MP3 comes in whole frames, with silence before.
    assert 0 <= len(heard) - len(samples) < 0.12 * RATE
    likeness = np.correlate(heard, samples, "valid") / np.square(samples).sum()
    assert likeness.max() == pytest.approx(1, abs=0.02)


def test_channels_are_mixed_to_their_mean(saved):
    left, right, third = voice(hertz=200), voice(hertz=300), np.zeros(2 * RATE, np.float32)
    heard = read_recording(saved(np.stack([left, right, third], axis=1)), RATE)
    assert heard == pytest.approx((left + right) / 3, abs=1e-7)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_another_rate_is_converted_as_the_official_package_does(saved, rate):
    for cut in (1, 2, 3, 4):
        samples = voice(1.3, rate)[:-cut]
        heard = read_recording(saved(samples, rate), RATE)
        # librosa.resample: soxr at HQ, its length, which soxr rounds, rounded up with silence.
        plain = soxr.resample(samples, rate, RATE, "HQ")
        assert len(heard) == math.ceil(len(samples) * (RATE / rate)) >= len(plain)
        assert np.array_equal(heard[: len(plain)], plain)
        assert not heard[len(plain) :].any()
        assert heard.dtype == np.float32


def test_one_second_and_thirty_are_just_right(saved):
    assert len(read_recording(saved(voice(1)), RATE)) == RATE
    assert len(read_recording(saved(voice(30)), RATE)) == 30 * RATE


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0.4, "the recording 'x.wav' is 0.4 s long. Give 1 to 30 s of one voice"),
        (RATE - 1, "the recording 'x.wav' is 0.99 s long. Give 1 to 30 s of one voice"),
        (0, "the recording 'x.wav' is 0 s long. Give 1 to 30 s of one voice"),
        (30 * RATE + 1, "the recording 'x.wav' is longer than 30 s. Give 1 to 30 s of one voice"),
    ],
)
def test_too_short_and_too_long_are_refused(saved, refused, seconds, says):
    samples = voice(31)[: seconds if isinstance(seconds, int) else round(seconds * RATE)]
    assert refused(saved(samples)) == says


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the recording 'x' is empty"),
        (b"x", "the recording 'x' is not audio that ttm can read. Give WAV, FLAC, MP3"),
        (b"\x89PNG\r\n\x1a\n" + bytes(5000), "is not audio"),
        (b"PK\x03\x04" + bytes(5000), "is not audio"),
        (b"\x7fELF" + bytes(5000), "is not audio"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>" * 9, "is not audio"),
        (b"RIFF\xf0\xff\xff\xffWAVEfmt ", "is not audio"),
        (bytes(10 * 2**20 + 1), "the recording 'x' is larger than 10 MB"),
    ],
    ids=["empty", "byte", "png", "zip", "elf", "html", "header", "large"],
)
def test_what_is_no_recording_is_refused(tmp_path, refused, content, says):
    (tmp_path / "x").write_bytes(content)
    assert says in refused(tmp_path / "x")


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path, refused):
    assert refused(tmp_path / "x.wav") == "there is no recording 'x.wav'. Check the path"
    (tmp_path / "folder").mkdir()
    assert "'folder' is a directory. Name a file in it" in refused(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    assert "'pipe' is not a file" in refused(tmp_path / "pipe")


def test_a_path_that_no_system_has_is_refused(tmp_path):
    for name in ("a\0b", "a" * 5000):
        with pytest.raises(UsageError, match="cannot be read"):
            read_recording(tmp_path / name, RATE)


@pytest.mark.parametrize(
    "strange",
    [np.nan, np.inf, -np.inf, 32_767.0, -9.0],
    ids=["nan", "inf", "-inf", "unscaled", "-9"],
)
def test_samples_that_are_no_sound_are_refused(saved, refused, strange):
    samples = np.stack([voice(), voice()], axis=1)
    samples[-5, 1] = strange
    assert "not numbers, or beyond 8 where 1 is full scale" in refused(saved(samples))


def test_samples_a_little_beyond_full_scale_are_kept(saved):
    samples = voice() * 3
    assert np.array_equal(read_recording(saved(samples), RATE), samples)


def test_silence_is_refused_with_an_offset_too(saved, refused):
    for nothing in (np.zeros(2 * RATE), np.full(2 * RATE, 0.3), voice() * 2e-3 + 0.1):
        said = refused(saved(nothing))
        assert said.startswith("no speech is heard in the recording 'x.wav': it is silent")
    both = np.stack([voice(), -voice()], axis=1)
    assert "no speech is heard" in refused(saved(both))


def test_a_quiet_voice_is_heard(saved):
    assert len(read_recording(saved(voice() * 4e-3), RATE))


def test_nine_channels_and_strange_rates_are_refused(saved, refused):
    many = np.stack([voice()] * 9, axis=1)
    assert "has 9 channels, and at most 8 are allowed" in refused(saved(many))
    assert len(read_recording(saved(many[:, :8]), RATE)) == 2 * RATE
    assert "has a rate of 4000 Hz, not 8000 to 192000" in refused(saved(voice(rate=4000), 4000))
    path = saved(voice())
    header = bytearray(path.read_bytes())
    at = header.index(b"fmt ") + 12
    header[at : at + 4] = (2_000_000_000).to_bytes(4, "little")
    path.write_bytes(header)
    assert "has a rate of 2000000000 Hz" in refused(path)


@pytest.fixture
def flac(saved):
    """A FLAC whose header states another length than it has."""

    def save(seconds, stated):
        path = saved(voice(seconds), name="x.flac", subtype="PCM_16")
        content = bytearray(path.read_bytes())
        # STREAMINFO begins after 8 bytes; the length is the low 36 bits of its bytes 13 to 17.
        length = int.from_bytes(content[21:26], "big")
        assert length & (1 << 36) - 1 == round(seconds * RATE)
        length = length >> 36 << 36 | round(stated * RATE)
        content[21:26] = length.to_bytes(5, "big")
        path.write_bytes(content)
        return path

    return save


def test_a_header_that_states_no_length_is_no_obstacle(flac):
    assert len(read_recording(flac(2, 0), RATE)) == 2 * RATE


def test_a_header_that_states_another_length_does_not_let_more_pass(flac, refused):
    assert "is longer than 30 s" in refused(flac(40, 0))
    assert len(read_recording(flac(40, 2), RATE)) == 2 * RATE
    assert len(read_recording(flac(2, 1000), RATE)) == 2 * RATE
    assert "is 0.4 s long" in refused(flac(0.4, 20))


def test_a_recording_that_breaks_off_is_refused(saved, refused):
    path = saved(voice(4), name="x.flac", subtype="PCM_16")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 3000] = bytes(3000)
    path.write_bytes(whole)
    said = refused(path)
    assert "the recording 'x.flac' is broken after" in said
    assert "save it again" in said


@pytest.mark.parametrize("channels", [1, 8])
def test_a_file_that_decodes_to_hours_is_left_after_thirty_seconds(saved, refused, channels):
    hour = np.zeros((3600 * 8000 // channels, channels), np.int16)
    path = saved(hour, 8000, name="x.flac", subtype="PCM_16")
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    began = time.process_time()
    try:
        assert "is longer than 30 s" in refused(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
    assert time.process_time() - began < 2


def test_importing_it_loads_nothing_heavy():
    code = "import sys, ttm.audio.recording; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "soundfile", "soxr"} & set(done.stdout.split())
