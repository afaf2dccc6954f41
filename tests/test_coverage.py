"""``edi-check edits --coverage`` and docs/coverage.md: current, and true to the guide, the packs and the policies."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from one_claim import GOOD

import edi_check
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


ADDRESSES = {
    "2010AB": ("HL*2", "NM1*87*2~{}"), "2010BA": ("DMG", "{}"), "2010BB": ("CLM*", "{}"),
    "2310C": ("LX*1", "NM1*77*2*PLACE~{}"), "2310E": ("LX*1", "NM1*PW*2~{}"), "2310F": ("LX*1", "NM1*45*2~{}"),
    "2330B": ("LX*1", "SBR*S*18*******CI~OI***Y***Y~NM1*IL*1*TESTER*ADA****MI*M2~NM1*PR*2*OTHER*****PI*88888~{}"),
    "2420E": ("SE*", "NM1*DK*1*ORDER*DOC~{}"), "2420G": ("SE*", "NM1*PW*2~{}"), "2420H": ("SE*", "NM1*45*2~{}"),
}


@pytest.mark.parametrize("loop", sorted(ADDRESSES))
def test_an_address_is_looked_at_where_the_page_says_so(loop: str) -> None:
    before, segments = ADDRESSES[loop]
    lines = [s for s in GOOD.splitlines() if loop != "2010BA" or s not in ("N3*1 SAMPLE ST~", "N4*BEND*OR*97701~")]
    n = next(n for n, s in enumerate(lines) if s.startswith(before))
    added = segments.format("N3*1 A ST~N4*BEND*ZZ*977010001").split("~")
    lines[n:n] = [s + "~" for s in added]
    data = "\n".join(lines).replace("SE*23*", f"SE*{23 + len(lines) - len(GOOD.splitlines())}*")
    (file,) = edi_check.check(data.encode(), as_of=date(2026, 3, 1)).files
    assert {f.edit for f in file.findings if f.level == "reject"} == set()
    said = next(found.edits for found in coverage(PACKS).loops if found.id == loop)
    assert ("CORE-EXT-01" in said) == any(f.edit == "CORE-EXT-01" for f in file.findings)


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
