"""The engine by itself: what it gives every check and every finding, whatever the edit."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import marshal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cases import AS_OF, files, interchange, load
from one_claim import GOOD

import edi_check
from edi_check.findings import PackError
from edi_check.judging import registry
from edi_check.judging.conditions import Codes
from edi_check.judging.engine import Engine
from edi_check.judging.packs import load_builtin_packs, load_pack, load_packs
from edi_check.judging.plan import Active, milder
from edi_check.judging.registry import SERVICE_FIELDS, Hit, Unjudged
from edi_check.judging.words import Words
from edi_check.model import Claim, Record, ServiceLine, fields_of
from edi_check.telling.spots import spot_of

DAY = datetime.date.fromisoformat(AS_OF)
LINE = "SV1*HC:97140:GP*120*UN*2***1"


def claims_of(*fragments: Any, base: str = "psrc", **case: Any) -> list[Claim]:
    return list(edi_check.read_claims(interchange({"claims": list(fragments), **case}, base)))


def engine(**options: Any) -> Engine:
    return Engine(options.pop("packs", None) or load_builtin_packs(), as_of=DAY, **options)


@cache
def all_cases() -> tuple[Claim, ...]:
    """The claims of all case files; no test changes them, and one proves that no check does."""
    cases = [{**data, **case} for path in files() for data in [load(path)] for case in data["case"]]
    return tuple(claim for case in cases for claim in edi_check.read_claims(interchange(case)))


# --------------------------------------------------------------------------------------------------- what holds for all


def test_no_check_changes_its_claim() -> None:
    judge = engine()
    for claim in all_cases():
        before = copy.deepcopy(_plain(claim))
        judge.judge(claim)
        judge.compare(claim)
        assert _plain(claim) == before, claim.number


def _plain(thing: Any) -> Any:
    if isinstance(thing, list | tuple):
        return [_plain(x) for x in thing]
    if isinstance(thing, Record) or dataclasses.is_dataclass(thing):
        names = [name for name in fields_of(type(thing)) if name not in ("trace", "set", "group", "interchange")]
        return {name: _plain(getattr(thing, name)) for name in names}
    return thing


def test_judging_again_gives_the_same() -> None:
    one, two = engine(), engine()
    for claim in all_cases():
        first = [repr(f) for f in one.judge(claim)]
        assert [repr(f) for f in one.judge(claim)] == first, "a memo must not change a verdict"
        assert sorted(repr(f) for f in two.judge(claim)) == sorted(first), "nor what was judged before"


def test_every_finding_is_filled() -> None:
    judge = engine()
    for claim in all_cases():
        for f in judge.judge(claim):
            assert f.message and "{" not in f.message and not f.message.startswith(" "), f
            assert f.level in ("reject", "review", "warn", "note") and f.status.category and f.status.codes, f
            assert f.claim == claim.index and f.claim_number == claim.number and f.where.segment, f
            assert f.where.segment_id and (not f.where.element or f.where.element.startswith(f.where.segment_id)), f
    assert not judge.faults


def test_what_is_compared_can_be_kept_by_marshal() -> None:
    judge = engine()
    for claim in all_cases():
        judge.judge(claim)
        kept = judge.compare(claim)
        assert marshal.loads(marshal.dumps(kept)) == kept


class _Watched:
    """A service line that only shows what a ``service`` check may see."""

    def __init__(self, line: ServiceLine) -> None:
        self._line = line

    def __getattr__(self, name: str) -> Any:
        assert name in SERVICE_FIELDS, f"a check on the SV1 must not look at {name}: it is judged once for all like it"
        return getattr(self._line, name)


def test_service_checks_look_at_the_sv1_only() -> None:
    actives = [a for a in engine()._actives if a.kind == "service"]
    assert len(actives) > 3
    for claim in all_cases():
        for line in claim.service_lines:
            for active in actives:
                list(active.run(_Watched(line)))


def test_every_check_says_what_it_is() -> None:
    for topic in registry.topics():
        for check in registry.checks_of(topic).values():
            assert check.summary.endswith((".", ":", ";")) or len(check.summary) > 60, check.name
            assert "Returns" in (check.function.__doc__ or ""), f"{check.name}: say what it returns"


def test_every_check_is_used_by_a_pack() -> None:
    edits = [one for pack in load_builtin_packs() for data in pack.edits for one in (data, *data.also)]
    assert set(registry.CHECKS) <= {one.check.name for one in edits if one.check}, "a check that no edit calls"


# ----------------------------------------------------------------------------------------------- faults, not evaluated


def broken(claim: Claim) -> Any:
    raise ZeroDivisionError(f"{claim.number} must not be seen")


@pytest.mark.parametrize("edit", ["CORE-SIT-05", "PSRC-MT-24", "PSRC-MT-05", "PSRC-MT-06", "PSRC-MT-03", "CORE-SIT-06",
                                  "PSRC-MT-09", "PSRC-MT-17"])
def test_a_check_that_raises_is_a_fault_and_the_rest_is_judged(edit: str) -> None:
    (claim,) = claims_of("SV1*HC:97140:GP:51:GZ*120*UN*7***1~NTE*ADD*cupping")
    sound = engine()
    expected = {f.edit for f in sound.judge(claim)}
    judge = engine()
    for active in judge._actives:
        if active.id == edit:
            active.run = lambda *about: broken(claim)
            active.screen = None
    judge._plans_by_selection.clear()
    found = {f.edit for f in judge.judge(claim)}
    assert expected - {edit} <= found | {"PSRC-MT-17"}
    assert {(f.edit, f.claim, f.error) for f in judge.faults} == {(edit, 1, "ZeroDivisionError")}
    assert "must not be seen" not in repr(judge.faults)


def test_what_was_not_evaluated_is_counted(tmp_path: Path) -> None:
    judge = engine()
    for claim in claims_of("SV1*HC:97124*50*UN*1***1", LINE, base="plain", replace=["SBR*P*18*G100******ZZ"]):
        judge.judge(claim)
    counted = {n.edit: n for n in judge.not_evaluated}
    assert counted["CMS-MT-01"].claims == 2 and "line of business" in counted["CMS-MT-01"].why
    assert not any(n.startswith(("PSRC", "OHP")) for n in counted), "these go by payer id"
    judge.begin_file()
    assert not judge.not_evaluated


def test_a_check_that_cannot_decide_is_counted_where_its_edit_applies() -> None:
    judge = engine()
    active = next(a for a in judge._actives if a.id == "CORE-SIT-05")
    active.run, active.screen = (lambda claim: (Unjudged("no crystal ball"),)), None
    for claim in claims_of(LINE, LINE):
        assert judge.judge(claim) == []
    assert ("CORE-SIT-05", 2, "no crystal ball") in judge.not_evaluated


# -------------------------------------------------------------------------------------------- line of business, levels


@pytest.mark.parametrize(("payer", "filing", "options", "lob"), [
    ("93029", "CI", {}, "commercial"), ("pshlth", "", {}, "commercial"), ("20377", "16", {}, "medicare"),
    ("20416", "MC", {}, "medicaid"), ("93029", "MB", {}, "commercial"), ("99001", "MA", {}, "medicare"),
    ("99001", "HM", {}, "commercial"), ("99001", "WC", {}, "other"), ("99001", "ZZ", {}, "unknown"),
    ("99001", "CI", {"payers": {"99001": "medicaid"}}, "medicaid"), ("93029", "CI", {"lob": "medicare"}, "medicare"),
    ("93029", "CI", {"payers": {"93029": "medicare"}}, "medicare"),
])
def test_line_of_business(payer: str, filing: str, options: dict[str, Any], lob: str) -> None:
    (claim,) = claims_of(LINE, replace=[f"NM1*PR*2*PAYER*****PI*{payer}", f"SBR*P*18*G1******{filing}"])
    assert engine(**options).lob(claim) == lob


@pytest.mark.parametrize(("lob", "payers", "filings"), [
    ("commercial", ("93029", "10375", "5441", "PSHLTH"), ("CI", "HM", "12", "13", "14", "15", "BL")),
    ("medicare", ("20377", "6147", "PSMED"), ("MA", "MB", "16")),
    ("medicaid", ("20416",), ("MC",)),
    ("other", (), ("WC", "AM", "LM", "TV", "CH", "VA", "FI")),
])
def test_every_payer_id_and_filing_code_of_a_line_of_business(
    lob: str, payers: tuple[str, ...], filings: tuple[str, ...]
) -> None:
    judge = engine()
    for payer, filing in [*((payer, "ZZ") for payer in payers), *(("99001", filing) for filing in filings)]:
        (claim,) = claims_of(LINE, replace=[f"NM1*PR*2*PAYER*****PI*{payer}", f"SBR*P*18*G1******{filing}"])
        assert judge.lob(claim) == lob, (payer, filing)


def test_one_pack_of_an_invented_payer(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text('''
pack = "ACME-PT"
title = "t"
version = "1"
source = "s"
[applies]
lob = "medicaid"
by_payer_only = true
[[edit]]
id = "ACME-PT-01"
name = "units"
level = "reject"
snip = 7
says = "{units} units of {procedure} on {day} in line {line}: {value}, not {allowed}."
fix = "Fewer than {value}."
why = "w"
section = "1"
status = { category = "A8", codes = ["258"] }
where = { procedure = ["97140"], sequence = ["P"], units = { at_least = 1 } }
require = { units = { at_most = 4 } }
from = 2026-02-01
until = 2026-02-28
''', "utf-8")
    packs = load_packs([str(tmp_path / "acme.toml")])
    judge = Engine(packs, as_of=DAY, payers={"99001": "medicaid"})
    (six, later, secondary, other) = claims_of(
        "SV1*HC:97140*120*UN*6***1", "SV1*HC:97140*120*UN*6***1~DTP*472*D8*20260301",
        {"replace": ["SBR*S*18*G1******CI"], "segments": "SV1*HC:97140*120*UN*6***1"},
        {"replace": ["NM1*PR*2*PAYER*****PI*99009"], "segments": "SV1*HC:97140*120*UN*6***1"}, base="plain",
        replace=["SBR*P*18*G1******MC"])
    (f,) = [f for f in judge.judge(six) if f.edit == "ACME-PT-01"]
    assert f.message == "6 units of 97140 on 2026-02-03 in line 1: 6, not 4." and f.fix == "Fewer than 6."
    assert f.where.element == "SV104" and f.where.value == "6" and f.level == "reject"
    for silent in (later, secondary, other):
        assert "ACME-PT-01" not in {x.edit for x in judge.judge(silent)}


@pytest.mark.parametrize(("require", "segments", "shown", "element"), [
    ('"reference:G1" = { present = true }', "", "CLM*C1", ""),
    ('"reference:G1" = { present = true }', "REF*EA*MRN12345~", "CLM*C1", ""),
    ('"reference:EA" = { absent = true }', "REF*EA*MRN12345~", "REF*EA", "REF02"),
    ('"date:454" = { present = true }', "DTP*439*D8*20260101~", "CLM*C1", ""),
    ('"line_reference:G1" = { present = true }', "", "SV1*HC", ""),
    ("rendering_taxonomy = { present = true }", "NM1*82*1*DOE*ANN****XX*1900000039~", "LX*1", ""),
])
def test_what_a_condition_misses_is_not_looked_for_in_another_segment(
        require: str, segments: str, shown: str, element: str, tmp_path: Path) -> None:
    """An authorization that isn't there was told at whatever REF came next, or marked as the charge (REF02: CLM02)."""
    (tmp_path / "acme.toml").write_text(f'''
pack = "ACME"
title = "t"
version = "1"
source = "s"
[[edit]]
id = "ACME-01"
name = "n"
level = "warn"
snip = 7
says = "s"
fix = "f"
why = "w"
section = "1"
status = {{ category = "A8", codes = ["258"] }}
where = {{ procedure = ["97140"] }}
require = {{ {require} }}
''', "utf-8")
    before, after = ("", segments) if segments.startswith("NM1") else (segments, "")
    claim = f"CLM*C1*120***11:B:1*Y*A*Y*Y~{before}HI*ABK:M5450~{after}{LINE}"
    content = interchange({"claims": [claim]}, "plain")
    report = edi_check.check(content, packs=[str(tmp_path / "acme.toml")], as_of=AS_OF)
    (found,) = [f for f in report.files[0].findings if f.edit == "ACME-01"]
    spot = spot_of(report.files[0], found)
    assert spot is not None and spot.text.startswith(shown), spot
    assert bool(spot.pointer) == bool(element)
    if element:
        assert found.where.element == element


