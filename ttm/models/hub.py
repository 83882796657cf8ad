"""What a hub answers over HTTP: which files a model has, and their bytes from any offset.

Only `ttm models pull` comes here. Every wait has an end: connecting, the answer's first line, each
block of a body, and all attempts together. The token goes to the hub's own host and nowhere else.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from ttm.errors import DownloadFailed, TtmError, UsageError
from ttm.models.listing import LISTING_MAX, Listing, parse

if TYPE_CHECKING:
    from http.client import HTTPResponse

ENDPOINT = "https://huggingface.co"
REDIRECTS_MAX = 5
BLOCK = 1 << 18
"""Bytes that are read at once at most."""
WAIT = 0.25
"""Seconds of one wait for an answer."""
BACKOFF = 0.5
"""Seconds before the second attempt; each later one waits twice as long."""

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Limits:
    """When a hub is given up; in seconds but `retries`."""

    connect: float = 15.0
    """Without any answer for so long, all attempts together."""
    stall: float = 30.0
    """Without a byte of a body for so long, it is asked again."""
    deadline: float = 86_400.0
    """For all of a model."""
    retries: int = 5
    """Attempts after the first that brought nothing new."""


@dataclass(slots=True)
class Patience:
    """How long a download goes on: counts attempts that brought nothing, and the time.

    For an answer that is the time of waits that came back empty, so that a pause of ours (Ctrl-Z, a
    machine that slept) is not the hub's.
    """

    limits: Limits
    _failed: int = 0
    _end: float = field(init=False)
    _waited: float = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count from here on: what was waited for before was no hub."""
        self._end = time.monotonic() + self.limits.deadline
        self.answered()

    def answered(self) -> None:
        """The hub is there."""
        self._waited = 0.0

    def waited(self, seconds: float) -> None:
        """So long there was no answer."""
        self._waited += seconds

    def progressed(self) -> None:
        """It brought something new."""
        self._failed = 0
        self.answered()

    def left(self) -> float:
        """Seconds that are left for an answer. Raises DownloadFailed after the deadline."""
        now = time.monotonic()
        if now >= self._end:
            raise DownloadFailed(
                f"the download took longer than {self.limits.deadline:g} s",
                "Run the same command again to go on; models.deadline sets the limit",
            )
        return max(0.05, min(self.limits.connect - self._waited, self._end - now))

    def stall(self) -> float:
        """Seconds that a body may be silent for."""
        self.left()
        return max(0.05, min(self.limits.stall, self._end - time.monotonic()))

    def after(self, failure: DownloadFailed) -> None:
        """Wait before the next attempt, or raise the failure when there is to be none."""
        if failure.again_in is None or self._failed >= self.limits.retries:
            raise failure
        wait = failure.again_in or BACKOFF * 2**self._failed
        self._failed += 1
        if wait >= min(self.limits.connect - self._waited, self._end - time.monotonic()):
            raise failure
        time.sleep(wait)
        self.waited(wait)


