"""What ttm and its worker tell each other, byte by byte."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.audio import Audio
from ttm.errors import WireError
from ttm.speech import Phonemes, Speech, Timing, Voice
from ttm.voicefile import Tensor
from ttm.worker import wire
from ttm.worker.wire import (
    AskPhonemes,
    AskPrompt,
    Beat,
    Cancel,
    Channel,
    Done,
    Failed,
    ListVoices,
    Load,
    Loading,
    MadePhonemes,
    MadePrompt,
    Message,
    Note,
    Ready,
    Sound,
    Speak,
    Voices,
)

TEXTS = st.text(st.characters(), max_size=20)  # lone surrogates included
NUMBERS = st.integers(0, 2**53)
SECONDS = st.floats(0, 1e6)
SPEECHES = st.builds(
    Speech,
    text=TEXTS,
    voice=TEXTS,
    language=TEXTS,
    rate=st.floats(0.25, 4),
    pitch=st.floats(-12, 12),
    volume=st.floats(-60, 20),
    seed=NUMBERS,
    instruct=TEXTS,
    recording=TEXTS,
    transcript=TEXTS,
    continues=st.booleans(),
    phonemes=st.lists(st.builds(Phonemes, NUMBERS, NUMBERS, TEXTS), max_size=2).map(tuple),
)
TIMINGS = st.builds(
    Timing,
    kind=st.sampled_from(["word", "sentence"]),
    start=NUMBERS,
    end=NUMBERS,
    at=SECONDS,
    until=SECONDS,
    exact=st.booleans(),
)
AUDIOS = st.tuples(st.sampled_from(["s16", "f32"]), st.binary(max_size=64)).flatmap(
    lambda drawn: st.builds(
        Audio,
        pcm=st.just(drawn[1] * 4),
        rate=st.integers(1, 192_000),
        sample_format=st.just(drawn[0]),
        timings=st.lists(TIMINGS, max_size=3).map(tuple),
    )
)
NAMES = st.lists(TEXTS, max_size=3).map(tuple)
VOICES = st.builds(
    Voice,
    name=TEXTS,
    languages=NAMES,
    description=TEXTS,
    gender=st.sampled_from(["female", "male", ""]),
    model=TEXTS,
    aliases=NAMES,
    recording=TEXTS,
    transcript=TEXTS,
    source=st.sampled_from(["model", "recording", "cloned", "designed", "damaged"]),
)
TENSORS = st.builds(
    Tensor, TEXTS, st.lists(st.integers(0, 99), max_size=3).map(tuple), st.binary(max_size=20)
)
OPTIONS = st.dictionaries(TEXTS, TEXTS | NUMBERS | SECONDS | st.booleans(), max_size=3)
MESSAGES = st.one_of(
    st.builds(Load, TEXTS, OPTIONS),
    st.builds(Speak, NUMBERS, SPEECHES, st.lists(SPEECHES, max_size=3).map(tuple)),
    st.builds(Cancel, NUMBERS),
    st.builds(ListVoices, NUMBERS),
    st.builds(AskPrompt, NUMBERS, TEXTS, TEXTS),
    st.builds(MadePrompt, NUMBERS, TEXTS, st.dictionaries(TEXTS, TENSORS, max_size=3)),
    st.builds(AskPhonemes, NUMBERS, TEXTS, TEXTS),
    st.builds(MadePhonemes, NUMBERS, TEXTS),
    st.builds(Loading, TEXTS, st.floats(0, 1)),
    st.builds(Ready, TEXTS, OPTIONS),
    st.builds(Beat, st.booleans()),
    st.builds(Sound, NUMBERS, AUDIOS),
    st.builds(Note, NUMBERS, TEXTS),
    st.builds(Voices, NUMBERS, st.lists(VOICES, max_size=3).map(tuple)),
    st.builds(Done, NUMBERS),
    st.builds(Failed, NUMBERS, TEXTS, TEXTS, TEXTS, contained=st.booleans(), log=TEXTS),
)


class Ends:
    """Both ends of a wire: bytes go in, messages come out."""

    def __init__(self) -> None:
        self.theirs, ours = socket.socketpair()
        self.channel = Channel(ours)

    def __enter__(self) -> Ends:
        return self

    def __exit__(self, *failure: object) -> None:
        self.theirs.close()
        self.channel.close()

    def arrived(self) -> Iterator[Message | None]:
        """Everything that is complete by now."""
        try:
            while (message := self.channel.receive(1e-3)) is not None:
                yield message
        except TimeoutError:
            return


def received(block: bytes) -> Message | None:
    """The first message of a stream that consists of `block`."""
    with Ends() as ends:
        ends.theirs.sendall(block)
        ends.theirs.close()
        return ends.channel.receive(1)


def test_the_generated_messages_are_of_every_kind():
    assert len(MESSAGES.branches) == len(wire.KINDS)


@settings(max_examples=100, deadline=None)
@given(MESSAGES)
def test_a_message_arrives_as_it_was_sent(message):
    assert received(wire.encode(message)) == message


@settings(max_examples=60, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=4), st.data())
def test_it_does_not_matter_where_the_stream_is_split(messages, data):
    stream = b"".join(wire.encode(message) for message in messages)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(stream) - 1)), max_size=5)))
    got: list[Message | None] = []
    with Ends() as ends:
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            ends.theirs.sendall(stream[start:end])
            got += ends.arrived()
        ends.theirs.close()
        assert got == messages
        assert ends.channel.receive(1) is None


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.data())
def test_a_stream_that_ends_inside_a_message_is_broken(message, data):
    stream = wire.encode(message)
    with pytest.raises(WireError):
        received(stream[: data.draw(st.integers(1, len(stream) - 1))])


def test_a_stream_that_ends_between_messages_has_ended():
    assert received(b"") is None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_junk_is_no_message(junk):
    with pytest.raises(WireError):
        received(junk.replace(b"\n", b"") + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "3",
        "[]",
        '"beat"',
        "{}",
        '{"type": null}',
        '{"type": []}',
        '{"type": "applause"}',
        '{"type": "beat", "loud": true}',
        '{"type": "beat", "breathing": 1}',
        '{"type": "loading", "what": "weights", "part": "half"}',
        '{"type": "loading", "what": "weights", "part": 1}',
        '{"type": "ready", "engine": "tone", "effective": []}',
        '{"type": "note", "id": 1, "sentence": null}',
        '{"type": "done"}',
        '{"type": "done", "id": "3"}',
        '{"type": "done", "id": true}',
        '{"type": "done", "id": 1.5}',
        '{"type": "load", "engine": "tone"}',
        '{"type": "load", "engine": "tone", "options": []}',
        '{"type": "speak", "id": 1}',
        '{"type": "speak", "id": 1, "speech": "hi", "then": []}',
        '{"type": "speak", "id": 1, "speech": {"text": "hi", "tempo": 3}, "then": []}',
        '{"type": "speak", "id": 1, "speech": null, "then": []}',
        '{"type": "voices", "id": 1, "voices": [3]}',
        '{"type": "voices", "id": 1, "voices": [{"name": "a"}]}',
        '{"type": "failed", "id": 1, "code": 6, "what": "it"}',
        '{"type": "failed", "id": 1, "code": "x", "what": "it", "contained": "no"}',
        "[" * 100_000,
        '{"type": "done", "id": ' + "9" * 5000 + "}",
    ],
    ids=lambda line: line[:60],
)
def test_a_malformed_line_is_answered_with_what_is_wrong(line):
    with pytest.raises(WireError) as failure:
        received(line.encode() + b"\n")
    assert len(failure.value.sentence) < 200


@pytest.mark.parametrize(
    "changes",
    [
        {"bytes": -1},
        {"bytes": "4"},
        {"bytes": True},
        {"bytes": wire.PCM_MAX + 1},
        {"bytes": 3},
        {"rate": 0},
        {"rate": "24000"},
        {"rate": True},
        {"format": "s24"},
        {"format": []},
        {"timings": [["word"]]},
        {"timings": 3},
        {"id": None},
        {"volume": 3},
    ],
    ids=repr,
)
def test_a_sound_that_cannot_be_is_refused(changes):
    fields = {"type": "sound", "id": 1, "rate": 24_000, "format": "s16", "bytes": 4, "timings": []}
    pcm = struct.pack("<hh", 1, -1)
    assert received(json.dumps(fields).encode() + b"\n" + pcm) == Sound(1, Audio(pcm, 24_000))
    with pytest.raises(WireError):
        received(json.dumps(fields | changes).encode() + b"\n" + pcm)


@pytest.mark.parametrize("missing", ["id", "rate", "format", "timings"])
def test_a_sound_without_one_of_its_fields_is_refused(missing):
    fields = {"type": "sound", "id": 1, "rate": 24_000, "format": "s16", "bytes": 0, "timings": []}
    del fields[missing]
    with pytest.raises(WireError):
        received(json.dumps(fields).encode() + b"\n")


def test_a_line_without_an_end_is_given_up(monkeypatch):
    monkeypatch.setattr(wire, "LINE_MAX", 1000)
    with Ends() as ends:
        ends.theirs.sendall(b"{" * 1000)
        with pytest.raises(WireError):
            ends.channel.receive(1)


def test_what_arrived_before_a_timeout_is_kept():
    stream = wire.encode(Sound(1, Audio(bytes(1000), 24_000)))
    with Ends() as ends:
        ends.theirs.sendall(stream[:500])
        with pytest.raises(TimeoutError):
            ends.channel.receive(0.01)
        ends.theirs.sendall(stream[500:])
        assert ends.channel.receive(1) == Sound(1, Audio(bytes(1000), 24_000))


def test_what_was_sent_before_the_end_is_still_heard():
    with Ends() as ends:
        ends.theirs.sendall(wire.encode(Failed(0, "engine_unavailable", "no such luck")))
        ends.theirs.close()
        with pytest.raises(OSError, match="Broken pipe"):
            ends.channel.send(ListVoices(1))
        assert ends.channel.receive(1) == Failed(0, "engine_unavailable", "no such luck")
        assert ends.channel.receive(1) is None


def test_the_end_of_a_stream_with_unread_messages_is_an_end_too():
    with Ends() as ends:
        ends.channel.send(ListVoices(1))  # never read: the kernel then says `connection reset`
        ends.theirs.close()
        assert ends.channel.receive(1) is None
