"""Where a segment has no place: what must be missing before it, or that it comes too late.

Where the first segment of a loop (an HL, a CLM, an LX, an NM1) is missing, all that belongs in the loop has no place.
``openers`` finds the loop in which the segment at hand would stand right, so that one thing is said to be missing and
reading goes on in that loop. ``find_late`` finds the open loop in which the segment would have had its place earlier.

What it is not: it moves nothing and says nothing; ``Byways`` and ``Filing`` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from .compile import Choice, Step, Transition, is_required
from .guide import CompositeUse, Guide, LoopUse, SegmentUse

__all__ = ["Late", "Met", "chosen", "find_late", "first_of", "further_codes", "is_due", "is_for",
           "is_required_next", "openers"]

ANCHORS = frozenset({"HL", "CLM", "LX"})
"""They begin a loop that only one place of the guide has. Where one has no place, the loop that it belongs in is
missing, whatever else that loop should hold."""
STARTS = ("NM1", "HL", "SBR", "CLM", "LX", "SVD", "LIN", "LQ")
"""What a loop of the set begins with."""
REMEMBERED = 4096
FAR = 100
"""What it costs a way to be two loops long."""
LEVELS = frozenset({"2000A", "2000B", "2000C", "2300"})
"""A segment of one of these doesn't stray out of it; where one is met far behind its place, another such loop
begins."""


class Met:
    """What of the open loops has come: their masks, and how often what may come several times. Loops are counted from
    the one at hand (0) outwards. A bit that is set with a count of 0 was told to be missing."""

    def __init__(self, mask: int, frames: list[int], counts: dict[int, dict[int, int]]) -> None:
        self.mask, self.frames, self.counts = mask, frames, counts

    def of(self, outwards: int) -> int:
        """The mask of an open loop."""
        return self.frames[-outwards] if outwards else self.mask

    def times(self, outwards: int, bit: int) -> int:
        """How often a child of an open loop has come."""
        if not self.of(outwards) & bit:
            return 0
        return self.counts.get(len(self.frames) - outwards, {}).get(bit, 1)


class Late(NamedTuple):
    """``loop``, ``outwards`` steps from the one at hand, has an earlier place for the segment: ``child``, whose bit is
    ``bit``. ``is_used_up``: no more of it may come; ``is_far``: other levels or claims began since."""

    loop: LoopUse
    outwards: int
    child: SegmentUse | LoopUse
    bit: int
    is_used_up: bool
    is_far: bool


def first_of(child: SegmentUse | LoopUse) -> SegmentUse:
    """A segment itself, or the one that a loop begins with."""
    while isinstance(child, LoopUse):
        child = child.children[0]
    return child


def chosen(choice: Choice, e: list[str], component: str) -> Transition | None:
    """Which of the uses that may follow a segment is for, by its qualifier."""
    if choice.only is not None or len(e) <= choice.index:
        return choice.only
    code = e[choice.index]
    return choice.by_code.get(code.split(component, 1)[0] if choice.is_component else code)


def find_late(step: Step, e: list[str], component: str, met: Met, guide: Guide) -> Late | None:
    """The innermost open loop in which the segment's place has passed."""
    for late in _passed(step.use, e[0], guide.set_loop):
        if is_for(first_of(late.child), e, component):
            is_used_up = 0 < late.child.maximum <= met.times(late.outwards, late.bit)
            return late._replace(is_used_up=True) if is_used_up else late
    return None


@lru_cache(maxsize=REMEMBERED)
def _passed(use: SegmentUse, segment_id: str, set_loop: LoopUse) -> tuple[Late, ...]:
    """All places of a segment that have passed after this use, whatever the qualifier."""
    found: list[Late] = []
    loop, position, outwards, is_far = use.loop, use.position, 0, False
    while loop is not set_loop and loop.parent is not None:
        for number, child in enumerate(loop.children):
            if child.position < position and number and first_of(child).id == segment_id:
                found.append(Late(loop, outwards, child, 1 << number, False, is_far))
        is_far = is_far or loop.id in LEVELS
        loop, position, outwards = loop.parent, loop.position, outwards + 1
    return tuple(found)


