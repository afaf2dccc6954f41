"""What a TA1, a 999 or a 997 says, as statements: interchange, group, set, segment, element."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ..model import FunctionalGroup, Interchange, Place
from ..phrases import day_told
from ..privacy import is_private_in_view, is_private_value, legible, private
from ..reading.names import element_name, party
from ..telling.spots import Spot, designated, spot
from .codes import RESULTS, meaning
from .contradictions import of_group
from .controls import whole_number
from .original import Original
from .pointing import CONTROL_POINTS
from .received import ElementAnswer, GroupAnswer, InterchangeAnswer, Received, SegmentAnswer, SetAnswer
from .set_numbers import SetRecord, group_key, in_turn, set_key
from .statements import ClaimVerdicts, Statement, code_list, shown_number

__all__ = ["SyntaxStatements", "asked_positions"]

VERDICTS = {"A": "accepted", "E": "errors", "P": "partial", "R": "rejected", "M": "rejected", "W": "rejected",
            "X": "rejected"}
ABSENT = frozenset({"3", "I6", "I7", "I8"})
"""IK304 of segments that are not there."""
AT_HAND = 50
"""Sets of one number that are held against an AK2. There are more than a few only where somebody numbers no sets; all
of them each time would be their square."""


def asked_positions(received: Received) -> dict[tuple[str, str], set[int]]:
    """The segments that the acknowledgment speaks of, by group and set."""
    asked: dict[tuple[str, str], set[int]] = {}
    groups = (a for i in received.interchanges for a in i.answers if isinstance(a, GroupAnswer))
    for group in groups:
        for one in group.sets:
            positions = asked.setdefault((group_key(group.number), set_key(one.number)), set())
            positions.update(f.position for f in one.segments if f.position)
    return asked


@dataclass
class SyntaxStatements:
    """Makes the statements. ``original`` is the file answered, ``None`` without one; ``remarks`` say where the two
    don't fit together."""

    original: Original | None
    verdicts: ClaimVerdicts
    show_values: bool
    remarks: list[str] = field(default_factory=list)
    _groups_met: Counter[str] = field(default_factory=Counter)
    _interchanges_met: Counter[str] = field(default_factory=Counter)

    def of_interchange(self, ta1: InterchangeAnswer) -> Statement:
        """A TA1."""
        said = _result(ta1.result)
        day = shown_number(day_told(ta1.day), "(no day)")
        mine: Sequence[Interchange] = ()
        one = Statement("TA1", "interchange", f"Interchange {shown_number(ta1.number)} of {day}: {said}.",
                        VERDICTS.get(ta1.result, ""), names={"interchange": ta1.number})
        if ta1.code.strip("0") or ta1.result != "A":
            one.codes = code_list("TA105", [ta1.code])
        if self.original:
            mine = self.original.set_numbers.interchanges(ta1.number)
            if not mine:
                self.remarks.append(f"The original has no interchange {shown_number(ta1.number)}.")
            nth = self._interchanges_met[ta1.number]
            self._interchanges_met[ta1.number] += 1
            mine = mine[min(nth, len(mine) - 1) :][:1]  # of one number: in the order they are answered
            if mine and one.result == "rejected":
                one.claims = self.original.claims_of(*self.original.set_numbers.of_interchange(mine[0]))
            for i in mine:
                isa = Place(i.segment, 0, i.offset, len(i.header), "", i.header)
                point = CONTROL_POINTS["TA105"].get(ta1.code.zfill(3), "") if one.result != "accepted" else ""
                place = self.original.trailer(i.segment, "IEA", "ISA") if point.startswith("IEA") else isa
                if point and place:
                    one.spots = [self._spot(place, point)]
        if one.result == "rejected":
            self._whole(one, "the interchange", "TA1", bool(mine))
        return one

    def of_group(self, group: GroupAnswer) -> list[Statement]:
        """A 999 or 997."""
        said = _result(group.result)
        counts = ", ".join(f"{shown_number(count, '?')} {what}" for count, what in (
            (group.declared, "announced"), (group.received, "received"), (group.accepted, "accepted")))
        kind = " ".join(legible(x, 12) for x in (group.functional_id, group.version) if x)
        head = Statement(group.kind, "group", f"Group {shown_number(group.number)} ({kind}): {said}. Sets: {counts}.",
                         VERDICTS.get(group.result, ""), code_list("AK905", group.codes), {"group": group.number})
        self.remarks += of_group(group)
        found = [head]
        matched = self._match(group)
        for one, record in zip(group.sets, matched, strict=True):
            found += self._of_set(group, one, record)
        answered = self._answered(group, matched) if self.original else None
        is_whole = head.result == "rejected" and (bool(group.codes) or self._leaves_out(group, answered))
        if self.original:
            if answered is None:
                self.remarks.append(f"The original has no group {shown_number(group.number)}.")
            elif is_whole:
                head.claims = self.original.claims_of(*self.original.set_numbers.of_group(answered))
            head.spots = self._of_codes("AK905", group.codes, answered.segment if answered else 0, "GS")
        if is_whole:
            self._whole(head, "the group", group.kind, answered is not None)
        return found

    def _leaves_out(self, group: GroupAnswer, answered: FunctionalGroup | None) -> bool:
        """Does the answer to a rejected group leave out sets of it, which are rejected then, too? Not where it says
        that some were accepted: it contradicts itself."""
        if whole_number(group.accepted) or any(VERDICTS.get(s.result) in ("accepted", "errors") for s in group.sets):
            return not group.sets
        told = max(whole_number(group.declared) or 0, whole_number(group.received) or 0, 1)
        return len(group.sets) < (len(answered.sets) if answered else told)

    # --- sets ------------------------------------------------------------------------------------------------

    def _match(self, group: GroupAnswer) -> list[SetRecord | None]:
        """The sets of the original that the AK2s mean. Numbers may be there twice: then the one whose segments fit, and
        that wasn't taken before."""
        named: dict[str, _Candidates] = {}
        found: list[SetRecord | None] = []
        nth = self._groups_met[group_key(group.number)]
        for one in group.sets:
            key = set_key(one.number)
            if self.original and key not in named:
                named[key] = _Candidates(in_turn(self.original.set_numbers.named(group.number, one.number), nth))
            taken = named[key].take(one) if key in named else None
            found.append(taken)
            if self.original and one.number and taken is None:
                self.remarks.append(f"The original has no set {shown_number(one.number)} in a group "
                                    f"{shown_number(group.number)}.")
        return found

    def _answered(self, group: GroupAnswer, matched: list[SetRecord | None]) -> FunctionalGroup | None:
        """The group of the original that an AK1 means: that of its sets, or the next of this number."""
        assert self.original is not None
        key = group_key(group.number)
        mine = next((r.group for r in matched if r), None)
        mine = mine or self.original.set_numbers.group(group.number, self._groups_met[key])
        if mine:
            self._groups_met[key] = mine.index + 1
        return mine

    def _of_set(self, group: GroupAnswer, one: SetAnswer, record: SetRecord | None) -> list[Statement]:
        said = _result(one.result)
        kind = f" ({legible(one.id_code, 6)})" if one.id_code else ""
        names = {"group": group.number, "set": one.number}
        head = Statement(group.kind, "set", f"Set {shown_number(one.number)}{kind}: {said}.",
                         VERDICTS.get(one.result, ""), code_list("IK502", one.codes), dict(names))
        found = [head]
        if record and self.original:
            if head.result == "rejected":
                head.claims = self.original.claims_of(record)
            head.spots = self._of_codes("IK502", one.codes, record.set.segment, "ST")
        if head.result == "rejected":
            self._whole(head, "the set", group.kind, record is not None)
        for fault in one.segments:
            found += self._of_segment(group.kind, fault, record, names, head.result)
        return found

    def _whole(self, head: Statement, what: str, kind: str, is_known: bool) -> None:
        """Everything below a statement is refused. ``is_known``: it was found in the original."""
        head.hits = f"every claim of {what}"
        if head.claims:
            self.verdicts.refuse(kind, head.claims)
        elif not is_known:
            self.verdicts.unlisted.append(head.says)

    def _of_codes(self, name: str, codes: Iterable[str], start: int, head: str) -> list[Spot]:
        """The control segments that codes of a group or set are about."""
        found: dict[str, Spot] = {}
        for code in codes:
            point = CONTROL_POINTS[name].get(code, "")
            if not point or not self.original or not start:
                continue
            if point[:2] == head:
                place = self.original.controls.get(start)
            else:
                place = self.original.trailer(start, point[:2], head)
            if place:
                found.setdefault(point, self._spot(place, point))
        return list(found.values())

    def _spot(self, place: Place, designator: str) -> Spot:
        assert self.original is not None
        return spot(place, self.original.delimiters_at(place.offset), *designated(designator), self.show_values)

    # --- segments and elements -------------------------------------------------------------------------------

    def _of_segment(self, kind: str, fault: SegmentAnswer, record: SetRecord | None, names: dict[str, str],
                    verdict: str) -> list[Statement]:
        place = _place(fault, record)
        elements = place.text.split(record.interchange.delimiters.element) if place and record else []
        is_same = bool(elements) and _is_named(elements[0], fault.segment_id)
        here = {**names, "segment_id": fault.segment_id, "position": fault.position, "loop": fault.loop}
        loop = place.loop if place and place.loop and is_same and fault.code not in ABSENT else fault.loop
        what = shown_number(fault.segment_id, "a segment")
        one = Statement(kind, "segment", f"Segment {fault.position or '?'} of the set, {what}{_in_loop(loop)}: "
                        f"{_meant('IK304', fault.code)}.", "", code_list("IK304", [fault.code]), here)
        one.says += "".join(f" {_trigger(t)}" for t in fault.triggers)
        self._hit(kind, one, fault, record, place, verdict)
        found = [one]
        if place and not is_same and fault.code not in ABSENT:
            there = private(elements[0]) if is_private_in_view(elements, 0) else shown_number(elements[0])
            self.remarks.append(f"Segment {fault.position} of set {shown_number(names['set'])} is a {what} for the "
                                f"acknowledgment and a {there} in the original: is it the file that was answered?")
        held = record.set.segments if record else 0
        if held and fault.position > held + (fault.code in ABSENT):
            self.remarks.append(f"Set {shown_number(names['set'])} of the original has {held:,} segments, and the "
                                f"acknowledgment speaks of segment {fault.position:,}: is it the file that was "
                                "answered?")
        if place and self.original and (not fault.elements or not is_same):
            one.spots = [self._spot(place, "")]
        for element in fault.elements:
            told = self._of_element(kind, element, fault, here, elements if is_same else [fault.segment_id],
                                    record.interchange.delimiters.component if record else "")
            if place and self.original and is_same:
                told.spots = [spot(place, self.original.delimiters_at(place.offset), element.position,
                                   element.component, self.show_values)]
            found.append(told)
        return found

    def _hit(self, kind: str, one: Statement, fault: SegmentAnswer, record: SetRecord | None, place: Place | None,
             verdict: str) -> None:
        """Which claims a segment takes with it. Where the set is refused, all are, and that has been said."""
        if record and place and self.original:
            is_line_short = fault.code in ABSENT and fault.loop.startswith("24")
            one.claims = self.original.claims_at(record, place, fault.claim, is_line_short)
            if len(one.claims) > 1 or not fault.claim:
                one.hits = "the claims below it" if one.claims else ""
        if fault.claim:
            one.names["claim"] = fault.claim
            one.hits = f"claim {shown_number(fault.claim)}"
        if verdict == "accepted" or (verdict == "rejected" and self.original):
            return
        if one.claims:
            self.verdicts.refuse(kind, one.claims)
        elif fault.claim:
            self.verdicts.name(kind, fault.claim, True)

    def _of_element(self, kind: str, element: ElementAnswer, fault: SegmentAnswer, names: dict[str, object],
                    elements: list[str], separator: str) -> Statement:
        designator = f"{legible(fault.segment_id, 3)}{element.position:02d}"
        designator += f"-{element.component}" if element.component else ""
        words = element_name(designator, elements)
        subject = (f"{designator} ({words})" if words else designator) if element.position else "An element"
        subject += f", repetition {element.repetition}" if element.repetition else ""
        value = ""
        if element.value:
            is_hidden = is_private_value(elements or [fault.segment_id], element.position, element.component, separator)
            value = f" (“{private(element.value) if is_hidden else legible(element.value)}”)"
        says = f"{subject}{value}: {_meant('IK403', element.code)}."
        says += "".join(f" {_trigger(t)}" for t in element.triggers)
        return Statement(kind, "element", says, "", code_list("IK403", [element.code]),
                         {**names, "element": designator if element.position else "", "repetition": element.repetition})


