"""An acknowledgment that contradicts itself is told all the same, and remarked on; one that doesn't is not."""

from __future__ import annotations

import re

import pytest
from test_answers import ISA, ROOT, told

from edi_check.answers.controls import CONTRADICTS
from edi_check.answers.explanation import explained

NO_DAY = "The acknowledgment names a day that doesn't exist: "


def contradictions(text: str) -> list[str]:
    """What is remarked on an acknowledgment; text shows it too."""
    one = explained(text.encode())
    shown = " ".join(told(one).split())
    assert all(f"Note: {r}" in shown for r in one.remarks)
    return [r.removeprefix(CONTRADICTS) for r in one.remarks]


def syntax_answer(*segments: str) -> str:
    """A 999 of these segments between ST and SE, whatever they are."""
    body = "".join(s + "~" for s in segments)
    return (f"{ISA}GS*FA*PAYER*SENDER*20261121*1200*7*X*005010X231A1~ST*999*0001*005010X231A1~{body}"
            f"SE*{len(segments) + 2}*0001~GE*1*7~IEA*1*000000007~")


TWO = ("AK2*837*0001", "IK5*A", "AK2*837*0002")


@pytest.mark.parametrize(("segments", "remarks"), [
    ((*TWO, "IK5*R*5", "AK9*P*2*2*1"), []),
    (("AK9*A*5*5*5",), []),  # sets may be left out
    (("AK2*837*0002", "IK5*R*5", "AK9*P*5*5*4"), []),
    (("AK9*R*2*2*0*2",), []),
    ((*TWO, "IK5*A", "AK9*R*3*2*2*5"), []),
    ((*TWO, "IK5*R*5", "AK9*A*2*2*1"),
     ["group 1 is accepted (AK901 A), yet 1 set of it is rejected."]),
    ((*TWO, "IK5*R*5", "AK9*E*2*2*2"),
     ["group 1 counts 2 sets accepted (AK904), but of those listed 1 is accepted.",
      "group 1 is accepted with errors (AK901 E), yet 1 set of it is rejected."]),
    ((*TWO, "IK5*A", "AK9*A*2*2*1"),
     ["group 1 counts 1 set accepted (AK904), but of those listed 2 are accepted.",
      "group 1 is accepted (AK901 A), yet of 2 sets received 1 is accepted (AK904)."]),
    ((*TWO, "IK5*A", "AK9*P*2*2*2"), ["group 1 is accepted in part (AK901 P), yet no set of it is rejected."]),
    (("AK2*837*0001", "IK5*R*5", "AK9*P*1*1*0"),
     ["group 1 is accepted in part (AK901 P), yet no set of it is accepted."]),
    ((*TWO, "IK5*R*5", "AK9*R*2*2*1"),
     ["group 1 is rejected (AK901 R) without a fault of its own (AK905), yet of its sets 1 is accepted."]),
    (("AK2*837*0002", "IK5*R*5", "AK9*R*3*3*2"),
     ["group 1 is rejected (AK901 R) without a fault of its own (AK905), yet of its sets 2 are accepted."]),
    (("AK2*837*0002", "IK5*R*5", "AK9*R*3*3*0"), []),  # the others are rejected, too
    ((*TWO, "IK5*A", "AK9*A*3*2*2"),
     ["group 1 is accepted, although 3 sets were announced (AK902) and 2 received (AK903)."]),
    ((*TWO, "IK5*A", "AK9*A*1*1*1"),
     ["group 1 counts 1 set received (AK903), but 2 are answered.",
      "group 1 counts 1 set accepted (AK904), but of those listed 2 are accepted."]),
    (("AK9*A*1*1*2",), ["group 1 counts 2 sets accepted (AK904) of 1 received (AK903)."]),
    (("AK2*837*0002", "IK5*R*5", "AK2*837*0003", "IK5*R*5", "AK9*P*5*5*4"),
     ["group 1 counts 4 sets accepted (AK904) of 5 received (AK903), but of those listed 2 are rejected."]),
    (("AK9*A*1*1*1*5",), ["group 1 is accepted (AK901 A), yet AK905 names a fault of it."]),
    (("AK2*837*0001", "IK3*CLM*9**8", "IK5*A", "AK9*A*1*1*1"),
     ["set 0001 of group 1 is accepted without errors (A), yet 1 of its segments is told to be at fault."]),
    (("AK2*837*0001", "AK9*A*1*1*1"), ["The answer to set 0001 of group 1 has no IK5 or AK5, so it has no result."]),
    (("AK2*837*0001", "IK5*Q", "AK9*A*x**1"), []),
    (("AK1*HC*2", "AK9*A*1*1*1"), ["The answer to group 1 has no AK9, so it has no result."]),
], ids=lambda x: "-".join(x) if isinstance(x, tuple) else "")
def test_a_999_that_contradicts_itself(segments: tuple[str, ...], remarks: list[str]) -> None:
    assert contradictions(syntax_answer("AK1*HC*1*005010X222A1", *segments)) == remarks


