"""Several texts at once: each speaks as it does alone, and beside the codec's own thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ttm.engine.qwen3 import Qwen3Engine
from ttm.engine.qwen3.codec import Codec
from ttm.errors import TextError
from ttm.speech import Speech

TEXTS = ("The first boat came in.", "One.", "Two and three, and four.", "Then the fifth.", "End.")


class Listener:
    """Remembers which frames a codec was given, for each state that they went to."""

    def __init__(self, codec: Codec) -> None:
        self._decode = codec.decode
        self.heard: dict[int, list[torch.Tensor]] = {}
        self._states: list[object] = []

    def __call__(self, codes: torch.Tensor, state) -> torch.Tensor:
        self._states.append(state)  # kept, so that no other gets its id
        self.heard.setdefault(id(state), []).append(codes[0].T)
        return self._decode(codes, state)

    def utterances(self) -> list[list[list[int]]]:
        return [torch.cat(parts).tolist() for parts in self.heard.values()]


@pytest.fixture(scope="module")
def engine(made) -> Iterator[Qwen3Engine]:
    engine = Qwen3Engine(
        str(made("tiny", "custom_voice", 5, 14.0)), quantize="int8", threads=2, max_seconds=1.6
    )
    yield engine
    torch.set_num_threads(1)


def speeches(*texts: str) -> list[Speech]:
    return [Speech(text, voice="ryan", seed=i, continues=i > 0) for i, text in enumerate(texts)]


def narrated(engine: Qwen3Engine, wanted: list[Speech], ahead: int) -> tuple[list[bytes], list]:
    """The sound of each speech, and the frames that the codec was given for each."""
    decode = engine._loaded.codec.decode
    listener = engine._loaded.codec.decode = Listener(engine._loaded.codec)
    sounds = []
    for i, speech in enumerate(wanted):
        engine.expect(wanted[i + 1 : i + 1 + ahead])
        parts = [item for item in engine.speak(speech) if not isinstance(item, str)]
        sounds.append(b"".join(part.pcm for part in parts))
    engine._loaded.codec.decode = decode
    return sounds, sorted(listener.utterances())


@pytest.mark.parametrize("ahead", [1, 3, 4])
def test_a_text_has_the_same_frames_whoever_speaks_beside_it(engine, ahead):
    wanted = speeches(*TEXTS)
    alone, frames_alone = narrated(engine, wanted, 0)
    together, frames_together = narrated(engine, wanted, ahead)
    assert frames_together == frames_alone
    assert len({len(frames) for frames in frames_alone}) > 1, "they should end at different times"
    for one, other in zip(alone, together, strict=True):
        before, after = (torch.frombuffer(bytearray(s), dtype=torch.float32) for s in (one, other))
        assert (before - after).abs().max() <= 2e-5


def test_a_narration_in_an_ensemble_sounds_the_same_every_time(engine):
    assert narrated(engine, speeches(*TEXTS), 3)[0] == narrated(engine, speeches(*TEXTS), 3)[0]


def test_a_speech_that_was_left_is_whole_when_it_is_asked_for_again(engine):
    wanted = speeches(*TEXTS[:3])
    whole = narrated(engine, wanted, 2)[0]
    engine.expect(wanted[1:])
    spoken = engine.speak(wanted[0])
    for _ in range(3):
        next(spoken)
    spoken.close()
    assert narrated(engine, wanted, 2)[0] == whole


def test_what_is_wrong_with_a_later_text_is_said_when_its_turn_comes(engine):
    good, bad = speeches("Hello.", "")
    engine.expect([bad])
    assert list(engine.speak(good))
    with pytest.raises(TextError, match="nothing to speak"):
        list(engine.speak(bad))


def test_numbers_that_are_none_cost_one_text_and_not_its_neighbours(engine, monkeypatch):
    wanted = speeches(*TEXTS[:3])
    whole = narrated(engine, wanted, 2)[0]
    model = engine._loaded
    write = model.writer.write

    def spoilt(request):
        prompt = write(request)
        if request.text == TEXTS[1]:
            prompt.embeddings.fill_(torch.nan)
        return prompt

    monkeypatch.setattr(model.writer, "write", spoilt)
    engine.expect(wanted[1:])
    assert b"".join(i.pcm for i in engine.speak(wanted[0])) == whole[0]
    engine.expect(wanted[2:])
    said = list(engine.speak(wanted[1]))
    assert any("spoken on the CPU in float32" in item for item in said if isinstance(item, str))
    assert sum(item.samples for item in said if not isinstance(item, str))
    assert b"".join(i.pcm for i in engine.speak(wanted[2])) == whole[2]
