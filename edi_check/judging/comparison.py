"""What of a claim is kept until the end of its file, to be compared with the other claims there.

``compared`` is made for every claim, so it only gathers what is at hand, in a tuple that ``marshal`` can write: raw
texts, no sums, no digests. ``Compared`` reads such a tuple, and works out the costly part, the signature, only for the
few claims that have a likely twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Final

from ..model import Claim
from ..rows import DAYS, kept_lines, provider_id
from .aggregate import LONGEST_RANGE, DayLine
from .identities import Details, comparable, details_of, in_file, patient_key, plain
from .visits import KeptLine

__all__ = [
    "DAY_LINES", "Compared", "Earlier", "compared", "first_day", "further_days", "kind_of", "span_of", "told_apart_by",
]

DAY_LINES: Final = 8
"""Place in the tuple that ``compared`` gives, as ``LINES`` is, which stands where ``rows`` looks for it."""


def compared(claim: Claim, payer: str, day_lines: Sequence[DayLine], is_secondary: bool,
             is_authorized: bool = False, visits: tuple[tuple[int, str], ...] = (),
             is_open: bool = False) -> tuple[Any, ...]:
    """The tuple of a claim. ``payer``: the first id of its payer group; ``day_lines``: its lines that sums over the
    file are about; ``is_authorized`` is asked for where an edit looks at courses, ``visits`` (``visits.visited``)
    where one looks at those; ``is_open``: an edit on days waits for the file's other claims."""
    subscriber, rendering, billing = claim.subscriber, claim.rendering, claim.billing
    delimiters = claim.interchange.delimiters
    days = None
    if day_lines or visits:
        days = (subscriber.group_number, is_secondary,
                tuple([(n, segment, procedure, str(units), provider, tax_id, first, last)
                       for n, segment, procedure, units, provider, tax_id, first, last, _ in day_lines]),
                is_authorized, visits, is_open)
    to = subscriber.payer
    return (claim.number, claim.first_segment, claim.frequency, patient_key(claim, payer),
            (provider_id(billing), subscriber.sequence,
             provider_id(rendering) if rendering is not None else "", claim.place_of_service,
             details_of(claim.dependent or subscriber)),
            tuple(map(_code, claim.diagnoses)), delimiters[0] + delimiters[2], kept_lines(claim), days,
            to.id if to is not None else "", subscriber.filing)


_code: Final = itemgetter(1)


def first_day(lines: Sequence[tuple[str, ...]]) -> str:
    """The first day, as sent, of the lines that ``kept_lines`` gave; whatever stands there when it is no day."""
    return min([line[DAYS][:8] for line in lines], default="")


def further_days(lines: Sequence[tuple[str, ...]]) -> set[str]:
    """All days of such lines but the first, those inside a range included."""
    days = {line[DAYS] for line in lines}
    for text in [text for text in days if len(text) != 8]:
        days.discard(text)
        days |= {text[:8], text[-8:]}
        try:
            first, last = _ordinal(text[:8]), _ordinal(text[-8:])
        except ValueError:
            continue
        days.update(date.fromordinal(day).strftime("%Y%m%d") for day in range(first, min(last, first + LONGEST_RANGE)))
    days.discard(first_day(lines))
    return days


def _ordinal(day: str) -> int:
    return date(int(day[:4]), int(day[4:6]), int(day[6:8])).toordinal()


@dataclass(slots=True)
class Earlier:
    """What is remembered of a claim that a later one may be like."""

    index: int
    number: str
    frequency: str


