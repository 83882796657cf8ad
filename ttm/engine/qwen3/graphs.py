"""CUDA graphs: a step that was captured once is replayed by one call of the driver.

A frame is some 1,500 small kernels, and launching each from Python takes longer than running it.
Captured work runs on static tensors: it reads its inputs from, and leaves its results in, tensors
that were there before; nothing in it waits for the device or depends on a value in Python. On
another device the same work is just called, which gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor

Replay = Callable[[], None]

WARM_UPS = 2
"""Runs before the capture: libraries choose kernels and take their workspaces in the first."""

T = TypeVar("T")


class Capture:
    """Captures work that is replayed on one stream, one after the other.

    Such work shares its memory between two replays; work of another capture may run beside it.
    """

    def __init__(self, device: torch.device, urgent: bool = False) -> None:
        """`urgent`: what waits on this stream runs before other streams' work; without it, the
        stream is the one that everything else runs on."""
        self._device = device
        self._own: torch.cuda.Stream | None = None
        if device.type == "cuda":
            # A stream to capture on has workspaces of its own, which no other graph writes to.
            self._stream = torch.cuda.Stream(device, priority=-1 if urgent else 0)
            self._own = self._stream if urgent else None
            self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Replay, *generators: torch.Generator) -> Replay:
        """`work` to be called again and again. It is called here too: the static tensors are in
        no certain state afterwards. `generators` are all that it draws from."""
        if self._device.type != "cuda":
            work()
            return work
        stream = self._stream
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                work()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
            graph.register_generator_state(generator)
        # Another thread may use the device meanwhile.
        how: Any = {"stream": stream, "pool": self._pool, "capture_error_mode": "thread_local"}
        with torch.cuda.graph(graph, **how):
            work()
        replay: Replay = graph.replay
        return replay

    @contextmanager
    def on_stream(self, following: bool = False) -> Iterator[None]:
        """Run what is in this context on the stream of the replays; `following`: behind what was
        launched outside, whose tensors are then used up when the context ends."""
        if not self._own:
            yield
            return
        if following:
            self._own.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._own):
            yield
        if following:
            # Memory is given back to the stream that it was taken on, at once.
            self._own.synchronize()


class Arrival:
    """A tensor of the device on its way to the host, without either waiting for the other."""

    def __init__(self, like: Tensor) -> None:
        self._device, cuda = like.device, like.device.type == "cuda"
        self._host = torch.empty(like.shape, dtype=like.dtype, pin_memory=cuda)
        # Not spinning: what waits here has a frame's time to do so.
        self._arrived = torch.cuda.Event(blocking=True) if cuda else None

    def send(self, tensor: Tensor) -> None:
        """Copy the tensor when what was launched so far is done."""
        self._host.copy_(tensor, non_blocking=True)
        if self._arrived:
            self._arrived.record(torch.cuda.current_stream(self._device))

    def wait(self) -> Tensor:
        """What was sent, on the host."""
        if self._arrived:
            self._arrived.synchronize()
        return self._host.clone()


def one_late(things: Iterable[T]) -> Iterator[T]:
    """The same, each when the next one has been asked for: the device works on that one while the
    host takes this one on."""
    late: list[T] = []
    for thing in things:
        late.append(thing)
        if len(late) > 1:
            yield late.pop(0)
    yield from late
