"""Frames of codes from captured steps: what `Generation` does, without waiting for Python.

Two graphs make a frame: one chooses its first code and predicts the others, drawing its own
random numbers; the other runs the talker over what was chosen. Shapes: L prompt positions, D the
talker's width, V codec vocabulary, G code groups. All of one row.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ttm.engine.qwen3.generate import Generation, NotFinite
from ttm.engine.qwen3.graphs import Arrival, Capture, Replay, one_late
from ttm.engine.qwen3.layers import Cache
from ttm.engine.qwen3.predictor import CodePredictor
from ttm.engine.qwen3.prompt import Prompt, embed_frames
from ttm.engine.qwen3.sampling import Rules, Sampling, chooser
from ttm.engine.qwen3.stack import Stack
from ttm.engine.qwen3.talker import Talker

STEPS = (128, 256, 512, 1024, 2048)
"""Positions that a captured step attends to: the fewest that are enough. All 2,048 take 470 MB."""
PREFILLS = (32, 64, 128, 256)
"""Positions of a captured prefill. A prompt is padded to the next of them; a longer one, which
reads a reference, runs as it is."""


class _Step:
    """Keys and values of a cache's first positions, of which the one at `at` `[1]` is new."""

    def __init__(self, cache: Cache, positions: int, at: Tensor) -> None:
        self._both = [both[:, :, :positions] for both in cache.both]
        self._at = at

    def put(self, layer: int, both: Tensor) -> tuple[Tensor, Tensor]:
        ours = self._both[layer].index_copy_(2, self._at, both)
        keys, values = ours.chunk(2, 1)
        return keys, values


class TalkerGraphs:
    """The talker's prefill and step. Their results are in `hidden` `[1, D]` and `logits` `[1, V]`;
    a step hears what is in `heard` and `beside`, `[1, D]` each."""

    @torch.inference_mode()
    def __init__(
        self, talker: Talker, capture: Capture, steps: tuple[int, ...], prefills: tuple[int, ...]
    ) -> None:
        stack, device = talker.stack, talker.device
        assert isinstance(stack, Stack), "int8 weights are for the CPU"
        self._talker, self._stack = talker, stack
        self._capacity = steps[-1]
        width = talker.dimensions.hidden_size
        self.hidden, self.heard, self.beside = (
            torch.zeros(1, width, dtype=talker.dtype, device=device) for _ in range(3)
        )
        self.logits = torch.zeros(1, talker.dimensions.vocab_size, device=device)
        self._cache = stack.cache(1, self._capacity)
        self._longer: Cache | None = None
        self._limit = self._position = 0
        self._span = torch.arange(self._capacity, device=device)
        self._at = torch.ones(1, dtype=torch.long, device=device)
        """The next position."""
        self._page = torch.zeros(1, prefills[-1], width, dtype=talker.dtype, device=device)
        self._forget()
        self._prefills = {size: capture(self._reading(size)) for size in prefills}
        self._steps = {size: capture(self._stepping(size)) for size in steps}

    def read(self, x: Tensor, limit: int) -> None:
        """Begin a speech of at most `limit` positions with these, `[L, D]`."""
        self._forget()
        self._limit, self._longer = limit, None
        self._position = length = len(x)
        self._at.fill_(length)
        size = next((size for size in self._prefills if size >= length), None)
        if length > self._capacity:
            self._longer = self._stack.cache(1, limit)
            self._keep(self._stack(x[None], self._longer)[:, -1])
        elif size is None:
            self._read(x[None])
        else:
            self._page[0, :length] = x
            self._page[0, length:size].zero_()
            self._prefills[size]()

    def step(self) -> None:
        """Hear a frame."""
        if self._position == self._capacity:
            self._longer = self._moved()
        if self._longer is not None:
            self._keep(self._stack(self._sum(), self._longer)[:, -1])
        else:
            self._steps[next(size for size in self._steps if size > self._position)]()
        self._position += 1

    def _forget(self) -> None:
        """Positions of the speech before are masked, but what is no number spreads through a
        mask, and a speech may be left before anybody looks at its last numbers."""
        for both in self._cache.both:
            both.zero_()

    def _reading(self, size: int) -> Replay:
        return lambda: self._read(self._page[:, :size])

    def _read(self, x: Tensor) -> None:
        """`x` `[1, S, D]`; what lies behind the speech's length is not seen by what is before."""
        turns = self._stack.rotary.at(self._span[: x.shape[1]])[:, None]
        hidden = self._stack.run(x, turns, self._cache)
        self._keep(hidden.index_select(1, self._at - 1)[:, 0])

    def _stepping(self, size: int) -> Replay:
        memory = _Step(self._cache, size, self._at)
        closed = torch.full((), -torch.inf, device=self._at.device)
        opened = torch.zeros((), device=self._at.device)

        def step() -> None:
            mask = torch.where(self._span[:size] <= self._at, opened, closed).view(1, 1, 1, size)
            turns = self._stack.rotary.at(self._at)[:, None]
            self._keep(self._stack.run(self._sum(), turns, memory, mask)[:, -1])
            self._at.add_(1)

        return step

    def _sum(self) -> Tensor:
        return (self.heard + self.beside).unsqueeze(1)

    def _keep(self, hidden: Tensor) -> None:
        self.hidden.copy_(hidden)
        self.logits.copy_(self._talker.score(hidden))

    def _moved(self) -> Cache:
        """A cache for the rest of a speech that outgrew the captured steps."""
        longer = self._stack.cache(1, self._limit)
        longer.length = self._capacity
        for ours, theirs in zip(self._cache.both, longer.both, strict=True):
            theirs[:, :, : self._capacity] = ours
        return longer


