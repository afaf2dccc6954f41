"""Acknowledgments explained: ours at the segments and claims that the reports name, others' as checked by hand, damaged
ones without ever raising."""

from __future__ import annotations

import io
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acknowledged import answers
from one_claim import GOOD
from test_settle import lines_run

import edi_check
from edi_check.answers import claim_statements, syntax_statements
from edi_check.answers.controls import CONTRADICTS
from edi_check.answers.explanation import FORMATS, Explanation, explained, write
from edi_check.answers.recognition import recognized
from edi_check.cli import exits
from edi_check.cli.main import main
from edi_check.generating import generate
from edi_check.report import FileReport
from edi_check.telling.acknowledgments import Acknowledgments
from edi_check.telling.dispositions import is_guide_fault

AS_OF = "2026-11-21"
ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted((ROOT / "fixtures" / "files").glob("*/*.837")) + sorted((ROOT / "fixtures" / "demo").glob("*.837"))
CORPUS = Path(os.environ.get("EDI_CHECK_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
FOREIGN = sorted(p for kind in ("999", "ta1", "277ca") for p in CORPUS.glob(f"*/{kind}/*"))
GOLDENS = Path(__file__).parent / "goldens" / "answers"


def told(one: Explanation, form: str = "text") -> str:
    out = io.StringIO()
    write(one, form, out)
    return out.getvalue()


def checked(source: bytes | Path) -> FileReport:
    return edi_check.check(source, as_of=AS_OF).files[0]


# Ours: the same segments and claims as the report


def agrees(file: FileReport, data: bytes) -> None:
    """Each answer to a file, explained with the file, names what the report's findings name; together they refuse
    exactly the claims that the report refuses."""
    texts = answers(file, AS_OF)
    refused: set[int] = set()
    for kind, text in texts.items():
        one = explained(text.encode(), data)
        assert [r for r in one.remarks if not r.startswith("The original holds no professional")
                and "a 277CA names a set by nothing else" not in r] == []
        refused |= {index for index, _ in one.refused}
        if kind == "999":
            same_places(file, one)
        for form in FORMATS:
            assert told(one, form)
    claims = list(file.claims())
    unanswered = set() if "ta1" in texts else {
        i.index for i in file.interchanges if file.results.ta1.get(i.index, "R") == "R"}
    assert refused == {c.index for c in claims if c.disposition == "rejected" and c.interchange not in unanswered}


def same_places(file: FileReport, one: Explanation) -> None:
    """The 999 and the findings that it tells name the same segments, and elements in them."""
    answered = {i.index for i in file.interchanges if file.results.ta1.get(i.index, "R") != "R"}
    spoken = {s.index for i in file.interchanges for g in i.groups for s in g.sets if g.is_professional}
    findings = [f for f in (*file.above_findings(), *file.own_findings())
                if f.level == "reject" and (is_guide_fault(f.edit) or f.scope == "set") and f.set_index in spoken
                and f.interchange in answered and not f.edit.startswith(("IK5-", "AK9-", "TA1-"))]
    wanted = {(f.where.segment, f.where.offset) for f in findings if f.where.set_segment}
    spots = [s for st in one.statements if st.level in ("segment", "element") for s in st.spots]
    assert {(s.segment, s.offset) for s in spots} == wanted
    elements = {(f.where.segment, f.where.element) for f in findings if f.ik3 in ("8", "") and f.where.element}
    assert {(s.segment, s.element) for s in spots if s.width} == elements
    hit = {c.running for st in one.statements if st.level == "segment" for c in st.claims}
    assert {f.claim for f in findings if f.claim} <= hit


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_our_answers_lead_back_to_the_findings(path: Path) -> None:
    data = path.read_bytes()
    agrees(checked(data), data)


@pytest.mark.parametrize("seed", range(4))
def test_answers_to_generated_claims_lead_back(seed: int) -> None:
    data = b"".join(generate(60, seed=seed, faults=0.4))
    agrees(checked(data), data)


def test_where_a_277ca_leads() -> None:
    """Its codes lead to the segment of the finding behind them, and to its element but where the code can't tell which
    of several modifiers is meant, or what on the line calls for something that isn't there."""
    exact = near = count = 0
    for seed in range(4):
        data = b"".join(generate(150, seed=seed, faults=0.7))
        file = edi_check.check(data, as_of=AS_OF, max_findings=10_000).files[0]
        places: dict[int, set[tuple[int, str]]] = {}
        for s in explained(answers(file, AS_OF)["277ca"].encode(), data).statements:
            if s.level in ("provider", "claim", "line"):
                spots = {(p.segment, p.element if p.width else "") for p in s.spots}  # no caret: the segment is meant
                for c in s.claims:
                    places.setdefault(c.running, set()).update(spots)
        for c in file.claims():
            for f in c.findings:
                if f.level == "reject" and not is_guide_fault(f.edit):
                    count += 1
                    exact += (f.where.segment, f.where.element) in places[f.claim]
                    near += f.where.segment in {segment for segment, _ in places[f.claim]}
    assert count > 100 and near / count > 0.97 and exact / count > 0.9, (count, near, exact)


@pytest.mark.parametrize(("status", "segment", "element"), [
    ("A7:480:PR", "SBR", "SBR09"), ("A8:742:PR", "SBR", "SBR01"), ("A7:116:PR", "NM1*PR", "NM109"),
    ("A7:88:IL", "NM1*IL", "NM109"), ("A7:97:QC", "NM1*IL", "NM109"), ("A3:26:85", "NM1*85", "NM109"),
    ("A3:24:85", "NM1*85", "NM109"),
])
def test_a_status_of_a_party_leads_to_what_it_is_about(status: str, segment: str, element: str) -> None:
    """What a payer says of coverage stands in SBR, not with the payer's name; who isn't eligible, found or approved is
    known by the id."""
    text = ISA + STATUS.format(f"{PROVIDER}TRN*2*A-1~STC*{status}*20261121*U*220~")
    spots = [s for one in explained(text.encode(), PLAIN).statements if one.level == "claim" for s in one.spots]
    assert [(s.text.startswith(segment), s.element) for s in spots] == [(True, element)]


@pytest.mark.parametrize(("status", "segment", "element"), [
    ("A7:507", "SV1", "SV101-2"), ("A7:187", "DTP*472", "DTP03"), ("A7:453", "SV1", "SV101-3"),
    ("A8:488", "SV1", "SV107"), ("A7:178", "CLM", "CLM02"), ("A7:21", "CLM", "CLM"),
])
def test_what_a_claim_is_told_of_its_only_line_leads_there(status: str, segment: str, element: str) -> None:
    """Many receivers tell everything at the claim. Of several lines any may be meant, and the claim is shown."""
    text = (ISA + STATUS.format(f"{PROVIDER}TRN*2*{{}}~STC*{status}*20261121*U*60~")).format
    spots = [s for one in explained(text("C1").encode(), GOOD.encode()).statements for s in one.spots]
    assert [(s.text.startswith(segment), s.element) for s in spots] == [(True, element)]
    spots = [s for one in explained(text("A-1").encode(), PLAIN).statements for s in one.spots]
    assert [s.text.startswith("CLM") for s in spots] == [True]


@pytest.mark.parametrize(("status", "segment", "element"), [
    ("A7:164:QC", "NM1*IL", "NM109"), ("A7:153:QC", "NM1*IL", "NM109"), ("A7:88:QC", "NM1*QC", "NM1"),
    ("A7:97:QC", "NM1*QC", "NM1"), ("A7:88:IL", "NM1*IL", "NM109"), ("A7:505:QC", "NM1*QC", "NM104"),
])
def test_a_dependent_has_no_id_of_its_own(status: str, segment: str, element: str) -> None:
    data = (ROOT / "fixtures" / "files" / "pass" / "dependents.837").read_bytes()
    text = ISA + STATUS.format(f"{PROVIDER}TRN*2*D-1~STC*{status}*20261121*U*220~")
    spots = [s for one in explained(text.encode(), data).statements if one.level == "claim" for s in one.spots]
    assert [(s.text.startswith(segment), s.element) for s in spots] == [(True, element)]


# Others': read by hand, kept without what names anybody


FIGURES = re.compile(r"Sets: .*|Received [a-z]+.*|It counts .*|Days? of service .*?\.|"
                     r"of \d{4}-\d\d-\d\d(?=:)|\(.*\)(?=: \w+\.$)")
"""Counts, amounts, days and services in what is said."""


def skeleton(one: Explanation) -> str:
    """What is said, without numbers of claims and names: the files are not ours to keep."""
    lines = [f"whole: {one.is_whole}, refused: {len(one.refused)}, taken: {len(one.taken)}, "
             f"refused as a whole: {len(one.verdicts.unlisted)}"]
    lines += [f"note: {remark}" for remark in one.remarks]
    for s in one.statements:
        says = s.says if s.level in ("segment", "element") else " ".join(FIGURES.findall(s.says))
        lines.append(f"{'  ' * s.depth}{s.level} {s.result or '-'}{': ' if says else ''}{says}")
        if s.level not in ("segment", "element"):
            lines += [f"{'  ' * s.depth}  {code}: {means}" for code, means in s.codes]
    return "\n".join(lines) + "\n"


@pytest.mark.skipif(not FOREIGN, reason="the corpus is not beside the checkout")
@pytest.mark.parametrize("path", FOREIGN, ids=lambda p: p.name[:60])
def test_acknowledgments_of_others_are_explained(path: Path, golden: Callable[[str | Path, str], None]) -> None:
    one = explained(path)
    golden(GOLDENS / f"{path.parent.parent.name}-{path.parent.name}-{path.name}.txt", skeleton(one))
    for form in FORMATS:
        assert told(one, form)
    text = path.read_text("utf-8-sig").replace("\n", "")
    named = re.findall(r"~CTX\*CLM01:([^~]*)~", text) or re.findall(r"~NM1\*QC[^~]*~TRN\*2\*([^*~]*)~", text)
    assert sorted(named) == sorted(number for _, number in one.refused + one.taken)
    assert len(one.verdicts.unlisted) == text.count("~IK5*R")
    assert set(named) == {str(s.names["claim"]) for s in one.statements if "claim" in s.names}


# Any, and damaged


ISA = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*SENDER         *261121*1200*^*00501*000000007*0*T*:~"
REPLY = ("GS*FA*PAYER*SENDER*20261121*1200*7*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HC*1*005010X222A1~"
         "AK2*837*0001~{}AK9*P*1*1*0~SE*9*0001~GE*1*7~IEA*1*000000007~")


def reply(segments: str) -> Explanation:
    return explained((ISA + REPLY.format(segments)).encode())


def said(one: Explanation) -> list[str]:
    return [s.says for s in one.statements]


def test_codes_that_nobody_knows_are_said_to_be_unknown() -> None:
    one = reply("IK3*ZZZ*9**77~IK4*3:2:4**Q7*VALUE~IK5*Q*99~")
    assert said(one)[1:] == [
        "Set 0001 (837): answered with Q, which is unknown here.",
        "Segment 9 of the set, ZZZ: code 77 of IK304, which is unknown here (IK304 77).",
        "ZZZ03-2, repetition 4 (“\x02VALUE\x03”): code Q7 of IK403, which is unknown here (IK403 Q7).",
    ]
    assert ("IK502 99", "code 99 of IK502, which is unknown here") in next(
        s.codes for s in one.statements if s.level == "set")


def test_segments_out_of_place_are_told_and_remarked() -> None:
    one = explained((ISA + "GS*FA*A*B*20261121*1200*7*X*005010X231A1~ST*999*0001~IK4*1**7~IK5*R*5~SE*9*0001~GE*1*7~"
                     "IEA*1*000000009~").encode())
    assert [s.level for s in one.statements] == ["group", "set", "segment", "element"]
    assert [r.split(":")[0][:45] for r in one.remarks] == [
        "A segment IK4 has no AK1 before it that says ", "A segment IK4 has no AK2 before it that says ",
        "A segment IK4 has no IK3 before it that says ", "The acknowledgment contradicts itself",
        "The acknowledgment contradicts itself", "The answer to group (no number) has no AK9, s"[:45]]
    assert one.remarks[3:5] == [
        CONTRADICTS + "SE of set 0001 announces 9 segments, but the set has 4: something of it may be missing.",
        CONTRADICTS + "interchange 000000007 ends with the control number 000000009 (IEA02)."]
    assert one.is_whole


def test_a_997_is_read_too() -> None:
    one = explained((ISA + "GS*FA*A*B*20261121*1200*7*X*004010~ST*997*0001~AK1*HC*1~AK2*837*0001~AK3*NM1*8**8~"
                     "AK4*9*67*4*1~AK5*R*5~AK9*R*1*1*0~SE*8*0001~GE*1*7~IEA*1*000000007~").encode())
    assert one.remarks == []
    assert {s.kind for s in one.statements} == {"997"}
    assert said(one)[3] == "NM109 (id) (“\x021\x03”): too short (IK403 4)."
    assert "•••" in told(one) and "“1”" not in told(one)


def test_several_interchanges_and_other_delimiters() -> None:
    first = ISA + REPLY.format("IK5*R*5~")
    other = first.translate(str.maketrans("*:~^", "|>\x1d!")).replace("000000007", "000000008")
    one = explained(("\r\n" + first + "\n" + other).encode())
    assert [i.number for i in one.interchanges] == ["000000007", "000000008"]
    assert one.remarks[0] == (
        CONTRADICTS + "SE of set 0001 announces 9 segments, but the set has 6: something of it may be missing.")
    assert [s.says for s in one.interchanges[0].statements] == [s.says for s in one.interchanges[1].statements]


@pytest.mark.parametrize(("data", "begins"), [
    (b"", "It holds nothing that could be read"), (b"no X12", "What begins at byte 0 is not X12"),
    (b"ISA*00", "The ISA at byte 0 can't be read"), (ISA.encode(), "Interchange 000000007 has no end"),
    ((ISA + "GS*HP*A*B*20261121*1200*7*X*005010X221A1~ST*835*0001~SE*2*0001~GE*1*7~IEA*1*000000007~").encode(),
     "No acknowledgment was found"),
])
def test_what_is_no_acknowledgment(data: bytes, begins: str) -> None:
    one = explained(data)
    assert not one.is_whole and one.remarks[0].startswith(begins)


def test_an_original_that_is_another_file_is_noticed() -> None:
    first, other = SAMPLES[0].read_bytes(), (ROOT / "fixtures" / "demo" / "family.837").read_bytes()
    for kind, text in answers(checked(other), AS_OF).items():
        one = explained(text.encode(), first)
        assert kind == "ta1" or any(r.startswith(("The original has no", "Segment ")) for r in one.remarks), kind
    one = explained(answers(checked(other), AS_OF)["999"].encode(), b"plain text")
    assert "The original is not X12." in one.remarks and not one.is_whole


def test_a_segment_of_the_original_without_separators_is_named_without_what_it_holds() -> None:
    """A file with another separator than its ISA names: each segment is all id, and its beginning is its IK301."""
    body = [line if line.startswith(("ISA", "GS", "ST", "SE", "GE", "IEA", "HL")) else line.replace("*", "|")
            for line in GOOD.splitlines()]
    data = "\n".join(body).encode()
    one = explained(answers(checked(data), AS_OF)["999"].encode(), data)
    assert not [r for r in one.remarks if r.startswith("Segment ")], one.remarks
    other = GOOD.replace("N3*1 SAMPLE ST", "QQ|1 SAMPLE ST").encode()
    one = explained(answers(checked(data), AS_OF)["999"].encode(), other)
    said_of_it = " ".join(told(one).split())
    assert "a N3 for the acknowledgment and a ••• in the original" in said_of_it and "SAMPLE" not in said_of_it


def test_a_segment_that_the_original_has_not_is_told_where_the_999_says_it_stands() -> None:
    for segment, told, note in (
        ("CLM*17*2300*8", "CLM of the claim (loop 2300)",
         "Segment 17 of set 0001 is a CLM for the acknowledgment and a "),
        ("SV1*33*2400*8", "SV1 of the service line (loop 2400)", "Set 0001 of the original has 32 segments, and the "
         "acknowledgment speaks of segment 33: is it the file that was answered?"),
    ):
        one = explained((ISA + REPLY.format(f"IK3*{segment}~IK5*E*5~")).encode(), PLAIN)
        assert [told in s.says for s in one.statements if s.level == "segment"] == [True]
        assert [r.startswith(note) for r in one.remarks if "acknowledgment speaks" in r or "original:" in r] == [True]
    for code in "38":  # what is missing at the end, some tell behind it
        one = explained((ISA + REPLY.format(f"IK3*DTP*33*2400*{code}~IK5*E*5~")).encode(), PLAIN)
        assert any("of the original has 32" in r for r in one.remarks) == (code == "8")


def test_remarks_are_not_without_end() -> None:
    data = b"".join(generate(300, seed=1))
    one = explained(answers(checked(data), AS_OF)["277ca"].encode(), SAMPLES[0].read_bytes())
    assert len(one.remarks) == 101
    assert re.fullmatch(r"There are \d+ more remarks; they are not listed\.", one.remarks[-1])


def test_a_line_and_its_caret() -> None:
    data = (ROOT / "fixtures" / "demo" / "therapy.837").read_bytes()
    one = explained(answers(checked(data), AS_OF)["277ca"].encode(), data)
    lines = [s for s in one.statements if s.level == "line"]
    assert lines and all(s.names["line"] for s in lines)
    for spot in (spot for s in one.statements for spot in s.spots):
        start = data[spot.offset : spot.offset + spot.length].decode()
        assert start.split("*")[0] == spot.segment_id
        assert len(spot.pointer) <= len(spot.shown) + 1
        if spot.width and "•••" not in spot.text:
            assert spot.text == start
            position, _, part = spot.element.removeprefix(spot.segment_id).partition("-")
            value = (start.split("*") + [""] * 30)[int(position)]
            value = (value.split(":") + [""] * 9)[int(part) - 1] if part else value
            assert spot.text[spot.caret : spot.caret + spot.width] == value or not value


PLAIN = (ROOT / "fixtures" / "files" / "pass" / "acknowledgment-requested.837").read_bytes()
STATUS = ("GS*HN*PAYER*SENDER*20261121*1200*7*X*005010X214~ST*277*0001*005010X214~BHT*0085*08*1*20261121*1200*TH~"
          "HL*1**20*1~NM1*PR*2*PAYER*****PI*P1~HL*2*1*21*1~NM1*41*2*SENDER*****46*SENDER~TRN*2*REF1~"
          "STC*A1:19:PR**WQ~HL*3*2*19*1~{}SE*9*0001~GE*1*7~IEA*1*000000007~")
PROVIDER = "NM1*85*2*RIVERBEND THERAPY*****XX*1900000013~HL*4*3*PT~NM1*QC*1*BROOKWELL*ADA****MI*EXW001042~"


def with_claims(*numbers: str) -> bytes:
    """The plain file with its claim once for each of these CLM01."""
    head, claim, tail = re.split(rb"(?=CLM\*)|(?=SE\*32)", PLAIN)
    claims = [claim.replace(b"*A-1", b"*" + number.encode()) for number in numbers]
    count = 32 + claim.count(b"~") * (len(claims) - 1)
    return head + b"".join(claims) + tail.replace(b"SE*32", b"SE*%d" % count)


def test_claims_whose_numbers_differ_in_punctuation_only_are_not_confused() -> None:
    data = with_claims("12-34", "123-4", "1 2.34")
    first, second = [m.start() for m in re.finditer(b"CLM", data)][:2]
    for number, meant in (("123-4", 2), ("1234", 1)):  # what isn't in the file as it is, is taken in its order
        text = ISA + STATUS.format(f"{PROVIDER}TRN*2*{number}~STC*A7:178**U~")
        one = explained(text.encode(), data)
        assert [index for index, _ in one.refused] == [meant]
        assert [spot.offset for s in one.statements if s.level == "claim" for spot in s.spots] == [
            (first, second)[meant - 1]]
    text = ISA + STATUS.format(
        f"{PROVIDER}TRN*2*123-4~STC*A7:178**U~TRN*2*1234~STC*A2:20**WQ~TRN*2*1234~STC*A7:178**U~")
    assert [index for index, _ in explained(text.encode(), data).refused] == [2, 3]
    at = data[: data.index(b"CLM*123-4")].count(b"~") - 1  # what the first claim lacks is told where the second begins
    text = ISA + REPLY.format(f"IK3*CLM*{at}*2300*3~CTX*CLM01:12-34~IK5*E*5~")
    assert [index for index, _ in explained(text.encode(), data).refused] == [1]


@pytest.mark.parametrize(("numbers", "told", "refused"), [
    (("3fa9c1", "b2"), "3FA9C1", [1]), (("ab-1", "AB-1"), "AB-1", [2]), (("AB-1", "ab-1"), "ab-1", [2]),
    (("visit-2026-000000000417", "b2"), "VISIT-2026-000000000", [1]),
])
def test_a_number_in_capitals_is_found(numbers: tuple[str, str], told: str, refused: list[int]) -> None:
    """Some receivers keep capitals only; they return a CLM01 in small letters so."""
    data = with_claims(*numbers)
    text = ISA + STATUS.format(f"{PROVIDER}TRN*2*{told}~STC*A7:178**U~")
    assert [n for n, _ in explained(text.encode(), data).refused] == refused
    at = data[: data.index(b"CLM*" + numbers[refused[0] - 1].encode())].count(b"~") - 1
    text = ISA + REPLY.format(f"IK3*CLM*{at}*2300*8~CTX*CLM01:{told}~IK4*2*782*1~IK5*E*5~")
    assert [n for n, _ in explained(text.encode(), data).refused] == refused


@pytest.mark.parametrize(("told", "refused", "taken"), [
    ("STC*A7:453*20261121*U*220~{}DTP*472*D8*20261014~", [3], []),
    ("STC*A7:453*20261121*U*330~", [2], []),
    ("STC*A7:453*20261121*U*220~REF*D9*20260003~", [3], []),
    ("STC*A7:453*20261121*U*220~{}DTP*472*D8*20261014~TRN*2*ACCT~STC*A7:453*20261121*U*220~", [1, 3], []),
    ("STC*A7:453*20261121*U*220~", [1], []),
    ("STC*A7:453*20261121*U*999~{}DTP*472*D8*20261030~", [1], []),
    ("STC*A2:20*20261121*WQ*220~TRN*2*ACCT~STC*A7:453*20261121*U*330~", [2], [1]),
    ("STC*A2:20*20261121*WQ*330~TRN*2*ACCT~STC*A7:453*20261121*U*220~DTP*472*D8*20261012~", [1], []),
])
def test_of_claims_of_one_number_the_one_is_refused_whose_charge_and_days_are_told(
    told: str, refused: list[int], taken: list[int]
) -> None:
    """Some senders number accounts, not claims: all visits of a patient have one CLM01. Not every receiver tells the
    accepted ones, nor all in their order."""
    data = with_claims("ACCT", "ACCT", "ACCT")
    first, *claims, last = re.split(rb"(?=CLM\*)|(?=SE\*\d)", data)
    for n, charge in enumerate((b"220", b"330", b"220")):
        day, trace = b"202610%d" % (12 + n), b"2026000%d" % (n + 1)
        claims[n] = claims[n].replace(b"20261012", day).replace(b"20260001", trace)
        claims[n] = claims[n].replace(b"ACCT*220", b"ACCT*" + charge)
    text = ISA + STATUS.format(f"{PROVIDER}TRN*2*ACCT~{told.format('REF*1K*X~')}")
    one = explained(text.encode(), first + b"".join(claims) + last)
    assert ([n for n, _ in one.refused], [n for n, _ in one.taken]) == (refused, taken)


@pytest.mark.parametrize(("numbers", "claim", "code", "refused"), [
    (("A-1", "A-2"), "", "3", [1]),  # a 997 names no claim
    (("A-1", "A-2"), "CTX*CLM01:A-1~", "3", [1]),
    (("A-1", "A-1"), "CTX*CLM01:A-1~", "3", [1]),
    (("A-1", "A-1"), "CTX*CLM01:A-1~", "8", [2]),
])
def test_what_a_last_line_lacks_is_of_the_claim_before(
    numbers: tuple[str, str], claim: str, code: str, refused: list[int]
) -> None:
    """It is told at the segment that follows: the next CLM, or the SE."""
    data = with_claims(*numbers)
    second = data[: data.rindex(b"CLM*")].count(b"~") - 1
    text = ISA + REPLY.format(f"IK3*DTP*{second}*2400*{code}~{claim}IK5*E*5~")
    assert [index for index, _ in explained(text.encode(), data).refused] == refused
    end = data[: data.rindex(b"SE*")].count(b"~") - 1
    text = ISA + REPLY.format(f"IK3*DTP*{end}*2400*3~{claim if numbers[1] == 'A-1' else ''}IK5*E*5~")
    assert [index for index, _ in explained(text.encode(), data).refused] == [2]


def test_a_line_without_a_control_number_is_found_by_procedure_and_charge() -> None:
    data = PLAIN.replace(b"HC:97110:GP*110*", b"HC:97140:GP*160*").replace(b"HC:97140:GP*110*", b"HC:97140:GP*60*")
    found = {}
    for service in ("97140:GP*60.00", "97140:GP*160", "97140:GP*110", "97140:GP*no", "97110:GP*60"):
        text = ISA + STATUS.format(f"{PROVIDER}TRN*2*A-1~STC*A3:247**U~SVC*HC:{service}*****1~STC*A8:258**U~")
        one = explained(text.encode(), data)
        found[service] = [s.names["line"] for s in one.statements if s.level == "line"]
    assert found == {"97140:GP*60.00": [2], "97140:GP*160": [1], "97140:GP*110": [0], "97140:GP*no": [0],
                     "97110:GP*60": [0]}


@pytest.mark.parametrize("status", ["", "STC*R0:1*20261121**220~", "STC*A9:20~"])
def test_a_claim_that_is_neither_taken_nor_refused_is_not_told_as_taken(status: str) -> None:
    text = ISA + STATUS.format(f"{PROVIDER}TRN*2*A-1~{status}TRN*2*A-2~STC*A2:20**WQ~")
    one = explained(text.encode(), with_claims("A-1", "A-2"))
    assert [s.says for s in one.statements if s.level == "claim"] == ["Claim A-1: spoken of.", "Claim A-2: accepted."]
    assert (one.refused, one.taken) == ([], [(2, "A-2")])


THREE_VISITS = b"".join(
    b"LX*%d~SV1*HC:97140:%s*55*UN*%d***1~DTP*472*D8*202610%02d~REF*6R*ALL~" % (n, modifiers, units, day)
    for n, (modifiers, units, day) in enumerate(((b"GP", 1, 12), (b"GP:59", 1, 14), (b"GP", 1, 14), (b"GP", 2, 14)), 1))


@pytest.mark.parametrize(("said", "line"), [
    ("HC:97140:GP*55*****1~{}DTP*472*D8*20261012~", 1),
    ("HC:97140:GP:59*55~{}DTP*472*D8*20261014~", 2),
    ("HC:97140:GP*55*****1~{}DTP*472*D8*20261014~", 3),
    ("HC:97140:GP*55*****2~{}", 4),
    ("HC:97140:GP*55~{}DTP*472*D8*20261014~", 0),
    ("HC:97140:GP*55*****1~{}DTP*472*D8*20261013~", 0),
    ("HC:97140:GP*55*****1~{}DTP*472*RD8*20261012-20261014~", 0),
])
@pytest.mark.parametrize("control", ["", "REF*FJ*ALL~"])
def test_a_line_whose_control_number_others_have_is_found_by_its_day_modifiers_and_units(
    control: str, said: str, line: int
) -> None:
    """Visits of one claim differ in the day; some senders give all lines of a claim one REF*6R."""
    head, claim, tail = re.split(rb"(?=CLM\*)|(?=SE\*32)", PLAIN)
    data = head + claim[: claim.index(b"LX*1")] + THREE_VISITS + tail
    service = said.format(f"STC*A7:453**U~{control}")
    text = ISA + STATUS.format(f"{PROVIDER}TRN*2*A-1~STC*A3:247**U~SVC*{service}")
    one = explained(text.encode(), data)
    assert [s.names["line"] for s in one.statements if s.level == "line"] == [line]


def test_a_999_of_two_sets_of_one_number_is_told_of_the_set_at_fault() -> None:
    """Of what the set lacks, the other one has a segment at that very place."""
    head, one_set, tail = re.split(rb"(?=ST\*)|(?=GE\*)", PLAIN)
    faulty = one_set.replace(b"N4*BEND*OR*977014412~\n", b"").replace(b"SE*32", b"SE*31")
    data = head + faulty + one_set + tail.replace(b"GE*1", b"GE*2")
    assert data.count(b"ST*837*0001") == 2
    one = explained(answers(checked(data), AS_OF)["999"].encode(), data)
    assert [(s.level, [spot.segment for spot in s.spots]) for s in one.statements] == [
        ("group", []), ("set", []), ("segment", [12]), ("set", [34])]


def test_a_provider_refused_as_such_hits_its_claims() -> None:
    folder = ROOT / "fixtures" / "files" / "fail"
    text = (folder / "code-not-valid.277ca").read_text().replace("STC*A1:19:PR**WQ", "STC*A7:503:85**U")
    text = text[: text.index("HL*4*")] + text[text.index("\nSE*") + 1 :]
    data = (folder / "code-not-valid.837").read_bytes()
    one = explained(text.encode(), data)
    assert [index for index, _ in one.refused] == [1, 2]
    (head,) = [s for s in one.statements if s.level == "provider"]
    assert head.result == "rejected" and head.codes == [
        ("A7:503:85", "rejected as not valid: street address (billing provider)")]
    assert "every claim of the provider: 2 claims (A-1, B-1)" in " ".join(told(one).split())
    assert explained(text.encode()).refused == [] and len(explained(text.encode()).verdicts.unlisted) == 1


@pytest.mark.parametrize(("answer", "refused"), [
    ("AK2*837*0002~IK5*R*4~AK9*R*3*3*0~", [1, 2, 3, 4, 5, 6]),  # sets left out of a rejected group are rejected, too
    ("AK2*837*0001~IK5*R*4~AK2*837*0002~IK5*R*4~AK2*837*0003~IK5*R*4~AK9*R*3*3*0~", [1, 2, 3, 4, 5, 6]),
    ("AK2*837*0002~IK5*R*4~AK9*R*1*1*0~", [1, 2, 3, 4, 5, 6]),
    ("AK9*R*3*3*0~", [1, 2, 3, 4, 5, 6]),
    ("AK2*837*0002~IK5*R*4~AK9*P*3*3*2~", [3, 4]),
    ("AK2*837*0002~IK5*R*4~AK9*R*3*3*2~", [3, 4]),  # it contradicts itself: two are said to be accepted
    ("AK2*837*0001~IK5*A~AK2*837*0002~IK5*R*4~AK9*R*3*3*1~", [3, 4]),
])
def test_a_999_that_names_some_sets_of_a_group(answer: str, refused: list[int]) -> None:
    data = b"".join(generate(6, 5, per_set=2))
    text = (f"{ISA}GS*FA*PAYER*SENDER*20261121*1200*7*X*005010X231A1~ST*999*0001*005010X231A1~"
            f"AK1*HC*1*005010X222A1~{answer}SE*{answer.count('~') + 3}*0001~GE*1*7~IEA*1*000000007~")
    one = explained(text.encode(), data)
    assert [index for index, _ in one.refused] == refused
    alone = explained(text.encode()).verdicts.unlisted
    assert any(says.startswith("Group 1 ") for says in alone) == (answer.endswith("3*3*0~") and answer.count("AK2") < 3)


def test_what_the_original_has_not_is_refused_all_the_same_and_told() -> None:
    """A batch, group, set, interchange or provider that isn't in the original."""
    rejected = "STC*A3:33**U~"
    texts = [
        ISA + STATUS.replace("REF1~STC*A1:19:PR**WQ~", f"REF2~{rejected}").format("NM1*85*2*RIVERBEND*****XX*1~"),
        ISA + STATUS.format(f"NM1*85*2*RIVERBEND*****XX*1~{rejected}"),
        f"{ISA}GS*FA*P*S*20261121*1200*7*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HC*77*005010X222A1~"
        "AK2*837*0009~IK5*R*4~AK9*R*1*1*0*2~SE*6*0001~GE*1*7~IEA*1*000000007~",
        f"{ISA}TA1*000000099*261030*0900*R*001~IEA*0*000000007~",
    ]
    for text, begins in zip(texts, (["Batch"], ["Billing"], ["Set", "Group"], ["Interchange"]), strict=True):
        one = explained(text.encode(), PLAIN)
        assert [says.split()[0] for says in one.verdicts.unlisted] == begins
        assert "Refused with every claim in it; the original has no such:" in told(one)
        assert one.refused == []


def test_a_provider_is_found_in_a_batch_that_is_called_otherwise() -> None:
    text = ISA + STATUS.replace("TRN*2*REF1", "TRN*2*FILE-7").format(
        "NM1*85*2*RIVERBEND THERAPY*****XX*1900000013~STC*A7:503:85**U~QTY*QC*1~")
    one = explained(text.encode(), PLAIN)
    assert [number for _, number in one.refused] == ["A-1"] and one.verdicts.unlisted == []


def test_a_number_cut_after_20_characters_is_found() -> None:
    """The guide has nobody store or return more of CLM01."""
    long = "CLINIC-2026-00000000{}-A"
    data = with_claims(long.format(1), "B-1", long.format(2), "CLINIC-2026-00000000")
    for number, refused in (("CLINIC-2026-00000000", [4]), (long.format(2), [3])):
        text = ISA + STATUS.format(f"{PROVIDER}TRN*2*{number}~STC*A7:178**U~")
        assert [index for index, _ in explained(text.encode(), data).refused] == [refused[0]]
    data = with_claims("B-1", "1" + long.format(1), "2" + long.format(1))
    for nth in (1, 2):
        number = f"{nth}{long}"[:20]
        text = ISA + STATUS.format(f"{PROVIDER}TRN*2*{number}~STC*A7:178**U~")
        one = explained(text.encode(), data)
        assert [index for index, _ in one.refused] == [nth + 1]
        (claim,) = [s for s in one.statements if s.level == "claim"]
        assert [spot.offset for spot in claim.spots] == [data.index(b"CLM*%d" % nth)]
    data = with_claims(long.format(1), long.format(2))
    one = explained((ISA + STATUS.format(f"{PROVIDER}TRN*2*{long[:20]}~STC*A7:178**U~")).encode(), data)
    assert one.refused == [(0, long[:20])]
    assert one.remarks[-1] == ("The original has 2 claims whose number begins with CLINIC-2026-00000000; it isn't told "
                               "which is meant.")
    data = data.replace(b"2-A*220", b"2-A*230")
    for charge, refused in (("230", [(2, long.format(2))]), ("220", [(1, long.format(1))]), ("9", [(0, long[:20])])):
        told = f"{PROVIDER}TRN*2*{long[:20]}~STC*A7:178*20261121*U*{charge}~"
        assert explained((ISA + STATUS.format(told)).encode(), data).refused == refused


def test_persons_are_masked() -> None:
    data = (ROOT / "fixtures" / "demo" / "family.837").read_bytes()
    names = set(re.findall(rb"NM1\*(?:IL|QC)\*1\*([^*~]+)\*([^*~]+)[^~]*\*([^*~]+)~", data))
    texts = answers(checked(data), AS_OF)
    assert names and "277ca" in texts
    for text in texts.values():
        for form in FORMATS:
            plain = told(explained(text.encode(), data), form)
            assert not [n for person in names for n in person if n.decode() in plain.replace("•••", "")]


def test_the_id_of_a_person_is_masked_unless_it_is_an_npi() -> None:
    """A sole practitioner without an NPI goes by a tax id, which is often a social security number."""
    data = PLAIN.replace(b"NM1*85*2*RIVERBEND THERAPY*****XX*1900000013", b"NM1*85*1*ALDERSON*GRETA").replace(
        b"REF*EI*891000011", b"REF*SY*900112222")
    text = answers(checked(data), AS_OF)["277ca"]
    assert "*FI*900112222~" in text
    contradicting = text.replace("STC*A6:562:85**U", "STC*A6:562:85**WQ")
    assert any("900112222" in remark for remark in explained(contradicting.encode()).remarks)
    for answer in (text, contradicting):
        for original in (data, None):
            for form in FORMATS:
                assert "900112222" not in told(explained(answer.encode(), original), form)
                shown = told(explained(answer.encode(), original, show_values=True), form)
                assert "900112222" in shown and "\x02" not in shown and "u0002" not in shown
    assert [index for index, _ in explained(text.encode(), data).refused] == [1]
    for tax_id, is_shown in (("512347788", False), ("51234778", False), ("512-34-7788", False), ("900700001", False),
                             ("93-1234567", True), ("931234567", True), ("512007788", True), ("512340000", True)):
        practice = text.replace("NM1*85*1*ALDERSON*GRETA****FI*900112222", f"NM1*85*2*RIVERBEND*****FI*{tax_id}")
        assert practice != text
        for form in FORMATS:  # a practice of one may go by its owner's number
            assert (tax_id in told(explained(practice.encode()), form)) is is_shown
            assert tax_id in told(explained(practice.encode(), show_values=True), form)
            # … unless the original gives it as an employer's, and not as a person's
            for given, is_known in ((b"REF*EI*", True), (b"REF*SY*", is_shown)):
                one = explained(practice.encode(), data.replace(b"REF*SY*900112222", given + tax_id.encode()))
                assert (tax_id in told(one, form)) is is_known
    for known in ("NM1*85*1*ALDERSON*GRETA****XX*1900000021", "NM1*85*2*RIVERBEND THERAPY*****FI*891000011"):
        plain = told(explained(text.replace("NM1*85*1*ALDERSON*GRETA****FI*900112222", known).encode()), "json")
        assert f'"provider_id": "{known[-9:]}"' in plain.replace('"1900', '"900')


def test_many_accepted_claims_are_counted_and_not_told_one_by_one() -> None:
    data = b"".join(generate(60, seed=1, faults=0.1))
    one = explained(answers(checked(data), AS_OF)["277ca"].encode(), data)
    text = told(one)
    assert one.is_long and "and " in text.split("Taken:")[1].split("\n\n")[0]
    shown = [s for s in one.statements if s.level == "claim" and f"Claim {s.names['claim']}: " in text]
    assert {s.result for s in shown} == {"rejected"} and len(shown) == len(one.refused)


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Bytes dropped, changed, added, moved; segments too; the end cut off."""
    pieces = data.split(b"~")
    for _ in range(rng.randint(1, 4)):
        n = rng.randrange(len(pieces))
        match rng.randrange(6):
            case 0:
                del pieces[n : n + 1]
                pieces = pieces or [b""]
            case 1:
                pieces.insert(n, rng.choice(pieces))
            case 2:
                e = pieces[n].split(b"*")
                e[rng.randrange(len(e))] = rng.choice([b"", b"R", b"9" * 12, b"\x1b[31m", b"\xe9\xff", b":::", b"-1"])
                pieces[n] = b"*".join(e)
            case 3:
                pieces[n] = pieces[n][: rng.randrange(len(pieces[n]) + 1)]
            case 4:
                pieces[n] = bytes(rng.choices(range(256), k=rng.randrange(12))) + pieces[n]
            case _:
                pieces = pieces[: n + 1] if rng.random() < 0.3 else pieces
    return b"~".join(pieces)


def never_raises(rng: random.Random, rounds: int) -> None:
    data = b"".join(generate(5, seed=rng.randrange(50), faults=0.7))
    texts = [text.encode() for text in answers(checked(data), AS_OF).values()]
    texts += [path.read_bytes() for path in FOREIGN] or [ISA.encode()]
    for _ in range(rounds):
        text = damaged(rng, rng.choice(texts))
        original: Any = rng.choice([None, data, damaged(rng, data), b""])
        one = explained(text, original, show_values=rng.random() < 0.5)
        for form in FORMATS:
            out = told(one, form)
            assert out.isprintable() or out.replace("\n", "").isprintable()
        json.loads(out if form == "json" else told(one, "json"))


@pytest.mark.parametrize("seed", range(3))
def test_damaged_acknowledgments_never_raise(seed: int) -> None:
    never_raises(random.Random(seed), 60)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_thousands_of_damaged_acknowledgments_never_raise(seed: int) -> None:
    never_raises(random.Random(seed), 500)


def test_chunks_make_no_difference() -> None:
    data = answers(checked((ROOT / "fixtures" / "demo" / "family.837").read_bytes()), AS_OF)["277ca"].encode()
    whole = recognized([data])
    assert recognized([data[n : n + 7] for n in range(0, len(data), 7)]) == whole


@pytest.mark.parametrize(("name", "element"), [
    ("isa-element-separator", "ISA"), ("isa-component-separator", "ISA16"), ("isa-receiver", "ISA08"),
    ("iea-group-count", "IEA01"), ("isa-authorization-too-short", "ISA02"),
])
def test_where_a_ta1_leads(name: str, element: str) -> None:
    folder = ROOT / "fixtures" / "files" / "fail"
    one = explained((folder / f"{name}.ta1").read_bytes(), (folder / f"{name}.837").read_bytes())
    assert [spot.element for s in one.statements for spot in s.spots] == [element]


# The command


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "fixtures" / "files" / "fail"
    answer, original = str(folder / "code-not-valid.999"), str(folder / "code-not-valid.837")
    assert main(["explain", answer, "--original", original]) == exits.CHECKED
    text = capsys.readouterr().out
    assert "| DMG*D8*•••*W\n" in text and "|            ^\n" in text and "file line 19:1" in text
    assert main(["explain", answer, "--original", original, "--show-values"]) == exits.CHECKED
    assert "•••" not in capsys.readouterr().out
    out = tmp_path / "told.json"
    assert main(["explain", "-f", "json", "-o", str(out), answer, "--original", original]) == exits.CHECKED
    one = json.loads(out.read_text())
    assert one["claims"] == [{"index": 1, "number": "A-1", "result": "rejected", "told_by": ["999"]}]
    assert one["interchanges"][0]["statements"][-1]["where"][0]["element"] == "DMG03"
    assert main(["explain", str(tmp_path / "none.999")]) == exits.USAGE
    assert main(["explain", "PSRC-MT-03", "--original", original]) == exits.USAGE
    assert main(["explain", original]) == exits.UNCHECKED
    assert main(["explain", answer, "--original", answer]) == exits.UNCHECKED
    assert main(["explain", answer, "--original", original, "-o", original]) == exits.USAGE
    assert main(["explain", "PSRC-MT-03"]) == exits.CHECKED


def test_many_claims_of_one_number_cost_no_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who numbers no claims: each answer is for the next of them, and of the first ones the segments are
    shown."""
    monkeypatch.setattr(claim_statements, "ALIKE", 20)
    count = 80
    head, one = GOOD[:GOOD.index("CLM*")], GOOD[GOOD.index("CLM*"):GOOD.index("SE*")].replace("*60***", "*61***")
    body = head + "".join(one.replace("20260203", f"202602{1 + n % 20:02d}") for n in range(count))
    size = body[body.index("ST*"):].count("~") + 1
    data = f"{body}SE*{size}*0001~\nGE*1*1~\nIEA*1*000000001~\n".encode()
    answer = io.StringIO()
    Acknowledgments(edi_check.check(data, as_of="2026-03-01").files[0], "2026-03-01").write("277ca", answer)
    claims = [s for s in explained(answer.getvalue().encode(), data).statements if s.level == "claim"]
    assert len({s.claims.ranges for s in claims}) == len(claims) == count
    assert [bool(s.spots) for s in claims] == [n < 20 for n in range(count)]


def in_sets(count: int, number: Callable[[int], str], reference: Callable[[int], str], st: Callable[[int], str]) -> str:
    """A set for each claim, which lacks CLM09 and repeats a modifier."""
    head, tail = GOOD.split("ST*", 1)[0], "IEA*1*000000001~\n"
    one = "ST*" + GOOD.split("ST*", 1)[1].split("GE*")[0].replace(":GP*", ":GP:GP*")
    sets = [one.replace("CLM*C1*", f"CLM*{number(n)}*").replace("BHT*0019*00*B1*", f"BHT*0019*00*{reference(n)}*")
            .replace("*0001", f"*{st(n)}") for n in range(count)]
    assert len(set(sets)) == len({(number(n), reference(n), st(n)) for n in range(count)})
    return head + "".join(sets) + f"GE*{count}*1~\n" + tail


def in_groups(text: str) -> str:
    """The same, a group for each set; all of one number."""
    head, gs = text[:text.index("GS*")], text[text.index("GS*"):text.index("ST*")]
    sets = re.findall(r"ST\*.*?SE\*[^~]*~\n", text, re.S)
    return head + "".join(f"{gs}{one}GE*1*1~\n" for one in sets) + f"IEA*{len(sets)}*000000001~\n"


def punctuated(n: int) -> str:
    """No two alike, and none an acknowledgment can tell apart."""
    return "".join(letter + "-" * (n >> at & 1) for at, letter in enumerate("ABCDEFGHJK"))


def one_set(numbers: list[str]) -> str:
    head, claim = GOOD[:GOOD.index("CLM*")], GOOD[GOOD.index("CLM*"):GOOD.index("SE*")].replace(":GP*", ":GP:GP*")
    body = head + "".join(claim.replace("CLM*C1*", f"CLM*{number}*") for number in numbers)
    return f"{body}SE*{body[body.index('ST*'):].count('~') + 1}*0001~\nGE*1*1~\nIEA*1*000000001~\n"


def providers(count: int) -> str:
    """A billing level for each claim, all of one provider."""
    head, rest = GOOD.split("HL*1**20*1~", 1)
    level, tail = ("HL*1**20*1~" + rest).split("SE*", 1)[0], rest.split("GE*", 1)[1]
    levels = "".join(level.replace("HL*1*", f"HL*{2 * n + 1}*").replace("HL*2*1*", f"HL*{2 * n + 2}*{2 * n + 1}*")
                     for n in range(count))
    body = head + levels
    return f"{body}SE*{body[body.index('ST*'):].count('~') + 1}*0001~\nGE*{tail}"


def replied(kind: str, data: str) -> bytes:
    text = answers(edi_check.check(data.encode(), as_of=AS_OF).files[0], AS_OF)[kind]
    return text.encode()


def of_claims(numbers: list[str]) -> bytes:
    return (ISA + STATUS.format(PROVIDER + "".join(f"TRN*2*{number}~STC*A7:178**U~" for number in numbers))).encode()


def of_providers(count: int, qualifier: str) -> bytes:
    """As many refusals of the provider, with the count of its claims, or without."""
    one = "HL*{}*2*19*0~NM1*85*2*RIVERBEND THERAPY*****XX*1900000013~TRN*1*0~STC*A8:562:85**U~" + qualifier
    text = STATUS.replace("HL*3*2*19*1~{}", "".join(one.format(n + 3) for n in range(count)))
    return (ISA + text).encode()


ALL_ALIKE: dict[str, Callable[[int], tuple[bytes, str]]] = {
    "277CA, one number, a set each": lambda n: (lambda data: (replied("277ca", data), data))(
        in_sets(n, lambda _: "SAME", lambda i: f"B{i}", lambda i: f"{i + 1:04}")),
    "277CA, one number and one BHT03": lambda n: (lambda data: (replied("277ca", data), data))(
        in_sets(n, lambda _: "SAME", lambda i: "B1", lambda i: f"{i + 1:04}")),
    "277CA, one BHT03": lambda n: (lambda data: (replied("277ca", data), data))(
        in_sets(n, lambda i: f"C{i}", lambda i: "B1", lambda i: f"{i + 1:04}")),
    "999, a set each": lambda n: (lambda data: (replied("999", data), data))(
        in_sets(n, lambda _: "SAME", lambda i: f"B{i}", lambda i: f"{i + 1:04}").replace("*Y*A*Y*Y~", "*Y*A*Y~")),
    "999, one ST02": lambda n: (lambda data: (replied("999", data), data))(
        in_sets(n, lambda _: "SAME", lambda i: "B1", lambda i: "0001").replace("*Y*A*Y*Y~", "*Y*A*Y~")),
    "999, a group each, all of one number": lambda n: (lambda data: (replied("999", data), data))(
        in_groups(in_sets(n, lambda _: "SAME", lambda i: "B1", lambda i: "0001").replace("*Y*A*Y*Y~", "*Y*A*Y~"))),
    "277CA, numbers that differ in punctuation": lambda n: (lambda data: (replied("277ca", data), data))(
        one_set([punctuated(i) for i in range(n)])),
    "277CA, such numbers that aren't in the file": lambda n: (
        of_claims([punctuated(i) for i in range(n)]), one_set([punctuated(i + 512) for i in range(n)])),
    "999, numbers of claims that stand elsewhere": lambda n: (
        (ISA + REPLY.format("".join(f"IK3*CLM*{30 * i + 20}*2300*8~CTX*CLM01:C{n - i}~IK4*2**1~" for i in range(n))
                            + "IK5*E*5~")).encode(), one_set([f"C{i}" for i in range(n)])),
    "277CA, refusals of one provider": lambda n: (of_providers(n, "QTY*QC*1~"), providers(n)),
    "277CA, refusals of one provider, uncounted": lambda n: (of_providers(n, ""), providers(n)),
}


@pytest.mark.parametrize("name", ALL_ALIKE)
def test_what_is_numbered_alike_costs_no_square(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many sets, claims or answers cost four times as much (in a compiled package, whose
    beginnings count for less, 4.13 times), whatever their numbers."""
    for module, constant, value in ((claim_statements, "ALIKE", 3), (claim_statements, "SHARED", 3),
                                    (claim_statements, "LOOKED_UP", 20), (syntax_statements, "AT_HAND", 3)):
        monkeypatch.setattr(module, constant, value)
    steps = {}
    for count in (60, 240):
        answer, data = ALL_ALIKE[name](count)
        one: list[Explanation] = []
        steps[count] = lines_run(lambda: one.append(explained(answer, data.encode())))  # noqa: B023
        assert one[0].is_whole and sum(1 for _ in one[0].statements) >= count
        if "uncounted" not in name:
            assert len(one[0].refused) == count, one[0].remarks
    assert steps[240] < 4.4 * steps[60], steps
