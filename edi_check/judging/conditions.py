"""The closed vocabulary in which ``where`` and ``require`` of a pack speak, and the code lists they name.

A condition is *field*, *word*, *operand*: ``modifiers = { none = ["51"] }``. Fields are the table FIELDS; words are
WORDS. It is on purpose no language: what needs a second line, a sum, or an *or* across fields is a check function.

What is absent is ``present``'s business alone: under ``require`` the number and text words hold for an absent value
(another edit says that it is missing), under ``where`` they don't (the edit is then not about this claim). For the list
words an absent value is an empty list: ``none`` holds, ``any`` and ``all`` don't.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..model import Claim, ServiceLine
from .patterns import LONGEST

__all__ = ["FIELDS", "WORDS", "Codes", "Condition", "Field", "Found", "field_named", "is_code_entry"]

_ENTRY = re.compile(r"[A-Z0-9][A-Z0-9.]*(\*|-[A-Z0-9][A-Z0-9.]*)?\Z")


def is_code_entry(text: str) -> bool:
    """May ``text`` stand in a code list: ``97140``, ``M54.5``, ``N97*``, ``98940-98942``, ``M00-M99``?"""
    if not _ENTRY.match(text):
        return False
    low, dash, high = text.replace(".", "").partition("-")
    return not dash or (len(low) == len(high) and low <= high)


class _Known(dict[str, bool]):
    """Which codes belong to ranges and prefixes, worked out when one is first met; bounded."""

    __slots__ = ("exact", "prefixes", "ranges", "whole", "whole_ranges")

    def __init__(self, entries: Iterable[str]) -> None:
        super().__init__()
        exact: set[str] = set()
        whole: set[str] = set()
        prefixes: list[str] = []
        ranges: list[tuple[str, str, int]] = []
        whole_ranges: list[tuple[str, str, int]] = []
        for given in entries:
            entry = given.replace(".", "")
            low, dash, high = entry.partition("-")
            is_whole = len(low) == 5 and low.isdecimal() and "." not in given
            if dash:
                (whole_ranges if is_whole and high.isdecimal() else ranges).append((low, high, len(low)))
            elif entry.endswith("*"):
                prefixes.append(entry[:-1])
            else:
                (whole if is_whole else exact).add(entry)
        self.exact, self.prefixes, self.ranges = frozenset(exact), tuple(prefixes), tuple(ranges)
        self.whole, self.whole_ranges = frozenset(whole), tuple(whole_ranges)
        """Five digits are a whole code, of a procedure mostly: one with more behind them, or a point in them, is
        another."""

    def __missing__(self, code: str) -> bool:
        text = code.replace(".", "")
        known = code in self.whole or text in self.exact or text.startswith(self.prefixes) or any(
            low <= text[:n] <= high for low, high, n in self.ranges) or any(
            len(code) == n and low <= code <= high for low, high, n in self.whole_ranges)
        if len(self) >= 5000:  # a hostile file must not fill memory
            self.clear()
        self[code] = known
        return known


class Codes:
    """A set of codes that may be given as ranges and prefixes: ``in`` tells whether a code belongs to it.

    ``N97*`` is every code that begins so; ``M00-M99`` every code whose first three characters lie between the two
    (``S93.401A`` is in ``S00-S99``); decimal points don't count. Five digits are a whole code: ``989401`` is not in
    ``98940-98942``, though it begins so. ``has(code)`` is ``in`` at a fifth of the cost.

    >>> "M5459" in Codes(["M00-M99"]), "N97.9" in Codes(["N97*"]), "989401" in Codes(["98940-98942"])
    (True, True, False)
    """

    __slots__ = ("_known", "entries", "has")

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self.entries = tuple(entries)
        self._known = _Known(self.entries)
        self.has: Callable[[str], bool] = self._known.__getitem__

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self._known[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codes) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __repr__(self) -> str:
        return f"Codes({list(self.entries)!r})"

    def enumerated(self) -> frozenset[str] | None:
        """All its codes where they can be counted (plain codes and ranges of all-digit codes), else ``None``."""
        known = self._known
        if known.prefixes or known.ranges or any(int(high) - int(low) > 1000 for low, high, _ in known.whole_ranges):
            return None
        codes = {*known.exact, *known.whole}
        for low, high, _ in known.whole_ranges:
            codes.update(str(code).zfill(5) for code in range(int(low), int(high) + 1))
        return frozenset(codes)


class Field(NamedTuple):
    """A value of claim or line that conditions may name. ``kind``: text, codes (several values), number or date;
    ``get(claim, line)`` gives text, a sequence of text, a number or a ``date``; ``None`` or empty is absent.
    ``segment(claim, line)`` is the number of the segment it stands in."""

    name: str
    level: str
    kind: str
    designator: str
    get: Callable[[Claim, ServiceLine], Any]
    segment: Callable[[Claim, ServiceLine], int]


def _line(name: str, kind: str, designator: str, get: Callable[[Claim, ServiceLine], Any],
          segment: Callable[[Claim, ServiceLine], int] = lambda claim, line: line.service_segment) -> Field:
    return Field(name, "line", kind, designator, get, segment)


def _claim(name: str, kind: str, designator: str, get: Callable[[Claim, ServiceLine], Any],
           segment: Callable[[Claim, ServiceLine], int] = lambda claim, line: claim.first_segment) -> Field:
    return Field(name, "claim", kind, designator, get, segment)


def _payer_segment(claim: Claim, line: ServiceLine) -> int:
    return claim.payer.segment or claim.first_segment


def _sbr_segment(claim: Claim, line: ServiceLine) -> int:
    return claim.subscriber.hl_segment + 1 if claim.subscriber.hl_segment else claim.first_segment


def _taxonomy_segment(claim: Claim, line: ServiceLine) -> int:
    """The PRV, which follows the NM1 of a rendering provider, and the HL of a billing one."""
    party = claim.rendering_of(line)
    return claim.billing.hl_segment + 1 if party is claim.billing else party.segment + 1


def _number_of_days(claim: Claim, line: ServiceLine) -> int | None:
    dates = line.service_dates
    return 1 if dates.start is dates.end and dates.start is not None else dates.length or None


def _days_segment(claim: Claim, line: ServiceLine) -> int:
    return line.service_dates.segment or line.service_segment


def _diagnosis_segment(claim: Claim, line: ServiceLine) -> int:
    return claim.diagnoses_segment or claim.first_segment


FIELDS: dict[str, Field] = {f.name: f for f in (
    _line("procedure", "text", "SV101-2", lambda c, ln: ln.procedure),
    _line("modifiers", "codes", "SV101-3", lambda c, ln: ln.modifiers),
    _line("description", "text", "SV101-7", lambda c, ln: ln.description),
    _line("charge", "number", "SV102", lambda c, ln: ln.charge),
    _line("unit_basis", "text", "SV103", lambda c, ln: ln.unit_basis),
    _line("units", "number", "SV104", lambda c, ln: ln.units),
    _line("place", "text", "SV105", lambda c, ln: ln.place),
    _line("diagnoses", "codes", "SV107", lambda c, ln: [d.code for d in ln.diagnoses]),
    _line("first_diagnosis", "text", "SV107-1", lambda c, ln: ln.diagnoses[0].code if ln.diagnoses else ""),
    _line("day", "date", "DTP03", lambda c, ln: ln.service_dates.start, _days_segment),
    _line("days", "number", "DTP03", _number_of_days, _days_segment),
    _line("rendering_taxonomy", "text", "PRV03", lambda c, ln: c.rendering_of(ln).taxonomy.upper(),
          _taxonomy_segment),
    _claim("frequency", "text", "CLM05-3", lambda c, ln: c.frequency),
    _claim("claim_place", "text", "CLM05-1", lambda c, ln: c.place_of_service),
    _claim("claim_charge", "number", "CLM02", lambda c, ln: c.charge),
    _claim("related_causes", "codes", "CLM11-1", lambda c, ln: c.related_causes),
    _claim("claim_diagnoses", "codes", "HI01-2", lambda c, ln: [d.code for d in c.diagnoses], _diagnosis_segment),
    _claim("principal_diagnosis", "text", "HI01-2", lambda c, ln: c.diagnoses[0].code if c.diagnoses else "",
           _diagnosis_segment),
    _claim("billing_taxonomy", "text", "PRV03", lambda c, ln: c.billing.taxonomy.upper(),
           lambda c, ln: c.billing.hl_segment + 1),
    _claim("payer_id", "text", "NM109", lambda c, ln: c.payer.id, _payer_segment),
    _claim("sequence", "text", "SBR01", lambda c, ln: c.subscriber.sequence, _sbr_segment),
    _claim("relationship", "text", "SBR02", lambda c, ln: c.subscriber.relationship, _sbr_segment),
    _claim("group_number", "text", "SBR03", lambda c, ln: c.subscriber.group_number, _sbr_segment),
    _claim("filing", "text", "SBR09", lambda c, ln: c.subscriber.filing, _sbr_segment),
)}
"""Besides these: ``date:439``, ``reference:F8`` (the claim's), ``line_date:463``, ``line_reference:G1`` (the
line's)."""

QUALIFIED = ("date", "reference", "line_date", "line_reference")


def field_named(name: str) -> Field | None:
    """The field of that name, ``date:439`` and its like included; ``None`` when there is none."""
    plain, colon, qualifier = name.partition(":")
    if not colon:
        return FIELDS.get(name)
    if plain not in QUALIFIED or not re.fullmatch(r"[A-Z0-9]{2,3}", qualifier):
        return None
    if plain == "date":
        return Field(name, "claim", "date", "DTP03", lambda c, ln: _start(c.date(qualifier)),
                     lambda c, ln: _segment_of(c.date(qualifier), c.first_segment))
    if plain == "line_date":
        return Field(name, "line", "date", "DTP03", lambda c, ln: _start(ln.date(qualifier)),
                     lambda c, ln: _segment_of(ln.date(qualifier), ln.service_segment))
    if plain == "reference":
        return Field(name, "claim", "text", "REF02", lambda c, ln: c.reference(qualifier),
                     lambda c, ln: _reference_segment(c.references, qualifier, c.first_segment))
    return Field(name, "line", "text", "REF02",
                 lambda c, ln: next((r.value for r in ln.references if r.qualifier == qualifier), ""),
                 lambda c, ln: _reference_segment(ln.references, qualifier, ln.service_segment))


def _start(dates: Any) -> Any:
    return dates.start if dates else None


def _segment_of(thing: Any, otherwise: int) -> int:
    return thing.segment if thing else otherwise


def _reference_segment(references: Any, qualifier: str, otherwise: int) -> int:
    return next((r.segment for r in references if r.qualifier == qualifier), otherwise)


class Found(NamedTuple):
    """What a failed condition points at: the offending value and its number in a list field (from 0)."""

    value: str
    number: int = 0


@dataclass(slots=True, frozen=True)
class Condition:
    """One field, one word, its operand (``Codes``, ``Decimal``, a pattern, or ``bool``)."""

    field: Field
    word: str
    operand: Any

    def fault(self, claim: Claim, line: ServiceLine) -> Found | None:
        """What is wrong under ``require``; ``None`` when the condition holds."""
        return WORDS[self.word].fault(self.field.get(claim, line), self.operand)

    def holds(self, claim: Claim, line: ServiceLine) -> bool:
        """Does it hold under ``where``, for which an absent value is no match?"""
        value = self.field.get(claim, line)
        if self.word in ("any", "all", "none", "present", "absent"):
            return WORDS[self.word].fault(value, self.operand) is None
        return value not in (None, "", ()) and WORDS[self.word].fault(value, self.operand) is None

    def said(self) -> str:
        """The operand for people."""
        if isinstance(self.operand, Codes):
            return ", ".join(self.operand)
        return self.operand.pattern if isinstance(self.operand, re.Pattern) else str(self.operand)


def _values(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) and value else tuple(value or ())


def _any(value: Any, codes: Codes) -> Found | None:
    values = _values(value)
    return None if any(v in codes for v in values) else Found(", ".join(values))


def _none(value: Any, codes: Codes) -> Found | None:
    if isinstance(value, str):
        return Found(value) if value and codes.has(value) else None
    return next((Found(v, n) for n, v in enumerate(_values(value)) if v in codes), None)


def _all(value: Any, codes: Codes) -> Found | None:
    values = _values(value)
    if not values:
        return Found("")
    return next((Found(v, n) for n, v in enumerate(values) if v not in codes), None)


def _equals(value: Any, operand: Any) -> Found | None:
    return None if value in (None, "", ()) or value == operand else Found(str(value))


def _at_most(value: Any, operand: Any) -> Found | None:
    return None if value is None or value <= operand else Found(str(value))


def _at_least(value: Any, operand: Any) -> Found | None:
    return None if value is None or value >= operand else Found(str(value))


def _matches(value: Any, pattern: re.Pattern[str]) -> Found | None:
    return next((Found(v, n) for n, v in enumerate(_values(value))
                 if len(v) <= LONGEST and not pattern.fullmatch(v)), None)


def _present(value: Any, wanted: bool) -> Found | None:
    return None if (value not in (None, "", (), [])) == wanted else Found("" if wanted else str(value))


def _absent(value: Any, wanted: bool) -> Found | None:
    return _present(value, not wanted)


class Word(NamedTuple):
    """A word of the vocabulary: what operand it takes, on which kinds of field, and its test."""

    operand: str
    kinds: tuple[str, ...]
    fault: Callable[[Any, Any], Found | None]


WORDS: dict[str, Word] = {
    "any": Word("codes", ("text", "codes"), _any),
    "none": Word("codes", ("text", "codes"), _none),
    "all": Word("codes", ("text", "codes"), _all),
    "equals": Word("value", ("text", "number", "date"), _equals),
    "at_most": Word("value", ("number", "date"), _at_most),
    "at_least": Word("value", ("number", "date"), _at_least),
    "matches": Word("pattern", ("text", "codes"), _matches),
    "present": Word("yes", ("text", "codes", "number", "date"), _present),
    "absent": Word("yes", ("text", "codes", "number", "date"), _absent),
}