@pytest.mark.parametrize(("own", "given", "hit", "level"), [
    ("reject", "", "", "reject"), ("reject", "", "warn", "warn"), ("warn", "", "review", "review"),
    ("reject", "warn", "", "warn"), ("reject", "warn", "review", "warn"), ("reject", "warn", "note", "note"),
    ("review", "reject", "", "reject"), ("review", "reject", "note", "note"), ("review", "reject", "warn", "warn"),
    ("warn", "reject", "review", "reject"), ("warn", "note", "review", "note"), ("warn", "review", "review", "review"),
    ("warn", "warn", "review", "review"), ("reject", "reject", "review", "review"),
])
def test_levels(own: str, given: str, hit: str, level: str) -> None:
    data = copy.copy(load_builtin_packs()[1].edits[0])
    data.edit = copy.copy(data.edit)
    data.edit.level = own
    active = Active(load_builtin_packs()[1], data, {}, given, {"as_of": DAY})
    assert active.level(hit, "commercial", False) == level


def test_the_milder_of_two_levels() -> None:
    assert milder("reject", "note") == "note" and milder("off", "warn") == "off"


def test_edits_by_type_and_level() -> None:
    (claim,) = claims_of("SV1*HC:97140:51*120*UN*0***1")
    assert {f.edit for f in engine().judge(claim)} == {"PSRC-MT-05", "CORE-LIN-01"}
    assert {f.edit for f in engine(snip=(7, 7)).judge(claim)} == {"PSRC-MT-05"}
    assert {f.edit for f in engine(levels={"PSRC-MT-05": "off"}).judge(claim)} == {"CORE-LIN-01"}
    judge = engine(snip=(4, 4), levels={"IK4-7": "off"})
    assert judge.reports("CORE-FILE-01") and not judge.reports("IK4-7") and not judge.reports("IK3-3")
    assert judge.catalogue["IK4-7"].level == "off"