def is_for(use: SegmentUse, e: list[str], component: str) -> bool:
    """Is this the use of the segment, by its id and qualifier?"""
    if use.id != e[0]:
        return False
    if use.qualifier is None:
        first = use.elements[0]  # a PAT01 is a patient's: the subscriber's PAT has none
        return first.usage != "N" or len(e) < 2 or not e[1]
    index, is_component, codes = use.qualifier
    code = e[index] if index < len(e) else ""
    return (code.split(component, 1)[0] if is_component else code) in codes


def further_codes(use: SegmentUse) -> frozenset[str]:
    """Of a segment whose first composite has a qualifier: what qualifies the composites after it."""
    # A composite that the guide doesn't use has no components.
    others = [c.components[0].codes for c in use.elements[1:] if isinstance(c, CompositeUse) and c.components]
    return frozenset[str]().union(*others)


def openers(step: Step, e: list[str], component: str, met: Met) -> list[list[Transition]]:
    """Which loops, if they had begun here, would have a place for the segment: the likeliest, each as the way to it
    (one transition, or for an HL or CLM two). Several that are as likely as one another: nobody can tell.

    The likeliest lack least of what is required; whatever lacks anything more is not likely at all, but for an anchor
    (and an LX alone is no sign of a claim where a subscriber could still go on). Among equals, a loop that the guide
    demands and that hasn't come yet is likelier, and the first of them.
    """
    is_anchor = e[0] in ANCHORS
    found: list[tuple[int, bool, list[Transition]]] = []
    for t, then in _begun(step, e[0]):
        fits = chosen(then, e, component) if then is not None else None
        if fits is None and not is_anchor:
            continue
        if 0 < t.opening[0].maximum <= met.times(len(t.closing), t.bit):
            continue  # it would be one too many
        lacks, is_optional = _lacks(t, met), not is_due(t, met)
        if fits is not None and not fits.closing:
            if lacks == 0 or e[0] != "LX":
                found.append((lacks + (fits.demand & ~1).bit_count(), is_optional, [t]))
        elif is_anchor and e[0] != "LX":
            found += [(FAR + lacks, is_optional, [t, inner]) for inner in _inside(t, e, component)]
    if not found:
        return []
    least = min(found, key=lambda f: f[:2])
    if least[0] and not is_anchor:
        return []
    if not least[1]:
        return [least[2]]
    return [way for lacks, _, way in found if lacks == least[0]]


def _inside(t: Transition, e: list[str], component: str) -> Iterator[Transition]:
    """Loops that could begin at once in the one that ``t`` opens, and that have a place for the segment."""
    for inner, then in _begun(t.step, e[0]):
        fits = chosen(then, e, component) if then is not None else None
        if not inner.closing and fits is not None and not fits.closing:
            yield inner


@lru_cache(maxsize=REMEMBERED)
def _begun(step: Step, segment_id: str) -> tuple[tuple[Transition, Choice | None], ...]:
    """The transitions that open a loop from here, each with what a segment would find in it; those that have nothing
    for this one are left out, but for an anchor, which may find its place one loop further."""
    found = []
    for first in STARTS:
        choice = step.choice(first)
        if choice is None:
            continue
        for t in {id(t): t for t in (choice.only, *choice.by_code.values()) if t is not None}.values():
            then = t.step.choice(segment_id)
            if t.opening and (then is not None or segment_id in ANCHORS):
                found.append((t, then))
    return tuple(found)


def _lacks(t: Transition, met: Met) -> int:
    """How much that is required would be missing if this loop began here."""
    closing = sum((demand & ~met.of(n)).bit_count() for n, (demand, _, _) in enumerate(t.closing))
    return closing + (t.demand & ~met.of(len(t.closing))).bit_count()


def is_required_next(t: Transition, met: Met) -> bool:
    """Does the guide demand what this leads to, has it not come yet, and nothing that had to come before it?"""
    child = t.opening[0] if t.opening else t.step.use
    return is_required(child) and not met.of(len(t.closing)) & t.bit and _lacks(t, met) == 0


def is_due(t: Transition, met: Met) -> bool:
    """Does the guide demand the loop that this opens, and hasn't it come yet?"""
    return is_required(t.opening[0]) and not met.of(len(t.closing)) & t.bit
