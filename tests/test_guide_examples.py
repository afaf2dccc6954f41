"""The wrong and right examples of the guide's edits: what is right stands in a valid file; what is wrong, in its place,
is found there under that id.

``…`` between two segments stands for those between, which stay as they are.
"""

from __future__ import annotations

import re

import pytest
from cases import AS_OF, interchange

import edi_check
from edi_check.findings import Edit
from edi_check.judging.packs import load_builtin_packs

EDITS = {d.edit.id: d.edit for pack in load_builtin_packs() for d in pack.edits if pack.id == "GUIDE"}
ONLY_IN_ANSWERS = "It is here because a partner's "
NO_FRAGMENT_SHOWS_IT = {
    "TA1-026": "the separator is another one in the whole file",
}

LINE = "SV1*HC:97140:GP*120*UN*2***1"
ONE = interchange({"claims": [LINE]}).decode().replace("\n", "")
SET = ONE[ONE.index("ST*837") : ONE.index("GE*1")]
SECOND = SET.replace("*0001*005010", "*0002*005010").replace("SE*24*0001", "SE*24*0002").replace("CLM*C1", "CLM*C2")
TWO_SETS = ONE.replace("~GE*1*", "~" + SECOND.replace("20260203", "20260204") + "GE*2*")
WITH_SSN = interchange({"claims": [LINE], "replace": ["2010BA REF*SY*000000001"]}).decode().replace("\n", "")
FILES = (ONE, TWO_SETS, WITH_SSN)


def found(text: str) -> set[str]:
    return {f.edit for f in edi_check.check(text.encode(), as_of=AS_OF).files[0].findings}


def exchanged(edit: Edit) -> tuple[str, str]:
    """The first of FILES that has what is right, and the same with what is wrong. SE01 keeps counting."""
    right, wrong = edit.right.split("~…~"), edit.wrong.split("~…~")
    assert len(right) == len(wrong)
    file = next((file for file in FILES if all(file.count(part) == 1 for part in right)), "")
    assert file, f"{edit.id}: its right example stands in none of FILES, or twice"
    changed = file
    for old, new in zip(right, wrong, strict=True):
        changed = changed.replace(old, new)
    more = edit.wrong.count("~") - edit.right.count("~")
    if not re.search(r"(^|~)(SE|GE|IEA)\*", edit.right):
        changed = re.sub(r"~SE\*(\d+)", lambda count: f"~SE*{int(count[1]) + more}", changed)
    return file, changed


@pytest.mark.parametrize("file", FILES, ids=["one", "two-sets", "ssn"])
def test_the_files_are_valid(file: str) -> None:
    assert not found(file)


@pytest.mark.parametrize("edit", [e for e in EDITS.values() if e.wrong], ids=lambda e: e.id)
def test_wrong_is_found_and_right_is_not(edit: Edit) -> None:
    file, changed = exchanged(edit)
    assert edit.id in found(changed)
    assert edit.id not in found(file)


@pytest.mark.parametrize("edit", EDITS.values(), ids=lambda e: e.id)
def test_every_edit_of_the_guide_has_an_example_or_says_why_not(edit: Edit) -> None:
    is_told = edit.why.startswith(ONLY_IN_ANSWERS) or edit.id in NO_FRAGMENT_SHOWS_IT
    assert bool(edit.wrong) is bool(edit.right) is not is_told, (
        f"{edit.id}: give `wrong` and `right`, parts of a file in which the second is valid and the first is found")
