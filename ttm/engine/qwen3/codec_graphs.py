"""The codec from captured steps, one for each number of frames, on a stream of its own."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

from ttm.engine.qwen3.codec import Codec, CodecState
from ttm.engine.qwen3.graphs import Arrival, Capture, Replay

CHUNKS = (8, 4, 2, 1)
"""Frames of a captured step, the most first; another number is made up of these."""


class GraphedCodec:
    """What `Codec` is. A single row is decoded by captured steps, and its samples arrive on the
    host: waiting for them does not wait for the talker, which is at the next frame."""

    @torch.inference_mode()
    def __init__(self, codec: Codec, chunks: tuple[int, ...] = CHUNKS) -> None:
        assert chunks[-1] == 1
        self._codec = codec
        self.dimensions, self.device, self.dtype = codec.dimensions, codec.device, codec.dtype
        self._capture = Capture(codec.device, urgent=True)
        self._codes = torch.zeros(
            1, codec.dimensions.num_quantizers, chunks[0], dtype=torch.long, device=codec.device
        )
        self._samples = torch.zeros(
            1, chunks[0] * codec.dimensions.samples_per_frame, device=codec.device
        )
        self._arrival = Arrival(self._samples)
        self._frames = torch.zeros((), dtype=torch.long, device=codec.device)
        self._state = CodecState()
        self._user: weakref.ref[CodecState] | None = None
        """Whose tensors the captured steps write."""
        # What a capture chooses stays, so the quickest convolution is looked for.
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
            self._steps = {size: self._capture(self._decoding(size)) for size in chunks}

    def decode(self, codes: Tensor, state: CodecState | None = None) -> Tensor:
        """See `Codec.decode`; of a single row, on the host."""
        if len(codes) != 1:
            return self._codec.decode(codes, state)
        state = CodecState() if state is None else state
        parts = []
        with torch.inference_mode(), self._capture.on_stream(following=codes.is_cuda):
            if self._user is None or self._user() is not state:
                self._serve(state)
            start, end = 0, codes.shape[2]
            while start < end:
                size = next(size for size in self._steps if size <= end - start)
                parts.append(self._decode(codes[:, :, start : start + size]))
                start += size
            state.frames += end
        return torch.cat(parts, 1)

    def _decode(self, codes: Tensor) -> Tensor:
        frames = codes.shape[2]
        self._codes[:, :, :frames] = codes
        self._steps[frames]()
        self._arrival.send(self._samples)
        return self._arrival.wait()[:, : frames * self.dimensions.samples_per_frame]

    def _decoding(self, size: int) -> Replay:
        def decode() -> None:
            samples = self._codec.run(self._codes[:, :, :size], self._state, self._frames)
            self._samples[:, : samples.shape[1]] = samples
            self._frames.add_(size)

        return decode

    def _serve(self, state: CodecState) -> None:
        """Write to the tensors of another state, whose values go into the captured ones; the one
        before gets its own back."""
        before = self._user() if self._user else None
        if before is not None:
            alone = before.copy()
            before.tails, before.keys, before.values = alone.tails, alone.keys, alone.values
        ours = self._state
        with self._capture.on_stream(following=bool(state.tails)):
            _fill(ours.tails, state.tails)
            _fill(ours.keys, state.keys)
            _fill(ours.values, state.values)
        self._frames.fill_(state.frames)
        # The state has the very tensors, so that a copy of it is always up to date.
        state.tails, state.keys, state.values = dict(ours.tails), dict(ours.keys), dict(ours.values)
        self._user = weakref.ref(state)


def _fill(ours: dict[Any, Tensor], given: dict[Any, Tensor]) -> None:
    """Copy what was given; zeros for what was not, as at the start of an utterance."""
    for name, tensor in ours.items():
        if name in given:
            tensor.copy_(given[name])
        else:
            tensor.zero_()
