"""The user's tables: CMS's files in every wrapping, what is refused and why, and what a run does with them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest
from cases import interchange
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import edi_check
from edi_check.cli.main import cli, main
from edi_check.cli.session import Session
from edi_check.judging.codesets import Diagnoses, Procedures
from edi_check.judging.ncci import Pairs, UnitLimits
from edi_check.report import TableInfo
from edi_check.tables.adding import PACKAGE, Said, add
from edi_check.tables.sheets import sheets_in
from edi_check.tables.store import Selection, Store, TableError
from edi_check.telling.changes import compare
from edi_check.telling.editions import tables_told

FILES = Path(__file__).parent.parent / "fixtures" / "tables"
PARTS = [FILES / f"ccipra-v320r0-f{n}.TXT" for n in (1, 2, 3, 4)]
MUE = FILES / "MCR_MUE_PractitionerServices_Eff_01-01-2026.csv"
DAY = date(2026, 2, 3).toordinal()
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "tables.sqlite", create=True)


def pairs_of(store: Store) -> Pairs:
    return Pairs(store, [s for s in store.sources() if s.kind == "ptp"])


def workbook(rows: list[list[str]], how: str = "s", prefix: str = "") -> bytes:
    """A workbook as Excel writes it (``s``: shared texts), or as other programs do (``inlineStr``)."""
    shared: list[str] = []
    lines = []
    for number, row in enumerate(rows, 1):
        cells = ""
        for n, text in enumerate(row):
            place = f'r="{"ABCDEFGH"[n]}{number}"'
            if text.isdigit() and len(text) == 8:
                cells += f"<{prefix}c {place}><{prefix}v>{text}</{prefix}v></{prefix}c>"
            elif not text:
                cells += f'<{prefix}c {place} s="1"/>' if n % 2 else ""
            elif how == "s":
                shared.append(text)
                cells += f'<{prefix}c {place} s="2" t="s"><{prefix}v>{len(shared) - 1}</{prefix}v></{prefix}c>'
            else:
                inside = f"<{prefix}is><{prefix}t>{text}</{prefix}t></{prefix}is>"
                cells += f'<{prefix}c {place} t="inlineStr">{inside}</{prefix}c>'
        lines.append(f'<{prefix}row r="{number}">{cells}</{prefix}row>')
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        texts = "".join(f"<si><t>{t.replace('&', '&amp;')}</t></si>" for t in shared)
        book.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{texts}</sst>")
        sheet = f"<{prefix}sheetData>{''.join(lines)}</{prefix}sheetData>"
        book.writestr("xl/worksheets/sheet1.xml", f"<{prefix}worksheet {MAIN}>{sheet}</{prefix}worksheet>")
    return out.getvalue()


def rows_of(path: Path) -> list[list[str]]:
    return [row for sheet in sheets_in(str(path)) for row in sheet.rows()]


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


# --- NCCI ------------------------------------------------------------------------------------------------------


def test_parts_in_text(store: Store) -> None:
    added = [one.source for path in PARTS for one in add(store, str(path))]
    assert [(s.kind, s.lob, s.first, s.last, s.label, s.part, s.rows) for s in added][:2] == [
        ("ptp", "medicare", "1996-01-01", "2026-03-31", "2026Q1", 1, 4),
        ("ptp", "medicare", "1996-01-01", "2026-03-31", "2026Q1", 2, 1)]
    day = pairs_of(store).of_day("medicare", DAY)
    assert day is not None
    assert day["00011", "00012"] == day["00012", "00011"] == ("00011", "00012", "0")
    assert day["00011", "00014"] == ("00011", "00014", "1")
    assert day["00011", "00015"] is None and day["00013", "00012"] is None
    before = pairs_of(store).of_day("medicare", date(2025, 12, 31).toordinal())
    assert before is not None and before["00011", "00014"] == ("00011", "00014", "0")
    assert pairs_of(store).of_day("medicare", date(2026, 4, 1).toordinal()) is None
    assert pairs_of(store).of_day("medicaid", DAY) is None


@pytest.mark.parametrize("how", ["workbook", "inline", "prefixed", "zip of text", "zip of workbooks", "zip of zips"])
def test_the_same_table_in_any_wrapping(store: Store, tmp_path: Path, how: str) -> None:
    for path in PARTS:
        name = path.stem
        kind, prefix = ("inlineStr" if how != "workbook" else "s"), ("x:" if how == "prefixed" else "")
        book = workbook(rows_of(path), kind, prefix)
        target = tmp_path / f"{name}.xlsx"
        if how.startswith("zip"):
            text = zipped(tmp_path / "inner.zip", {f"{name}.TXT": path.read_bytes(), f"{name}.xlsx": book})
            members = {"zip of text": {f"{name}.TXT": path.read_bytes(), f"{name}.xlsx": book},
                       "zip of workbooks": {f"{name}.xlsx": book, "readme.pdf": b"%PDF"},
                       "zip of zips": {f"{name}.zip": text.read_bytes()}}[how]
            target = zipped(tmp_path / f"{name}.zip", members)
        else:
            target.write_bytes(book)
        add(store, str(target))
    with Store(tmp_path / "plain.sqlite", create=True) as plain:
        for path in PARTS:
            add(plain, str(path))
        kept = [[s._replace(id=0, name="", sha256="") for s in one.sources()] for one in (store, plain)]
        assert kept[0] == kept[1]
        for one, other in zip(store.sources(), plain.sources(), strict=True):
            for code in ("00011", "00012", "0001T"):
                assert store.pairs(one.id, code) == plain.pairs(other.id, code)


def test_all_parts_in_one_zip(store: Store, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "ccipra-v320r0.zip", {path.name: path.read_bytes() for path in PARTS})
    assert [one.source.part for one in add(store, str(archive))] == [1, 2, 3, 4]


def test_serial_days_and_codes_without_their_zeros(store: Store, tmp_path: Path) -> None:
    """A workbook that was opened and saved: days have become numbers, codes have lost the zeros in front."""
    path = tmp_path / "ccipra-v320r0.xlsx"
    path.write_bytes(workbook([["11", "12", "", "43831", "*", "0", "x"]]))
    add(store, str(path))
    pairs = pairs_of(store)
    day = pairs.of_day("medicare", DAY)
    assert day is not None and day["00011", "00012"] == ("00011", "00012", "0")
    first = pairs.of_day("medicare", date(2019, 12, 31).toordinal())
    assert first is not None and first["00011", "00012"] is None


def test_mue(store: Store) -> None:
    for path in FILES.glob("*MUE*"):
        add(store, str(path))
    limits = UnitLimits(store, [s for s in store.sources() if s.kind == "mue"])
    medicare, medicaid = limits.of_day("medicare", DAY), limits.of_day("medicaid", DAY)
    assert medicare is not None and medicaid is not None
    found = [medicare[c] for c in ("00011", "00013", "00014", "0001T", "00099")]
    assert found == [(1, 2), (2, 1), (0, 3), (6, 3), None]
    assert medicaid["00012"] == (3, 1)
    assert limits.of_day("medicare", date(2025, 12, 31).toordinal()) is None


def test_a_file_again_changes_nothing_and_a_new_one_takes_its_place(store: Store, tmp_path: Path) -> None:
    add(store, str(MUE))
    assert [one.is_new for one in add(store, str(MUE))] == [False]
    other = tmp_path / "MCR_MUE_PractitionerServices_Eff_01-01-2026_corrected.csv"
    other.write_bytes(MUE.read_bytes().replace(b"00011,1,2", b"00011,9,2"))
    [one] = add(store, str(other))
    assert one.replaced == (MUE.name,) and len(store.sources()) == 1
    assert store.units(one.source.id, "00011") == (9, 2)


def test_the_days_own_quarter_goes_before_a_later_one(store: Store, tmp_path: Path) -> None:
    for quarter, indicator in (("320", "0"), ("321", "1")):
        path = tmp_path / f"ccipra-v{quarter}r0.txt"
        path.write_text(f"00011\t00012\t\t20200101\t*\t{indicator}\tx\r\n")
        add(store, str(path))
    found = {}
    for day in ("2025-11-01", "2026-02-03", "2026-05-05"):
        pairings = pairs_of(store).of_day("medicare", date.fromisoformat(day).toordinal())
        assert pairings is not None
        found[day] = pairings["00011", "00012"].indicator  # type: ignore[union-attr]
    assert found == {"2025-11-01": "0", "2026-02-03": "0", "2026-05-05": "1"}


@pytest.mark.parametrize(("name", "text", "told"), [
    ("ccioph-v320r0-f1.TXT", "00011\t00012\t\t20200101\t*\t0\tx", "hospitals or suppliers"),
    ("MCR_MUE_OutpatientHospitalServices_Eff_01-01-2026.csv",
     '"HCPCS/\nCPT Code",Outpatient Hospital Services MUE Values,x\n00011,1,3 Date', "hospitals or suppliers"),
    ("x.txt", "00011\t00012\t\t20200101\t*\t0\tx", "say its first day, such as --from 2026-04-01"),
    ("additions-2026Q1.txt", "00011\t00012\t1", "changes of a quarter only"),
    ("ccipra-v320r0-f1.TXT", "00011\t00012\t\t20209901\t*\t0\tx", "20209901 is no day"),
    ("letter.txt", "Dear Sir or Madam", "no row of a layout that is known"),
    ("empty.csv", "", "no row of a layout that is known"),
    ("procedures.csv", "code,from,to\n97140,1.1.2026,\n", "days are written 2026-01-31"),
    ("procedures.csv", "code,from,to\n9714,2026-01-01,\nabc,,\n", "'abc' is no procedure code"),
    ("icd10cm_order.txt", "00001 M5450   1 Low back pain\n", "say its first day, such as --from 2025-10-01"),
    ("broken.zip", "PK\x03\x04 not really", "layout that is known"),
    ("broken.xlsx", "PK\x03\x04 not really", "can't be read"),
])
def test_what_is_refused_says_why(store: Store, tmp_path: Path, name: str, text: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(text, "latin-1")
    with pytest.raises(TableError, match=told):
        add(store, str(path))
    assert store.sources() == []


def test_damaged_archives_are_refused(store: Store, tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", {PARTS[0].name: PARTS[0].read_bytes() * 50}).read_bytes()
    for n in range(0, len(whole), max(1, len(whole) // 40)):
        damaged = tmp_path / f"ccipra-{n}.zip"
        damaged.write_bytes(whole[:n] + bytes([whole[n] ^ 0xFF]) + whole[n + 1:])
        try:
            add(store, str(damaged), Said(first="2026-01-01"))
        except TableError:
            continue


def test_a_missing_file_and_a_missing_store(store: Store, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="No such file"):
        add(store, str(tmp_path / "nothing.csv"))
    with pytest.raises(TableError, match="no such file"):
        Store(tmp_path / "nothing.sqlite")
    (tmp_path / "text.sqlite").write_text("not a database at all, but long enough to be one" * 30)
    with pytest.raises(TableError, match="can't be opened"):
        Store(tmp_path / "text.sqlite")


# --- code sets -------------------------------------------------------------------------------------------------


def test_icd10cm_by_edition(store: Store, tmp_path: Path) -> None:
    add(store, str(FILES / "icd10cm_order_2026.txt"))
    codes = Diagnoses(store, store.sources())
    assert codes.standing("M5450", date(2026, 2, 3)) == "billable"
    assert codes.standing("M545", date(2026, 2, 3)) == "divided"
    assert codes.standing("M5499", date(2026, 2, 3)) == "unknown"
    assert codes.standing("M5499", date(2026, 4, 1)) == "", "an April edition may have added it"
    assert codes.standing("M5450", date(2026, 4, 1)) == "billable"
    assert codes.standing("M5450", date(2025, 9, 30)) == codes.standing("M5450", date(2026, 10, 1)) == ""
    april = tmp_path / "icd10cm-codes-April-2026.txt"
    april.write_text("M5450   Low back pain, unspecified\nM5499   New in April\n")
    add(store, str(april))
    codes = Diagnoses(store, store.sources())
    assert codes.standing("M5499", date(2026, 4, 1)) == "billable"
    assert codes.standing("M5499", date(2026, 3, 31)) == "unknown"
    assert codes.standing("M54", date(2026, 4, 1)) == "divided"
    assert codes.standing("M542", date(2026, 4, 1)) == "unknown"


def test_a_plain_list_of_codes(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "code-list-April-2026.txt"
    path.write_text("1\nA00-B99\nM54\nM545\nM5450\nM5451\nS13.4XXA\n")
    [one] = add(store, str(path))
    assert (one.source.first, one.source.last, one.source.rows) == ("2026-04-01", "2026-09-30", 3)
    assert [store.diagnosis(one.source.id, c) for c in ("M54", "M545", "M5450", "S134XXA", "M5")] == [
        "divided", "divided", "billable", "billable", ""]


def test_the_codes_of_the_package(store: Store) -> None:
    try:
        [one] = add(store, PACKAGE)
    except TableError as error:
        assert "pip install 'edi-check[codes]'" in str(error)
        pytest.skip("simple-icd-10-cm is not installed")
    assert one.source.rows == 74_719
    assert store.diagnosis(one.source.id, "M5450") == "billable" and store.diagnosis(one.source.id, "M545") == "divided"


def test_windows_of_a_procedure_that_begin_on_one_day_are_one(store: Store, tmp_path: Path) -> None:
    rows = ["97140,2020-01-01,2027-12-31", "97140,2020-01-01,2025-12-31", "97140,2019-01-01,2019-06-30", "97110,,",
            "97110,,2025-12-31"]
    for n, order in enumerate((rows, rows[::-1])):
        file = tmp_path / f"procedures{n}.csv"
        file.write_text("\n".join(["code,from,to", *order]))
        [added] = add(store, str(file))
        assert added.source.rows == 3
        assert store.procedure(added.source.id, "97140") == [
            (date(2019, 1, 1), date(2019, 6, 30)), (date(2020, 1, 1), date(2027, 12, 31))]
        assert store.procedure(added.source.id, "97110") == [(date.min, date.max)]


def test_procedures(store: Store) -> None:
    add(store, str(FILES / "procedures.csv"))
    codes = Procedures(store, store.sources())
    assert codes.is_valid("97140", date(2026, 1, 1)) and not codes.is_valid("00019", date(2026, 1, 1))
    assert codes.is_valid("00019", date(2025, 12, 31))
    assert codes.covers("97140", date(2026, 1, 1)) and not codes.covers("G0283", date(2026, 1, 1))


# --- a run -----------------------------------------------------------------------------------------------------

CLAIM = interchange({"base": "medicare", "claims": ["SV1*HC:00011*90*UN*1***1~SV1*HC:00012*50*UN*1***1"]})


def checked(**options: object) -> list[str]:
    file = edi_check.check(CLAIM, as_of="2026-03-01", **options).files[0]  # type: ignore[arg-type]
    unjudged = {f"{n.edit}: {n.why}" for n in file.not_evaluated if n.edit.startswith("NCCI")}
    return sorted({f.edit for f in file.findings} | unjudged)


def test_without_tables_nothing_passes_for_checked() -> None:
    assert checked() == [f"NCCI-0{n}: no table of NCCI {kind} is loaded" for n, kind in (
        (1, "pairs (PTP)"), (2, "pairs (PTP)"), (3, "units (MUE)"))]


def test_chosen_sources_only(store: Store) -> None:
    for path in (*PARTS, MUE):
        add(store, str(path))
    assert checked(tables=store.path) == ["NCCI-01"]
    only = tuple(s.id for s in store.sources() if s.kind == "mue")
    assert checked(tables=Selection(store.path, only))[0] == "NCCI-01: no table of NCCI pairs (PTP) is loaded"


def test_several_processes_read_the_same_tables(store: Store, tmp_path: Path) -> None:
    for path in (*PARTS, MUE):
        add(store, str(path))
    files = []
    for n in range(4):
        files.append(str(tmp_path / f"{n}.837"))
        Path(files[-1]).write_bytes(CLAIM)
    reports = [edi_check.check(files, as_of="2026-03-01", tables=store.path, jobs=jobs) for jobs in (1, 2)]
    edits = [[[f.edit for f in file.findings] for file in report.files] for report in reports]
    assert edits[0] == edits[1] == [["NCCI-01"]] * 4


def test_reports_name_the_tables_used(store: Store) -> None:
    for path in (*PARTS, MUE, FILES / "icd10cm_order_2026.txt"):
        add(store, str(path))
    report = edi_check.check(CLAIM, as_of="2026-03-01", tables=store.path)
    sources = store.sources()
    digits = {s.kind: s.sha256[:8] for s in sources if s.part < 2}
    text = " ".join(edi_check.render(report, "text").split())
    line = text.split("Tables used: ")[1].split(" More about")[0]
    assert line.startswith(
        f"ICD-10-CM {sources[0].label} ({digits['icd10cm']}); MUE Medicare 2026Q1 ({digits['mue']}); "
        f"NCCI PTP Medicare 2026Q1 (f1 {digits['ptp']}, f2 ")
    for form in ("html", "markdown"):
        assert f"Tables used: {line}." in edi_check.render(report, form)
    told = json.loads(edi_check.render(report, "json"))
    schema = json.loads((Path(edi_check.__file__).parent / "telling" / "report.schema.json").read_text("utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(told)
    assert [t["sha256"] for t in told["tables"]] == [s.sha256 for s in sources]
    assert told["tables"][0]["name"] == "icd10cm_order_2026.txt"
    some = edi_check.check(CLAIM, as_of="2026-03-01", tables=Selection(store.path, (sources[0].id,)))
    assert [t.kind for t in some.tables] == ["icd10cm"]
    assert compare(some.to_dict(), report.to_dict()).remarks == [
        "the tables differ: a change may come from them and not from the claims"]
    none = edi_check.check(CLAIM, as_of="2026-03-01")
    assert none.to_dict()["tables"] == [] and "Tables used" not in edi_check.render(none, "html")


def test_editions_beyond_a_dozen_are_counted() -> None:
    quarters = [TableInfo("mue", "medicare", f"{year}Q{q}", 0, f"{year}-0{q}-01", f"{year}-0{q}-28", "mue.csv",
                          "0" * 64) for year in range(2020, 2025) for q in (1, 2, 3, 4)]
    told = tables_told(quarters)
    assert told.startswith("MUE Medicare 2022Q1 (00000000); ") and told.endswith("; and 8 for earlier days")
    assert tables_told([]) == ""


def run(*args: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, args, obj=Session(), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    assert (result.return_value or 0) == code, result.output
    return result.output


def test_the_command(tmp_path: Path) -> None:
    config = tmp_path / "edi-check.toml"
    config.write_text('[tables]\nstore = "kept/tables.sqlite"\n')
    given = ("--config", str(config))
    assert "none; not evaluated" in run("tables", "list", *given)
    said = run("tables", "add", *given, *map(str, PARTS[:3]), str(MUE))
    assert "ccipra-v320r0-f1.TXT: NCCI pairs (PTP), Medicare, 2026Q1, part f1: 4 codes or pairs" in said
    listed = run("tables", "list", *given)
    assert "days of service of Medicare: 1996-01-01 to 2026-03-31" in listed
    assert "2026Q1 of Medicare lacks f4: its edits are not evaluated" in listed
    numbers = [s["id"] for s in json.loads(run("tables", "list", "-f", "json", *given))]
    assert "taken out" in run("tables", "remove", str(numbers[0]), *given)
    assert len(json.loads(run("tables", "list", "-f", "json", *given))) == 3
    run("tables", "add", *given, str(tmp_path / "edi-check.toml"), code=2)
    file = tmp_path / "batch.837"
    file.write_bytes(CLAIM)
    config.write_text('[tables]\nstore = "kept/tables.sqlite"\nptp = ' + json.dumps([str(p) for p in PARTS]) + "\n")
    report = json.loads(run("check", "-f", "json", "--as-of", "2026-03-01", *given, str(file)))
    assert [f["edit"] for f in report["files"][0]["findings"]] == ["NCCI-01"]


@pytest.mark.parametrize(("name", "why"), [
    ("nope.txt", "there is no such file"), ("procedures.csv/nope.txt", "can't be read: Not a directory"),
])
def test_a_file_of_the_settings_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, why: str
) -> None:
    (tmp_path / "procedures.csv").write_text("code,from,to\n97140,,\n")
    (tmp_path / "edi-check.toml").write_text(f'[tables]\nstore = "tables.sqlite"\nprocedures = "{name}"\n')
    (tmp_path / "batch.837").write_bytes(CLAIM)
    assert main(["check", "--config", str(tmp_path / "edi-check.toml"), str(tmp_path / "batch.837")]) == 2
    assert f"{name}: {why}" in capsys.readouterr().err
