"""SARIF, JUnit, Parquet and CSV read back by others: their schemas, DuckDB, pandas, Polars, junitparser, csv."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import made_reports as made
import pytest
from one_claim import BAD, GOOD

import edi_check
from edi_check.cli import exits
from edi_check.cli.main import main
from edi_check.report import Report
from edi_check.telling.render import render
from edi_check.telling.sarif import region_of

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "tests" / "schemas"
DEMO = sorted((ROOT / "fixtures" / "demo").glob("*.837"))
FILES = [*DEMO, *sorted((ROOT / "fixtures" / "files").rglob("*.837"))]
AS_OF = "2026-11-21"

junitparser = pytest.importorskip("junitparser.xunit2")
pa = pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def everything() -> Report:
    """All files of the fixtures, good, faulty and unreadable, in one report."""
    return edi_check.check([str(path) for path in FILES], as_of=AS_OF)


@pytest.fixture(scope="module")
def demo() -> Report:
    return edi_check.check([str(path) for path in DEMO], as_of=AS_OF)


def made_report() -> Report:
    return made.report(made.bad(), made.good(), made.unreadable(), made.hostile())


# SARIF


def sarif_of(report: Report) -> dict[str, Any]:
    text = render(report, "sarif")
    assert text is not None and text.isascii()
    found: dict[str, Any] = json.loads(text)
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(found)
    return found


def test_sarif_is_valid_by_its_schema(everything: Report) -> None:
    (run,) = sarif_of(everything)["runs"]
    assert len(run["results"]) == sum(len(file.findings) for file in everything.files) > 100
    assert run["invocations"][0] == run["invocations"][0] | {"exitCode": 3, "executionSuccessful": False}
    sarif_of(made_report())
    sarif_of(edi_check.check(GOOD.encode(), as_of=AS_OF))


def test_no_value_becomes_a_link_in_sarif() -> None:
    """Viewers make links of ``[…](…)`` in messages of plain text, too (SARIF 2.1.0, 3.11.6)."""
    code = "[see](https://e.co/x)"
    two = f"CLM*{code}*60***11>B>1*Y*A*Y*Y~HI*ABK>M5450~LX*1~SV1*HC>{code}*60*UN*2***1~DTP*472*D8*20260203~" * 2
    data = GOOD[: GOOD.index("CLM*")].replace("T*:~", "T*>~") + two + GOOD[GOOD.index("SE*"):]
    text = edi_check.render(edi_check.check(data.encode(), as_of=AS_OF), "sarif") or ""
    assert text.count("[see] (https://e.co/x)") == 2
    assert not re.search(r'"text": "[^"]*\]\(', text)


def test_sarif_results_name_their_rule_and_their_file(everything: Report) -> None:
    (run,) = sarif_of(everything)["runs"]
    rules, artifacts = run["tool"]["driver"]["rules"], run["artifacts"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        for location in result["locations"]:
            named = location["physicalLocation"]["artifactLocation"]
            assert artifacts[named["index"]]["location"]["uri"] == named["uri"]
    marks = [result["partialFingerprints"]["ediCheck/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks)


def test_sarif_regions_are_the_element(demo: Report) -> None:
    """By bytes, and by line and column, the region holds what the finding is about."""
    (run,) = sarif_of(demo)["runs"]
    results = iter(run["results"])
    for file in demo.files:
        content = Path(file.path).read_bytes()
        lines = content.decode("latin-1").splitlines()
        for finding in file.findings:
            region = next(results)["locations"][0]["physicalLocation"]["region"]
            by_bytes = content[region["byteOffset"] : region["byteOffset"] + region["byteLength"]].decode("latin-1")
            assert region["startLine"] == region["endLine"]
            assert lines[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1] == by_bytes
            assert by_bytes == (finding.where.value or by_bytes)
            assert by_bytes.startswith(finding.where.segment_id) != bool(finding.where.value)


def test_a_region_over_two_lines() -> None:
    text = BAD.replace("CLM*C1*", "CLM*C\n1*")
    file = edi_check.check(text.encode(), as_of=AS_OF).files[0]
    finding = next(f for f in file.findings if f.where.element == "CLM02")
    region = region_of(file, finding)
    assert region is not None and text[region.offset : region.offset + region.length] == "61"
    line = text.splitlines()[region.line - 1]
    assert line[region.column - 1 : region.end_column - 1] == "61" and region.line == region.end_line


def test_sarif_paths_are_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = "a b%#é.837"
    Path(odd).write_text(BAD)
    relative = sarif_of(edi_check.check(odd, as_of=AS_OF))["runs"][0]["artifacts"][0]["location"]["uri"]
    assert relative == "a%20b%25%23%C3%A9.837"
    absolute = sarif_of(edi_check.check(tmp_path / odd, as_of=AS_OF))["runs"][0]["artifacts"][0]["location"]["uri"]
    assert absolute.startswith("file:///") and absolute.endswith(relative)


# JUnit


def junit_of(report: Report) -> Any:
    xmlschema = pytest.importorskip("xmlschema")
    text = render(report, "junit")
    assert text is not None
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(io.StringIO(text))
    return junitparser.JUnitXml.fromstring(text.encode())


def test_junit_is_valid_and_counts_as_the_report_does(everything: Report) -> None:
    xml = junit_of(everything)
    suites = list(xml)
    assert [suite.name for suite in suites] == [file.path for file in everything.files]
    for suite, file in zip(suites, everything.files, strict=True):
        claims = [case for case in suite if case.name != "file and envelope"]
        assert len(claims) == file.counts.claims
        assert sum(case.is_failure for case in claims) == file.counts.rejected
        assert sum(case.is_passed for case in claims) == file.counts.accepted + file.counts.review
        above = next(case for case in suite if case.name == "file and envelope")
        if file.disposition == "unreadable":
            assert above.is_error
    assert xml.tests == len(FILES) + sum(file.counts.claims for file in everything.files)


def test_junit_failures_say_what_where_and_what_to_do(demo: Report) -> None:
    case = next(case for suite in junit_of(demo) for case in suite if case.name.startswith("DEMO-202"))
    (failure,) = case.result
    assert failure.type == "CORE-BAL-01" and failure.message.startswith("The claim's total charge is 195.50")
    for needed in ("CORE-BAL-01", "A8:400,178", "CLM*DEMO-202*195.5*", "^^^^^", "Fix: Make CLM02", "2300 CLM02",
                   ":35:1"):
        assert needed in failure.text


def test_junit_claims_taken_by_what_is_above_name_it() -> None:
    report = edi_check.check(GOOD.replace("DMG*D8*19700101*F", "DMG*D8*19700101*Q").encode(), as_of=AS_OF)
    case = next(case for suite in junit_of(report) for case in suite if case.name.startswith("C1 "))
    assert case.is_failure and case.result[0].type == "IK4-7"


@pytest.mark.parametrize(("fail_on", "failed", "skipped"), [
    ("never", 0, 1), ("reject", 1, 0), ("review", 1, 0), ("warn", 1, 0)])
def test_junit_follows_fail_on(fail_on: str, failed: int, skipped: int) -> None:
    (suite,) = junit_of(edi_check.check(BAD.encode(), as_of=AS_OF, fail_on=fail_on))
    assert (suite.failures, suite.skipped, suite.errors) == (failed, skipped, 0)
    (suite,) = junit_of(edi_check.check(BAD.encode(), as_of=AS_OF, fail_on=fail_on, levels={"CORE-BAL-01": "review"}))
    assert suite.failures == (fail_on in ("review", "warn")) and not suite.skipped


def test_junit_takes_whatever_the_data_hold() -> None:
    assert junit_of(made_report()).tests == 18


# Parquet


@pytest.fixture(scope="module")
def tables(demo: Report, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    from edi_check.arrow import write_tables

    folder = tmp_path_factory.mktemp("tables")
    where = {name: str(folder / f"{name}.parquet") for name in ("findings", "claims", "lines")}
    write_tables(demo, where)
    return where


def test_duckdb_reads_the_tables(demo: Report, tables: dict[str, str]) -> None:
    duckdb = pytest.importorskip("duckdb")
    counts = [file.counts for file in demo.files]
    query = "select count(*), sum(charge) from read_parquet($1) where disposition = 'rejected'"
    got = duckdb.execute(query, [tables["claims"]]).fetchone()
    assert got == (sum(c.rejected for c in counts), sum(Decimal(c.rejected_charge) for c in counts))
    query = ("select l.procedure, sum(l.units), min(l.service_from), any_value(l.modifiers) from read_parquet($1) l "
             "join read_parquet($2) f on f.file = l.file and f.claim = l.claim and f.line = l.line "
             "where f.edit = 'PSRC-MT-05' group by all")
    assert duckdb.execute(query, [tables["lines"], tables["findings"]]).fetchall() == [
        ("97140", Decimal("1.000"), datetime.date(2026, 10, 14), ["GP", "51"])]
    for name, path in tables.items():  # every name as it is, without quotes
        schema = duckdb.execute("describe select * from read_parquet($1)", [path]).fetchall()
        columns = ", ".join(column for column, *_ in schema)
        assert duckdb.execute(f"select {columns} from read_parquet($1)", [path]).fetchall(), name


def test_pandas_and_polars_read_the_tables(demo: Report, tables: dict[str, str]) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    assert list(pandas.read_parquet(tables["findings"])["edit"]) == [f.edit for d in demo.files for f in d.findings]
    claims, lines = polars.read_parquet(tables["claims"]), polars.read_parquet(tables["lines"])
    assert claims.schema["charge"] == polars.Decimal(20, 2) and lines.schema["service_from"] == polars.Date
    assert claims.height == 20 and lines.height == sum(file.counts.lines for file in demo.files)
    assert claims["charge"].sum() == sum(Decimal(file.counts.charge) for file in demo.files)
    assert sorted(set(lines["disposition"])) == ["accepted", "rejected", "review"]


def test_what_can_t_be_said_in_its_type_is_null_and_text() -> None:
    import pyarrow.parquet as pq

    from edi_check.arrow import write_tables

    text = GOOD.replace("CLM*C1*60*", "CLM*C1*60.125*").replace("20260203", "2026023")
    text = text.replace("*60*UN*2*", "*6X*UN*2.0*")
    where = {name: io.BytesIO() for name in ("claims", "lines")}
    write_tables(edi_check.check(text.encode(), as_of=AS_OF), where)
    (claim,), (line,) = (pq.read_table(io.BytesIO(where[n].getvalue())).to_pylist() for n in ("claims", "lines"))
    assert (claim["charge"], claim["charge_text"], claim["billing_npi"]) == (None, "60.125", "1900000013")
    assert (line["charge"], line["charge_text"], line["units"], line["units_text"]) == (None, "6X", Decimal(2), "2.0")
    assert (line["service_from"], line["service_dates_text"], line["disposition"]) == (None, "2026023", "rejected")


def test_parquet_is_written_by_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    from edi_check import arrow

    monkeypatch.setattr(arrow, "ROW_GROUP", 8)
    out = io.BytesIO()
    arrow.write_tables(edi_check.check([str(path) for path in DEMO], as_of=AS_OF), {"claims": out})
    found = pq.ParquetFile(io.BytesIO(out.getvalue())).metadata
    assert [found.row_group(n).num_rows for n in range(found.num_row_groups)] == [8, 8, 4]
    assert found.metadata[b"edi_check.as_of"] == AS_OF.encode()


def test_the_query_of_the_page_counts_each_claim_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two claims of one charge, one of them with two findings of the edit: both count, and each once."""
    from edi_check.arrow import write_tables

    duckdb = pytest.importorskip("duckdb")
    claim = GOOD[GOOD.index("CLM*"):GOOD.index("SE*")]
    late = claim.replace("20260203", "20270203")
    two = late + late[late.index("LX*1"):].replace("LX*1", "LX*2").replace("97140", "97110")
    data = GOOD.replace(claim, late.replace("CLM*C1", "CLM*C2") + two.replace("*60*UN*", "*30*UN*"))
    monkeypatch.chdir(tmp_path)
    write_tables(edi_check.check(data.encode(), as_of="2026-03-01"),
                 {"findings": "batch.parquet", "claims": "batch.claims.parquet"})
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    rows = duckdb.sql(page.partition("```sql\n")[2].partition("```")[0]).fetchall()
    assert ("CORE-LIN-02", 2, Decimal("120.00")) in rows


