"""The guide's own examples, as two projects publish them: nothing above ``warn`` fires but what the golden file gives a
reason for.

Runs over stupidedi's ``pass`` folder and LinuxForHealth's files in the corpus (``EDI_CHECK_CORPUS``, else
``shared/corpus`` beside the checkout); skipped when there is none. ``pytest --rewrite-goldens`` writes the lists anew,
the reasons are written by hand.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import edi_check

CORPUS = Path(os.environ.get("EDI_CHECK_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
PLACES = ("LinuxForHealth_x12/837p/*", "kputnam_stupidedi/837p/*__pass__*")
FILES = sorted(path for place in PLACES for path in CORPUS.glob(place) if "_at_" not in path.name)  # not older versions
GOLDEN = Path(__file__).parent / "goldens" / "published-examples.toml"


def named(path: Path) -> str:
    return f"{path.parts[-3].partition('_')[0]}/{re.split('__', path.name)[-1]}"


def found(path: Path) -> list[str]:
    """``CORE-ID-01 10 NM109``: edit, segment, element of each finding above warn. A file is judged on its own day."""
    data = path.read_bytes()
    day = re.search(rb"GS.HC.[^\r\n]*?\D(20\d{6})\D", data)
    as_of = date.fromisoformat(day[1].decode()) if day else date(2013, 10, 31)
    report = edi_check.check(data, as_of=as_of)
    return [f"{f.edit} {f.where.segment} {f.where.element}".strip() for f in report.files[0].findings
            if f.level in ("reject", "review")]


def golden() -> dict[str, dict[str, object]]:
    return tomllib.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.skipif(not FILES, reason="no corpus: set EDI_CHECK_CORPUS")
def test_only_what_has_a_reason_fires(request: pytest.FixtureRequest) -> None:
    now = {named(path): found(path) for path in FILES}
    if request.config.getoption("--rewrite-goldens"):
        head, mark, _ = GOLDEN.read_text("utf-8").partition("[found]\n")
        lists = "".join(f"{json.dumps(name)} = {json.dumps(entries)}\n" for name, entries in now.items())
        GOLDEN.write_text(head + mark + lists, "utf-8")
    assert now == golden()["found"], (
        "what fires on the guide's examples has changed: if rightly, write the reason, and "
        "pytest --rewrite-goldens tests/test_published_examples.py")


def test_everything_listed_has_a_reason() -> None:
    """By edit, or by edit and file where the reason is that file's."""
    reasons, of_files = golden()["reasons"], golden()["reasons_of_files"]
    used = set()
    for name, entries in golden()["found"].items():
        for entry in entries:  # type: ignore[attr-defined]
            edit = entry.split()[0]
            own = of_files.get(name, {})
            assert edit in reasons or edit in own, f"{name}: {edit} needs a reason"  # type: ignore[operator]
            used.add(edit if edit in reasons else (name, edit))
    listed = set(reasons) | {(name, edit) for name, table in of_files.items() for edit in table}  # type: ignore[attr-defined]
    assert listed == used, f"reasons that nothing needs any more: {listed - used}"
