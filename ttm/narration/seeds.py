"""One seed for a whole text, and what each piece of it starts from."""

from __future__ import annotations

import hashlib

BITS = 32


def derived(job: int, text: str, attempt: int = 0) -> int:
    """Where a chunk's random choices start, from 0 to 2**32 - 1.

    It hangs on the text's seed and on what the chunk says, not on its place: a sentence sounds as
    it did when another was put in before it. `attempt` counts the tries after the first.
    """
    source = f"{job}\0{attempt}\0{text}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(source, digest_size=BITS // 8).digest(), "little")
