"""Accepted and rejected claims as files of their own, each a complete interchange that can be sent.

Every claim is copied byte for byte, with the header of its set and the levels it hangs under. Written anew are the HL
segments (numbers, parents, children), the trailers with their counts, and the control numbers of interchange and
group. Levels, sets, groups and interchanges that would hold no claim are left out. A set that its own 999 refuses
goes over whole, so that the faults of its header and of its hierarchy stay to be seen. Claims to review go with the
accepted, unless they are asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

from ..model import FunctionalGroup, Interchange, TransactionSet
from ..report import ClaimResult, FileReport
from .x12 import ControlNumbers

__all__ = ["PARTS", "write_split"]

PARTS = {
    "accepted": frozenset({"accepted", "review"}),
    "rejected": frozenset({"rejected"}),
    "accepted-only": frozenset({"accepted"}),
    "review": frozenset({"review"}),
}
"""Which dispositions a part holds; the last two are for whoever wants the claims to review in a file of their own."""

ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)

PIECE = 1 << 16
WINDOW = 1 << 20
TAIL = 256
"""More than an SE can be long."""


def write_split(file: FileReport, part: str, out: BinaryIO, as_of: str, numbers: ControlNumbers | None = None) -> int:
    """Write the claims of ``part`` (see ``PARTS``) to ``out`` and return how many they are. A file without one should
    not be left lying. Raises ValueError when the source can't be read again."""
    return _Split(file, PARTS[part], out, part, as_of, numbers or ControlNumbers()).write()


