"""One fault, one finding: an element broken in the ways that people and programs break one is told once, whoever else
would have something to say of it; and nothing is lost by that."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from judged import judged, only_file

from edi_check.reading import assembly, meant
from edi_check.report import FileReport

PASS = Path(__file__).resolve().parent.parent / "fixtures" / "files" / "pass"
ONE = (PASS / "one-claim.837").read_text("ascii")
FAMILIES = (PASS / "dependents.837").read_text("ascii")


def of(text: str, **options: object) -> FileReport:
    return only_file(judged(text.encode("latin-1"), **options))  # type: ignore[arg-type]


def told(file: FileReport) -> list[str]:
    return [f"{f.edit} {f.level} {f.where.element or f.where.segment_id}" for f in file.findings]


# --- one element in many ways ----------------------------------------------------------------------------------------


def broken(text: str) -> Iterator[str]:
    """Typical slips in a value."""
    yield from (text + "X" * 80, text[:1], "ZZ9ZZ", text[:-1] + "\xc9", text[:-1] + "\x07", "", "   ", text + "  ")
    yield from (" " + text, f"{text}^{text}", f"{text}:{text}", "-" + text, text + ".", text + ",00", "0", "##")
    if re.fullmatch("20[0-9]{6}|19[0-9]{6}", text):
        yield from (text[:4] + "1345", text[4:] + text[:4], text[2:], "2099" + text[4:], "1725" + text[4:])


def elements() -> Iterator[tuple[int, int, int]]:
    """Segment, element and component (0: the whole) of all values between ST and SE."""
    for n, segment in enumerate(ONE.replace("~\n", "~").split("~")):
        parts = segment.split("*")
        if parts[0] in ("ISA", "GS", "ST", "SE", "GE", "IEA", ""):
            continue
        for position, text in enumerate(parts[1:], 1):
            yield from ((n, position, part) for part in range(text.count(":") + 2 if ":" in text else 1) if text)


TWICE = {
    "IK3-2 IK3-3": "what is due is missing, and what nobody knows is there: it may be another thing altogether",
    "CORE-DX-01": "a diagnosis less, and two lines that pointed to it",
    "CORE-DX-02": "two pointers, each there twice",
    "CORE-DX-01 IK4-6": "spaces where a diagnosis would be, and lines that point to it",
    "IK4-13 IK4-7": "a component too many, before one that is no code then",
    "CORE-LIN-05 IK4-5": "as before: all that stands behind it is another component's",
    "CORE-LIN-06 IK4-5": "as before",
}
"""What is told by more than one finding, and why."""


def test_an_element_broken_in_any_way_is_told_once() -> None:
    segments = ONE.replace("~\n", "~").split("~")
    cases = 0
    twice: dict[str, list[str]] = {}
    for n, position, part in elements():
        parts = segments[n].split("*")
        text = parts[position].split(":")[part - 1] if part else parts[position]
        for new in broken(text):
            if part:
                components = parts[position].split(":")
                components[part - 1] = new
                new = ":".join(components).rstrip(":")
            changed = "*".join([*parts[:position], new, *parts[position + 1 :]]).rstrip("*")
            file = of("~".join([*segments[:n], changed, *segments[n + 1 :]]))
            assert file.faults == []
            cases += 1
            kinds = " ".join(sorted({f.edit for f in file.findings}))
            if len(file.findings) > 1:
                twice.setdefault(kinds, []).append(changed)
    assert cases > 1500
    assert {kinds: its for kinds, its in twice.items() if kinds not in TWICE} == {}
    assert twice.keys() == TWICE.keys()
    assert sum(map(len, twice.values())) < cases / 25


@pytest.mark.parametrize(("old", "new", "expected"), [
    # What the guide says of an element's form, no other edit says again.
    ("N4*BEND*OR*977014412", "N4*BEND*OREGON*977014412", ["IK4-5 reject N402"]),
    ("XX*1900000021", "XX*1", ["IK4-4 reject NM109"]),
    ("XX*1900000021", "XX*19000\xc900021", ["IK4-6 reject NM109"]),
    ("HI*ABK:M5450*", "HI*ABK:*", ["IK4-1 reject HI01-2"]),
    ("****XX*1900000021", "****xx*1900000021", ["IK4-7 reject NM108"]),
    ("CLM*A-1*220*", "CLM*A-1*2200000000000000000*", ["IK4-5 reject CLM02"]),
    ("SV1*HC:97110:GP*110*", "SV1*HC:97110:GP*1100000000000000000*", ["IK4-5 reject SV102"]),
    ("11:B:1*", "11:B:XX*", ["IK4-5 reject CLM05-3"]),
    ("N4*BEND*OR*977014412", "N4*TIJUANA**22000****BCN", ["IK4-2 reject N404"]),
    # A qualifier that is none doesn't lose the segment that is due.
    ("NM1*41*", "NM1*4*", ["IK4-7 reject NM101"]),
    ("NM1*85*", "NM1**", ["IK4-1 reject NM101"]),
    ("NM1*IL*", "NM1*il*", ["IK4-7 reject NM101"]),
    ("HI*ABK:", "HI*ABX:", ["IK4-7 reject HI01-1"]),
    ("DTP*472*", "DTP*427*", ["IK4-7 reject DTP01"]),
    ("REF*EI*", "REF*E1*", ["IK4-7 reject REF01"]),
    # One of another kind is another matter.
    ("NM1*41*", "NM1*QC*", ["IK3-2 reject NM101", "IK3-3 reject NM1"]),
    # A level's number.
    ("HL*1*", "HL*Z*", ["CORE-SIT-11 reject HL01"]),
    ("HL*1*", "HL**", ["IK4-1 reject HL01"]),
    ("HL*2*1*", "HL*2**", ["IK4-1 reject HL02"]),
    ("HL*2*1*", "HL*2*5*", ["CORE-SIT-11 reject HL02"]),
    # One wrong sign, or a part of a cent, and what doesn't add up by it.
    ("SV1*HC:97110:GP*110*", "SV1*HC:97110:GP*-110*", ["CORE-LIN-07 reject SV102"]),
    ("SV1*HC:97110:GP*110*", "SV1*HC:97110:GP*110.004*", ["CORE-LIN-08 reject SV102"]),
    ("SV1*HC:97110:GP*110*", "SV1*HC:97110:GP*-120*", ["CORE-BAL-01 reject CLM02", "CORE-LIN-07 reject SV102"]),
    ("SV1*HC:97110:GP*110*", "SV1*HC:97110:GP*111.004*", ["CORE-BAL-01 reject CLM02", "CORE-LIN-08 reject SV102"]),
    # A day before the patient's birth says nothing of the codes, nor of the time that has gone by.
    ("DTP*472*D8*20261012", "DTP*472*D8*19000203", ["CORE-LIN-04 reject DTP03"]),
    ("DMG*D8*19790412", "DMG*D8*20261013", ["CORE-LIN-04 reject DTP03"]),
    ("DMG*D8*19790412", "DMG*D8*20990412", ["CORE-LIN-16 reject DMG02"]),
])
def test_one_slip_one_finding(old: str, new: str, expected: list[str]) -> None:
    assert old in ONE
    assert told(of(ONE.replace(old, new, 1))) == expected


def test_a_wrong_number_of_a_level_is_told_once_whatever_follows() -> None:
    """Those after it may go on from it, or as if it were right."""
    assert FAMILIES.count("HL*") == 5 and of(FAMILIES).findings == []
    for own in re.findall(r"HL\*\d+\*", FAMILIES):
        assert told(of(FAMILIES.replace(own, "HL*77*", 1))) == ["CORE-SIT-11 reject HL01"], own
    on_from = FAMILIES
    for n in range(FAMILIES.count("HL*"), 1, -1):
        on_from = re.sub(rf"(HL\*(?:\d+\*)?){n}\*", rf"\g<1>{n + 5}*", on_from)
    assert told(of(on_from)) == ["CORE-SIT-11 reject HL01"]


# --- and nothing is lost by it ---------------------------------------------------------------------------------------


SPELT = ONE.replace("*OR*97703", "*OREGON*97703").replace("XX*1900000021", "XX*19")


@pytest.mark.parametrize(("options", "expected"), [
    ({}, ["IK4-5 reject N402", "CORE-ID-01 reject NM109"]),
    ({"levels": {"IK4-5": "off"}}, ["CORE-EXT-01 warn N402", "CORE-ID-01 reject NM109"]),
    ({"snip": (3, 7)}, ["CORE-EXT-01 warn N402", "CORE-ID-01 reject NM109"]),
    ({"levels": {"IK4-5": "warn"}}, ["IK4-5 warn N402", "CORE-ID-01 reject NM109"]),
    ({"levels": {"IK4-5": "note"}}, ["CORE-EXT-01 warn N402", "IK4-5 note N402", "CORE-ID-01 reject NM109"]),
])
def test_an_edit_speaks_where_the_guide_is_not_asked_or_milder(options: dict[str, object], expected: list[str]) -> None:
    assert told(of(SPELT, **options)) == expected


# --- spaces behind a value -------------------------------------------------------------------------------------------


def test_spaces_behind_values_refuse_nothing() -> None:
    """They should be suppressed (X12 RFI 46), and are as if they were: in qualifiers, codes, identifiers and numbers of
    levels."""
    text = ONE
    for old in ("HL*1", "HL*2*1", "*OR", "XX*1900000021", "XX*1900000013", "PXC*225100000X", "ABK", "M62830", "NM1*82",
                "DTP*472", "REF*EI", "*891000011", "HC:97110:GP", "11:B:1", "MI*EXW001042", "CLM*A-1", "SBR*P*18"):
        assert f"{old}*" in text or f"{old}~" in text or f"{old}:" in text
        text = re.sub(rf"({re.escape(old)})(?=[*~:])", r"\1 ", text)
    file = of(text)
    assert {f"{f.edit} {f.level}" for f in file.findings} == {"IK4-6 warn"} and len(file.findings) > 15
    assert file.disposition == "accepted"


# --- another separator between components ----------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ">^|\\/,;&+!")
def test_another_separator_than_isa16_says_is_told_once_a_claim(mark: str) -> None:
    file = of(ONE[:106] + ONE[106:].replace(":", mark))
    (finding,) = file.findings
    assert (finding.edit, finding.level) == ("IK4-12" if mark == "^" else "IK4-7", "reject")
    assert finding.where.element == ("CLM05" if mark == "^" else "CLM05-1") and finding.ik4 == finding.edit[4:]
    assert f"“11{mark}B{mark}1”" in finding.message and f"“{mark}” in ISA16" in finding.fix


def test_so_is_an_isa_that_is_wrong_itself() -> None:
    file = of(ONE[:104] + ">" + ONE[105:])
    assert told(file) == ["IK4-7 reject CLM05-1"] and "“:” in ISA16" in file.findings[0].fix


def test_it_hides_nothing_else() -> None:
    body = ONE[106:].replace(":", ">").replace("225100000X", "225100000").replace("UN*2*", "UN*two*", 1)
    file = of(ONE[:106] + body.replace("HC>97140>GP", "HC>97140>GPX"))
    expected = ["IK4-7 reject CLM05-1", "CORE-ID-03 reject PRV03", "IK4-6 reject SV104", "IK4-5 reject SV101-3"]
    assert told(file) == expected


def test_only_the_claim_that_has_it_is_refused() -> None:
    clm = [m.start() for m in re.finditer(r"CLM\*", FAMILIES)]
    assert len(clm) > 2
    one = FAMILIES[: clm[1]] + FAMILIES[clm[1] : clm[2]].replace(":", ">") + FAMILIES[clm[2] :]
    file = of(one)
    assert [f.claim for f in file.findings] == [2] and "ISA16" in file.findings[0].fix
    assert [c.disposition for c in file.claims()].count("rejected") == 1


def test_a_description_in_it_stays_private() -> None:
    text = ONE.replace("SV1*HC:97110:GP*", "SV1*HC>97110>GP>>>>ROE ANN*", 1)
    (finding,) = of(text).findings
    assert "ROE" not in finding.message.replace("\x02", "").split("\x03")[-1] and finding.where.is_private


@pytest.mark.parametrize("pointers", ["1-2", "1.2", "1 2", "A>B", "1>2>3>4>5"])
def test_what_only_looks_like_it_is_told_as_what_it_is(pointers: str) -> None:
    file = of(ONE.replace("***1:2~", f"***{pointers}~", 1))
    assert file.disposition == "rejected" and not any("ISA16" in f.fix for f in file.findings)


@pytest.mark.parametrize(("header", "sent", "expected"), [
    ("11:B:1*Y*A*Y*Y**OA", "DTP*439*D8*20260901", []),
    ("11:B:1*Y*A*Y*Y**OA", "DTP*43Z*D8*20260901", ["IK3-2 reject DTP01"]),
    ("11:B:7*Y*A*Y*Y", "REF*F8*1", []),
    ("11:B:7*Y*A*Y*Y", "REF*F*1", ["IK3-2 reject REF01"]),
    ("21:B:1*Y*A*Y*Y", "DTP*435*D8*20260901", []),
    ("21:B:1*Y*A*Y*Y", "DTP**D8*20260901", ["IK3-2 reject DTP01"]),
])
def test_what_has_no_good_qualifier_is_not_missed(header: str, sent: str, expected: list[str]) -> None:
    text = ONE.replace("11:B:1*Y*A*Y*Y", f"{header}~\n{sent}").replace("SE*32*", "SE*33*")
    assert told(of(text)) == expected


@pytest.mark.parametrize("module", [assembly, meant])
def test_what_their_docstrings_show(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 1 and result.failed == 0
