"""One child process, its wall time, processor time and peak memory; medians of several."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

__all__ = ["ROOT", "Sample", "middle", "run"]

ROOT = Path(__file__).resolve().parent.parent


class Sample(NamedTuple):
    """Seconds by the clock, seconds of processor (user and system), peak resident set in MiB."""

    wall: float
    cpu: float
    peak: float


def run(command: Sequence[str | Path], output: Path, expected: Sequence[int] = (0,),
        environment: Mapping[str, str] | None = None) -> Sample:
    """Run a command from the root of the clone, its standard output to ``output``. Raises RuntimeError when it ends
    otherwise than expected: a figure of a run that failed is worth nothing. ``environment``: what to add to ours.

    The peak is what the kernel says of this child alone (``wait4``); it can't be less than this process's own size,
    about 20 MiB, because a child begins as its copy.
    """
    given = {**os.environ, **(environment or {})}
    given.pop("PYTHONDONTWRITEBYTECODE", None)  # as users run it: what was imported once is compiled
    begin = time.perf_counter()
    with output.open("wb") as out, (output.with_suffix(".stderr")).open("wb") as err:
        child = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err, cwd=ROOT, env=given)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    if child.returncode not in expected:
        tail = output.with_suffix(".stderr").read_text("utf-8", "replace")[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{tail}")
    per_mib = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_mib)


def middle(samples: Sequence[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(*(median(values) for values in zip(*samples, strict=True)))
