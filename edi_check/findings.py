"""What can be said about a claim file: edit, finding, where, status, level, and the errors of ours.

An ``Edit`` is an entry of the catalogue (data of a pack). A ``Finding`` is one occurrence of it in a file.
A fault of the *data* is a finding; a fault of *ours* is a ``Fault`` or an ``EdiCheckError``: never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

__all__ = [
    "DISPOSITIONS",
    "LEVELS",
    "UNKNOWN_EDIT",
    "Edit",
    "EdiCheckError",
    "Fault",
    "Finding",
    "LimitExceeded",
    "NotEvaluated",
    "NotX12",
    "PackError",
    "Related",
    "Source",
    "Status",
    "TransportError",
    "UnsupportedGuide",
    "Where",
    "ends_reading",
    "graver",
    "is_at_least",
]

LEVELS = ("reject", "review", "warn", "note", "off")
"""From the gravest down. ``off`` is never reported."""

DISPOSITIONS = ("accepted", "review", "rejected")


def ends_reading(finding: Finding) -> bool:
    """Is what follows in the interchange not read: is it cut off, or written with other delimiters than its ISA says
    from its first group on? (An ISA whose delimiters are at fault, and a last segment without one, are told elsewhere.)
    """
    is_misread = finding.edit in ("TA1-004", "TA1-026") and finding.where.segment_id == "GS"
    return is_misread or finding.edit == "TA1-023"


def is_at_least(level: str, threshold: str) -> bool:
    """Is ``level`` as grave as ``threshold`` or graver? ``threshold`` ``never`` is never reached."""
    return threshold != "never" and level != "off" and LEVELS.index(level) <= LEVELS.index(threshold)


def graver(level: str, other: str) -> str:
    """The graver of two levels."""
    return min(level, other, key=LEVELS.index)


class Status(NamedTuple):
    """A 277CA STC: category, one to three status codes, and the entity at fault (``""`` for none)."""

    category: str = ""
    codes: tuple[str, ...] = ()
    entity: str = ""


class Source(NamedTuple):
    """Where a rule comes from: document and section."""

    document: str = ""
    section: str = ""


class Where(NamedTuple):
    """Place of a finding. ``loop`` in full (``2010AA``), ``element`` a designator (``SV104``, ``SV101-2``),
    ``segment``/``set_segment`` count from 1 (0: outside), ``line``/``column`` physical, from 1 (0 until the file's
    line ends are counted), ``offset``/``length`` bytes, ``value`` what stands there. ``is_private``: the value
    identifies a person (CONTRACT 5) and is masked unless the user asks."""

    loop: str = ""
    segment_id: str = ""
    element: str = ""
    repetition: int = 0
    segment: int = 0
    set_segment: int = 0
    line: int = 0
    column: int = 0
    offset: int = 0
    length: int = 0
    value: str = ""
    is_private: bool = False
    text: str = ""


class Related(NamedTuple):
    """Another claim and line that a finding is also about (1-based; line 0: the claim)."""

    claim: int
    line: int


@dataclass(slots=True)
class Finding:
    """One fault of the data. ``claim`` and ``line`` are 1-based, 0 when it is about something above them.
    Name, SNIP type, source and remedy come from its edit; ``fix`` is set where the occurrence knows better.

    ``scope`` says whom a guide fault takes with it: ``claim``, ``patient``, ``subscriber``, ``provider``,
    ``set``, ``group``, ``interchange``, ``file``. ``ik3``/``ik4`` are IK304/IK403 codes for the 999, ``trigger`` what
    its CTX*SITUATIONAL TRIGGER names (syntax notes only). ``level_number`` is the running number in the file of the
    billing (scope provider), subscriber or patient level it stands in; ``data_element`` X12's number of the element
    (IK402).
    """

    edit: str
    message: str
    where: Where = Where()
    claim: int = 0
    line: int = 0
    claim_number: str = ""
    level: str = ""
    fix: str = ""
    status: Status = Status()
    related: tuple[Related, ...] = ()
    interchange: int = 0
    group: int = 0
    set_index: int = 0
    scope: str = "claim"
    ik3: str = ""
    ik4: str = ""
    trigger: str = ""
    level_number: int = 0
    data_element: str = ""

    @property
    def scope_number(self) -> int:
        """The running number in the file of what ``scope`` names, where that is something above the claims."""
        return {"set": self.set_index, "group": self.group, "interchange": self.interchange}.get(
            self.scope, self.level_number)

    def sort_key(self) -> tuple[int, str, int, int]:
        return (self.where.segment, self.edit, self.claim, self.line)


@dataclass(slots=True)
class Edit:
    """An entry of the catalogue. ``says`` is a template whose placeholders the check fills; ``status`` is given
    for every edit, so that one re-levelled to reject can be told in a 277CA."""

    id: str
    name: str
    level: str
    says: str
    fix: str
    pack: str
    snip: int
    source: Source
    status: Status = Status()
    why: str = ""
    scope: str = ""
    wrong: str = ""
    right: str = ""
    settings: tuple[tuple[str, str, str], ...] = ()
    """(full name, default, sentence) of each setting it uses."""


UNKNOWN_EDIT: Final = Edit("", "", "", "", "", "", 0, Source())
"""For a finding whose edit isn't in the catalogue of its report."""


class NotEvaluated(NamedTuple):
    """An edit that could not be decided, for how many claims, and why. Never counted as passed."""

    edit: str
    claims: int
    why: str


class Fault(NamedTuple):
    """A check of ours that raised: it rejects nothing, the rest is judged, exit code 70."""

    edit: str
    claim: int
    error: str


@dataclass(slots=True)
class Counts:
    """Totals of a file; money as decimal strings with two places or more."""

    segments: int = 0
    sets: int = 0
    claims: int = 0
    accepted: int = 0
    review: int = 0
    rejected: int = 0
    lines: int = 0
    charge: str = "0.00"
    accepted_charge: str = "0.00"
    rejected_charge: str = "0.00"
    findings: dict[str, int] = field(default_factory=lambda: {"reject": 0, "review": 0, "warn": 0, "note": 0})


class EdiCheckError(Exception):
    """Root of the errors a caller may catch. Their texts hold no value of a claim."""


class NotX12(EdiCheckError):
    """The source is not an X12 interchange (only from ``read_claims``; ``check`` reports it instead)."""


class UnsupportedGuide(EdiCheckError):
    """X12, but no 837P of version 005010X222 (only from ``read_claims``)."""


class PackError(EdiCheckError):
    """A pack can't be used: file, id, what is wrong, and the choices."""


class LimitExceeded(EdiCheckError):
    """A limit of CONTRACT section 8 was hit (only from ``read_claims``)."""


class TransportError(EdiCheckError):
    """A remote drop folder could not be reached or refused an operation."""
