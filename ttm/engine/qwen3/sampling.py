"""How the next code is chosen from its logits. Source: transformers' logits processors, in the
order in which `generate` applies them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

SPECIALS = 1024
"""Ids at the end of the talker's vocabulary that are no codes; all but the end are never chosen."""
SHORTEST = 2
"""Frames before which a speech may not end."""

Choose = Callable[[Tensor], Tensor]
"""Logits `[B, V]`, float32, to ids `[B]`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The parameters of one choice."""

    temperature: float = 0.9
    """0 takes the likeliest."""
    top_k: int = 50
    """The likeliest so many stay; 0 keeps all."""
    top_p: float = 1.0
    """The likeliest that together reach this stay; 1 keeps all."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """The parameters of a speech."""

    talker: Choice = Choice()
    predictor: Choice = Choice()
    repetition_penalty: float = 1.05
    """Divides what speaks for a first code that this speech has had."""

    @property
    def greedy(self) -> Sampling:
        return replace(
            self,
            talker=replace(self.talker, temperature=0.0),
            predictor=replace(self.predictor, temperature=0.0),
        )

    @classmethod
    def of_checkpoint(cls, table: dict[str, Any]) -> Sampling:
        """From a checkpoint's `generation_config.json`."""

        def choice(prefix: str, samples: str) -> Choice:
            ours = Choice()
            temperature = float(table.get(f"{prefix}temperature", ours.temperature))
            return Choice(
                temperature if table.get(samples, True) else 0.0,
                int(table.get(f"{prefix}top_k", ours.top_k)),
                float(table.get(f"{prefix}top_p", ours.top_p)),
            )

        return cls(
            choice("", "do_sample"),
            choice("subtalker_", "subtalker_dosample"),
            float(table.get("repetition_penalty", 1.05)),
        )


def chooser(choice: Choice, generator: torch.Generator) -> Choose:
    """The function that chooses so; which one is settled here, not at every code."""
    if choice.temperature == 0:
        return lambda logits: logits.argmax(-1)

    def sample(logits: Tensor) -> Tensor:
        logits = logits / choice.temperature
        if 0 < choice.top_k < logits.shape[-1]:
            # Ties with the last of them stay, as in transformers.
            least = logits.topk(choice.top_k).values[..., -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        if choice.top_p < 1:
            logits = _nucleus(logits, choice.top_p)
        chances = logits.softmax(-1)
        # What torch.multinomial does for one draw, number for number, without its check of the
        # chances, which raises for NaN and would wait for a GPU.
        return (chances / torch.empty_like(chances).exponential_(1, generator=generator)).argmax(-1)

    return sample


def _nucleus(logits: Tensor, top_p: float) -> Tensor:
    rising, order = logits.sort(descending=False)
    beyond = rising.softmax(-1).cumsum(-1) <= 1 - top_p
    beyond[..., -1:] = False  # the likeliest always stays
    return logits.masked_fill(beyond.scatter(-1, order, beyond), -torch.inf)


class Rules:
    """What a talker may choose next, given what this speech has had."""

    def __init__(
        self, rows: int, vocabulary: int, end: int, penalty: float, device: torch.device
    ) -> None:
        self._penalty = penalty
        self._never = torch.zeros(vocabulary, device=device)
        self._never[vocabulary - SPECIALS :] = -torch.inf
        self._early = self._never.clone()
        self._early[end] = -torch.inf
        self._never[end] = 0
        self._had = torch.zeros(rows, vocabulary, dtype=torch.bool, device=device)
        self._frames = torch.zeros((), dtype=torch.long, device=device)
        """Counted where the logits are: a step can be captured, and none waits for a GPU."""

    def resume(self, ids: Tensor) -> None:
        """A single row has had these ids `[F]`, and no others."""
        self._had.zero_()
        self._had[0, ids] = True
        self._frames.fill_(len(ids))

    def __call__(self, logits: Tensor) -> Tensor:
        """Logits `[B, V]` with the rules applied."""
        if self._penalty != 1:
            less = torch.where(logits > 0, logits / self._penalty, logits * self._penalty)
            logits = torch.where(self._had, less, logits)
        return logits + torch.where(self._frames < SHORTEST, self._early, self._never)

    def had(self, ids: Tensor) -> None:
        """These ids `[B]` were chosen."""
        self._had.scatter_(1, ids.unsqueeze(1), True)
        self._frames += 1
