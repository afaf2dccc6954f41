"""The 837P guide as small tables, read from the map that pyx12 carries. The only module that knows pyx12.

pyx12's XML is read as data (``importlib.resources``, ElementTree); its code is not imported, because importing
and loading it costs five times as much and a file needs about 35 of the 386 segment uses. Elements of a use are
built when first asked for.

What it is not: an engine. ``compile`` makes expressions and steps of these tables, ``explain`` words.

Where the map differs from the published guide, ``AMENDMENTS`` and what follows it say how and why.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import NamedTuple

from ..codelists import code_list

__all__ = ["CompositeUse", "ElementUse", "Guide", "LoopUse", "SegmentUse", "SyntaxNote", "load"]

MAP = "837.5010.X222.A1.xml"
VERSION = "005010X222A1"

AMENDMENTS: dict[str, frozenset[str]] = {
    # BHT06 31 (subrogation) is in the guide and not in the map.
    "BHT06": frozenset({"31"}),
}


POSITIONS: dict[str, int] = {
    # Loops that X12 has at one position, as repeats of one loop (2330, 2420), come in any order. The map counts on.
    **dict.fromkeys(("2330D", "2330E", "2330F", "2330G"), 3250),
    **dict.fromkeys(("2420G", "2420H"), 5000),
}

REMOVALS: dict[tuple[str, str], frozenset[str]] = {
    # The submitter's contact had ED in 4010. 005010X222A1 has EM, FX and TE, and EX for the second and third number, as
    # for every other contact (and as pyx12's map of the 837I has it); the map of the 837P still lists ED.
    ("1000A", "PER03"): frozenset({"ED"}),
    ("1000A", "PER05"): frozenset({"ED"}),
    ("1000A", "PER07"): frozenset({"ED"}),
}
"""By loop and element: codes that the map lists and the guide doesn't."""

FORMATS: dict[tuple[str, str], dict[str, str]] = {
    # TR3 2300 DTP, disability: 314 says that first and last day are known (RD8), 360 that the first is, 361 the last
    # (D8). The map has one use of the segment for the three, with both formats.
    ("2300", "DTP"): {"314": "RD8", "360": "D8", "361": "D8"},
}
"""By loop and segment: which format (element 2) goes with a qualifier (element 1) where the map has several."""


class Demand(NamedTuple):
    """Elements that the guide wants only where another has a value: ``element`` has ``value``, then ``demanded``."""

    element: int
    value: str
    demanded: tuple[int, ...]


DEMANDS: dict[tuple[str, str], Demand] = {
    # The map wants an id of every subscriber; the guide of a person (NM102 = 1), not of an employer who stands there
    # for a policy, as in workers' compensation.
    ("2010BA", "NM1"): Demand(2, "1", (8, 9)),
}
"""By loop and segment; what is demanded is situational otherwise."""

UNCHECKED_LISTS = frozenset({"states", "country", "currency", "remark_code"})
"""Code lists that others keep. pyx12's copies are stale (it refuses remark code N830, province QC and country RS,
all valid). States and countries are CORE-EXT-01's; currencies and remark codes are not checked at all."""


@dataclass(slots=True)
class ElementUse:
    """An element or component: ``designator`` (``CLM01``, ``HI01-2``), usage R, S or N, X12 data type, lengths,
    allowed codes (empty: any), and the format list that governs a date (data elements 1250/1251)."""

    designator: str
    number: str
    name: str
    usage: str
    type: str
    min_length: int
    max_length: int
    codes: frozenset[str]
    code_list: str
    pattern: str
    repeat: int = 1

    @property
    def is_composite(self) -> bool:
        return False


@dataclass(slots=True)
class CompositeUse:
    """A composite element and its components."""

    designator: str
    name: str
    usage: str
    components: tuple[ElementUse, ...]
    repeat: int = 1

    @property
    def is_composite(self) -> bool:
        return True


@dataclass(slots=True, frozen=True)
class SyntaxNote:
    """A relation between elements: kind P (all or none), R (one at least), E (one at most), C (first demands the
    rest), L (first demands one of the rest); ``elements`` are 1-based."""

    kind: str
    elements: tuple[int, ...]

    @property
    def text(self) -> str:
        return self.kind + "".join(f"{n:02d}" for n in self.elements)


