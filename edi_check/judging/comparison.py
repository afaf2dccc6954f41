"""What of a claim is kept until the end of its file, to be compared with the other claims there.

``compared`` is made for every claim, so it only gathers what is at hand, in a tuple that ``marshal`` can write: raw
texts, no sums, no digests. ``Compared`` reads such a tuple, and works out the costly part, the signature, only for the
few claims that have a likely twin.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from hashlib import blake2b
from typing import Any

from ..model import Claim, Party
from .aggregate import DayLine, patient_key

__all__ = ["Compared", "Earlier", "compared"]


def compared(claim: Claim, payer: str, day_lines: list[DayLine], is_secondary: bool) -> tuple[Any, ...]:
    """The tuple of a claim. ``payer``: the first id of its payer group; ``day_lines``: its lines that sums over the
    file are about."""
    billing, subscriber, rendering = claim.billing, claim.subscriber, claim.rendering
    first = last = None
    lines = []
    for line in claim.service_lines:
        dates = line.service_dates
        start, end = dates.start, dates.end
        if start is not None and (first is None or start < first):
            first = start
        if end is not None and (last is None or end > last):
            last = end
        own = line.rendering
        lines.append((line.text, start.toordinal() if start else 0, end.toordinal() if end else 0,
                      _provider(own) if own else ""))
    delimiters = claim.interchange.delimiters
    head = (_provider(billing), subscriber.sequence, _provider(rendering) if rendering else "", claim.place_of_service)
    days = None
    if day_lines:
        days = (subscriber.group_number, is_secondary,
                tuple([(d.number, d.segment, d.procedure, str(d.units), d.provider, d.tax_id, d.first, d.last)
                       for d in day_lines]))
    return (claim.number, claim.first_segment, claim.frequency, patient_key(claim, payer),
            first.toordinal() if first else 0, last.toordinal() if last else 0,
            head,
            tuple([d.code for d in claim.diagnoses]), delimiters.element + delimiters.component, tuple(lines), days,
            claim.payer.id, subscriber.filing)


def _provider(party: Party) -> str:
    """NPI, else tax id, else whatever NM109 says, else the name."""
    return party.npi or party.tax_id or party.id or party.name


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
        (self.number, self.segment, self.frequency, self.patient, self.first, self.last, self.head, self.diagnoses,
         self.delimiters, self.lines, self.days, self.payer_id, self.filing) = kept

    @property
    def group(self) -> str:
        return self.days[0] if self.days else ""

    @property
    def is_secondary(self) -> bool:
        return bool(self.days and self.days[1])

    @cached_property
    def day_lines(self) -> list[DayLine]:
        """Its lines that sums over the file are about."""
        if not self.days:
            return []
        return [DayLine(number, segment, procedure, Decimal(units), provider, tax, first, last, self.lines[number - 1][0])
                for number, segment, procedure, units, provider, tax, first, last in self.days[2]]

    @cached_property
    def coded_lines(self) -> list[tuple[DayLine, tuple[str, ...]]]:
        """Its lines with a HCPCS code, each with its modifiers."""
        return [(line, tuple(self._services[line.number - 1][2])) for line in self.day_lines
                if self._services[line.number - 1][0] == "HC"]

    @cached_property
    def modifiers(self) -> frozenset[str]:
        """All modifiers of its lines, in upper case."""
        return frozenset(m for line in self._services for m in line[2])

    @cached_property
    def signature(self) -> bytes:
        """Equal for two claims exactly when provider, payer, SBR01, patient and the lines, in any order, are the same:
        days, code, modifiers in any order, units, charge, place, who rendered, diagnoses pointed to. ``6`` is ``6.0``,
        and upper case is lower case. A digest of 16 bytes: a claim isn't refused by chance."""
        billing, sequence, rendering, place = self.head
        lines = sorted(
            repr((*service[:2], sorted(service[2]), *service[3:5], service[5] or place, service[6], first, last,
                  provider or rendering or billing))
            for service, (_, first, last, provider) in zip(self._services, self.lines, strict=True))
        whole = repr((billing, sequence, self.patient, lines))
        return blake2b(whole.encode("latin-1", "replace"), digest_size=16).digest()

    @cached_property
    def _services(self) -> list[tuple[Any, ...]]:
        """Of each line: qualifier, code, modifiers, charge, units, place, diagnoses pointed to."""
        element, component = self.delimiters[0], self.delimiters[1]
        found = []
        for text, _, _, _ in self.lines:
            parts = [*text.upper().split(element), "", "", "", "", "", "", "", ""]
            code = [*parts[1].split(component), ""]
            pointed = [self.diagnoses[int(p) - 1].upper() for p in parts[7].split(component)
                       if p.isdecimal() and p.isascii() and len(p) < 3 and 0 < int(p) <= len(self.diagnoses)]
            found.append((code[0], code[1], [m for m in code[2:6] if m], _plain(parts[2]), parts[3] + _plain(parts[4]),
                          parts[5], pointed))
        return found


def _plain(number: str) -> str:
    """A number without what doesn't change it: ``6.0`` and ``06`` are ``6``. What is no number stays as it is."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return str(value.normalize()) if value.is_finite() else number