class Hub:
    """A hub at an address, asked with a token or without.

    Raises UsageError for a token that cannot be sent. Everything else raises DownloadFailed.
    """

    def __init__(self, endpoint: str = "", token: str = "", limits: Limits | None = None) -> None:
        self.endpoint = (endpoint or ENDPOINT).rstrip("/")
        self.patience = Patience(limits or Limits())
        if not _goes(self.endpoint):
            raise UsageError(f"'{self.endpoint[:80]}' is no address of a hub", "Check HF_ENDPOINT")
        token = token.strip()
        if not all("!" <= each <= "~" for each in token):
            raise UsageError("HF_TOKEN holds characters that no token has", "Set it anew")
        # In the clear it would be anybody's.
        self._token = token if _private(self.endpoint) else ""

    def listing(self, repository: str, revision: str) -> Listing:
        """The files of a revision: a branch, a tag or a commit."""
        where = f"/api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true"
        while True:
            try:
                text = self._read(self.endpoint + where, repository, revision)
                break
            except DownloadFailed as failure:
                self.patience.after(failure)
        self.patience.progressed()
        return parse(text, self.host)

    @property
    def host(self) -> str:
        """The address without what need not be shown of it."""
        parts = urlsplit(self.endpoint)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    @contextlib.contextmanager
    def body(self, repository: str, commit: str, path: str, offset: int) -> Iterator[Body]:
        """A file from this offset on, as far as the hub grants it; one attempt."""
        url = f"{self.endpoint}/{repository}/resolve/{commit}/{quote(path)}"
        ranged = {"Range": f"bytes={offset}-"} if offset else {}
        response = self._open(url, ranged, repository, commit)
        try:
            yield Body(response, offset, self.host)
        finally:
            response.close()
            self.patience.answered()  # until here it was there, however long that took

    def _read(self, url: str, repository: str, revision: str) -> bytes:
        response = self._open(url, {}, repository, revision)

        def read() -> bytes:
            with contextlib.closing(response):
                return response.read(LISTING_MAX + 1)

        try:
            text = _patiently(self.patience, read)
        except Exception as failure:
            raise _broken(self.host, failure) from None
        if len(text) > LISTING_MAX:
            raise DownloadFailed(f"{self.host} lists more files than a model can have")
        return text

    def _open(
        self, url: str, headers: Mapping[str, str], repository: str, revision: str
    ) -> HTTPResponse:
        """The answer to a GET, redirects followed; connecting and looking up names included, it
        takes no longer than there is patience for."""
        home = _origin(self.endpoint)
        for _ in range(REDIRECTS_MAX + 1):
            sent = {"User-Agent": "ttm", "Accept-Encoding": "identity", **headers}
            if self._token and _origin(url) == home:
                sent["Authorization"] = f"Bearer {self._token}"
            try:
                response = _patiently(self.patience, _request(url, sent, self.patience))
            except TtmError:
                raise
            except Exception as failure:
                raise _unreachable(self.host, failure) from None
            if response.status in (200, 206):
                self.patience.answered()
                return response
            with contextlib.closing(response):
                if response.status not in (301, 302, 303, 307, 308):
                    raise self._refusal(response, repository, revision)
                url = _next(url, response.headers.get("Location", ""), self.host)
        raise DownloadFailed(f"{self.host} redirects more than {REDIRECTS_MAX} times")

    def _refusal(self, response: HTTPResponse, repository: str, revision: str) -> DownloadFailed:
        """What a status says, and what to do about it."""
        status, code = response.status, response.headers.get("X-Error-Code", "")
        said = f"{self.host} answered {status}"
        if status == 401 and self._token:
            return DownloadFailed(f"{said}: it does not accept HF_TOKEN", "Set a token of yours")
        if status == 401:
            return DownloadFailed(
                f"{said}: it shows {repository} to nobody without a token, or has no such model",
                "Check the name, or set HF_TOKEN",
            )
        if status == 403:
            return DownloadFailed(
                f"{said}: it gives {repository} only to those who accepted its terms",
                f"Accept them at {self.endpoint}/{repository}, and set HF_TOKEN",
            )
        if status == 404 and code == "RevisionNotFound":
            what = f"{self.host} has no revision '{revision[:60]}' of {repository}"
            return DownloadFailed(what, "Check --revision")
        if status == 404 and code == "EntryNotFound":
            return DownloadFailed(f"{self.host} lists a file of {repository} and does not have it")
        if status == 404:
            return DownloadFailed(f"{self.host} has no model {repository}", "Check the name")
        if status == 416:
            return DownloadFailed(f"{said} for a part of a file", again_in=0.0)
        if status in (408, 429) or status >= 500:
            wait = _seconds(response.headers.get("Retry-After", ""))
            busy = "too many requests" if status == 429 else "it cannot serve for the moment"
            fix = f"Try again in {wait:.0f} s" if wait else "Try again later"
            return DownloadFailed(f"{said}: {busy}", fix, again_in=wait)
        return DownloadFailed(said)


class Body:
    """The bytes of an answer, which ends or breaks when it wants to."""

    def __init__(self, response: HTTPResponse, offset: int, host: str) -> None:
        self._response = response
        self._host = host
        granted = response.status == 206
        said = response.headers.get("Content-Range", "")
        if granted and not said.startswith(f"bytes {offset}-"):
            raise DownloadFailed(f"{host} sent another part of a file than was asked for")
        self.start = offset if granted else 0
        """Where its first byte belongs."""
        length = response.headers.get("Content-Length", "")
        self.end = self.start + int(length) if length.isdecimal() else None
        """Where its last byte will be, if it says."""
        self.kind = response.headers.get("Content-Type", "").partition(";")[0].strip()

    def read(self) -> bytes:
        """The next bytes, none at the end. Raises DownloadFailed when the connection breaks."""
        try:
            return self._response.read1(BLOCK)
        except Exception as failure:
            raise _broken(self._host, failure) from None


