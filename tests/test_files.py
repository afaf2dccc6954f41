"""Whole files: those of fixtures/files/pass are accepted, those of fixtures/files/fail are told as their goldens say.

Each failing file has one fault, which its name tells. ``pytest --rewrite-goldens`` writes the goldens; read the diff.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from judged import AS_OF, judged, only_file, rendered

import edi_check

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "files"
PASS = sorted((FILES / "pass").glob("*.837"))
FAIL = sorted((FILES / "fail").glob("*.837"))

HARMLESS = {"acknowledged-with-errors", "last-terminator-missing", "trailing-space"}
"""Only a warning: every claim is accepted and the exit code is 0."""

PYX12_CANNOT = {
    "leading-blank-lines": "looks for ISA in the first bytes",
    "byte-order-mark": "reads ASCII only",
    "control-character-delimiters": "takes a control character for data",
    "several-interchanges": "keeps the delimiters of the first",
    "employer-as-subscriber": "wants an id of every subscriber",
}


def stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", PASS, ids=stem)
def test_is_accepted_whole(path: Path) -> None:
    report = judged(path.read_bytes(), is_rendered=True)
    file = only_file(report)
    assert [(f.edit, f.message) for f in file.findings if f.level != "note"] == []
    assert (file.disposition, report.exit_code) == ("accepted", 0)
    assert file.counts.claims == file.counts.accepted > 0
    assert all(i.is_complete for i in file.interchanges)


@pytest.mark.parametrize("path", [p for p in PASS if p.stem not in PYX12_CANNOT], ids=stem)
def test_is_valid_for_pyx12_too(path: Path) -> None:
    from pyx12.params import params
    from pyx12.x12n_document import x12n_document

    assert x12n_document(param=params(), src_file=str(path), fd_997=None, fd_html=None)


@pytest.mark.parametrize("path", PASS, ids=stem)
def test_gzip_makes_no_difference(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.837.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain = edi_check.check(path, as_of=AS_OF, name="one").to_dict()
    assert edi_check.check(packed, as_of=AS_OF, name="one").to_dict() == plain


@pytest.mark.parametrize("path", FAIL, ids=stem)
def test_is_told_as_written(path: Path, golden: Callable[[str | Path, str], None]) -> None:
    report = judged(path.read_bytes(), name=path.name)
    assert (report.exit_code == 0) == (path.stem in HARMLESS)
    golden(path.with_suffix(".json"), json.dumps(_lasting(rendered(report)), indent=1, ensure_ascii=False) + "\n")


def _lasting(told: dict[str, object]) -> dict[str, object]:
    """The report without what changes with every version or pack."""
    for key in ("tool", "packs", "tables"):
        del told[key]
    for file in told["files"]:  # type: ignore[attr-defined]
        del file["sha256"], file["not_evaluated"]
    return told


def test_every_golden_has_its_file() -> None:
    orphans = [p.name for p in (FILES / "fail").glob("*.json") if not p.with_suffix(".837").exists()]
    assert orphans == [], "delete them, or bring their files back"
