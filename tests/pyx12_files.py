"""Whole files as pyx12 sees them: its reader, its walker and its elements, each fault with the number of its segment.

``x12n_document`` does the same, but gives its results as acknowledgments only.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import pyx12.map_if
import pyx12.params
import pyx12.x12file
from pyx12.map_walker import walk_tree

from edi_check.reading import guide


class Fault(NamedTuple):
    """``segment`` counts from 1. ``kind`` is IK3, IK4, or what pyx12's reader says: seg, st, gs, isa. ``place`` is an
    element designator (IK4) or a segment or loop id (IK3)."""

    segment: int
    kind: str
    code: str
    place: str
    says: str


class NotReadable(Exception):
    """pyx12 can't read the file, or has another map for it."""


@lru_cache(maxsize=2)
def _map(name: str) -> Any:
    return pyx12.map_if.load_map_file(name, pyx12.params.ParamsBase())


def faults(text: str) -> list[Fault]:
    """Everything pyx12 has to say about an 837P. Raises NotReadable."""
    return [fault for _, _, _, found in walked(text) for fault in found]


def walked(text: str) -> Iterator[tuple[int, Any, Any, list[Fault]]]:
    """Number, pyx12's segment, its node of the map (``None`` where it finds none) and faults of each segment, and one
    more without a segment for the faults of the end. Raises NotReadable."""
    try:
        source = pyx12.x12file.X12Reader(io.StringIO(text))
    except pyx12.errors.X12Error as error:
        raise NotReadable(str(error)) from None
    if source.icvn != "00501":
        raise NotReadable(f"ISA12 {source.icvn}")
    envelope, professional = _map("x12.control.00501.xml"), _map(guide.MAP)
    walker, node = walk_tree(), envelope.getnodebypath("/ISA_LOOP/ISA")
    n = 0
    for n, segment in enumerate(source, 1):
        before, segment_id, errors = node, segment.get_seg_id(), []
        if segment_id == "ISA":
            node = envelope.getnodebypath("/ISA_LOOP/ISA")
            walker.forceWalkCounterToLoopStart("/ISA_LOOP", "/ISA_LOOP/ISA")
        elif segment_id == "GS":
            if not (segment.get_value("GS08") or "").startswith("005010X222"):
                raise NotReadable(f"GS08 {segment.get_value('GS08')}")
            source.check_837_lx = True
            node = professional.getnodebypath("/ISA_LOOP/GS_LOOP/GS")
            walker.forceWalkCounterToLoopStart("/ISA_LOOP/GS_LOOP", "/ISA_LOOP/GS_LOOP/GS")
        else:
            node, _, _, errors = walker.walk_errors(node, segment, source.get_seg_count(), source.get_cur_line(), None)
        found = [Fault(n, "IK3", e.err_cde, segment_id if e.map_node is None else e.map_node.id, e.err_str)
                 for e in errors]
        found += [Fault(n, kind, code, segment_id, says) for kind, code, says, _, _ in source.pop_errors()]
        if node is not None:
            found += _elements(node, segment, n)
        yield n, segment, node, found
        node = before if node is None else node
    source.cleanup()
    yield n, None, None, [Fault(n, kind, code, "", says) for kind, code, says, _, _ in source.pop_errors()]


def _elements(node: Any, segment: Any, n: int) -> list[Fault]:
    try:
        _, errors = node.is_valid_errors(segment)
    except Exception as error:  # it raises on some input (docs/deviations.md)
        return [Fault(n, "IK4", "raises", segment.get_seg_id(), repr(error))]
    return [Fault(n, "IK4", e.err_cde, _designator(segment.get_seg_id(), e.refdes), e.err_str) for e in errors]


def _designator(segment_id: str, place: Any) -> str:
    """``CLM05-02``, ``02`` or ``8`` to a designator as ours."""
    head, _, part = str(place).partition("-")
    head = f"{segment_id}{int(head):02d}" if head.isdigit() else head
    return f"{head}-{int(part)}" if part else head
