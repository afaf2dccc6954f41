"""Reports: the JSON held to its schema, and the human forms to goldens and to hostile values."""

from __future__ import annotations

import csv
import dataclasses
import html.parser
import io
import json
import re
from collections.abc import Callable
from importlib import resources

import jsonschema
import made_reports as made
import pytest

from edi_check.findings import EdiCheckError, Finding, Where
from edi_check.privacy import MASK
from edi_check.telling.render import FORMATS, render, visible
from edi_check.telling.tables import COLUMNS, formula_safe

SCHEMA = json.loads(resources.files("edi_check.telling").joinpath("report.schema.json").read_text("utf-8"))
ALL = {"good": made.good, "bad": made.bad, "hostile": made.hostile, "unreadable": made.unreadable}


def text_of(format: str, *files: made.MadeFile, **more: bool) -> str:
    text = render(made.report(*files), format, **more)
    assert text is not None
    return text


@pytest.mark.parametrize("name", ALL)
def test_json_is_held_to_its_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    found = json.loads(text_of("json", ALL[name]()))
    jsonschema.validate(found, SCHEMA)
    assert found == made.report(ALL[name]()).to_dict()


def test_schema_names_every_key_and_no_other() -> None:
    """Every key that is written is described, so that the schema is documentation too."""

    def undescribed(value: object, schema: dict, path: str) -> list[str]:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] | schema if "$ref" in schema else schema
        if isinstance(value, dict) and "properties" in schema:
            return [f"{path}.{k}" for k in value if k not in schema["properties"]] + [
                n
                for k in value
                if k in schema["properties"]
                for n in undescribed(value[k], schema["properties"][k], f"{path}.{k}")
            ]
        if isinstance(value, list):
            return [n for v in value for n in undescribed(v, schema["items"], path + "[]")]
        return []

    assert undescribed(json.loads(text_of("json", made.bad(), made.good())), SCHEMA, "") == []


def test_json_streams_in_order_and_in_batches() -> None:
    file = made.good()
    file.made = [made.claim(n) for n in range(1, 1100)]
    pieces: list[str] = []

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            pieces.append(text)
            return len(text)

    assert render(made.report(file), "json", Out()) is None
    assert [c["index"] for c in json.loads("".join(pieces))["files"][0]["claims"]] == list(range(1, 1100))
    assert max(map(len, pieces)) < 200_000


def test_key_order_is_the_contract_s() -> None:
    found = json.loads(text_of("json", made.bad()))
    assert list(found) == ["schema", "tool", "as_of", "packs", "files", "summary", "tables"], "what is added comes last"
    assert list(found["files"][0])[:7] == ["path", "sha256", "bytes", "disposition", "interchanges", "counts", "claims"]
    assert list(found["files"][0]["findings"][0])[:7] == ["edit", "name", "level", "snip", "message", "fix", "claim"]


def test_ndjson_ends_by_saying_it_is_complete() -> None:
    rows = [json.loads(line) for line in text_of("ndjson", made.bad(), made.good()).splitlines()]
    assert [r["type"] for r in rows] == ["finding"] * 11 + ["file"] * 2 + ["summary"]
    assert rows[-1]["complete"] is True and rows[-1]["claims"] == 8
    assert rows[0]["path"] == "fixtures/bad.837" and "claims" not in rows[11] and rows[11]["disposition"] == "partial"


@pytest.mark.parametrize("format", FORMATS)
def test_private_values_show_only_when_asked_for(format: str) -> None:
    file = made.bad()
    file.findings[0].message = file.findings[0].message.replace("X", "SECRET")
    file.findings[0].where = file.findings[0].where._replace(value="SECRET")
    assert "SECRET" not in render(made.report(file), format)
    assert (
        format in ("json", "ndjson", "sarif")
        or MASK in render(made.report(file), format)
        or "•" in render(made.report(file), format)
    )
    assert "SECRET" in render(made.report(file, show_values=True), format)


