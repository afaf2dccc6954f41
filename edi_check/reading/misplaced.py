"""Segments that have no place where they stand: what is said of them, and how reading goes on.

One fault, one finding. Where the first segment of a loop is missing, that is said, and the loop begins all the same:
what belongs in it is read and judged. A segment whose place has passed comes too late; where it was told to be missing,
it is told to be late instead. What fits nowhere is told once, with whatever follows it that has no place either.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..findings import Finding
from ..model import Party
from ..phrases import capital
from ..privacy import legible
from .absences import LEVELS, lost_beginning, no_party, told_missing
from .compile import Choice, Step, Transition, required_before
from .filing import FAULT_LIMIT, SCOPES, Filing, called
from .gaps import Late, Met, chosen, find_late, first_of, further_codes, is_due, is_for, openers
from .guide import LoopUse, SegmentUse
from .names import like_an_id, party, shown, some_of
from .segments import Batch
from .strangers import AfterStranger, before_stranger

__all__ = ["Misplaced"]

NOTHING: Final = [""] * 40
"""The elements of a segment that isn't there."""


class Run(NamedTuple):
    """Segments in a row that have no place, told as one finding: the state they stand in, the first and the last so
    far, the first one's name, and how the sentence about them ends. ``late``: the loop they all come too late in."""

    step: Step
    first: int
    last: int
    finding: Finding
    name: str
    ending: str
    late: LoopUse | None = None


SURE: Final = frozenset({"2000A", "2000B", "2000C", "2300", "2400"})
"""Loops that a segment of theirs shows to be there."""
OTHERS_PROVIDERS: Final = frozenset({"2330C", "2330D", "2330E", "2330F", "2330G"})


class Doubtful(NamedTuple):
    """An SBR after the lines of a claim: another payer's that comes too late (``finding``, if it has one of its own),
    or, when NM1*IL or PAT follows at once, a subscriber's whose HL is missing."""

    n: int
    batch: Batch | None
    elements: list[str]
    finding: Finding | None


