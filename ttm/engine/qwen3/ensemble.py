"""Several texts of one narration at once: a frame of each for one reading of the weights.

Every text has a seat with a cache, a seed and rules of its own, and a text's frames are the same to
the bit whoever sits beside it (`products`). A text that ends makes room for the next one. Shapes: A
texts that speak, B seats, D width, V vocabulary, G code groups.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from ttm.audio import Audio
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.quantized import QuantizedCache
from ttm.engine.qwen3.sampling import Choose, Rules, Sampling, chooser
from ttm.engine.qwen3.utterance import Utterance, rescue
from ttm.errors import TtmError
from ttm.speech import Speech

SEATS = 4
"""Twice as many gain another 1/10, and need twice the memory for what they have seen."""

Begin = Callable[[Speech], Utterance]
"""A speech before its first frame; raises what is wrong with it."""


class _Singer:
    """One text, and what was made of it that nobody has heard yet."""

    def __init__(self, speech: Speech, utterance: Utterance, model: Model, sampling: Sampling):
        talker = model.talker.dimensions
        generator = torch.Generator(model.device).manual_seed(utterance.seed)
        self.speech, self.utterance = speech, utterance
        self.rules = Rules(
            1, talker.vocab_size, talker.codec_eos_token_id, sampling.repetition_penalty,
            model.device,
        )  # fmt: skip
        self.choose: Choose = chooser(sampling.talker, generator)
        self.choose_later: Choose = chooser(sampling.predictor, generator)
        self.made: deque[Audio] = deque()
        self.frames = 0
        self.finished = self.failed = self.ended = False
        """Whether there are no more frames; and why, other than for their number."""
        self.hidden = self.logits = torch.empty(0)
        """What the next frame is chosen by, `[1, D]` and `[1, V]`."""


class Ensemble:
    """The texts that are spoken together; for a model with int8 weights."""

    def __init__(self, model: Model, sampling: Sampling, plain: Callable[[], Model]) -> None:
        """`plain`: see `rescue`."""
        self._model, self._sampling, self._plain = model, sampling, plain
        self._seats: list[_Singer | None] = [None] * SEATS
        self._waiting: deque[_Singer] = deque()
        self._known: dict[Speech, _Singer] = {}
        self._cache = cast("QuantizedCache", model.talker.cache(SEATS, 0))

    def speak(self, speech: Speech, then: Sequence[Speech], begin: Begin) -> Iterator[Audio | str]:
        """A speech, and `then` what else is wanted after it; see `utter`.

        What was begun for other speeches than these is given up.
        """
        self._expect(speech, then, begin)
        singer = self._known[speech]
        try:
            while True:
                yield from _taken(singer.made)
                if singer.finished:
                    break
                self._frame()
                yield Audio(b"", self._model.rate, "f32")
            if singer.failed:
                yield from rescue(self._model, self._plain, singer.utterance, self._sampling)
            else:
                yield from singer.utterance.ending(self._model, singer.ended)
        finally:
            self._forget(singer)

    def knows(self, speech: Speech) -> bool:
        """Whether it was begun."""
        return speech in self._known

    def _expect(self, speech: Speech, then: Sequence[Speech], begin: Begin) -> None:
        wanted = dict.fromkeys((speech, *then))
        for stale in self._known.keys() - wanted.keys():
            self._forget(self._known[stale])
        for each in wanted:
            if each not in self._known:
                try:
                    utterance = begin(each)
                except TtmError:
                    if each == speech:
                        raise
                    continue  # it will be said when that one is asked for
                singer = _Singer(each, utterance, self._model, self._sampling)
                self._known[each] = singer
                self._waiting.append(singer)

    def _forget(self, singer: _Singer) -> None:
        self._known.pop(singer.speech, None)
        self._seats = [None if each is singer else each for each in self._seats]
        self._waiting = deque(each for each in self._waiting if each is not singer)

    @torch.inference_mode()
    def _frame(self) -> None:
        """One frame of every text that has a seat."""
        firsts: list[tuple[_Singer, Tensor]] = []
        while not firsts and (self._sit_down() or any(self._seats)):
            for singer in filter(None, self._seats):
                if (first := self._first(singer)) is not None:
                    firsts.append((singer, first))
        if not firsts:
            return
        singers = [singer for singer, _ in firsts]
        first = torch.cat([code for _, code in firsts])
        model = self._model
        embedded = model.talker.embed_codes(first)
        hidden = torch.cat([singer.hidden for singer in singers])
        finite = torch.zeros(len(singers))

        def pick(logits: Tensor) -> Tensor:
            nonlocal finite
            finite = finite + logits.sum(1)
            rows = zip(singers, logits.split(1), strict=True)
            return torch.cat([singer.choose_later(row) for singer, row in rows])

        codes = model.predictor(hidden, embedded, pick)
        frames = torch.cat((first.unsqueeze(1), codes), 1).split(1)
        x = model.predictor.embed(embedded, codes)
        going: list[Tensor] = []
        for singer, frame, heard, fine in zip(
            singers, frames, x.split(1), finite.isfinite(), strict=True
        ):
            if not fine:
                self._leave(singer)
                singer.failed = singer.finished = True
                continue
            if (audio := singer.utterance.sounding.hear(frame)).samples:
                singer.made.append(audio)
            going.append(heard + singer.utterance.prompt.beside(singer.frames))
            singer.frames += 1
            if singer.frames == singer.utterance.frames:
                going.pop()
                self._end(singer, ended=False)
        if going:
            seats = [seat for seat, singer in enumerate(self._seats) if singer is not None]
            counts = np.array([singer is not None for singer in self._seats], np.int64)
            found = model.talker.extend(torch.cat(going), self._cache, counts)
            self._fed(seats, found)

    def _first(self, singer: _Singer) -> Tensor | None:
        """The first code of a text's next frame, `[1]`; None when the text ends here."""
        if not singer.logits.isfinite().all():
            self._leave(singer)
            singer.failed = singer.finished = True
            return None
        first = singer.choose(singer.rules(singer.logits))
        singer.rules.had(first)
        if int(first) == self._model.talker.dimensions.codec_eos_token_id:
            self._end(singer, ended=True)
            return None
        return first

    def _sit_down(self) -> bool:
        """Give free seats to those who wait; whether there were any of both."""
        prompts: dict[int, tuple[Tensor, int]] = {}
        for seat, singer in enumerate(self._seats):
            if singer is None and self._waiting:
                singer = self._seats[seat] = self._waiting.popleft()
                prompt = singer.utterance.prompt
                prompts[seat] = prompt.embeddings, prompt.beginning
                self._cache.reach(len(prompt.embeddings) + singer.utterance.frames)
        if prompts:
            self._fed(prompts, self._model.talker.read(prompts, self._cache))
        return bool(prompts)

    def _fed(self, seats: Iterable[int], found: tuple[Tensor, Tensor]) -> None:
        """Give each of the seats its row of what the talker found."""
        rows = (part.split(1) for part in found)
        for seat, state, scores in zip(seats, *rows, strict=True):
            singer = self._seats[seat]
            assert singer is not None
            singer.hidden, singer.logits = state, scores

    def _end(self, singer: _Singer, ended: bool) -> None:
        self._leave(singer)
        singer.utterance.sounding.finish()
        singer.finished, singer.ended = True, ended

    def _leave(self, singer: _Singer) -> None:
        self._seats[self._seats.index(singer)] = None


def _taken(made: deque[Audio]) -> Iterator[Audio]:
    while made:
        yield made.popleft()
