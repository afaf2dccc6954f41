"""Every case of ``fixtures/edits``, through the real reader and pipeline; and the examples that the packs give.

A case lists everything that must be found. No other Python belongs to an edit.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cases import AS_OF, example, files, interchange, load

import edi_check
from edi_check.judging.packs import load_builtin_packs
from edi_check.report import Report
from edi_check.tables.adding import add
from edi_check.tables.store import Store

OF_A_FILE = {"base", "as_of", "tables", "case"}
OF_A_CASE = {"title", "base", "claims", "replace", "expect", "delimiters", "as_of", "settings", "levels", "lob",
             "packs", "payers", "snip", "unjudged", "says", "tables"}
NO_TABLES = {"CORE-DX-07", "CORE-LIN-11", "NCCI-01", "NCCI-02", "NCCI-03"}
"""Never evaluated without tables of codes: a case names them only if it is about them."""

TABLES = Path(__file__).parent.parent / "fixtures" / "tables"
LOADED = tempfile.TemporaryDirectory()

CASES = [pytest.param({**data, **case}, id=f"{path.stem}-{n}-{case['title'].replace(' ', '-')}")
         for path in files() for data in [load(path)] for n, case in enumerate(data["case"], 1)]
TABLES_OF_FILE = {path.stem: load(path).get("tables", ()) for path in files()}
BASE_OF_FILE = {path.stem: load(path).get("base", "plain") for path in files()}
EDITS = {data.edit.id: data for pack in load_builtin_packs() for data in pack.edits}


@cache
def loaded(files: tuple[str, ...]) -> str:
    """These files of fixtures/tables, loaded."""
    path = f"{LOADED.name}/{len(os.listdir(LOADED.name))}.sqlite"
    with Store(path, create=True) as store:
        for file in files:
            add(store, str(TABLES / file))
    return path


def run(case: dict[str, Any], base: str) -> Report:
    options = {key: case[key] for key in ("settings", "levels", "lob", "payers") if key in case}
    if "packs" in case:
        options["packs"] = tuple(case["packs"])
    if case.get("tables"):
        options["tables"] = loaded(tuple(case["tables"]))
    if "snip" in case:
        options["snip"] = tuple(case["snip"])
    return edi_check.check(interchange(case, base), as_of=case.get("as_of", AS_OF), **options)


def found(report: Report) -> list[str]:
    """The findings as the cases write them."""
    lines = []
    for f in report.files[0].findings:
        claim = f" claim {f.claim}" if f.claim else ""
        line = f" line {f.line}" if f.line else ""
        lines.append(f"{f.edit}{claim}{line} {f.level}")
    return sorted(lines)


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    report = run(case, "plain")
    file = report.files[0]
    assert not file.faults
    assert found(report) == sorted(case["expect"]), [f.message for f in file.findings]
    assert not [f for f in file.findings if (f.claim, f.line) in f.related or any(r.claim < 1 for r in f.related)]
    messages = [f.message for f in file.findings]
    for part in case.get("says", ()):
        assert any(part in message for message in messages), messages
    for message in messages:
        assert "{" not in message and "  " not in message and "()" not in message, message
    if "unjudged" in case:
        named = {entry.split()[0] for entry in case["unjudged"]}
        unjudged = [f"{n.edit} {n.claims}" for n in file.not_evaluated if n.edit in named or n.edit not in NO_TABLES]
        assert sorted(unjudged) == sorted(case["unjudged"])


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_a_case_file_has_its_edit_and_both_kinds_of_cases(path: Any) -> None:
    data = load(path)
    assert path.stem in EDITS, "the file's name is the id of an edit"
    assert set(data) <= OF_A_FILE, f"unknown key: {set(data) - OF_A_FILE}"
    for case in data["case"]:
        assert set(case) <= OF_A_CASE, f"unknown key in {case['title']}: {set(case) - OF_A_CASE}"
    fires = [any(e.startswith(path.stem + " ") for e in case["expect"]) for case in data["case"]]
    assert any(fires), "add a case in which the edit fires"
    assert not all(fires), "add a case in which it is silent"


@pytest.mark.parametrize("edit", [i for i, data in EDITS.items() if data.kind != "elsewhere"])
def test_wrong_fires_and_right_does_not(edit: str) -> None:
    data = EDITS[edit]
    base = BASE_OF_FILE.get(edit, "psrc" if edit.startswith("PSRC") else "plain")
    settings = {"PSRC-MT": {"aso_groups": []}} if edit == "PSRC-MT-03" else {}
    for text, fires in ((data.edit.wrong, True), (data.edit.right, False)):
        if text:
            case = {"claims": example(text), "settings": settings, "tables": TABLES_OF_FILE.get(edit, ())}
            ids = {f.edit for f in run(case, base).files[0].findings}
            assert (edit in ids) is fires, f"{'wrong' if fires else 'right'} example of {edit}: {sorted(ids)}"
