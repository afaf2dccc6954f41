"""Code sets of the user, by the day of service: billable ICD-10-CM codes, procedure codes.

Neither is shipped: CPT needs the AMA's licence, and a diagnosis table that is a year old would refuse valid codes. What
no table speaks of is not evaluated, never refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ..tables.store import Store, TableSource

__all__ = ["Diagnoses", "Procedures"]

MEMO_SIZE = 100_000


class Diagnoses:
    """ICD-10-CM by edition: a year's of October, an April one that adds to it."""

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        self.store = store
        days = date.fromisoformat
        dated = [(days(s.first), days(s.last), days(s.known_until), s.id) for s in sources]
        self._editions = sorted(dated, reverse=True)
        self._of_day: dict[date, tuple[int, bool]] = {}
        self._known: dict[tuple[int, str], str] = {}

    def edition(self, day: date) -> tuple[int, bool]:
        """(number of the latest edition in force on ``day``, is it known to be complete by then); 0 for none."""
        found = self._of_day.get(day)
        if found is None:
            fitting = [(number, day <= known) for first, last, known, number in self._editions if first <= day <= last]
            found = fitting[0] if fitting else (0, False)
            if len(self._of_day) >= MEMO_SIZE:
                self._of_day.clear()
            self._of_day[day] = found
        return found

    def standing(self, code: str, day: date) -> str:
        """``billable`` on that day; ``divided``: only its longer codes are; ``unknown``: no such code; ``""``: no
        table tells (none is of that day, or a later edition may have added the code)."""
        edition, is_complete = self.edition(day)
        if not edition:
            return ""
        key = (edition, code)
        found = self._known.get(key)
        if found is None:
            found = self.store.diagnosis(edition, code) or "unknown"
            if len(self._known) >= MEMO_SIZE:
                self._known.clear()
            self._known[key] = found
        return "" if found == "unknown" and not is_complete else found


class Procedures:
    """Procedure codes with their days, from a table that the user keeps."""

    def __init__(self, store: Store, sources: Iterable[TableSource]) -> None:
        self.store = store
        self._sources = [s.id for s in sources]
        self._windows: dict[str, tuple[tuple[date, date], ...]] = {}
        self._covered: dict[tuple[date, bool], bool] = {}

    def is_valid(self, code: str, day: date) -> bool:
        """Is the code in the table, with that day?"""
        windows = self._windows.get(code)
        if windows is None:
            windows = tuple(w for s in self._sources for w in self.store.procedure(s, code))
            if len(self._windows) >= MEMO_SIZE:
                self._windows.clear()
            self._windows[code] = windows
        return any(first <= day <= last for first, last in windows)

    def covers(self, code: str, day: date) -> bool:
        """Does the table hold codes of this kind (all digits in front: CPT; a letter: HCPCS) that are valid on
        ``day``? A table of HCPCS codes alone says nothing about CPT's."""
        key = (day, code[:1].isdigit())
        covered = self._covered.get(key)
        if covered is None:
            covered = any(self.store.has_procedures(s, day, key[1]) for s in self._sources)
            if len(self._covered) >= MEMO_SIZE:
                self._covered.clear()
            self._covered[key] = covered
        return covered
