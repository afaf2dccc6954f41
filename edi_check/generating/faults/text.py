"""Small surgery on written segments: find one, read or replace an element, insert, remove."""

from __future__ import annotations

from collections.abc import Iterator

from ..claims import DraftClaim, money

__all__ = [
    "add_charge", "add_note", "component", "element", "find", "has_minutes", "insert_date", "last_line", "lines", "put",
    "put_component", "remove", "set_diagnoses",
]  # fmt: skip


def find(segments: list[str], start: str, after: int = 0) -> int:
    """Index of the first segment that begins with ``start``, from ``after`` on; -1 when there is none."""
    for n in range(after, len(segments)):
        if segments[n].startswith(start):
            return n
    return -1


def element(segment: str, number: int) -> str:
    """Element ``number`` (from 1), ``""`` when the segment is shorter."""
    values = segment.split("*")
    return values[number] if number < len(values) else ""


def put(segments: list[str], at: int, number: int, value: str) -> None:
    """Replace element ``number`` of the segment at ``at``."""
    values = segments[at].split("*")
    values += [""] * (number + 1 - len(values))
    values[number] = value
    segments[at] = "*".join(values).rstrip("*")


def component(segment: str, number: int, part: int) -> str:
    """Component ``part`` (from 1) of element ``number``."""
    values = element(segment, number).split(":")
    return values[part - 1] if part <= len(values) else ""


def put_component(segments: list[str], at: int, number: int, part: int, value: str) -> None:
    values = element(segments[at], number).split(":")
    values += [""] * (part - len(values))
    values[part - 1] = value
    put(segments, at, number, ":".join(values).rstrip(":"))


def remove(segments: list[str], start: str) -> bool:
    """Take out the first segment that begins with ``start``; False when there is none."""
    at = find(segments, start)
    if at < 0:
        return False
    del segments[at]
    return True


def lines(draft: DraftClaim, *procedures: str) -> Iterator[int]:
    """Indexes of the SV1 segments, of these procedures only when some are given."""
    for n, segment in enumerate(draft.segments):
        if segment.startswith("SV1*") and (not procedures or component(segment, 1, 2) in procedures):
            yield n


def last_line(draft: DraftClaim) -> int:
    """Index of the last SV1."""
    return max(lines(draft))


def has_minutes(draft: DraftClaim) -> bool:
    """Does a note give minutes, which would disagree with other units?"""
    return any(segment.startswith("NTE*") and " MINUTES " in segment for segment in draft.segments)


def add_charge(draft: DraftClaim, cents: int) -> None:
    """Add to CLM02."""
    put(draft.segments, 0, 2, money(sum(line.cents for line in draft.visit.lines) + cents))


def add_note(draft: DraftClaim, text: str) -> None:
    """Write this NTE instead of what note there is."""
    remove(draft.segments, "NTE*")
    at = find(draft.segments, "CR2*")
    draft.segments.insert(at if at > 0 else find(draft.segments, "HI*"), f"NTE*ADD*{text}")


def insert_date(draft: DraftClaim, qualifier: str, day: str) -> None:
    """Put a DTP right after CLM."""
    draft.segments.insert(1, f"DTP*{qualifier}*D8*{day}")


def set_diagnoses(draft: DraftClaim, *codes: str) -> None:
    """Write these diagnoses instead, and let every line point to them all."""
    at = find(draft.segments, "HI*")
    draft.segments[at] = "HI*ABK:" + "*ABF:".join(codes)
    for line in lines(draft):
        put(draft.segments, line, 7, ":".join(str(n + 1) for n in range(len(codes))))
