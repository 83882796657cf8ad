"""A server that speaks: anything that answers `/v1/audio/speech` as OpenAI's does.

ttm's own server does, and so do Kokoro-FastAPI, speaches, vLLM-Omni and many more. Runs in the
worker's process like every engine; the key is read there and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ttm.audio import Audio
from ttm.engine import Effective
from ttm.engine.remote.exchange import BREATH, Head, Server
from ttm.engine.remote.listing import OPENAI, listed
from ttm.engine.remote.refusal import SMALLEST_WAIT, Passing, broken_off, own_words, refused
from ttm.engine.remote.sound import RATES, Decoder, NotSound, decoder
from ttm.errors import ConfigError, RemoteError, RemoteRefused, UnknownName
from ttm.speech import Speech, Voice

T = TypeVar("T")

KEY_MAX = 4096
"""Bytes of a key."""
WORDS_MAX = 1 << 16
"""Bytes of an answer without sound that are read."""
LIST_MAX = 4 << 20
"""Bytes of a list of voices."""
LIST_PATIENCE = 10.0
"""Seconds that a server has to list its voices: it is asked before every first word."""

AT_WORK = Audio(b"", 24_000)
"""A breath."""


class RemoteEngine:
    """A server of the settings.

    Options are those under `[engine.remote.NAME]`, and `name`. Raises ConfigError for a server
    without an address and for a key that cannot be read.
    """

    def __init__(
        self,
        name: str,
        url: str,
        key_file: str = "",
        model: str = "tts-1",
        voices: Mapping[str, str] | None = None,
        format: str = "wav",
        sample_rate: int = 24_000,
        timeout: float = 60.0,
        retries: int = 2,
        insecure: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if not url:
            raise ConfigError(
                f"engine.remote.{name}.url is not set",
                f"Set it with `ttm config set engine.remote.{name}.url URL`",
            )
        self._name, self._url, self._model = name, url, model
        self._names = dict(voices or {})
        self._format, self._rate = format, sample_rate
        self._retries = retries
        self._extra = dict(extra or {})
        self._key_file = os.path.expanduser(key_file)
        key, self._note = _key(name, self._key_file) if key_file else ("", "")
        self._server = Server(name, url, key, timeout, insecure)

    def effective(self) -> Effective:
        """The server, and what is asked of it."""
        return {"server": self._url, "asks_for": self._model, "format": self._format}

    def voices(self) -> list[Voice]:
        """The settings' names, then the server's own; where there are neither, OpenAI's."""
        named = [
            Voice(name, (), f"the server's {theirs}", model=self._called)
            for name, theirs in self._names.items()
        ]
        own = [voice for voice in self._listed() if voice.name not in self._names]
        if not named and not own:
            own = [Voice(name, (), "one of OpenAI's", model=self._called) for name in OPENAI]
        return named + own

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        if speech.recording:
            raise UnknownName("a server does not get recordings", "Name one of its voices")
        if self._note:
            yield self._note
        if speech.language not in ("", "und") and "{language}" not in self._extra.values():
            yield (
                f"the server '{self._name}' is not told the language; "
                f"engine.remote.{self._name}.extra can name a field for it"
            )
        body = json.dumps(self._request(speech)).encode()
        for attempt in range(self._retries + 1):
            heard = False
            try:
                for one in self._spoken(body):
                    heard = heard or one is not AT_WORK
                    yield one
                return
            except Passing as passing:
                wait = passing.after
                if wait is None:
                    wait = SMALLEST_WAIT * 2**attempt
                if heard or attempt == self._retries or wait > self._server.timeout:
                    raise passing.error from None
            until = time.monotonic() + wait
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, BREATH))
                yield AT_WORK

    def close(self) -> None:
        self._server.close()

    @property
    def _called(self) -> str:
        return f"remote:{self._name}"

    def _request(self, speech: Speech) -> dict[str, Any]:
        """The fields of the request, as OpenAI spells them."""
        language = speech.language if speech.language != "und" else ""
        stands = {"{language}": language, "{seed}": speech.seed}
        fields = {
            name: stands.get(value, value) if isinstance(value, str) else value
            for name, value in self._extra.items()
            if value != "{language}" or language
        }
        fields |= {
            "model": self._model,
            "input": speech.text,
            "voice": self._names.get(speech.voice, speech.voice) or OPENAI[0],
            "response_format": self._format,
        }
        if speech.rate != 1:
            fields["speed"] = speech.rate
        if speech.instruct:
            fields["instructions"] = speech.instruct
        return fields

    def _spoken(self, body: bytes) -> Iterator[Audio]:
        """The sound of one request. Raises RemoteError, SynthesisError and Passing."""
        with contextlib.closing(self._server.ask("POST", "/audio/speech", body)) as answer:
            head = yield from _began(answer)
            if head.status != 200:
                raise self._refused(head, own_words((yield from _rest(answer, WORDS_MAX))))
            yield from self._read(head, answer)

    def _read(self, head: Head, answer: Iterator[Head | bytes | None]) -> Iterator[Audio]:
        """The sound of an answer. Raises RemoteError, and Passing where its end is missing."""
        reads: Decoder | None = None
        begins = b""
        try:
            for block in answer:
                if not isinstance(block, bytes):
                    yield AT_WORK
                    continue
                if reads is None:
                    begins += block
                    if len(begins) < 4:
                        continue
                    reads, block = self._decoder(head, begins), begins
                yield from reads.take(block)
            if reads is not None:
                yield from reads.end()
            elif begins:
                raise NotSound(f"{len(begins)} bytes")
        except NotSound as failure:
            raise RemoteError(
                f"the server '{self._name}' sent {failure}",
                f"Try another engine.remote.{self._name}.format",
            ) from None
        except EOFError:
            raise Passing(broken_off(self._name)) from None

    def _decoder(self, head: Head, begins: bytes) -> Decoder:
        told = head.headers.get("Content-Encoding", "identity")
        if told != "identity":
            raise RemoteError(f"the server '{self._name}' packed the sound ({told[:40]}) unasked")
        said = head.headers.get_param("rate") or head.headers.get("X-Audio-Sample-Rate") or ""
        stated = int(said) if isinstance(said, str) and re.fullmatch(r"\d{4,6}", said, re.A) else 0
        rate = stated if stated in RATES else self._rate
        return decoder(self._format, head.kind, begins, rate, self._name)

    def _listed(self) -> list[Voice]:
        """The voices that the server lists; none where it has no such list."""
        patience = min(self._server.timeout, LIST_PATIENCE)
        try:
            with contextlib.closing(
                self._server.ask("GET", "/audio/voices", timeout=patience)
            ) as answer:
                head = _returned(_began(answer))
                body = _returned(_rest(answer, LIST_MAX))
        except Passing as passing:
            raise passing.error from None
        if head.status in (401, 403):
            refusal = self._refused(head, own_words(body))
            assert isinstance(refusal, RemoteRefused)
            raise refusal
        return listed(body, self._called) if head.status == 200 else []

    def _refused(self, head: Head, said: str) -> Exception:
        if 300 <= head.status < 400:
            said = "".join(filter(str.isprintable, head.headers.get("Location", "")))[:200]
        return refused(
            self._name,
            head.status,
            head.headers.get("Retry-After"),
            self._server.hidden(said),
            model=self._model,
            key_file=self._key_file,
        )


