"""``edi-check edits --coverage``: of the guide and of both policy texts, what is checked, and what is not.

Made of the guide's own tables, of the packs, and of ``packs/coverage.toml``; ``docs/coverage.md`` is exactly the
Markdown of it, and a test says so. Names of loops and segments are X12's and are left out.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from ..judging.packs import PACKS_FOLDER, Pack
from ..reading.guide import CompositeUse, ElementUse, Guide, SegmentUse, load

__all__ = ["coverage", "coverage_json", "coverage_page", "coverage_text", "told"]

_LOOP = re.compile(r"(\d{4}[A-F]{0,2})\Z")
_PLACE = re.compile(r"([A-Z][A-Z0-9]{1,2}?)(\d{2}(?:-\d)?)?(?:\*(\w+))?\Z")


class Situation(NamedTuple):
    """A place whose presence the guide makes depend on something, and the edits that look at that."""

    place: str
    edits: tuple[str, ...]


class Loop(NamedTuple):
    """A loop: its segments as ``NM1 R 1`` (usage, how often), how many elements they use, and the edits that look at
    them besides their form."""

    id: str
    usage: str
    maximum: int
    segments: tuple[str, ...]
    elements: int
    edits: tuple[str, ...]


class Coverage(NamedTuple):
    """The whole of it; ``policies`` as ``packs/coverage.toml`` has them."""

    loops: tuple[Loop, ...]
    segments: tuple[Situation, ...]
    elements: tuple[Situation, ...]
    policies: Sequence[dict[str, Any]]


def coverage(packs: Sequence[Pack]) -> Coverage:
    """What the packs of the package cover. In: the packs; out: data."""
    with open(os.path.join(PACKS_FOLDER, "coverage.toml"), "rb") as file:
        data = tomllib.load(file)
    guide = load()
    known = {edit.edit.id for pack in packs for edit in pack.edits}
    situational = {place: tuple(e for e in edits if e in known) for place, edits in data["situational"].items()}
    uses = list(_uses(guide))
    segments = [Situation(_name(use), _looking(situational, use, "")) for use in uses if _is_situational(use)]
    elements = [Situation(f"{use.loop.id} {_within(use, designator)}", _looking(situational, use, designator))
                for use in uses for designator, usage in _elements(use) if usage == "S"]
    loops = tuple(_loops(guide, packs, data["form_only"]["loops"]))
    return Coverage(loops, tuple(segments), tuple(elements), data["policy"])


def _uses(guide: Guide) -> Iterator[SegmentUse]:
    """The uses in numbered loops. Claims hang on the subscriber or on the patient: the guide has their loops twice,
    here they stand once."""
    for use in guide.uses:
        if use.loop.id[:1].isdigit() and not ("/2000C/" in use.loop.path and use.loop.id >= "2300"):
            yield use


def _within(use: SegmentUse, designator: str) -> str:
    """``NM108``; with the segment's qualifier where the loop has several uses of it: ``REF*F8 REF04``."""
    name = _name(use).partition(" ")[2]
    return f"{name} {designator}" if "*" in name else designator


def _is_situational(use: SegmentUse) -> bool:
    """Of a loop's first segment the loop's own usage counts."""
    return (use.loop.usage if use.is_loop_start else use.usage) == "S"


def _name(use: SegmentUse) -> str:
    """``2300 DTP*439``: with its qualifier where the loop has more than one use of the segment."""
    alike = [u for u in use.loop.children if isinstance(u, SegmentUse) and u.id == use.id]
    codes = use.qualifier[2] if use.qualifier else frozenset()
    return f"{use.loop.id} {use.id}" + (f"*{'/'.join(sorted(codes)[:4])}" if len(alike) > 1 and codes else "")


def _elements(use: SegmentUse) -> Iterator[tuple[str, str]]:
    """(designator, usage) of the elements and components that the guide uses."""
    for element in use.elements:
        if element.usage == "N":
            continue
        yield element.designator, element.usage
        if isinstance(element, CompositeUse):
            yield from ((c.designator, c.usage) for c in element.components if c.usage != "N")


def _looking(situational: dict[str, tuple[str, ...]], use: SegmentUse, designator: str) -> tuple[str, ...]:
    codes = use.qualifier[2] if use.qualifier else frozenset()
    if designator:
        return situational.get(f"{use.loop.id} {designator}", ())
    places = [f"{use.loop.id} {use.id}", *(f"{use.loop.id} {use.id}*{code}" for code in sorted(codes))]
    return next((situational[p] for p in places if p in situational), ())


def _loops(guide: Guide, packs: Sequence[Pack], form_only: Sequence[str]) -> Iterator[Loop]:
    """``form_only``: loops that an edit on any loop doesn't see."""
    places = list(_places(packs, guide))
    seen: dict[str, list[SegmentUse]] = {}
    for use in _uses(guide):
        seen.setdefault(use.loop.id, []).append(use)
    for id, uses in seen.items():
        segments: dict[str, int] = {}
        for use in uses:
            usage = use.loop.usage if use.is_loop_start else use.usage
            segments[f"{use.id} {usage}"] = segments.get(f"{use.id} {usage}", 0) + 1
        ids = {u.id for u in uses}
        edits = sorted({edit for edit, loop, segment in places
                        if (loop == id or (not loop and id not in form_only)) and segment in ids})
        count = sum(isinstance(e, ElementUse | CompositeUse) and e.usage != "N" for u in uses for e in u.elements)
        yield Loop(id, uses[0].loop.usage, uses[0].loop.maximum,
                   tuple(f"{name} {n}" for name, n in segments.items()), count, tuple(edits))