@dataclass(eq=False)
class SegmentUse:
    """One use of a segment in the guide. ``index`` numbers the uses in guide order; ``position`` orders uses and loops
    within their loop (uses of one position may come in any order); ``maximum`` is 0 for unlimited."""

    id: str
    name: str
    loop: LoopUse
    index: int
    position: int
    usage: str
    maximum: int
    node: ElementTree.Element = field(repr=False)
    types: dict[str, tuple[str, int, int]] = field(repr=False)

    @cached_property
    def elements(self) -> tuple[ElementUse | CompositeUse, ...]:
        found = [
            _element(e, self.types)
            for e in sorted(
                (e for e in self.node if e.tag in ("element", "composite")), key=lambda e: int(_text(e, "seq"))
            )
        ]
        for n in self.demand.demanded if self.demand else ():
            found[n - 1].usage = "S"
        for e in found:
            if isinstance(e, ElementUse) and (self.loop.id, e.designator) in REMOVALS:
                e.codes -= REMOVALS[self.loop.id, e.designator]
        return tuple(found)

    @property
    def demand(self) -> Demand | None:
        """What is wanted on a condition."""
        return DEMANDS.get((self.loop.id, self.id))

    @cached_property
    def formats(self) -> dict[str, str]:
        """By qualifier: the format of date that goes with it; empty where any goes with any."""
        q = self.qualifier
        return {code: f for code, f in FORMATS.get((self.loop.id, self.id), {}).items() if q and code in q[2]}

    @cached_property
    def notes(self) -> tuple[SyntaxNote, ...]:
        found = []
        for s in self.node.findall("syntax"):
            t = s.text or ""
            found.append(SyntaxNote(t[0], tuple(int(t[i : i + 2]) for i in range(1, len(t), 2))))
        return tuple(found)

    @cached_property
    def qualifier(self) -> tuple[int, bool, frozenset[str]] | None:
        """Which value tells this use from others of its id: (element, is it the element's first component, codes);
        ``None`` when the id alone does. As pyx12's walker does: a required ID element 01 with codes, a composite
        01-1 with codes, or HL03."""
        first = self.elements[0] if self.elements else None
        if isinstance(first, ElementUse) and first.type == "ID" and first.usage == "R" and first.codes:
            return 1, False, first.codes
        if isinstance(first, CompositeUse) and first.components[0].type == "ID" and first.components[0].codes:
            return 1, True, first.components[0].codes
        if self.id == "HL":
            third = self.elements[2]
            if isinstance(third, ElementUse) and third.codes:
                return 3, False, third.codes
        return None

    @property
    def is_loop_start(self) -> bool:
        return self.loop.first is self

    def __repr__(self) -> str:
        return f"<{self.loop.id} {self.id} #{self.index}>"


@dataclass(eq=False)
class LoopUse:
    """One use of a loop. ``children`` in guide order; ``maximum`` 0 for unlimited. HEADER, DETAIL and FOOTER are the
    map's wrappers: they have no segment of their own (``is_wrapper``)."""

    id: str
    name: str
    parent: LoopUse | None
    position: int
    usage: str
    maximum: int
    is_wrapper: bool
    children: list[SegmentUse | LoopUse] = field(default_factory=list, repr=False)

    @property
    def first(self) -> SegmentUse | None:
        c = self.children[0] if self.children else None
        return c if isinstance(c, SegmentUse) else None

    @property
    def path(self) -> str:
        return (self.parent.path + "/" if self.parent else "") + self.id

    def segments(self) -> Iterator[SegmentUse]:
        """All segment uses below, in guide order."""
        for c in self.children:
            if isinstance(c, SegmentUse):
                yield c
            else:
                yield from c.segments()


