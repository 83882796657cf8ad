from __future__ import annotations

import json
import math
import os
import re
import signal
import struct
import subprocess
import sys

import numpy as np
import psutil
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from ttm.audio.formats import FORMATS
from ttm.audio.loudness import Loudness
from ttm.audio.measure import measure
from ttm.audio.sink import open_sink, wav_header
from ttm.audio.target import open_target
from ttm.cli.inspect import inspect
from ttm.errors import UsageError

RATE = 24_000


def sine(decibels=0.0, seconds=2.0, rate=RATE, hertz=997):
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return (10 ** (decibels / 20) * wave).astype(np.float32)


@pytest.fixture
def saved(tmp_path):
    def save(samples, rate=RATE, subtype="FLOAT", name="a.wav"):
        soundfile.write(tmp_path / name, samples, rate, subtype=subtype)
        return str(tmp_path / name)

    return save


def loudness(samples, rate):
    meter = Loudness(rate, 1 if samples.ndim == 1 else samples.shape[1])
    meter.feed(samples.reshape(len(samples), -1))
    return meter.integrated()


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_a_full_scale_sine_has_minus_three_lufs_at_every_rate(rate):
    assert loudness(sine(rate=rate), rate) == pytest.approx(-3.01, abs=0.05)
    assert loudness(sine(-23, rate=rate), rate) == pytest.approx(-26.01, abs=0.05)


def test_two_channels_are_three_decibels_louder_than_one():
    stereo = np.stack([sine(-20), sine(-20)], axis=1)
    assert loudness(stereo, RATE) == pytest.approx(loudness(sine(-20), RATE) + 3.01, abs=0.01)


def test_low_notes_count_less_and_high_notes_more():
    assert loudness(sine(hertz=40), RATE) < -8
    assert loudness(sine(hertz=4000), RATE) == pytest.approx(0.3, abs=0.5)


def test_pauses_do_not_lower_the_loudness():
    paused = np.concatenate([sine(-20), np.zeros(RATE * 5, np.float32), sine(-20)])
    assert loudness(paused, RATE) == pytest.approx(-23, abs=0.4)
    quiet = np.concatenate([sine(-20), sine(-45, 5)])
    assert loudness(quiet, RATE) == pytest.approx(-23, abs=0.4)


def test_loudness_does_not_depend_on_how_the_sound_is_cut():
    meter, noise = Loudness(RATE, 1), np.random.default_rng(1).normal(0, 0.1, (RATE, 1))
    for at in range(0, RATE, 777):
        meter.feed(noise[at : at + 777].astype(np.float32))
    assert meter.integrated() == pytest.approx(loudness(noise, RATE), abs=1e-4)


def test_what_is_short_or_silent_has_no_loudness():
    assert loudness(sine(seconds=0.39), RATE) is None
    assert loudness(np.zeros(RATE, np.float32), RATE) is None


def test_a_known_signal_is_measured(saved):
    quiet = np.full(RATE // 2, 0.0099, np.float32)
    found = measure(saved(np.concatenate([quiet, sine(-6), quiet, quiet, sine(-6), quiet[:2400]])))
    assert (found.format, found.subtype, found.rate, found.channels) == ("WAV", "FLOAT", RATE, 1)
    assert found.frames == round(5.6 * RATE)
    assert found.seconds == pytest.approx(5.6)
    assert found.peak == pytest.approx(-6, abs=0.01)
    assert found.rms == pytest.approx(-6 - 3.01 - 10 * math.log10(5.6 / 4), abs=0.05)
    assert found.loudness == pytest.approx(-9.3, abs=0.4)
    assert found.leading_silence == pytest.approx(0.5, abs=0.001)
    assert found.trailing_silence == pytest.approx(0.1, abs=0.001)
    assert found.longest_silence == pytest.approx(1, abs=0.001)
    assert found.clipped == 0
    assert found.offset == pytest.approx(0.0099 * 1.6 / 5.6, abs=1e-4)
    assert (found.not_numbers, found.fault) == (0, "")


def test_clipping_and_an_offset_are_shares_of_all_samples(saved):
    samples = np.tile([1.0, -0.999, 0.5, 0.5], (1000, 1)).astype(np.float32)
    found = measure(saved(samples.reshape(-1, 2)))
    assert (found.channels, found.frames) == (2, 2000)
    assert found.clipped == 0.5
    assert found.offset == pytest.approx(0.25025, abs=1e-5)


def test_silence_is_all_leading_and_all_trailing_and_has_no_level(saved):
    found = measure(saved(np.zeros(RATE)))
    assert (found.peak, found.rms, found.loudness) == (None, None, None)
    assert (found.leading_silence, found.trailing_silence, found.longest_silence) == (1, 1, 0)


def test_samples_that_are_no_numbers_are_counted_and_harm_nothing(saved):
    samples = sine(-6)
    samples[[10, 20, 30]] = np.nan, np.inf, -np.inf
    found = measure(saved(samples))
    assert found.not_numbers == 3
    assert found.peak == pytest.approx(-6, abs=0.01)
    assert found.loudness == pytest.approx(-9, abs=0.1)


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "ogg", "opus"])
def test_what_ttm_streams_can_be_measured_whole(tmp_path, speech, name, reader):
    with open_sink(open_target(reader.path), FORMATS[name], native_rate=speech.rate) as sink:
        sink.write(speech)
        sink.close()
    (tmp_path / "a").write_bytes(reader.all())
    found = measure(str(tmp_path / "a"))
    assert speech.seconds <= found.seconds + 1e-3 <= speech.seconds + 0.1
    assert found.fault == ""


