"""Text to the model's text tokens, by the `tokenizers` library.

The published checkpoints carry Qwen2's vocabulary as `vocab.json` and `merges.txt`, and no
`tokenizer.json`; how they are put together is transformers' `Qwen2TokenizerFast`.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from ttm.engine.qwen3.dimensions import Dimensions, read_json
from ttm.errors import BadCheckpoint

# Qwen's own pattern. The official package, given a local folder, splits by Mistral's instead
# ("iPhone" into "i" and "Phone"), which is not what the model was trained on.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

ROLE = 3
"""Tokens of `<|im_start|>assistant\\n`."""


class TextTokens:
    """The three ways in which text comes before the talker.

    A text that spells a control token out gets its letters, not the token.
    """

    def __init__(self, folder: Path, dimensions: Dimensions) -> None:
        vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
        added = read_json(folder / "tokenizer_config.json").get("added_tokens_decoder", {})
        try:
            model = models.BPE.from_file(str(vocabulary), str(merges))
            tokens = [AddedToken(token["content"], normalized=False) for token in added.values()]
        except Exception as failure:  # the library raises plain Exception
            raise BadCheckpoint(
                f"{vocabulary} and {merges.name} cannot be read", "Fetch the checkpoint again"
            ) from failure
        self._tokenizer = Tokenizer(model)
        self._tokenizer.normalizer = normalizers.NFC()
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(PATTERN), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        self._tokenizer.decoder = decoders.ByteLevel()
        self._tokenizer.add_special_tokens(tokens)
        self._tokenizer.encode_special_tokens = True
        self._start, self._end = dimensions.im_start_token_id, dimensions.im_end_token_id
        for name, id in (
            ("<|im_start|>", self._start),
            ("<|im_end|>", self._end),
            ("assistant", dimensions.assistant_token_id),
        ):
            if self._tokenizer.token_to_id(name) != id:
                raise BadCheckpoint(
                    f"{folder / 'tokenizer_config.json'} and config.json disagree about {name}",
                    "Fetch the checkpoint again",
                )

    def text(self, text: str) -> list[int]:
        """`<|im_start|>assistant\\n{text}<|im_end|>\\n<|im_start|>assistant\\n`."""
        return [*self.reference(text), self._start, *self._encode("assistant\n")]

    def reference(self, text: str) -> list[int]:
        """`<|im_start|>assistant\\n{text}<|im_end|>\\n`."""
        return [self._start, *self._encode(f"assistant\n{text}"), self._end, *self._encode("\n")]

    def instruction(self, text: str) -> list[int]:
        """`<|im_start|>user\\n{text}<|im_end|>\\n`."""
        return [self._start, *self._encode(f"user\n{text}"), self._end, *self._encode("\n")]

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)