class _Candidates:
    """The sets of one number that AK2s may mean, in the order they are likely to be meant."""

    def __init__(self, records: Iterator[SetRecord]) -> None:
        self._rest = records
        self._near: list[SetRecord] = []

    def take(self, one: SetAnswer) -> SetRecord | None:
        """Of the next few, the one that fits this AK2 best; it isn't given again."""
        near = self._near
        near += islice(self._rest, AT_HAND - len(near))
        if len(near) < 2:
            return near.pop() if near else None
        return near.pop(max(range(len(near)), key=lambda n: _fit(one, near[n])))


def _result(code: str) -> str:
    """TA104, AK901 or IK501 in words."""
    return RESULTS.get(code) or (f"answered with {legible(code, 12)}, which is unknown here" if code else "no result")


def _fit(one: SetAnswer, record: SetRecord) -> int:
    """How much of what is named stands in this set as the answer says: segments, and values repeated (IK404). What is
    told to be absent stands, if at all, in the set that doesn't lack it."""
    delimiters = record.interchange.delimiters
    fit = 0
    for fault in one.segments:
        if fault.code in ABSENT:
            continue
        place = record.places.get(fault.position)
        elements = place.text.split(delimiters.element) if place else [""]
        if _is_named(elements[0], fault.segment_id):
            fit += 1
            for told in fault.elements:
                value = elements[told.position] if 0 < told.position < len(elements) else ""
                parts = value.split(delimiters.component) if told.component and delimiters.component else [value]
                fit += bool(told.value) and told.value == "".join(parts[max(told.component - 1, 0) :][:1])
    return fit


