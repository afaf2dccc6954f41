"""Segments that are missing, or stand where they have no place: one fault, one finding, and no claim is lost by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from judged import judged, only_file

import edi_check
from edi_check.reading import guide
from edi_check.reading.absences import lost_beginning, told_missing
from edi_check.reading.compile import is_required
from edi_check.reading.gaps import STARTS
from edi_check.reading.guide import LoopUse, SegmentUse
from edi_check.report import FileReport

PASS = Path(__file__).resolve().parent.parent / "fixtures" / "files" / "pass"
NAMES = ("all-parties", "dependents", "secondary", "several-providers")


def segments(name: str) -> list[str]:
    """The segments of a good file."""
    return [s for s in (PASS / f"{name}.837").read_text("ascii").replace("\n", "").split("~") if s]


def whole(parts: list[str]) -> bytes:
    """A file of these segments, with the right count in its only SE."""
    first = next(n for n, s in enumerate(parts) if s.startswith("ST*"))
    last = next(n for n, s in enumerate(parts) if s.startswith("SE*"))
    counted = [*parts[:last], f"SE*{last - first + 1}*{parts[last].split('*')[2]}", *parts[last + 1 :]]
    return "".join(s + "~\n" for s in counted).encode("ascii")


def found(parts: list[str]) -> FileReport:
    return only_file(judged(whole(parts)))


def at(parts: list[str], start: str, which: int = 1) -> int:
    return [n for n, s in enumerate(parts) if s.startswith(start)][which - 1]


def told(file: FileReport) -> list[str]:
    """Edit, segment and loop of each finding, and the claim where there is one."""
    return [
        f"{f.edit} {f.where.segment_id} {f.where.loop}" + (f" claim {f.claim}" if f.claim else "")
        for f in file.findings
    ]


# --- one segment is missing ------------------------------------------------------------------------------------------


def droppable() -> Iterator[tuple[str, int, str]]:
    for name in NAMES:
        for n, segment in enumerate(segments(name)):
            if segment.split("*")[0] not in ("ISA", "GS", "ST", "SE", "GE", "IEA"):
                yield name, n, segment


@pytest.mark.parametrize("name", NAMES)
def test_a_segment_that_is_missing_is_one_finding_and_loses_no_claim(name: str) -> None:
    good = segments(name)
    claims = sum(s.startswith("CLM*") for s in good)
    lines = sum(s.startswith("LX*") for s in good)
    wrong = []
    for of, n, segment in droppable():
        if of != name:
            continue
        file = found(good[:n] + good[n + 1 :])
        about = {f.claim for f in file.findings}
        if len(file.findings) > len(about) or len({f.edit for f in file.findings}) > 1:
            wrong.append(f"without {segment}: {[f.message for f in file.findings]}")
        if (file.counts.claims, file.counts.lines) != (claims, lines):
            wrong.append(f"without {segment}: {file.counts.claims} claims, {file.counts.lines} lines")
        for f in file.findings:
            if f.edit == "IK3-3" and f.where.segment_id != segment.split("*")[0]:
                wrong.append(f"without {segment}: {f.message}")
    assert not wrong, "\n".join(wrong)


def test_a_missing_hl_refuses_the_set_and_nobody_gets_anothers_claim() -> None:
    """Without its HL the next subscriber's claim would hang under the patient before."""
    good = segments("dependents")
    parts = good[: at(good, "HL*5*")] + good[at(good, "HL*5*") + 1 :]
    file = found(parts)
    assert told(file) == ["IK3-3 HL 2000B"]
    assert (file.counts.accepted, file.counts.rejected) == (0, 4)
    claims = list(edi_check.read_claims(whole(parts)))
    assert [(c.number, c.patient.first_name) for c in claims][2:] == [("D-3", "NORA"), ("D-4", "PABLO")]
    assert claims[3].subscriber.relationship == "18" and claims[3].dependent is None
    assert claims[2].length == next(edi_check.read_claims(whole(good[: at(good, "HL*5*")] + good[-3:]))).length


