"""Where our verdict on a segment differs from pyx12's ``is_valid_errors``, and why: the written list.

A disagreement that no entry explains fails ``test_lanes``; so does an entry whose example doesn't show it.
``python tests/deviations.py`` writes the list into docs/deviations.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edi_check.findings import Finding
from edi_check.model import Delimiters
from edi_check.reading import guide
from edi_check.reading.explain import ElementFault
from edi_check.reading.guide import SegmentUse
from edi_check.reading.values import repetition_separator

DOCUMENT = Path(__file__).parent.parent / "docs" / "deviations.md"
BEGIN, END = "<!-- list: begin (python tests/deviations.py) -->", "<!-- list: end -->"


@dataclass
class Stricter:
    """We refuse, pyx12 accepts. ``explains`` one of our faults; a disagreement is explained when all are."""

    name: str
    example: str
    reason: str
    explains: Callable[[ElementFault, SegmentUse, list[str], Delimiters], bool]


@dataclass
class Milder:
    """pyx12 refuses, we accept (or warn). ``explains`` one of its errors; a disagreement is explained when all are."""

    name: str
    example: str
    reason: str
    explains: Callable[[Any, SegmentUse, list[str]], bool]


@dataclass
class Telling:
    """The same verdict on the segment, told otherwise."""

    name: str
    example: str
    reason: str


def _text(fault: ElementFault, elements: list[str], delimiters: Delimiters) -> str:
    """What the segment holds at the place of a fault."""
    head, _, part = fault.element.partition("-")
    position = int(head[len(elements[0]):])
    text = elements[position] if position < len(elements) else ""
    if not part:
        return text
    parts = text.split(delimiters.component)
    return parts[int(part) - 1] if int(part) <= len(parts) else ""


def _is_only_spaces(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    return f.code == "6" and set(_text(f, elements, d)) == {" "}


def _is_repeated(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    return f.code == "12" and repetition_separator(d) in _text(f, elements, d)


def _is_empty_first(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    if f.code != "1" or not f.element.endswith("-1"):
        return False
    return use.elements[int(f.element[len(use.id):-2]) - 1].usage == "S"


def _is_trailing_components(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    position = int(f.element.partition("-")[0][len(use.id):])
    return f.code == "13" and elements[position].endswith(d.component)


def _is_trailing_elements(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    return f.code == "3" and elements[-1] == ""


def _is_stray_pattern(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    return f.code == "I12"


def _is_of_4010(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    return f.code == "7" and f.value == "ED" and (use.loop.id, f.element) in guide.REMOVALS


def _is_other_format(f: ElementFault, use: SegmentUse, elements: list[str], d: Delimiters) -> bool:
    return f.code == "7" and f.element == "DTP02" and elements[1] in use.formats


STRICTER = (
    Stricter("only-spaces", "2010BA NM1*IL*1*   *JANE****MI*A1",
             "A value of spaces alone is no value (X12 RFI 2144). pyx12 accepts it where the spaces fit the length.",
             _is_only_spaces),
    Stricter("repetition-separator-in-data", "2010BA NM1*IL*1*DOE^ROE*JANE****MI*A1",
             "No element that the 837P uses may repeat. pyx12 doesn't split repetitions and takes `^` for a character.",
             _is_repeated),
    Stricter("first-component-missing", "2300 HI*ABK:M25511*:M25512",
             "The first component is required in every composite that is sent. pyx12 excuses it in situational ones, "
             "so a diagnosis without its qualifier passes.",
             _is_empty_first),
    Stricter("trailing-component-separators", "2400 SV1*HC:97140:::*120*UN*2***1",
             "Not allowed in 5010 (X12 RFI 1498). pyx12 drops them unseen.",
             _is_trailing_components),
    Stricter("trailing-element-separators", "2010AA NM1*85*2*CLINIC*****XX*1900000013*",
             "Not allowed in 5010 (X12 RFI 1498). In pyx12 the reader of the file refuses them (SEG1), not "
             "`is_valid_errors`.",
             _is_trailing_elements),
    Stricter("pattern-of-the-whole", "2010BA REF*SY*X123456789",
             "The guide wants exactly nine digits; pyx12 searches nine digits anywhere in the value.",
             _is_stray_pattern),
    Stricter("contact-of-4010", "1000A PER*IC*DESK*ED*5415550100",
             "4010 had ED among the kinds of number of the submitter's contact (PER03, PER05, PER07); 005010X222A1 has "
             "EM, FX and TE, and EX for the second and third. pyx12's map still lists it here, and nowhere else.",
             _is_of_4010),
    Stricter("format-of-disability", "2300 DTP*314*D8*20260105",
             "A disability whose first and last day are known is 314 with RD8; 360 (first day) and 361 (last day) go "
             "with D8. pyx12's map has one segment for the three, with both formats.",
             _is_other_format),
)


def _has_trailing_spaces(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    """The error is about a value that ends in spaces (by itself, or as too long, no code, no date for them)."""
    return e.err_cde in ("5", "6", "7", "8") and (e.err_val or "").endswith(" ")


def _is_stale_list(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    external = getattr(e.map_node, "external_codes", None)
    return e.err_cde == "7" and external in guide.UNCHECKED_LISTS


def _is_subrogation(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    return e.err_cde == "7" and e.refdes == "BHT06" and e.err_val == "31"


def _is_organization_subscriber(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    is_person = elements[2:3] == ["1"]
    return e.err_cde == "1" and use.loop.id == "2010BA" and e.refdes in ("NM108", "NM109") and not is_person


def _is_isa_delimiter(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    return use.id == "ISA" and e.refdes in ("ISA11", "ISA16")


MILDER = (
    Milder("trailing-spaces", "2010BA NM1*IL*1*DOE *JANE****MI*A1",
           "Spaces at the end \"should be suppressed\" (X12 RFI 46), which forbids nothing: a `warn`, and the value is "
           "judged without them.",
           _has_trailing_spaces),
    Milder("lists-that-others-keep", "2320 MOA***N830",
           "pyx12's copies of states, countries, currencies and remark codes are stale (it refuses province QC, "
           "country RS, remark code N830). States and countries are CORE-EXT-01's; currencies and remark codes aren't "
           "checked. Places of service come from a dated list of ours, after CMS.",
           _is_stale_list),
    Milder("subrogation", "HEADER BHT*0019*00*B1*20261101*0900*31",
           "BHT06 31 is in the guide and not in pyx12's map.",
           _is_subrogation),
    Milder("organization-as-subscriber", "2010BA NM1*IL*2*ACME WIDGETS",
           "The guide wants NM108 and NM109 of a subscriber who is a person; pyx12's map of any. An employer stands "
           "there for the policy of a workers' compensation claim.",
           _is_organization_subscriber),
    Milder("isa-delimiters", "ISA_LOOP ISA*00*          *00*          *ZZ*A              *ZZ*B              "
           "*261101*0900*^*00501*000000001*0*T*:",
           "ISA11 is the repetition separator in 5010, the map still has 4010's `U`; ISA16 may be a control character. "
           "Both are judged as delimiters, with the envelope.",
           _is_isa_delimiter),
)

TELLING = (
    Telling("pyx12-raises", "2400 SV1*HC:97140*120*UN*2***1:2:3:4:5",
            "pyx12 raises an exception on too many components and on a range of three dates "
            "(`DTP*472*RD8*20260101-20260102-20260103`), which counts as *not valid*. Ours says 13 and 8."),
    Telling("one-code-for-one-fault", "2010AA PER*IC*NAME*TE",
            "An element missing against its usage and a syntax note gets two codes from pyx12 (1 and 2), a wrong "
            "code of the wrong length two as well (5 and 7); one from us."),
    Telling("range-reversed", "2400 DTP*472*RD8*20260105-20260101",
            "A range that ends before it begins is accepted by both as a segment; CORE-LIN-03 then refuses the line."),
    Telling("not-used", "2010AA NM1*85*2*CLINIC*****XX*1900000013*01",
            "A not-used element that is present is I10 with us, 10 (exclusion) or 5 with pyx12."),
)

# --- whole files -------------------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """A fault that one side alone has (``pyx12``, ``ours``), in common terms (see ``their_key`` and ``our_key``); one
    that ``both`` have is no difference, but others may follow from it. ``ids`` are those of the segment before and of
    the segment."""

    side: str
    segment: int
    kind: str
    place: str
    code: str
    says: str
    ids: tuple[str, str]


_READER = {("st", "3"): "IK5-3", ("st", "4"): "IK5-4", ("gs", "3"): "AK9-3", ("gs", "4"): "AK9-4", ("gs", "5"): "AK9-5",
           ("isa", "001"): "TA1-001", ("isa", "021"): "TA1-021", ("isa", "024"): "TA1-024", ("isa", "025"): "TA1-025",
           ("gs", "6"): "AK9-6", ("st", "23"): "IK5-23", ("seg", "HL1"): "HL", ("seg", "HL2"): "HL",
           ("seg", "LX"): "LX", ("seg", "SEG1"): "trailing", ("seg", "1"): "unexpected", ("seg", "8"): "unexpected"}


def their_key(fault: Any) -> tuple[int, str, str]:
    """Segment, kind and place of a fault of pyx12's. Segments that don't belong where they stand are one kind: pyx12
    knows only *not found* (1) where IK304 has 1, 2 and 7."""
    if fault.kind == "IK3":
        return _ik3(fault.segment, fault.code, fault.place)
    if fault.kind == "IK4":
        return fault.segment, "IK4", fault.place
    return fault.segment, _READER.get((fault.kind, fault.code), f"{fault.kind} {fault.code}"), ""


def our_key(finding: Finding) -> tuple[int, str, str]:
    """The same of a finding of ours."""
    where = finding.where
    if finding.edit.startswith("IK3-"):
        return _ik3(where.segment, finding.edit[4:], where.segment_id)
    if finding.edit.startswith("IK4-"):
        return where.segment, "IK4", where.element
    return where.segment, "HL" if finding.edit == "CORE-SIT-11" else finding.edit, ""


def _ik3(segment: int, code: str, place: str) -> tuple[int, str, str]:
    if code in ("1", "2", "7"):
        return segment, "unexpected", ""
    return (segment, "missing", place) if code == "3" else (segment, "too many", "")


@dataclass
class WholeFile:
    """A difference on whole files. ``explains`` sees one difference, and all faults of the file."""

    name: str
    example: str
    reason: str
    explains: Callable[[Difference, list[Difference]], bool]


def _is_guide_version(d: Difference, others: list[Difference]) -> bool:
    return (d.kind, d.place) == ("IK4", "GS08") or (d.kind == "AK9-2" and d.code == "warn")


def _is_convention(d: Difference, others: list[Difference]) -> bool:
    return d.side == "ours" and d.kind == "IK5-I6"


def _is_control_number_again(d: Difference, others: list[Difference]) -> bool:
    return d.side == "pyx12" and d.kind == "TA1-025"


def _is_told_by_position(d: Difference, others: list[Difference]) -> bool:
    """Ours names the wrong qualifier (and what else the segment has), pyx12 doesn't find the segment and misses it."""
    not_found = {o.segment for o in others if o.side == "pyx12" and o.kind == "unexpected"}
    told = {o.segment for o in others if o.side == "ours" and o.kind == "IK4"} & not_found
    if d.kind == "missing" or (d.side == "ours" and d.code == "7"):
        # pyx12 misses the segment it didn't find; ours, being past it, what should have come before
        return any(segment <= d.segment for segment in told)
    if d.side == "pyx12" and d.kind == "unexpected":  # what belongs to the segment it didn't find
        return any(segment < d.segment for segment in told) or d.segment in told
    return d.segment in told