@dataclass
class Guide:
    """The 837P guide. ``root`` is the interchange loop; ``set_loop`` is ST to SE."""

    version: str
    root: LoopUse
    set_loop: LoopUse
    uses: tuple[SegmentUse, ...]

    @cached_property
    def by_id(self) -> dict[str, tuple[SegmentUse, ...]]:
        """All uses of each segment."""
        return {id_: tuple(u for u in self.uses if u.id == id_) for id_ in self.segment_ids}

    @cached_property
    def segment_ids(self) -> frozenset[str]:
        return frozenset(u.id for u in self.uses)

    def use(self, loop: str, segment: str, qualifier: str = "", parent: str = "") -> SegmentUse:
        """The use of ``segment`` in ``loop`` (first whose qualifier codes hold ``qualifier``; ``parent`` a loop id
        that the path must hold). Raises KeyError."""
        for u in self.uses:
            if u.loop.id == loop and u.id == segment and (not parent or f"/{parent}/" in u.loop.path + "/"):
                q = u.qualifier
                if not qualifier or (q and qualifier in q[2]):
                    return u
        raise KeyError((loop, segment, qualifier, parent))


def _text(node: ElementTree.Element, tag: str) -> str:
    return node.findtext(tag) or ""


def _number(text: str) -> int:
    return 0 if text in ("", ">1") else int(text)


def _element(node: ElementTree.Element, types: dict[str, tuple[str, int, int]]) -> ElementUse | CompositeUse:
    designator = node.get("xid") or ""
    if node.tag == "composite":
        parts = tuple(_element(e, types) for e in node.findall("element"))
        return CompositeUse(
            designator,
            _text(node, "name"),
            _text(node, "usage"),
            tuple(p for p in parts if isinstance(p, ElementUse)),
            int(_text(node, "repeat") or 1),
        )
    if "-" in designator:  # HI01-02 in the map, HI01-2 in every acknowledgment
        head, _, tail = designator.partition("-")
        designator = f"{head}-{int(tail)}"
    number = _text(node, "data_ele")
    type_, low, high = types[number]
    codes: frozenset[str] = frozenset()
    external = ""
    valid = node.find("valid_codes")
    if valid is not None:
        external = valid.get("external") or ""
        codes = frozenset(c.text for c in valid.findall("code") if c.text)
        codes |= AMENDMENTS.get(designator, frozenset()) if codes else frozenset()
        if external in UNCHECKED_LISTS:
            external = ""
            codes = frozenset()
        elif external:
            codes |= code_list("place_of_service").all_codes
    return ElementUse(
        designator,
        number,
        _text(node, "name"),
        _text(node, "usage"),
        type_,
        low,
        high,
        codes,
        external,
        _text(node, "regex"),
        int(_text(node, "repeat") or 1),
    )


@lru_cache(maxsize=1)
def load() -> Guide:
    """Read the guide. About 50 ms; the result is shared and never changed."""
    maps = resources.files("pyx12").joinpath("map")
    types = {}
    for e in ElementTree.fromstring(maps.joinpath("dataele.xml").read_bytes()):
        types[e.get("ele_num", "")] = (e.get("data_type", ""), int(e.get("min_len", 0)), int(e.get("max_len", 0)))
    document = ElementTree.fromstring(maps.joinpath(MAP).read_bytes())
    uses: list[SegmentUse] = []

    def loop(node: ElementTree.Element, parent: LoopUse | None) -> LoopUse:
        loop_id = node.get("xid") or ""
        here = LoopUse(
            loop_id,
            _text(node, "name"),
            parent,
            POSITIONS.get(loop_id) or int(_text(node, "pos")),
            _text(node, "usage"),
            _number(_text(node, "repeat")),
            node.get("type") == "wrapper",
        )
        for child in node:
            if child.tag == "loop":
                here.children.append(loop(child, here))
            elif child.tag == "segment":
                use = SegmentUse(
                    child.get("xid") or "",
                    _text(child, "name"),
                    here,
                    len(uses),
                    int(_text(child, "pos")),
                    _text(child, "usage"),
                    _number(_text(child, "max_use")),
                    child,
                    types,
                )
                uses.append(use)
                here.children.append(use)
        here.children.sort(key=lambda c: c.position)  # stable: the map's order within a position
        return here

    top = document.find("loop")
    assert top is not None
    root = loop(top, None)
    ordered = tuple(root.segments())
    for n, use in enumerate(ordered):
        use.index = n
    set_loop = next(u.loop for u in ordered if u.id == "ST")
    return Guide(VERSION, root, set_loop, ordered)
