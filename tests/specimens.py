"""Seeded specimens of single segments: valid ones made from the guide's tables, and the same with one thing broken.

``valid`` makes a segment that follows the tables of one use (usage, types, lengths, codes, dates, syntax notes);
``mutated`` breaks or bends one, sometimes two things of it, harmlessly now and then. Both give the list of elements.
``from_pattern`` makes texts from a regular expression, to see what the fast lane accepts that nobody thought of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from edi_check.model import Delimiters
from edi_check.reading.guide import CompositeUse, ElementUse, SegmentUse, SyntaxNote
from edi_check.reading.values import repetition_separator

PRINTABLE = "".join(chr(c) for c in range(32, 127))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

OTHER_DELIMITERS = (
    Delimiters("*", "^", ":", "~"),
    Delimiters("|", "^", ">", "~"),
    Delimiters("*", "!", ":", "\n"),
    Delimiters("\x1d", "\x1f", "\x1e", "\x1c"),
    Delimiters("+", "{", "}", "'"),
    Delimiters(".", "[", "-", "]"),
    Delimiters("-", "/", ",", ";"),
    Delimiters("*", "U", "\\", "~"),
    Delimiters("&", "(", ")", "$"),
)


# --- valid -----------------------------------------------------------------------------------------------------


def valid(use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    """A segment that the guide allows, each situational element given or not by chance."""
    present = _presence(use, random)
    elements = [use.id]
    date_format = ""
    for position, e in enumerate(use.elements, 1):
        if position not in present:
            elements.append("")
        elif isinstance(e, CompositeUse):
            elements.append(_composite(e, delimiters, random))
        else:
            text = _value(e, delimiters, random, date_format)
            if e.number == "1250" and use.formats:
                text = use.formats[elements[1]]
            if use.id == "ISA" and position in (11, 16):
                text = random.choice("^:!>")
            elements.append(text)
            date_format = text if e.number == "1250" else date_format
    if use.demand and elements[use.demand.element] == use.demand.value:
        for position in use.demand.demanded:
            e = use.elements[position - 1]
            assert isinstance(e, ElementUse)
            elements[position] = elements[position] or _value(e, delimiters, random, "")
    while elements[-1] == "":
        elements.pop()
    return elements


def _presence(use: SegmentUse, random: Random) -> set[int]:
    usage = {n: e.usage for n, e in enumerate(use.elements, 1)}
    share = random.choice((0.0, 0.15, 0.5, 0.9))
    present = {n for n, u in usage.items() if u == "R" or (u == "S" and random.random() < share)}
    for _ in range(100):
        broken = [note for note in use.notes if not _holds(note, present)]
        if not broken:
            return present
        note = random.choice(broken)
        free = [n for n in note.elements if usage[n] == "S"]
        present ^= {random.choice(free)}
    raise AssertionError(f"no way to fulfil the syntax notes of {use}")


def _holds(note: SyntaxNote, present: set[int]) -> bool:
    here = [n in present for n in note.elements]
    return {
        "P": all(here) or not any(here),
        "R": any(here),
        "E": sum(here) < 2,
        "C": not here[0] or all(here),
        "L": not here[0] or any(here[1:]),
    }[note.kind]


def _composite(composite: CompositeUse, delimiters: Delimiters, random: Random) -> str:
    share = random.choice((0.0, 0.5, 1.0))
    parts = []
    for c in composite.components:
        is_given = c.usage == "R" or (c.usage == "S" and random.random() < share)
        parts.append(_value(c, delimiters, random, "") if is_given else "")
    if not any(parts):
        parts[0] = _value(composite.components[0], delimiters, random, "")
    return delimiters.component.join(parts).rstrip(delimiters.component)


def _value(e: ElementUse, delimiters: Delimiters, random: Random, date_format: str) -> str:
    if e.codes:
        return random.choice(sorted(e.codes))
    if e.pattern:
        return "".join(random.choice("0123456789") for _ in range(9))
    if e.number == "1251" and date_format:
        return _day(random) if date_format == "D8" else f"{_day(random)}-{_day(random)}"
    if e.type == "DT":
        return _day(random)[-e.max_length:]
    if e.type == "TM":
        return _time(e.max_length, random)
    if e.type == "R" or e.type.startswith("N"):
        return _number(e, delimiters, random)
    length = random.choice((e.min_length, e.max_length, random.randint(e.min_length, e.max_length)))
    taken = (delimiters.element, delimiters.component, delimiters.terminator, repetition_separator(delimiters))
    alphabet = LETTERS if random.random() < 0.5 else PRINTABLE
    allowed = [c for c in alphabet if c not in taken]
    text = "".join(random.choice(allowed) for _ in range(length - 1))
    return text + random.choice([c for c in allowed if c != " "])


def _day(random: Random) -> str:
    year = random.choice((1800, 1899, 1900, 1999, 2000, 2024, 2026, 2099, 2400, random.randint(1900, 2030)))
    month = random.randint(1, 12)
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = 29 if month == 2 and is_leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return f"{year}{month:02d}{random.choice((1, last, random.randint(1, last))):02d}"


def _time(longest: int, random: Random) -> str:
    digits = [f"{random.randint(0, 23):02d}{random.randint(0, 59):02d}"]
    if longest > 4 and random.random() < 0.5:
        digits.append(f"{random.randint(0, 59):02d}" + random.choice(("", "0", "99")))
    return "".join(digits)


def _number(e: ElementUse, delimiters: Delimiters, random: Random) -> str:
    count = random.choice((e.min_length, e.max_length, random.randint(e.min_length, e.max_length)))
    digits = "".join(random.choice("0123456789") for _ in range(count))
    if e.type == "R" and "." not in delimiters and random.random() < 0.6:
        whole = random.randint(0, count - 1)
        digits = f"{digits[:whole]}.{digits[whole:]}"
    return ("-" if random.random() < 0.1 and "-" not in delimiters else "") + digits


# --- mutated ---------------------------------------------------------------------------------------------------


def mutated(use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    """A valid segment with one thing changed (two in every fifth). The change may happen to be harmless."""
    elements = valid(use, delimiters, random)
    for _ in range(2 if random.random() < 0.2 else 1):
        elements = random.choice(MUTATIONS)(elements, use, delimiters, random)
    return elements


Mutation = Callable[[list[str], SegmentUse, Delimiters, Random], list[str]]


def _place(elements: list[str], random: Random) -> int:
    return random.randint(1, max(1, len(elements) - 1))


def _with(elements: list[str], position: int, text: str) -> list[str]:
    padded = elements + [""] * (position + 1 - len(elements))
    return [*padded[:position], text, *padded[position + 1:]]


def _edit(elements: list[str], delimiters: Delimiters, random: Random, change: Callable[[str], str]) -> list[str]:
    """Change one element, or one component of it."""
    position = _place(elements, random)
    if position >= len(elements):
        return _with(elements, position, change(""))
    parts = elements[position].split(delimiters.component)
    n = random.randrange(len(parts))
    parts[n] = change(parts[n])
    return _with(elements, position, delimiters.component.join(parts))


def empty(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    return _edit(elements, delimiters, random, lambda text: "")


def cut_short(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    return elements[: random.randint(1, len(elements))]


def fill_any(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    """Put a plausible value somewhere: into a not-used, an absent or a present element."""
    position = random.randint(1, len(use.elements))
    e = use.elements[position - 1]
    if isinstance(e, ElementUse):
        return _with(elements, position, _value(e, delimiters, random, random.choice(("", "D8", "RD8"))))
    return _with(elements, position, _composite(e, delimiters, random) if e.components else "X")


def drop_situational(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    return _with(elements, random.randint(1, len(use.elements)), "")


def surplus(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    filled = elements + [""] * (len(use.elements) + 1 - len(elements))
    return [*filled, *random.choice((["X"], ["", "X"], ["X", ""], ["A", "B", "C"]))]


def trailing_separators(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    return elements + [""] * random.choice((1, 1, 2, 40))


def trailing_components(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    places = [n for n in _composites(use) if n < len(elements)]
    position = random.choice(places) if places else _place(elements, random)
    text = elements[position] if position < len(elements) else ""
    return _with(elements, position, text + delimiters.component * random.choice((1, 2, 20)))


def surplus_components(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    places = [n for n in _composites(use) if n < len(elements)]
    position = random.choice(places) if places else _place(elements, random)
    text = elements[position] if position < len(elements) else ""
    return _with(elements, position, delimiters.component.join([text, *["X"] * random.choice((1, 3, 20))]))


def empty_first_component(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    places = [n for n in _composites(use) if n < len(elements)]
    if not places:
        return empty(elements, use, delimiters, random)
    position = random.choice(places)
    _, mark, rest = elements[position].partition(delimiters.component)
    return _with(elements, position, mark + rest)


def _composites(use: SegmentUse) -> list[int]:
    return [n for n, e in enumerate(use.elements, 1) if isinstance(e, CompositeUse) and e.components]


def repeat(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    position = _place(elements, random)
    text = elements[position] if position < len(elements) else ""
    return _with(elements, position, delimiters.repetition.join((text, random.choice((text, "", "X")))))


def lengthen(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    more = random.choice((1, 2, 30, 300))
    return _edit(elements, delimiters, random, lambda text: text + (text[-1:] or "1") * more)


def shorten(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    return _edit(elements, delimiters, random, lambda text: text[: random.randint(0, max(0, len(text) - 1))])


def strange_character(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    others = [c for c in map(chr, range(256)) if c not in (delimiters.element, delimiters.terminator)]
    c = random.choice(others)

    def change(text: str) -> str:
        at = random.randint(0, len(text))
        return text[:at] + c + text[at + random.choice((0, 1)):]

    return _edit(elements, delimiters, random, change)


def spaces(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    how = random.randrange(4)

    def change(text: str) -> str:
        pad = " " * random.choice((1, 1, 2, 5))
        return (text + pad, pad + text, " " * max(1, len(text)), text[:1] + " " * (len(text) - 1))[how]

    return _edit(elements, delimiters, random, change)


def odd_value(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    odd = ("0", "00", "01", "-0", "-", ".", "5.", ".5", "-.5", "--1", "1-", "+1", "1e5", "1.2.3", "1,000", "$5", "12O",
           "2026", "20260230", "20240229", "19000229", "17991231", "20261301", "20260100", "260230", "2400", "2359",
           "23595", "235959", "2359591", "23595999", "2360", "A", "a", "ZZ", "hc", "97140", "M54.5", "98", "66", "31",
           "20260101-20260102", "20260102-20260101", "20260101-", "-20260101", "20260101-20260102-20260103",
           "20260101-20260230", "20260101 ", "123456789", "X123456789", "N830", "QC", "RS", "CAD", "\x00", "é", "１２")
    text = random.choice([t for t in odd if delimiters.element not in t and delimiters.terminator not in t])
    return _edit(elements, delimiters, random, lambda _: text)


def of_another_kind(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    """Another of the use's qualifiers, or one of 4010's."""
    if use.formats:
        return _with(elements, 1, random.choice(sorted(use.formats)))
    return _with(elements, random.choice((3, 5, 7)), "ED") if use.id == "PER" else elements


def swap(elements: list[str], use: SegmentUse, delimiters: Delimiters, random: Random) -> list[str]:
    a, b = _place(elements, random), _place(elements, random)
    if max(a, b) >= len(elements):
        return elements
    return _with(_with(elements, a, elements[b]), b, elements[a])


MUTATIONS: tuple[Mutation, ...] = (
    empty, cut_short, fill_any, fill_any, drop_situational, surplus, trailing_separators, trailing_components,
    surplus_components, empty_first_component, repeat, lengthen, shorten, strange_character, strange_character, spaces,
    odd_value, odd_value, odd_value, swap, of_another_kind,
)


# --- from an expression ----------------------------------------------------------------------------------------


def from_pattern(pattern: re.Pattern[str], random: Random, tries: int = 8) -> str:
    """A text that ``pattern`` accepts whole, ``""`` when none was found in a few tries (look-arounds are left to
    chance). Reads the expression with the parser of the standard library, as hypothesis does."""
    tree = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    for _ in range(tries):
        text = _spell(tree, random)
        if pattern.fullmatch(text):
            return text
    return ""


def _spell(tree: Any, random: Random) -> str:
    return "".join(_SPELLING[str(kind)](argument, random) for kind, argument in tree)


def _spell_repeat(argument: Any, random: Random) -> str:
    low, high, tree = argument
    high = min(int(high), low + 40)
    count = random.choice((low, high, random.randint(low, high)))
    return "".join(_spell(tree, random) for _ in range(count))


def _spell_set(argument: Any, random: Random) -> str:
    kinds = [str(kind) for kind, _ in argument]
    allowed: list[int] = []
    for kind, value in argument:
        if str(kind) == "LITERAL":
            allowed.append(value)
        elif str(kind) == "RANGE":
            allowed += range(value[0], value[1] + 1)
    if "NEGATE" in kinds:
        allowed = [c for c in range(32, 127) if c not in allowed]
    return chr(random.choice(allowed))


_SPELLING: dict[str, Callable[[Any, Random], str]] = {
    "LITERAL": lambda c, random: chr(c),
    "NOT_LITERAL": lambda c, random: random.choice([x for x in PRINTABLE if ord(x) != c]),
    "ANY": lambda _, random: random.choice(PRINTABLE),
    "IN": _spell_set,
    "BRANCH": lambda branch, random: _spell(random.choice(branch[1]), random),
    "SUBPATTERN": lambda group, random: _spell(group[-1], random),
    "ATOMIC_GROUP": _spell,
    "MAX_REPEAT": _spell_repeat,
    "MIN_REPEAT": _spell_repeat,
    "POSSESSIVE_REPEAT": _spell_repeat,
    "ASSERT": lambda _, random: "",
    "ASSERT_NOT": lambda _, random: "",
    "AT": lambda _, random: "",
}
