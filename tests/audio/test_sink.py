from __future__ import annotations

import io
import itertools
import os
import shutil
import struct
import subprocess
import sys
import time
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.audio import Audio, silence
from ttm.audio.formats import FORMATS
from ttm.audio.sink import Plain, open_sink, wav_header
from ttm.audio.target import open_target
from ttm.errors import BadAudio

EVERY = sorted(FORMATS)


def decoded(encoded, name="", rate=24_000):
    """The samples, read in order as a player does, and their rate."""
    raw = {"samplerate": rate, "channels": 1, "format": "RAW", "subtype": "PCM_16"}
    source = soundfile.SoundFile(io.BytesIO(encoded), **(raw if name == "pcm" else {}))
    source.seekable = lambda: False  # soundfile's seeks lose the end of a FLAC without a length
    parts = []
    while len(part := source.read(4096, dtype="int16")):
        parts.append(part)
    return np.concatenate(parts), source.samplerate


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("name", EVERY)
def test_a_file_holds_everything_that_was_written(write, tmp_path, speech, blocks, name):
    path = tmp_path / f"a.{name}"
    written = write(path, name, blocks(speech, 1234))
    samples, rate = decoded(path.read_bytes(), name)
    assert (written.rate, written.format, written.path) == (rate, name, str(path))
    assert len(samples) == written.samples == round(speech.seconds * rate)
    assert written.seconds == pytest.approx(speech.seconds, abs=1e-4)
    assert written.bytes == path.stat().st_size
    assert not written.warning
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("name", EVERY)
def test_a_pipe_gets_everything_that_was_written(write, speech, blocks, name, reader):
    written = write(reader.path, name, blocks(speech, 1234))
    stream = reader.all()
    samples, rate = decoded(stream, name)
    assert written.bytes == len(stream)
    # An MP3 stream has no header to say how much of its first and last frame is padding.
    padding = 0.1 * rate if name == "mp3" else 0
    assert 0 <= len(samples) - round(speech.seconds * rate) <= padding


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", ["flac", "mp3", "opus"])
def test_ffmpeg_plays_a_stream_to_its_end(write, speech, blocks, name, reader):
    written = write(reader.path, name, blocks(speech, 5000))
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", "-", "-f", "s16le", "-ar", str(written.rate), "-"],
        input=reader.all(),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    assert 0 <= len(done.stdout) // 2 - written.samples <= 0.1 * written.rate


def test_a_wav_file_has_true_sizes_and_a_wav_stream_the_largest(write, tmp_path, speech, reader):
    write(tmp_path / "a.wav", "wav", [speech])
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == speech.samples
        assert file.readframes(speech.samples) == speech.pcm
    write(reader.path, "wav", [speech])
    stream = reader.all()
    assert struct.unpack("<4xI32xI", stream[:44]) == (0xFFFFFFFF, 0xFFFFFFFF)
    assert stream[44:] == speech.pcm


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 999), max_size=6), samples=st.binary(min_size=1, max_size=999))
def test_how_sound_is_cut_into_blocks_does_not_matter(write, tmp_path_factory, cuts, samples):
    pcm = samples * 2
    edges = [0, *sorted(2 * min(cut, len(samples)) for cut in cuts), len(pcm)]
    path = tmp_path_factory.mktemp("cut") / "a.wav"
    write(path, "wav", [Audio(pcm[a:b], 22_050) for a, b in itertools.pairwise(edges)])
    assert path.read_bytes() == wav_header(22_050, len(pcm)) + pcm


def test_a_wav_beyond_four_gigabytes_says_so_and_states_no_size():
    class Huge:
        seekable, name, patched = True, "huge.wav", b""

        def write(self, block):
            pass

        def patch(self, offset, block):
            self.patched = block

    class Long(bytes):
        def __len__(self):
            return 1 << 32

    target = Huge()
    plain = Plain(target, FORMATS["wav"], 24_000)
    plain.write(Long())
    samples, warning = plain.finish()
    assert samples == 1 << 31
    assert "larger than the 4 GiB" in warning
    assert struct.unpack("<4xI32xI", target.patched) == (0xFFFFFFFF, 0xFFFFFFFF)


@pytest.mark.parametrize("name", ["pcm", "mp3", "flac"])
def test_floats_of_another_rate_come_out_the_same_length(write, tmp_path, speech, name):
    floats = Audio(speech.numpy().astype("<f4").tobytes(), speech.rate, "f32")
    path = tmp_path / "a"
    written = write(path, name, [floats], sample_format="f32", sample_rate=48_000)
    samples, _ = decoded(path.read_bytes(), name, 48_000)
    assert len(samples) == written.samples == round(speech.seconds * 48_000)
    assert np.corrcoef(samples[:96_000], _resampled(speech, 48_000)[:96_000])[0, 1] > 0.99


def _resampled(audio, rate):
    import soxr

    return soxr.resample(audio.numpy(), audio.rate, rate)


def test_silence_stays_silent_at_another_rate(write, tmp_path):
    write(tmp_path / "a.pcm", "pcm", [silence(1, 22_050)])
    assert (tmp_path / "a.pcm").read_bytes() == bytes(48_000)


