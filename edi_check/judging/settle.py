"""What the claims of one file say together, once all of them are read: replacements, duplicates, sums over patient and
day.

In file order, among the claims that still stand: refused ones, voids, replaced originals and duplicates count nowhere,
and one that is refused here counts no further. So the accepted file, checked again, is clean by construction. The
finding is on the later claim, the earlier in ``related``. Cost is linear whatever the file: claims alike are found by
a hash of what ``Engine.compare`` kept, and only those are looked at again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from ..findings import Finding, is_at_least
from ..model import Delimiters, Place
from .aggregate import LONGEST_RANGE, DayOfService, Ledger, days_of
from .comparison import Compared, Earlier, span_of
from .courses import LINES_KEPT, CourseLine, LongShifts, courses_of, shifts_of
from .engine import Engine, with_day
from .plan import Active, Plan
from .registry import Hit
from .visits import Visits, new_hits
from .wording import finding_at

__all__ = ["Keys", "Standing", "settle"]

ROUNDS = 5


class Standing(NamedTuple):
    """A claim as its row tells it. ``claim`` counts the claims of the file from 1; ``is_refused``: a finding of its
    own, or of a level above it, refuses it; ``edits``: ids of its own findings; ``compare``: what ``Engine.compare``
    gave (``None`` for a claim that was not judged)."""

    claim: int
    set_index: int
    is_refused: bool
    compare: tuple[Any, ...] | None
    edits: tuple[str, ...] = ()
    interchange: int = 0
    group: int = 0


class Rows(Protocol):
    """The claims of a file in file order, iterable as often as needed; ``rows[n]`` is claim ``n + 1``."""

    def __iter__(self) -> Iterator[Standing]: ...

    def __getitem__(self, index: int, /) -> Standing: ...


Locate = Callable[[int, int], Place]
"""(claim, segment number of the file) to the segment's place and text, when the caller can tell."""


def settle(rows: Rows | Sequence[Standing], engine: Engine, refused_sets: Set[int] = frozenset(),
           locate: Locate | None = None, keys: Keys | None = None) -> dict[int, list[Finding]]:
    """Further findings by claim index. ``refused_sets``: indexes of transaction sets that are refused as a whole.
    ``keys``: gathered as the claims were read; without it, from the rows."""
    if keys is None:
        keys = Keys(engine)
        for standing in rows:
            if standing.compare is not None and not standing.is_refused:
                keys.add(standing.claim, standing.compare)
    likely = keys.likely(rows)
    if refused_sets or not getattr(rows, "is_final", False):
        likely = [n for n in likely if not rows[n - 1].is_refused and rows[n - 1].set_index not in refused_sets]
    found: dict[int, list[Finding]] = {}
    failed: set[int] = set()
    for _ in range(ROUNDS if likely else 0):
        replaced = _replaced(rows, likely, failed) if keys.has_replacements else {}
        faults = len(engine.faults)
        found = _Settlement(engine, locate, rows, keys).run(rows, likely, replaced.keys())
        # A replacement that is refused here replaces nothing: what it would have replaced counts again.
        refused = {by for by in replaced.values() if any(f.level == "reject" for f in found.get(by, ()))} - failed
        if not refused:
            break
        del engine.faults[faults:]
        failed |= refused
    return found


