"""A progress bar on standard error for work that takes longer than a second, on a terminal only."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

import click

from .inputs import STDIN, Input

__all__ = ["Bar", "shown"]

PATIENCE = 1.0
"""Seconds before a bar appears; shorter work needs none."""
INTERVAL = 0.1


class Bar:
    """Called by the pipeline with bytes read and claims judged of the file at hand; draws what that is of the whole."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = self.drawn = monotonic()
        self.bar: Any = None
        self.before = self.taken = self.claims_before = self.claims = self.shown_bytes = 0

    def __call__(self, taken: int, claims: int) -> None:
        if taken < self.taken or claims < self.claims:  # the next file has begun
            self.before, self.claims_before = self.before + self.taken, self.claims_before + self.claims
        self.taken, self.claims = taken, claims
        now = monotonic()
        if now - self.started >= PATIENCE and now - self.drawn >= INTERVAL:
            self.drawn = now
            self._draw(now)

    def _draw(self, now: float) -> None:
        if self.bar is None:
            self.bar = click.progressbar(length=self.total, label="Checking", file=sys.stderr, width=20,
                                         item_show_func=lambda text: text)
        done, claims = self.before + self.taken, self.claims_before + self.claims
        rate = claims / (now - self.started)
        noun = "claim" if claims == 1 else "claims"
        self.bar.update(done - self.shown_bytes, f"{claims:,} {noun}, {rate:,.0f}/s")
        self.shown_bytes = done

    def close(self) -> None:
        if self.bar is not None:
            self._draw(monotonic())
            self.bar.render_finish()


@contextlib.contextmanager
def shown(inputs: Sequence[Input], is_wanted: bool) -> Iterator[Bar | None]:
    """A bar for these inputs; ``None`` where nobody would see it or the size of the work is unknown."""
    if not is_wanted or not sys.stderr.isatty() or any(one.path == STDIN for one in inputs):
        yield None
        return
    bar = Bar(sum(_size(one.path) for one in inputs))
    try:
        yield bar
    finally:
        bar.close()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
