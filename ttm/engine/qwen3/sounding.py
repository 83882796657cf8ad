"""From an utterance's frames to its audio: a few at a time, beside the talker where that pays."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

import torch
from torch import Tensor

from ttm.audio import Audio
from ttm.engine.qwen3.codec import Codec, CodecState
from ttm.engine.qwen3.codec_graphs import GraphedCodec
from ttm.engine.qwen3.model import Model


class Sounding:
    """Turns frames into audio, a few at a time, and remembers what was said."""

    def __init__(self, model: Model, ramp: Sequence[int], state: CodecState | None) -> None:
        self._model, self._ramp = model, list(ramp)
        self._state = state.copy() if state else CodecState()
        self._said: list[Tensor] = []
        self._waiting: list[Tensor] = []
        self._firsts: deque[Tensor] = deque()
        """The first codes `[F]` of each stretch that the codec was given and nobody heard yet."""
        self._ready: list[Tensor] = []
        self._decoding: deque[Future[Tensor]] = deque()
        """Beside the talker."""

    @property
    def frames(self) -> int:
        return len(self._said)

    def codes(self) -> Tensor | None:
        """Everything said so far, `[F, G]`."""
        return torch.cat(self._said).to(self._model.device) if self._said else None

    def hear(self, codes: Tensor) -> Audio:
        """Take a frame `[1, G]`; audio when there is some, else an empty stretch."""
        self._said.append(codes)
        self._waiting.append(codes)
        if len(self._waiting) < self._ramp[0]:
            return self._audio(self._decoded(wait=False))
        if len(self._ramp) > 1:
            self._ramp.pop(0)
            if len(self._said) == len(self._waiting):
                # Of a stretch that grows, the first is waited for.
                return self._audio([self._work()()])
        self.finish()
        return self._audio(self._decoded(wait=False))

    def finish(self) -> None:
        """Decode every frame that waits, beside the talker if there is room."""
        if self._waiting:
            work, cores = self._work(), self._model.cores
            if cores:
                self._decoding.append(cores.beside(self, work))
            else:
                self._ready.append(work())

    def rest(self) -> Audio:
        """The audio of every frame that waits."""
        self.finish()
        return self._audio(self._decoded(wait=True))

    def _work(self) -> partial[Tensor]:
        """The decoding of the frames that wait, to samples `[S]`."""
        codes, self._waiting = torch.cat(self._waiting), []
        self._firsts.append(codes[:, 0])
        return partial(_decode, self._model.codec, codes=codes, state=self._state)

    def _decoded(self, wait: bool) -> list[Tensor]:
        """What was decoded, as far as it is there or is to be waited for."""
        cores, parts, self._ready = self._model.cores, self._ready, []
        while self._decoding and cores and (wait or self._decoding[0].done()):
            parts.append(cores.result(self._decoding.popleft()))
        return parts

    def _audio(self, parts: Sequence[Tensor]) -> Audio:
        pcm = b"".join(part.cpu().numpy().astype("<f4").tobytes() for part in parts)
        firsts = [code for _ in parts for code in self._firsts.popleft().tolist()]
        return Audio(pcm, self._model.rate, "f32", codes=tuple(firsts))

    def move(self, model: Model) -> None:
        """Go on with another model, on its device; what is being decoded is decoded first."""
        self._ready = self._decoded(wait=True)
        self._model = model
        self._state = self._state.copy(model.codec.device)


def _decode(codec: Codec | GraphedCodec, codes: Tensor, state: CodecState) -> Tensor:
    """Frames `[F, G]` to samples `[S]`."""
    return codec.decode(codes.T[None], state)[0]
