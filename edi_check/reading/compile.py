"""Guide to steps: for each segment use one regular expression, and where the next segment leads from it.

The fast lane's tables. ``segment_pattern`` accepts a whole segment of one use at C speed and may only be narrower than
``explain`` (trailing spaces, for one, go to the slow lane, which warns). A ``Step`` is a use with its expression, made
when it is first met: a file needs about 35 of 386. ``Step.choice`` finds, for a segment id, which use follows: by the
qualifier, in the open loop from here on, else in the loops around it, as a reader with the guide in hand would.

What it is not: it reads nothing and explains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..model import Delimiters
from .guide import CompositeUse, ElementUse, Guide, LoopUse, SegmentUse, SyntaxNote
from .values import AN_CLASS, DATE_FORMATS, date_pattern, is_number_type, number_pattern, time_pattern

__all__ = ["CONTROL", "Choice", "Step", "StepTable", "Transition", "segment_pattern"]

CONTROL = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"})
"""The envelope's own segments: never a step of a set."""


def segment_pattern(use: SegmentUse, delimiters: Delimiters) -> re.Pattern[str]:
    """The expression whose ``fullmatch`` accepts a segment of this use (terminator not included)."""
    sep = re.escape(delimiters.element)
    bodies: list[tuple[str, bool]] = []  # (pattern of the element, is it required)
    elements = use.elements
    n = 0
    while n < len(elements):
        e = elements[n]
        if n == 0 and use.formats:
            bodies.append(_formatted(use, sep))
            n = 3
            continue
        follower = elements[n + 1] if n + 1 < len(elements) else None
        if (
            isinstance(e, ElementUse)
            and e.number == "1250"
            and e.codes
            and isinstance(follower, ElementUse)
            and follower.number == "1251"
            and e.usage != "N"
        ):
            bodies.append(_dated(e, follower, sep))
            n += 2
            continue
        bodies.append((_element(e, delimiters), e.usage == "R"))
        n += 1
    tail, is_needed = "", False
    for body, required in reversed(bodies):
        is_needed = is_needed or required  # what comes before a required element can't be left off
        inner = sep + body + tail
        tail = inner if is_needed else f"(?:{inner}|)"
    notes = _notes(use, sep)
    # No trailing separators (X12 RFI 1498): the last character is one of a value.
    return re.compile(f"{_demand(use, sep)}{notes}{use.id}{tail}(?<!{sep})", re.ASCII)


def _dated(format_: ElementUse, value: ElementUse, sep: str) -> tuple[str, bool]:
    """A format code (1250) and the date it governs (1251) as one alternative each."""
    # A range holds a hyphen: it can't come where the hyphen separates elements.
    pairs = [
        f"{c}{sep}{DATE_FORMATS[c]}"
        for c in sorted(format_.codes)
        if c in DATE_FORMATS and (c != "RD8" or sep != re.escape("-"))
    ]
    text = "|".join(pairs)
    required = format_.usage == "R"
    return (f"(?:{text})" if required else f"(?:{text}|{sep})"), required


def _formatted(use: SegmentUse, sep: str) -> tuple[str, bool]:
    """A qualifier, the format that goes with it and the date as one alternative each: the first three elements."""
    known = [(code, f) for code, f in sorted(use.formats.items()) if f != "RD8" or sep != re.escape("-")]
    return "(?:" + "|".join(f"{code}{sep}{f}{sep}{DATE_FORMATS[f]}" for code, f in known) + ")", True


def _element(e: ElementUse | CompositeUse, delimiters: Delimiters) -> str:
    """Pattern of an element, the empty text included where it may be absent."""
    if e.usage == "N":
        return ""
    if isinstance(e, CompositeUse):
        sep = re.escape(delimiters.component)
        first, *others = e.components
        tail, is_needed = "", False
        for c in reversed(others):
            is_needed = is_needed or c.usage == "R"
            inner = sep + _component(c, delimiters) + tail
            tail = inner if is_needed else f"(?:{inner}|)"
        inner = _component(first, delimiters) + tail
        return _optional(f"{inner}(?<!{sep})", e.usage == "R")
    return _optional(_value(e, delimiters), e.usage == "R")