CASES: dict[str, tuple[str, list[str], list[str], list[str]]] = {
    # a good file, the segments (by their beginning) that are taken out, what is told, dispositions
    "the billing level": (
        "one-claim",
        ["HL*1*", "PRV*BI", "NM1*85", "N3*1180", "N4*BEND*OR*977014412", "REF*EI"],
        ["IK3-3 HL 2000A"],
        ["rejected"],
    ),
    "the second subscriber's level": (
        "several-providers",
        ["HL*4*", "SBR*P*18/2", "NM1*IL/2", "N3*214/2", "N4*BEND*OR*977031188/2", "DMG/2", "NM1*PR/2"],
        ["IK3-3 HL 2000B"],
        ["rejected", "rejected"],
    ),
    "the second billing level": (
        "several-providers",
        ["HL*3*", "PRV*BI/2", "NM1*85/2", "N3*1180/2", "N4*BEND*OR*977014412/2", "REF*EI/2"],
        ["CORE-SIT-11 HL 2000B"],
        ["rejected", "rejected"],
    ),
    "both levels": (
        "one-claim",
        [
            *("HL*1*", "PRV*BI", "NM1*85", "N3*1180", "N4*BEND*OR*977014412", "REF*EI"),
            *("HL*2*", "SBR", "NM1*IL", "N3*214", "N4*BEND*OR*977031188", "DMG", "NM1*PR"),
        ],
        ["IK3-3 HL 2000A", "IK3-3 HL 2000B"],
        ["rejected"],
    ),
    "every HL": ("one-claim", ["HL*1*", "HL*2*"], ["IK3-3 HL 2000A", "IK3-3 HL 2000B"], ["rejected"]),
    "every LX": ("one-claim", ["LX*1", "LX*2"], ["IK3-3 LX 2400 claim 1", "IK3-3 LX 2400 claim 1"], ["rejected"]),
    "HL and SBR": (
        "dependents",
        ["HL*5*", "SBR*P*18"],
        ["IK3-2 NM1 2010BA", "IK3-2 NM1 2010BB"],
        ["rejected", "rejected", "rejected", "rejected"],
    ),
    "CLM, and what comes before HI": (
        "dependents",
        ["CLM*D-3", "REF*D9/3"],
        ["IK3-3 CLM 2300 claim 3"],
        ["accepted", "accepted", "rejected", "accepted"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_several_segments_are_missing(case: str) -> None:
    name, gone, expected, dispositions = CASES[case]
    good = segments(name)
    places = {at(good, start.partition("/")[0], int(start.partition("/")[2] or 1)) for start in gone}
    file = found([s for n, s in enumerate(good) if n not in places])
    assert told(file) == expected
    assert [c.disposition for c in file.claims()] == dispositions


# --- a segment stands where it has no place --------------------------------------------------------------------------

SV5 = "SV5*HC:97110*DA*30*50*500*4"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("N3*1180", "IK3-2 SV5 2010AA"),
        ("REF*D9", "IK3-2 SV5 2300 claim 1"),
        ("LX*1", "IK3-2 SV5 2310B claim 1"),
        ("SV1*HC:97110", "IK3-7 SV1 2400 claim 1"),
        ("REF*6R", "IK3-7 SV5 2400 claim 1"),
        ("LX*2", "IK3-7 SV5 2400 claim 1"),
        ("SE*", "IK3-7 SV5 2400 claim 1"),
    ],
)
def test_where_a_segment_belongs_decides_its_code(before: str, expected: str) -> None:
    """Behind its place in the line it is out of order (7), elsewhere it isn't expected (2)."""
    good = segments("one-claim")
    n = at(good, before)
    assert told(found([*good[:n], SV5, *good[n:]])) == [expected]


def test_where_it_belongs_it_is_fine_and_twice_it_is_too_often() -> None:
    good = segments("one-claim")
    n = at(good, "SV1*") + 1
    assert told(found([*good[:n], SV5, *good[n:]])) == []
    assert told(found([*good[:n], SV5, SV5, *good[n:]])) == ["IK3-5 SV5 2400 claim 1"]


@pytest.mark.parametrize(
    ("before", "added", "says", "fix"),
    [
        ("HL*2", ["REF*SY*541234567"], "REF*EI/SY of the billing provider (loop 2010AA) comes 2 times", "at most 1"),
        ("REF*D9", ["DTP*431*D8*20260105", "DTP*360*D8*20260105", "DTP*361*D8*20260201"],
         "DTP*314/360/361 of the claim (loop 2300) comes 2 times", "Send DTP*314*RD8 with both days"),
    ],
)
def test_what_comes_too_often_is_named_with_all_its_kinds(before: str, added: list[str], says: str, fix: str) -> None:
    """One of each kind is too many all the same: nobody should look for two REF*EI, nor count the other dates."""
    good = segments("one-claim")
    n = at(good, before)
    (finding,) = found([*good[:n], *added, *good[n:]]).findings
    assert finding.edit == "IK3-5"
    assert says in finding.message and fix in finding.fix


def moved(name: str, first: str, stop: str, to: str) -> list[str]:
    """The segments from ``first`` to before ``stop`` moved before ``to``."""
    good = segments(name)
    a, b, c = at(good, first), at(good, stop), at(good, to)
    return good[:a] + good[b:c] + good[a:b] + good[c:] if a < c else good[:c] + good[a:b] + good[c:a] + good[b:]


@pytest.mark.parametrize(
    ("name", "first", "stop", "to", "expected"),
    [
        ("one-claim", "N3*1180", "N4*", "REF*EI", "IK3-7 N3 2010AA"),
        ("one-claim", "N3*1180", "REF*EI", "HL*2", "IK3-7 N3 2010AA"),
        ("one-claim", "HI*", "NM1*82", "LX*1", "IK3-7 HI 2300 claim 1"),
        ("one-claim", "REF*D9", "NM1*82", "LX*1", "IK3-7 REF 2300 claim 1"),
        ("one-claim", "HI*", "NM1*82", "SE*", "IK3-7 HI 2300 claim 1"),
        ("one-claim", "REF*D9", "HI*", "SE*", "IK3-7 REF 2300 claim 1"),
        ("one-claim", "SV1*", "DTP*", "REF*6R", "IK3-7 SV1 2400 claim 1"),
        ("secondary", "SBR*P", "LX*1", "CLM*S-2", "IK3-7 SBR 2320 claim 1"),
        ("secondary", "NM1*82", "SBR*P", "LX*1", "IK3-7 NM1 2310B claim 1"),
        ("all-parties", "NM1*82", "NM1*77", "PWK", "IK3-7 PWK 2300 claim 1"),
    ],
)
def test_what_comes_too_late_is_told_once(name: str, first: str, stop: str, to: str, expected: str) -> None:
    assert told(found(moved(name, first, stop, to))) == [expected]


def test_what_comes_too_late_is_judged_all_the_same() -> None:
    """Diagnoses, charges and dates are known, so that nothing else is said to be missing or not to add up."""
    parts = moved("one-claim", "HI*", "NM1*82", "SE*")
    (claim,) = edi_check.read_claims(whole(parts))
    assert [d.code for d in claim.diagnoses] == ["M5450", "M62830"]
    assert [d.code for d in claim.service_lines[0].claim_diagnoses] == ["M5450", "M62830"]
    (claim,) = edi_check.read_claims(whole(moved("one-claim", "SV1*", "DTP*", "REF*6R")))
    assert [line.procedure for line in claim.service_lines] == ["97110", "97140"]


@pytest.mark.parametrize(
    ("instead", "edit", "element", "says", "fix"),
    [
        (["HI*ABK:M5450", "HI*BE:01:::100"], "IK3-2", "HI01-1", "HI*BE is not expected", "here: BG, BP."),
        (["HI*ABK:M5450", "HI*ABF:M62830"], "IK3-2", "HI01-1", "HI*ABF is not expected", "the HI before it"),
        (["HI*ABK:M5450", "HI*BP:00100", "HI*XX:1"], "IK3-2", "HI01-1", "HI*XX is not expected", "here: BG"),
        (["HI*ABF:M5450*ABF:M62830"], "IK4-7", "HI01-1", "“ABF”, which is not a code", "BK, ABK"),
    ],
)
def test_codes_of_another_kind_are_named(instead: list[str], edit: str, element: str, says: str, fix: str) -> None:
    """Of a composite the first component says what it is; it is no secret."""
    good = segments("one-claim")
    n = at(good, "HI*")
    (finding,) = found([*good[:n], *instead, *good[n + 1 :]]).findings
    assert (finding.edit, finding.where.element) == (edit, element)
    assert says in finding.message and fix in finding.fix and "•" not in finding.message


# --- the words -------------------------------------------------------------------------------------------------------


def demanded() -> Iterator[SegmentUse | LoopUse]:
    """All that must come, as far as a set's reader may miss it."""
    loops = [guide.load().set_loop]
    while loops:
        for child in loops.pop().children:
            if isinstance(child, LoopUse):
                loops.append(child)
            if is_required(child) and not (isinstance(child, SegmentUse) and (child.is_loop_start or child.id == "SE")):
                yield child


def test_all_that_can_be_missing_has_its_words() -> None:
    for child in demanded():
        if isinstance(child, LoopUse) and child.id == "HEADER":
            continue
        says, fix = told_missing(child)
        assert re.fullmatch(r"[A-Z].* (is missing|had to come before this place)\.", says), says
        assert re.fullmatch(r"(Send|Begin) .*\.", fix) and "guide" not in fix, fix
    firsts = {u for u in guide.load().uses if u.is_loop_start and u.loop.id[:1].isdigit()}
    assert {u.id for u in firsts} == set(STARTS)
    for use in firsts:
        says, fix = lost_beginning(use, "N3")
        assert says.endswith("is missing: it had to come before this N3."), says
        assert re.fullmatch(r"(Send|Begin) .*\.", fix), fix


def test_a_missing_tax_id_says_which_number_is_meant() -> None:
    (finding,) = found([s for s in segments("one-claim") if not s.startswith("REF*EI")]).findings
    assert finding.message == "REF*EI or REF*SY (tax id) of the billing provider (loop 2010AA) is missing."
    assert "EIN" in finding.fix and "SSN" in finding.fix
