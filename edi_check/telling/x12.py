"""Writing X12: the envelope of an answer, and values that can't break it.

An answer uses the delimiters of the interchange it answers, because what that interchange says can't contain them;
where they are unfit (a letter, a character that our own values need) the usual ``*:^~``. Every value passes
``Dialect.text``, which takes out whatever could still be read as a delimiter or is no printable ASCII, and cuts it to
the element's length.

Templates of answers are written with ``*:~``; ``Dialect.template`` puts the delimiters in before Jinja compiles them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from ..model import Delimiters, FunctionalGroup, Interchange
from .render import load_template

if TYPE_CHECKING:
    import jinja2

__all__ = ["ControlNumbers", "Dialect", "GroupOut", "SetOut", "amount", "is_day", "write_interchange"]

USUAL = Delimiters()

NEEDED = frozenset(" .-") | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
"""Characters that our own values need, so that none of them can be a delimiter."""

PRINTABLE = frozenset(map(chr, range(32, 127)))

_TAGS = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.S)


class Dialect:
    """The delimiters of an answer and what follows from them; ``received`` are those of the interchange answered."""

    def __init__(self, received: Delimiters) -> None:
        self.received = received
        self.delimiters = d = received if _are_fit(received) else USUAL
        self.line_end = "" if d.terminator in "\r\n" else "\n"
        self._plain = plain = re.escape("".join(sorted(PRINTABLE - set(d) - {" "})))
        self._is_clean = re.compile(f"[{plain}](?:[{plain} ]*[{plain}])?").fullmatch
        self._table = dict.fromkeys((*range(32), 127, *map(ord, d)), " ")

    def text(self, value: str, longest: int, least: int = 1, otherwise: str = "") -> str:
        """``value`` fit for an element of ``least`` to ``longest`` characters; ``otherwise`` when nothing usable is
        left of it."""
        if not self._is_clean(value):
            value = " ".join(value.encode("ascii", "replace").decode("ascii").translate(self._table).split())
        if len(value) > longest:
            value = value[:longest].rstrip()
        return value if len(value) >= least else otherwise

    def shape(self, *lengths: tuple[int, int]) -> Callable[[str], object]:
        """Recognizes elements joined by the separator that need nothing done: each clean, and of a length between the
        least and the longest given for it. One match instead of a call for each."""
        edge, inner = f"[{self._plain}]", f"[{self._plain} ]"
        pieces = []
        for least, longest in lengths:
            piece = f"{edge}(?:{inner}{{{max(least - 2, 0)},{longest - 2}}}{edge})"
            pieces.append(piece + ("?" if least < 2 else "") if least else f"(?:{piece}?)?")
        return re.compile(re.escape(self.delimiters.element).join(pieces)).fullmatch

    def composite(self, *components: str) -> str:
        """Components joined, empty ones at the end left off. They must be clean already."""
        return self.delimiters.component.join(components).rstrip(self.delimiters.component)

    def segment(self, *elements: str) -> str:
        """A segment with its terminator, empty elements at the end left off. They must be clean already."""
        d = self.delimiters
        return d.element.join(elements).rstrip(d.element) + d.terminator + self.line_end

    def template(self, name: str) -> jinja2.Template:
        """The template ``name`` in these delimiters."""
        return _environment(self.delimiters, self.line_end).get_template(name)


def _are_fit(d: Delimiters) -> bool:
    return len(set(d)) == 4 and all(len(c) == 1 and c.isascii() and c not in NEEDED for c in d)


@lru_cache(maxsize=8)
def _environment(d: Delimiters, line_end: str) -> jinja2.Environment:
    import jinja2

    table = {ord("*"): d.element, ord(":"): d.component, ord("~"): d.terminator, ord("\n"): line_end}

    def load(name: str) -> str:
        """The delimiters stand in what is X12, not in the tags of the template."""
        pieces = _TAGS.split(load_template(name))
        for n in range(0, len(pieces), 2):
            after_tag = n > 0 and pieces[n - 1].startswith("{%") and pieces[n].startswith("\n")
            pieces[n] = pieces[n][1:] if after_tag else pieces[n]
            pieces[n] = pieces[n].translate(table)
        return "".join(pieces)

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load), undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        newline_sequence="\r" if d.terminator == "\r" else "\n", auto_reload=False,
        autoescape=False)  # noqa: S701 (X12 is not HTML; Dialect.text sees to the values)


def amount(value: str) -> str:
    """A decimal string as an R element: no exponent, no sign of plus, no zeros at the end; ``0`` when it can't be
    read or doesn't fit 18 digits.

    >>> amount("120.50"), amount("300"), amount("-1.00"), amount(""), amount("1e3")
    ('120.5', '300', '-1', '0', '1000')
    """
    if len(value) <= 12 and value.isascii() and value[:1] not in ("0", ""):
        whole, point, part = value.partition(".")
        if whole.isdigit():
            if not point:
                return value
            if part.isdigit():
                return value.rstrip("0").rstrip(".")
    try:
        return plain_decimal(Decimal(value))
    except (InvalidOperation, ValueError):
        return "0"


def plain_decimal(value: Decimal) -> str:
    """As ``amount``, of a Decimal."""
    if not value.is_finite() or abs(value) >= 10**16:
        return "0"
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if len(text.lstrip("-").replace(".", "")) <= 18 and text not in ("-0", "") else "0"


@lru_cache(maxsize=4096)
def is_day(text: str) -> bool:
    """Is this a day that can be written as D8?

    >>> is_day("20260228"), is_day("20260230"), is_day("2026-02-28"), is_day("")
    (True, False, False, False)
    """
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    from datetime import date

    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


class ControlNumbers:
    """Control numbers of a run, never the same twice. Without a first number they are derived from what they are for,
    so that the same file answered again has the same ones."""

    def __init__(self, first: int = 0) -> None:
        self._next = first
        self._used: set[int] = set()

    def take(self, *purpose: str) -> int:
        """A number from 1 to 999999999."""
        if self._next:
            number = (self._next - 1) % 999_999_999 + 1
            self._next += 1
            return number
        digest = blake2b("\x1f".join(purpose).encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big") % 999_999_999 + 1
        while number in self._used:
            number = number % 999_999_999 + 1
        self._used.add(number)
        return number


@dataclass
class SetOut:
    """A transaction set to be written: its id (``999``, ``277``) and its segments between ST and SE, in pieces."""

    id_code: str
    body: Iterable[str]


@dataclass
class GroupOut:
    """A functional group to be written, with the group it answers. ``number`` is GS06."""

    functional_id: str
    version: str
    answered: FunctionalGroup
    number: int
    sets: Iterable[SetOut] = field(default_factory=list)


def write_interchange(out: TextIO, dialect: Dialect, answered: Interchange, number: int, day: str, time: str,
                      groups: Iterable[GroupOut] = (), ta1: str = "") -> None:
    """One interchange from the receiver of ``answered`` back to its sender. ``day`` is CCYYMMDD, ``ta1`` a whole TA1
    segment or nothing. Groups and sets are taken one after the other, and counted as they go."""
    write, segment = out.write, dialect.segment
    write(_isa(dialect, answered, number, day, time) + ta1)
    count = 0
    for group in groups:
        count += 1
        back, there = (dialect.text(v, 15, 2, "UNKNOWN") for v in (group.answered.receiver, group.answered.sender))
        write(segment("GS", group.functional_id, back, there, day, time, str(group.number), "X", group.version))
        sets = 0
        for sets, st in enumerate(group.sets, 1):
            st02 = f"{sets:04d}"
            write(segment("ST", st.id_code, st02, group.version))
            segments = 2
            for piece in st.body:
                segments += piece.count(dialect.delimiters.terminator)
                write(piece)
            write(segment("SE", str(segments), st02))
        write(segment("GE", str(sets), str(group.number)))
    write(segment("IEA", str(count), f"{number:09d}"))


def _isa(dialect: Dialect, answered: Interchange, number: int, day: str, time: str) -> str:
    d = dialect.delimiters

    def party(qualifier: str, value: str) -> tuple[str, str]:
        return dialect.text(qualifier, 2, 2, "ZZ"), dialect.text(value, 15, 1, "UNKNOWN").ljust(15)

    usage = answered.usage if answered.usage in ("P", "T") else "P"
    elements = ("ISA", "00", " " * 10, "00", " " * 10, *party(answered.receiver_qualifier, answered.receiver),
                *party(answered.sender_qualifier, answered.sender), day[2:], time, d.repetition, "00501",
                f"{number:09d}", "0", usage, d.component)
    return d.element.join(elements) + d.terminator + dialect.line_end


def stream(template: jinja2.Template, **values: object) -> Iterator[str]:
    """A template's output piece by piece, in chunks that a file likes."""
    pieces = template.generate(**values)
    while piece := "".join(islice(pieces, 500)):
        yield piece
