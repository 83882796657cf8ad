"""On a GPU: captured steps in bfloat16, and the engine as a user runs it. `pytest -m gpu`."""

from __future__ import annotations

import json

import pytest
import torch

from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.codec import CodecState
from ttm.engine.qwen3.codec_graphs import GraphedCodec
from ttm.engine.qwen3.frame_graphs import GraphedGeneration, Graphs
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.prompt import Request, embed_frames
from ttm.engine.qwen3.sampling import Sampling

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
]

COSINE = 0.998
"""Of bfloat16 logits with the CPU's float32 ones."""
WAVE_BOUND = 1e-4
"""Of full scale, float32 on both."""
MORNING = Request("Good morning.", speaker="ryan")


@pytest.fixture(scope="module")
def folder(made):
    return made("tiny", "custom_voice", 5)


@pytest.fixture(scope="module")
def exact(folder, models) -> Model:
    return models(folder)


@pytest.fixture(scope="module")
def model(folder) -> Model:
    """As the engine loads it: everything captured."""
    return Model(Checkpoint(folder), torch.device("cuda"), torch.bfloat16, graphs=True)


def spoken(model: Model, frames: int, seed: int) -> list[torch.Tensor]:
    generator = torch.Generator(model.device).manual_seed(seed)
    prompt = model.writer.write(MORNING)
    return list(model.generate([prompt], Sampling(), generator, frames))


def test_greedy_float32_frames_are_those_of_the_cpu(folder, exact, models):
    there = models(folder, device="cuda")
    graphs = Graphs(there.talker, there.predictor)
    greedy = Sampling().greedy
    ours = GraphedGeneration(
        graphs, there.writer.write(MORNING), greedy, torch.Generator("cuda"), 30
    )
    theirs = exact.generate([exact.writer.write(MORNING)], greedy, torch.Generator(), 30)
    assert torch.equal(torch.cat(list(ours)), torch.cat(list(theirs)))


def test_bfloat16_logits_point_where_the_float32_ones_of_the_cpu_do(model, exact):
    said = torch.cat(spoken(model, 12, 1))
    states = model._graphs.states
    prompt = model.writer.write(MORNING)
    with torch.inference_mode():
        states.read(prompt.embeddings, len(prompt.embeddings) + len(said))
        logits = [states.logits.clone()]
        for frame, codes in enumerate(said.cuda()):
            states.heard.copy_(embed_frames(model.talker, model.predictor, codes[None]))
            states.beside.copy_(prompt.beside(frame)[None])
            states.step()
            logits.append(states.logits.clone())
        theirs = exact.writer.write(MORNING)
        frames = embed_frames(exact.talker, exact.predictor, said)
        beside = torch.stack([theirs.beside(frame) for frame in range(len(said))])
        cache = exact.talker.cache(1, len(theirs.embeddings) + len(said))
        expected = [exact.talker(theirs.embeddings[None], cache)[1]]
        expected += [exact.talker(x[None, None], cache)[1] for x in frames + beside]
    for ours, exactly in zip(logits, expected, strict=True):
        assert torch.cosine_similarity(ours[0].cpu(), exactly[0], 0) >= COSINE


def test_the_same_seed_gives_the_same_frames_and_another_one_does_not(model):
    first, again, other = (torch.cat(spoken(model, 30, seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_samples_are_those_of_the_cpu(model, exact):
    assert isinstance(model.codec, GraphedCodec)
    codes = torch.randint(0, 256, (1, 16, 90), generator=torch.Generator().manual_seed(1))
    state = CodecState()
    ours = torch.cat([model.codec.decode(part, state) for part in codes.split(7, 2)], 1)
    assert (ours - exact.codec.decode(codes)).abs().max() <= WAVE_BOUND


def test_nothing_waits_for_the_device_between_two_frames(model):
    generator = torch.Generator(model.device).manual_seed(1)
    frames = iter(model.generate([model.writer.write(MORNING)], Sampling(), generator, 40))
    next(frames)
    torch.cuda.set_sync_debug_mode("error")
    try:
        assert len(list(frames)) == 39
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_memory_does_not_grow_with_the_speeches(model):
    def held() -> int:
        torch.cuda.synchronize()
        return torch.cuda.memory_allocated()

    def speak() -> None:
        codes = torch.cat(spoken(model, 40, 1)).T[None]
        model.codec.decode(codes)

    speak()
    before = held()
    for _ in range(5):
        speak()
    assert held() == before


@pytest.mark.parametrize("graphs", ["true", "false"])
def test_say_speaks_on_the_gpu(ttm, folder, tmp_path, graphs):
    settings = ("max_seconds=1.2", "device=cuda", f"graphs={graphs}")
    how = [word for setting in settings for word in ("--set", f"engine.qwen3.{setting}")]
    for name in ("a.wav", "b.wav"):
        done = ttm("say", "Hello.", "-m", folder, "-o", name, "--seed", "1", "--json", *how)
        assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["seconds"] == 1.2
    assert (told["effective"]["device"], told["effective"]["dtype"]) == ("cuda", "bfloat16")
    assert (tmp_path / "a.wav").stat().st_size == (tmp_path / "b.wav").stat().st_size