def _request(
    url: str, headers: Mapping[str, str], patience: Patience
) -> Callable[[], HTTPResponse]:
    """What asks for a URL without following redirects; an answer of any status is an answer."""
    from urllib.request import HTTPErrorProcessor, ProxyHandler, Request, build_opener

    class AsItIs(HTTPErrorProcessor):
        def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
            return response

        https_response = http_response

    handlers: list[Any] = [AsItIs()]
    if _loopback(url):  # no proxy reaches this machine's own
        handlers.append(ProxyHandler({}))
    opener, request = build_opener(*handlers), Request(url, headers=dict(headers))
    silence = patience.stall()

    def ask() -> HTTPResponse:
        answer: HTTPResponse = opener.open(request, timeout=silence)
        return answer

    return ask


def _patiently(patience: Patience, call: Callable[[], Kept]) -> Kept:
    """What `call` returns or raises; TimeoutError when it takes longer than there is patience for.

    In a thread of its own, because a look-up of a name, or headers that drip, heed no timeout.
    """
    seconds = patience.left()
    answers: queue.SimpleQueue[tuple[Kept | None, Exception | None]] = queue.SimpleQueue()
    left = threading.Event()

    def run() -> None:
        try:
            value = call()
        except Exception as failure:
            answers.put((None, failure))
            return
        answers.put((value, None))
        if left.is_set() and hasattr(value, "close"):
            value.close()

    threading.Thread(target=run, daemon=True).start()
    while True:
        try:
            value, failure = answers.get(timeout=min(WAIT, seconds))
            break
        except queue.Empty:
            patience.waited(min(WAIT, seconds))
            seconds -= WAIT
            if seconds <= 0:
                left.set()
                raise TimeoutError("no answer") from None
    if failure is not None:
        raise failure
    return value  # type: ignore[return-value]


def _unreachable(host: str, failure: Exception) -> DownloadFailed:
    """Why there was no answer at all."""
    import socket
    import ssl

    reason = getattr(failure, "reason", failure)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DownloadFailed(
            f"cannot trust {host}: {reason.verify_message}",
            "Check the clock, and the certificates of a proxy (SSL_CERT_FILE)",
        )
    if isinstance(reason, socket.gaierror):
        what, again = f"cannot find {host}: {reason.strerror}", 0.0
    elif isinstance(reason, TimeoutError):
        what, again = f"{host} does not answer", 0.0
    else:
        said = getattr(reason, "strerror", "") or type(reason).__name__
        what, again = f"cannot reach {host}: {said}", 0.0
    fix = "Check the connection, or bring the files with `ttm models pull NAME --from FOLDER`"
    return DownloadFailed(what, fix, again_in=again)


def _broken(host: str, failure: Exception) -> DownloadFailed:
    """Why an answer did not come to its end."""
    if isinstance(failure, TimeoutError):
        return DownloadFailed(f"{host} stopped sending", again_in=0.0)
    said = getattr(failure, "strerror", "") or type(failure).__name__
    return DownloadFailed(f"the connection to {host} broke ({said})", again_in=0.0)


def _next(url: str, location: str, host: str) -> str:
    """Where a redirect leads. Raises DownloadFailed for a place that is not gone to."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not _goes(target) or (url.startswith("https:") and target.startswith("http:")):
        scheme = target.partition(":")[0][:10] or "none"
        raise DownloadFailed(f"{host} redirects to an address that is not safe ({scheme})")
    return target


def _goes(url: str) -> bool:
    """Whether this is an address that can be asked."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _private(url: str) -> bool:
    return urlsplit(url).scheme == "https" or _loopback(url)


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def _seconds(text: str) -> float:
    """Seconds of a Retry-After; a date is not looked at, and 0 leaves it to us."""
    return min(float(text), 86_400.0) if text.strip().isdecimal() else 0.0
