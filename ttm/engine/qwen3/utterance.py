"""One text spoken: frames from the talker, samples from the codec, as soon as there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch

from ttm.audio import Audio
from ttm.engine.qwen3.codec import CodecState
from ttm.engine.qwen3.generate import NotFinite
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.placement import type_name
from ttm.engine.qwen3.prompt import Prompt, Reference, Request
from ttm.engine.qwen3.sampling import Sampling
from ttm.engine.qwen3.sounding import Sounding
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


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text on its way to sound."""

    request: Request
    prompt: Prompt
    frames: int
    """At most."""
    seed: int
    sounding: Sounding
    wished: bool
    """Whether the user's own limit is what bounds the frames, rather than the text's length."""

    def ending(self, model: Model, ended: bool) -> Iterator[Audio | str]:
        """The last audio, cut where the text's budget was its end; a note where the user's was."""
        yield replace(self.sounding.rest(), cut=not (ended or self.wished))
        if self.wished and not ended:
            seconds = self.sounding.frames * model.samples_per_frame / model.rate
            yield f"the speech did not end by itself and was stopped after {seconds:.1f} s"


def begin(
    model: Model, request: Request, delivery: Delivery, seed: int, state: CodecState | None = None
) -> Utterance:
    """The utterance before its first frame. `state`: the codec's, behind the reference.

    Raises TextError.
    """
    prompt = model.writer.write(request)
    if not prompt.text_tokens:
        raise TextError("there is nothing to speak in this text")
    room = model.talker.dimensions.max_position_embeddings - len(prompt.embeddings)
    frames = min(room, _frames(model, SECONDS_BESIDE + SECONDS_A_TOKEN * prompt.text_tokens))
    wished = _frames(model, delivery.max_seconds) if delivery.max_seconds else frames + 1
    return Utterance(
        request,
        prompt,
        min(wished, frames),
        seed,
        Sounding(model, delivery.ramp, state),
        wished <= frames,
    )


def utter(
    model: Model,
    plain: Callable[[], Model],
    request: Request,
    delivery: Delivery,
    seed: int,
    state: CodecState | None = None,
) -> Iterator[Audio | str]:
    """Audio as it comes; between two stretches, an empty one for every frame.

    `plain` gives the model for a `rescue`. Raises TextError and BadAudio.
    """
    utterance = begin(model, request, delivery, seed, state)
    generator = torch.Generator(model.device).manual_seed(seed)
    generation = model.generate([utterance.prompt], delivery.sampling, generator, utterance.frames)
    try:
        for codes in generation:
            yield utterance.sounding.hear(codes)
    except NotFinite:
        yield from rescue(model, plain, utterance, delivery.sampling)
        return
    yield from utterance.ending(model, None not in generation.lengths)


def rescue(
    model: Model, plain: Callable[[], Model], utterance: Utterance, sampling: Sampling
) -> Iterator[Audio | str]:
    """What is left of an utterance whose logits are no numbers on `model`: `plain` gives one that
    computes in float32 on the CPU, and it goes on from the frame that failed. Raises BadAudio.
    """
    broken = BadAudio("the model's numbers are not finite", "Fetch the checkpoint again")
    if model.exact:
        raise broken
    yield (
        f"the model's numbers overflowed on {model.device.type} in "
        f"{type_name(model.dtype)}; this part was spoken on the CPU in float32"
    )
    exact, sounding = plain(), utterance.sounding
    prompt = exact.writer.write(_moved(utterance.request, exact.device))
    generator = torch.Generator(exact.device).manual_seed(utterance.seed + sounding.frames)
    sounding.move(exact)
    generation = exact.generate([prompt], sampling, generator, utterance.frames, sounding.codes())
    try:
        for codes in generation:
            yield sounding.hear(codes)
    except NotFinite:
        raise broken from None
    yield from utterance.ending(exact, None not in generation.lengths)


def prime(model: Model, reference: Reference, state: CodecState) -> Iterator[None]:
    """Bring the codec's state behind a reference, step by step."""
    assert reference.codes is not None
    for part in reference.codes.split(PRIMING):
        model.codec.decode(part.T[None], state)
        yield


def _frames(model: Model, seconds: float) -> int:
    return max(1, round(seconds * model.rate / model.samples_per_frame))


def _moved(request: Request, device: torch.device) -> Request:
    reference = request.reference
    if reference is None:
        return request
    codes = None if reference.codes is None else reference.codes.to(device)
    return replace(
        request, reference=replace(reference, embedding=reference.embedding.to(device), codes=codes)
    )
