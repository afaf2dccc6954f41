"""The engine: claims in, findings out. It finds the edits that a claim gets, runs them, and gives their hits words and
place.

``judge`` sees one claim; what several claims of a file say together is ``settle``'s. Neither changes a claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ..findings import Edit, Fault, Finding, NotEvaluated
from ..model import Claim, ServiceLine
from .aggregate import DayLine, day_line, day_lines_of, days_of
from .comparison import compared
from .courses import is_authorized, run_alone
from .edits._ordinary import UNKNOWN, Diagnosed, diagnosed, meet
from .in_force import levels_in_force, settings_in_force
from .letters import in_upper_case
from .packs import Pack, load_payers
from .plan import Active, LowerCase, More, Plan, Screened, Service
from .registry import TABLES, Hit, Result, Unjudged
from .repeats import is_told
from .scope import Scope, is_secondary
from .visits import run_visits, visited
from .wording import finding_of, with_day

__all__ = ["Engine"]

FAULTS_KEPT = 1000
ALWAYS_RUN = "CORE-FILE-"


class Engine:
    """The packs of a run at the levels and settings in force.

    ``settings`` by pack id and name, ``levels`` by edit id, ``payers`` payer id to line of business; ``snip`` first and
    last SNIP type to check. Raises ``PackError`` for an id, a setting or a value that doesn't exist.
    """

    def __init__(self, packs: Sequence[Pack], *, settings: Mapping[str, Mapping[str, Any]] | None = None,
                 levels: Mapping[str, str] | None = None, lob: str = "auto", payers: Mapping[str, str] | None = None,
                 snip: tuple[int, int] = (1, 7), tables: Mapping[str, Any] | None = None, as_of: date) -> None:
        self.packs = tuple(packs)
        self.as_of = as_of
        self.scope = Scope(load_payers(), payers or {}, lob)
        provided = {"as_of": as_of, "payer_lobs": self.scope.lob_of_payer, **dict.fromkeys(TABLES), **(tables or {})}
        values = settings_in_force(self.packs, settings or {})
        given = levels_in_force(self.packs, levels or {})
        self.catalogue: dict[str, Edit] = {}
        self._actives: list[Active] = []
        self._running: dict[str, Active] = {}
        for pack in self.packs:
            for data in pack.edits:
                level = given.get(data.edit.id, "")
                self.catalogue[data.edit.id] = replace(data.edit, level=level) if level else data.edit
                if (level or data.edit.level) == "off" or not self._is_in_snip(data.edit, snip):
                    continue
                if data.kind == "elsewhere":
                    self._running[data.edit.id] = Active(pack, data, {}, level, provided)
                    continue
                actives = [Active(pack, one, values[pack.id], level, provided) for one in (data, *data.also)]
                self._actives += actives
                self._running[data.edit.id] = actives[0]
        self._plans: dict[tuple[str, str, bool], Plan] = {}
        self._plans_by_selection: dict[tuple[Any, ...], Plan] = {}
        self._planned: tuple[Claim | None, Plan | None] = (None, None)
        self._days: tuple[Claim | None, list[DayLine]] = (None, [])
        self._secondary: tuple[Claim | None, bool] = (None, False)
        self._open = 0
        """Index of the last claim about which an edit waits for the file's other claims."""
        self.not_evaluated_counts: Counter[tuple[str, str]] = Counter()
        self.faults: list[Fault] = []

    @staticmethod
    def _is_in_snip(edit: Edit, snip: tuple[int, int]) -> bool:
        return snip[0] <= edit.snip <= snip[1] or edit.id.startswith(ALWAYS_RUN)

    def begin_file(self) -> None:
        """Forget the counts of the file before."""
        self.not_evaluated_counts = Counter()
        for plan in self._plans_by_selection.values():
            plan.judged = 0
        self.faults = []
        self._open = 0

    @property
    def not_evaluated(self) -> list[NotEvaluated]:
        """What could not be decided in the file so far, by edit and reason."""
        counts = self.not_evaluated_counts.copy()
        for plan in self._plans_by_selection.values():
            if plan.judged:
                counts.update(dict.fromkeys(plan.unjudged, plan.judged))
        return [NotEvaluated(edit, n, why) for (edit, why), n in sorted(counts.items())]

    def reports(self, edit: str) -> bool:
        """Is this edit on: in the catalogue, not off, and of a SNIP type that is checked?"""
        return edit in self._running

    def lob(self, claim: Claim) -> str:
        """The claim's line of business."""
        return self.plan(claim).lob

    def plan(self, claim: Claim) -> Plan:
        """The edits this claim gets."""
        known, plan = self._planned
        if known is not claim or plan is None:
            payer = claim.subscriber.payer
            plan = self.plan_for(payer.id if payer else "", claim.subscriber.filing, claim.frequency == "8")
            self._planned = (claim, plan)
        return plan

    def plan_for(self, payer_id: str, filing: str, is_void: bool) -> Plan:
        """The edits of claims for this payer id and SBR09."""
        key = (payer_id, filing, is_void)
        plan = self._plans.get(key)
        if plan is None:
            payer_id = payer_id.strip().upper()
            lob, is_mapped, has_conflict = self.scope.line_of_business(payer_id, filing)
            packs = tuple(not p.payer_ids or payer_id in p.payer_ids for p in self.packs)
            selection = (lob, is_mapped, has_conflict, packs, is_void)
            plan = self._plans_by_selection.get(selection)
            if plan is None:
                plan = self._plans_by_selection[selection] = self._compiled(*selection)
            if len(self._plans) >= 10_000:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def plan_of_kept(self, kept: tuple[Any, ...]) -> Plan:
        """The edits of a claim that ``compare`` gave the tuple of."""
        return self.plan_for(kept[9], kept[10], kept[2] == "8")

    def _compiled(self, lob: str, is_mapped: bool, has_conflict: bool, packs: tuple[bool, ...], is_void: bool) -> Plan:
        taken = {p.id for p, is_applied in zip(self.packs, packs, strict=True) if is_applied}
        chosen, undecided = [], []
        for active in self._actives:
            pack, lobs = active.pack, active.data.lobs
            if pack.id not in taken or (is_void and not active.data.on_void) or (pack.by_payer_only and not is_mapped):
                continue
            is_open = lob == "unknown" and lobs and "unknown" not in lobs
            if is_open or (active.lacks and (not lobs or lob in lobs)):
                undecided.append(active)
            elif not lobs or lob in lobs:
                chosen.append(active)
        return Plan(chosen, lob, has_conflict, undecided)

    def judge(self, claim: Claim) -> list[Finding]:
        """What the claim says by itself. Findings in no particular order; those of ``settle`` come later."""
        subscriber = claim.subscriber
        payer = subscriber.payer
        key = (payer.id if payer is not None else "", subscriber.filing, claim.frequency == "8")
        plan = self._plans.get(key) or self.plan_for(*key)
        self._planned = (claim, plan)
        plan.judged += 1
        hits: list[tuple[Active, Hit | Unjudged, ServiceLine | None]] = []
        known = diagnosed(claim.diagnoses) or meet(claim.diagnoses)
        if not known.is_upper:
            return self._judge_in_upper_case(claim, plan)
        try:
            day_lines = self._run(claim, plan, known, hits)
        except LowerCase:
            return self._judge_in_upper_case(claim, plan)
        except Exception:
            hits, day_lines = self._run_guarded(claim, plan)
        self._days = (claim, day_lines)
        if not hits:
            return []
        return self._findings(claim, plan, hits)

    def _run(self, claim: Claim, plan: Plan, known: Diagnosed, hits: list[Any]) -> list[DayLine]:
        """Run all edits, in the cheapest way; gives the lines that sums are about. Raises ``LowerCase`` when some code
        is in lower case: nothing is decided then."""
        highest, bits, weight, memo = 0, 0, 0, plan.memo
        at_work: list[tuple[ServiceLine, Service]] = []
        for line in claim.service_lines:
            key = (line.procedure, line.modifiers, line.units_text, line.pointers, line.unit_basis, line.place,
                   line.procedure_qualifier, line.place_of_service, line.description)
            service = memo.get(key)
            if service is None:
                service = plan.service(line, key)
            if service.highest > highest:
                highest = service.highest
            if service.has_work:
                bits |= service.bit
                weight += service.weight
                at_work.append((line, service))
        answer = plan.look.says(claim, known, highest) if plan.look is not None else UNKNOWN
        for line, service in at_work:
            if service.hits:
                hits.extend([(active, hit, line) for active, hit in service.hits])
            for active in service.one_day_lines if answer else service.lines:
                found = active.run(claim, line)
                if found:
                    hits.extend([(active, hit, line) for hit in found])
            if service.diagnoses:
                told = plan.told.get((service, known))
                if told is None:
                    told = plan.of_diagnoses(line, service, known)
                if told:
                    hits.extend([(active, hit, line) for active, hit in told])
        for active in plan.claims:
            found = active.run(claim)
            if found:
                hits.extend([(active, hit, None) for hit in found])
        if plan.asked[answer]:
            _ask(plan.asked[answer], claim, hits)
        if plan.billing:
            billing, told = plan.billed
            if billing is not claim.billing:
                told = _of_billing(claim, plan)
            if told:
                hits.extend([(active, hit, None) for active, hit in told])
        if plan.visits and not plan.have_visits_room:
            run_visits(plan, claim, hits)
        if not bits:
            return []
        more = plan.unions.get(bits) or plan.more_of(bits)
        self._run_more(claim, more, answer, hits)
        summed = [(line, service.units) for line, service in at_work if service.is_summed]
        day_lines = day_lines_of(claim, summed) if summed else []
        if weight > more.room and _is_over(more, at_work):
            _sum_up(claim, plan, more, day_lines, hits)
        return day_lines

    def _run_more(self, claim: Claim, more: More, answer: int, hits: list[Any]) -> None:
        """The edits on whole claims that the codes of the lines call for."""
        for active in more.claims:
            for hit in active.run(claim):
                hits.append((active, hit, None))
        if more.asked[answer]:
            _ask(more.asked[answer], claim, hits)
        if more.unjudged:
            self._count_unjudged(more.unjudged)

    def _run_guarded(self, claim: Claim, plan: Plan) -> tuple[list[Any], list[DayLine]]:
        """As ``_run``, after a check has raised: each edit alone, and the one at fault is a fault of ours."""
        hits: list[Any] = []
        lines = claim.service_lines
        touched = frozenset(line.procedure for line in lines if plan.bundle_of(line) is not None)
        more = plan.more_for(touched)
        self._count_unjudged(more.unjudged)
        for active in (*plan.all_claims, *more.all_claims):
            hits.extend((active, hit, None) for hit in self.guarded(active, claim.index, claim))
        for active in plan.billing:
            hits.extend((active, hit, None) for hit in self.guarded(active, claim.index, claim.billing))
        day_lines = []
        for line in lines:
            bundle = plan.bundle_of(line)
            for active in (*plan.lines, *(bundle.lines if bundle else ())):
                hits.extend((active, hit, line) for hit in self.guarded(active, claim.index, claim, line))
            for active in (*plan.services, *(bundle.services if bundle else ())):
                hits.extend((active, hit, line) for hit in self.guarded(active, claim.index, line))
            for active in bundle.diagnoses if bundle else ():
                hits.extend((active, hit, line) for hit in self.guarded(active, claim.index, line.diagnoses))
            day = day_line(claim, line) if bundle and bundle.is_summed else None
            if day is not None:
                day_lines.append(day)
        for day_of in days_of(claim.index, claim.subscriber.group_number, day_lines):
            for active in more.days:
                hits.extend((active, with_day(hit, day_of), None)
                            for hit in self.guarded(active, claim.index, day_of))
        if plan.visits:
            run_visits(plan, claim, hits, self.guarded)
        run_alone(plan, claim, day_lines, hits, self.guarded)
        return hits, day_lines

    def guarded(self, active: Active, claim: int, *about: Any) -> Result:
        """The hits of one check, or a ``Fault`` when it raises: that names the kind of error only, no values."""
        try:
            return list(active.run(*about))
        except Exception as error:
            self._fault(active, claim, error)
            return ()

    def _fault(self, active: Active, claim: int, error: Exception) -> None:
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(Fault(active.id, claim, type(error).__name__))

    def _findings(self, claim: Claim, plan: Plan, hits: list[Any]) -> list[Finding]:
        findings: list[Finding] = []
        for active, hit, line in hits:
            try:
                finding = self._finding(claim, plan, active, hit, line)
            except Exception as error:  # a hit that names a line or a value that isn't there: a fault of ours
                self._fault(active, claim.index, error)
                continue
            if finding is None:
                continue
            if active.looks_at == "file":
                self._open = claim.index  # once the other claims are read
            else:
                findings.append(finding)
        if plan.after and findings:
            findings.extend(self._after(plan, claim, findings))
        return findings

    def _finding(self, claim: Claim, plan: Plan, active: Active, hit: Hit | Unjudged,
                 line: ServiceLine | None) -> Finding | None:
        if line is None and isinstance(hit, Hit) and hit.line:
            line = claim.service_lines[hit.line - 1]
        if not active.applies(claim, line):
            return None
        if isinstance(hit, Unjudged):
            self._count_unjudged([(active.id, hit.why)])
            return None
        is_milder = active.pack.is_policy and (plan.has_conflict or self._is_secondary(claim))
        level = active.level(hit.level, plan.lob, is_milder)
        if level == "off":
            return None
        finding = finding_of(active, hit, claim, line, level)
        if not active.pack.is_policy and is_told(claim, hit, finding, self._level_of):
            return None
        return finding

    def _is_secondary(self, claim: Claim) -> bool:
        """``is_secondary``, which looks at all lines, once for all the findings of a claim."""
        if self._secondary[0] is not claim:
            self._secondary = (claim, is_secondary(claim))
        return self._secondary[1]

    def _level_of(self, edit: str) -> str:
        return self.catalogue[edit].level if self.reports(edit) else "off"

    def _after(self, plan: Plan, claim: Claim, findings: Sequence[Finding]) -> list[Finding]:
        """The edits that look at the claim's other findings of their pack."""
        more = []
        for active in plan.after:
            of_pack = [f for f in findings if self._running[f.edit].pack is active.pack]
            for hit in self.guarded(active, claim.index, of_pack) if of_pack else ():
                if isinstance(hit, Hit) and active.applies(claim, None):
                    level = active.level(hit.level, plan.lob, False)
                    more.append(finding_of(active, hit, claim, None, level))
        return more

    def _count_unjudged(self, edits: Iterable[tuple[str, str]]) -> None:
        for edit in edits:
            self.not_evaluated_counts[edit] += 1

    def _judge_in_upper_case(self, claim: Claim, plan: Plan) -> list[Finding]:
        """A claim with codes in lower case is judged as a copy in upper case; checks ``as_sent`` see the claim
        itself."""
        clone = in_upper_case(claim)
        hits, day_lines = self._run_guarded(clone, plan)
        for active in plan.as_sent:
            hits.extend((active, hit, None) for hit in self.guarded(active, claim.index, claim))
        self._days = (claim, day_lines)
        return self._findings(clone, plan, hits) if hits else []

    def compare(self, claim: Claim) -> tuple[Any, ...]:
        """What of a claim that was just judged must be kept to settle the file: marshal-able, in the claim's row."""
        judged, day_lines = self._days
        plan = self.plan(claim)
        if judged is not claim:
            found = [day_line(claim, ln) for ln in claim.service_lines
                     if ln.procedure_qualifier == "HC" and ln.procedure.upper() in plan.day_procedures]
            day_lines = [d for d in found if d is not None]
        payer = claim.subscriber.payer
        first_id = self.scope.first_id(payer.id) if payer is not None else ""
        visits = visited(claim) if plan.visits else ()
        if day_lines:
            return compared(claim, first_id, day_lines, is_secondary(claim),
                            bool(plan.courses) and is_authorized(claim), visits, self._open == claim.index)
        return compared(claim, first_id, (), bool(visits) and is_secondary(claim), False, visits)


