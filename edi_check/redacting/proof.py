"""Do a file and its copy raise the same findings? All of them, but for values and the sentences that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from ..findings import Finding
from ..report import FileReport

__all__ = ["differences"]

_QUOTE_THE_ID = ("IK3-1", "TA1-024")
"""What they say of a segment nobody knows begins with its id, which may be the rest of a name."""


def differences(original: FileReport, copy: FileReport) -> Iterator[str]:
    """What differs, each as a sentence without values; nothing when the copy is judged as the original is."""
    for what, mine, its in (
        ("the disposition of the file", original.disposition, copy.disposition),
        ("the counts", _counts(original), _counts(copy)),
        ("what is said of interchange, group and set", original.results, copy.results),
        ("the findings beyond those listed", original.omitted, copy.omitted),
        ("what was not evaluated", original.not_evaluated, copy.not_evaluated),
        ("the faults of ours", [f.edit for f in original.faults], [f.edit for f in copy.faults]),
    ):
        if mine != its:
            yield f"{what} differs"
    for finding, other in zip_longest(map(_finding, original.findings), map(_finding, copy.findings)):
        if finding != other:
            at = finding or other
            assert at is not None
            yield f"{at[0]} at segment {at[5][4]} differs"
    for claim, other_claim in zip_longest(original.outlines(), copy.outlines()):
        if _claim(claim) != _claim(other_claim):
            yield f"the verdict on claim {(claim or other_claim or ('?',))[0]} differs"


def _counts(file: FileReport) -> Any:
    c = file.counts
    return (c.segments, c.sets, c.claims, c.accepted, c.review, c.rejected, c.lines, c.charge, c.accepted_charge,
            c.rejected_charge, c.findings)


def _finding(f: Finding | None) -> tuple[Any, ...] | None:
    """A finding without what was found: value, sentence, claim number."""
    if f is None:
        return None
    where = f.where._replace(segment_id="") if f.edit in _QUOTE_THE_ID else f.where
    return (f.edit, f.level, f.claim, f.line, f.scope, where[:10], f.status, f.related, f.interchange, f.group,
            f.set_index, f.ik3, f.ik4)


def _claim(row: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """A claim's outline without its number, its payer's id and its set's number (which set it is in stays)."""
    return None if row is None else (row[0], *row[2:6], *row[7:10], *row[11:16])