class Misplaced(Filing):
    """``_step`` and ``_mask`` are the state of reading: the use that was taken last, and which children of its loop
    have come."""

    def __init__(self, element_limit: int) -> None:
        super().__init__(element_limit)
        self._step: Step | None = None
        self._mask = 0
        self._run_of: Run | None = None
        self._doubtful: Doubtful | None = None
        self._taken_for: tuple[LoopUse, int] | None = None
        """A loop of another payer's provider, and the index of the claim whose own provider was taken for it."""

    def _finish(self, n: int) -> None:
        """The open claim ends before segment ``n``."""
        raise AssertionError("the reader finishes claims")

    def _state(self) -> Met:
        return Met(self._mask, self._frames, self._counts)

    # --- the beginning of a loop is missing ------------------------------------------------------------------------

    def _without_beginning(self, step: Step, e: list[str], n: int) -> Transition | None:
        """A segment that would have a place if a loop had begun before it: that beginning is told to be missing, and
        the loop is open. Returns the segment's transition, ``None`` where no loop would have a place for it. Where
        several parties would, that is told, and ``_step`` is what follows a stranger."""
        assert self._table is not None
        component = self._table.delimiters.component
        ways = openers(before_stranger(step), e, component, self._state())
        if len(ways) > 1 and all(way[0].step.use.id == "NM1" for way in ways):
            says, fix = no_party([way[0].step.use for way in ways], shown(e))
            self.fault("IK3-2", says, fix, n, step.use.loop.id, e[0], ik3="2")
            self._step = AfterStranger(before_stranger(step))
        if len(ways) != 1:
            return None
        for t in ways[0]:
            self._imply(t, e, n)
        assert self._step is not None
        choice = self._step.choice(e[0])
        return chosen(choice, e, component) if choice is not None else None

    def _imply(self, t: Transition, e: list[str], n: int) -> None:
        """A loop begins before segment ``n``, without its first segment; that is said. What else is missing in it is
        not said where all is missing that should come before this segment, nor where the loop needn't be there at all:
        then it may be this segment alone that stands wrong."""
        assert self._table is not None
        use, choice = t.step.use, t.step.choice(e[0])
        then = chosen(choice, e, self._table.delimiters.component) if choice is not None else None
        is_whole = then is None or then.demand & ~1 != 0
        is_sure = is_due(t, self._state()) or use.loop.id in SURE
        self._enter(t, n)
        if is_whole or not is_sure:
            self._excuse(use.loop)
        says, fix = told_missing(use.loop) if is_whole else lost_beginning(use, shown(e))
        scope = "set" if use.id == "HL" else SCOPES.get(use.loop.id[:5], "") if self.assembly.claim is None else ""
        self.fault("IK3-3", says, fix, n, use.loop.id, use.id, ik3="3", scope=scope)

    def _excuse(self, loop: LoopUse) -> None:
        """What is required in the loop that begins, and isn't there, has been said."""
        bits = required_before(loop, 1 << 30) & ~self._mask
        self._mask |= bits
        self._counts[len(self._frames)] = {bit: 0 for bit in (1 << n for n in range(bits.bit_length())) if bits & bit}

    def _enter(self, t: Transition, n: int) -> None:
        """Take a transition as if its segment had come before segment ``n``."""
        frames = self._frames
        for demand, loop, is_claim in t.closing:
            if demand & ~self._mask:
                self._missing(loop, demand & ~self._mask, n)
            if is_claim:
                self._finish(n)
            self._counts.pop(len(frames), None)
            self._mask = frames.pop()
        missing = t.demand & ~self._mask
        if missing:
            outer = t.opening[0].parent
            assert outer is not None
            self._missing(outer, missing, n)
        if self._mask & t.bit and t.limit:
            self._is_too_many(t, t.opening[0], n)
        self._mask |= missing | t.bit
        for _ in t.opening:
            frames.append(self._mask)
            self._mask = 1
        assert self._batch is not None
        self._batch.loops.append((n, t.loop))
        self._step = t.step
        self._open(t, n)

    def _open(self, t: Transition, n: int) -> None:
        """What the reader has open now: the objects that a first segment would have made, with nothing in them."""
        a, use = self.assembly, t.step.use
        if use.id == "NM1":
            if use.loop.id == "2010CA":
                a.party = a.dependent or Party()
            elif use.loop.id not in ("2010AA", "2010BA"):  # whose level has made them
                a.party = Party()
        elif t.act is not None:
            t.act(a, NOTHING, n)
        if use.id == "HL":
            self.hierarchy.imply(use.loop.id)
            if use.loop.id == "2000B":
                assert self._batch is not None
                self._subscriber_at = (n, self._batch)

    # --- a subscriber after the lines of a claim -------------------------------------------------------------------

    def _is_subscriber_after_all(self, step: Step, e: list[str], n: int) -> bool:
        """Does this segment show that the SBR before it was a subscriber's? Then the HL that is missing before that SBR
        is what is told, the subscriber's level is open, and so is the SBR."""
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is None or doubtful.n != n - 1 or not (e[0] == "PAT" or e[:2] == ["NM1", "IL"]):
            return False
        choice = before_stranger(step).choice("HL")
        level = choice.by_code.get("22") if choice is not None else None
        after = level.step.choice("SBR") if level is not None else None
        sbr = chosen(after, doubtful.elements, "") if after is not None else None
        claim = self.assembly.claim
        if level is None or sbr is None or claim is None:
            return False
        if doubtful.finding is not None:
            self._forget(doubtful.finding)
        a, at_hand, n = self.assembly, self._batch, doubtful.n
        self._batch = a.batch = doubtful.batch  # as if reading stood at the SBR, which the batch before may end with
        says, fix = lost_beginning(level.step.use, "SBR")
        self.fault("IK3-3", says, fix, n, "2000B", "HL", ik3="3", scope="set")
        self._enter(level, n)
        self._batch = a.batch = at_hand
        if at_hand is not None and at_hand is not doubtful.batch:
            a.open_batches.append(at_hand)
        if sbr.act is not None:
            sbr.act(a, [*doubtful.elements, *NOTHING], n)
        self._mask |= sbr.bit
        self._step = sbr.step
        return True

    # --- what has no place -----------------------------------------------------------------------------------------

    def _misspelt(self, step: Step, segment_id: str, intended: str, n: int) -> None:
        """A segment id in lower case, or with spaces around it."""
        says = f"“{legible(segment_id[:12])}” is no segment of the 837P guide; {intended} is meant."
        loop = step.use.loop.id
        self.fault("IK3-1", says, f"Write the segment id as {intended}.", n, loop, segment_id[:3], ik3="1")

    def _is_known(self, step: Step, segment_id: str, n: int) -> bool:
        """Is it a segment at all? What isn't is told."""
        if segment_id in self.guide.segment_ids:
            return True
        says, fix = "Two segment terminators follow one another.", "Remove the empty segment."
        if segment_id:
            says = f"“{like_an_id(segment_id)}” is no segment of the 837P guide."
            fix = "Remove the segment, or correct its id."
        self.fault("IK3-1", says, fix, n, step.use.loop.id, segment_id[:3], ik3="1")
        return False

    def _find_late(self, step: Step, e: list[str]) -> Late | None:
        """The open loop in which the segment's place has passed, if there is one."""
        assert self._table is not None
        return find_late(before_stranger(step), e, self._table.delimiters.component, self._state(), self.guide)

    def _too_late(self, late: Late, step: Step, e: list[str], n: int) -> None:
        """A segment whose place in an open loop has passed. Where it was told to be missing, that it is late is told
        instead."""
        use, where, behind = first_of(late.child), party(late.loop.id), _behind(late, step)
        if isinstance(late.child, LoopUse):
            name = capital(party(use.loop.id))
        else:
            name = called(use).partition(" of ")[0]
        # Of a level above the claim: whose claims those after it are, nobody knows.
        scope = SCOPES.get(late.loop.id[:5], "") if late.is_far else ""
        if late.is_used_up:
            says = f"{name} comes again in {where}, after {behind}; the guide allows {late.child.maximum}."
            code, fix = ("2", LEVELS.get(late.loop.id, "Remove it.")) if scope else ("5", "Remove it.")
            self.fault(f"IK3-{code}", says, fix, n, use.loop.id, use.id, ik3=code, scope=scope)
            return
        told = self._told_missing(late)
        self._mark(late)
        own: Finding | None = None
        if self._is_of_the_run(step, e[0], n, late.loop):
            assert self._run_of is not None
            self._run_of.finding.fix = f"Send them before {behind}, or that after them."
            if told is not None:
                self._forget(told)
        else:
            says, fix = f"{name} comes too late in {where}: after {behind}.", f"Send it before {behind}."
            if told is None:
                told = self.fault("IK3-7", says, fix, n, use.loop.id, use.id, ik3="7", scope=scope)
            else:
                offset, length = self._extent(n)
                told.edit, told.ik3, told.message, told.fix = "IK3-7", "7", says, fix
                told.where = told.where._replace(
                    segment=n, set_segment=n - self.assembly.set.segment + 1, offset=offset, length=length
                )
            ending = f"come too late in {where}: after {behind}."
            self._run_of = Run(before_stranger(step), n, n, told, name, ending, late.loop)
            own = told
        claim = self.assembly.claim
        if e[0] == "SBR" and claim is not None and claim.service_lines:
            self._doubtful = Doubtful(n, self._batch, e, own)
        self._bind(late, step, e, n)

    def _explain(self, use: SegmentUse, e: list[str], n: int) -> None:
        """The slow lane; but an NM1 that isn't as another payer's providers are, who go by their numbers alone, may be
        as the claim's are: a provider of the claim who comes too late, after an SBR."""
        claim = self.assembly.claim
        if use.loop.id in OTHERS_PROVIDERS and use.id == "NM1" and claim is not None:
            assert self._table is not None
            d = self._table.delimiters
            late = find_late(self._table.step(use), e, d.component, self._state(), self.guide)
            own = first_of(late.child) if late is not None and late.loop.id == "2300" else use
            if own is not use and self._table.step(own).match(d.element.join(e)):
                says = f"{capital(party(own.loop.id))} comes too late in the claim (loop 2300): after {party('2320')}."
                self.fault("IK3-7", says, f"Send it before {party('2320')}.", n, own.loop.id, "NM1", ik3="7")
                self._taken_for = use.loop, claim.index
                return
        super()._explain(use, e, n)

    def _missing(self, loop: LoopUse, bits: int, n: int) -> None:
        if not self._is_taken_for(loop):
            super()._missing(loop, bits, n)

    def _is_taken_for(self, loop: LoopUse) -> bool:
        """Is another payer's provider open here who is in truth the claim's?"""
        if self._taken_for is None or self._taken_for[0] is not loop:
            return False
        claim = self.assembly.claim
        return claim is not None and claim.index == self._taken_for[1]

    def _told_missing(self, late: Late) -> Finding | None:
        """What said that this segment is missing, if anything did; it is there after all."""
        depth = len(self._frames) - late.outwards
        counts, told = self._owed.pop((depth, late.bit), (None, None))
        if told is None or counts is None or self._counts.get(depth) is not counts or counts.get(late.bit):
            return None
        counts[late.bit] = 1
        # Another one that is missing must be kept, however many have been: this one isn't any more.
        self._met.discard((told.scope, told.level_number, "IK3-3", ""))
        self._met_of_claim.discard((told.scope, told.claim, "IK3-3", ""))
        return told

    def _forget(self, f: Finding) -> None:
        """A finding that another one says, too."""
        claim = self.assembly.claim
        if claim is not None and f.claim == claim.index:
            claim.faults = [own for own in claim.faults if own is not f]
            return
        faults = self.envelope.faults
        for at in range(len(faults) - 1, max(-1, len(faults) - 1 - FAULT_LIMIT), -1):
            if faults[at] is f:
                del faults[at]
                return

    def _mark(self, late: Late) -> None:
        """It has come, if late."""
        if late.outwards:
            self._frames[-late.outwards] |= late.bit
        else:
            self._mask |= late.bit

    def _bind(self, late: Late, step: Step, e: list[str], n: int) -> None:
        """What a segment says that comes too late, but in its own claim, line or party, is known all the same."""
        a = self.assembly
        if isinstance(late.child, LoopUse) or late.is_far or isinstance(step, AfterStranger):
            return
        if late.outwards and late.loop.id not in ("2300", "2320", "2400", "2430"):
            return
        assert self._table is not None
        d = self._table.delimiters
        own = self._table.step(late.child)
        if own.act is None:
            return
        elements = [*e, *NOTHING]
        own.act(a, elements if own.parse is None else own.parse(elements, d.component, d.element.join(e)), n)
        if e[0] == "HI" and a.claim is not None:
            for line in a.claim.service_lines:
                line.claim_diagnoses = a.claim.diagnoses

    def _unexpected(self, step: Step, e: list[str], n: int, choice: Choice | None) -> None:
        """A segment that no use fits here, nor any before: one of another loop, or with a qualifier that isn't the
        guide's."""
        if self._is_of_the_run(step, e[0], n):
            return
        segment_id, loop = e[0], step.use.loop
        name, fix, element = segment_id, "Remove it, or send it at its place.", ""
        code = ""
        if choice is not None and choice.by_code:
            assert self._table is not None
            code = e[choice.index] if len(e) > choice.index else ""
            element = f"{segment_id}{choice.index:02d}"
            if choice.is_component:
                code, element = code.split(self._table.delimiters.component, 1)[0], f"{element}-1"
            name = f"{segment_id}*{like_an_id(code)}"
            fix = f"Use a qualifier the guide has here: {some_of(self._left(choice))}."
            if choice.is_component and segment_id == step.use.id and code in further_codes(step.use):
                fix = f"Send its codes in the {segment_id} before it, behind those that are there."
        elsewhere = self._belongs(e)
        if 0 < len(elsewhere) < _FEW:
            fix = f"Remove it, or send it where it belongs: in {' or '.join(elsewhere)}."
        value = code[:40] if element and len(code) < 4 else ""
        place = f"not expected here (after {step.use.id} of {party(loop.id)})."
        f = self.fault(
            "IK3-2", f"{name} is {place}", fix, n, loop.id, segment_id, element=element, value=value, ik3="2"
        )
        self._run_of = Run(before_stranger(step), n, n, f, name, f"are {place}")

    def _left(self, choice: Choice) -> list[str]:
        """The qualifiers of which one more may come."""
        met = self._state()
        left = [c for c, t in choice.by_code.items() if not 0 < t.limit <= met.times(len(t.closing), t.bit)]
        return left or list(choice.by_code)

    def _belongs(self, e: list[str]) -> list[str]:
        """Whose segment it is, by its qualifier: every loop that has it, in words."""
        assert self._table is not None
        component = self._table.delimiters.component
        return list(dict.fromkeys(party(u.loop.id) for u in self.guide.by_id.get(e[0], ()) if is_for(u, e, component)))

    def _is_of_the_run(self, step: Step, segment_id: str, n: int, late: LoopUse | None = None) -> bool:
        """Does this segment only go on with what was said of those before it? One fault, one finding, which grows."""
        run = self._run_of
        if run is None or run.step is not before_stranger(step) or run.late is not late:
            return False
        if n != run.last + 1 and not isinstance(step, AfterStranger):
            return False
        behind = n - run.first
        others = f"the {behind} segments" if behind > 1 else "the segment"
        run.finding.message = f"{run.name} and {others} after it {run.ending}"
        if segment_id != run.finding.where.segment_id:
            run.finding.fix = "Look for what is missing before them, such as an HL or an NM1; else remove them."
        self._run_of = run._replace(last=n)
        return True


_FEW = 4


def _behind(late: Late, step: Step) -> str:
    """What a late segment comes behind, in words: a segment of its loop, or the loop within it that has begun."""
    loop = step.use.loop
    if loop is late.loop:
        return step.use.id
    while loop.parent is not None and loop.parent is not late.loop:
        loop = loop.parent
    return party(loop.id)