def test_names_of_persons_are_masked_and_of_organisations_shown() -> None:
    file = made.bad()
    file.providers = [("DOE, JANE", "XX", "1900000013", "1")]
    assert "DOE" not in text_of("text", file) and f"{MASK}, NPI 1900000013" in text_of("text", file)
    assert "DOE, JANE, NPI" in render(made.report(file, show_values=True), "text")


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
@pytest.mark.parametrize("names", ["good", "bad", "unreadable", "good bad unreadable"])
def test_golden(format: str, names: str, golden: Callable[[str, str], None]) -> None:
    files = [ALL[n]() for n in names.split()]
    suffix = {"text": "txt", "markdown": "md", "html": "html"}[format]
    text = text_of(format, *files)
    if format == "html":  # its style sheet and script stand in templates/ for everybody to read
        text = re.sub(r"sha256-[^']+|(?<=<style>).*?(?=</style>)|(?<=<script>).*?(?=</script>)", "…", text, flags=re.S)
    golden(f"{names.replace(' ', '-')}.{suffix}", text)


def test_a_good_file_prints_little() -> None:
    assert len(text_of("text", made.good()).splitlines()) <= 4


def test_the_first_screen_holds_what_matters() -> None:
    screen = "\n".join(text_of("text", made.bad()).splitlines()[:24])
    for needed in ("partly accepted", "EXAMPLE BILLING", "$1,400.50", "PSRC-MT-03", "PCN2", "Fix:", "A8:258,454"):
        assert needed in screen


@pytest.mark.parametrize("name", ALL)
def test_text_fits_the_page(name: str) -> None:
    if name != "hostile":
        assert max(map(len, text_of("text", ALL[name]()).splitlines())) <= 80


def test_color_only_when_asked_for() -> None:
    plain, colored = text_of("text", made.bad()), text_of("text", made.bad(), color=True)
    assert "\x1b" not in plain and re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


@pytest.mark.parametrize("format", FORMATS)
def test_hostile_values_reach_no_terminal(format: str) -> None:
    text = text_of(format, made.hostile())
    if format == "csv":
        text = text.replace("\r\n", "\n")
    assert not [c for c in text if not c.isprintable() and c != "\n"]


