"""Bytes become text, strictly, in whatever locale ttm runs."""

from __future__ import annotations

import codecs
import os
import select
import stat
from collections.abc import Iterator

from ttm.errors import UnreadableText, UsageError, did_you_mean

BLOCK = 1 << 16
"""Bytes asked for at once; a slow producer's line arrives as soon as it is written."""

ERRORS = ("strict", "replace", "ignore")
"""What can be done about bytes that are not in the encoding."""

_MARKS = {
    codecs.BOM_UTF8: "",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def open_text(path: str | os.PathLike[str]) -> int:
    """A file descriptor to read `path` from, which the caller closes."""
    name = os.fspath(path)
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnreadableText(f"there is no file {name}", "Check the path") from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise UnreadableText(f"cannot read {name}: {reason}") from None
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnreadableText(f"{name} is a directory", "Name a file in it")
    return fd


def read_text(
    fd: int, *, name: str, encoding: str = "utf-8", errors: str = "strict"
) -> Iterator[str]:
    """The text behind `fd`, piece by piece, as soon as bytes arrive.

    `name` is what messages call it. A byte order mark is no part of the text.
    """
    decoder = _decoder(encoding, errors)
    blocks = _blocks(fd, name)
    if codecs.lookup(encoding).name == "utf-8":
        return _decoded(_unmarked(blocks, name), decoder, name, encoding)
    return _decoded(((block, 0) for block in blocks), decoder, name, encoding)


def _decoder(encoding: str, errors: str) -> codecs.IncrementalDecoder:
    if errors not in ERRORS:
        hint = did_you_mean(errors, ERRORS) or f"Use one of {', '.join(ERRORS)}"
        raise UsageError(f"unknown way to treat bad bytes '{errors}'", hint)
    try:
        "a".encode(encoding)  # refuses codecs that do not turn bytes into text, such as base64
        return codecs.getincrementaldecoder(encoding)(errors)
    except (LookupError, ValueError):
        from encodings.aliases import aliases

        texts = {k: v for k, v in aliases.items() if not v.endswith(("_codec", "rot_13"))}
        known = {alias.replace("_", "-") for alias in (*texts, *texts.values())}
        hint = did_you_mean(encoding, known) or "Use utf-8, utf-16 or latin-1"
        raise UsageError(f"unknown encoding '{encoding}'", hint) from None


def _blocks(fd: int, name: str) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(fd, BLOCK)
        except BlockingIOError:  # another program made our stdin non-blocking
            select.select([fd], [], [])
            continue
        except OSError as failure:
            raise UnreadableText(f"cannot read {name}: {failure.strerror}") from None
        if not block:
            return
        yield block


def _unmarked(blocks: Iterator[bytes], name: str) -> Iterator[tuple[bytes, int]]:
    """Blocks without the byte order mark, the first with the count of bytes that were left out."""
    begun = b""
    for block in blocks:
        begun += block
        if not any(mark.startswith(begun) and mark != begun for mark in _MARKS):
            break
    mark = next((mark for mark in _MARKS if begun.startswith(mark)), b"")
    if mark and _MARKS[mark]:
        encoding = _MARKS[mark]
        what = f"{name} is not UTF-8 but begins with the mark of {encoding.upper()}"
        raise UnreadableText(what, f"Use --encoding {encoding}")
    yield begun[len(mark) :], len(mark)
    for block in blocks:
        yield block, 0


def _decoded(
    blocks: Iterator[tuple[bytes, int]],
    decoder: codecs.IncrementalDecoder,
    name: str,
    encoding: str,
) -> Iterator[str]:
    read = 0
    try:
        for block, left_out in blocks:
            read += left_out + len(block)
            if text := decoder.decode(block):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text
    except UnicodeDecodeError as failure:
        # The decoder saw the bytes it had kept and then the block: both end where reading ended.
        at = read - len(failure.object) + failure.start
        label = "UTF-8" if codecs.lookup(encoding).name == "utf-8" else encoding
        raise UnreadableText(
            f"{name} is not valid {label} at byte {at}", "Use --encoding or --errors replace"
        ) from None
    except UnicodeError:  # such as UTF-16 without a byte order mark
        raise UnreadableText(
            f"{name} is not valid {encoding}", "Use --encoding or --errors replace"
        ) from None
