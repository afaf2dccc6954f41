"""Whatever the bytes are, there is a report: no traceback, no exit code 70, no silence, and what stands before the
damage is still judged.

``judged`` holds every report to what is true of all; here are the bytes. The long run of random bytes is behind the
marker ``long``: ``pytest -m long tests/test_bad_input.py``.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from judged import edits_of, judged, only_file
from one_claim import BAD, GOOD

import edi_check
from edi_check.generating import generate
from edi_check.redacting import RedactionFailed, redact

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "files"
CLEAN = GOOD.encode()
SEGMENTS = GOOD.split("~\n")[:-1]


def two_claims() -> bytes:
    """A first claim whose charge differs from its line's (CORE-BAL-01), and a second that is clean."""
    first = SEGMENTS[: SEGMENTS.index("SE*23*0001")]
    bad = [s.replace("CLM*C1*60*", "CLM*C1*61*") for s in first]
    at = next(n for n, s in enumerate(first) if s.startswith("HL*2*"))
    second = [s.replace("HL*2*1", "HL*3*1").replace("M0001", "M0002").replace("CLM*C1*", "CLM*C2*") for s in first[at:]]
    count = len(bad) + len(second) - 1
    return ("~\n".join([*bad, *second, f"SE*{count}*0001", "GE*1*1", "IEA*1*000000001"]) + "~\n").encode()


def with_segment(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new).encode("latin-1")


# Not an interchange, or not ours

NOT_OURS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "CORE-FILE-01"),
    "blanks": (b" \r\n\t\n ", "CORE-FILE-01"),
    "one-byte": (b"I", "CORE-FILE-01"),
    "only-the-letters": (b"ISA", "CORE-FILE-01"),
    "a-letter": (b"Dear Sir or Madam,\n", "CORE-FILE-01"),
    "a-page": (b"<!DOCTYPE html><html></html>", "CORE-FILE-01"),
    "json": (b'{"claims": []}', "CORE-FILE-01"),
    "zip": (b"PK\x03\x04" + bytes(200), "CORE-FILE-01"),
    "zeros": (bytes(5000), "CORE-FILE-01"),
    "edifact": (b"UNA:+.? 'UNB+UNOA:1+A+B+260301:0800+1'", "CORE-FILE-01"),
    "utf-16": (GOOD.encode("utf-16"), "CORE-FILE-01"),
    "utf-16-big-endian": (GOOD.encode("utf-16-be"), "CORE-FILE-01"),
    "utf-32": (GOOD.encode("utf-32"), "CORE-FILE-01"),
    "hl7": (b"MSH|^~\\&|A|B|C|D|202603010800||ADT^A01|1|P|2.3\r", "CORE-FILE-01"),
    "no-envelope": (GOOD[GOOD.index("ST*") :].encode(), "CORE-FILE-01"),
    "isa-and-no-more": (GOOD.split("~")[0].encode(), "CORE-FILE-01"),
}


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_no_interchange_is_said_to_be_none(name: str) -> None:
    data, edit = NOT_OURS[name]
    report = judged(data, is_rendered=True)
    assert report.exit_code == 3
    assert edits_of(report) == {edit}
    assert only_file(report).disposition == "unreadable"


@pytest.mark.parametrize("name", ["institutional", "remittance"])
def test_another_kind_of_x12_is_said_to_be_so(name: str) -> None:
    report = judged((FILES / "fail" / f"{name}.837").read_bytes(), is_rendered=True)
    assert report.exit_code == 3
    assert "CORE-FILE-02" in edits_of(report)


@pytest.mark.parametrize("version", ["005010X299A1", "004010X098A1", "006020X323", "", "*" * 3, "005010X222A1X"])
def test_an_unknown_guide_is_never_accepted(version: str) -> None:
    report = judged(with_segment("*X*005010X222A1", f"*X*{version}"), is_rendered=True)
    assert report.exit_code in (1, 3)
    assert only_file(report).counts.accepted == 0


# Cut files


