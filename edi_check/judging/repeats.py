"""What the guide has said already: a CORE finding on an element whose form the reader refused, as gravely, is the same
slip told twice. What it is not: for the policies of payers; those are told all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from ..findings import Finding, is_at_least
from ..model import Claim
from .places import place_of
from .registry import Hit

__all__ = ["is_told", "said_once"]


def is_told(claim: Claim, hit: Hit, finding: Finding, level_of: Callable[[str], str]) -> bool:
    """Does a finding of the reader, as grave as this one, say already that this element, or what it follows from
    (``hit.unless``), is no good? ``level_of`` an edit: in force, ``off`` where it isn't reported."""
    own = ((finding.where.segment, finding.where.element),) if finding.where.element else ()
    delimiters = claim.interchange.delimiters
    behind = [(place_of(claim.locate, segment, at, delimiters).segment, at) for segment, at in hit.unless]
    told = (claim.told(segment, element) for segment, element in (*own, *behind))
    return any(is_at_least(level_of(edit), finding.level) for edit in told if edit)


def said_once(above: list[Finding]) -> list[Finding]:
    """The same for what the reader says above the claims (of an HL): without what CORE repeats."""
    own = [f for f in above if not f.ik3 and f.where.element]
    if not own:
        return above
    refused: dict[tuple[int, str], str] = {}
    for f in above:
        if f.ik4 and is_at_least(f.level, refused.get((f.where.segment, f.where.element), "note")):
            refused[f.where.segment, f.where.element] = f.level
    repeated = {id(f) for f in own if is_at_least(refused.get((f.where.segment, f.where.element), "off"), f.level)}
    return [f for f in above if id(f) not in repeated]