def _is_told_again(d: Difference, others: list[Difference]) -> bool:
    return (d.side, d.kind) == ("pyx12", "missing") and any(
        (o.side, o.kind, o.place) == ("both", d.kind, d.place) and 0 < o.segment - d.segment < 6 for o in others)


def _is_begun_anew(d: Difference, others: list[Difference]) -> bool:
    return d.side == "ours" and d.kind == "missing" and d.ids[0] == d.ids[1]


def _is_line_number(d: Difference, others: list[Difference]) -> bool:
    return d.side == "pyx12" and d.kind == "LX"


def _is_after_a_stranger(d: Difference, others: list[Difference]) -> bool:
    return d.side == "pyx12" and d.kind == "unexpected" and any(
        f"Segment {s}" in d.says for s in ("N3", "N4", "PER", "REF", "PRV", "DMG"))


def _is_of_a_run(d: Difference, others: list[Difference]) -> bool:
    """Each segment back to the one that both name has no place for pyx12 either."""
    if d.side != "pyx12" or d.kind != "unexpected":
        return False
    unplaced = {o.segment: o.side for o in others if o.kind == "unexpected" and o.side != "ours"}
    at = d.segment
    while unplaced.get(at) == "pyx12":
        at -= 1
    return unplaced.get(at) == "both"


