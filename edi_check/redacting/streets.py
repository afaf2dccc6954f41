"""Street lines of a copy: a post office box stays one, and what is none doesn't become one."""

from __future__ import annotations

import re

from ..generating.draws import words
from ..judging.edits.addresses import is_po_box

__all__ = ["WORDS", "kept_spans"]

WORDS = frozenset(words(
    "PO BOX P O POB POBOX BX B LOCK POST POSTAL OFFICE OFF RR R RFD RURAL RT RTE ROUTE HC H C HCR HIGHWAY HWY CONTRACT "
    "STAR PSC CMR UNIT APT STE SUITE FL FLOOR BLDG RM SPC LOT ST STREET AVE AVENUE RD ROAD LN LANE DR DRIVE CT COURT "
    "WAY PL PLACE LOOP BLVD CIR TER PKWY N S E W NE NW SE SW NORTH SOUTH EAST WEST NO ATTN"))
"""Words that say what a line is, not where it is."""

_TOKEN = re.compile("[A-Za-z0-9]+")


def kept_spans(street: str) -> list[tuple[int, int]]:
    """The places of the letters (and zeros that stand for them) that make a street line a post office box; none when it
    isn't one."""
    if not is_po_box(street):
        return []
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(street)]
    for width in range(1, len(tokens) + 1):
        for n in range(len(tokens) - width + 1):
            start, stop = tokens[n][0], tokens[n + width - 1][1]
            if is_po_box(street[start:stop]):
                return [(m.start() + start, m.end() + start) for m in re.finditer("[A-Za-z0]+", street[start:stop])]
    return [(0, len(street))]
