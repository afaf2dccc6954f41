"""What is said of the whole file answered: one statement for each thing that an acknowledgment says something about."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..privacy import legible
from ..spool import Store
from ..telling.spots import Spot
from .claim_records import ClaimRecords, Claims
from .codes import meaning
from .kept import Kept

__all__ = ["DEPTH", "ClaimVerdicts", "Statement", "StatementList", "code_list", "packed_spot", "shown_number"]

DEPTH = {"interchange": 0, "group": 0, "set": 1, "segment": 2, "element": 3, "batch": 0, "provider": 1, "claim": 2,
         "line": 3}


@dataclass(slots=True)
class Statement:
    """``says`` is a sentence; ``result`` ``accepted``, ``errors`` (accepted with errors), ``partial``, ``rejected``, or
    ``""`` where nothing is decided. ``codes`` pairs of element with code (``IK304 8``) and meaning; ``names`` the
    numbers and ids it goes by; ``claims`` the claims it hits, and ``hits`` says so in words. In ``says`` and ``names``,
    values that identify a person stand between the marks of ``privacy``."""

    kind: str
    level: str
    says: str
    result: str = ""
    codes: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    spots: list[Spot] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)
    hits: str = ""

    @property
    def depth(self) -> int:
        return DEPTH[self.level]


class StatementList(Kept[Statement]):
    """Statements on disk. ``records`` are the claims of the original; ``lines`` physical line and column by offset,
    which may be filled in after the statements are (``offsets`` are those wanted)."""

    def __init__(self, store: Store, records: ClaimRecords | None, lines: dict[int, tuple[int, int]],
                 offsets: array[int]) -> None:
        super().__init__(_packed, partial(_unpacked, records, lines), store)
        self._offsets = offsets

    def append(self, entry: Statement) -> None:
        super().append(entry)
        self._offsets.extend(s.offset for s in entry.spots)


def packed_spot(s: Spot) -> tuple[Any, ...]:
    """A spot as ``marshal`` can write it; line and column are looked up later."""
    return (s.loop, s.segment_id, s.element, s.segment, s.set_segment, s.offset, s.length, s.text, s.caret, s.width)


def _packed(s: Statement) -> tuple[Any, ...]:
    return (s.kind, s.level, s.says, s.result, s.codes, s.names, [packed_spot(spot) for spot in s.spots],
            s.claims.ranges, s.hits)


def _unpacked(records: ClaimRecords | None, lines: dict[int, tuple[int, int]], row: tuple[Any, ...]) -> Statement:
    kind, level, says, result, codes, names, spots, ranges, hits = row
    found = [Spot(*spot) for spot in spots]
    for spot in found:
        spot.line, spot.column = lines.get(spot.offset, (0, 0))
    return Statement(kind, level, says, result, codes, names, found, Claims(records, ranges), hits)


@dataclass
class ClaimVerdicts:
    """The claims that are named or hit, refused or taken, each with the kinds of answers that say so. A claim of the
    original is known by its running number there; without one by its CLM01."""

    refused: dict[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)
    taken: dict[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)
    """What is refused with every claim below it, none of which can be named without the original."""
    _kinds: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _refused: set[tuple[str, tuple[tuple[int, int], ...]]] = field(default_factory=set)

    def refuse(self, kind: str, claims: Claims) -> None:
        if len(claims) > 1:  # the same many may be refused many times over
            if (kind, claims.ranges) in self._refused:
                return
            self._refused.add((kind, claims.ranges))
        for key in claims.pairs():
            self._enter(self.refused, kind, key)

    def name(self, kind: str, number: str, is_refused: bool) -> None:
        """A claim that is known by its number alone."""
        self._enter(self.refused if is_refused else self.taken, kind, (0, number))

    def take(self, kind: str, claims: Claims) -> None:
        for key in claims.pairs():
            self._enter(self.taken, kind, key)

    def _enter(self, where: dict[tuple[int, str], tuple[str, ...]], kind: str, key: tuple[int, str]) -> None:
        kinds = where.get(key, ())
        if kind not in kinds:
            kinds = (*kinds, kind)
            where[key] = self._kinds.setdefault(kinds, kinds)  # one tuple for all claims alike


def code_list(name: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their element and meaning."""
    return [(f"{name} {legible(code, 12)}".rstrip(), meaning(name, legible(code, 12))) for code in codes]


def shown_number(number: str, otherwise: str = "(no number)") -> str:
    """An id as part of a sentence."""
    return legible(number, 50) or otherwise