def _is_beginning(d: Difference, others: list[Difference]) -> bool:
    """Ours names the first segment of a loop as missing, at the segment that pyx12 doesn't find, and reads on there."""
    not_found = {o.segment for o in others if o.side != "ours" and o.kind == "unexpected"}
    told = {o.segment for o in others if o.side != "pyx12" and o.kind == "missing"
            and "had to come before this" in o.says} & not_found
    if d.side == "ours":  # in the loop that it reads on in, something may be missing or late
        return (d.kind == "missing" or d.code == "7") and any(segment <= d.segment for segment in told)
    return d.kind in ("unexpected", "missing", "too many", "HL") and any(segment <= d.segment for segment in told)


def _is_late(d: Difference, others: list[Difference]) -> bool:
    return (d.side, d.kind) == ("pyx12", "missing") and any(
        o.kind == "unexpected" and o.segment >= d.segment and "too late" in o.says for o in others)


def _is_again(d: Difference, others: list[Difference]) -> bool:
    again = {o.segment for o in others if o.side == "ours" and o.kind == "too many" and "comes again" in o.says}
    not_found = {o.segment for o in others if o.side == "pyx12" and o.kind == "unexpected"}
    return d.segment in again & not_found


def _is_second_use(d: Difference, others: list[Difference]) -> bool:
    return d.side == "pyx12" and (d.kind, d.place) == ("IK4", "PWK02") and d.code == "7"


