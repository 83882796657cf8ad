"""How fast this machine reads memory; a child of scripts/bench_qwen3.

Answers each line of stdin with a line of JSON: GB/s for one thread and for two. Several ways of
adding up whole numbers, none of which is bound by its arithmetic everywhere; the fastest counts.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import torch

BYTES = 512 << 20
"""Read at a time: sixteen times a large last-level cache."""
PASSES = 9
THREADS = (1, 2)

Sum = Callable[[Any], Any]


def compiled() -> dict[str, Sum]:
    """Loops for the compiler, where there is one: one stretch at a time, and eight by turns."""
    try:
        import numba
    except ImportError:
        return {}

    @numba.njit(nogil=True)
    def total(values):  # type: ignore[no-untyped-def]
        found = 0
        for i in range(len(values)):
            found += values[i]
        return found

    @numba.njit(nogil=True)
    def by_turns(values):  # type: ignore[no-untyped-def]
        n = len(values) // 8
        a, b, c, d = values[:n], values[n : 2 * n], values[2 * n : 3 * n], values[3 * n : 4 * n]
        rest = values[4 * n :]
        e, f, g, h = rest[:n], rest[n : 2 * n], rest[2 * n : 3 * n], rest[3 * n :]
        found = 0
        for i in range(n):
            found += a[i] + b[i] + c[i] + d[i] + e[i] + f[i] + g[i] + h[i]
        return found

    return {"numba": total, "numba, 8 by turns": by_turns}


def median(read: Callable[[], object]) -> float:
    """GB/s."""
    seconds = []
    read()
    for _ in range(PASSES):
        start = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - start)
    return BYTES / statistics.median(seconds) / 1e9


def in_parts(pool: ThreadPoolExecutor, add: Sum, parts: list[Any]) -> list[Any]:
    return list(pool.map(add, parts))


def measure(values: Any, loops: dict[str, Sum]) -> dict[str, Any]:
    found: dict[str, Any] = {"ways": {}}
    for threads in THREADS:
        parts = np.array_split(values, threads)
        torch.set_num_threads(threads)
        ways = {"torch": median(torch.from_numpy(values).sum)}
        with ThreadPoolExecutor(threads) as pool:
            for name, add in loops.items():
                ways[name] = median(partial(in_parts, pool, add, parts))
        found["ways"][str(threads)] = ways
        found[str(threads)] = max(ways.values())
    return found


def main() -> None:
    values = np.ones(BYTES // 8, np.int64)
    loops: dict[str, Sum] = {"numpy": np.sum, **compiled()}
    measure(values, loops)
    print(json.dumps({"bytes": BYTES, "passes": PASSES}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure(values, loops)), flush=True)


if __name__ == "__main__":
    main()
