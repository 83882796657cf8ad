"""int8 weights: the compiled kernels against torch on the same weights, and how far they stray."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from ttm.engine.qwen3 import Qwen3Engine
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.cores import Cores
from ttm.engine.qwen3.generate import Generation
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.products import STEPS
from ttm.engine.qwen3.prompt import Request
from ttm.engine.qwen3.quantized import Quantization, QuantizedMatrix, QuantizedStack, quantize
from ttm.engine.qwen3.stack import Stack
from ttm.errors import EngineUnavailable
from ttm.speech import Speech

CPU = torch.device("cpu")
COSINE = 0.995
"""Of int8 logits and float32 ones, at random weights."""


TWO = Quantization(Cores(2))


def dequantized(weight: torch.Tensor) -> torch.Tensor:
    matrix = QuantizedMatrix(weight, TWO)
    rows = torch.from_numpy(matrix.weight)[:, : weight.shape[1]]
    return rows.float() * torch.from_numpy(matrix.scale)[:, None]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_a_row_is_its_largest_weight_in_127_steps():
    weight = random(6, 50) * torch.tensor([[1e-3], [1.0], [40.0], [1.0], [1.0], [0.0]])
    matrix = QuantizedMatrix(weight, TWO)
    assert abs(matrix.weight).max(1).tolist() == [127] * 5 + [0]
    stored = weight.to(torch.bfloat16).float()
    error = (dequantized(weight) - stored).abs().amax(1)
    assert (error <= torch.from_numpy(matrix.scale) / 2 * 1.001).all()


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_a_quantized_matrix_multiplies_as_its_own_weights_do(rows):
    weight, x = random(70, 96), random(1, rows, 96, seed=1)
    product = QuantizedMatrix(weight, TWO)(x)
    plain = F.linear(x, dequantized(weight))
    assert product.shape == plain.shape
    # Every activation is half a step off at most.
    step = x.abs().amax(-1, keepdim=True) / STEPS
    bound = step / 2 * dequantized(weight).abs().sum(1)
    assert ((product - plain).abs() <= bound * 1.001 + 1e-5).all()


def test_a_position_s_product_is_the_same_to_the_bit_whatever_comes_with_it():
    weight, x = random(70, 200), random(1, 9, 200, seed=1)
    matrix = QuantizedMatrix(weight, TWO)
    together = matrix(x)
    for cores in (Cores(1), Cores(2)):
        alone = QuantizedMatrix(weight, Quantization(cores))
        assert all(torch.equal(alone(x[:, s : s + 1])[:, 0], together[:, s]) for s in range(9))


@pytest.mark.parametrize("size", ["tiny", "tiny-1b7"])
@pytest.mark.parametrize("at", ["talker.model.", "talker.code_predictor.model."])
def test_a_quantized_stack_gives_what_torch_gives_with_its_weights(made, size, at):
    checkpoint = Checkpoint(made(size, "custom_voice", 5))
    talker = checkpoint.dimensions.talker_config
    dimensions = talker if at == "talker.model." else talker.code_predictor_config
    plain = {
        name: dequantized(weight) if "_proj" in name else weight.float()
        for name, weight in checkpoint.weights.items()
        if name.startswith(f"{at}layers") or name == f"{at}norm.weight"
    }
    ours = QuantizedStack(dimensions, checkpoint.weights, at, TWO)
    theirs = Stack(dimensions, plain, at, CPU, torch.float32)
    caches = ours.cache(1, 300), theirs.cache(1, 300)
    # The later positions lie behind the first 256, for which the turns are made ahead.
    for steps in (1, 7, 1, 2, 1, 260, 1):
        x = random(1, steps, dimensions.hidden_size, seed=steps)
        hidden = [stack(x, cache) for stack, cache in zip((ours, theirs), caches, strict=True)]
        assert (hidden[0] - hidden[1]).abs().max() <= 1e-3


@pytest.mark.parametrize("size", ["tiny", "tiny-1b7"])
def test_quantized_logits_point_where_the_exact_ones_do(made, models, size):
    folder = made(size, "custom_voice", 5)
    exact: Model = models(folder)
    small = Model(Checkpoint(folder), CPU, torch.float32, quantization=TWO)
    prompt = exact.writer.write(Request("The first boat came in at dawn.", "english", "ryan"))
    frames = torch.cat(list(exact.generate([prompt], exact.sampling.greedy, torch.Generator(), 12)))
    for frame in (0, 5, 11):
        logits = []
        for model in (exact, small):
            heard: list[torch.Tensor] = []
            talker = model.talker

            class Heard:
                def __init__(self, part, heard):
                    self._part, self._heard = part, heard

                def __getattr__(self, name):
                    return getattr(self._part, name)

                def __call__(self, *inputs):
                    return self._noted(self._part(*inputs))

                def read(self, *inputs):
                    return self._noted(self._part.read(*inputs))

                def _noted(self, found):
                    self._heard.append(found[1][0])
                    return found

            own = model.writer.write(Request("The first boat came in at dawn.", "english", "ryan"))
            run = (model.predictor, [own], model.sampling.greedy, torch.Generator(), frame + 1)
            list(Generation(Heard(talker, heard), *run, frames[:frame]))
            logits.append(heard[0])
        assert torch.cosine_similarity(*logits, 0) >= COSINE


def spoken(folder: Path, **options: object) -> tuple[bytes, dict]:
    engine = Qwen3Engine(str(folder), max_seconds=0.8, **options)  # type: ignore[arg-type]
    speech = Speech("Good morning.", voice="ryan", seed=1)
    sound = b"".join(i.pcm for i in engine.speak(speech) if not isinstance(i, str))
    return sound, engine.effective()


def test_it_speaks_with_int8_weights_when_it_is_asked_to(made):
    folder = made("tiny", "custom_voice", 5)
    first, effective = spoken(folder, quantize="int8")
    assert (effective["quantize"], effective["dtype"]) == ("int8", "float32")
    assert len(first) == 10 * 1920 * 4
    assert spoken(folder, quantize="int8")[0] == first


@pytest.mark.parametrize("options", [{"quantize": "none"}, {"dtype": "float32"}, {}])
def test_a_small_model_and_one_of_a_named_type_keep_their_weights(made, options):
    assert spoken(made("tiny", "custom_voice", 5), **options)[1]["quantize"] == "none"


def test_int8_with_another_type_is_refused(made):
    with pytest.raises(EngineUnavailable, match="quantized weights are for the CPU"):
        Qwen3Engine(str(made("tiny", "custom_voice", 5)), quantize="int8", dtype="bfloat16")


def four_bits(weight: torch.Tensor) -> torch.Tensor:
    """`weight` as four bits have it."""
    halves, scales = (torch.from_numpy(part) for part in quantize(weight, four_bits=True))
    blocks = halves.view(len(weight), -1, 32)
    values = torch.cat((blocks & 15, blocks >> 4), 2).float() - 8
    return (values * scales[:, :, None]).flatten(1)[:, : weight.shape[1]]


def test_four_bits_have_the_scale_of_the_least_squares():
    weight = random(8, 200)
    error = (four_bits(weight) - weight.bfloat16().float()).pow(2).mean()
    groups = F.pad(weight, (0, 56)).view(8, 4, 64)
    widest = groups.abs().amax(2, keepdim=True) / 7
    plain = ((groups / widest).round().clamp(-8, 7) * widest - groups).pow(2)
    assert error < plain.flatten(1)[:, :200].mean()


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_stack_of_four_bits_gives_what_torch_gives_with_its_weights(made, rows):
    checkpoint = Checkpoint(made("tiny", "custom_voice", 5))
    dimensions = checkpoint.dimensions.talker_config.code_predictor_config
    at = "talker.code_predictor.model."
    plain = {
        name: four_bits(weight) if "_proj" in name else weight.float()
        for name, weight in checkpoint.weights.items()
        if name.startswith(f"{at}layers") or name == f"{at}norm.weight"
    }
    ours = QuantizedStack(dimensions, checkpoint.weights, at, TWO, four_bits=True)
    theirs = Stack(dimensions, plain, at, CPU, torch.float32)
    caches = ours.cache(rows, 9), theirs.cache(rows, 9)
    for steps in (2, 1, 1, 5):
        x = random(rows, steps, dimensions.hidden_size, seed=steps)
        hidden = [stack(x, cache) for stack, cache in zip((ours, theirs), caches, strict=True)]
        assert (hidden[0] - hidden[1]).abs().max() <= 1e-3


def test_it_speaks_with_a_predictor_of_four_bits_when_it_is_asked_to(made):
    folder = made("tiny", "custom_voice", 5)
    first, effective = spoken(folder, quantize="int4-predictor")
    assert effective["quantize"] == "int4-predictor"
    assert effective["bytes_a_second"] < spoken(folder, quantize="int8")[1]["bytes_a_second"]
    assert spoken(folder, quantize="int4-predictor")[0] == first


def test_what_is_known_of_a_voice_spares_its_positions_and_changes_nothing(made):
    folder = made("tiny-1b7", "custom_voice", 5)
    model = Model(Checkpoint(folder), CPU, torch.float32, quantization=TWO)
    read: list[int] = []
    extend = model.talker.extend

    def counted(x, cache, counts):
        read.append(len(x))
        return extend(x, cache, counts)

    model.talker.extend = counted  # type: ignore[method-assign]

    def frames(text: str, speaker: str, instruction: str = "") -> list[list[int]]:
        prompt = model.writer.write(Request(text, "english", speaker, instruction))
        generator = torch.Generator().manual_seed(1)
        said = model.generate([prompt], model.sampling, generator, 4)
        return torch.cat(list(said)).tolist()

    fresh = frames("One more.", "ryan"), frames("One more.", "ryan", "Softly.")
    whole = read.copy()
    frames("Another text.", "vivian")
    read.clear()
    assert (frames("One more.", "ryan"), frames("One more.", "ryan", "Softly.")) == fresh
    assert all(again < first for again, first in zip(read, whole, strict=True))
