"""What a terminal may be shown of text that comes from elsewhere."""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls, escape sequences, bidi overrides and lone surrogates: nothing a terminal may see."""


def safe(text: str) -> str:
    """`text` with everything that could steer a terminal shown as `\\x1b`, `\\u202e`, ..."""
    return UNSAFE.sub(lambda hit: _escaped(ord(hit[0])), text)


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
