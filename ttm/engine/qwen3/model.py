"""A loaded checkpoint: its parts on one device, each loaded when a mode first needs it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ttm.engine import Tell
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.codec import Codec
from ttm.engine.qwen3.codec_graphs import GraphedCodec
from ttm.engine.qwen3.encoder import CodecEncoder
from ttm.engine.qwen3.frame_graphs import GraphedGeneration, Graphs
from ttm.engine.qwen3.generate import Generation
from ttm.engine.qwen3.layout import model_layout
from ttm.engine.qwen3.predictor import CodePredictor
from ttm.engine.qwen3.prompt import Prompt, PromptWriter, Reference
from ttm.engine.qwen3.sampling import Sampling
from ttm.engine.qwen3.speaker import SpeakerEncoder
from ttm.engine.qwen3.talker import Talker
from ttm.engine.qwen3.tokens import TextTokens
from ttm.errors import EngineUnavailable

if TYPE_CHECKING:
    from ttm.engine.qwen3.quantized import Quantization

FRAME_WEIGHTS = ("talker.model.layers.", "talker.codec_head.", "talker.code_predictor.lm_head.")
"""What a frame reads once, by the beginnings of names."""
FOUR_BITS_WIDTH = 1 / 2 + 4 / 64
"""Bytes of a weight of four bits with its part of a scale."""
TOLD_EVERY = 2.0
"""Seconds; a parent that hears nothing for long takes its worker for hung."""


@contextmanager
def telling(tell: Tell, what: str, part: float) -> Iterator[None]:
    """Say again and again what is being done, for as long as it takes."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(TOLD_EVERY):
            tell(what, part)

    tell(what, part)
    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def _capturing() -> Iterator[None]:
    """Drivers, and the libraries between, have reasons of their own to refuse a capture."""
    try:
        yield
    except RuntimeError as failure:
        reason = str(failure).partition("\n")[0]
        raise EngineUnavailable(
            f"what the device does for a frame could not be captured ({reason})",
            "Set engine.qwen3.graphs to false",
        ) from failure


