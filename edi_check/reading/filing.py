"""Findings of the reader, filed where they belong: with the open claim, or above it with the level, set or envelope.

``Filing`` is the part of the reader that talks: it says what is missing, what comes too often, what the slow lane
found, and what the HL numbers break. It moves nothing. Segments that have no place are ``Misplaced``'s.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Final

from ..findings import Finding, Where
from ..model import Claim
from ..phrases import capital
from . import guide as guide_module
from .absences import told_missing
from .assembly import Assembly
from .compile import StepTable, Transition
from .envelope import Envelope
from .explain import DISABILITY, ElementFault, explain
from .gaps import first_of
from .guide import LoopUse, SegmentUse
from .hierarchy import Breach, Hierarchy
from .names import QUALIFIED, party, segment_name
from .segments import Batch

__all__ = ["FAULT_LIMIT", "LINE_LIMIT", "SCOPES", "Filing", "called", "extent_in"]

LINE_LIMIT: Final = 50
"""Service lines of a claim (2400), as the guide has it."""

_FEW_KINDS: Final = 4
"""Qualifiers of one use of a segment that a message names."""

SCOPES: Final = {
    "2000A": "provider",
    "2010A": "provider",
    "2000B": "subscriber",
    "2010B": "subscriber",
    "2000C": "patient",
    "2010C": "patient",
}
FAULT_LIMIT: Final = 500
"""Guide faults kept per claim, and per set above claims: a set of noise must not fill the memory. Beyond it only those
that say of a claim or a level what nothing has said before (``Filing.fault``): whatever is left out, what they refuse
stays refused."""


class Filing:
    """What reading a file has open, and the findings so far."""

    def __init__(self, element_limit: int) -> None:
        self.guide = guide_module.load()
        self.element_limit = min(element_limit, sys.maxsize - 1)  # str.split is told one more, and takes no more
        self.assembly = Assembly()
        self.envelope = Envelope(self.guide, self._extent)
        self.hierarchy = Hierarchy()
        self.slow_but_clean = 0
        self._table: StepTable | None = None
        self._counts: dict[int, dict[int, int]] = {}
        """By the depth of an open loop: how often what is limited in it has come, from the second time on; 0 for what
        was told to be missing in it, whose bit is set all the same."""
        self._owed: dict[tuple[int, int], tuple[dict[int, int], Finding]] = {}
        """By depth and bit: what was told to be missing in a loop, with that loop's counts."""
        self._frames: list[int] = []
        self._batch: Batch | None = None
        self._header: tuple[int, int, int] = (0, 0, 0)
        self._subscriber_at: tuple[int, Batch] | None = None
        self.unfiled: Counter[tuple[str, str]] = Counter()
        """Faults beyond FAULT_LIMIT, by edit and level (``""``: the edit's own)."""
        self._filed = 0
        self._met: set[tuple[str, int, str, str]] = set()
        self._met_of_claim: set[tuple[str, int, str, str]] = set()
        """What was filed in the set above its claims: scope, number of the level, edit, level; and of the claim at
        hand."""
        self._elements_said = False
        self._other_separator = 0
        """The last claim of which it was said that its composites have another separator than the file's."""

    def _extent(self, n: int) -> tuple[int, int]:
        """Offset and length of a segment of the batch at hand (or of the ISA)."""
        b = self._batch
        if n == self._header[0]:
            return self._header[1:]
        if b is None:
            return 0, 0
        index = n - b.first
        if 0 <= index < len(b.segments):
            return b.start(index), len(b.segments[index])
        return (b.end, 0) if index >= len(b.segments) else (b.offset, 0)

    def _level(self, loop: str, e: list[str], n: int) -> None:
        """An HL was taken: its numbers are looked at."""
        breaches = self.hierarchy.take(loop, e[1], e[2], e[4])
        before = self._subscriber_at
        if loop == "2000B":
            assert self._batch is not None
            self._subscriber_at = (n, self._batch)
        if not breaches:
            return
        for b in breaches:
            at = extent_in(*before) if b.is_earlier and before else (n, *self._extent(n))
            is_own = not (b.is_earlier and loop == "2000B")
            self._breach(b, at, loop, self.assembly.subscribers if is_own else self.assembly.subscribers - 1)

    def _breach(self, b: Breach, at: tuple[int, int, int], loop: str, subscriber: int) -> None:
        a, env = self.assembly, self.envelope
        n, offset, length = at
        where = Where(
            "2000B" if b.is_earlier else loop,
            "HL",
            b.element,
            0,
            n,
            n - a.set.segment + 1,
            0,
            0,
            offset,
            length,
            b.value,
        )
        env.faults.append(
            Finding(
                "CORE-SIT-11",
                b.message,
                where,
                fix=b.fix,
                scope=b.scope,
                interchange=a.interchange.index,
                group=a.group.index,
                set_index=a.set.index,
                level_number=subscriber if b.scope == "subscriber" else 0,
            )
        )

    def fault(
        self,
        edit: str,
        message: str,
        fix: str,
        n: int,
        loop: str,
        segment_id: str,
        *,
        element: str = "",
        repetition: int = 0,
        value: str = "",
        is_private: bool = False,
        level: str = "",
        scope: str = "",
        ik3: str = "",
        ik4: str = "",
        trigger: str = "",
        number: str = "",
    ) -> Finding:
        """File a finding where it belongs: with the open claim, or above."""
        a, env = self.assembly, self.envelope
        offset, length = self._extent(n)
        where = Where(
            loop, segment_id, element, repetition, n, n - a.set.segment + 1, 0, 0, offset, length, value, is_private
        )
        if not scope:
            scope = "claim" if a.claim is not None else SCOPES.get(loop[:5], "set")
        f = Finding(
            edit,
            message,
            where,
            level=level,
            fix=fix,
            scope=scope,
            ik3=ik3,
            ik4=ik4,
            trigger=trigger,
            interchange=env.interchange.index if env.interchange else 0,
            group=env.group.index if env.group else 0,
            set_index=a.set.index,
            data_element=number,
        )
        if scope == "claim" and a.claim is not None:
            c = a.claim
            f.claim, f.claim_number, f.line = c.index, c.number, len(c.service_lines)
            if not c.faults:
                c.faults = []
                self._met_of_claim.clear()
            if self._is_room(len(c.faults), self._met_of_claim, (scope, c.index, edit, level)):
                c.faults.append(f)  # type: ignore[attr-defined]
            return f
        f.level_number = {"provider": a.providers, "subscriber": a.subscribers, "patient": a.patients}.get(scope, 0)
        if self._is_room(self._filed, self._met, (scope, f.level_number, edit, level)):
            self._filed += 1
            env.faults.append(f)
        return f

    def _is_room(self, filed: int, met: set[tuple[str, int, str, str]], key: tuple[str, int, str, str]) -> bool:
        """Is a fault to be kept, after ``filed`` others? The first of its edit and level always is: each may be the one
        that refuses the claim or the level, for a user may set the level of every other edit to ``warn``. ``key``:
        scope, number of the claim or level, edit, level; ``met``: those of the faults that were kept."""
        if filed < FAULT_LIMIT or key not in met:
            met.add(key)
            return True
        self.unfiled[key[2], key[3]] += 1
        return False

    def _explain(self, use: SegmentUse, e: list[str], n: int) -> None:
        """The slow lane: files what is wrong with the segment."""
        assert self._table is not None
        if len(e) - 1 > self.element_limit:
            if not self._elements_said:
                self._elements_said = True
                self.envelope.fault(
                    "CORE-FILE-03",
                    f"A segment has more than {self.element_limit} elements.",
                    "Look for a missing segment terminator.",
                    n,
                    use.id,
                    scope="file",
                )
            return
        found = explain(use, e, self._table.delimiters)
        if not found:
            self.slow_but_clean += 1
        for f in found:
            self._mark_told(f, n)
            if f.is_separator and self._is_separator_told():
                continue
            self.fault(
                f"IK4-{f.code}",
                f.message,
                f.fix,
                n,
                use.loop.id,
                use.id,
                scope="set" if use.id == "HL" else "",
                element=f.element,
                repetition=f.repetition,
                value=f.value,
                is_private=f.is_private,
                level=f.level,
                ik3="8",
                ik4=f.code,
                trigger=f.trigger,
                number=f.number,
            )

    def _is_separator_told(self) -> bool:
        """Has the claim a composite already that is written with another separator than the file's? Whoever writes one
        so writes all so. Each claim is told so for itself: others of the file may be in order."""
        claim = self.assembly.claim
        if claim is None:
            return False
        is_told = self._other_separator == claim.index
        self._other_separator = claim.index
        return is_told

    def _mark_told(self, f: ElementFault, n: int) -> None:
        """Edits needn't say again what is wrong with this element's form. Where a composite has too much in it, all of
        it may stand a place too far."""
        b = self._batch
        if b is not None and not f.level:
            b.told.setdefault((n, f.element), f"IK4-{f.code}")
            if f.code in ("12", "13") or (f.code == "I10" and "-" in f.element):
                b.told.setdefault((n, f.element.partition("-")[0]), f"IK4-{f.code}")

    def _missing(self, loop: LoopUse, bits: int, n: int) -> None:
        """Children of ``loop`` that had to come before segment ``n`` and didn't."""
        for number, child in enumerate(loop.children):
            if not bits >> number & 1:
                continue
            use = first_of(child)
            says, fix = told_missing(child)
            scope = SCOPES.get(loop.id[:5], "") if self.assembly.claim is None else ""
            told = self.fault("IK3-3", says, fix, n, use.loop.id, use.id, ik3="3", scope=scope)
            depth = len(self._frames)
            counts = self._counts.setdefault(depth, {})
            counts[1 << number] = 0
            self._owed[depth, 1 << number] = counts, told

    def _is_too_many(self, t: Transition, child: SegmentUse | LoopUse, n: int) -> bool:
        """Count one more of ``child`` in the open loop; is it more than the guide allows?"""
        counts = self._counts.setdefault(len(self._frames), {})
        count = counts[t.bit] = counts.get(t.bit, 1) + 1
        if count <= t.limit:
            return False
        if isinstance(child, LoopUse):
            self.fault(
                "IK3-4",
                f"{capital(party(child.id))} comes {count} times; the guide allows {t.limit}.",
                f"Send at most {t.limit}.",
                n,
                child.id,
                t.step.use.id,
                ik3="4",
                scope=SCOPES.get(child.parent.id, "") if child.id == "2300" and child.parent else "",
            )
        else:
            fix = f"Send at most {t.limit}."
            if child.qualifier and child.qualifier[2] == frozenset(DISABILITY):
                fix = DISABILITY["314"]
            self.fault(
                "IK3-5",
                f"{_called_by_kinds(child)} comes {count} times; the guide allows {t.limit}.",
                fix,
                n,
                child.loop.id,
                child.id,
                ik3="5",
            )
        return True

    def _too_many_lines(self, claim: Claim) -> None:
        """The claim that ends has more service lines than the guide allows."""
        limit = LINE_LIMIT
        says = f"The claim has {len(claim.service_lines)} service lines; the guide allows {limit}."
        n = claim.service_lines[limit].segment
        fault = self.fault("IK3-4", says, f"Send at most {limit} lines a claim.", n, "2400", "LX", ik3="4")
        place = claim.locate(n)
        fault.where = fault.where._replace(offset=place.offset, length=place.length)
        fault.line = limit + 1


def extent_in(n: int, batch: Batch) -> tuple[int, int, int]:
    """Number, offset and length of a segment of a batch."""
    return n, batch.start(n - batch.first), len(batch.segments[n - batch.first])


def _called_by_kinds(use: SegmentUse) -> str:
    """As ``called``, with all qualifiers where they are few: REF*EI and REF*SY make two, whatever else is a REF."""
    q = use.qualifier
    if q and q[0] == 1 and use.id in QUALIFIED and len(q[2]) <= _FEW_KINDS:
        return f"{use.id}*{'/'.join(sorted(q[2]))} of {party(use.loop.id)}"
    return called(use)


def called(use: SegmentUse) -> str:
    """A segment and whose it is; the qualifier is named when the use has exactly one."""
    q = use.qualifier
    return segment_name(use, (use.id, *q[2]) if q and len(q[2]) == 1 and q[0] == 1 else (use.id,))
