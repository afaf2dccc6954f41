"""What the claims of one file say together, once all of them are read: replacements, duplicates, sums over patient and
day.

In file order, among the claims that still stand: refused ones, voids, replaced originals and duplicates count nowhere,
and one that is refused here counts no further. So the accepted file, checked again, is clean by construction. The
finding is on the later claim, the earlier in ``related``. Cost is linear whatever the file: claims alike are found by
a hash of what ``Engine.compare`` kept, and only those are looked at again: of claims that share no number, and whose
patient has no day with several, nothing is read a second time. Whose claims are added up, ``identities.persons`` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import date
from typing import Any, Final

from ..findings import Finding, is_at_least
from ..model import Delimiters, Place
from ..rows import pack, unpacked
from ..spool import Spool
from .aggregate import DayOfService, Ledger, days_of
from .comparison import Compared, Earlier, first_day, told_apart_by
from .courses import History, courses_of, shifts_of
from .engine import Engine
from .identities import Details, persons
from .keys import Keys
from .plan import Active, Plan
from .registry import Hit
from .replacements import replaced
from .standing import Rows, Standing
from .visits import Visits, new_hits
from .wording import finding_at, with_day

__all__ = ["settle"]

ROUNDS: Final = 5


Locate = Callable[[int, int], Place]
"""(claim, segment number of the file) to the segment's place and text, when the caller can tell."""

SegmentsOf = Callable[[int], list[list[str]]]
"""Claim to its segments (2300 and what is below) as elements, with ``:`` between components."""


def settle(rows: Rows | Sequence[Standing], engine: Engine, refused_sets: Set[int] = frozenset(),
           locate: Locate | None = None, keys: Keys | None = None,
           segments_of: SegmentsOf | None = None) -> Iterator[tuple[int, list[Finding]]]:
    """Further findings by claim: its index and what was found, in file order. ``refused_sets``: indexes of transaction
    sets that are refused as a whole. ``keys``: gathered as the claims were read; without it, from the rows. Without
    ``segments_of`` claims with the same lines are taken for the same."""
    if keys is None:
        keys = Keys()
        for standing in rows:
            if standing.compare is None:
                continue
            if standing.is_refused:
                keys.add_refused(standing.claim, standing.compare)
            else:
                keys.add(standing.claim, standing.compare, engine.plan_of_kept(standing.compare))
    keys.meet(rows)
    failed: set[int] = set()
    for n in range(ROUNDS):
        faults = len(engine.faults)
        gone = replaced(rows, keys, failed, refused_sets)
        findings = _Settlement(engine, locate, segments_of, rows, keys, gone.keys(), refused_sets).run()
        if not gone or n == ROUNDS - 1:
            yield from findings
            return
        # A replacement that is refused here replaces nothing: what it would have replaced counts again.
        held, refused, by = Spool(), set(), set(gone.values()) - failed
        for claim, its in findings:
            held.append((claim, tuple([pack(f) for f in its])))
            if claim in by and _is_refused(its):
                refused.add(claim)
        if not refused:
            for claim, packed in held:
                yield claim, [unpacked(f) for f in packed]
            return
        del engine.faults[faults:]
        failed |= refused


def _person(patient: str, number: int) -> str:
    """The key of one of those whom a patient key means; ``""`` for nobody."""
    return f"{patient}\x1f{number}" if number >= 0 else ""


def _is_refused(findings: Iterable[Finding]) -> bool:
    return any(f.level == "reject" for f in findings)


