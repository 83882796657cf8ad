"""Captured steps give what the ordinary ones give.

Without a GPU a capture is played: the operators of one call are noted with their tensors, and a
replay runs these again and no Python, as a CUDA graph does. That everything is on the device and
nothing waits for it is checked with tensors that have a device and a shape but no values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.codec import CodecState
from ttm.engine.qwen3.codec_graphs import GraphedCodec
from ttm.engine.qwen3.frame_graphs import GraphedGeneration, Graphs
from ttm.engine.qwen3.generate import NotFinite
from ttm.engine.qwen3.graphs import Capture, one_late
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.prompt import Prompt, Reference, Request
from ttm.engine.qwen3.sampling import Choice, Sampling
from ttm.errors import EngineUnavailable

STEPS, PREFILLS = (32, 64), (16, 32)
"""Of the tests: a short speech crosses them all."""
GREEDY = Sampling().greedy
WAVE_BOUND = {"cpu": 1e-5, "cuda": 1e-4}
"""Of full scale, float32. A GPU may convolve in another order for another number of frames; TF32
would be off by some 1e-3."""


@pytest.fixture(scope="module")
def model(made, models, device) -> Model:
    return models(made("tiny", "custom_voice", 5), device=device)


CALLED = Capture.__call__
"""What it does where nothing can be captured: the work is called again."""


class Played(TorchDispatchMode):
    """A capture on a CPU: whatever Python decided while it was noted stays decided."""

    def __init__(self) -> None:
        super().__init__()
        self._noted: list[tuple[Callable[..., object], tuple, dict, object]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = func(*args, **(kwargs or {}))
        self._noted.append((func, args, kwargs or {}, given))
        return given

    def replay(self) -> None:
        for func, args, kwargs, given in self._noted:
            again = func(*args, **kwargs)
            # What is new goes to where the operators behind look for it; a view is there already.
            for ours, new in zip(tree_leaves(given), tree_leaves(again), strict=True):
                if isinstance(ours, torch.Tensor) and ours.data_ptr() != new.data_ptr():
                    ours.copy_(new)


@pytest.fixture(scope="module", autouse=True)
def _captures_are_played(device) -> Iterator[None]:
    def capture(
        self: Capture, work: Callable[[], None], *generators: torch.Generator
    ) -> Callable[[], None]:
        work()
        with Played() as played:
            work()
        return played.replay

    with pytest.MonkeyPatch.context() as patch:
        if device == "cpu":
            patch.setattr(Capture, "__call__", capture)
        yield


@pytest.fixture(scope="module")
def graphs(model) -> Graphs:
    return Graphs(model.talker, model.predictor, STEPS, PREFILLS)


@pytest.fixture(scope="module")
def codec(model) -> GraphedCodec:
    return GraphedCodec(model.codec)


def written(model: Model, text: str = "Good morning.", **how: object) -> Prompt:
    return model.writer.write(Request(text, speaker="ryan", **how))


def plain(model: Model, prompt: Prompt, sampling: Sampling, frames: int, seed: int = 0) -> list:
    generator = torch.Generator(model.device).manual_seed(seed)
    return [codes.cpu() for codes in model.generate([prompt], sampling, generator, frames)]


def graphed(
    graphs: Graphs,
    prompt: Prompt,
    sampling: Sampling,
    frames: int,
    seed: int = 0,
    spoken: torch.Tensor | None = None,
) -> GraphedGeneration:
    generator = torch.Generator(graphs.talker.device).manual_seed(seed)
    return GraphedGeneration(graphs, prompt, sampling, generator, frames, spoken)


def same(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> bool:
    return len(ours) == len(theirs) and all(map(torch.equal, ours, theirs))


@pytest.mark.parametrize(
    ("words", "frames", "least", "most"),
    [(1, 10, 1, 16), (5, 20, 17, 32), (20, 20, 48, 64), (60, 4, 65, 200)],
    ids=["least prefill", "next step", "beyond the steps", "prompt beyond them"],
)
def test_greedy_frames_are_those_of_the_ordinary_loop(model, graphs, words, frames, least, most):
    prompt = written(model, "one two " * words)
    assert least <= len(prompt.embeddings) <= most
    ours = list(graphed(graphs, prompt, GREEDY, frames))
    assert same(ours, plain(model, prompt, GREEDY, frames))


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(Choice(0.7, 0, 0.9), Choice(1.1, 7), 1.3),
        Sampling(Choice(0.0), Choice(0.9), 1.0),
    ],
    ids=["usual", "nucleus", "mixed"],
)
def test_sampled_frames_are_those_of_the_ordinary_loop_from_the_same_seed(model, graphs, sampling):
    prompt = written(model)
    ours = list(graphed(graphs, prompt, sampling, 12, 1))
    assert same(ours, plain(model, prompt, sampling, 12, 1))
    assert not same(ours, list(graphed(graphs, prompt, sampling, 12, 2)))


def test_text_beside_the_frames_is_heard_frame_by_frame(model, graphs):
    prompt = written(model, "one two three four five six", streaming=True)
    assert len(prompt.trailing) > 3
    ours = list(graphed(graphs, prompt, GREEDY, 10))
    assert same(ours, plain(model, prompt, GREEDY, 10))


def test_a_narrower_code_predictor_is_captured_too(made, models, device):
    model = models(made("tiny-1b7", "custom_voice", 5), device=device)
    ours = Graphs(model.talker, model.predictor, STEPS, PREFILLS)
    prompt = written(model)
    assert same(list(graphed(ours, prompt, Sampling(), 8)), plain(model, prompt, Sampling(), 8))


def test_a_speech_ends_where_the_ordinary_loop_ends(made, models, device):
    model = models(made("tiny", "custom_voice", 201, 3.0), device=device)
    ours = Graphs(model.talker, model.predictor, STEPS, PREFILLS)
    prompt = written(
        model,
        "The harbour was quiet when the first boat came in, and nobody asked what it had brought.",
    )
    generation = graphed(ours, prompt, GREEDY, 60)
    theirs = model.generate([prompt], GREEDY, torch.Generator(model.device), 60)
    assert same(list(generation), [codes.cpu() for codes in theirs])
    assert generation.lengths == theirs.lengths != [None]


def test_nothing_of_a_speech_is_left_for_the_next_one(model, graphs):
    long, short = written(model, "one two " * 20), written(model)
    theirs = plain(model, short, GREEDY, 8)
    for frames in (3, 12):
        list(graphed(graphs, long, GREEDY, frames))
        assert same(list(graphed(graphs, short, GREEDY, 8)), theirs)


def test_a_speech_that_nobody_hears_out_makes_room_for_the_next_one(model, graphs):
    prompt = written(model)
    left = iter(graphed(graphs, prompt, Sampling(), 6, seed=7))
    next(left)
    left.close()
    assert not graphs.used
    ours = list(graphed(graphs, prompt, Sampling(), 6, seed=8))
    assert same(ours, plain(model, prompt, Sampling(), 6, seed=8))


def test_a_speech_is_taken_up_again_behind_what_was_said(model, graphs):
    for streaming in (False, True):
        prompt = written(model, "one two three four five six", streaming=streaming)
        theirs = plain(model, prompt, GREEDY, 9)
        for said in (1, 7, 9):
            spoken = torch.cat(theirs[:said]).to(model.device)
            rest = list(graphed(graphs, prompt, GREEDY, 9, spoken=spoken))
            assert same(rest, theirs[said:])


def test_two_speeches_at_once_do_not_disturb_each_other(model, graphs):
    first, second = written(model), written(model, "one two three four")
    both = zip(
        graphed(graphs, first, Sampling(), 5, seed=3),
        graphed(graphs, second, Sampling(), 5, seed=4),
        strict=True,
    )
    ours = list(zip(*both, strict=True))
    assert same([codes.cpu() for codes in ours[0]], plain(model, first, Sampling(), 5, seed=3))
    assert same([codes.cpu() for codes in ours[1]], plain(model, second, Sampling(), 5, seed=4))


def test_numbers_that_are_none_are_noticed_and_do_not_outlive_their_speech(model, graphs):
    prompt = written(model)
    broken = Prompt(prompt.embeddings * torch.nan, prompt.trailing, prompt.padding, 3)
    with pytest.raises(NotFinite):
        list(graphed(graphs, broken, GREEDY, 9))
    left = iter(graphed(graphs, prompt, GREEDY, 9))
    next(left)
    with torch.inference_mode():
        graphs.states.logits.fill_(torch.nan)
    with pytest.raises(NotFinite):
        list(left)
    assert same(list(graphed(graphs, prompt, GREEDY, 9)), plain(model, prompt, GREEDY, 9))


def test_the_device_is_told_of_the_next_frame_before_one_is_given():
    told: list[int] = []

    def launched() -> Iterator[int]:
        for frame in range(4):
            told.append(frame)
            yield frame

    assert [(frame, len(told)) for frame in one_late(launched())] == [
        (0, 2),
        (1, 3),
        (2, 4),
        (3, 4),
    ]


def random_codes(codec: GraphedCodec, frames: int, seed: int, rows: int = 1) -> torch.Tensor:
    size = codec.dimensions
    generator = torch.Generator().manual_seed(seed)
    shape = (rows, size.num_quantizers, frames)
    return torch.randint(0, size.codebook_size, shape, generator=generator)


def off(ours: torch.Tensor, theirs: torch.Tensor, codec: GraphedCodec) -> float:
    """How far samples are from others, in parts of what is allowed."""
    return float((ours.cpu() - theirs.cpu()).abs().max()) / WAVE_BOUND[codec.device.type]


@pytest.mark.parametrize("parts", [[1] * 7, [1, 2, 4, 8, 8], [3, 25, 7, 1], [100], [9, 90, 2]])
def test_a_captured_codec_gives_the_samples_of_one_pass_for_any_split(model, codec, parts):
    codes = random_codes(codec, sum(parts), len(parts))
    state = CodecState()
    ours = torch.cat([codec.decode(part, state) for part in codes.split(parts, 2)], 1)
    assert state.frames == sum(parts)
    assert off(ours, model.codec.decode(codes), codec) <= 1


def test_speeches_take_turns_at_a_captured_codec(model, codec):
    voices = [random_codes(codec, 90, seed) for seed in range(2)]
    states = [CodecState() for _ in voices]
    heard: list[list[torch.Tensor]] = [[] for _ in voices]
    for at in range(0, 90, 30):
        for voice, state, pieces in zip(voices, states, heard, strict=True):
            pieces.append(codec.decode(voice[:, :, at : at + 30], state))
    for voice, pieces in zip(voices, heard, strict=True):
        assert off(torch.cat(pieces, 1), model.codec.decode(voice), codec) <= 1


def test_a_copy_of_a_captured_state_goes_on_by_itself_with_either_codec(model, codec):
    codes = random_codes(codec, 40, 4)
    whole = model.codec.decode(codes)[:, -20 * codec.dimensions.samples_per_frame :]
    state = CodecState()
    codec.decode(codes[:, :, :20], state)
    copies = [state.copy() for _ in range(3)]
    for other, copy in zip((codec, model.codec, codec), copies, strict=True):
        assert off(other.decode(codes[:, :, 20:], copy), whole, codec) <= 1
    assert off(codec.decode(codes[:, :, 20:], state), whole, codec) <= 1


def test_several_rows_are_decoded_as_ever(model, codec):
    codes = random_codes(codec, 12, 6, rows=2)
    assert off(codec.decode(codes), model.codec.decode(codes), codec) <= 1


Valueless = Callable[..., Model]


VIEWS = set(
    "alias chunk expand flatten reshape select slice split squeeze t transpose unflatten "
    "unsqueeze view view_as_complex view_as_real empty empty_like device".split()
)
"""What launches nothing; every other operator launches a kernel or more."""


KERNELS_A_LAYER = 15
"""Each takes some 2.5 us of a GPU however little it does, and a frame passes 103 layers."""


class Kernels(TorchDispatchMode):
    """Counts operators that launch something."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if (name := func.overloadpacket.__name__) not in VIEWS:
            self.counts[name] += 1
        return func(*args, **(kwargs or {}))


