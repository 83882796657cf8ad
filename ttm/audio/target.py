"""Where bytes go: a file that appears whole or not at all, or a stream that is written through."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import stat

from ttm.errors import OutputError, ReaderLeft, UsageError

FIXES = {
    errno.EISDIR: "Name a file in that folder",
    errno.ENOTDIR: "A part of its path is a file, not a folder",
    errno.EACCES: "Choose a place that you may write to",
    errno.EPERM: "Choose a place that you may write to",
    errno.EROFS: "Choose a place that you may write to",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.ELOOP: "Its links lead back to themselves; remove them or choose another name",
    errno.ENOSPC: "Make room there, or choose another place",
    errno.EDQUOT: "Make room there, or choose another place",
    errno.EFBIG: "A limit forbids files that large; see ulimit -f",
}


class Target:
    """An open stream: what was written is out and cannot be taken back."""

    def __init__(self, path: str, fd: int, name: str = "") -> None:
        self.path = path
        """As the user gave it; `-` is stdout."""
        self.name = name or path
        """For sentences."""
        self.written = 0
        """Bytes that `write` wrote."""
        self._fd = fd
        self.seekable = _rewritable(fd)
        """Whether what was written may be written again: a regular file that holds nothing else."""

    def fileno(self) -> int:
        return self._fd

    @property
    def size(self) -> int:
        """Bytes there are, whoever wrote them."""
        return os.fstat(self._fd).st_size if self.seekable and self._fd >= 0 else self.written

    def write(self, block: bytes) -> None:
        """Raises ReaderLeft when nobody reads any more, OutputError when it cannot be written."""
        view = memoryview(block)
        while view:
            try:
                count = os.write(self._fd, view)
            except BlockingIOError:
                # stdout may have been left non-blocking by whoever shares it.
                select.select([], [self._fd], [])
                continue
            except OSError as failure:
                raise self.failed(failure) from None
            self.written += count
            view = view[count:]

    def patch(self, offset: int, block: bytes) -> None:
        """Write again what is `offset` bytes from the start of a seekable target."""
        try:
            os.pwrite(self._fd, block, offset)
        except OSError as failure:
            raise self.failed(failure) from None

    def failed(self, failure: OSError) -> OutputError:
        """The sentence for a write that failed."""
        if failure.errno == errno.EPIPE:
            return ReaderLeft(f"the reader of {self.name} left")
        return refusal(self.name, failure, f" ({_amount(self.size)} written)")

    def commit(self) -> None:
        """Make what was written final, and close."""
        try:
            if self.seekable:
                # Whoever shares this descriptor goes on after what was written.
                os.lseek(self._fd, 0, os.SEEK_END)
            self._close()
        except OSError as failure:
            raise refusal(self.name, failure) from None

    def discard(self) -> None:
        """Leave nothing behind that can still be taken back, and close; may be called twice."""
        with contextlib.suppress(OSError):
            self._close()

    def _close(self) -> None:
        if (fd := self._fd) >= 0:
            # First of all, so that a thread that still writes cannot meet a number used anew.
            self._fd = -1
            os.close(fd)


class NewFile(Target):
    """A temporary file beside the real one, which it replaces when it is complete."""

    def __init__(self, path: str, old: os.stat_result | None) -> None:
        self._real = os.path.realpath(path)
        self._old = old
        if os.path.basename(path) in ("", ".", ".."):
            raise _os_error(errno.EISDIR)
        if old is not None and not os.access(self._real, os.W_OK):
            raise _os_error(errno.EACCES)
        self._part, fd = _part(self._real)
        super().__init__(path, fd)

    def commit(self) -> None:
        try:
            if self._old is not None:
                os.fchmod(self._fd, stat.S_IMODE(self._old.st_mode))
            os.fsync(self._fd)
            self._close()
            os.replace(self._part, self._real)
        except OSError as failure:
            self.discard()
            raise refusal(self.name, failure) from None
        self._part = ""
        _sync_folder(os.path.dirname(self._real))

    def discard(self) -> None:
        super().discard()
        if self._part:
            with contextlib.suppress(OSError):
                os.unlink(self._part)
            self._part = ""


def open_target(path: str, *, clobber: bool = True, text: bool = False) -> Target:
    """Open what `-o` names, before any work is done.

    `-`, descriptors (/dev/stdout, /dev/fd/N), FIFOs and devices are written through. Raises
    OutputError when it cannot be written, or exists and `clobber` is false; UsageError when
    anything but `text` would go to a terminal.
    """
    name = "stdout" if path == "-" else path
    try:
        target = _open(path, name, clobber)
    except ValueError:
        raise OutputError(
            f"cannot write {path!r}: no file name can hold these characters", "Choose another name"
        ) from None
    except OSError as failure:
        raise refusal(name, failure) from None
    if not text and os.isatty(target.fileno()):
        target.discard()
        raise UsageError("refusing to write audio to a terminal", "Use -o FILE or a pipe")
    return target


def _open(path: str, name: str, clobber: bool) -> Target:
    if (number := _descriptor(path)) >= 0:
        return Target(path, _duplicate(number), name)
    try:
        found = os.stat(path)
    except FileNotFoundError:
        found = None
    if found is None:
        return NewFile(path, None)
    if stat.S_ISDIR(found.st_mode):
        raise _os_error(errno.EISDIR)
    if not stat.S_ISREG(found.st_mode):
        return Target(path, os.open(path, os.O_WRONLY | os.O_NOCTTY), name)
    if not clobber:
        raise OutputError(f"{path} exists already", "Choose another name")
    return NewFile(path, found)


def _descriptor(path: str) -> int:
    """The number of the descriptor that `path` names, else -1.

    Opening /dev/stdout would follow it to the file that a shell redirected it to, and replace it.
    """
    if path in ("-", "/dev/stdout"):
        return 1
    if path == "/dev/stderr":
        return 2
    for folder in ("/dev/fd/", "/proc/self/fd/"):
        number = path.removeprefix(folder)
        if number != path and number.isascii() and number.isdecimal() and len(number) < 8:
            return int(number)
    return -1


def _duplicate(number: int) -> int:
    """A descriptor of our own; one that is closed, or open for reading only, is refused."""
    if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise _os_error(errno.EBADF)
    return os.dup(number)


def _rewritable(fd: int) -> bool:
    """Whether `fd` is an empty regular file that others do not append to."""
    about = os.fstat(fd)
    return (
        stat.S_ISREG(about.st_mode)
        and about.st_size == 0
        and os.lseek(fd, 0, os.SEEK_CUR) == 0
        and not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND
    )


def _part(real: str) -> tuple[str, int]:
    """A new file beside `real`, with the permissions that the user's umask leaves."""
    folder, name = os.path.split(real)
    # The longest name has 255 bytes on every file system of note; ours adds 17.
    short = os.fsencode(name)[:200].decode(errors="ignore")
    while True:
        part = os.path.join(folder, f".{short}.ttm-{os.urandom(3).hex()}.part")
        with contextlib.suppress(FileExistsError):
            return part, os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)


def _sync_folder(folder: str) -> None:
    """Have the new name survive a power cut; not every file system can, and the file is there."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def refusal(name: str, failure: OSError, progress: str = "") -> OutputError:
    """`cannot write out.wav: No space left on device (1.2 MB written). Make room there ...`"""
    fix = FIXES.get(failure.errno or 0, "")
    if failure.errno == errno.ENOENT:
        fix = f"Create the folder {os.path.dirname(name) or '.'} first"
    if failure.errno == errno.EBADF:
        return OutputError(f"cannot write to {name}: it is not open for writing")
    return OutputError(f"cannot write {name}: {failure.strerror}{progress}", fix)


def _amount(size: int) -> str:
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} bytes"


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
