"""The tutorial's payer: a pack of data only, loaded by file as a user does; its cases hold, and the page quotes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cases import AS_OF, interchange, load
from click.testing import CliRunner

import edi_check
from edi_check.cli.main import cli
from edi_check.cli.session import Session
from edi_check.judging.packs import load_pack
from edi_check.telling.wording import status_words

DOCS = Path(__file__).parent.parent / "docs"
PACK = DOCS / "examples" / "wheatland.toml"
CASES = load(DOCS / "examples" / "wheatland-cases.toml")
PAGE = (DOCS / "tutorial-payer-pack.md").read_text("utf-8")


def found(case: dict[str, Any]) -> tuple[list[str], list[str]]:
    case = {"replace": CASES["replace"], **case}
    report = edi_check.check(interchange(case, CASES["base"]), packs=[str(PACK)], as_of=case.get("as_of", AS_OF),
                             settings=case.get("settings"))
    findings = report.files[0].findings
    assert not report.files[0].faults
    return sorted(" ".join([f.edit, *(["claim", str(f.claim)] if f.claim else []),
                            *(["line", str(f.line)] if f.line else []), f.level]) for f in findings), [
        f.message for f in findings]


@pytest.mark.parametrize("case", CASES["case"], ids=lambda c: c["title"].replace(" ", "-"))
def test_the_cases_hold(case: dict[str, Any]) -> None:
    edits, messages = found(case)
    assert edits == sorted(case["expect"]), messages
    for part in case.get("says", ()):
        assert any(part in message for message in messages), messages


@pytest.mark.parametrize("data", load_pack(PACK).edits, ids=lambda d: d.edit.id)
def test_every_edit_has_a_case_that_fires_and_its_examples_are_right(data: Any) -> None:
    assert any(e.startswith(data.edit.id + " ") for case in CASES["case"] for e in case["expect"])
    for text, fires in ((data.edit.wrong, True), (data.edit.right, False)):
        if text:
            edits, _ = found({"claims": [text]})
            assert any(e.startswith(data.edit.id + " ") for e in edits) is fires, edits


def test_the_statuses_are_told_in_words() -> None:
    assert not [d.edit.id for d in load_pack(PACK).edits if re.search(r"status [0-9]", status_words(d.edit.status))]


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    claim = tmp_path / "batch.837"
    claim.write_bytes(interchange({"replace": CASES["replace"], "claims": ["SV1*HC:97140*60*UN*1***1"]}))
    for args, code in ((("pack", "lint", str(PACK)), 0), (("edits", "--pack", str(PACK)), 0),
                       (("explain", "WHEAT-03", "--pack", str(PACK)), 0),
                       (("check", "--pack", str(PACK), "--as-of", AS_OF, str(claim)), 1)):
        result = CliRunner().invoke(cli, args, obj=Session(), standalone_mode=False)
        assert result.exception is None, result.exception
        assert (result.return_value or 0) == code, result.output
        assert "WHEAT" in result.output


def test_the_page_quotes_the_pack_as_it_is() -> None:
    """Each TOML block of the page stands in the pack or among its cases, to the letter."""
    sources = [re.sub(r"\n{2,}", "\n", text) for text in (PACK.read_text("utf-8"), (DOCS / "examples" /
                                                           "wheatland-cases.toml").read_text("utf-8"))]
    blocks = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.M | re.S)
    assert blocks
    for block in blocks:
        tomllib.loads(block)
        assert any(re.sub(r"\n{2,}", "\n", block) in text for text in sources), f"not in the examples:\n{block}"