def test_a_file_that_was_cut_off_is_measured_as_far_as_it_goes(tmp_path):
    noise = np.random.default_rng(2).normal(0, 0.1, RATE * 4)
    for name, says in (("a.wav", "ends 96044 bytes before"), ("a.flac", "broken|ends")):
        soundfile.write(tmp_path / name, noise, RATE, subtype="PCM_16")
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2 - (22 if name == "a.wav" else 0)])
        found = measure(str(tmp_path / name))
        assert 1.5 < found.seconds <= 2
        assert re.match(says, found.fault)


def test_a_wav_without_samples_is_no_error(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav_header(RATE, 0))
    found = measure(str(tmp_path / "a.wav"))
    assert (found.frames, found.seconds, found.peak, found.fault) == (0, 0, None, "")


def test_many_channels_are_measured_without_loudness(saved):
    found = measure(saved(np.full((1000, 64), 0.5, np.float32)))
    assert (found.channels, found.frames, found.loudness) == (64, 1000, None)


def test_a_small_file_that_decodes_to_much_is_measured_in_little_memory(saved):
    path = saved(np.zeros(RATE * 600), subtype="PCM_16", name="a.flac")
    assert os.stat(path).st_size < 100_000
    assert measure(path).seconds == 600


def header(channels=1, rate=RATE, bits=16):
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * 2, 2 * channels, bits)
    return b"RIFF\x64\0\0\0WAVEfmt \x10\0\0\0" + fmt + b"data\x40\0\0\0" + bytes(64)


@pytest.mark.parametrize(
    "content", [b"", b"hello\n" * 100, header(channels=0), header(rate=0), b"fLaC" + bytes(40)]
)
def test_what_is_no_audio_is_a_usage_error_in_a_sentence(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(UsageError, match=r"x' cannot be decoded: [A-Z]") as caught:
        measure(str(tmp_path / "x"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "says"),
    [("/gone.wav", "No such file"), ("/", "Is a directory"), ("a\0b", "is no file name")],
)
def test_what_cannot_be_opened_is_a_usage_error(path, says):
    with pytest.raises(UsageError, match=says):
        measure(path)


def test_a_decoder_that_dies_is_named(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    # Its end is held open here, so that the decoder waits for more.
    script = f"import os; os.open({str(path)!r}, os.O_WRONLY); import time; time.sleep(20)"
    holder = subprocess.Popen([sys.executable, "-c", script])
    killer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import psutil, time, sys\n"
            "while not (found := [c for c in psutil.Process(int(sys.argv[1])).children()"
            " if 'ttm.audio.meter' in c.cmdline()]): time.sleep(0.02)\n"
            "found[0].send_signal(11)",
            str(os.getpid()),
        ]
    )
    try:
        with pytest.raises(
            UsageError, match=r"fifo' cannot be decoded \(the decoder died with SIG"
        ):
            measure(str(path))
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        killer.wait()
    children = psutil.Process().children()
    assert not [child for child in children if "ttm.audio.meter" in child.cmdline()]


app = typer.Typer()
app.command()(inspect)


def test_inspect_prints_a_report_for_each_file(saved, capfd):
    paths = [saved(sine(-6)), saved(sine(-12), name="b.wav")]
    assert CliRunner().invoke(app, paths).exit_code == 0
    printed = capfd.readouterr().out
    assert printed.count("duration  2.000 s (48000 frames)") == 2
    assert "peak      -6.0 dBFS" in printed
    assert "loudness  -15.0 LUFS" in printed
    assert "\n\n" in printed


def test_inspect_answers_one_file_with_an_object_and_more_with_a_list(saved, capfd):
    path = saved(sine(-6))
    CliRunner().invoke(app, ["--json", path])
    one = json.loads(capfd.readouterr().out)
    assert (one["path"], one["rate"], one["fault"]) == (path, RATE, "")
    CliRunner().invoke(app, ["--json", path, path])
    assert json.loads(capfd.readouterr().out) == [one, one]


def test_inspect_reads_stdin(saved):
    with open(saved(sine(-6)), "rb") as file:
        whole = file.read()
    script = "from ttm.cli.inspect import inspect; inspect(['-'], as_json=True)"
    done = subprocess.run([sys.executable, "-c", script], input=whole, capture_output=True)
    assert json.loads(done.stdout)["frames"] == 48_000


def test_inspect_hands_failures_on():
    assert isinstance(CliRunner().invoke(app, ["/gone.wav"]).exception, UsageError)
