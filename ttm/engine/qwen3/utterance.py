"""One text spoken: frames from the talker, samples from the codec, as soon as there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ttm.audio import Audio
from ttm.engine.qwen3.codec import CodecState
from ttm.engine.qwen3.generate import NotFinite
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.placement import type_name
from ttm.engine.qwen3.prompt import Reference, Request
from ttm.engine.qwen3.sampling import Sampling
from ttm.errors import BadAudio, TextError

# Speech runs at 3.5 text tokens a second in English (160 words a minute, 1.3 tokens a word), at
# about 3 in Chinese, and at 2.2 for digits, each of which is a token. Twice the slowest of these,
# and something for a pause at either end; 0.34 % of all speeches never end by themselves
# (sglang-omni #1179).
SECONDS_A_TOKEN = 0.9
SECONDS_BESIDE = 4.0

PRIMING = 25
"""Frames of a reference that the codec hears at a time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an engine speaks, whatever it says."""

    sampling: Sampling
    ramp: tuple[int, ...]
    """Frames decoded at a time: the first is heard soonest, later ones cost less each. The last
    number holds for ever."""
    max_seconds: float
    """0 leaves it to the text's length."""


def utter(
    model: Model,
    plain: Callable[[], Model],
    request: Request,
    delivery: Delivery,
    seed: int,
    state: CodecState | None = None,
) -> Iterator[Audio | str]:
    """Audio as it comes; between two stretches, an empty one for every frame.

    Where the logits are no numbers, `plain` gives a model that computes in float32 on the CPU,
    and the utterance goes on with it from the frame that failed; only this utterance.
    `state`: the codec's, behind the reference. Raises TextError and BadAudio.
    """
    prompt = model.writer.write(request)
    if not prompt.text_tokens:
        raise TextError("there is nothing to speak in this text")
    frames = _budget(model, prompt.text_tokens, delivery.max_seconds)
    frames = min(frames, model.talker.dimensions.max_position_embeddings - len(prompt.embeddings))
    generator = torch.Generator(model.device).manual_seed(seed)
    speaker = _Speaker(model, delivery.ramp, state)
    while True:
        generation = model.generate([prompt], delivery.sampling, generator, frames, speaker.codes())
        try:
            for codes in generation:
                yield speaker.hear(codes)
            break
        except NotFinite:
            if model.exact:
                raise BadAudio(
                    "the model's numbers are not finite", "Fetch the checkpoint again"
                ) from None
            yield (
                f"the model's numbers overflowed on {model.device.type} in "
                f"{type_name(model.dtype)}; this part was spoken on the CPU in float32"
            )
            model = plain()
            prompt = model.writer.write(_moved(request, model.device))
            generator = torch.Generator(model.device).manual_seed(seed + speaker.frames)
            speaker.move(model)
    yield speaker.rest()
    if None in generation.lengths:
        seconds = speaker.frames * model.samples_per_frame / model.rate
        yield f"the speech did not end by itself and was stopped after {seconds:.1f} s"


def prime(model: Model, reference: Reference, state: CodecState) -> Iterator[None]:
    """Bring the codec's state behind a reference, step by step."""
    assert reference.codes is not None
    for part in reference.codes.split(PRIMING):
        model.codec.decode(part.T[None], state)
        yield


class _Speaker:
    """Turns frames into audio, a few at a time, and remembers what was said."""

    def __init__(self, model: Model, ramp: Sequence[int], state: CodecState | None) -> None:
        self._model, self._ramp = model, list(ramp)
        self._state = state.copy() if state else CodecState()
        self._said: list[Tensor] = []
        self._waiting: list[Tensor] = []

    @property
    def frames(self) -> int:
        return len(self._said)

    def codes(self) -> Tensor | None:
        """Everything said so far, `[F, G]`."""
        return torch.cat(self._said).to(self._model.device) if self._said else None

    def hear(self, codes: Tensor) -> Audio:
        """Take a frame `[1, G]`; audio when enough of them wait, else an empty stretch."""
        self._said.append(codes)
        self._waiting.append(codes)
        if len(self._waiting) < self._ramp[0]:
            return Audio(b"", self._model.rate, "f32")
        if len(self._ramp) > 1:
            self._ramp.pop(0)
        return self.rest()

    def rest(self) -> Audio:
        """The audio of every frame that waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return Audio(b"", self._model.rate, "f32")
        samples = self._model.codec.decode(torch.cat(waiting).T[None], self._state)[0]
        return Audio(samples.cpu().numpy().astype("<f4").tobytes(), self._model.rate, "f32")

    def move(self, model: Model) -> None:
        """Go on with another model, on its device."""
        self._model = model
        self._state = self._state.copy(model.codec.device)


def _budget(model: Model, tokens: int, max_seconds: float) -> int:
    seconds = SECONDS_BESIDE + SECONDS_A_TOKEN * tokens
    seconds = min(seconds, max_seconds) if max_seconds else seconds
    return max(1, round(seconds * model.rate / model.samples_per_frame))


def _moved(request: Request, device: torch.device) -> Request:
    reference = request.reference
    if reference is None:
        return request
    codes = None if reference.codes is None else reference.codes.to(device)
    return replace(
        request, reference=replace(reference, embedding=reference.embedding.to(device), codes=codes)
    )
