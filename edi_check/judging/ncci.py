"""NCCI as the user has loaded it: which pairs of codes aren't paid together on a day, and how many units of one.

Picked by the day of service and by program: Medicare and Medicaid have tables of their own. Only the pairs of codes
that were asked for are in memory. Where no table speaks of a day, ``why_not`` says so, and the edits are not evaluated.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ..tables.store import EPOCH, PAIR, Store, TableSource

__all__ = ["Pairing", "Pairs", "UnitLimits"]

PARTS = frozenset((1, 2, 3, 4))
"""CMS publishes the practitioner PTP table in four parts, f1 to f4, cut by code."""

MEMO_SIZE = 200_000
_CODE_WIDTH = 5


class Pairing(NamedTuple):
    """A pair on a day: the column-1 code is paid, the column-2 code isn't. ``indicator``: 0 never, 1 unless a modifier
    says that they were distinct, 9 no longer an edit."""

    column1: str
    column2: str
    indicator: str


class _Release:
    """A table's parts that belong together: a quarter of a program."""

    def __init__(self, source: TableSource) -> None:
        self.first, self.last = (date.fromisoformat(d).toordinal() for d in (source.first, source.last))
        self.label = source.label
        self.sources: list[int] = []
        self.parts: set[int] = set()

    @property
    def missing(self) -> list[int]:
        """Parts that aren't loaded; none when the table came in one piece."""
        return sorted(PARTS - self.parts) if 0 not in self.parts else []


class _Table:
    """The releases of one kind of table, by program, and which of them speaks of a day."""

    kind, name = "", ""

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        self.store = store
        self._releases: dict[str, list[_Release]] = {}
        found: dict[tuple[str, str, str], _Release] = {}
        for source in sources:
            key = (source.lob, source.first, source.last)
            if key not in found:
                found[key] = _Release(source)
                self._releases.setdefault(source.lob, []).append(found[key])
            found[key].sources.append(source.id)
            found[key].parts.add(source.part)
        for releases in self._releases.values():
            releases.sort(key=lambda r: (r.last, -r.first))
        self._chosen: dict[tuple[str, int], _Release | None] = {}
        self._why: dict[tuple[str, int], str] = {}

    def release(self, lob: str, day: int) -> _Release | None:
        """The table of the day's own quarter; where that isn't loaded, the next later one whose days reach back so
        far."""
        key = (lob, day)
        if key not in self._chosen:
            if len(self._chosen) >= MEMO_SIZE:
                self._chosen.clear()
            self._chosen[key] = next((r for r in self._releases.get(lob, ()) if r.first <= day <= r.last), None)
        return self._chosen[key]

    def why_not(self, lob: str, day: int) -> str:
        """Why a claim of this program and day can't be judged; ``""`` when it can."""
        why = self._why.get((lob, day))
        if why is None:
            if len(self._why) >= MEMO_SIZE:
                self._why.clear()
            why = self._why[lob, day] = self._reason(lob, day)
        return why

    def _reason(self, lob: str, day: int) -> str:
        release = self.release(lob, day)
        if release is None:
            if lob not in self._releases:
                return f"no {self.name} file of {lob.capitalize()} is loaded"
            when = date.fromordinal(day)
            quarter = f"{when.year}Q{(when.month + 2) // 3}"
            return f"the {self.name} files of {lob.capitalize()} that are loaded don't cover {quarter}"
        missing = release.missing
        if missing and self.kind == "ptp":
            return f"of the {self.name} table {release.label} part f{missing[0]} is not loaded"
        return ""


class Pairs(_Table):
    """Procedure-to-procedure edits."""

    kind, name = "ptp", "PTP"

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        super().__init__(store, sources)
        self._packed: dict[tuple[int, str], bytes] = {}
        self._windows: dict[tuple[int, str, str], tuple[tuple[int, int, Pairing], ...]] = {}

    def between(self, lob: str, day: int, a: str, b: str) -> Pairing | None:
        """The pair that two codes make on a day, whichever of them stands in column 1."""
        release = self.release(lob, day)
        if release is None:
            return None
        windows = self._windows.get((release.last, a, b))
        if windows is None:
            windows = self._read(release, a, b)
        for first, last, pairing in windows:
            if first <= day <= last:
                return pairing
        return None

    def _read(self, release: _Release, a: str, b: str) -> tuple[tuple[int, int, Pairing], ...]:
        found: list[tuple[int, int, Pairing]] = []
        for one, two in ((a, b), (b, a)):
            for source in release.sources:
                found.extend(_windows_of(self._pairs(source, one), one, two))
        if len(self._windows) >= MEMO_SIZE:
            self._windows.clear()
        windows = tuple(found)
        self._windows[release.last, a, b] = windows
        return windows

    def _pairs(self, source: int, code: str) -> bytes:
        packed = self._packed.get((source, code))
        if packed is None:
            packed = self._packed[source, code] = self.store.pairs(source, code)
            if len(self._packed) >= MEMO_SIZE:
                self._packed.clear()
        return packed


def _windows_of(packed: bytes, one: str, two: str) -> list[tuple[int, int, Pairing]]:
    """All windows of a pair among the packed records of its column-1 code."""
    wanted = two.encode("latin-1", "replace")
    if len(wanted) != _CODE_WIDTH:
        return []
    found = []
    at = packed.find(wanted)
    while at >= 0:
        if at % PAIR.size == 0:
            _, first, last, indicator = PAIR.unpack_from(packed, at)
            end = last + EPOCH if last != 0xFFFF else date.max.toordinal()
            found.append((first + EPOCH, end, Pairing(one, two, indicator.decode("ascii"))))
        at = packed.find(wanted, at + 1)
    return found


assert struct.calcsize(PAIR.format) == PAIR.size == 2 * _CODE_WIDTH


class UnitLimits(_Table):
    """Medically unlikely edits, those of practitioners. They have no days of their own: each quarter needs its
    table."""

    kind, name = "mue", "MUE"

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        super().__init__(store, sources)
        self._known: dict[tuple[str, int, str], tuple[int, int] | None] = {}

    def limit(self, lob: str, day: int, code: str) -> tuple[int, int] | None:
        """(most units, adjudication indicator: 1 for each line, 2 and 3 for the day); ``None``: the code has no limit.
        Medicaid's tables give no indicator; its limits are each line's."""
        release = self.release(lob, day)
        if release is None:
            return None
        key = (lob, release.last, code)
        if key not in self._known:
            if len(self._known) >= MEMO_SIZE:
                self._known.clear()
            found = next((u for s in release.sources if (u := self.store.units(s, code)) is not None), None)
            self._known[key] = (found[0], found[1] or 1) if found else None
        return self._known[key]
