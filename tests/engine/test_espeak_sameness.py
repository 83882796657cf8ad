"""The same request gives the same samples, whatever came before and whatever goes on beside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from ttm.errors import EngineCrashed, UnknownName
from ttm.speech import Speech
from ttm.worker.client import Worker

TEXT = "The quick brown fox jumps over the lazy dog, and pays $3.50 for it."
REQUESTS = [
    Speech(TEXT, "en-us"),
    Speech(TEXT, "en-us+f3", rate=1.7, pitch=4),
    Speech("Grüße aus Köln, am 3.4.2020!", "de", rate=0.6),
    Speech("नमस्ते दुनिया।", "hi"),
]
DEADLY = Speech("---नमस्ते", "en-us")


def spoken(worker: Worker, speech: Speech, *then: Speech) -> str:
    """A digest of what is said, and of when."""
    (audio,) = worker.speak(speech, then)
    return hashlib.sha256(audio.pcm).hexdigest() + repr(audio.timings)


def fresh(speech: Speech) -> str:
    worker = Worker("espeak")
    try:
        return spoken(worker, speech)
    finally:
        worker.close()


def test_nothing_that_came_before_is_heard(espeak):
    wanted = [fresh(speech) for speech in REQUESTS]
    assert len(set(wanted)) == len(wanted)
    for _ in range(3):
        assert [spoken(espeak, speech) for speech in REQUESTS] == wanted
        with contextlib.suppress(EngineCrashed):
            spoken(espeak, DEADLY)
        with pytest.raises(UnknownName):
            spoken(espeak, Speech("hi", "vulcan"))
        assert [spoken(espeak, speech) for speech in reversed(REQUESTS)] == wanted[::-1]


def test_breath_is_noise_that_starts_from_the_seed(espeak):
    whispered = [spoken(espeak, Speech(TEXT, "en-us+whisper", seed=seed)) for seed in (1, 1, 2)]
    assert whispered[0] == whispered[1] != whispered[2]
    time.sleep(1.1)  # left alone, espeak-ng would start from the second of the clock
    assert fresh(Speech(TEXT, "en-us+whisper", seed=1)) == whispered[0]


def test_a_text_that_kills_espeak_does_not_end_the_worker(espeak):
    espeak.voices()
    worker = espeak.pid
    for text in ("---नमस्ते", "s'" * 68, "U.S.A." * 80):
        with contextlib.suppress(EngineCrashed):
            spoken(espeak, Speech(text, "en-us"))
    with pytest.raises(EngineCrashed) as failure:
        spoken(espeak, Speech("s'" * 75, "en-us"))
    assert failure.value.contained
    assert failure.value.what.startswith("espeak-ng crashed (SIG")
    assert espeak.pid == worker
    assert spoken(espeak, REQUESTS[0]) == fresh(REQUESTS[0])


@pytest.mark.parametrize("foresight", [False, True])
def test_a_narration_sounds_the_same_every_time(espeak, foresight):
    texts = ["First, the beginning.", "s'" * 75, "Then the middle.", "And at last the end."]
    speeches = [Speech(text, "en-us", continues=i > 0) for i, text in enumerate(texts)]

    def narrated(worker: Worker, *, ahead: bool) -> list[str]:
        said: list[str] = []
        for i, speech in enumerate(speeches):
            try:
                coming = speeches[i + 1 : i + 2] if ahead else []
                said.append(spoken(worker, speech, *coming))
            except EngineCrashed:
                said.append("crashed")
        return said

    other = Worker("espeak")
    try:
        wanted = narrated(other, ahead=False)
    finally:
        other.close()
    assert wanted[1] == "crashed"
    spoken(espeak, REQUESTS[1])
    assert narrated(espeak, ahead=foresight) == wanted
    assert narrated(espeak, ahead=foresight) == wanted


def test_what_was_expected_and_is_not_asked_for_is_not_heard(espeak):
    first, other = REQUESTS[0], Speech("Something else.", "en-us", continues=True)
    wanted = [spoken(espeak, first), spoken(espeak, other)]
    expected = Speech("This never comes.", "en-us", continues=True)
    assert spoken(espeak, first, expected) == wanted[0]
    assert spoken(espeak, first, other) == wanted[0]
    assert spoken(espeak, other) == wanted[1]


def test_a_reply_that_was_cut_off_is_not_taken_for_a_whole_one(espeak):
    first, long = Speech("One.", "en-us"), Speech("seven " * 60, "en-us", continues=True)
    spoken(espeak, first, long)
    (mouth,) = psutil.Process(espeak.pid).children()
    time.sleep(0.5)  # the reply, half a megabyte, does not fit into the wire
    mouth.kill()
    assert spoken(espeak, long) == fresh(replace(long, continues=False))


def test_four_commands_at_once_say_what_they_say_one_after_the_other(tmp_path):
    texts = [f"{TEXT} {i} Grüße, नमस्ते." for i in range(4)]

    def begin(name: str, i: int) -> subprocess.Popen[bytes]:
        path = str(tmp_path / f"{name}{i}.wav")
        command = [sys.executable, "-m", "ttm", "say", "-v", "en-us", "-o", path, "--", texts[i]]
        return subprocess.Popen(command, cwd=tmp_path, env=dict(os.environ))

    def digests(name: str) -> list[bytes]:
        files = [tmp_path / f"{name}{i}.wav" for i in range(4)]
        return [hashlib.sha256(file.read_bytes()).digest() for file in files]

    assert [begin("serial", i).wait(60) for i in range(4)] == [0] * 4
    assert [running.wait(60) for running in [begin("together", i) for i in range(4)]] == [0] * 4
    assert digests("together") == digests("serial")
    assert len(set(digests("serial"))) == 4