def test_every_file_makes_tables(everything: Report) -> None:
    from edi_check.arrow import write_tables

    out = {name: io.BytesIO() for name in ("findings", "claims", "lines")}
    write_tables(everything, out)
    report = made_report()
    write_tables(report, {"findings": io.BytesIO(), "claims": io.BytesIO()})


def test_the_columns_are_told(request: pytest.FixtureRequest) -> None:
    from edi_check.arrow import TABLES

    path = ROOT / "docs" / "formats.md"
    head, mark, rest = path.read_text("utf-8").partition("tests/test_formats.py holds it to them -->\n")
    old, end, tail = rest.partition("\n## SARIF")
    table = "".join(f"\n**{name}**: " + ", ".join(f"`{field.name}` {field.type}" for field in schema) + "\n"
                    for name, schema in TABLES.items())
    table = table.replace("list<element: ", "list<").replace("list<item: ", "list<").replace("[day]", "")
    if request.config.getoption("--rewrite-goldens"):
        path.write_text(head + mark + table + end + tail, "utf-8")
        return
    assert old == table, "docs/formats.md, the columns: pytest --rewrite-goldens tests/test_formats.py makes them"


# The command


Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDI_CHECK_AS_OF", "2026-03-01")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ".data"))
    Path("bad.837").write_text(BAD)
    return lambda *args: main(list(args))