@dataclass
class _Split:
    file: FileReport
    wanted: frozenset[str]
    out: BinaryIO
    part: str
    as_of: str
    numbers: ControlNumbers

    def write(self) -> int:
        """Interchanges, groups and sets as the claims come; they are in file order."""
        self.interchanges = {i.index: i for i in self.file.interchanges}
        self.groups = {g.index: g for i in self.file.interchanges for g in i.groups}
        self.sets = {s.index: s for g in self.groups.values() for s in g.sets}
        self.count = 0
        self.start, self.window = 0, b""
        chosen = (c for c in self.file.claims() if c.disposition in self.wanted)
        for index, claims in groupby(chosen, key=lambda c: c.interchange):
            self._interchange(self.interchanges[index], claims)
        return self.count

    def _take(self, *purpose: object) -> int:
        return self.numbers.take("split", self.part, self.as_of, self.file.sha256, *map(str, purpose))

    def _bytes(self, offset: int, length: int) -> bytes:
        """Bytes of the source, cut from a window of it that moves along: claims are asked for in file order."""
        at = offset - self.start
        if at < 0 or at + length > len(self.window):
            self.start, at = offset, 0
            self.window = self.file.read_at(offset, max(WINDOW, length))
        return self.window[at : at + length]

    def _interchange(self, interchange: Interchange, claims: Iterator[ClaimResult]) -> None:
        d = interchange.delimiters
        self.element, self.terminator = d.element.encode("latin-1"), d.terminator.encode("latin-1")
        self.breaks = b"\r\n".replace(self.terminator, b"")
        header, _, after = self._bytes(interchange.offset, PIECE).partition(self.terminator)
        self.line_end = after[: len(after) - len(after.lstrip(self.breaks))]
        number = b"%09d" % self._take("ISA", interchange.index)
        isa = [e.ljust(width) for e, width in zip(header.split(self.element), ISA_WIDTHS, strict=False)]
        isa[13:14] = [number]
        self._segment(*isa)
        groups = 0
        for index, theirs in groupby(claims, key=lambda c: c.group):
            groups += 1
            self._group(self.groups[index], theirs)
        self._segment(b"IEA", b"%d" % groups, number)

    def _segment(self, *elements: bytes) -> None:
        self.out.write(self.element.join(elements) + self.terminator + self.line_end)

    def _group(self, group: FunctionalGroup, claims: Iterator[ClaimResult]) -> None:
        number = b"%d" % self._take("GS", group.index)
        gs = self._first_segment(group.offset).split(self.element)
        gs[6:7] = [number]
        self._segment(*gs)
        sets = 0
        for index, theirs in groupby(claims, key=lambda c: c.set_index):
            sets += 1
            if self.file.results.ik5.get(index) == "R":
                self._whole_set(self.sets[index], theirs)
            else:
                self._set(self.sets[index], theirs)
        self._segment(b"GE", b"%d" % sets, number)

    def _first_segment(self, offset: int) -> bytes:
        return self._bytes(offset, 1024).partition(self.terminator)[0]

    def _trailer(self, st: TransactionSet, segments: int) -> None:
        self._segment(b"SE", b"%d" % segments, st.control_number.encode("latin-1"))

    def _whole_set(self, st: TransactionSet, claims: Iterable[ClaimResult]) -> None:
        """A refused set as it came, but for its SE."""
        self.count += sum(1 for _ in claims)
        at, end, segments = st.offset, st.end_offset, 0
        tail = b""
        while at < end:
            piece = tail + self._bytes(at, min(PIECE, end - at))
            at += PIECE
            if at < end:
                piece, tail = piece[:-TAIL], piece[-TAIL:]
            else:
                piece = self._without_trailer(piece)
            segments += piece.count(self.terminator)
            self.out.write(piece)
        self._trailer(st, segments + 1)

    def _without_trailer(self, piece: bytes) -> bytes:
        """The end of a set without SE, and with a terminator where the file was cut."""
        body = piece.rstrip(self.breaks + self.terminator)
        start = body.rfind(self.terminator) + 1
        if body[start:].lstrip(self.breaks).startswith(b"SE" + self.element):
            return piece[:start] + self.line_end
        return body + self.terminator + self.line_end if body else b""

    def _set(self, st: TransactionSet, claims: Iterable[ClaimResult]) -> None:
        """The set's header, then its levels and claims with HL numbers of their own."""
        self.hl = 0
        self.segments = 0
        self._copy(st.offset, st.header_length)
        for _, theirs in groupby(claims, key=lambda c: (c.provider, c.levels[0])):
            provider = 0
            for _, whose in groupby(theirs, key=lambda c: (c.subscriber, c.levels[2])):
                family = list(whose)
                if not provider:
                    provider = self._level(family[0].levels[0:2], 0, b"20", True)
                has_patients = any(c.levels[4] for c in family)
                subscriber = self._level(family[0].levels[2:4], provider, b"22", has_patients)
                for _, together in groupby(family, key=lambda c: (c.levels[6], c.levels[4])):
                    self._claims(together, subscriber)
        self._trailer(st, self.segments + 1)

    def _claims(self, claims: Iterable[ClaimResult], subscriber: int) -> None:
        is_first = True
        for claim in claims:
            if is_first:
                self._level(claim.levels[4:6], subscriber, b"23", False)
                is_first = False
            self.count += 1
            self._copy(claim.offset, claim.length)
            self.out.write(self.line_end)

    def _copy(self, offset: int, length: int) -> None:
        """Bytes of the source, their segments counted; one that was cut off gets its terminator."""
        data = self._bytes(offset, length)
        if not data.rstrip(self.breaks).endswith(self.terminator):
            data += self.terminator
        self.segments += data.count(self.terminator)
        self.out.write(data)

    def _level(self, place: tuple[int, ...], parent: int, code: bytes, has_child: bool) -> int:
        """A level with an HL of its own number; 0 when the claims hang under none."""
        offset, length = place
        if not length:
            return 0
        self.hl += 1
        first, found, rest = self._bytes(offset, length).partition(self.terminator)
        if not first.lstrip(self.breaks).startswith(b"HL"):  # it had none, and yet somebody lets that pass
            found, rest = self.terminator + self.line_end, first + found + rest
        above = b"%d" % parent if parent else b""
        self.out.write(self.element.join((b"HL", b"%d" % self.hl, above, code, b"1" if has_child else b"0")))
        self.out.write(found + rest)
        self.segments += 1 + rest.count(self.terminator)
        return self.hl