class NoGenerator:
    """A device that is not there has none; without one, draws have a shape all the same."""

    def __new__(cls, device: torch.device) -> None:  # type: ignore[misc]
        return None


ELSEWHERE = torch.device("lazy", 0)
"""Not the CPU; unlike of `cuda`, a torch without CUDA can take a slice of such tensors."""


@pytest.fixture
def valueless(made, monkeypatch) -> Iterator[Valueless]:
    """`valueless(size, mode)`: a model on a device that is not there, in bfloat16. Its tensors mix
    with those of another device as little as a GPU's; asking for a value is an error."""
    with ExitStack() as stack:

        def load(size: str, mode: str) -> Model:
            checkpoint = Checkpoint(made(size, mode, 5))
            monkeypatch.setattr(torch, "Generator", NoGenerator)
            monkeypatch.setattr(Capture, "__call__", CALLED)
            stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
            return Model(checkpoint, ELSEWHERE, torch.bfloat16)

        yield load


def test_captured_work_waits_for_no_value_and_stays_on_the_device(valueless):
    model = valueless("tiny-1b7", "custom_voice")
    graphs = Graphs(model.talker, model.predictor, STEPS[:1], PREFILLS[:1])
    graphs.frame(Sampling(Choice(0.7, 50, 0.9), Choice()))
    states = graphs.states
    assert states.logits.device == ELSEWHERE
    layers = model.talker.dimensions.num_hidden_layers
    with torch.inference_mode(), Kernels() as kernels:
        states.step()
    assert sum(kernels.counts.values()) <= KERNELS_A_LAYER * layers + 15, kernels.counts
    GraphedCodec(model.codec, (1,))


