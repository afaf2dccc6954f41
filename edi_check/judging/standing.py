"""How ``settle``, and what it asks, sees the claims of a file: a row each, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

__all__ = ["Rows", "Standing"]


class Standing(NamedTuple):
    """A claim as its row tells it. ``claim`` counts the claims of the file from 1; ``is_refused``: a finding of its
    own, or of a level above it, refuses it; ``edits``: ids of its own findings; ``compare``: what ``Engine.compare``
    gave (``None`` for a claim that was not judged)."""

    claim: int
    set_index: int
    is_refused: bool
    compare: tuple[Any, ...] | None
    edits: tuple[str, ...] = ()
    interchange: int = 0
    group: int = 0


class Rows(Protocol):
    """The claims of a file in file order, iterable as often as needed; ``rows[n]`` is claim ``n + 1``."""

    def __iter__(self) -> Iterator[Standing]: ...

    def __getitem__(self, index: int, /) -> Standing: ...
