"""Fast lane: segments through steps to claims. Feed bytes, get claims with what is wrong with them.

For every segment: has this very text been met in this state (``memo``)? Else split it, find the use that follows by id
and qualifier, and let the use's expression say yes. What it refuses goes to ``explain``, which is the judge; what
fits no use goes to ``_odd``. Loops keep a mask of the children seen, compared with what the guide demands when the
position moves on or the loop closes.

No I/O: ``feed`` any chunks, then ``close``. Findings above claims are in ``faults``; a claim carries its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..findings import ends_reading
from ..model import Claim
from ..privacy import legible
from .binding import binding
from .byways import Byways
from .compile import Step, StepTable, Transition
from .filing import LINE_LIMIT
from .meant import as_meant
from .segments import SEGMENT_LIMIT, Batch, Header, Segmenter, Stray
from .strangers import Elsewhere
from .strays import told

__all__ = ["LIMITS", "Reader", "pieces"]

PADS: Final = [[""] * n for n in range(40)]
"""What is appended to a split segment so that every element the guide has can be asked for."""
PIECE: Final = 1 << 15
"""Bytes that are read at a time."""
MEMO_LIMIT: Final = 4000
LIMITS: Final[Mapping[str, int]] = {
    "segment_bytes": SEGMENT_LIMIT,
    "segment_elements": 1000,
    "file_sets": 100_000,
}
"""The limits of CONTRACT section 8 that reading keeps."""


def pieces(chunk: bytes) -> list[bytes]:
    """A chunk in pieces, of which each is read and its claims judged before the next: what a piece holds is in memory
    at once, and four bytes (``CLM~``) make a claim of some KiB."""
    return [chunk[at : at + PIECE] for at in range(0, len(chunk), PIECE)] if len(chunk) > PIECE else [chunk]


def _nowhere(n: int) -> tuple[int, int]:
    return 0, 0


class Reader(Byways):
    """Reads one file. ``interchanges`` and ``faults`` (findings above claims) grow as it goes on; ``slow_but_clean``
    counts valid segments the fast lane refused."""

    def __init__(self, limits: Mapping[str, int] = LIMITS, tables: dict[Any, StepTable] | None = None) -> None:
        """``limits``: at least those of ``LIMITS``; ``tables``: the steps by delimiters; readers that share them
        compile nothing twice."""
        super().__init__(limits["segment_elements"], limits["file_sets"], tables)
        self.segmenter = Segmenter(limits["segment_bytes"])
        self.interchanges, self.faults = self.envelope.interchanges, self.envelope.faults
        self.lines = 0
        self._out: list[Claim] = []

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
        has_claims = self.envelope.has_professional or not self.segmenter.count
        if not has_claims and not self.limit_hit and not any(map(ends_reading, self.faults)):
            self.envelope.fault(
                "CORE-FILE-02",
                "The file holds no professional claims (837P, 005010X222A1).",
                "Send an 837P; claims of other kinds are not checked here.",
                1,
                "ISA",
            )
        # The envelope's way back to us makes a cycle, with the last segments in it, and the command's process collects
        # none: of hundreds of files each would stay.
        self.envelope.locate = _nowhere
        return claims + self._take()

    def read(self, chunks: Iterable[bytes]) -> Iterator[Claim]:
        """All claims of a file given as chunks."""
        for chunk in chunks:
            for piece in pieces(chunk):
                yield from self.feed(piece)
        yield from self.close()

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

    def _begin(self, header: Header) -> None:
        n = self._header_number()
        self._header = (n, header.offset, len(header.text))
        if self.envelope.interchange is not None:
            self._cut("A new ISA begins before the interchange has ended: IEA is missing.", n)
        i = self.envelope.open_interchange(header, n)
        d = i.delimiters
        if d not in self._tables:
            if len(self._tables) > 8:
                for table in self._tables.values():
                    table.let_go()
                self._tables.clear()
            self._tables[d] = StepTable(self.guide, d, binding)
        self._table = self._tables[d]
        self._step = Elsewhere(self._table, False)

    def _header_number(self) -> int:
        last = self._batch.first + len(self._batch.segments) if self._batch is not None else 0
        return max(last, self._header[0] + 1)

    def _stray(self, stray: Stray) -> None:
        n = self._header_number()
        self._header = (n, stray.offset, min(len(stray.text), 1))
        env = self.envelope
        if stray.kind in ("cut", "unterminated"):
            self._tail(stray, n)
            return
        if stray.kind == "too-long" and env.is_misread(stray.text, n):
            self._cut("", n)
            return
        edit, says, fix = told(stray, bool(env.interchanges), self.segmenter.limit, self.segmenter.offset)
        env.fault(edit, says, fix, n, "ISA" if stray.kind == "bad-header" else "", scope="file")
        if stray.kind == "too-long":
            self.limit_hit = True
            self._end_everything(n)

    def _tail(self, stray: Stray, n: int) -> None:
        """A last segment without its terminator: IEA complete is a warning, anything else a cut file."""
        env, i = self.envelope, self.envelope.interchange
        if i is None:
            return
        e = stray.text.split(i.delimiters.element)
        if (
            stray.kind == "unterminated"
            and env.set is None
            and len(e) == 3
            and e[2] == i.control_number
            and e[1].isdecimal()
        ):
            self.segmenter.count += 1
            env.close_interchange(e, n)
            i.end_offset = stray.offset + len(stray.text)
            env.interchange = i
            env.fault(
                "TA1-004",
                "The last segment, IEA, has no terminator; nothing else is missing.",
                f"End the file with {legible(i.delimiters.terminator)}.",
                n,
                "IEA",
                level="warn",
            )
            env.interchange = None
            return
        self.segmenter.count += 1
        env.is_misread(stray.text, n)
        self._cut(f"The file ends inside a segment, after “{legible(e[0][:3])}”: it was cut off.", n)

    def _cut(self, why: str, n: int = 0) -> None:
        """The interchange breaks off before segment ``n`` (0: before what comes next)."""
        n = n or self._header_number()
        self._end_everything(n)
        self.envelope.abandon_interchange(n, why)

    def _end_everything(self, n: int) -> None:
        """The input breaks off: the open claim is handed over as it is, unjudged."""
        if self.assembly.claim is not None:
            self.assembly.claim.is_complete = False
            b = self._batch
            assert b is not None
            self._finish(min(n, b.first + len(b.segments)))  # a header that can't be read is counted, but in no batch
        s = self.envelope.set
        if s is not None:
            s.segments, s.end_offset = n - s.segment, self._extent(n)[0]
        self._step = None

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
        n = batch.first - 1
        for text in batch.segments:
            n += 1
            hit = memo.get(text) if memo else None  # most states have nothing worth remembering after them
            t: Transition | None
            if hit is not None:
                t, value = hit
            else:
                e = text.split(separator)
                t = step.guess
                if t is None or not t.step.match(text):
                    choice = step.choices.get(e[0]) or step.choice(e[0])
                    t = None
                    if choice is not None:
                        t = choice.only
                        if t is None:
                            code = e[choice.index] if len(e) > choice.index else ""
                            t = choice.by_code.get(code.split(component, 1)[0] if choice.is_component else code)
                    if t is None:
                        self._mask, self._step = mask, step
                        t = self._odd(step, e, n, choice)
                        mask, frames, follow = self._mask, self._frames, self._at_hand()
                        if follow is None:
                            return
                        step, memo = follow, follow.memo
                        if t is None:
                            continue
                    if not t.step.match(text):
                        if t.other is not None and t.other.step.match(text):
                            t = t.other
                        else:
                            refused = True
                            e = as_meant(t.step.use, e, self._table.delimiters)
                    elif t.is_sure:
                        step.guess = t
                target = t.step
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
                        self._counts.pop(len(frames), None)
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

    def _at_hand(self) -> Step | None:
        return self._step

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
        if len(c.service_lines) > LINE_LIMIT:
            self._too_many_lines(c)
        s = a.set
        s.claims += 1
        s.lines += len(c.service_lines)
        self.lines += len(c.service_lines)
        a.claim = a.line = a.other = None
        self._out.append(c)
