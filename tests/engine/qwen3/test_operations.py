"""How many operators and compiled kernels a frame takes: what a frame costs beside its weights.

Each operator costs microseconds of dispatch, whatever it computes, and a frame has 80 ms. These are
counts, not times, so they say the same on every machine; tiny models have fewer layers than true
ones and the same steps around them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from numba.core.dispatcher import Dispatcher
from torch.utils._python_dispatch import TorchDispatchMode

from ttm.engine.qwen3 import kernels, shortcut
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.codec import CodecState
from ttm.engine.qwen3.cores import Cores
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.prompt import Request
from ttm.engine.qwen3.quantized import Quantization

CPU = torch.device("cpu")
STRETCH = 4
"""Frames that the codec is given at a time once an utterance runs."""
FILLED = 3
"""Stretches after which the codec's window of attention is full."""

Kernels = Counter[str]


class Operators(TorchDispatchMode):
    """Counts the operators of torch that are dispatched, views included."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Kernels:
    """How often each compiled kernel was called."""
    calls: Kernels = Counter()

    def counted(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(*inputs: Any) -> Any:
            calls[name] += 1
            return kernel(*inputs)

        return call

    for name, module, kernel in compiled(kernels, shortcut):
        monkeypatch.setattr(module, name, counted(name, kernel))
    return calls


def compiled(*modules: ModuleType) -> list[tuple[str, ModuleType, Dispatcher]]:
    """What Python calls; kernels that begin with an underscore are for others alone."""
    return [
        (name, module, thing)
        for module in modules
        for name, thing in list(vars(module).items())
        if isinstance(thing, Dispatcher) and not name.startswith("_")
    ]


@pytest.fixture(scope="module", params=["float32", "int8"])
def model(made, request: pytest.FixtureRequest) -> Model:
    quantization = Quantization(Cores(1)) if request.param == "int8" else None
    checkpoint = Checkpoint(made("tiny", "custom_voice", 5))
    return Model(checkpoint, CPU, torch.float32, quantization=quantization)


def test_a_frame_takes_no_more_operators_and_kernels_than_its_layers_and_codes_need(
    model: Model, called: Kernels
) -> None:
    with torch.inference_mode():
        prompt = model.writer.write(Request("Hello there.", "english", "ryan"))
    generator = torch.Generator().manual_seed(0)
    frames = iter(model.generate([prompt], model.sampling, generator, 8))
    for _ in range(3):
        next(frames)  # past the prompt, and where the speech may end
    called.clear()
    with Operators() as operators:
        next(frames)
    passes = model.predictor.dimensions.num_code_groups
    layers = model.talker.dimensions.num_hidden_layers
    layers += (passes - 1) * model.predictor.dimensions.num_hidden_layers
    assert (passes, layers) == (16, 33), "the bounds below are for a tiny model"
    if model.cores:
        # However many layers a stack has, it is one call, and its head is another. Of the 32
        # operators to a code, 10 draw it and 12 let the two kernels see torch's memory.
        assert called == {"run_stack": passes, "multiply": passes}
        assert operators.count <= 518
    else:
        # 45 for each of 33 layers, 23 of which only look at what is there in another way; 10 to
        # draw each of 16 codes; 15 around each of 16 passes.
        assert not called
        assert operators.count <= 1898


def test_a_stretch_of_the_codec_takes_no_more_operators_and_kernels_than_its_stages_need(
    model: Model, called: Kernels
) -> None:
    state = CodecState()
    codes = torch.zeros(1, model.codec.dimensions.num_quantizers, STRETCH, dtype=torch.long)
    for _ in range(FILLED):
        model.codec.decode(codes, state)
    called.clear()
    with Operators() as operators:
        model.codec.decode(codes, state)
    if model.cores:
        # 12 residual units, 3 of which are long enough for two turns of tiles: a snake for each
        # unit's tail, each of 4 blocks and the end. A turn has ten products, and looks at torch's
        # memory for each of them: 57 operators.
        assert called == {"snake": 17, "to_values": 15, "from_products": 15}
        assert operators.count <= 1426
    else:
        # 14 for each of 12 residual units, 41 for each of 2 layers, 32 looks into 16 codebooks.
        assert not called
        assert operators.count <= 440