def test_a_cut_anywhere_is_told_and_what_stands_before_it_is_judged() -> None:
    data = two_claims()
    assert edits_of(judged(data)) == {"CORE-BAL-01"}
    second = data.index(b"HL*3*")
    first_ends = data.index(b"~", second)  # until then more of the first claim might follow
    second_ends = data.index(b"SE*")
    last = data.rindex(b"IEA*1*000000001") + len(b"IEA*1*000000001")
    for at in range(len(data)):
        report = judged(data[:at], is_rendered=at % 50 == 0)
        file = only_file(report)
        if at >= last:
            assert file.counts.claims == 2
            assert edits_of(report) - {"CORE-BAL-01"} <= {"TA1-004"}, f"cut after {at} bytes"
            assert report.exit_code == 1
            continue
        assert report.exit_code == 3, f"cut after {at} bytes: nothing says so"
        assert file.counts.accepted == 0, f"cut after {at} bytes: a claim of a broken interchange is accepted"
        if at > first_ends:
            assert file.counts.claims >= 1
            assert "CORE-BAL-01" in edits_of(report), f"cut after {at} bytes: the first claim is not judged"
        if at > second_ends:
            assert file.counts.claims == 2


def test_only_bytes_after_the_last_element_are_missing() -> None:
    for end in ("~\n", "~", ""):
        report = judged(GOOD.rstrip("~\n").encode() + end.encode())
        assert report.exit_code == 0
        assert {f.level for f in only_file(report).findings} <= {"warn", "note"}


def test_a_cut_of_every_failing_file() -> None:
    for path in sorted((FILES / "fail").glob("*.837")):
        data = path.read_bytes()
        for at in range(7, len(data), 97):
            judged(data[:at])


# The ISA


def test_an_isa_of_nothing_but_isa() -> None:
    assert judged(b"ISA*" * 60, is_rendered=True).exit_code in (1, 3)


def test_an_isa_of_any_length_is_survived() -> None:
    header = SEGMENTS[0]
    rest = GOOD[len(header) :]
    for at in range(len(header)):
        for changed in (
            header[:at] + header[at + 1 :],
            header[:at] + "X" + header[at:],
            header[:at] + "*" + header[at:],
        ):
            report = judged((changed + rest).encode())
            assert report.exit_code in (0, 1, 3)
            if report.exit_code == 0:
                assert len(changed.split("*")) == 17, f"accepted with {changed!r}"


def test_any_character_of_the_isa_may_be_any_other() -> None:
    dice = random.Random(8)
    header = GOOD[:106]
    for at in range(106):
        for _ in range(4):
            changed = header[:at] + chr(dice.randrange(256)) + header[at + 1 :]
            judged((changed + GOOD[106:]).encode("latin-1"))


# Segments

ONE_BY_ONE: dict[str, Callable[[list[str], int], list[str]]] = {
    "left-out": lambda s, n: s[:n] + s[n + 1 :],
    "twice": lambda s, n: s[: n + 1] + s[n:],
    "moved-up": lambda s, n: [*s[: max(n - 1, 0)], s[n], *s[max(n - 1, 0) : n], *s[n + 1 :]],
    "empty": lambda s, n: [*s[:n], "", *s[n + 1 :]],
    "only-its-name": lambda s, n: [*s[:n], s[n].split("*")[0], *s[n + 1 :]],
    "lower-case": lambda s, n: [*s[:n], s[n].lower(), *s[n + 1 :]],
    "a-separator-more": lambda s, n: [*s[:n], s[n] + "*", *s[n + 1 :]],
    "many-elements": lambda s, n: [*s[:n], s[n] + "*A" * 1200, *s[n + 1 :]],
    "many-components": lambda s, n: [*s[:n], s[n] + ":A" * 300, *s[n + 1 :]],
    "many-repetitions": lambda s, n: [*s[:n], s[n] + "^A" * 300, *s[n + 1 :]],
    "no-elements": lambda s, n: [*s[:n], re.sub(r"\*.*", "***", s[n]), *s[n + 1 :]],
    "a-stranger-before": lambda s, n: [*s[:n], "ZZZ*1", *s[n:]],
    "control-character": lambda s, n: [*s[:n], s[n] + "\x00\x07", *s[n + 1 :]],
    "no-ascii": lambda s, n: [*s[:n], s[n] + "Ñandú", *s[n + 1 :]],
}


@pytest.mark.parametrize("kind", ONE_BY_ONE)
def test_each_segment_spoilt_in_turn_is_told(kind: str) -> None:
    """SE01 is as it was, so whatever is added or left out is told at least by the count."""
    for n in range(len(SEGMENTS)):
        spoilt = ONE_BY_ONE[kind](SEGMENTS, n)
        if spoilt == SEGMENTS:
            continue
        report = judged(("~\n".join(spoilt) + "~\n").encode("latin-1"), is_rendered=n % 6 == 0)
        assert report.exit_code in (1, 3), (
            f"{kind}: {SEGMENTS[n]!r} accepted: {[f.edit for f in only_file(report).findings]}"
        )


