"""Bytes to segments, without any I/O: ``feed`` bytes in chunks of any size, get batches of segments.

The delimiters come from each ISA. After a terminator there may be CR, LF or both, or nothing; before the first ISA a
byte order mark and blank lines. Bytes are decoded as latin-1, so one character is one byte and offsets are bytes.

Batches are made so that the usual file costs two C calls a chunk (``split``, and a look that proves the line ends are
uniform); anything irregular takes the careful path and gives the same segments. What it is not: a judge. It knows ISA
and IEA only as the places where delimiters begin and end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate

from ..model import Delimiters

__all__ = ["Batch", "Header", "Segmenter", "Stray", "read_header"]

SEGMENT_LIMIT = 64 * 1024
BLANK = "\r\n \t\x00\x1a"
"""Skipped before, between and after interchanges; NUL and Ctrl-Z are fillers of old systems."""
BOM = "\xef\xbb\xbf"


@dataclass(slots=True)
class Header:
    """An ISA: its text as sent, its 16 elements, the delimiters, and whether every width is as it must be."""

    text: str
    elements: list[str]
    delimiters: Delimiters
    offset: int


@dataclass(slots=True)
class Stray:
    """Something that is no segment: ``kind`` ``not-x12``, ``bad-header``, ``too-long``, ``cut``, ``unterminated``."""

    kind: str
    offset: int
    text: str


@dataclass(slots=True)
class Batch:
    """Segments in file order. ``first`` is the number of the first in the file, ``offset`` its first byte; with
    ``gap`` > 0 every segment is followed by that many bytes of terminator and line end, else ``given`` holds the
    offset of each. Filled by the reader: ``loops`` (number of a segment, loop that it opens or goes back to), ``told``
    (number of a segment, its element at fault) to the edit that says so."""

    segments: list[str]
    first: int
    offset: int
    gap: int
    given: list[int] | None = None
    loops: list[tuple[int, str]] = field(default_factory=list)
    told: dict[tuple[int, str], str] = field(default_factory=dict)
    end: int = 0
    _starts: list[int] | None = None

    def start(self, index: int) -> int:
        """Offset of the segment with this index in the batch; the index one past the last gives the batch's end."""
        if index >= len(self.segments):
            return self.end
        if self.given is not None:
            return self.given[index]
        if self._starts is None:
            self._starts = list(accumulate(map(len, self.segments), initial=self.offset))
        return self._starts[index] + self.gap * index

    def stop(self, index: int) -> int:
        """Offset just after the terminator of the segment with this index."""
        return self.start(index) + len(self.segments[index]) + 1


WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


def read_header(text: str, offset: int) -> Header | None:
    """Read the ISA at the start of ``text``. By its fixed widths where they hold, else by counting its sixteen
    separators; ``None`` when neither finds a terminator."""
    separator = text[3:4]
    if not separator or separator.isalnum():
        return None
    if len(text) >= 106 and text[103] == separator and text[:103].count(separator) == 15:
        at = 105
    else:
        at = -1
        for _ in range(16):
            at = text.find(separator, at + 1)
            if at < 0 or at > 400:
                return None
        at += 2
        if at >= len(text):
            return None
    elements = text[:at].split(separator)
    if len(elements) != 17 or len(elements[16]) != 1:
        return None
    repetition = elements[11] if len(elements[11]) == 1 and not elements[11].isalnum() else ""
    return Header(text[:at], elements, Delimiters(separator, repetition, elements[16], text[at]), offset)