def _component(c: ElementUse, delimiters: Delimiters) -> str:
    return "" if c.usage == "N" else _optional(_value(c, delimiters), c.usage == "R")


def _optional(pattern: str, required: bool) -> str:
    # An alternative with nothing, not a "?": re keeps a stack of its own for what may repeat, at twice the time.
    return pattern if required else f"(?:{pattern}|)"


def _value(e: ElementUse, delimiters: Delimiters) -> str:
    """Pattern of a value that is there."""
    if e.codes:
        return "(?:" + "|".join(re.escape(c) for c in sorted(e.codes, key=lambda c: (-len(c), c))) + ")"
    if e.pattern:
        return f"(?:{e.pattern})"
    if is_number_type(e.type):
        return f"(?:{number_pattern(e.type, e.min_length, e.max_length, delimiters)})"
    if e.type == "DT":
        return date_pattern(e.min_length, e.max_length)
    if e.type == "TM":
        return time_pattern(e.min_length, e.max_length)
    allowed = AN_CLASS(delimiters)
    return f"[{allowed}]{{{e.min_length},{e.max_length}}}(?<! )"


def _demand(use: SegmentUse, sep: str) -> str:
    """What is wanted on a condition as a look-ahead; ``""`` where nothing is."""
    demand = use.demand
    if demand is None:
        return ""
    condition = f"{_before(use, sep, demand.element)}{re.escape(demand.value)}(?:{sep}|$)"
    wanted = "".join(f"(?={_before(use, sep, n)}[^{sep}])" for n in demand.demanded)
    return f"(?:(?!{condition})|{wanted})"


def _before(use: SegmentUse, sep: str, n: int) -> str:
    """All of a segment up to its element ``n``."""
    return f"{use.id}(?:{sep}[^{sep}]*+){{{n - 1}}}+{sep}"


def _notes(use: SegmentUse, sep: str) -> str:
    """All syntax notes as look-aheads, passed by at once where the segment ends before the elements that call them up:
    most do."""
    notes = [(note, _note(note, use, sep)) for note in use.notes]
    text = "".join(pattern for _, pattern in notes)
    calling = [_first_calling(note, use) for note, pattern in notes if pattern]
    if not text or min(calling) < 2:
        return text
    return f"(?:(?!{use.id}(?:{sep}[^{sep}]*+){{{min(calling)}}}+)|{text})"


def _first_calling(note: SyntaxNote, use: SegmentUse) -> int:
    """The first element without which, and without all after it, the note asks for nothing; 0 if there is none such."""
    if note.kind == "R":
        return 0
    if note.kind in ("C", "L"):
        return note.elements[0]
    usage = _usage(note, use)
    possible = sorted(n for n in usage if usage[n] != "N")
    return possible[1 if note.kind == "E" else 0]


def _usage(note: SyntaxNote, use: SegmentUse) -> dict[int, str]:
    """Of the elements that a note speaks of: R, S or N."""
    return {n: use.elements[n - 1].usage if n <= len(use.elements) else "N" for n in note.elements}


