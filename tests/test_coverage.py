"""``edi-check edits --coverage`` and docs/coverage.md: current, and true to the guide, the packs and the policies."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from edi_check.cli.coverage import coverage, told
from edi_check.judging.packs import PACKS_FOLDER, load_builtin_packs

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
PACKS = load_builtin_packs()
EDITS = {data.edit.id for pack in PACKS for data in pack.edits}
DATA = tomllib.loads((Path(PACKS_FOLDER) / "coverage.toml").read_text("utf-8"))


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    page = told(PACKS, "markdown")
    if request.config.getoption("--rewrite-goldens"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, "edi-check edits --coverage -f markdown -o docs/coverage.md makes it anew"


def test_every_place_is_a_situational_one_of_the_guide() -> None:
    """A misspelt place would be looked at by nobody: each entry of the data shows up with its edits."""
    found = coverage(PACKS)
    looked_at = [s for s in (*found.segments, *found.elements) if s.edits]
    for place, edits in DATA["situational"].items():
        loop, _, what = place.partition(" ")
        assert set(edits) <= EDITS, place
        codes = what.partition("*")[2]
        fitting = [s for s in looked_at if s.place.startswith(loop + " ") and s.edits == tuple(edits)
                   and what.partition("*")[0] in s.place and (not codes or codes in s.place)]
        assert fitting, f"{place} is no situational segment, loop or element of the guide"


def test_the_policies_name_edits_that_exist_and_leave_none_out() -> None:
    named = {edit for policy in DATA["policy"] for item in policy["item"] for edit in item["edits"]}
    assert named <= EDITS
    payers = {edit for edit in EDITS if edit.startswith(("PSRC-", "CMS-", "OHP-", "NCCI-"))}
    left = sorted(payers - named)
    assert not left, f"say in packs/coverage.toml which item of a policy these are about: {left}"
    for policy in DATA["policy"]:
        for item in policy["item"]:
            assert item["shows"] in ("yes", "part", "no")
            assert item["edits"] or item["why"] or item["shows"] == "no"


@pytest.mark.parametrize("form", ["text", "json"])
def test_other_forms(form: str) -> None:
    assert "PSRC-MT-03" in told(PACKS, form)