def test_each_loop_left_out_is_told() -> None:
    """Every stretch of segments left out, with the count of SE put right."""
    first, last = 2, len(SEGMENTS) - 3
    for begin in range(first + 1, last):
        for end in range(begin + 1, last + 1):
            left = SEGMENTS[:begin] + SEGMENTS[end:]
            left[-3] = f"SE*{len(left) - 4}*0001"
            judged(("~\n".join(left) + "~\n").encode())


@pytest.mark.parametrize(("name", "old", "new"), [
    ("two terminators", "HI*ABK:M5450~", "HI*ABK:M5450~~"),
    ("a range of three days", "D8*20260203", "RD8*20260203-20260204-20260205"),
    ("a range without an end", "D8*20260203", "RD8*20260203-"),
    ("a range of nothing", "D8*20260203", "RD8*-"),
    ("a reversed range", "D8*20260203", "RD8*20260203-20260201"),
    ("a day that doesn't exist", "D8*20260203", "D8*20260230"),
    ("a day of letters", "D8*20260203", "D8*TODAY"),
    ("the year nought", "D8*20260203", "D8*00000101"),
    ("units of a million digits", "*UN*2*", f"*UN*{'9' * 60000}*"),
    ("units in exponents", "*UN*2*", "*UN*1E999999*"),
    ("units that are not a number", "*UN*2*", "*UN*NAN*"),
    ("an infinite charge", "*60*UN", "*INF*UN"),
    ("a charge with two points", "*60*UN", "*6.0.0*UN"),
    ("a charge with a comma", "*60*UN", "*60,00*UN"),
    ("a charge with other digits", "*60*UN", "*\xb2\xb3*UN"),
    ("pointers to nowhere", "UN*2***1~", "UN*2***0:99:-1:A~"),
    ("five pointers", "UN*2***1~", "UN*2***1:1:1:1:1~"),
    ("empty components", "HC:97140:GP", "::::"),
    ("a qualifier alone", "HI*ABK:M5450", "HI*ABK"),
    ("a diagnosis alone", "HI*ABK:M5450", "HI*:M5450"),
    ("fifty diagnoses", "HI*ABK:M5450", "HI*ABK:M5450" + "*ABF:M545" * 50),
    ("an HL of itself", "HL*2*1*22*0", "HL*2*2*22*0"),
    ("an HL of letters", "HL*2*1*22*0", "HL*B*A*22*0"),
    ("a huge HL", "HL*2*1*22*0", f"HL*{'9' * 400}*1*22*0"),
    ("a level that doesn't exist", "HL*2*1*22*0", "HL*2*1*99*0"),
    ("a patient under a provider", "HL*2*1*22*0", "HL*2*1*23*0"),
    ("a count of letters", "SE*23*", "SE*MANY*"),
    ("a huge count", "SE*23*", f"SE*{'9' * 5000}*"),
    ("a negative count", "IEA*1*", "IEA*-1*"),
    ("a component in the header", "BHT*0019*00", "BHT*0019:1*00"),
    ("a set in a set", "BHT*0019", "ST*837*0002*005010X222A1~\nBHT*0019"),
    ("a group in a group", "ST*837", "GS*HC*A*B*20260301*0800*2*X*005010X222A1~\nST*837"),
    ("an interchange in an interchange", "ST*837", GOOD[:106] + "\nST*837"),
    ("the end in the middle", "CLM*C1", "IEA*1*000000001~\nCLM*C1"),
])  # fmt: skip
def test_nonsense_is_told(name: str, old: str, new: str) -> None:
    report = judged(with_segment(old, new), is_rendered=True)
    assert report.exit_code in (1, 3), name


@pytest.mark.parametrize("terminator", ["", "\n", "*", "^", ":", "A", " ", "0"])
def test_an_odd_terminator_or_none(terminator: str) -> None:
    report = judged(GOOD.replace("~\n", terminator).encode())
    assert report.exit_code == 0 if terminator == "\n" else report.exit_code in (1, 3)


@pytest.mark.parametrize("at", ["HI*", "CLM*", "GE*", "ISA*"])
def test_a_segment_of_ten_megabytes(at: str) -> None:
    data = with_segment(at, at + "X" * 10_000_000)
    report = judged(data, is_rendered=True)
    assert report.exit_code == 3
    assert edits_of(report) & {"CORE-FILE-01", "CORE-FILE-03"}