def _note(note: SyntaxNote, use: SegmentUse, sep: str) -> str:
    """A syntax note as look-aheads; ``""`` when usage already settles it."""
    usage = _usage(note, use)
    possible = [n for n in note.elements if usage[n] != "N"]
    sure = [n for n in note.elements if usage[n] == "R"]
    first, rest = note.elements[0], note.elements[1:]

    def has(n: int) -> str:
        return f"{_before(use, sep, n)}[^{sep}]"

    if note.kind == "P":
        if len(sure) == len(usage) or not possible:
            return ""
        if len(possible) < len(usage):  # one can never come, so none may
            return "".join(f"(?!{has(n)})" for n in possible)
        every = "".join(f"(?={has(n)})" for n in note.elements)
        none = "".join(f"(?!{has(n)})" for n in note.elements)
        return f"(?:{every}|{none})"
    if note.kind == "R":
        return "" if sure or not possible else "(?:" + "|".join(f"(?={has(n)})" for n in possible) + ")"
    if note.kind == "E":
        if len(possible) < 2:
            return ""
        pairs = [(a, b) for i, a in enumerate(possible) for b in possible[i + 1 :]]
        return "".join(f"(?!(?={has(a)}){has(b)})" for a, b in pairs)
    if usage[first] == "N":
        return ""
    if note.kind == "C":
        if all(usage[n] == "R" for n in rest):
            return ""
        every = "".join(f"(?={has(n)})" for n in rest) if all(usage[n] != "N" for n in rest) else "(?!)"
        return f"(?:(?!{has(first)})|{every})"
    if any(usage[n] == "R" for n in rest):  # L
        return ""
    some = "|".join(f"(?={has(n)})" for n in rest if usage[n] != "N") or "(?!)"
    return f"(?:(?!{has(first)})|{some})"


class Transition:
    """From one use to the next.

    A simple one stays in the loop: ``mask & care == demand`` says that everything demanded before it has come and
    that it hasn't come too often. Else loops close and open: ``closing`` is (demand, loop, is it the claim's) of each
    loop that closes, innermost first, ``opening`` the loops entered; ``demand``, ``bit`` and ``limit`` then belong to
    the loop in between. ``other``: a second use of the same id and qualifier in the same place, told apart by its
    other elements. The guide has one such pair: PWK*CT in 2400, attachment or DMERC certificate, by PWK02.
    ``is_sure``: a segment that the use's expression accepts takes this transition, whatever else may follow."""

    __slots__ = (
        "act",
        "bit",
        "care",
        "closing",
        "demand",
        "is_level",
        "is_simple",
        "is_sure",
        "limit",
        "loop",
        "opening",
        "other",
        "step",
    )

    def __init__(
        self, step: Step, bit: int, limit: int, demand: int, closing: tuple[LoopUse, ...], opening: tuple[LoopUse, ...]
    ) -> None:
        self.step = step
        self.act = step.act
        self.loop = step.use.loop.id
        self.bit = bit
        self.limit = limit
        self.demand = demand
        self.care = demand | (bit if limit else 0)
        self.closing = tuple((required_before(c, 1 << 30), c, c.id == "2300") for c in closing)
        self.opening = opening
        self.is_simple = not closing and not opening
        self.is_level = step.use.id == "HL"
        self.is_sure = False
        self.other: Transition | None = None


class Choice:
    """What may follow for one segment id: the only use, or one by the qualifier at element ``index``."""

    __slots__ = ("by_code", "index", "is_component", "only")

    def __init__(self) -> None:
        self.only: Transition | None = None
        self.index = 0
        self.is_component = False
        self.by_code: dict[str, Transition] = {}


def _nothing(text: str) -> object:
    return None