def _places(packs: Sequence[Pack], guide: Guide) -> Iterator[tuple[str, str, str]]:
    """(edit, loop or ``""`` for any, segment id) as far as CORE's edits name places in their section."""
    for data in (d for pack in packs if pack.id == "CORE" for d in pack.edits):
        loops: list[str] = []
        was_segment = False
        for word in re.split(r"[\s,;]+", data.edit.source.section):
            loop = _LOOP.match(word)
            if loop:
                loops = [*loops, loop[1]] if not was_segment else [loop[1]]
                was_segment = False
                continue
            id = next((word[:n] for n in (3, 2) if word[:n] in guide.segment_ids), "")
            if id and _PLACE.match(word):
                was_segment = True
                yield from ((data.edit.id, each, id) for each in (loops or [""]))


# --- as text, Markdown, JSON -----------------------------------------------------------------------------------

HEAD = """\
# Coverage, honestly

Made by `edi-check edits --coverage -f markdown -o docs/coverage.md`; edit `edi_check/packs/coverage.toml`, not this
page.

"""

ALWAYS = """\
Of every segment and element of the 837P guide (005010X222A1) that a file has, its *form* is checked: order and number
of loops and segments, required ones missing, ones that aren't used, length, type, characters, dates, closed lists of
codes, syntax notes, repetitions. Findings carry the codes of the 999 (IK3, IK4). Not checked, and so never called
valid: lists that others keep (currencies, remark codes; states and countries only as a warning; procedures and
diagnoses only with tables that the user loads), and whether a taxonomy code exists (only its shape is looked at).
"""

SITUATIONS = """\
The guide says of many segments and elements *when* they are needed, in prose. Which of these rules an edit looks at
stands here; of all others only the form is checked when they are there. An edit that looks may be milder than the
rule, or narrower (Medicare's manipulation only, say): `edi-check explain ID` tells.
"""

_SHOWS = {"yes": "a claim shows it", "part": "in part", "no": "a claim can't show it"}


def coverage_text(found: Coverage) -> str:
    """A screen or two: figures, and the policies item by item."""
    lines = [_figures(found), ""]
    for policy in found.policies:
        lines += [policy["title"], ""]
        for item in policy["item"]:
            lines.append(f"{item['item']}: {item['says']}. {_SHOWS[item['shows']].capitalize()}.")
            remark = f". {item['why']}" if item["why"] else ""
            lines.append(click.wrap_text((", ".join(item["edits"]) or "No edit") + remark, 100, "    ", "    "))
        lines.append("")
    return "\n".join([*lines, "All of it, segment by segment: edi-check edits --coverage -f markdown", ""])


def told(packs: Sequence[Pack], form: str) -> str:
    """The coverage as ``text``, ``markdown`` or ``json``."""
    found = coverage(packs)
    if form == "json":
        return json.dumps(coverage_json(found), indent=1) + "\n"
    return coverage_page(found) if form == "markdown" else coverage_text(found)


def _figures(found: Coverage) -> str:
    segments, elements = (sum(bool(s.edits) for s in group) for group in (found.segments, found.elements))
    uses = sum(int(name.rpartition(" ")[2]) for loop in found.loops for name in loop.segments)
    return (f"Form: all {uses} uses of segments in {len(found.loops)} loops. Situational rules that an edit looks at: "
            f"{segments} of {len(found.segments)} segments and loops, {elements} of {len(found.elements)} elements.")


def coverage_page(found: Coverage) -> str:
    """The page ``docs/coverage.md``."""
    lines = [HEAD, "## The guide: form", "", ALWAYS, _figures(found), "",
             "Usage: R required, S situational; the number is how many uses of the segment the loop has.", "",
             "| loop | usage | at most | segments | elements | edits that look further |", "|---|---|---|---|---|---|"]
    for loop in found.loops:
        cells = (loop.id, loop.usage, str(loop.maximum or "any"), ", ".join(loop.segments), str(loop.elements),
                 _linked(loop.edits))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## The guide: situational rules", "", SITUATIONS]
    lines += _situations("Segments and loops", found.segments) + _situations("Elements", found.elements)
    for policy in found.policies:
        lines += [f"## {policy['title']}", "", "| item | it says | a claim shows it | edits | remark |",
                  "|---|---|---|---|---|"]
        for i in policy["item"]:
            lines.append(f"| {i['item']} | {i['says']} | {i['shows']} | {_linked(i['edits'])} | {i['why']} |")
        lines.append("")
    return "\n".join(lines)


def _situations(title: str, group: Sequence[Situation]) -> list[str]:
    lines = [f"### {title}", "", "Looked at:", "", *(f"- {s.place}: {_linked(s.edits)}" for s in group if s.edits)]
    by_loop: dict[str, dict[str, None]] = {}
    for s in group:
        if not s.edits:
            loop, _, rest = s.place.partition(" ")
            by_loop.setdefault(loop, {})[rest] = None
    return [*lines, "", "Not looked at:", "", *(f"- {loop}: {', '.join(rest)}" for loop, rest in by_loop.items()), ""]


def _linked(edits: Sequence[str]) -> str:
    return ", ".join(f"[{edit}](edits.md#{edit.lower()})" for edit in edits) or "none"


def coverage_json(found: Coverage) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "loops": [loop._asdict() for loop in found.loops],
        "situational_segments": [s._asdict() for s in found.segments],
        "situational_elements": [s._asdict() for s in found.elements],
        "policies": list(found.policies),
    }
