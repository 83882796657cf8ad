from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ttm.audio import Audio
from ttm.audio.formats import FORMATS
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
from ttm.errors import BadAudio, OutputError, ReaderLeft

EVERY = sorted(FORMATS)


def keep_writing(sink, audio):
    for _ in range(1000):
        sink.write(audio)


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("name", ["wav", "pcm", "mp3", "flac"])
def test_a_reader_who_leaves_ends_it_quickly(speech, name):
    source, end = os.pipe()
    sink = open_sink(open_target(f"/dev/fd/{end}"), FORMATS[name], native_rate=speech.rate)
    os.close(end)
    sink.write(Audio(speech.pcm[:20_000], speech.rate))
    assert len(os.read(source, 100)) > 0
    os.close(source)
    started = time.monotonic()
    with pytest.raises(ReaderLeft):
        keep_writing(sink, speech)
    assert time.monotonic() - started < 3


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("name", ["wav", "pcm", "ogg"])
def test_a_full_device_is_an_output_error(write, speech, name):
    with pytest.raises(OutputError, match="cannot write /dev/full: No space left on device"):
        write("/dev/full", name, [speech] * 20)


def test_a_slow_reader_is_waited_for_without_deadlock(write, speech):
    source, end = os.pipe()
    slow = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; time.sleep(0.6); print(len(sys.stdin.buffer.read()))",
        ],
        stdin=source,
        stdout=subprocess.PIPE,
    )
    os.close(source)
    # Many times what the two pipes hold, so that both are full while the reader sleeps.
    written = write(f"/dev/fd/{end}", "pcm", [speech] * 24, sample_rate=48_000)
    os.close(end)
    out, _ = slow.communicate(timeout=20)
    assert int(out) == written.bytes == 2 * 24 * 2 * 48_000


@pytest.mark.usefixtures("no_leftovers")
def test_aborting_does_not_wait_for_a_reader_that_is_stuck(speech):
    source, end = os.pipe()
    sink = open_sink(
        open_target(f"/dev/fd/{end}"), FORMATS["pcm"], native_rate=22_050, sample_rate=48_000
    )
    os.close(end)
    sink.write(speech)
    time.sleep(0.3)  # the pipe is full by now, and the relay waits
    started = time.monotonic()
    sink.abort()
    assert time.monotonic() - started < 3
    os.close(source)


LIMITED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from ttm.audio import Audio
from ttm.audio.formats import FORMATS
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
name, path = sys.argv[1:]
pcm = bytes(range(256)) * 2000
try:
    with open_sink(open_target(path), FORMATS[name], native_rate=24000) as sink:
        sink.write(Audio(pcm, 24000))
        sink.close()
except Exception as failure:
    print(json.dumps([type(failure).__name__, str(failure)]))
"""


@pytest.mark.parametrize("name", EVERY)
def test_a_disk_that_fills_leaves_the_old_file_as_it_was(tmp_path, name):
    path = tmp_path / f"a.{name}"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, name, path], capture_output=True, check=True
    )
    kind, sentence = json.loads(done.stdout)
    assert kind == "OutputError"
    assert f"cannot write {path}: File too large (" in sentence
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


def encoders(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children()
    return [child for child in children if "ttm.audio.encoder" in child.cmdline()]


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("where", ["a.ogg", "pipe"])
def test_an_encoder_that_is_killed_is_named_and_leaves_nothing(tmp_path, speech, where, reader):
    path = tmp_path / where if where != "pipe" else reader.path
    sink = open_sink(open_target(str(path)), FORMATS["ogg"], native_rate=22_050)
    sink.write(speech)
    (encoder,) = encoders(os.getpid())
    encoder.send_signal(signal.SIGKILL)
    with pytest.raises(OutputError, match="the ogg encoder died with SIGKILL"):
        keep_writing(sink, speech)
    assert os.listdir(tmp_path) == []
    reader.all()


def test_an_encoder_does_not_outlive_a_parent_that_is_killed(tmp_path):
    path = tmp_path / "a.ogg"
    path.write_bytes(b"old")
    script = f"""
import time
from ttm.audio import silence
from ttm.audio.formats import FORMATS
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
sink = open_sink(open_target({str(path)!r}), FORMATS["ogg"], native_rate=24000)
sink.write(silence(1, 24000))
print("ready", flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    with parent.stdout:
        assert parent.stdout.readline() == b"ready\n"
    children = encoders(parent.pid)
    parent.kill()
    parent.wait()
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert (len(gone), alive) == (1, [])
    assert path.read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == 2  # the temporary file, which nobody is left to remove


def test_an_encoder_killed_at_the_very_end_is_noticed(tmp_path, speech):
    with open_sink(
        open_target(str(tmp_path / "a.mp3")), FORMATS["mp3"], native_rate=22_050
    ) as sink:
        sink.write(speech)
        encoders(os.getpid())[0].kill()
        with pytest.raises(OutputError, match="the mp3 encoder died with SIGKILL"):
            sink.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("name", EVERY)
def test_no_sound_is_no_file(write, tmp_path, name):
    with pytest.raises(BadAudio, match="no sound was made"):
        write(tmp_path / f"a.{name}", name, [Audio(b"", 22_050)])
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("no_leftovers")
def test_leaving_without_closing_takes_it_all_back(tmp_path, speech):
    for name in ("wav", "mp3"):
        with open_sink(
            open_target(str(tmp_path / name)), FORMATS[name], native_rate=22_050
        ) as sink:
            sink.write(speech)
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_current_folder_is_not_taken_for_a_library(
    write, tmp_path, speech, monkeypatch
):
    (tmp_path / "soundfile.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert write("a.flac", "flac", [speech]).samples == speech.samples
