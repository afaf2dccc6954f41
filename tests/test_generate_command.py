"""``edi-check generate``: files that ``check`` takes as they are, a ledger beside them, nothing half written."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edi_check.cli.main import main
from edi_check.generating import FAULTS
from edi_check.judging.packs import load_builtin_packs


def made(*words: str) -> int:
    return main(["generate", *words])


def test_what_it_makes_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "batch.837"
    assert made("--claims", "40", "-o", str(path)) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert main(["check", str(path), "--fail-on", "warn"]) == 0
    assert "40 claims" in capsys.readouterr().out


def test_the_same_options_give_the_same_bytes(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    words = ("--claims", "30", "--seed", "5", "--faults", "all", "--as-of", "2026-10-30")
    made(*words)
    first = capsysbinary.readouterr().out
    made(*words)
    assert first == capsysbinary.readouterr().out and first.startswith(b"ISA*") and first.count(b"\n") > 300
    made(*words[:3], "6", *words[4:])
    assert capsysbinary.readouterr().out != first


@pytest.mark.parametrize("name", ["planted.csv", "planted.ndjson"])
def test_the_ledger_says_what_was_planted(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, ledger = tmp_path / "batch.837", tmp_path / name
    assert made("--claims", "60", "--faults", "CORE-BAL-01,npi-check-digit", "--share", "0.5", "--ledger", str(ledger),
                "-o", str(path), "--as-of", "2026-10-30") == 0
    told = capsys.readouterr().err
    with ledger.open(newline="") as lines:
        rows = list(csv.DictReader(lines)) if name.endswith("csv") else [json.loads(line) for line in lines]
    assert f"{len(rows)} of them with a fault, 2 kinds of 2" in told and 10 < len(rows) < 45
    main(["check", "-f", "json", "--as-of", "2026-11-01", str(path)])
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert {(str(f["claim"]), f["claim_number"], f["edit"], f["level"]) for f in file["findings"]} == {
        (str(row["claim"]), row["claim_number"], row["edit"], row["level"]) for row in rows}


def test_a_fault_that_suited_no_claim_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made("--claims", "1", "--faults", "duplicate-claim", "-o", str(tmp_path / "a.837")) == 0
    assert "no claim suited them (more claims help): duplicate-claim" in capsys.readouterr().err


def test_many_faults_that_suited_no_claim_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--claims", "5", "--faults", "all", "-o", str(tmp_path / "a.837"))
    assert made(*words) == 0
    told = capsys.readouterr().err
    planted, left = (int(n) for n in re.findall(r"(\d+) kinds", told))
    assert planted + left == len(FAULTS) and left > 100
    assert "not planted" in told and "--claims 4000 without --share" in told
    assert max(map(len, told.splitlines())) < 160
    assert made(*words, "-v") == 0
    assert capsys.readouterr().err.count(",") > len(FAULTS) - 10


def test_all_faults_find_a_place_in_four_thousand_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/test-claims.md says so."""
    assert made("--claims", "4000", "--faults", "all", "-o", str(tmp_path / "a.837")) == 0
    assert f"{len(FAULTS)} kinds of {len(FAULTS)}" in capsys.readouterr().err


def test_the_list_has_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert made("--list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FAULTS)


@pytest.mark.parametrize(("words", "says"), [
    (("--faults", "npi-chek-digit"), "did you mean npi-check-digit?"),
    (("--faults", "zzz"), "--list"),
    (("--delimiters", "*^:"), "four characters"),
    (("--delimiters", "AB:~"), "letters"),
    (("--delimiters", "é^:~"), "be ASCII"),
    (("--as-of", "tomorrow"), "YYYY-MM-DD"),
    (("--as-of", "1999-01-01"), "2025-01-01"),
    (("--ledger", "x.csv"), "add --faults"),
    (("--claims", "0"), "claims"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(
    words: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(*words, "-o", str(tmp_path / "a.837")) == 2
    assert says in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_page_lists_every_fault(request: pytest.FixtureRequest) -> None:
    path = Path(__file__).resolve().parent.parent / "docs" / "test-claims.md"
    head, start, rest = path.read_text("utf-8").partition("|---|---|---|\n")
    old, end, tail = rest.partition("\nNo fault is planted")
    edits = {data.edit.id for pack in load_builtin_packs() for data in pack.edits}
    linked = {edit: f"[{edit}](edits.md#{edit.lower()})" for edit in edits}
    table = "".join(f"| {f.name} | {linked.get(f.edit, f.edit)} | {f.level} |\n" for f in FAULTS.values())
    if request.config.getoption("--rewrite-goldens"):
        path.write_text(head + start + table + end + tail, "utf-8")
        return
    assert old == table, "docs/test-claims.md: pytest --rewrite-goldens tests/test_generate_command.py makes the table"


def test_memory_stays_flat() -> None:
    """Forty thousand claims need what four thousand do."""
    peaks = []
    for claims in (4_000, 40_000):
        code = ("import sys, resource; from edi_check.cli.main import main; "
                f"assert 0 == main(['generate', '--claims', '{claims}', '--faults', 'all', '-q', "
                "'--ledger', '/dev/null', '-o', '/dev/null']); "
                "sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))")
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks.append(int(run.stderr.split()[-1]))
    assert peaks[1] < peaks[0] + 8_000, f"KiB: {peaks}"
