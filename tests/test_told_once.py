"""A fault above several claims is told once, with how many it takes along; the claims refer to it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

import edi_check
from edi_check.generating import generate

AS_OF = "2026-10-30"
CLEAN = b"".join(generate(80, seed=3, as_of=date(2026, 10, 30)))
NPI = b"*XX*1900000005~"
"""Of the first billing provider, which has 19 claims."""
MESSAGE = "1900000006 of the billing provider is not an NPI"


def report_of(data: bytes, **options: Any) -> Any:
    return edi_check.check(data, as_of=AS_OF, **options)


def told(report: Any, form: str) -> str:
    """The report as one line, without the page's own script and without Markdown's marks."""
    text = (edi_check.render(report, form) or "").partition("<script>")[0]
    return re.sub(r"\s+", " ", text).replace("\\", "").replace("**", "")


@pytest.fixture(scope="module")
def faulty() -> bytes:
    """The first provider has an NPI that is none (a finding of each claim) and an address with a fault of the guide
    (one finding above them); a claim of it has a fault of its own, too."""
    head, mark, rest = CLEAN.partition(NPI)
    data = head + mark.replace(b"05~", b"06~") + rest
    data = data.replace(b"*PORTLAND*OR*972117063~", b"*PORTLAND*ORE*972117063~", 1)
    return data.replace(b"SV1*HC:98941:AT*67*UN*1***1:2:3:4~", b"SV1*HC:98941:AT*66*UN*1***1:2:3:4~", 1)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_it_is_told_once(faulty: bytes, form: str) -> None:
    report = report_of(faulty)
    assert sum(f.edit == "CORE-ID-01" for f in report.files[0].findings) == report.files[0].counts.rejected == 19
    text = told(report, form)
    assert text.count(MESSAGE) == 1 and text.count("It takes 19 claims with it.") == 2
    assert text.count("Correct the NPI; the registry of providers") == 1
    assert text.count("is “ORE”, which is too long") == 1
    assert "its only service line is 66.00" in text


def test_every_claim_is_named_and_says_what_it_is_refused_with(faulty: bytes) -> None:
    report = report_of(faulty)
    rejected = [c.number for c in report.files[0].claims() if c.disposition == "rejected"]
    for form in ("text", "markdown"):
        text = told(report, form)
        claims = text[text.index("Rejected claims"):text.index("Not evaluated")]
        assert "Refused with CORE-ID-01 (segment 10), IK4-5 (segment 12), told above: 18 claims, $2,060.80, " in claims
        assert all(len(re.findall(rf"\b{number}\b", claims)) >= 1 for number in rejected)
        assert re.search(r"and of this claim too:\*? CORE-ID-01 \(segment 10\), IK4-5 \(segment 12\)", claims)
    page = edi_check.render(report, "html") or ""
    rows = {number: row for row, number in
            re.findall(r'(<li id="c1-\d+".*?<summary><b>([^<]+)</b>.*?</details>)', page, re.S)}
    anchors = dict(re.findall(r'id="(a1-\d+)">\s*<p class="edit"><b>([^<]+)</b>', page))
    for number in rejected:
        links = re.findall(r'<b>([^<]+)</b>[^<]*<a href="#(a1-\d+)">told above</a>', rows[number])
        assert [edit for edit, _ in links][:2] == ["CORE-ID-01", "IK4-5"] == [anchors[a] for _, a in links][:2]
    assert rows[rejected[0]].count('class="fix"') == 1, "its own fault is told in full"


@pytest.mark.parametrize("form", ["text", "html"])
def test_however_many_findings_are_listed_and_processes_read(faulty: bytes, form: str) -> None:
    whole = told(report_of(faulty), form)
    assert told(report_of(faulty, jobs=2), form) == whole
    few = told(report_of(faulty, max_findings=2), form)
    assert few.count(MESSAGE) == 1 and "It takes 19 claims with it." in few
    assert "beyond --max-findings" not in few.replace("<code>", "").replace("</code>", "")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_fault_of_one_claim_s_own_levels_stays_in_it(form: str) -> None:
    data = CLEAN.replace(b"*MADRAS*OR*", b"*MADRAS*ORE*", 1)
    report = report_of(data)
    assert report.files[0].counts.rejected == 1
    assert [f.scope for f in report.files[0].findings if f.level == "reject"] == ["subscriber"]
    text = told(report, form)
    assert "Faults above the claims" not in text and "told above" not in text
    assert "is “ORE”, which is too long" in text and "It takes" not in text


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_claims_of_several_providers_share_is_told_for_each(form: str) -> None:
    """Two providers with the same fault: told once for each, and the claims say which is theirs."""
    data = re.sub(rb"(~NM1\*85\*[^~]*~N3[^~]*~N4\*[^*]*\*OR)\*", rb"\1E*", CLEAN, count=2)
    report = report_of(data)
    first, second = [f for f in report.files[0].findings if not f.claim and f.level == "reject"]
    assert (first.edit, first.scope) == (second.edit, second.scope) and first.scope == "provider"
    text = told(report, form)
    if form == "html":
        assert set(re.findall(r'href="#(a1-\d)">told above', text)) >= {"a1-1", "a1-2"}
    else:
        for finding in (first, second):
            assert f"{finding.edit} (segment {finding.where.segment})" in text


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_only_wants_a_look_is_named_together_too(faulty: bytes, form: str) -> None:
    text = told(report_of(faulty, levels={"CORE-ID-01": "review", "IK4-5": "note"}), form)
    assert text.count(MESSAGE) == 1 and "It concerns 19 claims." in text
    assert "To review for CORE-ID-01 (segment 10), told above: 18 claims" in text


@pytest.mark.parametrize("form", ["text", "markdown", "html", "junit"])
def test_codes_are_those_of_the_answer_that_is_given(form: str) -> None:
    """A file that was cut off is answered by a TA1 alone; what is no X12 isn't answered at all."""
    cut = told(report_of(CLEAN[:9000]), form)
    assert "TA105 023" in cut and "A3:684" not in cut
    assert "A3:481" not in told(report_of(b"%PDF-1.7 no claims"), form)