@pytest.mark.parametrize("name", ["wav", "opus"])
def test_normalizing_brings_the_loudest_sample_to_one_below_full_scale(
    write, tmp_path, speech, name
):
    quiet = Audio((speech.numpy() * 3000).astype("<i2").tobytes(), speech.rate)
    write(tmp_path / "a", name, [quiet, quiet], normalize=True)
    samples, rate = decoded((tmp_path / "a").read_bytes())
    assert len(samples) == round(2 * speech.seconds * rate)
    within = 0.05 if name == "wav" else 1.5
    assert 20 * np.log10(np.abs(samples.astype(float)).max() / 32768) == pytest.approx(
        -1, abs=within
    )


def test_normalizing_silence_is_silence(write, tmp_path):
    write(tmp_path / "a.wav", "wav", [silence(0.5, 22_050)], normalize=True)
    assert (tmp_path / "a.wav").read_bytes()[44:] == bytes(22_050)


@pytest.mark.parametrize(
    ("name", "rate", "bitrate", "within"),
    [
        ("mp3", 24_000, 64, 0.1),
        ("mp3", 48_000, 128, 0.1),
        ("mp3", 8_000, 16, 0.1),
        ("opus", 24_000, 24, 0.3),
        ("ogg", 22_050, 48, 0.4),
        ("ogg", 44_100, 96, 0.4),
    ],
)
def test_the_bitrate_is_about_what_was_asked_for(
    write, tmp_path, speech, name, rate, bitrate, within
):
    written = write(tmp_path / "a", name, [speech] * 3, sample_rate=rate, bitrate=bitrate)
    assert written.bytes * 8 / 1000 / written.seconds == pytest.approx(bitrate, rel=within)


def test_a_higher_bitrate_of_vorbis_is_larger(write, tmp_path, speech):
    sizes = [write(tmp_path / "a", "ogg", [speech], bitrate=kbits).bytes for kbits in (32, 64, 96)]
    assert sizes == sorted(sizes)


def test_ten_minutes_of_vorbis_in_one_block_do_not_kill_the_encoder(write, tmp_path, speech):
    # 120 s in one call overflow libvorbis' stack (libsndfile issue 1095).
    written = write(tmp_path / "a.ogg", "ogg", [Audio(speech.pcm * 300, speech.rate)])
    assert written.seconds == pytest.approx(600)
    assert soundfile.info(tmp_path / "a.ogg").frames == written.samples


def test_plain_sound_of_another_rate_is_on_its_way_before_the_next_block(speech, blocks, reader):
    sink = open_sink(open_target(reader.path), FORMATS["pcm"], native_rate=speech.rate)
    for number, block in enumerate(blocks(speech, speech.rate // 2), 1):
        sink.write(block)
        expected = 24_000 * number - 2 * 24_000 * 0.04
        deadline = time.monotonic() + 5
        while len(reader.got) < expected and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(reader.got) >= expected
    sink.close()
    assert len(reader.all()) == 2 * 48_000


def test_opus_leaves_in_pages_of_a_fifth_of_a_second(speech, reader):
    sink = open_sink(open_target(reader.path), FORMATS["opus"], native_rate=speech.rate)
    sink.write(Audio(speech.pcm[: speech.rate], speech.rate))
    deadline = time.monotonic() + 5
    while bytes(reader.got).count(b"OggS") < 4 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert bytes(reader.got).count(b"OggS") >= 4  # two of headers, two of sound
    sink.close()
    reader.all()


@pytest.mark.parametrize(
    ("name", "strange"), [("wav", np.nan), ("flac", np.inf), ("flac", -np.inf)]
)
def test_samples_that_are_no_numbers_are_refused_and_the_rest_is_kept(tmp_path, name, strange):
    good = np.full(2400, 0.25, "<f4")
    bad = good.copy()
    bad[1000] = strange
    path = tmp_path / "a"
    with open_sink(
        open_target(str(path)), FORMATS[name], native_rate=24_000, sample_format="f32"
    ) as sink:
        sink.write(Audio(good.tobytes(), 24_000, "f32"))
        with pytest.raises(BadAudio, match="not numbers"):
            sink.write(Audio(bad.tobytes(), 24_000, "f32"))
        sink.write(Audio(good.tobytes(), 24_000, "f32"))
        sink.close()
    samples, _ = decoded(path.read_bytes())
    assert (samples == 8192).all()
    assert len(samples) == 4800


def test_a_block_unlike_the_others_is_refused(tmp_path):
    with open_sink(
        open_target(str(tmp_path / "a.wav")), FORMATS["wav"], native_rate=24_000
    ) as sink:
        with pytest.raises(BadAudio, match="promised s16 at 24000 Hz and gave s16 at 22050 Hz"):
            sink.write(silence(0.1, 22_050))
        with pytest.raises(BadAudio, match="half a sample"):
            sink.write(Audio(b"abc", 24_000))


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_stdout_that_is_a_file_gets_true_sizes(tmp_path, name):
    script = f"""
from ttm.audio import silence
from ttm.audio.formats import FORMATS
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
with open_sink(open_target("-"), FORMATS[{name!r}], native_rate=24000) as sink:
    sink.write(silence(1, 24000))
    sink.close()
"""
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True)
    assert soundfile.info(tmp_path / "out").frames == 24_000
