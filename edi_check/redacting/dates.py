"""Days that a birth date, or a date of death, must keep its side of: the edits compare them with days of service and
with the day of receipt."""

from __future__ import annotations

from datetime import date, timedelta

from ..reading.values import parse_day

__all__ = ["Days"]

_DAY = timedelta(1)


class Days:
    """For each birth (or death) date, the days of service it stands beside, of the same year: an invented date is of
    that year too, so others can't be crossed."""

    def __init__(self) -> None:
        self.beside: dict[str, set[date]] = {}
        self.receipt: date | None = None

    def note(self, day: str, service: str) -> None:
        """A service on ``service`` of somebody born, or dead, on ``day``; both CCYYMMDD, or unreadable."""
        if day[:4] == service[:4] and (when := parse_day(service)) is not None and when < date.max:
            self.beside.setdefault(day, set()).add(when)

    def free(self, kind: str, day: date) -> tuple[date, date]:
        """First and last day that would be judged as ``day`` is."""
        borders = {day.replace(month=1, day=1)}
        for service in self.beside.get(f"{day:%Y%m%d}", ()):
            borders.add(service + _DAY if kind == "birth" else service)  # born after it; dead on it or after
        if self.receipt is not None:
            borders.add(self.receipt + 2 * _DAY if self.receipt < date.max - _DAY else date.max)  # in the future
            borders.add(_a_lifetime_before(self.receipt))
        borders.add(day.replace(month=12, day=31) + _DAY if day.year < date.max.year else date.max)
        return max(b for b in borders if b <= day), min((b for b in borders if b > day), default=day + _DAY) - _DAY


def _a_lifetime_before(day: date) -> date:
    """150 years: who was born before that is too old (CORE-LIN-16)."""
    if day.year <= 150:
        return date.min
    year = day.year - 150
    return date(year, 3, 1) if (day.month, day.day) == (2, 29) and not _leaps(year) else day.replace(year=year)


def _leaps(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