class Segmenter:
    """Feed bytes; get batches, headers and strays in file order."""

    def __init__(self, segment_limit: int = SEGMENT_LIMIT) -> None:
        self.limit = segment_limit
        self.carry = ""
        self.offset = 0
        """Of the first character of ``carry``."""
        self.count = 0
        """Segments so far, ISA included."""
        self.header: Header | None = None
        self.is_dead = False
        self._is_start = True

    def feed(self, data: bytes) -> list[Batch | Header | Stray]:
        """Take a chunk (any size, empty too); return what it completes."""
        if self.is_dead or not data:
            return []
        out: list[Batch | Header | Stray] = []
        self.carry = self.carry + data.decode("latin-1") if self.carry else data.decode("latin-1")
        self._work(out, False)
        return out

    def close(self) -> list[Batch | Header | Stray]:
        """The end of the input: what is left, and a stray ``cut`` or ``unterminated`` for a last segment without its
        terminator."""
        out: list[Batch | Header | Stray] = []
        if not self.is_dead:
            self._work(out, True)
        if self._is_start and not out:
            out.append(Stray("not-x12", 0, ""))
        return out

    def _work(self, out: list[Batch | Header | Stray], at_end: bool) -> None:
        while not self.is_dead:
            if self.header is None:
                if not self._begin(out, at_end):
                    return
            elif not self._split(out, at_end):
                return

    def _begin(self, out: list[Batch | Header | Stray], at_end: bool) -> bool:
        """Between interchanges: skip blanks, read an ISA. False: needs more, or nothing is left."""
        if self._is_start and (self.carry.startswith(BOM) or BOM.startswith(self.carry)) and self.carry:
            if len(self.carry) < 3 and not at_end:
                return False
            if self.carry.startswith(BOM):
                self._drop(3)
        rest = self.carry.lstrip(BLANK)
        self._drop(len(self.carry) - len(rest))
        if not rest:
            return False
        if not rest.startswith("ISA"):
            if not at_end and ("ISA".startswith(rest[:3]) or len(rest) < 120):
                return False  # what a finding quotes must not depend on the chunks
            return self._stop(out, "not-x12", rest)
        if len(rest) < 500 and not at_end:
            header = read_header(rest, self.offset) if len(rest) > 106 else None
            if header is None:
                return False
        else:
            header = read_header(rest, self.offset)
        if header is None:
            return self._stop(out, "bad-header", rest)
        self._is_start = False
        self.header = header
        self.count += 1
        out.append(header)
        self._drop(len(header.text) + 1)
        return True

    def _stop(self, out: list[Batch | Header | Stray], kind: str, text: str) -> bool:
        out.append(Stray(kind, self.offset, text[:120]))
        self.is_dead = True
        self._is_start = False
        self.carry = ""
        return False

    def _drop(self, length: int) -> None:
        if length:
            self.carry = self.carry[length:]
            self.offset += length

    def _split(self, out: list[Batch | Header | Stray], at_end: bool) -> bool:
        """Inside an interchange: cut the carry into segments, up to the end of an IEA or before a new ISA."""
        assert self.header is not None
        d = self.header.delimiters
        edge = "\r\n".replace(d.terminator, "")
        if self.carry[:1] in edge:
            self._drop(len(self.carry) - len(self.carry.lstrip(edge)))
        end = self._boundary(self.carry, d)
        body = self.carry if end < 0 else self.carry[:end]
        long = self._overlong(body, d.terminator, edge) if len(body) > self.limit else -1
        if long >= 0:
            used = self._cut_uniform(body[:long], d.terminator, out)
            self._cut_irregular(body[used:long], d.terminator, self.offset + used, edge, out)
            self._drop(long)
            return self._stop(out, "too-long", self.carry)
        used = self._cut_uniform(body, d.terminator, out)
        if used < len(body) and (end >= 0 or at_end or not used):
            used += self._cut_irregular(body[used:], d.terminator, self.offset + used, edge, out)
        if end >= 0:
            self._drop(end)
            self.header = None
            return True
        self._drop(used)
        if at_end:
            bare = self.carry.strip(BLANK)
            if bare:
                kind = "unterminated" if bare.startswith("IEA" + d.element) else "cut"
                out.append(Stray(kind, self.offset + self.carry.find(bare[0]), bare[:400]))
            self.carry = ""
        return False

    def _overlong(self, text: str, term: str, edge: str) -> int:
        """Where the first segment begins that is longer than the limit, terminated or not yet; -1 when none is."""
        at, size = 0, len(text)
        while True:
            while at < size and text[at] in edge:
                at += 1
            if size - at <= self.limit:
                return -1
            end = text.rfind(term, at, at + self.limit + 1)
            if end < 0:
                return at
            at = end + 1

    def _boundary(self, text: str, d: Delimiters) -> int:
        """Where the interchange ends inside ``text``: after IEA's terminator, or before an ISA that nobody announced;
        -1 when neither is there."""
        best = -1
        for name in ("IEA", "ISA"):
            at = text.find(name + d.element)
            while at >= 0:
                if self._is_segment_start(text, at, d):
                    stop = at if name == "ISA" else text.find(d.terminator, at) + 1
                    if (stop or name == "ISA") and (best < 0 or stop < best):
                        best = stop
                    break
                at = text.find(name + d.element, at + 1)
        return best

    @staticmethod
    def _is_segment_start(text: str, at: int, d: Delimiters) -> bool:
        at -= 1
        while at >= 0 and text[at] in "\r\n" and text[at] != d.terminator:
            at -= 1
        return at < 0 or text[at] == d.terminator

    def _cut_uniform(self, text: str, term: str, out: list[Batch | Header | Stray]) -> int:
        """One batch of all segments that are followed by terminator and one and the same line end. Returns the
        characters used; 0 when the line ends are mixed."""
        ends = ("\n", "") if term == "\r" else ("",) if term == "\n" else ("\n", "\r\n", "")
        for line_end in ends:
            mark = term + line_end
            if line_end and mark not in text:
                continue
            pieces = text.split(mark)
            size = len(text) - len(pieces.pop())
            marks = len(pieces)
            if not marks:
                return 0
            bare = "".join(pieces)  # looked through at the speed of memory; counting marks in the text is slow
            if term in bare or "\r" in bare or "\n" in bare:
                return 0
            out.append(Batch(pieces, self.count + 1, self.offset, len(mark), None, end=self.offset + size))
            self.count += marks
            return size
        return 0

    def _cut_irregular(self, text: str, term: str, offset: int, edge: str, out: list[Batch | Header | Stray]) -> int:
        """The same, whatever follows each terminator."""
        pieces = text.split(term)
        tail = pieces.pop()
        segments, starts, at = [], [], offset
        for piece in pieces:
            bare = piece.lstrip(edge)
            segments.append(bare)
            starts.append(at + len(piece) - len(bare))
            at += len(piece) + 1
        if segments:
            out.append(Batch(segments, self.count + 1, starts[0], 0, starts, end=at))
            self.count += len(segments)
        return len(text) - len(tail)
