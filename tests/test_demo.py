"""The demo is told as its page says, on the day after it was made and months later."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

import edi_check

DEMO = Path(__file__).resolve().parent.parent / "fixtures" / "demo"
ROW = re.compile(r"^\| (DEMO-\d+) \| .* \| (accepted|rejected)(, to review|, with a warning)?:? ?(.*) \|$", re.M)


@pytest.mark.parametrize("as_of", [datetime.date(2026, 10, 31), datetime.date(2027, 6, 30)])
def test_every_claim_is_told_as_the_page_says(as_of: datetime.date) -> None:
    report = edi_check.check(
        [DEMO / "therapy.837", DEMO / "family.837"], as_of=as_of, settings={"PSRC-MT": {"aso_groups": ["ASO-2210"]}}
    )
    told = {}
    for file in report.files:
        grave = ("reject", "review", "warn")
        edits = {n: [f.edit for f in file.findings if f.claim == n and f.level in grave] for n in range(1, 30)}
        for claim in file.claims():
            levels = {f.level for f in file.findings if f.claim == claim.index}
            more = ", to review" if claim.disposition == "review" else ", with a warning" if levels == {"warn"} else ""
            disposition = "rejected" if claim.disposition == "rejected" else "accepted"
            told[claim.number] = (disposition, more, edits[claim.index])
    page = {m[1]: (m[2], m[3] or "", re.findall(r"[A-Z0-9]+(?:-[A-Z0-9]+)+", m[4])) for m in ROW.finditer(
        (DEMO / "README.md").read_text("utf-8"))}  # fmt: skip
    assert len(page) == 20
    assert told == page
    assert report.exit_code == 1