def test_a_value_that_captured_work_asks_for_would_be_noticed(valueless, monkeypatch):
    model = valueless("tiny", "custom_voice")
    score = model.talker.score
    monkeypatch.setattr(model.talker, "score", lambda hidden: score(hidden) * float(hidden.sum()))
    with pytest.raises(RuntimeError):
        Graphs(model.talker, model.predictor, STEPS, PREFILLS)


def test_prompts_are_laid_out_on_the_device(valueless):
    model = valueless("tiny", "base")
    codes = torch.zeros(6, 16, dtype=torch.long)
    embedding = torch.zeros(model.talker.dimensions.hidden_size)
    for reference in (Reference(embedding), Reference(embedding, codes, "Hello.")):
        prompt = model.writer.write(Request("Good morning.", reference=reference, streaming=True))
        assert prompt.embeddings.device == ELSEWHERE


def test_a_model_that_captures_speaks_as_one_that_does_not(made, models, device):
    folder: Path = made("tiny", "custom_voice", 5)
    theirs, told = models(folder, device=device), []
    ours = Model(
        Checkpoint(folder),
        torch.device(device),
        torch.float32,
        lambda what, part: told.append(what),
        graphs=True,
    )
    assert "CUDA graphs" in told
    prompt = written(theirs)
    assert same(plain(ours, prompt, Sampling(), 6), plain(theirs, prompt, Sampling(), 6))


def test_a_device_that_refuses_a_capture_is_said_to_and_how_to_go_without(made, monkeypatch):
    def refuse(self: Capture, work: Callable[[], None], *generators: torch.Generator) -> None:
        raise RuntimeError("operation not permitted\nwhen stream is capturing")

    monkeypatch.setattr(Capture, "__call__", refuse)
    with pytest.raises(EngineUnavailable, match=r"\(operation not permitted\)") as told:
        Model(
            Checkpoint(made("tiny", "custom_voice", 5)),
            torch.device("cpu"),
            torch.float32,
            graphs=True,
        )
    assert "engine.qwen3.graphs" in told.value.fix