def test_other_delimiters_do_not_meet_the_same_memo() -> None:
    judge = engine()
    found = []
    for delimiters in ("*^:~", "|}>!", ":^*~"):
        for claim in claims_of("SV1*HC:97140:GP:51*120*UN*2***1", LINE, delimiters=delimiters):
            found.append([(f.edit, f.where.value) for f in judge.judge(claim)])
    assert found == [[("PSRC-MT-05", "51")], []] * 3


# --------------------------------------------------------------------------------------------------------- small tools


@pytest.mark.parametrize(("entries", "inside", "outside"), [
    (["97140"], ["97140"], ["9714", "97141", ""]),
    (["98940-98942"], ["98940", "98941", "98942"], ["98943", "98939", "989401", "98.940", "9894"]),
    (["97140"], ["97140"], ["97.140", "971401"]),
    (["724.5", "800-829", "G0151-G0157"], ["7245", "724.5", "80012", "800.1", "G0152"], ["72450", "G0158"]),
    (["M00-M99"], ["M5450", "M00", "M99.01"], ["N00", "L99", ""]),
    (["N97*"], ["N97", "N979"], ["N9", "N98"]),
    (["S93.40*"], ["S93401A", "S93.402D"], ["S9341"]),
    (["M43.01-M43.03"], ["M4301", "M4303"], ["M4304", "M430"]),
])
def test_codes(entries: list[str], inside: list[str], outside: list[str]) -> None:
    codes = Codes(entries)
    assert all(code in codes and codes.has(code) for code in inside)
    assert not any(code in codes or codes.has(code) for code in outside)