def _is_named(segment_id: str, told: str) -> bool:
    """Is this the segment that an IK301 means? What is no id is cut, before or after signs are left out, or filled
    there."""
    if segment_id.strip() == told:
        return True
    return any("".join(c for c in text if c.isascii() and c.isalnum())[:3].ljust(2, "0") == told
               for text in (segment_id, segment_id[:3]))


def _place(fault: SegmentAnswer, record: SetRecord | None) -> Place | None:
    if record is None or (record.set.segments and fault.position > record.set.segments):
        return None
    return record.places.get(fault.position)


def _in_loop(loop: str) -> str:
    """`` of the claim (loop 2300)``. IK303 has four characters: what it cuts is given as it is."""
    if not loop:
        return ""
    words = party(loop) if loop[:1].isdigit() else ""
    return f" in loop {legible(loop, 8)}" if words.startswith("the loop") or not words else f" of {words}"


def _meant(name: str, code: str) -> str:
    """What a code means, with the code."""
    return f"{meaning(name, legible(code, 6))} ({name} {legible(code, 6) or 'empty'})"


def _trigger(trigger: list[str]) -> str:
    """A CTX that names what made a segment or element required or forbidden, as a sentence."""
    segment, position, loop, element, *_ = (*trigger, "", "", "", "")
    number, _, part = element.partition(":")
    name = legible(segment, 3) + (f"{int(number):02d}" if number.isascii() and number.isdigit() else "")
    name += f"-{part}" if part.isascii() and part.isdigit() else ""
    where = f", segment {legible(position, 9)} of the set" if position else ""
    return f"It depends on {name}{_in_loop(loop)}{where}." if segment else ""
