"""However many faults a set or a claim has: what is not listed is counted, and refuses all the same."""

from __future__ import annotations

import io

import pytest
from judged import judged
from one_claim import GOOD

import edi_check
from edi_check.reading.filing import FAULT_LIMIT
from edi_check.telling.split import write_split

MANY = FAULT_LIMIT + 100
HEAD, REST = GOOD[:GOOD.index("HL*2*1")], GOOD[GOOD.index("HL*2*1"):GOOD.index("SE*")]


def whole(body: str) -> bytes:
    """The set's segments from ST on, closed."""
    n = body[body.index("ST*"):].count("~") + 1
    return f"{body}SE*{n}*0001~\nGE*1*1~\nIEA*1*000000001~\n".encode()


def subscribers(count: int, *changes: tuple[int, str, str]) -> bytes:
    """A set of ``count`` subscribers with a claim each; changes: (from which subscriber on, what, by what)."""
    parts = [HEAD]
    for k in range(count):
        one = REST.replace("HL*2*", f"HL*{k + 2}*").replace("CLM*C1*", f"CLM*C{k}*").replace("M0001", f"M{k:05d}")
        for first, old, new in changes:
            one = one.replace(old, new) if k >= first else one
        parts.append(one)
    return whole("".join(parts))


def claim(lines: int, **last: str) -> bytes:
    """A claim of so many lines, each with a space behind a modifier (a warning); ``last``: what the last one has."""
    texts = [f"LX*{n}~\nSV1*HC:97110:GP *10*UN*1***1~\nDTP*472*D8*20260203~\n" for n in range(1, lines + 1)]
    for old, new in last.items():
        texts[-1] = texts[-1].replace(old, new)
    return whole(GOOD[:GOOD.index("CLM*")] + f"CLM*C1*{10 * lines}***11:B:1*Y*A*Y*Y~\nHI*ABK:M5450~\n" + "".join(texts))


@pytest.mark.parametrize("listed", [1000, 100_000])
def test_every_subscriber_with_a_fault_is_refused(listed: int) -> None:
    data = subscribers(MANY, (0, "DMG*D8*19700101", "DMG*D8*19791312"))
    report = judged(data, max_findings=listed)
    file = report.files[0]
    assert (file.counts.accepted, file.counts.rejected) == (0, MANY)
    accepted = io.BytesIO()
    assert not write_split(file, "accepted", accepted, "2026-11-01")


def test_warnings_leave_room_for_what_refuses() -> None:
    data = subscribers(MANY, (0, "TESTER*", "TESTER *"), (MANY - 1, "DMG*D8*19700101", "DMG*D8*19791312"))
    file = judged(data, max_findings=10 * MANY).files[0]
    assert (file.counts.accepted, file.counts.rejected) == (MANY - 1, 1)


def test_another_fault_of_a_level_still_refuses_when_the_first_was_made_a_warning() -> None:
    data = subscribers(MANY, (0, "19700101*F~", "19700101*Q~"), (MANY - 1, "DMG*D8*19700101", "DMG*D8*1970"))
    file = judged(data, levels={"IK4-7": "warn"}).files[0]
    assert (file.counts.accepted, file.counts.rejected) == (MANY - 1, 1)


def test_a_claim_of_too_many_lines_is_refused_however_many_warnings_it_has() -> None:
    file = judged(claim(MANY)).files[0]
    assert file.counts.rejected == 1
    (fault,) = [f for f in file.findings if f.edit == "IK3-4"]
    assert (fault.line, fault.where.segment_id) == (51, "LX")


def test_the_last_line_refuses_a_claim_however_many_warnings_it_has() -> None:
    file = judged(claim(MANY, UN="XX")).files[0]
    assert "IK4-7" in {f.edit for f in file.findings}


def test_what_is_not_kept_is_counted() -> None:
    file = judged(claim(MANY)).files[0]
    kept = sum(f.edit == "IK4-6" for f in file.findings)
    assert (kept, kept + file.omitted["IK4-6"]) == (FAULT_LIMIT, MANY)
    assert file.counts.findings["warn"] == MANY


def test_what_is_switched_off_is_not_counted() -> None:
    report = edi_check.check(claim(MANY), as_of="2026-11-01", levels={"IK4-6": "off"})
    assert "IK4-6" not in report.files[0].omitted
    assert report.files[0].counts.findings["warn"] == 0


def test_a_hundred_and_first_claim_refuses_those_of_its_subscriber_only() -> None:
    one = GOOD[GOOD.index("CLM*"):GOOD.index("SE*")]
    mine = REST + "".join(one.replace("CLM*C1*", f"CLM*D{n}*") for n in range(100))
    other = REST.replace("HL*2*", "HL*3*").replace("CLM*C1*", "CLM*E1*").replace("M0001", "M0002")
    file = judged(whole(HEAD + mine + other)).files[0]
    assert [f.edit for f in file.findings if f.scope == "subscriber"] == ["IK3-4"]
    assert (file.counts.accepted, file.counts.rejected) == (1, 101)
