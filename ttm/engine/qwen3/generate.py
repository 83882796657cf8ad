"""The loop: prompts in, frames of codes out, one after the other.

Lean on purpose: how codes are chosen is settled before the loop, and a step allocates little but
its own activations. Shapes: B rows, L prompt positions, G code groups, D width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.predictor import CodePredictor
from ttm.engine.qwen3.prompt import Prompt, embed_frames
from ttm.engine.qwen3.sampling import Rules, Sampling, chooser
from ttm.engine.qwen3.talker import Talker

if TYPE_CHECKING:
    from ttm.engine.qwen3.quantized import QuantizedCache


class NotFinite(ArithmeticError):
    """Logits that are no numbers: the device, or its precision, cannot carry this speech."""


class Generation:
    """One run of the talker over the prompts of B rows.

    Iterate for frames, `[B, G]` each; stop iterating to cancel. A row that ended goes on with
    frames that mean nothing: `lengths` has, for every row, the frames that count.
    Raises NotFinite.
    """

    def __init__(
        self,
        talker: Talker,
        predictor: CodePredictor,
        prompts: Sequence[Prompt],
        sampling: Sampling,
        generator: torch.Generator,
        frames: int,
        spoken: Tensor | None = None,
    ) -> None:
        """At most `frames` frames; of a single row, `spoken` `[F, G]` are said already."""
        self._talker, self._predictor = talker, predictor
        self._prompts = prompts
        self._spoken = spoken
        self._start = 0 if spoken is None else len(spoken)
        self._frames = frames
        codec = talker.dimensions
        self._end = codec.codec_eos_token_id
        self._rules = Rules(
            len(prompts), codec.vocab_size, self._end, sampling.repetition_penalty, talker.device
        )
        if spoken is not None:
            self._rules.resume(spoken[:, 0])
        self._choose = chooser(sampling.talker, generator)
        self._choose_later = chooser(sampling.predictor, generator)
        self.lengths: list[int | None] = [None] * len(prompts)
        """None while a row has not ended."""
        self._over = torch.zeros(len(prompts), dtype=torch.bool, device=talker.device)
        self._remembers = talker.quantized and len(prompts) == 1
        self._sum = torch.zeros((), device=talker.device)
        """Of a frame's logits: not finite as soon as one of them is not."""

    @torch.inference_mode()
    def __iter__(self) -> Iterator[Tensor]:
        talker, predictor = self._talker, self._predictor
        x, positions, mask = self._prefill()
        cache = talker.cache(len(x), x.shape[1] + self._frames - self._start)
        if self._remembers:
            prompt = x[0], self._prompts[0].beginning
            hidden, logits = talker.read({0: prompt}, cast("QuantizedCache", cache))
        else:
            hidden, logits = talker(x, cache, positions, mask)
        if positions is not None and mask is not None:
            positions, mask = positions[:, -1:], mask[:, :, -1:]
        for frame in range(self._start, self._frames):
            self._sum = logits.sum()
            first = self._choose(self._rules(logits))
            if mask is not None:
                first = torch.where(self._over, self._end, first)
            self._rules.had(first)
            if self._all_ended(first, frame):
                self._check()
                return
            embedded = talker.embed_codes(first)
            codes = predictor(hidden, embedded, self._pick)
            self._check()
            yield torch.cat((first.unsqueeze(1), codes), 1)
            if frame + 1 == self._frames:
                return
            x = predictor.embed(embedded, codes) + self._beside(frame)
            if positions is not None and mask is not None:
                # What is generated is open to every row.
                positions, mask = positions + 1, F.pad(mask, (0, 1))
            hidden, logits = talker(x.unsqueeze(1), cache, positions, mask)

    def _prefill(self) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Embeddings `[B, L, D]`; where rows differ in length, they are padded on the left, with
        positions `[B, L]` and a mask `[B, 1, L, L]`."""
        rows = [prompt.embeddings for prompt in self._prompts]
        if len(rows) == 1:
            return self._with_spoken(rows[0])[None], None, None
        longest = max(len(row) for row in rows)
        x = torch.stack([F.pad(row, (0, 0, longest - len(row), 0)) for row in rows])
        at = torch.arange(longest, device=x.device)
        padding = torch.tensor([longest - len(row) for row in rows], device=x.device)[:, None]
        # A padding position sees itself, so that its softmax has something to be over.
        own = at[:, None] == at
        seen = (at[:, None] >= at) & (at >= padding[:, None]) | own
        mask = torch.zeros(seen.shape, device=x.device)
        return x, (at - padding).clamp(min=0), mask.masked_fill(~seen, -torch.inf).unsqueeze(1)

    def _with_spoken(self, prompt: Tensor) -> Tensor:
        """The prompt `[L, D]` and behind it what is said already."""
        if self._spoken is None or not len(self._spoken):
            return prompt
        codes = self._spoken
        frames = embed_frames(self._talker, self._predictor, codes)
        beside = torch.cat([self._beside(frame) for frame in range(len(codes))])
        return torch.cat((prompt, frames + beside))

    def _beside(self, frame: int) -> Tensor:
        """The text that goes with a frame, `[B, D]`."""
        return torch.stack([prompt.beside(frame) for prompt in self._prompts])

    def _pick(self, logits: Tensor) -> Tensor:
        self._sum = self._sum + logits.sum()
        return self._choose_later(logits)

    def _all_ended(self, first: Tensor, frame: int) -> bool:
        """Note which rows end here; true when none goes on."""
        for row, code in enumerate(first.tolist()):
            if code == self._end and self.lengths[row] is None:
                self.lengths[row] = frame
                self._over[row] = True
        return None not in self.lengths

    def _check(self) -> None:
        if not math.isfinite(float(self._sum)):
            raise NotFinite("the logits are not finite")