GOOD_999 = syntax_answer("AK1*HC*1", "AK9*A*1*1*1")


@pytest.mark.parametrize(("wrong", "right", "remarks"), [
    ("GE*1*7", "GE*2*7", ["GE of group 7 announces 2 sets, but the group has 1."]),
    ("GE*1*7", "GE*1*8", ["group 7 ends with the control number 8 (GE02)."]),
    ("GE*1*7", "GE**7", ["GE of group 7 gives no number of sets."]),
    ("GE*1*7~", "", ["Group 7 has no end (GE): something of it may be missing."]),
    ("GE*1*7~", "GE*1*7~GE*1*7~", ["a GE with the control number 7 ends a group that wasn't begun (GS)."]),
    ("SE*4*0001", "SE*4*0009", ["set 0001 ends with the control number 0009 (SE02)."]),
    ("SE*4*0001", "SE*5*0001",
     ["SE of set 0001 announces 5 segments, but the set has 4: something of it may be missing."]),
    ("SE*4*0001", "SE*four*0001", ["SE of set 0001 gives no number of segments."]),
    ("SE*4*0001~", "", ["Set 0001 has no end (SE): something of it may be missing."]),
    ("IEA*1*", "IEA*3*", ["IEA of interchange 000000007 announces 3 groups, but the interchange has 1."]),
    ("IEA*1*", "IEA**", ["IEA of interchange 000000007 gives no number of groups."]),
    ("*20261121*1200*7", "*20261321*1200*7", [NO_DAY + "GS04 is “20261321”."]),
    ("*261121*", "*260230*", [NO_DAY + "ISA09 is “260230”."]),
])
def test_control_segments_that_dont_agree(wrong: str, right: str, remarks: list[str]) -> None:
    assert contradictions(GOOD_999) == []
    assert contradictions(GOOD_999.replace(wrong, right, 1)) == remarks