class FrameGraph:
    """Choosing a frame's codes, in one way of sampling."""

    @torch.inference_mode()
    def __init__(
        self,
        talker: Talker,
        predictor: CodePredictor,
        states: TalkerGraphs,
        sampling: Sampling,
        capture: Capture,
    ) -> None:
        self._talker, self._predictor, self._states = talker, predictor, states
        device, codec = talker.device, talker.dimensions
        self._rules = Rules(
            1, codec.vocab_size, codec.codec_eos_token_id, sampling.repetition_penalty, device
        )
        self._generator = torch.Generator(device)
        self._choose = chooser(sampling.talker, self._generator)
        self._choose_later = chooser(sampling.predictor, self._generator)
        groups = predictor.dimensions.num_code_groups
        self._report = torch.zeros(groups + 2, dtype=torch.long, device=device)
        """The codes; whether the talker's logits were finite, and whether all were."""
        self._arrivals = [Arrival(self._report) for _ in range(2)]
        self._replay = capture(self._frame, self._generator)

    def begin(self, generator: torch.Generator, spoken: Tensor | None) -> None:
        """A speech that draws as `generator` would, and has had the frames `[F, G]`."""
        self._generator.set_state(generator.get_state())
        none = torch.zeros(0, dtype=torch.long, device=self._report.device)
        self._rules.resume(none if spoken is None else spoken[:, 0])

    def launch(self, frame: int) -> None:
        """Choose the next frame's codes, and send them here."""
        self._replay()
        self._arrivals[frame % 2].send(self._report)

    def arrived(self, frame: int) -> tuple[Tensor, bool, bool]:
        """Codes `[G]` of that frame or the one before, and what was finite."""
        report = self._arrivals[frame % 2].wait()
        return report[:-2], bool(report[-2]), bool(report[-1])

    def _frame(self) -> None:
        states = self._states
        first = self._choose(self._rules(states.logits))
        self._rules.had(first)
        embedded = self._talker.embed_codes(first)
        scored: list[Tensor] = []

        def pick(logits: Tensor) -> Tensor:
            scored.append(logits)
            return self._choose_later(logits)

        codes = self._predictor(states.hidden, embedded, pick)
        states.heard.copy_(self._predictor.embed(embedded, codes))
        own = states.logits.sum()
        finite = torch.stack((own, own + torch.cat(scored, 1).sum())).isfinite()
        self._report.copy_(torch.cat((first, codes[0], finite.long())))


