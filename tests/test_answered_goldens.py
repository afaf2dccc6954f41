"""Answers and split files kept as goldens, for what the goldens beside fixtures/files don't show. Read them segment by
segment when they change; docs/acknowledgments.md says which golden shows what."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from acknowledged import answers

import edi_check
from edi_check.findings import Finding, Where
from edi_check.model import Interchange
from edi_check.pipeline import Desk
from edi_check.telling.settings import AckSettings
from edi_check.telling.split import write_split

AS_OF = "2026-11-21"
FILES = Path(__file__).resolve().parent.parent / "fixtures"
GOLDENS = Path(__file__).parent / "goldens" / "answered"


def fixture(name: str) -> Path:
    return next(FILES.glob(f"*/**/{name}.837"))


@pytest.mark.parametrize("name", ["code-not-valid", "several-interchanges-answered-apart"])
def test_any_fault_refuses_its_set_when_strict(name: str, golden: Callable[[str | Path, str], None]) -> None:
    texts = answers(edi_check.check(fixture(name), as_of=AS_OF, strict=True).files[0])
    golden(GOLDENS / f"strict-{name}.999", texts["999"])
    assert ("277ca" in texts) == (name != "code-not-valid")
    if "277ca" in texts:
        golden(GOLDENS / f"strict-{name}.277ca", texts["277ca"])


def test_a_file_that_was_here_before(golden: Callable[[str | Path, str], None]) -> None:
    def again(digest: str, interchanges: Sequence[Interchange]) -> list[Finding]:
        return [Finding("CORE-DUP-04", "It was here before.", Where(segment_id="ISA", element="ISA13", segment=1),
                        level="reject", interchange=1, scope="interchange")]

    file = Desk(datetime.date.fromisoformat(AS_OF)).file(fixture("one-claim"), outside=again)
    texts = answers(file)
    assert list(texts) == ["ta1"]
    golden(GOLDENS / "here-before.ta1", texts["ta1"])


@pytest.mark.parametrize(("name", "settings"), [
    ("three-codes-of-a-line", AckSettings("AY", "OUR HOUSE", "46", "HOUSE1", "A1:20:PR", line_status_date=True)),
    ("set-sent-twice", AckSettings(answer_each_claim=True)),
])
def test_settings(name: str, settings: AckSettings, golden: Callable[[str | Path, str], None]) -> None:
    texts = answers(edi_check.check(fixture(name), as_of=AS_OF).files[0], settings=settings)
    golden(GOLDENS / f"settings-{name}.277ca", texts["277ca"])


@pytest.mark.parametrize("name", [
    "code-not-valid", "dependent-refused", "billing-npi-check-digit", "one-set-of-two-refused", "hl-parent-missing",
    "several-interchanges-answered-apart", "institutional-group-beside-professional", "therapy",
])
def test_split_files(name: str, golden: Callable[[str | Path, str], None]) -> None:
    """``accepted`` and ``rejected``; of the demo, which has claims to review, the parts of ``--split-review`` too."""
    parts = ("accepted", "rejected", *(("accepted-only", "review") if name == "therapy" else ()))
    file = edi_check.check(fixture(name), as_of=AS_OF).files[0]
    for part in parts:
        out = io.BytesIO()
        if write_split(file, part, out, AS_OF):
            golden(GOLDENS / f"{name}.{part}.837", out.getvalue().decode())
        else:
            assert not (GOLDENS / f"{name}.{part}.837").exists()