class Model:
    """Talker, code predictor and codec; for a `base` checkpoint also what cloning needs.

    The codec computes in float32 whatever `dtype` says: in half precision its activations
    overflow (vllm-omni #1663), and its published weights are float32.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        dtype: torch.dtype,
        loading: Tell | None = None,
        quantization: Quantization | None = None,
        graphs: bool = False,
    ) -> None:
        """With `quantization`, weights are integers and the codec takes its shortcuts, on the CPU
        with `dtype` float32. `graphs`: capture the steps on a CUDA device; elsewhere the same work
        is called."""
        tell = loading or (lambda what, part: None)
        self.checkpoint, self.device, self.dtype = checkpoint, device, dtype
        self.quantization = quantization
        self.cores = cores = quantization.cores if quantization else None
        self.exact = device.type == "cpu" and dtype == torch.float32 and not cores
        dimensions, weights = checkpoint.dimensions, checkpoint.weights
        codec = checkpoint.speech_tokenizer.decoder_config
        if device.type == "cuda":
            # Else it convolves in TF32, of 10 bits, whose error can be heard.
            torch.backends.cudnn.allow_tf32 = False
        load_codec = partial(Codec, codec, checkpoint.speech_weights, device, quick=bool(cores))
        # The codec takes a second, and so does the rest where its weights are packed.
        beside = ThreadPoolExecutor(1) if cores else None
        codec_soon = beside.submit(load_codec) if beside else None
        self.tokens = TextTokens(checkpoint.folder, dimensions)
        tell("talker", 0.05)
        self.talker = Talker(dimensions.talker_config, weights, device, dtype, quantization)
        tell("code predictor", 0.6)
        predictor = dimensions.talker_config.code_predictor_config
        self.predictor = CodePredictor(predictor, weights, device, dtype, quantization)
        tell("codec", 0.8)
        plain = codec_soon.result() if codec_soon else load_codec()
        if beside:
            beside.shutdown()
        self.codec: Codec | GraphedCodec = plain
        self.writer = PromptWriter(dimensions, self.tokens, self.talker, self.predictor)
        self.sampling = Sampling.of_checkpoint(checkpoint.generation)
        self.samples_per_frame = codec.samples_per_frame
        self.rate: int = checkpoint.speech_tokenizer.output_sample_rate
        """Hertz."""
        checkpoint.forget()
        self._graphs: Graphs | None = None
        if graphs:
            with telling(tell, "CUDA graphs", 0.9):
                self._capture(plain)
        if cores:
            with telling(tell, "kernels, which are compiled once", 0.95):
                self._warm_up()
        if quantization:
            quantization.packs.keep()
        tell("ready", 1.0)

    def bytes_a_second(self) -> int:
        """Bytes of weights that talker and code predictor read for a second of sound."""
        passes = self.predictor.dimensions.num_code_groups - 1
        values = 0.0
        how = self.quantization
        width = layer_width = 1.0 if how else self.dtype.itemsize
        if how and how.four_bit_predictor:
            layer_width = FOUR_BITS_WIDTH
        for name, shape in model_layout(self.checkpoint.dimensions).items():
            if name.startswith("talker.code_predictor.model.layers."):
                values += passes * math.prod(shape) * layer_width
            elif name.startswith(FRAME_WEIGHTS):
                values += math.prod(shape) * width
        return round(values * self.rate / self.samples_per_frame)

    def _warm_up(self) -> None:
        """Run every kernel once, so that no speech waits for its compilation."""
        position = torch.zeros(1, 1, self.talker.dimensions.hidden_size)
        self.talker(position, self.talker.cache(1, 1))
        groups = self.checkpoint.speech_tokenizer.decoder_config.num_quantizers
        self.codec.decode(torch.zeros(1, groups, 1, dtype=torch.long))

    def prepare(self, sampling: Sampling) -> None:
        """Capture what depends on the sampling, so that no speech waits for it."""
        if self._graphs is not None:
            with _capturing():
                self._graphs.frame(sampling)

    def _capture(self, codec: Codec) -> None:
        with _capturing():
            self.codec = GraphedCodec(codec)
            self._graphs = Graphs(self.talker, self.predictor)

    def generate(
        self,
        prompts: list[Prompt],
        sampling: Sampling,
        generator: torch.Generator,
        frames: int,
        spoken: Tensor | None = None,
    ) -> Generation | GraphedGeneration:
        """See `Generation`."""
        if self._graphs is not None and len(prompts) == 1:
            return GraphedGeneration(self._graphs, prompts[0], sampling, generator, frames, spoken)
        return Generation(self.talker, self.predictor, prompts, sampling, generator, frames, spoken)

    def reference(self, samples: Tensor, transcript: str = "") -> Reference:
        """The voice of a recording, `[S]` mono at `input_sample_rate`, of a `base` checkpoint.

        With the transcript, the recording itself goes before what is said (in-context cloning);
        without, its x-vector alone.
        """
        embedding = self._speaker_encoder.embed(samples)
        codes = self._encoder.encode(samples) if transcript else None
        self.checkpoint.forget()
        return Reference(embedding, codes, transcript)

    @cached_property
    def _speaker_encoder(self) -> SpeakerEncoder:
        dimensions = self.checkpoint.dimensions.speaker_encoder_config
        assert dimensions is not None, "only a base checkpoint clones"
        weights = self.checkpoint.weights
        # In float32 on the CPU: it runs once a voice.
        ours = {name: weights[name].float() for name in weights if name.startswith("speaker_")}
        return SpeakerEncoder(dimensions, ours)

    @cached_property
    def _encoder(self) -> CodecEncoder:
        return CodecEncoder(self.checkpoint.speech_tokenizer, self.checkpoint.speech_weights)
