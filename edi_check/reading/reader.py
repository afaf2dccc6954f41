"""Fast lane: segments through steps to claims. Feed bytes, get claims with what is wrong with them.

For every segment: has this very text been met in this state (``memo``)? Else split it, find the use that follows by id
and qualifier, and let the use's expression say yes. What it refuses goes to ``explain``, which is the judge; what fits no
use goes to ``_odd``. Loops keep a mask of the children seen, compared with what the guide demands when the position moves
on or the loop closes.

No I/O: ``feed`` any chunks, then ``close``. Findings above claims are in ``faults``; a claim carries its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..findings import Finding, Where
from ..model import Claim, Interchange
from ..privacy import legible
from . import guide as guide_module
from .assembly import Assembly, binding
from .compile import CONTROL, Choice, Step, StepTable, Transition, required_before
from .envelope import Envelope
from .explain import explain
from .guide import LoopUse, SegmentUse
from .hierarchy import Breach, Hierarchy
from .names import party, segment_name
from .segments import SEGMENT_LIMIT, Batch, Header, Segmenter, Stray

__all__ = ["Reader"]

PADS = [[""] * n for n in range(40)]
"""What is appended to a split segment so that every element the guide has can be asked for."""
MEMO_LIMIT = 1500
ELEMENT_LIMIT = 1000
SET_LIMIT = 100_000
FAULT_LIMIT = 500
"""Guide faults kept per claim, and per set above claims: a set of noise must not fill the memory. One is enough to
refuse what it stands in."""
PARTY_TAIL = frozenset({"N2", "N3", "N4", "PER", "REF", "PRV", "DMG"})
"""What follows an NM1 in its loop: passed over in silence after an NM1 that no use fits."""

SCOPES = {"2000A": "provider", "2010A": "provider", "2000B": "subscriber", "2010B": "subscriber", "2000C": "patient",
          "2010C": "patient"}


def _anything(text: str) -> bool:
    return True


class _Elsewhere(Step):
    """A place where no segment of a set is expected: outside sets, or inside a set of another kind (``swallows``)."""

    __slots__ = ("swallow",)

    def __init__(self, table: StepTable, swallows: bool) -> None:
        self.use = table.guide.set_loop.children[0]  # type: ignore[assignment]
        self.table = table
        self.choices = {}
        self.memo = {}
        self.parse, self.act, self.is_memo, self.width = None, None, False, 0
        self.match = _anything
        self.swallow = Choice() if swallows else None
        if self.swallow:
            self.swallow.only = Transition(self, 0, 0, 0, (), ())

    def choice(self, segment_id: str) -> Choice | None:
        return None if segment_id in CONTROL else self.swallow


class _AfterStranger(Step):
    """The state after an NM1 that fits no use: its party's segments are passed over, others go on from before."""

    __slots__ = ("before", "swallow")

    def __init__(self, before: Step) -> None:
        self.use, self.table = before.use, before.table
        self.choices, self.memo = {}, {}
        self.parse, self.act, self.is_memo, self.width = None, None, False, 0
        self.match = _anything
        self.before = before
        self.swallow = Choice()
        self.swallow.only = Transition(self, 0, 0, 0, (), ())

    def choice(self, segment_id: str) -> Choice | None:
        return self.swallow if segment_id in PARTY_TAIL else self.before.choice(segment_id)


