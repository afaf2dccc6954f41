"""All messages together, as the cases of ``fixtures`` fire them: a page to read aloud, and what holds for each of them.

``pytest --rewrite-goldens tests/test_messages.py`` writes ``tests/goldens/messages.md``; then read its diff aloud. And
``tests/goldens/statuses.md``: where each finding points, and what a 277CA would say of it.
"""

from __future__ import annotations

import datetime
import gzip
import io
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as parquet
import pytest
from cases import files, load
from one_claim import GOOD
from test_edits import run
from test_guide_examples import ONLY_IN_ANSWERS

import edi_check
from edi_check.findings import Edit, Finding, Status
from edi_check.pipeline import Desk
from edi_check.privacy import _PLACES as SEGMENTS
from edi_check.privacy import masked
from edi_check.report import Report
from edi_check.telling.render import FORMATS
from edi_check.telling.spots import spot_of
from edi_check.telling.visible import visible
from edi_check.watching.answering import AskPrecedent, Policy, _Inquiry
from edi_check.watching.records import Precedent

FILES = sorted((Path(__file__).parent.parent / "fixtures" / "files").rglob("*.837"))
WORDS = Path(edi_check.__file__).parent / "packs" / "words.toml"
SHOWN = 7
"""Different messages of an edit on the page; the first that were met."""
SETTING = re.compile(r"(?<=setting )[a-z_]+")
"""A setting of a pack goes by the name it has in the configuration."""
PLURAL = re.compile(r"(?<!line )(?<![-\d])\b1 (characters|digits|segments|elements|units|days|times|components)\b")
LONGEST = 260
"""Characters of a message; three lines of a screen."""


class Told(NamedTuple):
    """A finding as the page shows it."""

    message: str
    fix: str
    segment: str
    pointer: str
    finding: Finding


@cache
def told() -> tuple[dict[str, Edit], dict[str, list[Told]]]:
    """The catalogue, and every different message of every edit that any case or file fires."""
    catalogue: dict[str, Edit] = {}
    found: dict[str, dict[str, Told]] = {}
    for report in _reports():
        catalogue.update(report.edits)
        for file in report.files:
            for finding in file.findings:
                message = visible(masked(finding.message))
                shape = re.sub(r"\d+", "0", re.sub(r"“.*?”", "“”", message))
                spot = spot_of(file, finding)
                fix = visible(masked(finding.fix or report.edits[finding.edit].fix))
                one = Told(message, fix, spot.shown if spot else "", spot.pointer if spot else "", finding)
                found.setdefault(finding.edit, {}).setdefault(shape, one)
    return catalogue, {edit: list(shapes.values()) for edit, shapes in found.items()}


def _limited() -> list[Report]:
    """A report for each limit hit, which no file of ``fixtures`` is big enough for."""
    sets = (FILES[0].parent.parent / "pass" / "several-sets-and-groups.837").read_bytes()
    return [edi_check.check(data, as_of="2026-11-21", limits={limit: most}) for data, limit, most in (
        (GOOD.replace("N3*1 SAMPLE ST", "N3*" + "A" * 200).encode(), "segment_bytes", 150),
        (GOOD.replace("LX*1~", f"LX*1{'*' * 30}~").encode(), "segment_elements", 25),
        (sets, "file_sets", 2), (gzip.compress(sets), "gzip_bytes", 1000))]


def _here_before() -> list[Report]:
    """What the watcher's ledger knows: the same content, and the same control number, came before."""
    desk = Desk(datetime.date(2026, 3, 1))
    asks: tuple[AskPrecedent, ...] = (lambda digest, keys, origin: Precedent(content=True),
                                      lambda digest, keys, origin: Precedent(keys=frozenset(keys)))
    report = desk.report()
    report.files = [desk.file(GOOD.encode(), outside=_Inquiry(Policy(), ask, "")) for ask in asks]
    return [report]


@cache
def _reports() -> list[Report]:
    reports = [*_limited(), *_here_before()]
    for path in files():
        data = load(path)
        reports += [run({**data, **case}, "plain") for case in data["case"] if case["expect"]]
    return [*reports, *(edi_check.check(path, name=path.name, as_of="2026-11-21") for path in FILES)]