def _is_level(d: Difference, others: list[Difference]) -> bool:
    return d.kind == "HL" and (d.says.startswith("HL04") or any(o.kind == "HL" and o.side != d.side for o in others))


_SEPARATOR_TOLD = re.compile("with “(.)” between its components")


def _is_other_separator(d: Difference, others: list[Difference]) -> bool:
    """Ours tells of the first composite of a claim that its separator isn't the file's, and reads what was meant."""
    marks = {m[1]: o.segment for o in others if o.side != "pyx12" and (m := _SEPARATOR_TOLD.search(o.says))}
    if d.side != "pyx12":
        return False
    if d.kind == "IK4":
        return d.segment in marks.values() and "-" in d.place
    not_found = [o for o in [d, *others] if o.kind == "unexpected" and o.side == "pyx12"
                 and any(re.match(rf"Segment (HI|SV1)\*\w+{re.escape(mark)}", o.says) for mark in marks)]
    if d.kind == "missing":
        return any(o.ids[1] == d.place and o.segment == d.segment - 1 for o in not_found)
    return d in not_found


_ORDERED_LATER = re.compile(r"/(2330[D-G]|2420[GH])/\w+$")
_ORDERED_FIRST = re.compile(r"\((1000A|2010AA|2010BA|2330[AB])\) missing")


def _is_order_of_loops(d: Difference, others: list[Difference]) -> bool:
    """pyx12 finds no loop that its map has earlier, and counts what is in it for the loop before."""
    if d.side != "pyx12" or _is_told_again(d, others):
        return False
    if d.kind == "missing":
        return d.ids[1] == "NM1" and _ORDERED_FIRST.search(d.says) is not None
    if d.kind == "unexpected":
        return _ORDERED_LATER.search(d.says) is not None
    return d.kind == "too many" and any(
        o.ids[1] == "NM1" and 0 < d.segment - o.segment < 3 and o.kind == "unexpected" and _is_order_of_loops(o, others)
        for o in others)


def _is_stale_code(d: Difference, others: list[Difference]) -> bool:
    return d.side == "pyx12" and d.code == "7" and d.place[:4] in ("N402", "N404", "CUR0", "LQ02", "MOA0", "CLM1")


