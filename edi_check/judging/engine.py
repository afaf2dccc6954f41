"""The engine: claims in, findings out. It finds the edits that a claim gets, runs them, and gives their hits words and
place.

``judge`` sees one claim; what several claims of a file say together is ``settle``'s. Neither changes a claim.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ..findings import Edit, Fault, Finding, NotEvaluated
from ..model import Claim, ServiceLine
from .aggregate import DayLine, DayOfService, day_line, days_of
from .comparison import compared
from .courses import is_authorized, run_alone
from .in_force import levels_in_force, settings_in_force
from .packs import Pack, load_payers
from .plan import Active, Bundle, Plan
from .registry import TABLES, Hit, Result, Unjudged
from .scope import Scope, is_secondary
from .visits import run_visits, segments_of
from .wording import finding_of

__all__ = ["Engine"]

FAULTS_KEPT = 1000
MEMO_SIZE = 20_000
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
        self._upper: set[str] = set()
        self._billing: tuple[Any, list[Active], list[tuple[Active, Hit | Unjudged]]] = (None, [], [])
        self._planned: tuple[Claim | None, Plan | None] = (None, None)
        self._days: tuple[Claim | None, list[DayLine]] = (None, [])
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
        plan = self.plan(claim)
        plan.judged += 1
        upper = self._upper
        for diagnosis in claim.diagnoses:
            if diagnosis[1] not in upper and not self._is_upper(diagnosis[1]):
                return self._judge_in_upper_case(claim, plan)
        hits: list[tuple[Active, Hit | Unjudged, ServiceLine | None]] = []
        day_lines: list[DayLine] = []
        try:
            if not self._run(claim, plan, hits, day_lines):
                return self._judge_in_upper_case(claim, plan)
        except Exception:
            hits, day_lines = self._run_guarded(claim, plan)
        self._days = (claim, day_lines)
        if not hits:
            return []
        return self._findings(claim, plan, hits)

    def _run(self, claim: Claim, plan: Plan, hits: list[Any], day_lines: list[DayLine]) -> bool:
        """Run all edits, in the cheapest way. False: some code is in lower case, nothing is decided."""
        touched: list[str] = []
        memo, by_procedure, always = plan.memo, plan.by_procedure, plan.lines
        for line in claim.service_lines:
            key = (line.procedure, line.modifiers, line.units_text, line.pointers, line.unit_basis,
                   line.procedure_qualifier, line.place_of_service, line.description)
            known = memo.get(key)
            if known is None:
                known = self._services(line, plan, key)
            if known:
                if known[0] is None:
                    return False
                hits.extend([(active, hit, line) for active, hit in known])
            for active in always:
                found = active.run(claim, line)
                if found:
                    hits.extend([(active, hit, line) for hit in found])
            bundle = by_procedure.get(line.procedure)
            if bundle is not None:
                touched.append(line.procedure)
                for active in bundle.lines:
                    found = active.run(claim, line)
                    if found:
                        hits.extend([(active, hit, line) for hit in found])
                if bundle.diagnoses:
                    pointed = (line.pointers, claim.diagnoses)
                    known = bundle.memo.get(pointed)
                    if known is None:
                        known = self._of_diagnoses(line, bundle, pointed)
                    if known:
                        hits.extend([(active, hit, line) for active, hit in known])
                if bundle.is_summed:
                    day = day_line(claim, line)
                    if day is not None:
                        day_lines.append(day)
        for active in plan.claims:
            found = active.run(claim)
            if found:
                hits.extend([(active, hit, None) for hit in found])
        for is_silent, actives in plan.screened:
            if not is_silent(claim):
                for active in actives:
                    found = active.run(claim)
                    if found:
                        hits.extend([(active, hit, None) for hit in found])
        if plan.billing:
            hits.extend([(active, hit, None) for active, hit in self._of_billing(claim, plan)])
        if touched:
            self._run_more(claim, plan, frozenset(touched), hits, day_lines)
        if plan.visits:
            run_visits(plan, claim, hits)
        if day_lines and (plan.shifts or plan.courses):
            run_alone(plan, claim, day_lines, hits)
        return True

    def _run_more(self, claim: Claim, plan: Plan, touched: frozenset[str], hits: list[Any],
                  day_lines: list[DayLine]) -> None:
        """The edits on whole claims and on days that the codes of the lines call for."""
        more = plan.more_for(touched)
        for active in more.claims:
            for hit in active.run(claim):
                hits.append((active, hit, None))
        for is_silent, actives in more.screened:
            if not is_silent(claim):
                hits.extend([(active, hit, None) for active in actives for hit in active.run(claim)])
        if day_lines:
            for day in days_of(claim.index, claim.subscriber.group_number, day_lines):
                for active in more.days:
                    for hit in active.run(day):
                        hits.append((active, with_day(hit, day), None))
        if more.unjudged:
            self._count_unjudged(more.unjudged)

    def _services(self, line: ServiceLine, plan: Plan, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """The hits of edits that look at the SV1 only; ``(None,)`` when its codes aren't in upper case. ``key`` is what
        such edits may see (``registry.SERVICE_FIELDS``)."""
        result: tuple[Any, ...]
        if line.procedure != line.procedure.upper() or any(m != m.upper() for m in line.modifiers):
            result = (None,)
        else:
            bundle = plan.by_procedure.get(line.procedure)
            actives = [*plan.services, *bundle.services] if bundle else plan.services
            result = tuple((active, hit) for active in actives for hit in active.run(line))
        if not line.description:  # free text hardly comes back
            if len(plan.memo) >= MEMO_SIZE:
                plan.memo.clear()
            plan.memo[key] = result
        return result

    def _of_diagnoses(self, line: ServiceLine, bundle: Bundle, key: Any) -> tuple[Any, ...]:
        """The hits of edits that look at the diagnoses only that a line points to."""
        pointed = line.diagnoses
        result = tuple((active, hit) for active in bundle.diagnoses for hit in active.run(pointed))
        if len(bundle.memo) >= MEMO_SIZE:
            bundle.memo.clear()
        bundle.memo[key] = result
        return result

    def _of_billing(self, claim: Claim, plan: Plan) -> list[tuple[Active, Hit | Unjudged]]:
        """The hits of edits that look at the billing provider only, judged once for all the claims under it."""
        billing, actives, known = self._billing
        if billing is not claim.billing or actives != plan.billing:
            known = [(active, hit) for active in plan.billing for hit in active.run(claim.billing)]
            self._billing = (claim.billing, plan.billing, known)
        return known

    def _run_guarded(self, claim: Claim, plan: Plan) -> tuple[list[Any], list[DayLine]]:
        """As ``_run``, after a check has raised: each edit alone, and the one at fault is a fault of ours."""
        hits: list[Any] = []
        lines = claim.service_lines
        touched = frozenset(line.procedure for line in lines if line.procedure in plan.by_procedure)
        more = plan.more_for(touched)
        self._count_unjudged(more.unjudged)
        for active in (*plan.all_claims, *more.all_claims):
            hits.extend((active, hit, None) for hit in self.guarded(active, claim.index, claim))
        for active in plan.billing:
            hits.extend((active, hit, None) for hit in self.guarded(active, claim.index, claim.billing))
        day_lines = []
        for line in lines:
            bundle = plan.by_procedure.get(line.procedure)
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
            if finding is not None:
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
        is_milder = active.pack.is_policy and (plan.has_conflict or is_secondary(claim))
        level = active.level(hit.level, plan.lob, is_milder)
        return finding_of(active, hit, claim, line, level) if level != "off" else None

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

    def _is_upper(self, code: str) -> bool:
        if code != code.upper():
            return False
        if len(self._upper) >= MEMO_SIZE:
            self._upper.clear()
        self._upper.add(code)
        return True

    def _judge_in_upper_case(self, claim: Claim, plan: Plan) -> list[Finding]:
        """A claim with codes in lower case is judged as a copy in upper case; checks ``as_sent`` see the claim
        itself."""
        clone = _in_upper_case(claim)
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
            found = [day_line(claim, ln) for ln in claim.service_lines if ln.procedure.upper() in plan.day_procedures]
            day_lines = [d for d in found if d is not None]
        payer = claim.subscriber.payer
        visits = segments_of(claim) if plan.visits else ()
        return compared(claim, self.scope.first_id(payer.id) if payer else "", day_lines,
                        bool(day_lines or visits) and is_secondary(claim),
                        bool(plan.courses) and is_authorized(claim), visits)


def with_day(hit: Any, day: DayOfService) -> Any:
    """The hit of a check on a day, with the day's name among its values."""
    return hit._replace(values={"day": day.name, **hit.values}) if isinstance(hit, Hit) else hit


def _in_upper_case(claim: Claim) -> Claim:
    """A copy whose procedure codes, modifiers and diagnoses are in upper case."""
    clone = copy.copy(claim)
    clone.diagnoses = tuple(d._replace(code=d.code.upper()) for d in claim.diagnoses)
    lines = []
    for line in claim.service_lines:
        new = copy.copy(line)
        new.procedure = line.procedure.upper()
        new.modifiers = tuple(m.upper() for m in line.modifiers)
        new.claim_diagnoses = clone.diagnoses
        lines.append(new)
    clone.service_lines = lines
    return clone
