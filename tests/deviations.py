"""Where our verdict on a segment differs from pyx12's ``is_valid_errors``, and why: the written list.

A disagreement that no entry explains fails ``test_lanes``; so does an entry whose example doesn't show it.
``python tests/deviations.py`` writes the list into docs/deviations.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
)


def _has_trailing_spaces(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    """The error is about a value that ends in spaces (by itself, or as too long, no code, no date for them)."""
    return e.err_cde in ("5", "6", "7", "8") and (e.err_val or "").endswith(" ")


def _is_stale_list(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    external = getattr(e.map_node, "external_codes", None)
    return e.err_cde == "7" and external in guide.UNCHECKED_LISTS


def _is_subrogation(e: Any, use: SegmentUse, elements: list[str]) -> bool:
    return e.err_cde == "7" and e.refdes == "BHT06" and e.err_val == "31"


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

WHOLE_FILES: tuple[Telling, ...] = ()
"""Differences on whole files, see test_corpus."""


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
