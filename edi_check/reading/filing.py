"""Findings of the reader, filed where they belong: with the open claim, or above it with the level, set or envelope.

``Filing`` is the half of the reader that talks: it says what is missing, what comes too often, what no use fits, what
the slow lane found, and what the HL numbers break. It moves nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from ..findings import Finding, Where
from ..model import Claim
from ..privacy import legible, private
from . import guide as guide_module
from .assembly import Assembly
from .compile import Choice, Step, StepTable, Transition
from .envelope import Envelope
from .explain import explain
from .guide import LoopUse, SegmentUse
from .hierarchy import Breach, Hierarchy
from .names import party, segment_name
from .segments import Batch
from .strangers import AfterStranger

__all__ = ["LINE_LIMIT", "Filing", "extent_in"]

LINE_LIMIT: Final = 50
"""Service lines of a claim (2400), as the guide has it."""

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


class Unplaced(NamedTuple):
    """A run of segments that fit nowhere, told as one finding: the state it stands in, its first and last segment so
    far, and the first one's name and place in words."""

    step: Step
    first: int
    last: int
    finding: Finding
    name: str
    place: str


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
        """By the depth of an open loop: how often what is limited in it has come, from the second time on."""
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
        self._unplaced: Unplaced | None = None

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
            "2000B" if b.is_earlier else loop, "HL", b.element, 0, n, n - a.set.segment + 1, 0, 0, offset, length,
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

    def _missing(self, loop: LoopUse, bits: int, n: int) -> None:
        """Children of ``loop`` that had to come before segment ``n`` and didn't."""
        for number, child in enumerate(loop.children):
            if not bits >> number & 1:
                continue
            node: SegmentUse | LoopUse = child
            while isinstance(node, LoopUse):
                node = node.children[0]
            if isinstance(child, LoopUse) and node.loop.id != "HEADER":  # whose party is the whole set
                who = party(node.loop.id)
                says = f"{who[:1].upper()}{who[1:]} is missing: its {node.id} had to come before this place."
            else:
                says = f"{segment_name(node, (node.id, *_code(node)))} is missing."
            self.fault(
                "IK3-3",
                says,
                f"Send the {node.id} segment that the guide demands here.",
                n,
                node.loop.id,
                node.id,
                ik3="3",
                scope=SCOPES.get(node.loop.id[:5], "") if self.assembly.claim is None else "",
            )

    def _is_too_many(self, t: Transition, child: SegmentUse | LoopUse, n: int) -> bool:
        """Count one more of ``child`` in the open loop; is it more than the guide allows?"""
        counts = self._counts.setdefault(len(self._frames), {})
        count = counts[t.bit] = counts.get(t.bit, 1) + 1
        if count <= t.limit:
            return False
        if isinstance(child, LoopUse):
            self.fault(
                "IK3-4",
                f"{party(child.id)[:1].upper()}{party(child.id)[1:]} comes {count} times; the guide allows {t.limit}.",
                f"Send at most {t.limit}.",
                n,
                child.id,
                t.step.use.id,
                ik3="4",
                scope=SCOPES.get(child.parent.id, "") if child.id == "2300" and child.parent else "",
            )
        else:
            says = segment_name(child, (child.id, *_code(child)))
            self.fault(
                "IK3-5",
                f"{says} comes {count} times; the guide allows {t.limit}.",
                f"Send at most {t.limit}.",
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

    def _misspelt(self, step: Step, segment_id: str, intended: str, n: int) -> None:
        """A segment id in lower case, or with spaces around it."""
        says = f"“{legible(segment_id[:12])}” is no segment of the 837P guide; {intended} is meant."
        loop = step.use.loop.id
        self.fault("IK3-1", says, f"Write the segment id as {intended}.", n, loop, segment_id[:3], ik3="1")

    def _unexpected(self, step: Step, e: list[str], n: int, choice: Choice | None) -> None:
        """A segment that no use fits here: no segment at all, one too late, one with a qualifier that isn't the
        guide's."""
        segment_id, loop = e[0], step.use.loop
        if segment_id not in self.guide.segment_ids:
            says, fix = "Two segment terminators follow one another.", "Remove the empty segment."
            if segment_id:
                says = f"“{_like_an_id(segment_id)}” is no segment of the 837P guide."
                fix = "Remove the segment, or correct its id."
            self.fault("IK3-1", says, fix, n, loop.id, segment_id[:3], ik3="1")
            return
        where, after = party(loop.id), step.use.id
        index = choice.index if choice is not None and choice.by_code else 1
        code = e[index] if len(e) > index else ""
        if _has_passed(step, segment_id, code):
            says, fix = f"{segment_id} comes too late in {where}: after {after}.", f"Send it before {after}."
            self.fault("IK3-7", says, fix, n, loop.id, segment_id, ik3="7")
            return
        if self._is_of_the_run(step, n):
            return
        name, fix, element = segment_id, "Remove it, or send it at its place.", ""
        if choice is not None and choice.by_code:
            name = f"{segment_id}*{_like_an_id(code)}"
            fix = f"Use a qualifier the guide has here: {_some(choice.by_code)}."
            element = f"{segment_id}{index:02d}"
        value = code[:40] if element and len(code) < 4 else ""
        place = f"(after {after} of {where})"
        says = f"{name} is not expected here {place}."
        f = self.fault("IK3-2", says, fix, n, loop.id, segment_id, element=element, value=value, ik3="2")
        self._unplaced = Unplaced(_before(step), n, n, f, name, place)

    def _is_of_the_run(self, step: Step, n: int) -> bool:
        """Does this segment only go on with what was said of those before it? Where an HL is missing, all that should
        stand under it has no place: one fault, one finding, which grows."""
        run = self._unplaced
        if run is None or run.step is not _before(step) or not (n == run.last + 1 or isinstance(step, AfterStranger)):
            return False
        behind = n - run.first
        run.finding.message = (
            f"{run.name} and the {behind} segments after it are not expected here {run.place}."
            if behind > 1
            else f"{run.name} and the segment after it are not expected here {run.place}."
        )
        run.finding.fix = "Look for what is missing before them, such as an HL or an NM1; else remove them."
        self._unplaced = run._replace(last=n)
        return True


def _before(step: Step) -> Step:
    """The state that a segment is not expected in, whatever stranger came before it."""
    return step.before if isinstance(step, AfterStranger) else step


def _has_passed(step: Step, segment_id: str, code: str) -> bool:
    """Would the segment have been right earlier in the loop?"""
    return any(
        isinstance(c, SegmentUse)
        and c.id == segment_id
        and c.position < step.use.position
        and (c.qualifier is None or code in c.qualifier[2])
        for c in step.use.loop.children
    )


def _like_an_id(text: str) -> str:
    """A segment id or qualifier for a message; what is longer than one may be anything, a name too, and is private."""
    return legible(text) if len(text) < 4 else private(text[:20])


def extent_in(n: int, batch: Batch) -> tuple[int, int, int]:
    """Number, offset and length of a segment of a batch."""
    return n, batch.start(n - batch.first), len(batch.segments[n - batch.first])


def _code(use: SegmentUse) -> tuple[str, ...]:
    """The qualifier to name a use by, when it has exactly one."""
    q = use.qualifier
    return (next(iter(q[2])),) if q and len(q[2]) == 1 and q[0] == 1 else ()


def _some(codes: Iterable[str]) -> str:
    listed = sorted(codes)
    return ", ".join(listed[:12]) + (" …" if len(listed) > 12 else "")
