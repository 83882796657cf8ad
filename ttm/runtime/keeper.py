"""A child that runs a command, and ends it and all it started when ttm is gone.

`python -m ttm.runtime.keeper FD COMMAND…`: nothing is ever written to descriptor FD, so that
reading it ends when the other end closes, as it does when ttm is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from ttm.child import settle_in


def _watch(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    settle_in()
    threading.Thread(target=_watch, args=[int(sys.argv[1])], daemon=True).start()
    try:
        status = subprocess.run(sys.argv[2:]).returncode
    except OSError as failure:
        sys.stderr.write(f"{sys.argv[2]}: {failure.strerror}\n")
        sys.stderr.flush()
        status = 127
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
