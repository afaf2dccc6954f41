"""A claim of thousands of lines costs no more a line than one of fifty: one file must not keep a machine busy for
hours. What is counted is the work, for a clock would measure the machine."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from acknowledged import answers
from cases import AS_OF, interchange
from judged import lines_run
from one_claim import BAD, GOOD

import edi_check
from edi_check.answers.claim_statements import looking
from edi_check.answers.explanation import explained
from edi_check.answers.received import ClaimAnswer, Received
from edi_check.judging.courses import LINES_KEPT, CourseLine, History
from edi_check.model import Claim, is_compiled
from edi_check.pipeline import check
from edi_check.reading.reader import Reader
from edi_check.rows import acknowledged
from edi_check.spool import Spool, Store
from edi_check.telling.claim_details import Details, Told
from edi_check.telling.finding_told import finding_view

FIRST = date(2000, 1, 1)
Line = Callable[[int], str]


def on(day: int, code: str, units: int = 1, days: int = 1, more: str = "") -> str:
    """A line, so many days after FIRST, of so many days."""
    first, last = (f"{FIRST + timedelta(n):%Y%m%d}" for n in (day, day + days - 1))
    dates = f"D8*{first}" if days == 1 else f"RD8*{first}-{last}"
    return f"SV1*HC:{code}*30*UN*{units}***1~DTP*472*{dates}{more}"


def by(n: int) -> str:
    return f"~NM1*82*2*CLINIC {n}"


def paid(n: int) -> str:
    return f"~SVD*P{n}*30*HC:97140**1~DTP*573*D8*20260210"


CLAIMS: dict[str, tuple[str, Line]] = {
    "units, day after day": ("psrc", lambda n: on(n, "97140:GP", 7)),
    "units of ranges": ("psrc", lambda n: on(2 * n, "97140:GP", 7, days=5)),
    "manipulations of many providers": ("medicare", lambda n: on(0, "98940:AT", 2, more=by(n))),
    "minutes of one day": ("medicare", lambda n: on(0, "97140:GP", 2, more="~NTE*ADD*25 minutes")),
    "modalities, day after day": ("psrc_medicaid", lambda n: on(n, "97012:GP")),
    "evaluations": ("psrc_medicaid", lambda n: on(n, "97161:GP")),
    "evaluations of one day": ("psrc_medicaid", lambda n: on(0, "97161:GP")),
}


def claim_of(count: int, line: Line, heading: str = "") -> str:
    return f"{heading}CLM*A1*{30 * count}***11:B:1*Y*A*Y*Y~HI*ABK:M5450~" + "~".join(line(n) for n in range(count))


def lines_run_for(data: bytes) -> int:
    edi_check.check(data, as_of=AS_OF)
    return lines_run(lambda: edi_check.check(data, as_of=AS_OF))


@pytest.mark.parametrize("kind", CLAIMS)
def test_each_line_of_a_long_claim_costs_the_same(kind: str) -> None:
    base, line = CLAIMS[kind]
    few, many = (lines_run_for(interchange({"claims": [claim_of(count, line)]}, base)) for count in (150, 600))
    assert many < 4 * few * 1.25, (few, many)


def test_each_other_payer_of_a_claim_costs_the_same() -> None:
    def data(count: int) -> bytes:
        payers = "".join(f"SBR*S*18*******CI~AMT*D*30~OI***Y***Y~NM1*IL*1*ROE*ANN****MI*M{n}~NM1*PR*2*PLAN*****PI*P{n}~"
                         for n in range(count))
        lines = "~".join(on(n, "97140:GP", more=paid(n)) for n in range(count))
        return interchange({"claims": [f"CLM*A1*{30 * count}***11:B:1*Y*A*Y*Y~HI*ABK:M5450~{payers}{lines}"]}, "plain")

    few, many = (lines_run_for(data(count)) for count in (75, 300))
    assert many < 4 * few * 1.25, (few, many)


def test_each_refused_line_that_a_277ca_tells_costs_the_same() -> None:
    def explaining(count: int) -> int:
        data = interchange({"claims": [claim_of(count, lambda n: on(9000, "97140:GP").replace("***1~", "***9~"))]})
        (file,) = edi_check.check(data, as_of=AS_OF).files
        answer = answers(file)["277ca"].encode()
        assert answer.count(b"SVC*HC:97140") == count
        return lines_run(lambda: explained(answer, data))

    few, many = explaining(50), explaining(200)
    assert many < 4 * few * 1.25, (few, many)


def test_what_is_said_of_a_claim_is_gone_through_once_and_not_for_each_of_its_segments() -> None:
    rounds = 0

    class Said(list[Told]):
        def __iter__(self) -> Iterator[Told]:
            nonlocal rounds
            rounds += 1
            return super().__iter__()

    claim = claim_of(50, lambda n: on(9000 + n, "97140:GP")).replace("~HI*", "~" + "ZZZ*1~" * 50 + "HI*")
    report = edi_check.check(interchange({"claims": [claim]}), as_of=AS_OF)
    (file,) = report.files
    said = Said(Told(f, finding_view(report, file, f)) for f in file.findings)
    (row,) = file.claims()
    details = Details(file, False)
    (own,) = (s for s in details.stretches(row, said) if s.title == "Claim")
    assert [bool(s.notes) for s in own.segments[1:51]] == [True] * 50
    assert len(details.lines(row, said)) == 50
    assert rounds < 20, "there are 200 segments, and 50 lines"


def test_lines_without_a_day_are_looked_up_and_not_searched() -> None:
    compared = 0

    class Number(int):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return int(self) == other

        __hash__ = int.__hash__

    lines = [("SV1*HC:97140", "20260233", "", "")] * 500
    details = ((), (), None, 0, "", "", "", "", "", "", "", lines, tuple(map(Number, range(500))))
    _, ak, _ = acknowledged(details)
    assert ak[7:9] == ("", "")
    assert compared < 2000


def test_the_lines_of_earlier_claims_are_taken_in_once() -> None:
    history, taken = History(), []
    for n in range(5):
        history.add([CourseLine(n, 1, 1, n, "97110", "11", ())])
        view = history.view("days", list, lambda days, line: (taken.append(line.claim), days.append(line.day))[0])
        assert view == list(range(n + 1))
    assert taken == list(range(5))
    history.add([CourseLine(9, n, n, 9, "97110", "11", ()) for n in range(2 * LINES_KEPT)])
    assert len(history.lines) == LINES_KEPT


def test_spaces_between_a_number_and_a_word_are_looked_at_once() -> None:
    """A pattern that cuts them in two in every way would be at it for minutes."""
    note = f"1{' ' * 64_000}x"
    report = edi_check.check(interchange({"claims": [on(0, "97140:GP", more=f"~NTE*ADD*{note}")]}, "psrc"), as_of=AS_OF)
    assert {f.edit for f in report.files[0].findings if f.where.segment_id == "NTE"} == {"IK4-5"}


@pytest.mark.parametrize("format", ["text", "markdown", "html", "junit"])
def test_thousands_of_claims_under_thousands_of_faults_make_no_report_of_the_one_times_the_other(format: str) -> None:
    """From the 101st on each claim of a patient is one too many, and each such fault stands above all of them."""
    def told(count: int) -> str:
        claims = "~".join(f"CLM*A{n}*30***11:B:1*Y*A*Y*Y~HI*ABK:M5450~LX*1~{on(6000 + n, '97140:GP')}"
                          for n in range(count))
        report = edi_check.check(interchange({"claims": [claims]}), as_of=AS_OF)
        assert report.files[0].counts.claims == report.files[0].counts.rejected == count
        return edi_check.render(report, format) or ""

    few, many = told(250), told(1000)
    assert len(many) < 4 * len(few) * 1.25
    assert re.search(r"and\s+4(80|95)\s+(further|more)", many), "what more there is, is counted"


def left_by(data: bytes) -> Counter[str]:
    """The kinds of things in cycles that checking leaves behind: the command's process collects none."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        edi_check.check(data, as_of=AS_OF)
        gc.collect()
        return Counter(type(one).__name__ for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("data", [GOOD, BAD, GOOD[:600], GOOD + GOOD, "x"], ids=["good", "bad", "cut", "twice", "none"])
def test_a_file_leaves_no_cycle_behind_that_holds_its_segments(data: str) -> None:
    left = left_by(data.encode())
    assert not left.keys() & {"Reader", "Assembly", "Segmenter", "Batch", "Claim", "FileCheck", "Spool"}, left


def test_many_sets_of_delimiters_leave_few_tables_behind() -> None:
    whole = "".join(GOOD.replace("*", sign) for sign in "*|;!#$%&'()+,/<=>?@[]_`{}")
    left = left_by(whole.encode())
    assert left["Step"] < 400, left


@pytest.mark.parametrize(("count", "piece"), [(0, 256), (5, 16), (17, 16), (100, 256), (256, 16), (600, 256)])
def test_the_rows_of_files_that_are_done_are_on_disk_but_for_some(count: int, piece: int) -> None:
    store, kept = Store(), 0
    for _ in range(40):
        spool = Spool(store, piece)
        for n in range(count):
            spool.append((n, str(n)))
        rows = list(spool)
        spool.close()
        assert list(spool) == rows and [spool[n] for n in range(count)] == rows and len(spool) == count
        spool.close()
        assert spool._cached[1] == []
        kept += len(spool._batch)
    assert kept <= 2048 + 40 * 16


def test_a_run_over_many_files_keeps_few_rows_in_memory(tmp_path: Path) -> None:
    claims = [f"CLM*A{n}*30***11:B:1*Y*A*Y*Y~HI*ABK:M5450~LX*1~{on(9400 + n // 2, '97140:GP')}" for n in range(80)]
    for n in range(20):
        (tmp_path / f"{n}.837").write_bytes(interchange({"claims": claims}))
    files = check([str(path) for path in tmp_path.iterdir()], as_of=AS_OF).files
    assert all(len(file.rows) == len(file.details) == 80 and len(file.overruled) == 40 for file in files)
    spools = [spool for file in files for spool in (file.rows, file.details, file.above, file.overruled.spool)]
    assert sum(len(spool._batch) for spool in spools) <= 2048


@pytest.mark.skipif(is_compiled(), reason="a compiled module takes no other Reader")
def test_little_is_read_before_it_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four bytes (``CLM~``) make a claim with half a dozen findings: thousands of times as much memory."""
    at_once: list[int] = []

    class Counting(Reader):
        def feed(self, data: bytes) -> list[Claim]:
            at_once.append(len(data))
            return super().feed(data)

    monkeypatch.setattr("edi_check.checking.Reader", Counting)
    data = interchange({"claims": [claim_of(2000, lambda n: on(9000 + n % 900, "97140:GP"))]})
    edi_check.check(data, as_of=AS_OF)
    assert sum(at_once) == len(data) > 100_000 and max(at_once) <= 1 << 15


def test_of_thousands_of_refused_claims_of_one_number_a_few_are_looked_at_for_each() -> None:
    taken = 0

    class Asked(list[int]):
        def __iter__(self) -> Iterator[int]:
            nonlocal taken
            for n in super().__iter__():
                taken += 1
                yield n

    received = Received()
    for _ in range(1000):
        received.claims.append(ClaimAnswer("C1"))
    look = looking(received, {"C1": Asked(range(1000))}, False)
    (claim,) = edi_check.read_claims(GOOD.encode())
    assert len(look(claim)) == taken == 10