@pytest.mark.parametrize(("text", "found"), [
    ("CUPPING", "cupping"), ("cup-ping", ""), ("cuppings", ""), ("Rolfing done", "rolf*"), ("no rolfing", ""),
    ("Denies pain; tui-na", "tui na"), ("tuina", "tui na"), ("tui  na", "tui na"), ("not any form of tui na", ""),
    ("not one of the many forms of tui na", "tui na"), ("pt declined cupping, tui na", ""), ("", ""),
])
def test_words(text: str, found: str) -> None:
    assert Words(["cupping", "rolf*", "tui na"]).find(text) == found


def test_two_checks_of_one_name_are_refused() -> None:
    def duplicate_line(claim: Claim) -> tuple[Hit, ...]:
        return ()

    registry.checks_of("duplicates")
    with pytest.raises(PackError, match="two checks are called duplicate_line"):
        registry.check(duplicate_line)


def test_a_check_with_odd_parameters_is_refused() -> None:
    def odd(thing: Claim) -> tuple[Hit, ...]:
        return ()

    with pytest.raises(PackError, match="first parameters are"):
        registry.check(odd)


def test_packs_are_quick_to_load() -> None:
    for pack in load_builtin_packs():
        assert load_pack(pack.path, True).id == pack.id


@pytest.mark.parametrize(("service", "edit", "element", "value"), [
    ("HC:97140:GP::51*60*UN*2***1", "PSRC-MT-05", "SV101-5", "51"),
    ("HC:97140:::51*60*UN*2***1", "PSRC-MT-05", "SV101-5", "51"),
    ("HC:97140:GP:51*60*UN*2***1", "PSRC-MT-05", "SV101-4", "51"),
    ("HC:97140::GP:GP*60*UN*2***1", "CORE-LIN-06", "SV101-5", "GP"),
    ("HC:97140::59:XS*60*UN*2***1", "NCCI-04", "SV101-4", "59"),
    ("HC:97140:GP*60*UN*2***1::9", "CORE-DX-01", "SV107-3", "9"),
    ("HC:97140:GP*60*UN*2***1::1", "CORE-DX-02", "SV107-3", "1"),
    ("HC:97140:GP*60*UN*2***:9", "CORE-DX-01", "SV107-2", "9"),
])
def test_behind_an_empty_component_the_one_at_fault_is_pointed_to(
    service: str, edit: str, element: str, value: str
) -> None:
    data = GOOD.replace("HC:97140:GP*60*UN*2***1", service)
    lob = "medicare" if edit.startswith("NCCI") else "auto"
    data = data if lob == "medicare" else data.replace("*PI*99999", "*PI*93029")
    findings = edi_check.check(data.encode(), as_of="2026-03-01", lob=lob).files[0].findings
    (where,) = [f.where for f in findings if f.edit == edit]
    assert (where.element, where.value) == (element, value)