class Reader:
    """Reads one file. ``interchanges`` and ``faults`` grow as it goes on; ``slow_but_clean`` counts valid segments the
    fast lane refused."""

    def __init__(self, *, segment_limit: int = SEGMENT_LIMIT, element_limit: int = ELEMENT_LIMIT,
                 set_limit: int = SET_LIMIT) -> None:
        self.guide = guide_module.load()
        self.segmenter = Segmenter(segment_limit)
        self.element_limit, self.set_limit = element_limit, set_limit
        self.assembly = Assembly()
        self.envelope = Envelope(self.guide, self._extent)
        self.hierarchy = Hierarchy()
        self.slow_but_clean = 0
        self.is_truncated = False
        self.limit_hit = False
        self.lines = 0
        self._tables: dict[Any, StepTable] = {}
        self._table: StepTable | None = None
        self._step: Step | None = None
        self._mask = 0
        self._counts: dict[tuple[int, int], int] = {}
        self._frames: list[int] = []
        self._batch: Batch | None = None
        self._header: tuple[int, int, int] = (0, 0, 0)
        self._out: list[Claim] = []
        self._subscriber_at: tuple[int, Batch] | None = None
        self._odd_count = 0
        self._elements_said = False

    # --- what a caller uses ----------------------------------------------------------------------------------

    @property
    def interchanges(self) -> list[Interchange]:
        return self.envelope.interchanges

    @property
    def faults(self) -> list[Finding]:
        """Findings above claims so far, in the order they were found."""
        return self.envelope.faults

    @property
    def segments(self) -> int:
        return self.segmenter.count

    def feed(self, data: bytes) -> list[Claim]:
        """Take a chunk of any size; return the claims it completes."""
        return self._handle(self.segmenter.feed(data))

    def close(self) -> list[Claim]:
        """The end of the input: the last claims, and what is wrong with the end."""
        claims = self._handle(self.segmenter.close())
        if self.envelope.interchange is not None:
            self._cut("The file ends before the interchange does: IEA is missing.")
        if self.segmenter.count and not self.envelope.has_professional and not self.limit_hit and not self.is_truncated:
            self.envelope.fault("CORE-FILE-02", "The file holds no professional claims (837P, 005010X222A1).",
                                "Send an 837P; claims of other kinds are not checked here.", 1, "ISA")
        return claims + self._take()

    def read(self, chunks: Iterable[bytes]) -> Iterator[Claim]:
        """All claims of a file given as chunks."""
        for chunk in chunks:
            yield from self.feed(chunk)
        yield from self.close()

    # --- the input's pieces ----------------------------------------------------------------------------------

    def _take(self) -> list[Claim]:
        claims, self._out = self._out, []
        return claims

    def _handle(self, events: list[Batch | Header | Stray]) -> list[Claim]:
        for event in events:
            if self.limit_hit:
                break
            if isinstance(event, Batch):
                self._run(event)
            elif isinstance(event, Header):
                self._begin(event)
            else:
                self._stray(event)
        return self._take()

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

    def _begin(self, header: Header) -> None:
        n = self._header_number()
        self._header = (n, header.offset, len(header.text))
        if self.envelope.interchange is not None:
            self._cut("A new ISA begins before the interchange has ended: IEA is missing.")
        i = self.envelope.open_interchange(header, n)
        d = i.delimiters
        if d not in self._tables:
            if len(self._tables) > 8:
                self._tables.clear()
            self._tables[d] = StepTable(self.guide, d, binding)
        self._table = self._tables[d]
        self._step = _Elsewhere(self._table, False)

    def _header_number(self) -> int:
        if self._batch is None:
            return 1
        last = self._batch.first + len(self._batch.segments)
        return max(last, self._header[0] + 1)

    def _stray(self, stray: Stray) -> None:
        n = self._header_number()
        self._header = (n, stray.offset, min(len(stray.text), 1))
        env = self.envelope
        shown = legible(stray.text[:20])
        if stray.kind == "not-x12":
            if not env.interchanges:
                says = "The file is empty." if not stray.text else f"The file is not X12: it begins with “{shown}”, not with ISA."
            else:
                says = f"What follows the last interchange is not X12: it begins with “{shown}”."
            env.fault("CORE-FILE-01", says, "Send a file that begins with ISA and ends with IEA.", n, "", scope="file")
        elif stray.kind == "bad-header":
            env.fault("CORE-FILE-01", "The ISA can't be read: it must hold 16 elements of fixed width, 106 characters in all.",
                      "Send an ISA of 106 characters, every element padded to its width.", n, "ISA", scope="file")
        elif stray.kind == "too-long":
            self.limit_hit = True
            env.fault("CORE-FILE-03", f"A segment is longer than {self.segmenter.limit} bytes; reading stops there.",
                      "Look for a missing segment terminator.", n, "", scope="file")
            self._end_everything(n)
        else:
            self._tail(stray, n)

    def _tail(self, stray: Stray, n: int) -> None:
        """A last segment without its terminator: IEA complete is a warning, anything else a cut file."""
        env, i = self.envelope, self.envelope.interchange
        if i is None:
            return
        e = stray.text.split(i.delimiters.element)
        if stray.kind == "unterminated" and env.set is None and len(e) == 3 and e[2] == i.control_number and e[1].isdecimal():
            self.segmenter.count += 1
            env.close_interchange(e, n)
            i.end_offset = stray.offset + len(stray.text)
            env.interchange = i
            env.fault("TA1-004", "The last segment, IEA, has no terminator; nothing else is missing.",
                      f"End the file with {legible(i.delimiters.terminator)}.", n, "IEA", level="warn")
            env.interchange = None
            return
        self.segmenter.count += 1
        self._cut(f"The file ends inside a segment, after “{legible(e[0][:3])}”: it was cut off.", n)

    def _cut(self, why: str, n: int = 0) -> None:
        """The interchange breaks off before segment ``n`` (0: before what comes next)."""
        n = n or self._header_number()
        self.is_truncated = True
        self._end_everything(n)
        self.envelope.abandon_interchange(n, why)

    def _end_everything(self, n: int) -> None:
        """The input breaks off: the open claim is handed over as it is, unjudged."""
        if self.assembly.claim is not None:
            self.assembly.claim.is_complete = False
            self._finish(n)
        s = self.envelope.set
        if s is not None:
            s.segments, s.end_offset = n - s.segment, self._extent(n)[0]
        self._step = None

    # --- the loop --------------------------------------------------------------------------------------------

    def _run(self, batch: Batch) -> None:
        self._batch = batch
        a = self.assembly
        a.begin_batch(batch)
        step = self._step
        if step is None or self._table is None:
            return
        mask, memo, frames = self._mask, step.memo, self._frames
        separator, component = self._table.delimiters.element, self._table.delimiters.component
        loops = batch.loops
        loops.append((batch.first, step.use.loop.id))
        refused = False
        for n, text in enumerate(batch.segments, batch.first):
            hit = memo.get(text)
            if hit is not None:
                t, value = hit
            else:
                e = text.split(separator)
                choice = step.choices.get(e[0]) or step.choice(e[0])
                t = None
                if choice is not None:
                    t = choice.only
                    if t is None and len(e) > choice.index:
                        code = e[choice.index]
                        t = choice.by_code.get(code.split(component, 1)[0] if choice.is_component else code)
                if t is None:
                    self._mask, self._step = mask, step
                    t = self._odd(step, e, n, choice)
                    if t is None:
                        if self._step is None:
                            return
                        step = self._step
                        mask, memo, frames = self._mask, step.memo, self._frames
                        continue
                target = t.step
                if not target.match(text):
                    if t.other is not None and t.other.step.match(text):
                        t = t.other
                        target = t.step
                    else:
                        refused = True
                if len(e) < target.width:
                    e += PADS[target.width - len(e)]
                value = e if target.parse is None else target.parse(e, component, text)
                if target.is_memo and not refused:
                    if len(memo) > MEMO_LIMIT:
                        memo.clear()
                    memo[text] = (t, value)
            step = t.step
            memo = step.memo
            if t.is_simple:
                if mask & t.care != t.demand:
                    missing = t.demand & ~mask
                    if missing:
                        mask |= missing
                        self._missing(step.use.loop, missing, n)
                    if mask & t.bit and t.limit and self._is_too_many(t, step.use, n):
                        refused = False
                        continue
                mask |= t.bit
                if t.act is not None:
                    t.act(a, value, n)
            else:
                for demand, loop, is_claim in t.closing:
                    if demand & ~mask:
                        self._missing(loop, demand & ~mask, n)
                    if is_claim:
                        self._finish(n)
                    if self._counts:
                        self._forget(len(frames))
                    mask = frames.pop()
                if mask & t.care != t.demand:
                    mask = self._look(t, mask, n)
                mask |= t.bit
                for _ in t.opening:
                    frames.append(mask)
                    mask = 1
                loops.append((n, t.loop))
                if t.act is not None:
                    t.act(a, value, n)
                    if t.is_level:
                        self._level(t.loop, value, n)
            if refused:
                # Bound as far as it goes, then explained: a CLM must be open before its own faults can be filed.
                refused = False
                self._explain(step.use, text.split(separator, self.element_limit + 1), n)
        self._step, self._mask = step, mask

    def _forget(self, depth: int) -> None:
        """The loop at this depth closes: its counts are done with."""
        self._counts = {key: count for key, count in self._counts.items() if key[0] != depth}

    def _look(self, t: Transition, mask: int, n: int) -> int:
        """A loop opens, or a segment follows the loops that closed, and the mask isn't as it should be: something is
        missing before it, or it comes again. Returns the mask with what was missing marked as told."""
        missing = t.demand & ~mask
        if missing:
            outer = t.opening[0].parent if t.opening else t.step.use.loop
            assert outer is not None
            self._missing(outer, missing, n)
        if mask & t.bit and t.limit:
            self._is_too_many(t, t.opening[0] if t.opening else t.step.use, n)
        return mask | missing

    def _finish(self, n: int) -> None:
        """The open claim ends before segment ``n``."""
        a = self.assembly
        c = a.claim
        assert c is not None
        c.last_segment = n - 1
        b = self._batch
        assert b is not None
        if n > b.first:
            c.length = b.stop(n - 1 - b.first) - c.offset
        else:
            place = c.locate(n - 1)
            c.length = place.offset + place.length + 1 - c.offset
        s = a.set
        s.claims += 1
        s.lines += len(c.service_lines)
        self.lines += len(c.service_lines)
        a.claim = a.line = a.other = None
        self._out.append(c)

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
            at = _extent_in(*before) if b.is_earlier and before else (n, *self._extent(n))
            is_own = not (b.is_earlier and loop == "2000B")
            self._breach(b, at, loop, self.assembly.subscribers if is_own else self.assembly.subscribers - 1)

    def _breach(self, b: Breach, at: tuple[int, int, int], loop: str, subscriber: int) -> None:
        a, env = self.assembly, self.envelope
        n, offset, length = at
        where = Where("2000B" if b.is_earlier else loop, "HL", b.element, 0, n, n - a.set.segment + 1, 0, 0, offset, length)
        env.faults.append(Finding("CORE-SIT-11", b.message, where, fix=b.fix, scope=b.scope,
                                  interchange=a.interchange.index, group=a.group.index, set_index=a.set.index,
                                  level_number=subscriber if b.scope == "subscriber" else 0))

    # --- findings --------------------------------------------------------------------------------------------

    def fault(self, edit: str, message: str, fix: str, n: int, loop: str, segment_id: str, *, element: str = "",
              repetition: int = 0, value: str = "", is_private: bool = False, level: str = "", scope: str = "",
              ik3: str = "", ik4: str = "", trigger: str = "", number: str = "") -> None:
        """File a finding where it belongs: with the open claim, or above."""
        a, env = self.assembly, self.envelope
        offset, length = self._extent(n)
        where = Where(loop, segment_id, element, repetition, n, n - a.set.segment + 1, 0, 0, offset, length, value, is_private)
        if not scope:
            scope = "claim" if a.claim is not None else SCOPES.get(loop[:5], "set")
        f = Finding(edit, message, where, level=level, fix=fix, scope=scope, ik3=ik3, ik4=ik4, trigger=trigger,
                    interchange=env.interchange.index if env.interchange else 0,
                    group=env.group.index if env.group else 0, set_index=a.set.index, data_element=number)
        if scope == "claim" and a.claim is not None:
            c = a.claim
            f.claim, f.claim_number, f.line = c.index, c.number, len(c.service_lines)
            if not c.faults:
                c.faults = []
            if len(c.faults) < FAULT_LIMIT:
                c.faults.append(f)  # type: ignore[attr-defined]
            return
        f.level_number = {"provider": a.providers, "subscriber": a.subscribers, "patient": a.patients}.get(scope, 0)
        self._odd_count += 1
        if self._odd_count <= FAULT_LIMIT:
            env.faults.append(f)

    def _explain(self, use: SegmentUse, e: list[str], n: int) -> None:
        """The slow lane: files what is wrong with the segment."""
        assert self._table is not None
        if len(e) - 1 > self.element_limit:
            if not self._elements_said:
                self._elements_said = True
                self.envelope.fault("CORE-FILE-03", f"A segment has more than {self.element_limit} elements.",
                                    "Look for a missing segment terminator.", n, use.id, scope="file")
            return
        found = explain(use, e, self._table.delimiters)
        if not found:
            self.slow_but_clean += 1
        for f in found:
            self.fault(f"IK4-{f.code}", f.message, f.fix, n, use.loop.id, use.id, scope="set" if use.id == "HL" else "",
                       element=f.element, repetition=f.repetition, value=f.value, is_private=f.is_private, level=f.level,
                       ik3="8", ik4=f.code, trigger=f.trigger, number=f.number)

    def _missing(self, loop: LoopUse, bits: int, n: int) -> None:
        """Children of ``loop`` that had to come before segment ``n`` and didn't."""
        for number, child in enumerate(loop.children):
            if not bits >> number & 1:
                continue
            node: SegmentUse | LoopUse = child
            while isinstance(node, LoopUse):
                node = node.children[0]
            if isinstance(child, LoopUse):
                says = f"{party(node.loop.id)[:1].upper()}{party(node.loop.id)[1:]} is missing: its {node.id} had to come before this place."
            else:
                says = f"{segment_name(node, (node.id, *_code(node)))} is missing."
            self.fault("IK3-3", says, f"Send the {node.id} segment that the guide demands here.", n, node.loop.id, node.id,
                       ik3="3", scope=SCOPES.get(node.loop.id[:5], "") if self.assembly.claim is None else "")

    def _is_too_many(self, t: Transition, child: SegmentUse | LoopUse, n: int) -> bool:
        """Count one more of ``child`` in the open loop; is it more than the guide allows?"""
        key = (len(self._frames), t.bit)
        count = self._counts[key] = self._counts.get(key, 1) + 1
        if count <= t.limit:
            return False
        if isinstance(child, LoopUse):
            self.fault("IK3-4", f"{party(child.id)[:1].upper()}{party(child.id)[1:]} comes {count} times; the guide allows {t.limit}.",
                       f"Send at most {t.limit}.", n, child.id, t.step.use.id, ik3="4")
        else:
            says = segment_name(child, (child.id, *_code(child)))
            self.fault("IK3-5", f"{says} comes {count} times; the guide allows {t.limit}.", f"Send at most {t.limit}.", n,
                       child.loop.id, child.id, ik3="5")
        return True

    # --- what fits no step -----------------------------------------------------------------------------------

    def _odd(self, step: Step, e: list[str], n: int, choice: Choice | None) -> Transition | None:
        """A segment that no use fits, or one of the envelope. Returns the transition to take after all, or ``None`` with
        ``_step`` set to where reading goes on."""
        segment_id = e[0]
        if segment_id in CONTROL:
            self._control(segment_id, e, n)
            return None
        if isinstance(step, _Elsewhere):
            self.envelope.stray(segment_id, n)
            return None
        if choice is not None:
            uses = {t.step.use.index: t for t in choice.by_code.values()}
            if segment_id == "HL":
                return choice.by_code.get("22" if len(e) > 2 and e[2] else "20") or next(iter(uses.values()))
            if len(uses) == 1:
                return next(iter(uses.values()))
        self._unexpected(step, e, n, choice)
        self._step = _AfterStranger(step) if segment_id == "NM1" else step
        return None

    def _unexpected(self, step: Step, e: list[str], n: int, choice: Choice | None) -> None:
        segment_id = e[0]
        loop = step.use.loop
        where = party(loop.id)
        if not segment_id:
            self.fault("IK3-1", "Two segment terminators follow one another.", "Remove the empty segment.", n, loop.id, "", ik3="1")
            return
        shown = legible(segment_id[:12])
        if segment_id not in self.guide.segment_ids:
            self.fault("IK3-1", f"“{shown}” is no segment of the 837P guide.", "Remove the segment, or correct its id.", n, loop.id,
                       segment_id[:3], ik3="1")
            return
        code = legible(e[1][:12]) if len(e) > 1 else ""
        if any(isinstance(c, SegmentUse) and c.id == segment_id and c.position < step.use.position
               and (c.qualifier is None or code in c.qualifier[2]) for c in loop.children):
            self.fault("IK3-7", f"{shown} comes too late in {where}: after {step.use.id}.", f"Send it before {step.use.id}.", n,
                       loop.id, segment_id, ik3="7")
        elif choice is not None and choice.by_code:
            self.fault("IK3-2", f"{shown}*{code} is not expected here (after {step.use.id} of {where}).",
                       f"Use a qualifier the guide has here: {_some(choice.by_code)}.", n, loop.id, segment_id,
                       element=f"{segment_id}{choice.index:02d}", value=e[choice.index][:40] if len(e) > choice.index else "", ik3="2")
        else:
            self.fault("IK3-2", f"{shown} is not expected here (after {step.use.id} of {where}).", "Remove it, or send it at its place.",
                       n, loop.id, segment_id, ik3="2")

    def _control(self, segment_id: str, e: list[str], n: int) -> None:
        """ISA, GS, ST and their trailers."""
        env, table = self.envelope, self._table
        assert table is not None
        outside: Step = _Elsewhere(table, False)
        if env.set is not None:
            self._close_loops(n)
            if segment_id == "SE":
                env.close_set(e, n)
                self._step = outside
                return
            env.close_open_set(n)
        self._step = outside
        if segment_id == "ST" and env.group is not None:
            self._open_set(e, n)
        elif segment_id == "GS":
            env.open_group(e, n)
        elif segment_id == "GE" and env.group is not None:
            env.close_group(e, n)
        elif segment_id == "IEA":
            i = env.interchange
            env.close_interchange(e, n)
            if i is not None:
                offset, length = self._extent(n)
                i.end_offset = offset + length + 1
        elif segment_id != "TA1":
            env.stray(segment_id, n)

    def _open_set(self, e: list[str], n: int) -> None:
        env, table, a = self.envelope, self._table, self.assembly
        assert table is not None and env.group is not None and env.interchange is not None
        if env.sets >= self.set_limit:
            self.limit_hit = True
            env.fault("CORE-FILE-03", f"The file holds more than {self.set_limit} transaction sets; reading stops there.",
                      "Split the file.", n, "ST", scope="file")
            self._step = None
            return
        s = env.open_set(e, n)
        a.start_set(env.interchange, env.group, s)
        self.hierarchy.start()
        self._odd_count = 0
        self._frames, self._counts = [], {}
        self._step = table.start if s.is_professional else _Elsewhere(table, True)
        self._mask = 1

    def _close_loops(self, n: int) -> None:
        """All open loops of the set end before segment ``n``."""
        s = self.envelope.set
        step = self._step
        if s is None or not s.is_professional or step is None or isinstance(step, _Elsewhere):
            return
        loop, mask = step.use.loop, self._mask
        while loop is not self.guide.set_loop:
            missing = required_before(loop, 1 << 30) & ~mask
            if missing:
                self._missing(loop, missing, n)
            if loop.id == "2300":
                self._finish(n)
            if self._counts:
                self._forget(len(self._frames))
            mask = self._frames.pop()
            assert loop.parent is not None
            loop = loop.parent
        closing = next(c for c in loop.children if isinstance(c, SegmentUse) and c.id == "SE")
        missing = required_before(loop, closing.position) & ~mask
        if missing:
            self._missing(loop, missing, n)
        for b in self.hierarchy.end():
            at = _extent_in(*self._subscriber_at) if self._subscriber_at else (n, *self._extent(n))
            self._breach(b, at, "2000B", self.assembly.subscribers)
        self.assembly.end_level(n)


def _extent_in(n: int, batch: Batch) -> tuple[int, int, int]:
    """Number, offset and length of a segment of a batch."""
    return n, batch.start(n - batch.first), len(batch.segments[n - batch.first])


def _code(use: SegmentUse) -> tuple[str, ...]:
    """The qualifier to name a use by, when it has exactly one."""
    q = use.qualifier
    return (next(iter(q[2])),) if q and len(q[2]) == 1 and q[0] == 1 else ()


def _some(codes: Iterable[str]) -> str:
    listed = sorted(codes)
    return ", ".join(listed[:12]) + (" …" if len(listed) > 12 else "")