class Keys:
    """What tells, without looking at the rows again, which claims may have to do with one another: those that share a
    number, a likely content, or a patient with day lines, or belong to a long shift. ``hash`` will do: the keys never
    leave this process, and equal ones are confirmed on the values."""

    def __init__(self, engine: Engine) -> None:
        self._shifts = LongShifts(engine)
        self._indexes, self._numbers, self._contents, self._patients = (array("q") for _ in range(4))
        self.alike: set[int] = set()
        """Claims with the likely content of another: only they can be duplicates."""
        self.repeated: set[int] = set()
        """Hashes of the claim numbers that stand in the file more than once."""
        self.last_of: dict[int, int] = {}
        """Hash of a patient key to the last claim with day lines: after it the patient's sums are done with."""
        self.has_replacements = False
        """Is any claim a replacement or a void?"""

    def add(self, claim: int, kept: tuple[Any, ...]) -> None:
        """A claim that nothing of its own refuses, with what ``Engine.compare`` gave of it."""
        patient, days = kept[3], kept[9]
        self._indexes.append(claim)
        self._numbers.append(hash(kept[0]))
        self._contents.append(hash((patient, kept[4], kept[5], len(kept[8]))) if patient and kept[2] == "1" else 0)
        self._patients.append(hash(patient) if days and patient else 0)
        if kept[2] in ("7", "8"):
            self.has_replacements = True
        if days:
            self._shifts.add(kept)

    def likely(self, rows: Iterable[Standing]) -> list[int]:
        """Indexes of these claims, from 1, in file order."""
        in_long_shift = self._shifts.claims(rows)
        numbers, contents, patients = map(_repeated, (self._numbers, self._contents, self._patients))
        self.repeated = numbers
        by_patient = zip(self._indexes, self._patients, strict=True)
        self.last_of = {patient: claim for claim, patient in by_patient if patient in patients}
        by_content = zip(self._indexes, self._contents, strict=True)
        self.alike = {claim for claim, content in by_content if content in contents}
        return [claim for claim, number, patient in zip(self._indexes, self._numbers, self._patients, strict=True)
                if number in numbers or patient in patients or claim in self.alike or claim in in_long_shift]


def _repeated(keys: array[int]) -> set[int]:
    """Keys that stand there more than once; 0 is nobody's."""
    again = {a for a, b in pairwise(sorted(keys)) if a == b}
    again.discard(0)
    return again


