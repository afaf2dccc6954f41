"""Several files in several processes, with the report that one process would have made.

The processes are forked, so they have the engine as it is; each writes its rows to a store that was opened before the
fork, and sends back only what is small. Where there is no fork, and for inputs that another process can't open again
(standard input, bytes, gzip), this process does the work. A single file is checked by one process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from .report import FileReport
from .spool import Store

__all__ = ["side_by_side"]

Check = Callable[[Any, Store], FileReport]

MOST: Final = 64
"""Processes, whatever is asked for: thousands would take the machine and its open files, and be no faster."""

_work: list[Any] = []
"""In a forked process only: the check and this process's store."""


Progress = Callable[[int, int], None]
"""Told the bytes and the claims of the files that the other processes have done so far."""


def side_by_side(sources: Sequence[Any], check: Check, jobs: int, progress: Progress | None = None) -> list[FileReport]:
    """The reports of ``sources`` in their order. ``jobs`` 0: one process a core; never more than ``MOST``."""
    workers = min(jobs or cores(), len(sources), MOST)
    paths = [n for n, one in enumerate(sources) if isinstance(one, (str, os.PathLike))]
    if workers < 2 or len(paths) < 2 or not hasattr(os, "fork"):
        return _one_by_one(sources, check)
    # Not above: one process is the rule, and these are a part of what it takes to start.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    if multiprocessing.current_process().daemon:  # one of a pool of somebody's, which may not have children
        return _one_by_one(sources, check)
    own, *stores = [Store(n) for n in range(workers + 1)]
    for store in stores:
        store.open()
    made: dict[int, FileReport | None] = {}
    context = multiprocessing.get_context("fork")
    turn = context.Value("i", 0)
    with ProcessPoolExecutor(workers, context, _begin, (check, stores, turn)) as pool:
        taken = claims = 0
        for n, done in zip(paths, pool.map(_checked, [sources[n] for n in paths]), strict=True):
            made[n] = done
            if progress and done is not None:
                taken, claims = taken + done.bytes, claims + done.counts.claims
                progress(taken, claims)
    files = []
    for n, one in enumerate(sources):
        file = made.get(n)
        if file is None:
            file = check(one, own)
        else:
            for spool in (file.rows, file.details, file.above, file.overruled.spool):
                spool.adopt([own, *stores])
        files.append(file)
    for store in (own, *stores):
        store.number = -1  # there is no other process any more that has them
    return files


def _one_by_one(sources: Sequence[Any], check: Check) -> list[FileReport]:
    store = Store()
    return [check(one, store) for one in sources]


def cores() -> int:
    """How many cores this process may use; where the system doesn't tell that (macOS), how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(check: Check, stores: Sequence[Store], turn: Any) -> None:
    """A process begins: it takes the next store."""
    with turn.get_lock():
        store = stores[turn.value]
        turn.value += 1
    _work[:] = [check, store]


def _checked(source: Any) -> FileReport | None:
    """The report of one file; ``None`` when its content lies in this process only."""
    check, store = _work
    file: FileReport = check(source, store)
    store.flush()
    if file.source is None or not file.source.is_plain:
        return None
    file.source.rest()
    return file