@pytest.mark.parametrize(("right", "wrong", "remarks"), [
    ("QTY*90*1", "QTY*90*2", ["batch REF1 counts 2 claims accepted (QTY*90), but 1 is listed."]),
    ("QTY*AA*1", "QTY*AA*0", ["batch REF1 counts 0 claims rejected (QTY*AA), but 1 is listed."]),
    ("QTY*QC*1", "QTY*QC*7", ["billing provider 1900000013 counts 7 claims rejected (QTY*QC), but 1 is listed."]),
    ("QTY*QA*1", "QTY*QA*one", []),
    ("QTY*90*1~\nQTY*AA*1~\nAMT*YU*220", "QTY*90*1~\nQTY*AA*1~\nAMT*YU*221",
     ["batch REF1 gives 221 in charges accepted (AMT*YU), but those listed add up to 220.",
      "batch REF1 is of 440 in charges (STC04), but its amounts (AMT) add up to 441."]),
    ("STC*A1:19:PR**WQ*440", "STC*A1:19:PR**WQ*44",
     ["billing provider 1900000013 is of 44 in charges (STC04), but its amounts (AMT) add up to 440."]),
    ("STC*A1:19:PR**WQ*440", "STC*A3:24:85**U*440",
     ["billing provider 1900000013 is rejected as such, yet of its claims 1 is accepted."]),
    ("STC*A1:19:PR*20261121*WQ*440", "STC*A1:19:PR*20261121*U*440",
     ["the status A1 of batch REF1 accepts, its action (STC03) U rejects."]),
    ("STC*A3:247*20261121*U*220", "STC*A3:247*20261121*WQ*220",
     ["the status A3 of claim A-1 rejects, its action (STC03) WQ accepts."]),
    ("STC*A3:247*20261121*U*220", "STC*A2:20*20261121*WQ*220",
     ["claim A-1 is accepted, yet a line of it is rejected.",
      "billing provider 1900000013 counts 1 claim accepted (QTY*QA), but 2 are listed.",
      "billing provider 1900000013 gives 220 in charges accepted (AMT*YU), but those listed add up to 440.",
      "batch REF1 counts 1 claim accepted (QTY*90), but 2 are listed.",
      "batch REF1 gives 220 in charges accepted (AMT*YU), but those listed add up to 440."]),
    ("*20261121*1200*TH", "*20261131*1200*TH",
     [NO_DAY + "BHT04, the day the acknowledgment was made, is “20261131”."]),
    ("DTP*050*D8*20261121", "DTP*050*D8*00000000",
     [NO_DAY + "DTP*050, the day the file came, is “00000000”."]),
    ("DTP*009*D8*20261121", "DTP*009*D8*today",
     [NO_DAY + "DTP*009, the day it was processed, is “today”."]),
    ("STC*A3:247*20261121*U", "STC*A3:247*20260230*U",
     [NO_DAY + "STC02, the day of a status of claim A-1, is “20260230”."]),
    ("DTP*472*D8*20261012", "DTP*472*D8*20261512",
     [NO_DAY + "DTP*472, the day of service of claim A-1, is “20261512”."]),
    ("DTP*472*D8*20261012", "DTP*472*RD8*20261012-20261001",
     ["DTP*472, the day of service of claim A-1, is “20261012-20261001”, which ends before it begins."]),
    ("DTP*472*D8*20261012", "DTP*472*RD8*20261012-20261012", []),  # told as one day
])
def test_a_277ca_that_contradicts_itself(right: str, wrong: str, remarks: list[str]) -> None:
    text = (ROOT / "fixtures" / "files" / "fail" / "three-codes-of-a-line.277ca").read_text()
    text = text.replace("STC*A3:684*20261121*U*220~\n", "").replace("SE*41", "SE*40")
    assert contradictions(text) == []
    assert right in text
    changed = text.replace(right, wrong, 1)
    assert contradictions(changed) == remarks
    if not remarks:
        assert "Day of service 2026-10-12." in told(explained(changed.encode()))


def test_two_sets_of_one_number() -> None:
    """A 277CA names a set by its BHT03 only: two that share it are told apart by claims and their count, and else
    taken in their order, which is said."""
    folder = ROOT / "fixtures" / "files" / "fail"
    data = (folder / "set-sent-twice.837").read_bytes()
    one = explained((folder / "set-sent-twice.277ca").read_bytes(), data)
    assert [index for index, _ in one.refused] == [3, 4]
    assert one.remarks == ["The original has 2 sets with the number REF1 (BHT03), and a 277CA names a set by nothing "
                           "else: its answers are taken to come in their order."]
    head, first, second, tail = re.split(rb"(?=\nST\*837)|(?=\nGE\*)", data)
    renamed = second.replace(b"CLM*A-1*", b"CLM*X-1*").replace(b"CLM*B-1*", b"CLM*X-2*")
    turned = head + renamed + first + tail  # the answer to the first set comes first: by its claims it is the second
    one = explained((folder / "set-sent-twice.277ca").read_bytes(), turned)
    assert [number for _, number in one.refused] == ["X-1", "X-2"]
    cut = second[: second.index(b"HL*3*")] + second[second.index(b"\nSE*") :]
    assert cut.count(b"CLM*") == 1
    refusal = (folder / "set-sent-twice.277ca").read_text().replace("QTY*AA*2", "QTY*AA*1")
    parts = re.split(r"(?=\nST\*277)|(?=\nGE\*)", refusal)
    one = explained((parts[0] + parts[2] + parts[3]).encode(), head + first + cut + tail)
    assert [index for index, _ in one.refused] == [3]
    assert not [r for r in one.remarks if "BHT03" in r]
