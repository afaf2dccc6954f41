"""The exit codes of CONTRACT section 1, and how an exception becomes one. An uncaught exception never ends as 1."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

__all__ = [
    "BROKEN_PIPE", "CHECKED", "FAULT", "FOUND", "INTERRUPTED", "TERMINATED", "UNCHECKED", "USAGE", "PipeClosed",
    "Terminated", "describe_fault", "guarded_pipe", "silence",
]

CHECKED = 0
FOUND = 1
USAGE = 2
UNCHECKED = 3
FAULT = 70
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143


PACKAGE = Path(__file__).resolve().parent.parent


class Terminated(BaseException):
    """SIGTERM came. Not an Exception, so that nothing on the way swallows it."""


class PipeClosed(BaseException):
    """Nobody reads what we write any more. Not an OSError, because click would end that as 1."""


@contextlib.contextmanager
def guarded_pipe() -> Iterator[None]:
    """Turn a BrokenPipeError into PipeClosed."""
    try:
        yield
    except BrokenPipeError as error:
        raise PipeClosed from error


def silence(stream: IO[Any]) -> None:
    """Point a stream that takes no more (a closed pipe, a full disk) elsewhere, or Python's own flush at exit complains
    and makes another exit code of ours."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def describe_fault(error: BaseException, is_detailed: bool) -> str:
    """What to print of an exception nobody expected: its kind and where, never its text, which may hold values of a
    claim (CONTRACT 5). ``is_detailed`` adds the way there, again without values."""
    import traceback

    trace = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trace if PACKAGE in Path(frame.filename).parents] or trace[-1:]
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    text = (f"edi-check: a fault of ours ({type(error).__name__}{place}). This run gives no verdict; "
            "the files are not to blame. Please report it")
    if not is_detailed:
        return text + " with what -vv adds."
    return text + ", with this:\n" + _way(error.__traceback__).rstrip()


def _way(trace: TracebackType | None) -> str:
    import traceback

    return f"Python {sys.version.split()[0]}\n" + "".join(traceback.format_tb(trace))
