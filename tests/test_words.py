"""The glossary: every word found by each of its names, in words a newcomer can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edi_check.cli.designations import find_designation
from edi_check.cli.glossary import Word, find_word, glossary, page_of_word
from edi_check.cli.main import main
from edi_check.judging.packs import load_builtin_packs

ROOT = Path(__file__).resolve().parent.parent

NAMES = [(name, word) for word in glossary() for name in (word.name, *word.also)]
IDS = {data.edit.id for pack in load_builtin_packs() for data in pack.edits}


@pytest.mark.parametrize(("name", "word"), NAMES, ids=[n for n, _ in NAMES])
def test_a_word_is_found_by_each_of_its_names(name: str, word: Word) -> None:
    for written in (name, name.upper(), name.lower(), name.replace(" ", "-")):
        assert find_word(written) == word, f"{written!r} is a name of another word, too"
    assert name.upper() not in IDS


@pytest.mark.parametrize("word", glossary(), ids=lambda w: w.name)
def test_a_word_is_said_in_a_sentence(word: Word) -> None:
    assert word.says.endswith(".") and len(word.says) > 40
    for form in ("text", "json", "markdown"):
        assert word.name in page_of_word(word, form)
    for other in re.findall(r"[Ss]ee also (\w+)", word.says):
        assert find_word(other), f"{word.name} speaks of {other}, which isn't there"


@pytest.mark.parametrize(("name", "said"), [
    ("A8:400,178", "claim does not balance"), ("a3", "returned unprocessed"), ("A7:562:82", "rendering provider"),
    ("SV107-2", "CORE-DX-01"), ("CLM02", "Claim charge: element 2 of a segment CLM"), ("NM109", "CORE-ID-01"),
    ("A3:401", "source of payment"), ("A7:21,401", "source of payment"), ("TA105 23", "023: the file ends"),
    ("IK304", "8: has elements at fault; I4: is not"), ("IK304:8", "a segment. 8: has elements at fault."),
    ("ak403", "13: more components"),
    ("IK3-8", "8: has elements at fault."), ("AK905", "4: the control numbers of GS and GE differ"),
    ("97140", "(manual therapy), SV101-2. Edits: "), ("97140", " PSRC-MT-03,"), ("98940", " CMS-MT-05,"),
])
def test_the_short_forms_of_reports(name: str, said: str) -> None:
    word = find_designation(name, ())
    assert word and said in word.says


@pytest.mark.parametrize("name", [
    "A9:1", "A8:400,99999", "ZZ99", "A8:", "IK304:99", "IK904", "AK9-99", "00000", "E1170", "",
])
def test_what_is_no_short_form(name: str) -> None:
    assert find_designation(name, ()) is None


def test_an_id_of_an_edit_is_the_edit_and_not_the_code_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "IK4-7"]) == 0
    assert "code-invalid" in capsys.readouterr().out
    assert main(["explain", "IK3-8"]) == 0
    assert "has elements at fault" in capsys.readouterr().out


def test_every_status_of_an_edit_has_words() -> None:
    for pack in load_builtin_packs():
        for data in pack.edits:
            status = data.edit.status
            code = ":".join(filter(None, (status.category, ",".join(status.codes), status.entity)))
            assert find_designation(code, ()), f"{data.edit.id}: {code}"


def test_an_acknowledgment_given_to_the_wrong_command_or_in_the_wrong_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ROOT / "fixtures" / "files" / "fail"
    answer, claims = str(files / "date-not-valid.999"), str(files / "date-not-valid.837")
    assert main(["check", answer]) == 3
    assert f"edi-check explain {answer}" in capsys.readouterr().err
    assert main(["explain", claims, "--original", answer]) == 3
    assert f"edi-check explain {answer} --original {claims}" in capsys.readouterr().err
    assert main(["explain", str(tmp_path) + "/"]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_what_is_no_word() -> None:
    assert find_word("no such word") is None and find_word("") is None