def test_parquet_goes_to_three_files_or_into_a_folder(command: Command) -> None:
    import pyarrow.parquet as pq

    assert command("check", "-f", "parquet", "-o", "out.parquet", "bad.837") == exits.FOUND
    Path("folder").mkdir()
    assert command("check", "-q", "-o", "bad.txt", "--report", "parquet=folder", "bad.837") == exits.FOUND
    for names in (("out.parquet", "out.claims.parquet", "out.lines.parquet"),
                  ("folder/findings.parquet", "folder/claims.parquet", "folder/lines.parquet")):
        assert [pq.read_table(name).num_rows for name in names] == [1, 1, 1]
        assert {Path(name).stat().st_mode & 0o777 for name in names} == {0o600}


def test_lines_as_parquet(command: Command) -> None:
    polars = pytest.importorskip("polars")
    assert command("lines", "-f", "parquet", "-o", "lines.parquet", "bad.837") == exits.CHECKED
    (row,) = polars.read_parquet("lines.parquet").to_dicts()
    assert row["procedure"] == "97140" and row["charge"] == Decimal(60) and row["disposition"] is None


@pytest.mark.parametrize("args", [
    ("check", "-f", "parquet", "bad.837"),
    ("lines", "-f", "parquet", "bad.837"),
    ("check", "-f", "parquet", "-o", "x.parquet", "--report", "csv=x.claims.parquet", "bad.837"),
    ("check", "-f", "parquet", "-o", "no/such/folder/", "bad.837"),
])
def test_2_when_parquet_has_no_place(command: Command, args: tuple[str, ...]) -> None:
    assert command(*args) == exits.USAGE
    assert sorted(path.name for path in Path().iterdir()) == ["bad.837"]