WHOLE_FILES = (
    WholeFile("guide-version", "GS*…*X*005010X222",
              "005010X222 and 005010X222A2 are read by the guide 005010X222A1, with a `warn` (AK9-2); for pyx12 GS08 "
              "holds a wrong code.", _is_guide_version),
    WholeFile("convention-of-the-set", "ST*837*0001*005010X222",
              "ST03 that differs from GS08 refuses the set (IK5-I6); pyx12 doesn't compare them.", _is_convention),
    WholeFile("interchange-number-again", "two ISA with one ISA13 in a file",
              "Whether a control number comes again is the receiver's to say, over days: the watcher's ledger decides "
              "(CORE-DUP-04). pyx12 refuses it within a file (025).", _is_control_number_again),
    WholeFile("told-by-position", "LX*1 then SV1*HC>97140*120*UN*1***1",
              "Where only one use of a segment fits, it is taken and its wrong qualifier named (IK4-7), and reading "
              "goes on from it. pyx12 doesn't find the segment, nor what belongs to it, and misses a required one.",
              _is_told_by_position),
    WholeFile("other-separator", "ISA…*:~ over CLM*A1*120***11>B>1 and HI*ABK>M5450",
              "Composites with another separator than ISA16 names are one finding a claim (IK4-7), and are read as "
              "they were meant. pyx12 finds their components missing, and HI and SV1 not at all.", _is_other_separator),
    WholeFile("order-of-loops", "2330: NM1*DQ then NM1*82; 2420: NM1*PW then NM1*82; NM1*40 then NM1*41",
              "Loops that X12 has at one position come in any order: those of 1000, 2010, 2310, 2330, 2420. pyx12 "
              "wants a required one first, and its map gives 2330D to G and 2420G and H positions of their own.",
              _is_order_of_loops),
    WholeFile("after-a-stranger", "NM1*ZZ … then PRV*PE*PXC*225100000X",
              "What follows an NM1 that fits nowhere belongs to it and is passed over: one fault, one finding. pyx12 "
              "refuses each of these segments.", _is_after_a_stranger),
    WholeFile("run-without-a-place", "2300 HI, then DMG and SV5",
              "Segments in a row that have no place, or that come too late in one loop, are one finding, which tells "
              "how many they are. pyx12 refuses each of them.", _is_of_a_run),
    WholeFile("beginning-missing", "2010BB, then REF*D9 and HI without CLM",
              "Where a segment would have its place in a loop whose first segment is missing, ours says that this one "
              "is missing (3), and reads on in the loop. pyx12 doesn't find the segment, nor any that belongs there.",
              _is_beginning),
    WholeFile("late-not-missing", "N4, then N3",
              "A required segment that comes too late is out of order (7), once; for pyx12 it is missing first, and "
              "then not found.", _is_late),
    WholeFile("again", "2400 SV1, then another HI",
              "A segment that has come as often as it may, met once more behind its place, exceeds its maximum (5); "
              "pyx12 doesn't find it.", _is_again),
    WholeFile("second-use", "2400 PWK*CT*AD",
              "Two uses of PWK in 2400 have the same qualifier CT; ours takes the one that fits (PWK02 AD is the DMERC "
              "certificate's), pyx12 the first.", _is_second_use),
    WholeFile("begun-anew", "LX*1 then LX*2",
              "A loop whose first segment comes twice in a row lacks what is required in it: told for the first one. "
              "pyx12 doesn't look what a loop lacked when it begins anew at once.", _is_begun_anew),
    WholeFile("told-again", "SBR, then NM1*PR without NM1*IL",
              "pyx12 misses some loops twice, at segments close by.", _is_told_again),
    WholeFile("levels", "HL*3**22*0",
              "Numbers and parents of HL are refused by both, but a wrong number is told anew by one or the other; "
              "that HL04 promises what doesn't follow is told by ours alone.", _is_level),
    WholeFile("line-number", "LX*1, then LX*3",
              "LX01 that doesn't count 1, 2, 3 … is CORE-LIN-13, found when the claim is judged; in pyx12 it is its "
              "reader's.", _is_line_number),
    WholeFile("lists-of-others", "N4*TORONTO*QC*M5H2N2*CA", "States, countries, currencies, remark codes: as above.",
              _is_stale_code),
)


def listing() -> str:
    """The lists as Markdown, as docs/deviations.md holds them."""
    lines = []
    for title, entries in (("We refuse, pyx12 accepts", STRICTER), ("pyx12 refuses, we accept", MILDER),
                           ("Same verdict on the segment, told otherwise", TELLING),
                           ("Whole files", WHOLE_FILES)):
        if entries:
            lines += [f"### {title}", "", "| deviation | example (loop, segment) | reason |", "|---|---|---|"]
            lines += [f"| {e.name} | `{e.example.replace('|', chr(92) + '|')}` | {e.reason} |" for e in entries]
            lines.append("")
    return "\n".join(lines).strip()


def write() -> None:
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{listing()}\n\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    write()
    print(f"{DOCUMENT} written", file=sys.stderr)