class Graphs:
    """The captured steps of one model. One speech at a time uses them."""

    def __init__(
        self,
        talker: Talker,
        predictor: CodePredictor,
        steps: tuple[int, ...] = STEPS,
        prefills: tuple[int, ...] = PREFILLS,
    ) -> None:
        self.talker, self.predictor = talker, predictor
        self._capture = Capture(talker.device)
        self.states = TalkerGraphs(talker, self._capture, steps, prefills)
        self._frames: dict[Sampling, FrameGraph] = {}
        self.used = False

    def frame(self, sampling: Sampling) -> FrameGraph:
        """The frame with this sampling, captured when it is asked for first."""
        if sampling not in self._frames:
            parts = (self.talker, self.predictor, self.states, sampling, self._capture)
            self._frames[sampling] = FrameGraph(*parts)
        return self._frames[sampling]


class GraphedGeneration:
    """`Generation` of a single prompt by captured steps; the same frames, on the host.

    A frame is given when the next one has been launched, so that the device never waits.
    """

    def __init__(
        self,
        graphs: Graphs,
        prompt: Prompt,
        sampling: Sampling,
        generator: torch.Generator,
        frames: int,
        spoken: Tensor | None = None,
    ) -> None:
        self._graphs, self._prompt, self._sampling = graphs, prompt, sampling
        self._generator, self._frames, self._spoken = generator, frames, spoken
        self._start = 0 if spoken is None else len(spoken)
        self._end = graphs.talker.dimensions.codec_eos_token_id
        self.lengths: list[int | None] = [None]
        """None while the speech has not ended."""

    @torch.inference_mode()
    def __iter__(self) -> Iterator[Tensor]:
        graphs = self._graphs
        if graphs.used:
            yield from self._beside_another()
            return
        graphs.used = True
        try:
            chosen = graphs.frame(self._sampling)
            for frame in one_late(self._launched(chosen)):
                codes, ours, all_of_them = chosen.arrived(frame)
                ended = int(codes[0]) == self._end
                if not (ours if ended else all_of_them):
                    raise NotFinite("the logits are not finite")
                if ended:
                    self.lengths[0] = frame
                    return
                yield codes[None]
        finally:
            graphs.used = False

    def _launched(self, chosen: FrameGraph) -> Iterator[int]:
        """The number of each frame as soon as the device has been told to make it."""
        states, prompt = self._graphs.states, self._prompt
        chosen.begin(self._generator, self._spoken)
        x = self._read()
        states.read(x, len(x) + self._frames - self._start)
        for frame in range(self._start, self._frames):
            chosen.launch(frame)
            if frame + 1 < self._frames:
                states.beside.copy_(prompt.beside(frame)[None])
                states.step()
            yield frame

    def _read(self) -> Tensor:
        """The prompt, and behind it what is said already, `[L, D]`."""
        if self._spoken is None or not len(self._spoken):
            return self._prompt.embeddings
        frames = embed_frames(self._graphs.talker, self._graphs.predictor, self._spoken)
        beside = torch.stack([self._prompt.beside(frame) for frame in range(len(frames))])
        return torch.cat((self._prompt.embeddings, frames + beside))

    def _beside_another(self) -> Iterator[Tensor]:
        """While another speech has the static tensors: the ordinary way, slower, the same."""
        graphs = self._graphs
        plain = Generation(
            graphs.talker,
            graphs.predictor,
            [self._prompt],
            self._sampling,
            self._generator,
            self._frames,
            self._spoken,
        )
        self.lengths = plain.lengths
        yield from plain
