"""A progress bar on standard error for work that takes longer than a second, on a terminal only."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, TypeVar

import click

from ..phrases import counted
from .inputs import STDIN, Input

__all__ = ["Bar", "Passes", "shown"]

PATIENCE = 1.0
"""Seconds before a bar appears; shorter work needs none."""
INTERVAL = 0.1


B = TypeVar("B", bound="Bar")


class Bar:
    """Called by the pipeline with bytes read and claims judged of the file at hand; draws what that is of the whole."""

    def __init__(self, total: int, label: str = "Checking") -> None:
        self.total, self.label = total, label
        self.started = self.drawn = monotonic()
        self.bar: Any = None
        self.before = self.taken = self.claims_before = self.claims = self.done = self.shown_bytes = 0

    def __call__(self, taken: int, claims: int) -> None:
        if taken < self.taken or claims < self.claims:  # the next file has begun
            self.before, self.claims_before = self.before + self.taken, self.claims_before + self.claims
        self.taken, self.claims = taken, claims
        self.move(self.before + taken)

    def move(self, done: int) -> None:
        """So much of the whole is done."""
        self.done = done
        now = monotonic()
        if now - self.started >= PATIENCE and now - self.drawn >= INTERVAL:
            self.drawn = now
            self._draw(now)

    def _draw(self, now: float) -> None:
        if self.bar is None:
            self.bar = click.progressbar(length=self.total, label=self.label, file=sys.stderr, width=20,
                                         item_show_func=lambda text: text)
        self.bar.update(self.done - self.shown_bytes, self._says(now))
        self.shown_bytes = self.done

    def _says(self, now: float) -> str:
        claims = self.claims_before + self.claims
        return f"{counted(claims, 'claim')}, {claims / (now - self.started):,.0f}/s"

    def close(self) -> None:
        if self.bar is not None:
            self._draw(monotonic())
            self.bar.render_finish()


class Passes(Bar):
    """A bar of several passes over one file, each an equal part of the whole; it shows what the one at hand does."""

    def __init__(self, size: int, label: str, names: Sequence[str]) -> None:
        super().__init__(size * len(names), label)
        self.size, self.names, self.number = size, names, 0

    def reach(self, number: int, taken: int, size: int) -> None:
        """Pass ``number`` (from 0) has come to ``taken`` of the ``size`` bytes that it has to do."""
        self.number = number
        self.move(self.size * number + self.size * min(taken, size) // max(size, 1))

    def _says(self, now: float) -> str:
        return self.names[self.number]


@contextlib.contextmanager
def shown(inputs: Sequence[Input], is_wanted: bool, make: Callable[[int], B]) -> Iterator[B | None]:
    """A bar for these inputs, made for their size; ``None`` where nobody would see it or the size of the work is
    unknown."""
    if not is_wanted or not sys.stderr.isatty() or any(one.path == STDIN for one in inputs):
        yield None
        return
    bar = make(sum(_size(one.path) for one in inputs))
    try:
        yield bar
    finally:
        bar.close()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
