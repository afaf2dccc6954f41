"""The HTML report without a browser: what a claim unfolds to, what is marked, what is masked, how it is written."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path

import pytest
from one_claim import GOOD

import edi_check
from edi_check.generating import generate
from edi_check.privacy import MASK
from edi_check.telling import html_page
from edi_check.telling.claim_details import Details

AS_OF = "2026-10-30"
FAULTY = b"".join(generate(80, seed=11, faults=0.5))
FILES = Path(__file__).resolve().parent.parent / "fixtures" / "files"
PLAIN = re.compile(r"<[^>]*>")


def page_of(source: object, **options: object) -> str:
    text = edi_check.render(edi_check.check(source, as_of=AS_OF, **options), "html")
    assert text is not None
    return text


def segments(text: str) -> dict[int, tuple[str, list[str]]]:
    """Number of each segment shown: its text, and what of it is marked."""
    found = {}
    for first, items in re.findall(r'<ol class="segments" start="(\d+)">(.*?)</ol>', text, re.S):
        for n, code in enumerate(re.findall(r"<li[^>]*><code>(.*?)</code>", items, re.S), int(first)):
            found[n] = (html.unescape(PLAIN.sub("", code)), re.findall("<mark>(.*?)</mark>", code))
    return found


def test_segments_are_those_of_the_file_at_their_numbers() -> None:
    sent = [s.strip("\r\n") for s in FAULTY.decode().split("~")]
    report = edi_check.check(FAULTY, as_of=AS_OF, show_values=True)
    shown = segments(edi_check.render(report, "html") or "")
    assert len(shown) > 1000
    for number, (text, _) in shown.items():
        assert text == sent[number - 1], number
    claims = [n for n, s in enumerate(sent, 1) if s.startswith("CLM*")]
    assert set(claims) <= set(shown), "up to 1,000 claims, accepted ones unfold to their segments too"


def test_the_faulty_element_is_marked_and_explained_beside_it() -> None:
    report = edi_check.check(FAULTY, as_of=AS_OF, show_values=True)
    text = edi_check.render(report, "html") or ""
    shown = segments(text)
    marked = 0
    for finding in report.files[0].findings:
        where = finding.where
        if not finding.claim or where.segment not in shown:
            continue
        segment, marks = shown[where.segment]
        if where.element.startswith(segment.split("*")[0]) and where.value and where.repetition < 2:
            assert html.escape(where.value) in marks, (finding.edit, where.element, segment, marks)
            marked += 1
    assert marked > 15
    notes = re.findall(r'<p class="note \w+"><b>([^<]+)</b>', text)
    assert len(notes) >= marked


def test_what_is_missing_is_an_empty_mark() -> None:
    data = FAULTY.replace(b"*11:B:1*Y*A*Y*Y~", b"*11:B:1*Y**Y*Y~", 1)
    shown = segments(page_of(data))
    marked = [marks for text, marks in shown.values() if text.endswith("*11:B:1*Y**Y*Y")]
    assert marked and all(marks == [""] for marks in marked)


def test_nobody_can_be_found_in_it_unless_values_are_shown() -> None:
    """Names, addresses, member numbers and days of birth of a whole generated batch."""
    private: set[str] = set()
    for segment in FAULTY.decode().split("~"):
        e = segment.strip().split("*")
        if e[0] == "NM1" and e[2] == "1":
            private |= {e[3], *e[4:5]}
            private |= {e[9]} if len(e) > 9 and e[8] == "MI" else set()
        elif e[0] == "DMG":
            private.add(e[2])
        elif e[0] == "N3":
            private.add(e[1])
        elif e[0] == "NTE":
            private.add(e[2])
    private = {p for p in private if len(p) > 4}
    assert len(private) > 100
    masked, shown = page_of(FAULTY), page_of(FAULTY, show_values=True)
    text = html.unescape(PLAIN.sub("", masked.replace("</li>", " ")))
    assert not [p for p in private if re.search(rf"\b{re.escape(p)}\b", text)]
    assert MASK in masked
    seen = {p for p in private if html.escape(p) in shown}
    assert len(seen) > 30
    assert "shows values that identify a person" in shown and "shows values that identify" not in masked


def test_lines_are_told_as_sent() -> None:
    report = edi_check.check(FAULTY, as_of=AS_OF)
    file = report.files[0]
    details = Details(file, False)
    by_number = {c.number: c for c in file.claims()}
    for claim in edi_check.read_claims(FAULTY):
        for told, sent in zip(details.lines(by_number[claim.number], ()), claim.service_lines, strict=True):
            assert told.procedure == sent.procedure and told.modifiers == " ".join(sent.modifiers)
            if sent.service_dates.start is not None:
                assert told.days.startswith(sent.service_dates.start.isoformat())


def test_a_long_report_unfolds_accepted_claims_to_their_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "WHOLE", 79)
    text = page_of(FAULTY)
    accepted = text[text.index('data-part="accepted"'):]
    plain = [row for row in re.findall(r"<li id=.*?</noscript></li>", accepted, re.S) if "data-e" not in row]
    assert plain and all('class="lines"' in row and "segments" not in row for row in plain)
    assert "Accepted claims unfold to their service lines." in text


def test_rows_beyond_the_bound_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "LISTED", 10)
    text = page_of(FAULTY)
    counts = edi_check.check(FAULTY, as_of=AS_OF).files[0].counts
    assert f"{counts.accepted - 10} claims more; the JSON report lists all of them." in text
    assert text.count('<li id="c1-') == 20 + min(counts.review, 10)


def test_every_claim_is_listed_whatever_max_findings() -> None:
    report = edi_check.check(FAULTY, as_of=AS_OF, max_findings=1)
    text = edi_check.render(report, "html") or ""
    rejected = [c for c in report.files[0].claims() if c.disposition == "rejected"]
    assert all(f'id="c1-{c.index}"' in text for c in rejected)
    assert "Beyond <code>--max-findings</code> and only counted: " in text


def test_a_file_that_is_gone_has_lines_and_no_segments(tmp_path: object) -> None:
    path = Path(str(tmp_path)) / "batch.837"
    path.write_bytes(FAULTY)
    report = edi_check.check(str(path), as_of=AS_OF)
    source = report.files[0].source
    assert source is not None
    source.rest()
    path.write_bytes(b"something else")
    text = edi_check.render(report, "html") or ""
    assert 'class="lines"' in text and 'class="segments"' not in text


def test_charts_count_claims_by_edit_and_by_provider() -> None:
    report = edi_check.check(FAULTY, as_of=AS_OF)
    file = report.files[0]
    by_edit: dict[str, int] = {}
    for claim in file.claims():
        if claim.disposition == "rejected":
            for edit in {f.edit for f in claim.findings if f.level == "reject"}:
                by_edit[edit] = by_edit.get(edit, 0) + 1
    page = html_page.html_page(report)
    assert {bar.label: bar.claims for bar in page.by_edit}.items() <= by_edit.items()
    assert page.by_edit[0].claims == max(by_edit.values()) and page.by_edit[0].width == "100.0"
    assert sum(bar.claims for bar in page.by_provider) == file.counts.rejected
    assert sum(choice.claims for choice in page.providers) == file.counts.claims


def test_an_edit_counts_at_the_gravest_level_it_has_in_a_claim() -> None:
    """The billing provider's ZIP code is a warning, the service facility's refuses the claim, both by one edit."""
    data = (FILES / "pass" / "acknowledgment-requested.837").read_bytes()
    data = data.replace(b"*977014412", b"*977010000").replace(
        b"LX*1~", b"NM1*77*2*PLACE*****XX*1900000013~N3*1 OAK ST~N4*BEND*OR*97701~LX*1~").replace(b"SE*32", b"SE*35")
    for files in ([data], [data.replace(b"*97701~", b"*977014412~"), data]):
        report = edi_check.check(files, as_of=AS_OF)
        assert {(f.edit, f.level) for f in report.files[-1].findings} == {
            ("CORE-SIT-07", "warn"), ("CORE-SIT-07", "reject")}
        page = html_page.html_page(report)
        assert [(bar.label, bar.claims, bar.of) for bar in page.by_edit] == [("CORE-SIT-07", 1, len(files))]
        assert [title for title, _ in page.edits] == ["Rejects"]


def test_a_claim_that_is_refused_with_what_is_above_it_says_so() -> None:
    """Beside its own warning; folded, the row says why it is refused, not what it is warned of."""
    data = GOOD.replace("REF*EI*123456789~\n", "").replace("N4*BEND*OR*97701~", "N4*BEND*WA*97701~")
    text = page_of(data.replace("SE*23", "SE*22").encode())
    row = text[text.index('<li id="c1-1"'):]
    assert "<i>IK3-3</i> " in row
    own = row[row.index('<ul class="findings">'):row.index("</ul>")]
    assert re.findall(r'<p class="edit"><b>([^<]+)</b>', own) == ["IK3-3", "CORE-ID-04"]
    assert 'billing provider, 1 claim · <a href="#a1-1">told above</a>' in own and own.count('class="fix"') == 1
    assert 'id="a1-1"' in text and text.count('class="fix"') == 2


def test_files_to_look_at_come_first() -> None:
    report = edi_check.check([b"".join(generate(2, seed=1)), b"no claim file", FAULTY], as_of=AS_OF)
    assert [f.number for f in html_page.html_page(report).ranked] == [2, 3, 1]


def test_the_page_is_written_piece_by_piece() -> None:
    """A report of any size is never in memory as a whole."""
    pieces: list[int] = []

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            pieces.append(len(text))
            return len(text)

    edi_check.render(edi_check.check(b"".join(generate(2000, seed=3, faults=0.1)), as_of=AS_OF), "html", Out())
    assert sum(pieces) > 1_000_000 and max(pieces) < 100_000