def test_line_ends_may_be_mixed() -> None:
    dice = random.Random(3)
    for _ in range(20):
        mixed = "".join(s + "~" + dice.choice(("", "\n", "\r\n", "\r", "\n\n")) for s in SEGMENTS)
        report = judged(mixed.encode())
        assert (report.exit_code, only_file(report).counts.accepted) == (0, 1), repr(mixed)


# Random bytes

ALPHABETS = (bytes(range(256)), b"*~:^\n", b"ISAGSTHLCMNV18*~:^ 0", b"0123456789*~:-.")


def random_case(dice: random.Random, source: bytes) -> bytes:
    """Noise, noise after a good ISA, or a good file with a few bytes changed, put in, taken out or moved."""
    kind = dice.randrange(10)
    noise = bytes(dice.choices(dice.choice(ALPHABETS), k=dice.randrange(400)))
    if kind == 0:
        return noise
    if kind == 1:
        return source[:106] + b"\n" + noise
    data = bytearray(source)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        at, length = dice.randrange(len(data)), dice.choice((1, 1, 1, 2, 5, 40))
        change = dice.randrange(5)
        if change == 0:
            data[at : at + length] = b""
        elif change == 1:
            data[at:at] = bytes(dice.choices(dice.choice(ALPHABETS), k=length))
        elif change == 2:
            data[at : at + 1] = bytes([dice.randrange(256)])
        elif change == 3:
            data[at : at + 1] = bytes(dice.choices(b"*~:^", k=1))
        else:
            other = dice.randrange(len(data))
            data[at : at + length] = data[other : other + length * 4]
        if not data:
            return b""
    return bytes(data)


def sources() -> list[bytes]:
    """Small good files to spoil: those of fixtures/files/pass that are short, and a generated one."""
    small = [p.read_bytes() for p in sorted((FILES / "pass").glob("*.837")) if p.stat().st_size < 3000]
    return [*small, CLEAN, two_claims(), b"".join(generate(3, 4, faults=0.5))]


def run_random(first: int, count: int) -> None:
    known = sources()
    for number in range(first, first + count):
        dice = random.Random(number)
        data = random_case(dice, known[number % len(known)])
        try:
            judged(data, is_rendered=number % 100 == 0)
        except Exception as error:
            error.add_note(f"case {number}: random_case(random.Random({number}), …) = {data!r}")
            raise


@pytest.mark.parametrize("part", range(4))
def test_random_bytes_give_a_report(part: int) -> None:
    run_random(part * 500, 500)


def test_what_is_missing_in_one_set_is_missed_in_the_next_too() -> None:
    """Found by the long run: what was put right after the missing BHT of the first set was taken for granted later."""
    inside = [s for s in SEGMENTS[2:-2] if not s.startswith("BHT")]
    sets = [re.sub(r"^(ST\*837|SE\*\d+)\*0001", rf"\1*000{n}", s) for n in (1, 2, 3) for s in inside]
    data = "~\n".join([*SEGMENTS[:2], *sets, "GE*3*1", "IEA*1*000000001"]) + "~\n"
    report = judged(data.encode())
    assert [f.set_index for f in only_file(report).findings if f.edit == "IK3-3"] == [1, 2, 3]


def test_a_line_without_its_lx_is_not_said_to_be_out_of_balance() -> None:
    second = "SV1*HC:97110:GP*30*UN*1***1~\nDTP*472*D8*20260203~\n"
    data = BAD.replace("CLM*C1*61*", "CLM*C1*90*").replace("SE*23*", f"{second}SE*25*")
    assert "CORE-BAL-01" not in edits_of(judged(data.encode()))
    assert "CORE-BAL-01" in edits_of(judged(data.replace(second, f"LX*2~\n{second}").replace("*90*", "*91*").encode()))


@pytest.mark.parametrize(("old", "new", "edit"), [
    ("IEA*1*", "IEA*0000000011*", "TA1-021"), ("GE*1*", "GE*0000000011*", "AK9-5"),
    ("SE*23*", "SE*00000000231*", "IK5-4"), ("GE*1*", "GE*\xb9*", "AK9-5")])
def test_a_count_is_read_to_its_end(old: str, new: str, edit: str) -> None:
    assert edit in edits_of(judged(GOOD.replace(old, new).encode("latin-1")))


@pytest.mark.parametrize("after", [
    "IEA*1*000000001", "GS*HC*A*B*20260301*0800*2*X*005010X222A1", "ST*837*0002", "GE*1*1", "SE*2*0002",
    "TA1*000000001*260301*0800*A*000", "HI*ABK:M5450", "IEA"])
