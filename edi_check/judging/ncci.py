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

__all__ = ["Limits", "Pairing", "Pairings", "Pairs", "UnitLimits"]

PARTS = frozenset((1, 2, 3, 4))
"""CMS publishes the practitioner PTP table in four parts, f1 to f4, cut by code."""

MEMO_SIZE = 200_000
DAYS_KEPT = 1000
CODES_KEPT = 20_000
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


class Pairings(dict[tuple[str, str], Pairing | None]):
    """Two codes to the pair they make on one day, whichever of them stands in column 1; ``None`` when they make none.
    Read when first asked for."""

    __slots__ = ("day", "pairs", "release")

    def __init__(self, pairs: Pairs, release: _Release, day: int) -> None:
        super().__init__()
        self.pairs, self.release, self.day = pairs, release, day

    def __missing__(self, codes: tuple[str, str]) -> Pairing | None:
        found = self.pairs.between(self.release, self.day, *codes)
        if len(self) >= MEMO_SIZE:
            self.clear()
        self[codes] = found
        return found


class Pairs(_Table):
    """Procedure-to-procedure edits."""

    kind, name = "ptp", "PTP"

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        super().__init__(store, sources)
        self._packed: dict[tuple[int, str], bytes] = {}
        self._windows: dict[tuple[int, str, str], tuple[tuple[int, int, Pairing], ...]] = {}
        self._days: dict[tuple[str, int], Pairings | None] = {}

    def of_day(self, lob: str, day: int) -> Pairings | None:
        """The pairs of a program on a day; ``None`` when no table tells them."""
        try:
            return self._days[lob, day]
        except KeyError:
            release = self.release(lob, day)
            if len(self._days) >= DAYS_KEPT:
                self._days.clear()
            found = None if release is None or self.why_not(lob, day) else Pairings(self, release, day)
            self._days[lob, day] = found
            return found

    def between(self, release: _Release, day: int, a: str, b: str) -> Pairing | None:
        """The pair that two codes make on a day by one table; ``None`` for one that is no edit any more (indicator
        9)."""
        key = (release.sources[0], a, b)
        windows = self._windows.get(key)
        if windows is None:
            windows = tuple(w for one, two in ((a, b), (b, a)) for source in release.sources
                            for w in _windows_of(self._pairs(source, one), one, two))
            if len(self._windows) >= MEMO_SIZE:
                self._windows.clear()
            self._windows[key] = windows
        for first, last, pairing in windows:
            if first <= day <= last:
                return pairing if pairing.indicator in ("0", "1") else None
        return None

    def _pairs(self, source: int, code: str) -> bytes:
        packed = self._packed.get((source, code))
        if packed is None:
            if len(self._packed) >= CODES_KEPT:
                self._packed.clear()
            packed = self._packed[source, code] = self.store.pairs(source, code)
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


class Limits(dict[str, tuple[int, int] | None]):
    """Code to (most units, adjudication indicator) by one table; ``None`` when it has no limit. Read when first asked
    for."""

    __slots__ = ("release", "store")

    def __init__(self, store: Store, release: _Release) -> None:
        super().__init__()
        self.store, self.release = store, release

    def __missing__(self, code: str) -> tuple[int, int] | None:
        found = next((u for s in self.release.sources if (u := self.store.units(s, code)) is not None), None)
        if len(self) >= MEMO_SIZE:
            self.clear()
        limit = (found[0], found[1] or 1) if found else None
        self[code] = limit
        return limit


class UnitLimits(_Table):
    """Medically unlikely edits, those of practitioners. They have no days of their own: each quarter needs its table.
    The adjudication indicator: 1 for each line, 2 and 3 for the day. Medicaid's tables give none; its limits are each
    line's."""

    kind, name = "mue", "MUE"

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        super().__init__(store, sources)
        self._limits: dict[_Release, Limits] = {}

    def of_day(self, lob: str, day: int) -> Limits | None:
        """The limits of a program on a day; ``None`` when no table tells them."""
        release = self.release(lob, day)
        if release is None:
            return None
        if release not in self._limits:
            self._limits[release] = Limits(self.store, release)
        return self._limits[release]
