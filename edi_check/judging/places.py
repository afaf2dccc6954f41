"""From a hit's designator to ``Where``: which segment, which element, and what stands there."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..findings import Where
from ..model import Delimiters, Place
from ..privacy import is_private_value

__all__ = ["place_of", "value_at", "where_of"]

_DESIGNATOR = re.compile(r"([A-Z][A-Z0-9]{1,2})(\d\d)(?:-(\d{1,2}))?\Z")
_PARSED: dict[str, tuple[str, int, int]] = {}


def _parsed(designator: str) -> tuple[str, int, int]:
    """(segment id, element, component) of ``SV101-2``; (text, 0, 0) for a bare segment id."""
    known = _PARSED.get(designator)
    if known is None:
        match = _DESIGNATOR.match(designator)
        known = (match[1], int(match[2]), int(match[3] or 0)) if match else (designator, 0, 0)
        _PARSED[designator] = known  # bounded: designators are written in packs and checks
    return known


def value_at(text: str, designator: str, delimiters: Delimiters) -> str:
    """What stands in a segment's text at ``SV104`` or ``SV101-2``; ``""`` when nothing does, or for a whole segment.

    >>> value_at("SV1*HC:97140:GP*60*UN*2", "SV101-3", Delimiters())
    'GP'
    """
    segment, element, component = _parsed(designator)
    elements = text.split(delimiters.element)
    if not element or element >= len(elements) or elements[0] != segment:
        return ""
    if not component:
        return elements[element]
    components = elements[element].split(delimiters.component)
    return components[component - 1] if component <= len(components) else ""


_NEXT_LOOP = frozenset({"", "NM1", "HL", "CLM", "LX", "SBR", "SE"})


def place_of(locate: Callable[[int], Place], segment: int, designator: str, delimiters: Delimiters) -> Place:
    """The place of segment number ``segment``, or, when ``designator`` names another segment, of the first such one
    behind it in its loop: a check knows a party's NM1, not where its N4 stands."""
    place = locate(segment)
    wanted = _parsed(designator)[0]
    if not wanted or not place.text or place.text.partition(delimiters.element)[0] == wanted:
        return place
    for number in range(segment + 1, segment + 12):
        behind = locate(number)
        found = behind.text.partition(delimiters.element)[0]
        if found == wanted:
            return behind
        if found in _NEXT_LOOP:
            break
    return place


_LEFT_OUT = {"SV101-": range(3, 7), "SV107-": range(1, 5)}
"""Modifiers and pointers: a claim has those that are filled, so a check counts them without the empty ones."""


def _as_sent(text: str, designator: str, delimiters: Delimiters) -> str:
    """The designator of what a check has found at ``designator``, empty components counted."""
    element = designator[:6]
    if element not in _LEFT_OUT:
        return designator
    if delimiters.component * 2 not in text and delimiters.element + delimiters.component not in text:
        return designator  # none is empty
    places, component = _LEFT_OUT[element], int(designator[6:])
    if component not in places:
        return designator
    filled = [n for n in places if value_at(text, f"{element}{n}", delimiters)]
    number = component - places[0]
    return f"{element}{filled[number]}" if number < len(filled) else designator


def where_of(place: Place, designator: str, delimiters: Delimiters) -> Where:
    """The ``Where`` of a finding at ``designator`` of the segment at ``place``. An element of a segment that isn't
    there keeps that segment's id, so that no report marks the element of its number in the one that is."""
    designator = _as_sent(place.text, designator, delimiters)
    segment, element, component = _parsed(designator)
    elements = place.text.split(delimiters.element)
    return Where(
        loop=place.loop, segment_id=segment if element else elements[0] or segment,
        element=designator if element else "",
        segment=place.segment, set_segment=place.set_segment, offset=place.offset, length=place.length,
        value=value_at(place.text, designator, delimiters),
        is_private=bool(element) and is_private_value(elements, element, component, delimiters.component),
        text=place.text)