def test_more_follows_an_iea_without_elements(after: str) -> None:
    """Found by the long run: such an IEA is no end of an interchange for whoever looks for ``IEA*``."""
    report = judged(("~\n".join([*SEGMENTS[:-1], "IEA", after, SEGMENTS[-1]]) + "~\n").encode())
    assert {"TA1-001", "TA1-021"} <= edits_of(report)


ISA_ALONE, BODY = GOOD[: GOOD.index("GS*")], GOOD[GOOD.index("GS*") :]


@pytest.mark.parametrize(("body", "edit", "says"), [
    (BODY.replace("*", "|"), "TA1-026", "ISA has “*” between its elements; GS and what follows have “|”."),
    (BODY.replace("*", "\x1d"), "TA1-026", "GS and what follows have “\\x1d”."),
    (BODY.replace("~\n", "'"), "TA1-004", "ISA ends in “~”; GS and what follows end in “'”."),
    (BODY.replace("~\n", "'\r\n"), "TA1-004", "ISA ends in “~”; GS and what follows end in “'”."),
    (BODY.replace("~\n", "\r\n"), "TA1-004", "GS and what follows end in a line break (CR)."),
    (BODY.replace("~\n", "\n"), "TA1-004", "GS and what follows end in a line break (LF)."),
    (BODY.replace("~\n", "|") * 100, "TA1-004", "ISA ends in “~”; GS and what follows end in “|”."),
])
def test_a_group_with_other_delimiters_than_its_isa_is_told_so_once(body: str, edit: str, says: str) -> None:
    """It was said to be cut off, or to have segments without names."""
    data = (ISA_ALONE + body).encode()
    for made in (data, data + GOOD.encode() if edit == "TA1-026" else data):
        report = judged(made)
        assert report.exit_code == 3
        [finding] = [f for f in only_file(report).findings if not f.claim and f.where.segment < 9]
        assert (finding.edit, finding.where.segment_id, finding.where.segment) == (edit, "GS", 2)
        assert says in finding.message
        with pytest.raises(edi_check.NotX12, match="GS and what follows"):
            list(edi_check.read_claims(made))
    with pytest.raises(RedactionFailed, match="GS and what follows"):
        redact(data, io.BytesIO())


@pytest.mark.parametrize(("line_end", "says"), [("\n", "a line break (LF)"), ("\r", "a line break (CR)")])
def test_an_isa_that_ends_in_a_line_break_only_is_told_so(line_end: str, says: str) -> None:
    """GS08 was said to be “005010X222A1~”, and IEA02 and GE02 not to fit."""
    data = (ISA_ALONE.rstrip("~\n") + "\n" + BODY).replace("\n", line_end).encode()
    report = judged(data)
    [finding] = only_file(report).findings
    assert report.exit_code == 3 and (finding.edit, finding.where.segment) == ("TA1-004", 2)
    assert finding.message == f"ISA ends in {says}; GS and what follows end in “~” and a line break."
    with pytest.raises(RedactionFailed, match="GS and what follows"):
        redact(data, io.BytesIO())


def test_a_good_interchange_behind_one_that_has_other_terminators_is_judged() -> None:
    """GS was said to have 246 elements: the next ISA stands in it."""
    report = judged((ISA_ALONE + BODY.replace("~", "'") + GOOD).encode())
    [finding] = only_file(report).findings
    assert report.exit_code == 3 and (finding.edit, finding.where.segment) == ("TA1-004", 2)
    assert only_file(report).counts.claims == 1


@pytest.mark.parametrize("version", ["005010X222A1:", "005010X223A2", "", "005010X222A1 "])
def test_another_version_is_told_as_that(version: str) -> None:
    for line_end in "~\n":
        found = edits_of(judged(GOOD.replace("~\n", line_end).replace("005010X222A1", version, 1).encode()))
        assert "AK9-2" in found and "TA1-004" not in found


@pytest.mark.parametrize("body", [
    "", "GS", "GS*", "GS*HC*A", "GS ", BODY.replace("~\n", ""), BODY.replace("~\n", "ST"), "ST*837*0001'"])
def test_what_has_no_other_delimiters_is_not_said_to_have_them(body: str) -> None:
    assert not edits_of(judged((ISA_ALONE + body).encode())) & {"TA1-004", "TA1-026"}


@pytest.mark.long
def test_a_hundred_thousand_random_cases_give_a_report() -> None:
    run_random(10_000, 100_000)
