"""Which claims of a file may have to do with one another, by hashes gathered while the file is read. ``settle`` reads
only these a second time. What it is not: a verdict; equal keys are confirmed on the values.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence, Set
from typing import Any, Final

from ..rows import DAYS
from .comparison import first_day, further_days
from .courses import LongShifts
from .plan import Plan

__all__ = ["CHANGES", "Keys"]

CHANGES: Final = ("7", "8")
"""Frequencies (CLM05-3) of claims that take the place of others: replacement, void."""


class Keys:
    """What tells, without looking at the rows again, which claims may have to do with one another: those that share a
    number, are of a patient with several on a day, or belong to a long shift. ``hash`` will do: the keys never leave
    this process, and equal ones are confirmed on the values. Some 40 bytes a claim."""

    def __init__(self) -> None:
        self._shifts = LongShifts()
        self._claims, self._numbers, self._patients, self._days, self._said = (array("q") for _ in range(5))
        self._more_claims, self._more = array("q"), array("q")
        self._open, self._refused = array("q"), array("q")
        self._open_patients: set[int] = set()
        self._has_replacements = False
        self.likely: Sequence[int] = ()
        """Indexes of these claims, from 1, in file order."""
        self.renumbered: Sequence[int] = ()
        """Those of them whose number stands there more than once, if any claim is a replacement or a void."""
        self.repeated: Set[int] = frozenset()
        """Hashes of the claim numbers that stand in the file more than once."""
        self.days: Set[int] = frozenset()
        """Hashes of a patient's days with more than one claim."""
        self.last_of: dict[int, int] = {}
        """Hash of a patient key to the last of these claims: after it the patient's sums are done with."""
        self.varied: Sequence[int] = ()
        """Those of the likely ones whose patient key the file describes in more than one way."""
        self.of_patient: dict[int, array[int]] = {}
        """Hash of a patient key to all of the patient's claims, where an edit waits for what they say."""

    def add(self, claim: int, kept: tuple[Any, ...], plan: Plan) -> None:
        """A claim that nothing of its own refuses, with what ``Engine.compare`` gave of it, and its plan."""
        number, _, frequency, patient, head, _, _, lines, days, _, _ = kept
        self._claims.append(claim)
        self._numbers.append(hash(number))
        self._said.append(hash(head[4]))
        if patient:
            first = lines[0][DAYS] if lines else ""
            is_one_day = len(first) == 8
            for line in lines:
                if line[DAYS] != first:
                    is_one_day = False
            if not is_one_day:
                first = first_day(lines)
                self._add_more(claim, [(patient, day) for day in further_days(lines)])
            self._patients.append(hash(patient))
            self._days.append(hash((patient, first)))
        else:
            self._patients.append(0)
            self._days.append(0)
        if frequency in CHANGES:
            self._has_replacements = True
        if days is not None and days[2]:
            if days[5]:
                self._open.append(claim)
                self._open_patients.add(hash(patient))
            if plan.shifts:
                self._shifts.add(days[2], plan)
            if plan.courses and patient:
                self._add_more(claim, [(patient, "course")])

    def add_refused(self, claim: int, kept: tuple[Any, ...]) -> None:
        """A claim that something of its own refuses: it counts nowhere, but what waits for the other claims of its
        patient is told of it, too."""
        days = kept[8]
        if days is not None and days[5]:
            self._refused.append(claim)
            self._open_patients.add(hash(kept[3]))

    def _add_more(self, claim: int, keys: Iterable[tuple[str, str]]) -> None:
        for key in keys:
            self._more_claims.append(claim)
            self._more.append(hash(key))

    def meet(self, rows: Iterable[Any]) -> None:
        """Find out which claims these are, once all of them are there; ``rows`` are ``settle``'s."""
        numbers, days = _repeated(self._numbers), _repeated(self._days + self._more)
        met = {claim for claim, key in zip(self._more_claims, self._more, strict=True) if key in days}
        # Whose claims are added up is told by all they say of the patient, the claims of other days among them: else it
        # would depend on what these happen to meet.
        patients = {patient for claim, patient, day in zip(self._claims, self._patients, self._days, strict=True)
                    if day in days or claim in met}
        patients.discard(0)
        met |= self._shifts.claims(rows)
        met.update(self._open)
        self.repeated, self.days, last_of = numbers, days, self.last_of
        likely, renumbered, theirs = array("q"), array("q"), array("q")
        first: dict[int, int] = {}
        varied: set[int] = set()
        for claim, number, patient, said in zip(self._claims, self._numbers, self._patients, self._said, strict=True):
            if number in numbers or patient in patients or claim in met:
                likely.append(claim)
                theirs.append(patient)
                last_of[patient] = claim
                if first.setdefault(patient, said) != said:
                    varied.add(patient)
                if self._has_replacements and number in numbers:
                    renumbered.append(claim)
        varied.discard(0)
        if varied:
            self.varied = array("q", [n for n, patient in zip(likely, theirs, strict=True) if patient in varied])
        if self._refused:
            likely = array("q", sorted([*likely, *self._refused]))
        self.likely, self.renumbered = likely, renumbered
        self._open_patients.discard(0)
        if self._open_patients:
            for claim, patient in zip(self._claims, self._patients, strict=True):
                if patient in self._open_patients:
                    self.of_patient.setdefault(patient, array("q")).append(claim)


def _repeated(keys: array[int]) -> set[int]:
    """Keys that stand there more than once; 0 is nobody's. A row of flags says at once of nearly all keys that they
    don't: a set of all of them would take more memory than the rest of settling."""
    size = min(max(8 * len(keys), 1 << 10).bit_length(), 22)
    mask = (1 << size) - 1
    flags = bytearray(1 << size)
    likely = set()
    for key in keys:
        if flags[key & mask]:
            likely.add(key)
        else:
            flags[key & mask] = 1
    seen: set[int] = set()
    again: set[int] = set()
    for key in keys:
        if key in likely:
            (again if key in seen else seen).add(key)
    again.discard(0)
    return again