class _Settlement:
    """One file being settled: what stands so far, by number, by content, by patient. ``found`` of the claim at hand,
    and ``said``, the edits of all findings that it has."""

    def __init__(self, engine: Engine, locate: Locate | None, segments_of: SegmentsOf | None,
                 rows: Rows | Sequence[Standing], keys: Keys, superseded: Set[int], refused_sets: Set[int]) -> None:
        self.engine, self.segments_of = engine, segments_of
        self.rows, self.keys = rows, keys
        self.superseded, self.refused_sets = superseded, refused_sets
        self.visits = Visits(lambda index: Compared(index, rows[index - 1].compare or ()))
        self.locate = locate
        self.numbers: dict[str, Earlier] = {}
        self.contents: dict[tuple[bytes, bytes], dict[bytes, Earlier]] = {}
        """Originals that a later one may be the double of: by their lines, then by what else they say."""
        self.persons = self.told_apart()
        """By patient key, where the file describes it in several ways, whom each of them means."""
        self.ledgers: dict[str, Ledger] = {}
        self.shifts: dict[str, Ledger] = {}
        self.courses: dict[str, History] = {}
        self.whole: dict[str, Ledger] = {}
        """By patient key what all claims of the file brought."""
        self.found: list[Finding] = []
        self.said: set[str] = set()

    def run(self) -> Iterator[tuple[int, list[Finding]]]:
        rows, last_of = self.rows, self.keys.last_of
        for index in self.keys.likely:
            standing = rows[index - 1]
            kept = standing.compare
            if kept is None:
                continue
            claim = Compared(index, kept)
            self.found, self.said = [], set(standing.edits)
            if claim.is_open:
                self.decide_days(claim, standing)
            if self.stands(standing, kept) and not _is_refused(self.found):
                self.settle_claim(claim, standing)
            if self.found:
                yield index, self.found
            if last_of.get(hash(claim.patient)) == index:
                self.forget(claim.patient)

    def stands(self, standing: Standing, kept: tuple[Any, ...]) -> bool:
        """Is it refused neither for itself nor with its set, no void, and not replaced?"""
        return not standing.is_refused and standing.set_index not in self.refused_sets and \
            standing.claim not in self.superseded and kept[2] != "8"

    def forget(self, patient: str) -> None:
        """The patient's last claim is done."""
        known = self.persons.pop(patient, None)
        for person in {patient} if known is None else {_person(patient, number) for number in known.values()}:
            self.ledgers.pop(person, None)
            self.courses.pop(person, None)
            self.visits.forget(person)
        self.whole.pop(patient, None)

    def told_apart(self) -> dict[str, dict[Details, int]]:
        """By patient key, whom each description means: by all claims that stand before they are settled, whatever
        their order. Who is refused as they are settled takes nothing away: an earlier claim of the same person stands.
        """
        described: dict[str, set[Details]] = {}
        for index in self.keys.varied:
            standing = self.rows[index - 1]
            kept = standing.compare
            if kept is not None and self.stands(standing, kept):
                claim = Compared(index, kept)
                described.setdefault(claim.patient, set()).add(claim.details)
        return {patient: persons(its) for patient, its in described.items() if len(its) > 1}

    def person_of(self, claim: Compared) -> str:
        """Whom the claim is about, by a key of that person alone; ``""`` where that can't be told, because several may
        be meant or the patient key is nobody's. Then it is neither added to anything nor counted."""
        known = self.persons.get(claim.patient) if claim.patient else None
        return claim.patient if known is None else _person(claim.patient, known.get(claim.details, -1))

    def settle_claim(self, claim: Compared, standing: Standing) -> None:
        plan = self.engine.plan_for(claim.payer_id, claim.filing, False)
        if self.compare_content(claim, standing, plan):
            return
        self.compare_number(claim, standing, plan)
        person = self.person_of(claim)
        if not _is_refused(self.found):
            if person:
                self.sum_days(person, claim, standing, plan)
            if plan.visits and person:
                self.join_visits(person, claim, standing, plan)
            if plan.shifts and claim.day_lines:
                self.sum_shifts(claim, standing, plan)
            if plan.courses and claim.day_lines and person:
                self.continue_course(person, claim, standing, plan)
        if not _is_refused(self.found):
            self.remember(person, claim, plan)

    def remember(self, person: str, claim: Compared, plan: Plan) -> None:
        """The claim stands: later ones are held against it."""
        this = Earlier(claim.index, claim.number, claim.frequency)
        if self.may_be_double(claim):
            lines, rest = self.content_of(claim)
            self.contents.setdefault(lines, {})[rest] = this
        if hash(claim.number) in self.keys.repeated:
            self.numbers.setdefault(claim.number, this)
        if claim.day_lines and plan.shifts:
            for line in claim.day_lines:
                self.shifts.setdefault(line.provider, Ledger()).add((line,), claim.index)
        if not person or self.keys.last_of[hash(claim.patient)] == claim.index:
            return
        if claim.day_lines:
            self.ledgers.setdefault(person, Ledger()).add(claim.day_lines, claim.index)
        if plan.visits:
            self.visits.add(person, claim)
        if claim.day_lines and plan.courses:
            self.courses.setdefault(person, History()).add(courses_of(claim)[0].lines)

    def may_be_double(self, claim: Compared) -> bool:
        """Is it an original, and is there another claim of the patient that begins on the same day?"""
        return bool(claim.patient) and claim.frequency == "1" and \
            hash((claim.patient, first_day(claim.lines))) in self.keys.days

    def content_of(self, claim: Compared) -> tuple[tuple[bytes, bytes], bytes]:
        """What is done on its lines, and what else the claim says."""
        if claim.apart is None:
            claim.apart = told_apart_by(self.segments_of(claim.index)) if self.segments_of else (b"", b"")
        drugs, rest = claim.apart
        return (claim.signature, drugs), rest

    def compare_content(self, claim: Compared, standing: Standing, plan: Plan) -> bool:
        """Is the claim, an original, told to be like an earlier one that stands? Then nothing more is to be said of it;
        where the user made that a warning, or nothing, it is settled as any other."""
        if not self.may_be_double(claim):
            return False
        lines, rest = self.content_of(claim)
        alike = self.contents.get(lines)
        if not alike:
            return False
        same = alike.get(rest)
        claim.has_other_details = same is None
        for active in plan.pairs["signature"]:
            self.report_pair(active, same or next(iter(alike.values())), claim, standing, plan)
        if same is None and not _is_refused(self.found):
            alike[rest] = Earlier(claim.index, claim.number, claim.frequency)  # it may have a double of its own
        return any(is_at_least(f.level, "review") for f in self.found)

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

    def sum_days(self, person: str, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on days, for the periods to which earlier claims of the patient have brought something."""
        ledger = self.ledgers.get(person)
        if ledger is None or not claim.day_lines:
            return
        alone = {(day.first, day.last): day for day in days_of(claim.index, claim.group, claim.day_lines)}
        for day in days_of(claim.index, claim.group, claim.day_lines, ledger):
            if not day.before and not day.overlapping_before:
                continue  # nothing new: the claim was judged alone before
            codes = frozenset(ln.procedure for ln in day.lines if ln.procedure in plan.by_procedure)
            for active in plan.more_for(codes).days:
                if active.looks_at != "file":
                    self.report_day(active, day, alone[day.first, day.last], claim, standing, plan)

    def decide_days(self, claim: Compared, standing: Standing) -> None:
        """The edits on days that wait for all claims of the file. Who of those with one patient key is meant doesn't
        matter here, nor whether a claim is refused as the file is settled: in doubt, nothing is missing."""
        plan = self.engine.plan_for(claim.payer_id, claim.filing, claim.frequency == "8")
        for day in days_of(claim.index, claim.group, claim.day_lines, self.ledger_of(claim.patient)):
            codes = frozenset(ln.procedure for ln in day.lines if ln.procedure in plan.by_procedure)
            for active in plan.more_for(codes).days:
                for hit in self.engine.guarded(active, claim.index, day) if active.looks_at == "file" else ():
                    if isinstance(hit, Hit):
                        self.report(active, with_day(hit, day), claim, standing, plan, {})

    def ledger_of(self, patient: str) -> Ledger | None:
        """What all claims of the file brought that stand before they are settled; ``None`` where there are none."""
        indexes = self.keys.of_patient.get(hash(patient)) if patient else None
        if not indexes:
            return None
        ledger = self.whole.get(patient)
        if ledger is None:
            ledger = self.whole[patient] = Ledger()
            for index in indexes:
                standing = self.rows[index - 1]
                kept = standing.compare
                if kept is not None and kept[3] == patient and self.stands(standing, kept):
                    ledger.add(Compared(index, kept).day_lines, index)
        return ledger

    def join_visits(self, person: str, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on visits, for those to which earlier claims of the patient have brought something."""
        for visit, alone in self.visits.joined(person, claim, plan.lob):
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

    def continue_course(self, person: str, claim: Compared, standing: Standing, plan: Plan) -> None:
        """The edits on courses, when the patient had something before; a finding of the claim alone is not repeated."""
        earlier = self.courses.get(person)
        if earlier is None or not earlier.lines:
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
        line = claim.day_line(hit.line) if hit.line else None
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
        self.found.append(finding)
        said = self.said
        said.add(finding.edit)
        for after in plan.after:
            if after.pack is active.pack and after.id not in said:
                for more in self.engine.guarded(after, claim.index, [finding]):
                    if isinstance(more, Hit):
                        self.report(after, more, claim, standing, plan, {})