class _Settlement:
    """One file being settled: what stands so far, by number, by content, by patient."""

    def __init__(self, engine: Engine, locate: Locate | None, rows: Rows | Sequence[Standing], keys: Keys) -> None:
        self.engine = engine
        self.alike, self.last_of, self.repeated = keys.alike, keys.last_of, keys.repeated
        self.visits = Visits(lambda index: Compared(index, rows[index - 1].compare or ()))
        self.locate = locate
        self.numbers: dict[str, Earlier] = {}
        self.contents: dict[bytes, Earlier] = {}
        self.ledgers: dict[str, Ledger] = {}
        self.shifts: dict[str, Ledger] = {}
        self.courses: dict[str, list[CourseLine]] = {}
        self.found: dict[int, list[Finding]] = {}

    def run(self, rows: Rows | Sequence[Standing], likely: list[int], superseded: Set[int]) -> dict[int, list[Finding]]:
        for index in likely:
            standing = rows[index - 1]
            if index in superseded or standing.compare is None:
                continue
            claim = Compared(index, standing.compare)
            if claim.frequency != "8":
                self.settle_claim(claim, standing)
        return self.found

    def settle_claim(self, claim: Compared, standing: Standing) -> None:
        plan = self.engine.plan_for(claim.payer_id, claim.filing, False)
        if self.compare_content(claim, standing, plan):
            return
        self.compare_number(claim, standing, plan)
        if not self.is_refused(claim.index):
            self.sum_days(claim, standing, plan)
            if plan.visits:
                self.join_visits(claim, standing, plan)
            if plan.shifts and claim.day_lines:
                self.sum_shifts(claim, standing, plan)
            if plan.courses and claim.day_lines:
                self.continue_course(claim, standing, plan)
        if self.is_refused(claim.index):
            return
        this = Earlier(claim.index, claim.number, claim.frequency)
        if claim.patient and claim.frequency == "1" and claim.index in self.alike:
            self.contents[claim.signature] = this
        if hash(claim.number) in self.repeated:
            self.numbers.setdefault(claim.number, this)
        if claim.day_lines and claim.patient:
            if self.last_of.get(hash(claim.patient), 0) > claim.index:
                self.ledgers.setdefault(claim.patient, Ledger()).add(claim.day_lines, claim.index)
            else:
                self.ledgers.pop(claim.patient, None)
        if plan.visits and claim.patient:
            self.visits.add(claim)
        if claim.day_lines and (plan.shifts or plan.courses):
            self.remember_stretches(claim, plan)

    def remember_stretches(self, claim: Compared, plan: Plan) -> None:
        if plan.shifts:
            for line in claim.day_lines:
                self.shifts.setdefault(line.provider, Ledger()).add((line,), claim.index)
        if plan.courses and claim.patient:
            known = self.courses.setdefault(claim.patient, [])
            known.extend(courses_of(claim, ())[0].lines[:max(0, LINES_KEPT - len(known))])

    def is_refused(self, index: int) -> bool:
        return any(f.level == "reject" for f in self.found.get(index, ()))

    def compare_content(self, claim: Compared, standing: Standing, plan: Plan) -> bool:
        """Is the claim, an original, like an earlier one that stands?"""
        may_be = claim.index in self.alike and claim.patient and claim.frequency == "1"
        earlier = self.contents.get(claim.signature) if may_be else None
        if earlier is None:
            return False
        for active in plan.pairs["signature"]:
            self.report_pair(active, earlier, claim, standing, plan)
        return True

    def compare_number(self, claim: Compared, standing: Standing, plan: Plan) -> None:
        """Was the claim's number used before?"""
        earlier = self.numbers.get(claim.number)
        if earlier is not None:
            for active in plan.pairs["number"]:
                self.report_pair(active, earlier, claim, standing, plan)

    def report_pair(self, active: Active, earlier: Earlier, claim: Compared, standing: Standing, plan: Plan) -> None:
        for hit in self.engine.guarded(active, claim.index, earlier, claim):
            if isinstance(hit, Hit):
                self.report(active, hit, claim, standing, plan, {"earlier_claim": earlier.number})

    def sum_days(self, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on days, for the periods to which earlier claims of the patient have brought something."""
        ledger = self.ledgers.get(claim.patient) if claim.patient else None
        if ledger is None or not claim.day_lines:
            return
        alone = {(day.first, day.last): day for day in days_of(claim.index, claim.group, claim.day_lines)}
        for day in days_of(claim.index, claim.group, claim.day_lines, ledger):
            if not day.before and not day.overlapping_before:
                continue  # nothing new: the claim was judged alone before
            codes = frozenset(ln.procedure for ln in day.lines if ln.procedure in plan.by_procedure)
            for active in plan.more_for(codes).days:
                self.report_day(active, day, alone[day.first, day.last], claim, standing, plan)

    def join_visits(self, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on visits, for those to which earlier claims of the patient have brought something."""
        for visit, alone in self.visits.joined(claim, plan.lob) if claim.patient else ():
            for active in plan.visits:
                for hit in new_hits(visit, alone, active, self.engine.guarded, claim.index):
                    self.report(active, hit, claim, standing, plan, {})

    def sum_shifts(self, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on shifts, for those to which earlier claims have brought something."""
        alone = {(d.lines[0].provider, d.first, d.last): d for d in shifts_of(claim.index, claim.day_lines)}
        for shift in shifts_of(claim.index, claim.day_lines, self.shifts):
            for active in plan.shifts if shift.before else ():
                own = alone[shift.lines[0].provider, shift.first, shift.last]
                self.report_day(active, shift, own, claim, standing, plan)

    def continue_course(self, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on courses, when the patient had something before; a finding of the claim alone is not repeated."""
        earlier = self.courses.get(claim.patient) if claim.patient else None
        if not earlier:
            return
        alone, whole = courses_of(claim, earlier)
        for active in plan.courses:
            known = {(hit.line, hit.at) for hit in self.engine.guarded(active, claim.index, alone)
                     if isinstance(hit, Hit)}
            for hit in self.engine.guarded(active, claim.index, whole):
                if isinstance(hit, Hit) and (hit.line, hit.at) not in known:
                    self.report(active, hit, claim, standing, plan, {})

    def report_day(self, active: Active, day: DayOfService, alone: DayOfService, claim: Compared, standing: Standing,
                   plan: Plan) -> None:
        """What a check finds with the earlier claims, unless it found as much in the claim alone."""
        said = [active.level(hit.level, plan.lob, False) for hit in self.engine.guarded(active, claim.index, alone)
                if isinstance(hit, Hit)]
        for hit in self.engine.guarded(active, claim.index, day):
            if isinstance(hit, Hit):
                level = active.level(hit.level, plan.lob, False)
                if not any(is_at_least(known, level) for known in said):
                    self.report(active, with_day(hit, day), claim, standing, plan, {})

    def report(self, active: Active, hit: Hit, claim: Compared, standing: Standing, plan: Plan,
               values: dict[str, Any]) -> None:
        level = active.level(hit.level, plan.lob, plan.has_conflict or claim.is_secondary)
        line = next((ln for ln in claim.day_lines if ln.number == hit.line), None) if hit.line else None
        first = line.first if line is not None else claim.first_day
        if level == "off" or not active.is_in_force(date.fromordinal(first) if first else None):
            return
        text = ""
        segment = hit.segment or claim.segment
        if line is not None and not hit.segment:
            segment, text = line.segment, line.text
            values = {**values, "line": line.number, "procedure": line.procedure}
        place = Place(segment, 0, 0, 0, "2400" if text else "2300", text)
        if self.locate:
            place = self.locate(claim.index, segment)
        delimiters = Delimiters(element=claim.delimiters[0], component=claim.delimiters[1])
        finding = finding_at(active, hit, place, delimiters, claim.index, claim.number, level, values)
        finding.interchange, finding.group, finding.set_index = standing.interchange, standing.group, standing.set_index
        found = self.found.setdefault(claim.index, [])
        found.append(finding)
        said = {f.edit for f in found}.union(standing.edits)
        for after in plan.after:
            if after.pack is active.pack and after.id not in said:
                for more in self.engine.guarded(after, claim.index, [finding]):
                    if isinstance(more, Hit):
                        self.report(after, more, claim, standing, plan, {})


def _replaced(rows: Rows | Sequence[Standing], likely: list[int], failed: Set[int]) -> dict[int, int]:
    """Claims that another of the file takes the place of (same CLM01 and patient, overlapping days), and by which. A
    replacement (7) does so to originals anywhere and to replacements before it, a void (8) to all before it.
    ``failed``: replacements that were refused themselves."""
    kept_of: dict[int, tuple[tuple[str, str], tuple[Any, ...]]] = {}
    changes: set[tuple[str, str]] = set()
    for index in likely:
        kept = rows[index - 1].compare
        if kept is not None and kept[3] and index not in failed:
            key = (kept[0], kept[3])
            kept_of[index] = key, kept
            if kept[2] in ("7", "8"):
                changes.add(key)
    spans = {index: (key, kept[2], *span_of(kept[8])) for index, (key, kept) in kept_of.items() if key in changes}
    by_any: dict[tuple[str, str], _Days] = defaultdict(_Days)
    for index, (key, frequency, first, last) in spans.items():
        if frequency == "7":
            by_any[key].add(first, last, index)
    by_later: dict[tuple[str, str], _Days] = defaultdict(_Days)
    gone: dict[int, int] = {}
    for index, (key, frequency, first, last) in reversed(spans.items()):
        by = by_later[key].get(first, last) if key in by_later and frequency != "8" else 0
        if not by and frequency not in ("7", "8") and key in by_any:
            by = by_any[key].get(first, last)
        if by:
            gone[index] = by
        if frequency in ("7", "8"):
            by_later[key].add(first, last, index)
    return gone


class _Days:
    """Which days are spoken for, and by which claim. A long span counts as every day."""

    __slots__ = ("always", "by_day", "last")

    def __init__(self) -> None:
        self.by_day: dict[int, int] = {}
        self.always = self.last = 0

    def add(self, first: int, last: int, claim: int) -> None:
        self.last = claim
        if 0 <= last - first < LONGEST_RANGE:
            self.by_day.update(dict.fromkeys(range(first, last + 1), claim))
        else:
            self.always = claim

    def get(self, first: int, last: int) -> int:
        """The claim that speaks for one of these days, 0 when none does."""
        if self.always or not 0 <= last - first < LONGEST_RANGE:
            return self.always or self.last
        return next((self.by_day[day] for day in range(first, last + 1) if day in self.by_day), 0)
