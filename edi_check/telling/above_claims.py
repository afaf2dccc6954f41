"""Faults that stand above the claims and hit several of them: told once, with how many claims they take along; the
claims only refer to them.

Such a fault is either a finding above the claims (of the interchange, group, set or a level), or a finding of claims
that stands in a segment which several of them share: the billing provider's NPI is judged claim by claim. Of a
subscriber or patient with one claim it is told in the claim. Not a judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

from ..findings import LEVELS, Finding, graver
from ..report import ClaimResult, FileReport
from ..rows import pack

__all__ = ["GRAVE", "AboveClaims", "CommonFault"]

SCOPES = ("interchange", "group", "set", "provider", "subscriber", "patient")
WHOLE = {"set": "transaction set", "group": "functional group", "provider": "billing provider"}
NEAR = ("subscriber", "patient")
"""Levels that have one claim as a rule: what stands there is told in it unless there are more."""
GRAVE = ("reject", "review")
REFERRED = 20
"""Faults above it that a claim refers to, the gravest first; more are counted. Thousands of claims may stand under a
thousand faults, and a report would be as long as the one times the other."""

Place = tuple[str, int]
"""A scope, and its number in the file."""
Key = tuple[Any, ...]


@dataclass(slots=True)
class CommonFault:
    """``finding`` stands for all that say the same at the same place; ``whole`` is what it is about (``billing
    provider``), ``claims`` how many claims are hit, ``number`` its place among those told, from 1; 0: it isn't."""

    finding: Finding
    whole: str
    claims: int = 0
    number: int = 0

    @property
    def is_near(self) -> bool:
        return self.finding.scope in NEAR and not self.finding.claim

    @property
    def is_referred_to(self) -> bool:
        """Do the claims speak of it? A remark on the interchange or set is no claim's business."""
        return bool(self.finding.claim) or self.finding.level == "reject" or self.is_near


@dataclass
class AboveClaims:
    """The faults of one file at these levels. Reads the file's claims once, to count, where there are any of them."""

    file: FileReport
    levels: Collection[str]
    told: list[CommonFault] = field(default_factory=list)
    """Those to be told above the claims, the gravest first."""
    _places: dict[Place, list[CommonFault]] = field(default_factory=dict)
    _shared: dict[Key, CommonFault] = field(default_factory=dict)
    _referred: dict[Place, list[CommonFault]] = field(default_factory=dict)
    _near: dict[Place, list[Finding]] = field(default_factory=dict)
    _edits: dict[Place, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        times: Counter[Key] = Counter()
        first: dict[Key, Finding] = {}
        nowhere = []
        for finding in self.file.findings:
            if finding.level not in self.levels:
                continue
            if finding.claim:
                if key := _key(pack(finding)):
                    times[key] += 1
                    first.setdefault(key, finding)
            elif finding.scope in SCOPES:
                whole = WHOLE.get(finding.scope, finding.scope)
                self._places.setdefault((finding.scope, finding.scope_number), []).append(CommonFault(finding, whole))
            else:
                nowhere.append(CommonFault(finding, "file"))
        self._shared = {key: CommonFault(first[key], "file") for key, count in times.items() if count > 1}
        if self._places or self._shared:
            self._count()
        self._number(nowhere)

    def _count(self) -> None:
        at: Counter[Place] = Counter()
        for claim in self.file.claims():
            at.update(self._places_of(claim))
            for fault in self._shared_by(claim):
                fault.claims += 1
                if fault.finding.claim == claim.index:
                    fault.whole = _whole(claim, fault.finding)
        for place, faults in self._places.items():
            for fault in faults:
                fault.claims = at[place]

    def _number(self, nowhere: Iterable[CommonFault]) -> None:
        placed = [fault for faults in self._places.values() for fault in faults]
        self.told = [fault for fault in (*placed, *nowhere) if _is_told_above(fault)] + list(self._shared.values())
        self.told.sort(key=lambda f: (LEVELS.index(f.finding.level), f.finding.where.segment, f.finding.edit))
        for number, fault in enumerate(self.told, 1):
            fault.number = number
        for place, faults in self._places.items():
            self._referred[place] = sorted((f for f in faults if f.number and f.is_referred_to), key=_told_at)
            self._near[place] = [f.finding for f in faults if not f.number and f.is_near]
            self._edits[place] = _edits(faults)

    def _places_of(self, claim: ClaimResult) -> list[Place]:
        """Where something stands above this claim."""
        if not self._places:
            return []
        patient = claim.levels[6] if len(claim.levels) > 6 else 0
        numbers = (claim.interchange, claim.group, claim.set_index, claim.provider, claim.subscriber, patient)
        return [place for place in zip(SCOPES, numbers, strict=True) if place in self._places]

    def _shared_by(self, claim: ClaimResult) -> list[CommonFault]:
        if not self._shared:
            return []
        return [self._shared[key] for key in dict.fromkeys(map(_key, claim.packed)) if key in self._shared]

    def edits(self, claim: ClaimResult) -> Iterator[tuple[str, str]]:
        """The edits that stand above this claim, whether they are told above it or in it, each with its gravest level
        at a place."""
        for place in self._places_of(claim):
            yield from self._edits[place].items()
        yield from _edits(self._shared_by(claim)).items()

    def referred_to(self, claim: ClaimResult) -> tuple[list[CommonFault], int]:
        """What is told above and hits this claim, in the order in which it is told, and how many more do."""
        lists = [self._referred[place] for place in self._places_of(claim)]
        lists.append(sorted((f for f in self._shared_by(claim) if f.is_referred_to), key=_told_at))
        found = list(islice(merge(*lists, key=_told_at), REFERRED))
        return found, sum(map(len, lists)) - len(found)

    def near(self, claim: ClaimResult) -> list[Finding]:
        """What stands above this claim alone, and is told in it."""
        return [finding for place in self._places_of(claim) for finding in self._near[place]]

    def is_shared(self, finding: Finding) -> bool:
        """Is this finding of a claim told above?"""
        return bool(self._shared) and _key(pack(finding)) in self._shared

    def own(self, claim: ClaimResult) -> list[tuple[Any, ...]]:
        """The claim's own findings, packed, but for those that are told above."""
        return [row for row in claim.packed if _key(row) not in self._shared] if self._shared else list(claim.packed)


def _told_at(fault: CommonFault) -> int:
    return fault.number


def _edits(faults: Iterable[CommonFault]) -> dict[str, str]:
    found: dict[str, str] = {}
    for fault in faults:
        edit, level = fault.finding.edit, fault.finding.level
        found[edit] = graver(level, found.get(edit, level))
    return found


def _is_told_above(fault: CommonFault) -> bool:
    if fault.is_near and fault.claims:
        return fault.claims > 1
    return fault.finding.level in GRAVE


def _key(row: tuple[Any, ...]) -> Key:
    """What a packed finding of a claim says, and where: claims have no segment in common but those above them. Empty
    where it can't be shared."""
    edit, message, where, _, line, _, level, fix, *_ = row
    _, _, element, repetition, segment, _, _, _, offset, *_ = where
    return (edit, level, segment, offset, element, repetition, message, fix) if segment and not line else ()


def _whole(claim: ClaimResult, finding: Finding) -> str:
    """The level above the claim in which a finding of it stands; what is above all of them is the set's header."""
    for n, level in enumerate(("provider", *NEAR)):
        offset, length = claim.levels[2 * n : 2 * n + 2] if len(claim.levels) > 5 else (0, 0)
        if offset <= finding.where.offset < offset + length:
            return WHOLE.get(level, level)
    return WHOLE["set"]