def _returned(breaths: Generator[Audio, None, T]) -> T:
    """What a generator returns, where nobody can be given its breaths."""
    while True:
        try:
            next(breaths)
        except StopIteration as end:
            found: T = end.value
            return found


def _began(answer: Iterator[Head | bytes | None]) -> Generator[Audio, None, Head]:
    """Draw breath until the head is there; return it."""
    for head in answer:
        if isinstance(head, Head):
            return head
        yield AT_WORK
    raise EOFError("no answer")


def _rest(answer: Iterator[Head | bytes | None], most: int) -> Generator[Audio, None, bytes]:
    """Draw breath until the body is there; return its beginning."""
    body = b""
    try:
        for block in answer:
            if isinstance(block, bytes):
                body += block
                if len(body) > most:
                    break
            else:
                yield AT_WORK
    except (RemoteError, Passing):
        pass  # the status is what counts
    return body[:most]


def _key(name: str, path: str) -> tuple[str, str]:
    """The key in this file, and a note where others can read it. Raises ConfigError."""
    setting = f"engine.remote.{name}.key_file"
    file = Path(path)
    try:
        if not file.is_file():  # a FIFO would be waited for
            raise ConfigError(f"{setting}: there is no file {path}", "Put the key there")
        with file.open("rb") as opened:
            text = opened.read(KEY_MAX + 1)
            mode = os.fstat(opened.fileno()).st_mode
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or "no such path"
        raise ConfigError(f"{setting}: cannot read {path}: {reason}") from None
    try:
        key = text.decode("ascii").strip()
    except UnicodeDecodeError:
        key = ""
    # It becomes part of a header: a line break in it would begin another one.
    if not key or len(text) > KEY_MAX or not key.isprintable() or " " in key:
        raise ConfigError(f"{setting}: {path} does not hold a key", "Only the key may stand there")
    shared = mode & 0o077
    return key, f"other users can read the key in {path}; chmod 600 {path}" if shared else ""
