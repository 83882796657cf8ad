"""What the talker reads before the first frame, and beside the later ones.

Every position is the sum of a text side and a codec side. Source:
`Qwen3TTSForConditionalGeneration.generate`. Shapes: L positions, T text tokens, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ttm.engine.qwen3.dimensions import Dimensions
from ttm.engine.qwen3.predictor import CodePredictor
from ttm.engine.qwen3.talker import Talker
from ttm.engine.qwen3.tokens import ROLE, TextTokens

BEHIND_TEXT = 5
"""Tokens of `<|im_end|>\\n<|im_start|>assistant\\n`."""
BEHIND_REFERENCE = 2
"""Tokens of `<|im_end|>\\n`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The voice of a recording."""

    embedding: Tensor
    """`[D]`, from the speaker encoder."""
    codes: Tensor | None = None
    """`[F, G]`, the recording itself, where its transcript is known."""
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What to say, in the checkpoint's own names."""

    text: str
    language: str = "auto"
    speaker: str = ""
    instruction: str = ""
    """Style, or the description of a designed voice."""
    reference: Reference | None = None
    streaming: bool = False
    """The text comes beside the frames, one token a frame, rather than before them. The official
    package lays a clone's text out so, and every other mode's whole."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request as the talker reads it."""

    embeddings: Tensor
    """`[L, D]`, the prefill."""
    trailing: Tensor
    """`[T, D]`: row k is added to frame k; may be empty."""
    padding: Tensor
    """`[D]`, added to the frames behind `trailing`."""
    text_tokens: int
    """Tokens of the text alone."""
    recorded: int = 0
    """Frames of the reference that the prefill ends with."""
    beginning: int = 0
    """Positions at the start that are the same whatever the text: instruction, language, voice."""

    def beside(self, frame: int) -> Tensor:
        """The text that goes with a frame, `[D]`."""
        return self.trailing[frame] if frame < len(self.trailing) else self.padding


def embed_frames(talker: Talker, predictor: CodePredictor, codes: Tensor) -> Tensor:
    """Frames `[F, G]` as the talker hears them, `[F, D]`: the sum of their codes' embeddings."""
    return predictor.embed(talker.embed_codes(codes[:, 0]), codes[:, 1:])


class PromptWriter:
    """Lays requests out for one checkpoint."""

    def __init__(
        self, dimensions: Dimensions, tokens: TextTokens, talker: Talker, predictor: CodePredictor
    ) -> None:
        self._dimensions, self._tokens = dimensions, tokens
        self._talker, self._predictor = talker, predictor

    def write(self, request: Request) -> Prompt:
        """`request.language` and `request.speaker` are names of the checkpoint."""
        codec = self._dimensions.talker_config
        begin, end, padding = self._text(
            [
                self._dimensions.tts_bos_token_id,
                self._dimensions.tts_eos_token_id,
                self._dimensions.tts_pad_token_id,
            ]
        ).split(1)
        ids = self._tokens.text(request.text)
        said = ids[ROLE:-BEHIND_TEXT]
        parts = []
        if request.instruction:
            parts.append(self._text(self._tokens.instruction(request.instruction)))
        parts.append(self._text(ids[:ROLE]))
        tag = self._codes(self._tag(request))
        parts.append(padding + tag)
        if (speaker := self._speaker(request)) is not None:
            parts.append(padding + speaker)
        parts.append(begin + self._codes([codec.codec_pad_id]))
        beginning = sum(map(len, parts))
        reference = request.reference
        if reference is not None and reference.codes is not None:
            told = self._tokens.reference(reference.transcript)[ROLE:-BEHIND_REFERENCE]
            text = torch.cat((self._text([*told, *said]), end))
            frames = torch.cat(
                (
                    self._codes([codec.codec_bos_id]),
                    embed_frames(
                        self._talker, self._predictor, reference.codes.to(self._talker.device)
                    ),
                )
            )
        else:
            text = torch.cat((self._text(said), end))
            frames = self._codes([codec.codec_bos_id])
        if request.streaming:
            # Text and frames side by side; the longer one decides what is left over.
            short = max(0, len(frames) - len(text))
            beside = torch.cat((text[: len(frames)], padding.expand(short, -1)))
            parts.append(beside + frames)
            trailing = text[len(frames) :]
        else:
            parts.append(text + self._codes([codec.codec_pad_id]))
            parts.append(padding + frames)
            trailing = padding[:0]
        return Prompt(torch.cat(parts), trailing, padding[0], len(said), len(frames) - 1, beginning)

    def _tag(self, request: Request) -> list[int]:
        codec = self._dimensions.talker_config
        language = request.language
        dialect = codec.spk_is_dialect.get(request.speaker)
        if isinstance(dialect, str) and language in ("auto", "chinese"):
            language = dialect
        if language == "auto":
            return [codec.codec_nothink_id, codec.codec_think_bos_id, codec.codec_think_eos_id]
        return [
            codec.codec_think_id,
            codec.codec_think_bos_id,
            codec.codec_language_id[language],
            codec.codec_think_eos_id,
        ]

    def _speaker(self, request: Request) -> Tensor | None:
        """`[1, D]`, where somebody certain is to speak."""
        if request.reference is not None:
            return request.reference.embedding.to(self._talker.device, self._talker.dtype)[None]
        if request.speaker:
            return self._codes([self._dimensions.talker_config.spk_id[request.speaker]])
        return None

    def _text(self, ids: list[int]) -> Tensor:
        return self._talker.embed_text(torch.tensor(ids, dtype=torch.long))

    def _codes(self, ids: list[int]) -> Tensor:
        return self._talker.embed_codes(torch.tensor(ids, device=self._talker.device))