class Compared:
    """A claim as its tuple keeps it. ``index`` counts the claims of the file from 1; ``patient`` is ``""`` when it
    can't be told; ``first`` and ``last`` day are ordinals (0: unreadable)."""

    def __init__(self, index: int, kept: tuple[Any, ...]) -> None:
        self.index = index
        self.apart: tuple[bytes, bytes] | None = None
        """What ``told_apart_by`` says of it, once somebody has asked."""
        self.has_other_details = False
        """Does it differ from the earlier claim it is compared with, though not in what is done on its lines?"""
        (self.number, self.segment, self.frequency, self.patient, self.head, self.diagnoses, self.delimiters,
         self.lines, self.days, self.payer_id, self.filing) = kept

    @property
    def group(self) -> str:
        return self.days[0] if self.days else ""

    @cached_property
    def details(self) -> Details:
        """What it says of the patient besides what makes the key, fit to be compared."""
        return comparable(self.head[4])

    @property
    def is_secondary(self) -> bool:
        return bool(self.days and self.days[1])

    @property
    def is_authorized(self) -> bool:
        return bool(self.days and self.days[3])

    @property
    def is_open(self) -> bool:
        """Does an edit on its days wait for what the file's other claims say?"""
        return bool(self.days and self.days[5])

    @cached_property
    def day_lines(self) -> list[DayLine]:
        """Its lines that sums over the file are about."""
        if not self.days:
            return []
        index = self.index
        return [DayLine(n, segment, procedure, Decimal(units), in_file(provider, index), tax_id, first, last,
                        self.lines[n - 1][0])
                for n, segment, procedure, units, provider, tax_id, first, last in self.days[2]]

    def day_line(self, number: int) -> DayLine | None:
        """The one of ``day_lines`` that is the claim's line of this number."""
        return self._by_number.get(number)

    @cached_property
    def _by_number(self) -> dict[int, DayLine]:
        return {line.number: line for line in self.day_lines}

    @cached_property
    def visits(self) -> dict[tuple[str, str, str], list[int]]:
        """Numbers of its lines by (provider, first and last day) of the visit they belong to; none where nobody asked
        for visits."""
        found: dict[tuple[str, str, str], list[int]] = {}
        for n, (segment, provider) in enumerate(self.days[4] if self.days else (), 1):
            if segment:
                days = self.lines[n - 1][DAYS]
                found.setdefault((in_file(provider, self.index), days[:8], days[-8:]), []).append(n)
        return found

    def kept_line(self, number: int) -> KeptLine:
        """A line of a visit."""
        _, procedure, modifiers, _, units, *_ = self._services[number - 1]
        try:
            quantity = Decimal(units[2:])
        except InvalidOperation:
            quantity = None
        return KeptLine(number, self.days[4][number - 1][0], procedure, tuple(modifiers), units[:2], quantity)

    @property
    def placed_lines(self) -> list[tuple[DayLine, str, tuple[str, ...]]]:
        """Its lines that sums are about, each with its place and the diagnoses it points to."""
        return [(line, self._services[line.number - 1][5] or self.head[3], tuple(self._services[line.number - 1][6]))
                for line in self.day_lines]

    @property
    def first_day(self) -> int:
        """The first day of its lines, as an ordinal; 0 when one can't be read."""
        return span_of(self.lines)[0]

    @cached_property
    def modifiers(self) -> frozenset[str]:
        """All modifiers of its lines, in upper case."""
        return frozenset(m for line in self._services for m in line[2])

    @cached_property
    def signature(self) -> bytes:
        """Equal for two claims exactly when provider, payer, SBR01, patient, the number of the accident's case and the
        lines, in any order, are the same: days, code, modifiers in any order, description, units, charge, place, who
        rendered, diagnoses pointed to. ``6`` is ``6.0``, and upper case is lower case. Of the patient all names and the
        sex, none of them left out in one of the two: twins may differ in nothing else, nor employees under their
        employer's policy. A digest of 16 bytes: a claim isn't refused by chance."""
        billing, sequence, rendering, place, own = self.head
        lines = sorted(
            repr((*service[:2], sorted(service[2]), *service[3:5], service[5] or place, *service[6:], days[:8],
                  days[-8:], plain(provider or rendering or billing)))
            for service, (_, days, _, provider) in zip(self._services, self.lines, strict=True))
        whole = repr((plain(billing), sequence, [plain(text) for text in own], self.patient, lines))
        return blake2b(whole.encode("latin-1", "replace"), digest_size=16).digest()

    @cached_property
    def _services(self) -> list[tuple[Any, ...]]:
        """Of each line: qualifier, code, modifiers, charge, units, place, diagnoses pointed to, description."""
        element, component = self.delimiters[0], self.delimiters[1]
        found = []
        for text, *_ in self.lines:
            parts = [*text.upper().split(element), "", "", "", "", "", "", "", ""]
            code = [*parts[1].split(component), ""]
            pointed = [self.diagnoses[int(p) - 1].upper() for p in parts[7].split(component)
                       if p.isdecimal() and p.isascii() and len(p) < 3 and 0 < int(p) <= len(self.diagnoses)]
            found.append((code[0], code[1], [m for m in code[2:6] if m], _plain(parts[2]), parts[3] + _plain(parts[4]),
                          parts[5], pointed, "".join(code[6:7]).strip()))
        return found


def told_apart_by(segments: Sequence[Sequence[str]]) -> tuple[bytes, bytes]:
    """What a claim says besides what its signature holds, as two digests: the drugs of its lines, and all else (places
    gone to, dates of accidents, names, references, notes …) but numbers and papers that every claim has its own of.
    ``segments``: of the claim, as elements."""
    drugs: list[str] = []
    rest: list[str] = []
    party = ""
    for e in segments:
        name = kind_of(e)
        if e[0] == "NM1":
            party = e[1] if len(e) > 1 else ""
        if name in _HELD or name in _OWN:
            continue
        said = ["CLM", *e[3:]] if name == "CLM" else [*e[:2], *map(_plain, e[2:3]), *e[3:]] if e[0] == "AMT" else e
        text = "*".join([part.rstrip() for part in said]).upper().rstrip("*")
        if e[0] in _OF_PARTY:
            text = f"{party} {text}"
        (drugs if name == "LIN" else rest).append(text)
    first, second = (blake2b("~".join(sorted(texts)).encode("latin-1", "replace"), digest_size=16).digest()
                     for texts in (drugs, rest))
    return first, second


def kind_of(elements: Sequence[str]) -> str:
    """What a segment is, in a word: ``HI``, ``REF:D9``, ``DTP:472``."""
    return ":".join(elements[:2]) if elements[0] in ("REF", "DTP") else elements[0]


_HELD: Final = frozenset({"SV1", "HI", "DTP:472", "LX"})
"""Segments that the signature is made of."""
_OWN: Final = frozenset({"REF:D9", "REF:6R", "REF:F8", "PWK"})
"""Segments with a number of the claim's own. Not NTE nor K3: what they say may tell one visit of a day from another."""
_OF_PARTY: Final = frozenset({"N3", "N4"})
"""Segments that say nothing without whose they are: the way there and the way back have the same two addresses."""


def _plain(number: str) -> str:
    """A number without what doesn't change it: ``6.0`` and ``06`` are ``6``. What is no number stays as it is."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return str(value.normalize()) if value.is_finite() else number


def span_of(lines: tuple[Any, ...]) -> tuple[int, int]:
    """First and last day of the lines of a tuple, as ordinals; (0, 0) when one can't be read."""
    try:
        days = [_ordinal(day) for line in lines for day in (line[DAYS][:8], line[DAYS][-8:])]
    except ValueError:
        return 0, 0
    return min(days, default=0), max(days, default=0)