def test_the_page_of_all_messages(golden: Callable[[str, str], None]) -> None:
    catalogue, found = told()
    lines = ["# All messages", "", "As the cases of `fixtures` fire them, the segment masked as in every report; made "
             "by `tests/test_messages.py`.", ""]
    for edit in sorted(found):
        lines += [f"## {edit} {catalogue[edit].name}", ""]
        for one in found[edit][:SHOWN]:
            lines += [f"**{one.finding.level}:** {one.message}  ", f"*Fix:* {one.fix}", ""]
            if one.segment:
                lines += ["```text", one.segment, *([one.pointer] if one.pointer else []), "```", ""]
    lines += ["## Not fired by any of them", "", *(
        f"- {edit}: {catalogue[edit].why}" for edit in sorted(set(catalogue) - set(found))), ""]
    golden("messages.md", "\n".join(lines))


def test_the_page_of_all_statuses(golden: Callable[[str, str], None]) -> None:
    """The place and the status of each finding are part of its verdict; the cases of an edit name neither."""
    told()  # makes the reports
    rows = {(f.edit, f.level, f.where.element or f.where.segment_id, _short(f.status))
            for report in _reports() for file in report.files for f in file.findings
            if not f.edit.startswith(("TA1-", "AK9-", "IK"))}
    lines = ["# All statuses", "", "What a 277CA would say of each finding that a case of `fixtures` fires, by the "
             "place it points to; made by `tests/test_messages.py`. Faults of the syntax are a 999's to tell.", "",
             "| Edit | Level | Place | Status |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in sorted(rows)]
    golden("statuses.md", "\n".join([*lines, ""]))


def _short(status: Status) -> str:
    return ":".join(filter(None, (status.category, ",".join(status.codes), status.entity)))


def test_every_edit_is_fired_but_those_of_answers() -> None:
    """What no bytes can raise is in the catalogue for the answers of others, and says so."""
    catalogue, found = told()
    silent = set(catalogue) - set(found)
    assert silent == {edit for edit, data in catalogue.items() if data.why.startswith(ONLY_IN_ANSWERS)}


def _bare(text: str) -> str:
    """A text without what it quotes of the file, and without names of settings."""
    return SETTING.sub("", re.sub(r"“.*?”", "“”", text))


def test_every_message_is_a_sentence() -> None:
    wrong = []
    for edit, all_of_it in told()[1].items():
        for one in all_of_it:
            for kind, text in (("message", one.message), ("fix", one.fix)):
                if not re.match(r"[A-Z0-9“•]", text):
                    wrong.append(f"{edit} {kind} begins with {text[:30]!r}: begin with a capital letter")
                if not text.endswith((".", ".)")):
                    wrong.append(f"{edit} {kind} doesn't end with a full stop: {text[-30:]!r}")
                if len(text) > LONGEST:
                    wrong.append(f"{edit} {kind} has {len(text)} characters, at most {LONGEST}: {text}")
                if re.search(r"[_{}<>]|\bNone\b|\(\)|  |\.\.|,\.", _bare(text)) or PLURAL.search(text):
                    wrong.append(f"{edit} {kind} shows something of the code: {text}")
            if one.message.rstrip(".") == one.fix.rstrip("."):
                wrong.append(f"{edit}: the fix only repeats the message: {one.fix}")
    assert not wrong, "\n".join(wrong)


def test_every_message_says_where() -> None:
    """Below the file as such, a finding has its segment; only an empty one has no name."""
    wrong = [f"{edit}: {one.message}" for edit, all_of_it in told()[1].items() for one in all_of_it
             if not edit.startswith("CORE-FILE") and not (one.finding.where.segment and (
                 one.finding.where.segment_id or one.message.startswith("Two segment terminators")))]
    assert not wrong, "\n".join(wrong)


def test_the_words_of_messages_are_explained() -> None:
    """An abbreviation in a message or a remedy is one that ``edi-check explain`` knows, the name of a segment or
    element, or a code."""
    glossary = {word.upper() for entry, data in tomllib.loads(WORDS.read_text("utf-8")).items()
                for word in (entry, *data.get("also", ()))}
    unknown: dict[str, str] = {}
    for edit, all_of_it in told()[1].items():
        for one in all_of_it:
            for text in (one.message, one.fix):
                text = re.sub(r"“.*?”|[A-Z0-9]{2,3}\*[A-Z0-9]+|\b[A-Z][A-Z0-9]{1,2}\d\d(-\d+)?\b", "", text)
                for word in re.findall(r"\b[A-Z]{3,}\b", text):
                    if word not in glossary and word not in SEGMENTS and word not in one.segment and word != "ZIP":
                        unknown.setdefault(word, edit)
    assert not unknown, f"explain them in packs/words.toml, or say it in words: {unknown}"


def test_segments_without_a_place_are_one_finding() -> None:
    """What belongs nowhere is said once, with how many segments it takes."""
    several = GOOD.replace("LX*1~", "DMG*D8*19800101*F~\nSV5*HC:97140*DA*1~\nFRM*1*Y~\nLX*1~")
    findings = edi_check.check(several.encode(), as_of="2026-03-01").files[0].findings
    (run_of_them,) = [f for f in findings if f.edit == "IK3-2"]
    assert run_of_them.message.startswith("DMG and the 2 segments after it are not expected here")
    one_only = GOOD.replace("LX*1~", "DMG*D8*19800101*F~\nLX*1~")
    findings = edi_check.check(one_only.encode(), as_of="2026-03-01").files[0].findings
    assert [f.message for f in findings if f.edit == "IK3-2"] == [
        "DMG is not expected here (after HI of the claim (loop 2300))."]
    apart = one_only.replace("DTP*472", "DMG*D8*19800101*F~\nDTP*472")
    findings = edi_check.check(apart.encode(), as_of="2026-03-01").files[0].findings
    assert len([f for f in findings if f.edit == "IK3-2"]) == 2


@pytest.mark.parametrize(("old", "new", "told", "fix"), [
    ("SBR*P*18*", "SBR*P*01*", "not a code the guide allows here", "Use 18 if the subscriber is the patient; if not, "),
    ("***11:B:1*", "***35:B:1*", "not a place of service", "such as 11 (office)"),
    ("UN*2***1~", "UN*2***A~", "is not a whole number", "1 for the first (A on paper)"),
    ("*D8*20260203", "*D8*02/03/2026", "is not a day in the form CCYYMMDD.", "year, month, day"),
    ("*D8*20260203", "*D8*20260230", "is not a day of the calendar.", "year, month, day"),
    ("*D8*19700101", "*D8*01011970", "is not a day of the calendar.", "year, month, day"),
    ("CLM*C1*60*", "CLM*C1*$60*", "is not a number", "no currency sign"),
    ("*BEND*OR*97701~", "*BEND*OREGON*97701~", "too long", "Give the two letters of the state"),
    ("*Y*A*Y*Y~", "*Y*A*Y~", "CLM09 (release of information) of the claim", "Give CLM09 (I or Y);"),
    ("*MI*M0001~", "*MI~", "NM109 (member id) of the subscriber", "Give NM109; "),
    ("*PI*99999~", "*PI~", "NM109 (payer id) of the payer", "Give NM109; "),
])
def test_what_a_front_desk_gets_wrong_is_told_in_its_words(old: str, new: str, told: str, fix: str) -> None:
    findings = edi_check.check(GOOD.replace(old, new, 1).encode(), as_of="2026-03-01").files[0].findings
    first = next(f for f in findings if f.level == "reject")
    assert told in first.message and fix in first.fix, (first.message, first.fix)


@pytest.mark.parametrize(("edit", "says", "fix"), [
    ("PSRC-MT-08", "points to sequelae only", "Check the seventh character"),
    ("PSRC-MT-08", "CR208 says", "correct CR208"),
    ("PSRC-MT-09", "is maintenance care by its code", "bill the code of the treatment"),
    ("PSRC-MT-09", "carries GZ", "take GZ out"),
    ("PSRC-MT-09", "say wellness", "correct the note"),
    ("PSRC-MT-10", "97545 (work hardening) on 2026-02-03 is vocational", "correct the code"),
    ("PSRC-MT-10", "points to I69351 and Z8673 only", "Point SV107 to "),
    ("CMS-MT-01", "overlap in days", "Bill each date of service on a line of its own"),
    ("CORE-ID-02", "one digit nine times", "own tax id"),
    ("CORE-LIN-02", "lasts until", "Nothing, if "),
    ("NCCI-03", "pays no unit", "Leave the line out"),
])
def test_where_an_edit_says_several_things_the_remedy_is_that_of_what_it_says(edit: str, says: str, fix: str) -> None:
    _, found = told()
    (one,) = [one for one in found[edit] if says in one.message]
    assert fix in one.fix, (one.message, one.fix)


def test_a_dependent_who_is_said_to_be_the_subscriber_is_told_what_to_leave_out() -> None:
    data = GOOD.replace("HL*2*1*22*0", "HL*2*1*22*1").replace("SBR*P*18", "SBR*P*").replace(
        "CLM*C1", "HL*3*2*23*0~\nPAT*18~\nNM1*QC*1*TESTER*BO~\nN3*1 SAMPLE ST~\nN4*BEND*OR*97701~\n"
        "DMG*D8*20100101*M~\nCLM*C1").replace("SE*23", "SE*29")
    (finding,) = edi_check.check(data.encode(), as_of="2026-03-01").files[0].findings
    assert finding.where.element == "PAT01"
    assert finding.fix.startswith("If the subscriber is the patient, send SBR02 = 18 and no loop 2000C; if not, use ")


# No value of a person, in no format

PERSONAL = {
    "NM1*IL*1*TESTER*ADA****MI*M0001": "NM1*IL*1*{0}NAME*{0}FIRST****MI*{0}MEMBER",
    "N3*1 SAMPLE ST": "N3*{0} STREET",
    "N4*BEND*OR*97701~": "N4*{0}TOWN*OR*9770X~",
    "DMG*D8*19700101*F": "DMG*D8*{1}*W",
    "PER*IC*DESK*TE*5415550100": "PER*IC*{0}DESK*TE*{1}55",
    "CLM*C1*60*": "CLM*C1*61*",
    "HI*ABK:M5450~": "REF*EA*{0}RECORD~\nNTE*ADD*CUPPING {0}NOTE~\nK3*{0}FIXED~\nHI*ABK:M5450~\n"
                     "NM1*DN*1*{0}DOCTOR*{0}MAGDA****XX*1900000014~\nREF*0B*{0}LICENCE~\n",
    "SV1*HC:97140:GP*60*UN*2***1": "SV1*HC:97140:GP::::{0}DESCRIPTION*60*UN*0***1~\nNTE*ADD*{0}LINE",
}
"""Segments of the smallest file, and what stands there instead: names, numbers and free text, faulty where they can
be."""
CANARIES = ("CANARY", "18500131")
BREAKAGES = {
    "as it is": ("", ""),
    "segment ids gone wrong": ("NM1*IL", "NM2*IL"),
    "a terminator lost": ("M0001~\n", "M0001"),
    "separators lost": ("N3*", "N3"),
    "elements too many": ("~\nSBR", "*CANARY*CANARY~\nSBR"),
    "no HL": ("HL*2*1*22*0~\n", ""),
    "no envelope": ("ISA*", "CANARY"),
    "cut": ("SV1*", "\x00"),
    "another value in a code": ("*MI*", "*CANARYID*"),
    "a name where a code belongs": ("NM1*IL*1*", "NM1*IL*CANARY*"),
    "a number without its kind": ("REF*EA*", "REF*"),
    "a birth date without its form": ("DMG*D8*", "DMG*"),
    "a note without its kind": ("NTE*ADD*", "NTE*"),
    "a contact without its kind": ("PER*IC*", "PER*"),
    "a city where the state belongs": ("N4*", "N4**"),
    "a date too long": ("DMG*D8*", "DMG*D8*CANARY"),
}


def personal(breakage: str) -> bytes:
    """The smallest file with canaries wherever a person may be, damaged in one way."""
    text = GOOD.replace(*BREAKAGES[breakage]) if breakage in ("a terminator lost", "no HL") else GOOD
    for plain, canary in PERSONAL.items():
        text = text.replace(plain, canary.format(*CANARIES), 1)
    return (text if text != GOOD and breakage in ("a terminator lost", "no HL") else text.replace(
        *BREAKAGES[breakage])).partition("\x00")[0].encode()


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_nobody_is_named_in_any_format(breakage: str, tmp_path: Path) -> None:
    from edi_check.arrow import TABLES, write_tables

    path = tmp_path / "batch.837"
    path.write_bytes(personal(breakage))
    for options in ({}, {"strict": True}):
        hidden = edi_check.check(path, as_of="2026-03-01", **options)
        assert hidden.files[0].findings
        tables = {name: io.BytesIO() for name in TABLES}
        write_tables(hidden, tables)
        shown = {form: edi_check.render(hidden, form) for form in FORMATS}
        shown |= {name: str(parquet.read_table(out).to_pylist()) for name, out in tables.items()}
        leaks = [(form, text[max(at - 60, 0) : at + 40]) for form, text in shown.items() for canary in CANARIES
                 for at in [text.find(canary)] if at >= 0]
        assert not leaks, leaks


def test_canaries_sing_when_asked_to() -> None:
    """The test above looks in the right places: with ``show_values`` the values are there."""
    report = edi_check.check(personal("a name where a code belongs"), as_of="2026-03-01", show_values=True)
    for form in FORMATS:
        text = edi_check.render(report, form)
        assert any(canary in text for canary in CANARIES), form