class Page(html.parser.HTMLParser):
    """Tags and attributes that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts = 0
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.links += [v or "" for k, v in attrs if k in ("src", "href")]
        assert not [k for k, _ in attrs if k.startswith("on")]


def test_html_runs_only_its_own_script_and_asks_for_nothing() -> None:
    """tests/test_html_in_browser.py asks a browser the same."""
    text = text_of("html", made.hostile(), made.bad())
    page = Page(text)
    assert page.scripts == 1 and all(re.match(r"#(file-\d+|c\d+-\d+|claims)\Z", link) for link in page.links)
    assert "default-src 'none'" in text and "url(" not in text and "@import" not in text


def test_html_allows_exactly_its_own_style_sheet_and_script() -> None:
    from base64 import b64encode
    from hashlib import sha256

    text = text_of("html", made.good())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "unsafe" not in policy[1]
    for tag in ("style", "script"):
        own = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert own
        hashed = f"'sha256-{b64encode(sha256(own[1].encode()).digest()).decode()}'"
        assert f"{tag}-src {hashed};" in policy[1]


def test_markdown_values_are_no_markup() -> None:
    text = text_of("markdown", made.hostile())
    outside = re.sub(r"(?<!\\)`[^`\n]*`", "", text)
    assert "<script" not in outside and "@all" not in outside
    assert "://" not in outside and "www." not in outside and "e.co" in outside
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 5)


def test_csv_cells_are_no_formulas() -> None:
    file = made.bad()
    file.findings[1].message = "=cmd|' /C calc'!A0"
    rows = list(csv.DictReader(io.StringIO(text_of("csv", file))))
    assert rows[1]["message"] == "'=cmd|' /C calc'!A0" and rows[1]["codes"] == "258 454"
    assert len(rows) == 11 and tuple(rows[0]) == COLUMNS
    assert formula_safe("") == "" and formula_safe("-1") == "'-1"


def test_unknown_format_and_unknown_edit() -> None:
    with pytest.raises(EdiCheckError, match="text"):
        render(made.report(), "pdf")
    file = made.bad()
    file.findings.append(Finding("OTHER-01", "Something else.", Where(), 2, level="reject"))
    for format in FORMATS:
        assert "OTHER-01" in text_of(format, file)


def test_what_is_left_out_is_counted() -> None:
    file = made.bad()
    file.findings = [f for f in file.findings if f.claim != 6]
    file.omitted = {"IK4-7": 3}
    text = text_of("text", file)
    assert "1 claim more" in text and re.search(r"^ +4 +IK4-7", text, re.M)


def test_a_set_s_fault_tells_how_many_claims_it_takes() -> None:
    file = made.good()
    file.made = [c._replace(disposition="rejected") for c in file.made]
    file.counts.rejected, file.counts.accepted, file.disposition = 2, 0, "rejected"
    file.findings = [
        Finding(
            "IK5-4",
            "SE01 says 30 segments; there are 31.",
            Where("", "SE", "SE01"),
            level="reject",
            scope="set",
            interchange=1,
            group=1,
            set_index=1,
        )
    ]
    text = text_of("text", file)
    assert (
        "It takes 2 claims with it." in text
        and "999  IK502 4" in text
        and "Refused with IK5-4, told above: 2 claims, $240.00, of EXAMPLE THERAPY CLINIC" in " ".join(text.split())
        and "PCN1, PCN2" in text
    )
    file.made = [made.claim(n, "rejected") for n in range(1, 1011)]
    file.counts.rejected = 1010
    for text in (text_of("text", file), text_of("markdown", file)):
        told = " ".join(text.replace("\\", "").replace("*", "").split())
        assert "told above: 1,010 claims" in told and "PCN999, PCN1000 and 10 more" in told and "PCN1001" not in told
        assert "--max-findings" not in told


def test_a_claim_without_a_number_goes_by_its_place() -> None:
    file = made.bad()
    file.made[1] = file.made[1]._replace(number="")
    assert "\nclaim 2 of the file  $120.00" in text_of("text", file)


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_in_a_rejected_claim_a_review_is_told_apart_without_colour(format: str) -> None:
    file = made.bad()
    file.findings[3] = dataclasses.replace(file.findings[3], claim=2)
    text = text_of(format, file)
    assert "maintenance-or-wellness-care (to review)" in text and "line 2 (" not in text


def test_a_file_with_warnings_is_not_said_to_be_without_anything_to_correct() -> None:
    file = made.good()
    assert "Nothing to correct." in text_of("text", file)
    file.findings = [f for f in made.bad().findings if f.level == "warn" and f.claim < 3]
    text = text_of("text", file)
    assert "Nothing is refused." in text and "The first: Diagnosis M54.5 stands twice in HI." in text


def test_visible() -> None:
    assert visible("plain é 97140") == "plain é 97140"
    assert visible("a\x00\x9b\u202e\U000e0001\xa0b") == "a\\x00\\x9b\\u202e\\U000e0001 b"


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_a_cut_file_is_said_to_be_checked_in_part(format: str) -> None:
    """What could be read has been judged: a heading "not checked" above a list of rejected claims contradicts it."""
    cut, whole = made.bad(), made.unreadable()
    cut.disposition = "unreadable"
    text = text_of(format, cut)
    assert "checked in part" in text and "not checked" not in text and "What could be read has been judged" in text
    assert "not checked" in text_of(format, whole) and "could be read" not in text_of(format, whole)


def test_reasons_name_claims_whole_or_count_them() -> None:
    file = made.bad()
    long = "A-CLAIM-NUMBER-OF-THIRTY-EIGHT-CHARS-1"
    for index, number in ((2, long), (3, "PCN-1234567")):
        file.made[index - 1] = file.made[index - 1]._replace(number=number)
        for finding in file.findings:
            if finding.claim == index:
                finding.claim_number = number
    file.findings += [dataclasses.replace(file.findings[2], claim=n, claim_number=f"PCN-{n}") for n in (1, 2)]
    text = text_of("text", file)
    table = text[text.index("Reasons"):text.index("Rejected claims")]
    assert "units-over-daily-limit              1 claim\n" in table
    assert "npi-check-digit                     PCN-1234567, PCN-1 +1\n" in table
    assert "…" not in table and long in text