def _ask(screened: Screened, claim: Claim, hits: list[Any]) -> None:
    """Run the edits whose screens don't say yes."""
    for is_silent, actives in screened:
        if not is_silent(claim):
            hits.extend([(active, hit, None) for active in actives for hit in active.run(claim)])


def _of_billing(claim: Claim, plan: Plan) -> tuple[Any, ...]:
    """The hits of edits that look at the billing provider only, judged once for all the claims under it."""
    told = tuple((active, hit) for active in plan.billing for hit in active.run(claim.billing))
    plan.billed = (claim.billing, told)
    return told


def _is_over(more: More, lines: Sequence[tuple[ServiceLine, Service]]) -> bool:
    """Do the lines weigh too much for one of the edits on sums to be silent?"""
    return any(sum([service.weight for _, service in lines if service.procedure in codes]) > most
               for codes, most in more.rooms)


def _sum_up(claim: Claim, plan: Plan, more: More, day_lines: list[DayLine], hits: list[Any]) -> None:
    """The edits on sums: days, visits, shifts, courses."""
    if day_lines:
        for day in days_of(claim.index, claim.subscriber.group_number, day_lines):
            for active in more.days:
                for hit in active.run(day):
                    hits.append((active, with_day(hit, day), None))
        run_alone(plan, claim, day_lines, hits)
    if plan.visits and plan.have_visits_room:
        run_visits(plan, claim, hits)
