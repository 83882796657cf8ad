"""The file of settings as text: read without ever waiting, parsed without ever hanging."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttm.errors import ConfigError

LARGEST = 1_000_000
"""Bytes."""

KEY_PARTS = 64
"""Names that a dotted key may join."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file and its text."""

    path: Path
    text: str

    def parse(self) -> dict[str, Any]:
        """The file's tables. Raises ConfigError with line and column."""
        if not self.text.strip():
            return {}
        import tomllib  # 14 ms, and most people have no file

        self._refuse_endless_keys()
        try:
            return tomllib.loads(self.text)
        except RecursionError:
            raise ConfigError(f"{self.path}: arrays or tables are nested too deeply") from None
        except tomllib.TOMLDecodeError as failure:
            raise self._syntax_error(str(failure)) from None
        except ValueError:
            # Python refuses to read more than 4300 digits; it does not say where.
            line = self._line_of(r"[0-9][0-9_]{4300}")
            raise ConfigError(f"{self.path}:{line}: a number has too many digits") from None

    def _syntax_error(self, message: str) -> ConfigError:
        import re

        hit = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        what = message[: hit.start()] if hit else message
        if hit and hit[1]:
            line, column = int(hit[1]), int(hit[2])
        else:
            line = self.text.count("\n") + 1
            column = len(self.text) - self.text.rfind("\n")
        return ConfigError(f"{self.path}:{line}:{column}: {what[:1].lower()}{what[1:120]}")

    def _refuse_endless_keys(self) -> None:
        """tomllib takes quadratic time for `a.a.a…`: 0.2 s for 8 kB, an hour for 1 MB."""
        if self.text.count(".") < 1000:
            return
        part = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
        if line := self._line_of(rf"(?m)(?:^|[\[{{,])[ \t]*(?:{part}){{{KEY_PARTS}}}"):
            raise ConfigError(f"{self.path}:{line}: a key joins more than {KEY_PARTS} names")

    def _line_of(self, pattern: str) -> int:
        import re

        hit = re.search(pattern, self.text)
        return self.text.count("\n", 0, hit.start()) + 1 if hit else 0


def read(path: Path, kind: str = "file of settings", largest: int = LARGEST) -> Document | None:
    """The file's text, or None when there is no such file; `/dev/null` is an empty one.

    `kind` of file that it should be, and the bytes that it may have.

    Raises ConfigError when it is no regular file, cannot be read, or is no text.
    """
    if str(path) == os.devnull:
        return Document(path, "")
    try:
        # A FIFO would be waited for when it is opened, so its kind is asked first.
        refuse_irregular(path, os.stat(path).st_mode, kind)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            refuse_irregular(path, os.fstat(descriptor).st_mode, kind)
            block = file.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise ConfigError(f"cannot read {path}: {failure.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path} cannot be the name of a file") from None
    if len(block) > largest:
        size = largest // 1_000_000
        raise ConfigError(f"{path} is larger than {size} MB, which no {kind} is")
    try:
        return Document(path, block.decode("utf-8-sig"))
    except UnicodeDecodeError as failure:
        line = block.count(b"\n", 0, failure.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8", "Save the file as UTF-8") from None


def refuse_irregular(path: Path, mode: int, kind: str = "file of settings") -> None:
    """Raise ConfigError unless this is the mode of a regular file."""
    if stat.S_ISDIR(mode):
        raise ConfigError(f"{path} is a folder, not a {kind}")
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path} is not a regular file")
