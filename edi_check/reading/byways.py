"""Off the fast lane: the envelope's own segments, and those that no use fits where they stand.

``Byways`` decides how reading goes on after them: a set opens or closes, a slip of the keyboard or a missing BHT is
read over, an unknown party is passed by. What is said of them say ``Filing`` and ``Misplaced``.
"""

from __future__ import annotations

from typing import Any

from ..privacy import legible
from .compile import CONTROL, Choice, Step, StepTable, Transition, required_before
from .filing import extent_in
from .gaps import chosen, further_codes, is_required_next
from .guide import SegmentUse
from .meant import as_meant, is_slip
from .misplaced import Misplaced
from .names import QUALIFIED
from .strangers import COVERAGE_HEAD, COVERAGE_TAIL, PARTY_TAIL, AfterStranger, Elsewhere, before_stranger

__all__ = ["Byways"]


class Byways(Misplaced):
    """The state of reading, and the way back into it. ``limit_hit``: reading stops."""

    def __init__(self, element_limit: int, set_limit: int, tables: dict[Any, StepTable] | None) -> None:
        super().__init__(element_limit)
        self.set_limit = set_limit
        self.limit_hit = False
        self._tables: dict[Any, StepTable] = {} if tables is None else tables

    def _odd(self, step: Step, e: list[str], n: int, choice: Choice | None) -> Transition | None:
        """A segment that no use fits, or one of the envelope. Returns the transition to take after all, or ``None``;
        ``_step`` is where reading goes on from."""
        segment_id = e[0]
        if segment_id in CONTROL:
            self._control(segment_id, e, n)
            return None
        if isinstance(step, Elsewhere):
            self.envelope.stray(segment_id, n)
            return None
        if step.use.id == "ST" and choice is None and segment_id in self.guide.segment_ids:
            return self._without_bht(step, e, n)
        intended = segment_id.strip().upper()
        if intended != segment_id and intended not in CONTROL and (meant := step.choice(intended)) is not None:
            # One slip of the keyboard, one finding: the segment is read as what it was meant to be.
            self._misspelt(step, segment_id, intended, n)
            return self._transition(meant, [intended, *e[1:]])
        if not self._is_known(step, segment_id, n):
            return None
        if choice is not None and (written := self._by_meaning(choice, e)) is not None:
            return written
        if segment_id in PARTY_TAIL and self._is_taken_for(step.use.loop):
            return None
        if self._is_subscriber_after_all(step, e, n):
            return self._again(e, n)
        late = self._find_late(step, e)
        if late is None or late.is_used_up or late.is_far:
            begun = self._without_beginning(step, e, n)
            if begun is not None or self._step is not step:
                return begun
        if late is not None:
            self._too_late(late, step, e, n)
        else:
            found = self._by_position(choice, e) if choice is not None else None
            if found is not None:
                return found
            self._unexpected(step, e, n, choice)
        before = before_stranger(step)
        if segment_id == "NM1":
            self._step = AfterStranger(before)
        elif segment_id == "SBR":
            self._step = AfterStranger(before, COVERAGE_HEAD, COVERAGE_TAIL)
        return None

    def _again(self, e: list[str], n: int) -> Transition | None:
        """The state is another now: what follows from there?"""
        step = self._step
        assert step is not None
        choice = step.choice(e[0])
        found = self._transition(choice, e) if choice is not None else None
        return found if found is not None else self._odd(step, e, n, choice)

    def _by_meaning(self, choice: Choice, e: list[str]) -> Transition | None:
        """The use that a segment is for when its qualifier is read without the spaces behind it, or, in a composite, up
        to the separator that was meant."""
        assert self._table is not None
        d = self._table.delimiters
        uses = {t.step.use.index: t.step.use for t in choice.by_code.values()} if choice.is_component else {}
        bare = [text.rstrip(" ") for text in e]
        for meant in [as_meant(use, e, d) for use in uses.values()] or [bare]:
            found = self._transition(choice, meant) if meant != e else None
            if found is not None:
                return found
        return None

    def _by_position(self, choice: Choice, e: list[str]) -> Transition | None:
        """Where only one use of a segment may follow and hasn't come yet, it is meant, whatever its qualifier; but not
        with one that the guide has elsewhere, where the qualifier says all of what the segment is."""
        uses = {t.step.use.index: t for t in choice.by_code.values()}
        if e[0] == "HL":
            parent = e[2].rstrip(" ") if len(e) > 2 else ""
            level = "20" if not parent else "23" if self.hierarchy.is_subscriber(parent) else "22"
            return choice.by_code.get(level) or choice.by_code.get("22") or next(iter(uses.values()), None)
        if choice.is_component and len(e) > 1 and len(uses) > 1:  # HI: a diagnosis as if it weren't the first
            code = e[1].split(self._table.delimiters.component, 1)[0] if self._table is not None else ""
            uses = {n: t for n, t in uses.items() if t.step.use.usage == "R" and code in further_codes(t.step.use)}
        t = next(iter(uses.values())) if len(uses) == 1 else None
        if t is None and (due := self._due(choice, e)) is not None:
            return due
        if t is None or 0 < t.limit <= self._state().times(len(t.closing), t.bit):
            return None
        return None if e[0] in QUALIFIED and t.step.use.usage != "R" and self._belongs(e) else t

    def _due(self, choice: Choice, e: list[str]) -> Transition | None:
        """Of several uses that may follow, the one that must come next, where the qualifier is none that the guide has
        anywhere: a slip in it. Of dates and numbers there are so many kinds that it must look like the one due."""
        if self._belongs(e):
            return None
        assert self._table is not None
        sent = (e[choice.index] if len(e) > choice.index else "").split(self._table.delimiters.component, 1)[0]
        met = self._state()
        for t in {id(t): t for t in choice.by_code.values()}.values():
            if is_required_next(t, met):
                codes = [code for code, other in choice.by_code.items() if other is t]
                return t if e[0] not in QUALIFIED or any(is_slip(sent, code) for code in codes) else None
        return None

    def _transition(self, choice: Choice, e: list[str]) -> Transition | None:
        """Which of the uses that may follow a segment is for, by its qualifier."""
        assert self._table is not None
        return chosen(choice, e, self._table.delimiters.component)

    def _without_bht(self, step: Step, e: list[str], n: int) -> Transition | None:
        """The set begins without its BHT: that is said, and reading goes on as if it had come."""
        bht = step.choice("BHT")
        t = next(iter(bht.by_code.values())) if bht is not None and bht.by_code else bht.only if bht else None
        assert t is not None
        self._missing(t.step.use.loop, 1, n)
        for _ in t.opening:
            self._frames.append(self._mask | t.bit)
            self._mask = 1
        self._step = t.step
        return self._again(e, n)

    def _control(self, segment_id: str, e: list[str], n: int) -> None:
        """ISA, GS, ST and their trailers."""
        env, table = self.envelope, self._table
        assert table is not None
        outside: Step = Elsewhere(table, False)
        if env.set is not None:
            self._close_loops(n)
            if segment_id == "SE":
                env.close_set(e, n)
                self._step = outside
                return
            env.close_open_set(n)
        self._step = outside
        if env.interchange is None:  # an IEA without elements closed it, and more came before the next ISA
            env.stray(segment_id, n)
        elif segment_id == "ST" and env.group is not None:
            self._open_set(e, n)
        elif segment_id == "GS":
            env.open_group(e, n)
        elif segment_id == "GE" and env.group is not None:
            env.close_group(e, n)
        elif segment_id == "IEA":
            i = env.interchange
            env.close_interchange(e, n)
            offset, length = self._extent(n)
            i.end_offset = offset + length + 1
        elif segment_id != "TA1":
            env.stray(segment_id, n)

    def _open_set(self, e: list[str], n: int) -> None:
        env, table, a = self.envelope, self._table, self.assembly
        assert table is not None and env.group is not None and env.interchange is not None
        if env.sets >= self.set_limit:
            self.limit_hit = True
            env.fault(
                "CORE-FILE-03",
                f"The file holds more than {self.set_limit} transaction sets; reading stops there.",
                "Split the file.",
                n,
                "ST",
                scope="file",
            )
            self._step = None
            return
        s = env.open_set(e, n)
        a.start_set(env.interchange, env.group, s)
        self.hierarchy.start()
        self._filed = 0
        self._met.clear()
        self._frames, self._counts = [], {}
        self._step = table.start if s.is_professional else Elsewhere(table, True)
        self._mask = 1

    def _close_loops(self, n: int) -> None:
        """All open loops of the set end before segment ``n``."""
        s = self.envelope.set
        step = self._step
        if s is None or not s.is_professional or step is None or isinstance(step, Elsewhere):
            return
        loop, mask = step.use.loop, self._mask
        while loop is not self.guide.set_loop:
            missing = required_before(loop, 1 << 30) & ~mask
            if missing:
                self._missing(loop, missing, n)
            if loop.id == "2300":
                self._finish(n)
            self._counts.pop(len(self._frames), None)
            mask = self._frames.pop()
            assert loop.parent is not None
            loop = loop.parent
        closing = next(c for c in loop.children if isinstance(c, SegmentUse) and c.id == "SE")
        missing = required_before(loop, closing.position) & ~mask
        if missing:
            self._missing(loop, missing, n)
        for b in self.hierarchy.end():
            at = extent_in(*self._subscriber_at) if self._subscriber_at else (n, *self._extent(n))
            self._breach(b, at, "2000B", self.assembly.subscribers)
        self.assembly.end_level(n)
        faults = self.envelope.faults
        if not s.claims and not (faults and faults[-1].set_index == s.index):  # else what is wrong has been said
            self.fault(
                "IK3-3",
                f"The transaction set {legible(s.control_number[:12])} holds no claim (loop 2300).",
                "Send a set only when it has claims.",
                n,
                "2300",
                "CLM",
                ik3="3",
            )