class Step:
    """A segment use, compiled for one set of delimiters. ``act`` binds a segment to the open objects."""

    __slots__ = ("act", "choices", "guess", "is_memo", "match", "memo", "parse", "table", "use", "width")

    def __init__(self, use: SegmentUse, table: StepTable) -> None:
        self.use = use
        self.table = table
        self.choices: dict[str, Choice | None] = {}
        self.guess: Transition | None = None
        """What followed the last time, if that is sure: tried first."""
        self.memo: dict[str, tuple[Transition, Any]] = {}
        self.parse, self.act, self.is_memo = table.binding(use)
        self.width = len(use.elements) + 1
        self.match: Callable[[str], object] = self._first_match
        """``fullmatch`` of the use's expression, compiled when it is first asked."""

    def _first_match(self, text: str) -> object:
        self.match = segment_pattern(self.use, self.table.delimiters).fullmatch
        return self.match(text)

    def let_go(self) -> None:
        """Forget where it leads."""
        self.match, self.guess = _nothing, None
        self.choices.clear()
        self.memo.clear()

    def choice(self, segment_id: str) -> Choice | None:
        """Which uses of this id may follow here; ``None`` when none may."""
        try:
            return self.choices[segment_id]
        except KeyError:
            found = None if segment_id in CONTROL else self._find(segment_id)
            if len(self.choices) < 500:  # ids of a noisy file must not pile up
                self.choices[segment_id] = found
            return found

    def _find(self, segment_id: str) -> Choice | None:
        choice = Choice()
        closing: list[LoopUse] = []
        loop, position = self.use.loop, self.use.position
        while True:
            for child in loop.children:
                # A loop's first segment doesn't repeat within the loop: it begins the loop anew (NM1*DN, then NM1*P3).
                if child.position >= position and (child is not loop.first or loop.is_wrapper):
                    self._offer(choice, child, segment_id, loop, tuple(closing))
            if loop is self.table.guide.set_loop or loop.parent is None:
                break
            closing.append(loop)
            position = loop.position
            loop = loop.parent
        for t in (choice.only, *choice.by_code.values()):
            if t is not None and t.other is None:
                q = t.step.use.qualifier
                place = (choice.index, choice.is_component)
                t.is_sure = q is None or (q[:2] == place and all(choice.by_code.get(code) is t for code in q[2]))
        return choice if choice.only or choice.by_code else None

    def _offer(
        self, choice: Choice, child: SegmentUse | LoopUse, segment_id: str, loop: LoopUse, closing: tuple[LoopUse, ...]
    ) -> None:
        opening: list[LoopUse] = []
        node = child
        while isinstance(node, LoopUse):
            opening.append(node)
            if not node.children:
                return
            node = node.children[0]
        if node.id != segment_id:
            return
        number = loop.children.index(child)
        # Service lines are counted by the claim itself (``Reader._finish``): counting each here would cost every claim.
        limit = 0 if node.id == "LX" else child.maximum
        transition = Transition(
            self.table.step(node), 1 << number, limit, required_before(loop, child.position), closing, tuple(opening)
        )
        qualifier = node.qualifier
        if qualifier is None:
            choice.only = choice.only or transition
            return
        choice.index, choice.is_component, codes = qualifier
        for code in codes:
            earlier = choice.by_code.setdefault(code, transition)
            if earlier is not transition and earlier.step.use.loop is node.loop and not closing and not earlier.closing:
                earlier.other = transition


def required_before(loop: LoopUse, position: int) -> int:
    """Bits of the children of ``loop`` that must come and stand before ``position``."""
    bits = 0
    for number, child in enumerate(loop.children):
        if child.position < position and is_required(child):
            bits |= 1 << number
    return bits


def is_required(child: SegmentUse | LoopUse) -> bool:
    """Must it come? The map calls DETAIL situational and FOOTER unused, but both are wrappers: the guide demands a
    billing level (2000A) in every set."""
    if isinstance(child, LoopUse) and child.is_wrapper:
        return child.id in ("HEADER", "DETAIL")
    return child.usage == "R"


class StepTable:
    """The steps for one set of delimiters. ``binding`` gives for a use (parse, act, is it worth remembering)."""

    def __init__(self, guide: Guide, delimiters: Delimiters, binding: Callable[[SegmentUse], Any]) -> None:
        self.guide = guide
        self.delimiters = delimiters
        self.binding = binding
        self._steps: dict[int, Step] = {}
        self.start = self.step(guide.set_loop.children[0])  # type: ignore[arg-type]

    def step(self, use: SegmentUse) -> Step:
        found = self._steps.get(use.index)
        if found is None:
            found = self._steps[use.index] = Step(use, self)
        return found

    def let_go(self) -> None:
        """Nobody needs the steps any more: they lead to one another and back to themselves, and the command's process
        collects no cycles."""
        for step in self._steps.values():
            step.let_go()
        self._steps.clear()