@pytest.mark.parametrize(("package", "form", "extra"), [
    ("junitparser", "junit", "junit"), ("pyarrow", "parquet", "arrow")])
def test_2_without_the_extra(tmp_path: Path, package: str, form: str, extra: str) -> None:
    """In a process where the package can't be found, nothing is checked and the remedy is said."""
    (tmp_path / "bad.837").write_text(BAD)
    hidden = f"import sys, importlib.util as u; find = u.find_spec; " \
             f"u.find_spec = lambda n, *a: None if n == {package!r} else find(n, *a); " \
             f"from edi_check.cli.main import main; sys.exit(main())"
    ran = subprocess.run([sys.executable, "-c", hidden, "check", "-f", form, "-o", "out", "bad.837"], cwd=tmp_path,
                         capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, timeout=60)
    assert ran.returncode == exits.USAGE and f"edi-check[{extra}]" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_heavy_is_imported_for_nothing() -> None:
    code = ("import sys; from edi_check.cli.main import main; "
            f"main(['check', '-q', '-o', '/dev/null', {str(DEMO[0])!r}]); "
            "print([n for n in ('pyarrow', 'junitparser', 'edi_check.telling.sarif') if n in sys.modules])")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert ran.stdout.strip() == "[]"


# CSV


def test_csv_reads_back_whole_and_calculates_nothing(everything: Report) -> None:
    text = render(everything, "csv")
    assert text is not None
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert Counter(row["edit"] for row in rows) == Counter(f.edit for file in everything.files for f in file.findings)
    hostile = render(made_report(), "csv")
    assert hostile is not None
    cells = [cell for row in csv.reader(io.StringIO(hostile, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "@", "\t") or
                (cell.startswith("-") and not cell[1:].isdigit())]
