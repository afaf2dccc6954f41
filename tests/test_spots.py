"""The segment shown under a finding: the caret at what is meant, and nothing of a person."""

from __future__ import annotations

import pytest
from one_claim import BAD, GOOD

import edi_check
from edi_check.model import Delimiters, Place
from edi_check.privacy import _PARTS, _PLACES, MASK, is_private, is_private_in_view
from edi_check.reading.guide import CompositeUse, load
from edi_check.telling.spots import Spot, spot, spot_of
from edi_check.telling.visible import visible


def spotted(text: str, position: int = 0, component: int = 0, *, show_values: bool = False) -> Spot:
    return spot(Place(1, 1, 0, len(text), "2400", text), Delimiters(), position, component, show_values)


def test_the_places_are_the_guide_s() -> None:
    used: dict[str, set[int]] = {}
    for use in load().uses:
        used.setdefault(use.id, set()).update(n for n, e in enumerate(use.elements, 1) if e.usage != "N")
    del used["TA1"]
    assert {segment: set(places) for segment, places in _PLACES.items()} == used


def test_the_components_are_the_guide_s() -> None:
    used: dict[tuple[str, int], set[int]] = {}
    for use in load().uses:
        for n, e in enumerate(use.elements, 1):
            if isinstance(e, CompositeUse) and e.usage != "N":
                used.setdefault((use.id, n), set()).update(i for i, c in enumerate(e.components, 1) if c.usage != "N")
    assert {place: set(parts) for place, parts in _PARTS.items()} == used


@pytest.mark.parametrize(("position", "component", "pointed"), [
    (1, 0, "HC:97140:GP"), (1, 2, "97140"), (4, 0, "7"), (7, 0, "1"), (1, 6, ""), (12, 0, "")])
def test_the_caret_is_under_what_is_meant(position: int, component: int, pointed: str) -> None:
    found = spotted("SV1*HC:97140:GP*300*UN*7***1", position, component)
    at = found.pointer.index("^")
    assert found.shown[at : at + len(pointed)] == pointed and found.pointer.strip() == "^" * max(len(pointed), 1)


def test_the_caret_stands_under_masked_and_wide_text() -> None:
    found = spotted("NM1*IL*1*DOE*JANE****MI*W1", 9)
    assert found.shown == f"NM1*IL*1*{MASK}*{MASK}****MI*{MASK}" and found.pointer == " " * 23 + "^^^"
    wide = "NM1*85*2*" + "クリニック".encode().decode("latin-1") + "*****XX*1900000014"
    found = spotted(wide, 9)
    assert found.text[found.caret :] == "1900000014" and len(found.pointer) == len(found.shown) + 5


def test_a_long_segment_is_cut_around_the_caret() -> None:
    found = spotted("HI*" + "*".join(f"ABF:M{n:04d}" for n in range(12)), 12, 2)
    assert len(found.shown) <= 74 and found.shown.startswith("…")
    assert found.shown[found.pointer.index("^") :] == "M0011"


@pytest.mark.parametrize("text", [
    "NM*IL*1*CANARY*CANARY****MI*CANARY",
    "CANARY JANE*1",
    "N31 CANARY LANE",
    "HI*ABK:M545NM1*IL*1*CANARY*CANARY",
    "DTP*472*D8*20260203NM1*IL*1*CANARY",
    "CLM*C1*60*CANARY*CANARY", "CLM*C1*60***11:B:1:CANARY", "HI*ABK:M5450:CANARY",
    "SV1*HC:97140:GP:::::CANARY*60*UN*2", "SV1**HC:97140:GP::::CANARY*60*UN*2", "SV1*60*HC>97140>>>>>CANARY*UN*2",
    "SV1*HC97140:GP::::CANARY*60*UN*2", "SVD*P1*60*HC97140:::::CANARY**1",
    "REF*G1*A1REF*EA*CANARY", "REF*D9*D9*K3*CANARY", "REF*6R*L1NTE*ADD*CANARY", "SBR**P*18*CANARY******CI",
    "SBR*P**18*CANARY******CI", "SV1*HC*97140:GP::::CANARY*60*UN*2", "SV1*HC:97140:GP:59:KX*GA:CANARY*60*UN*2",
    "SVD*P1*60**HC:97140:::::CANARY**1", "SVD*P1**60**HC:97140:::::CANARY*1",
    "REF*SY*CANARY", "REF*EA*CANARY", "REF*XX*CANARY", "NTE*ADD*CANARY", "K3*CANARY", "SV1*HC:97140*60*UN*2*9*CANARY",
    "SBR*P*18*CANARY******CI", "PAT*****D8*CANARY", "DMG*D8*CANARY*F", "PER*IC*CANARY*TE*CANARY", "SV2*CANARY",
])
def test_what_identifies_a_person_is_not_shown(text: str) -> None:
    shown = spotted(text)
    assert "CANARY" not in shown.text and "CANARY" not in shown.element
    assert "CANARY" in spotted(text, show_values=True).text


@pytest.mark.parametrize(("elements", "position"), [
    ("NM1*IL*DOES*JANE", 2), ("NM1*IL*1*DOE*JANE***MI*W1234", 8), ("DMG*19800101*F", 1), ("REF*123456789", 1),
    ("NTE*seen for pain", 1), ("PER*JANE DOE*TE", 1), ("N4**BEND*OR", 2)])
def test_what_is_no_code_in_a_code_s_place_is_private(elements: str, position: int) -> None:
    assert is_private(elements.split("*"), position)


def test_codes_names_of_plans_and_nothing_at_all_are_not() -> None:
    for text, position in (("NM1*IL*1*DOE", 2), ("NM1*85*2*CLINIC*****XX*19", 8), ("REF*G1*A", 1), ("DMG*D8*1*F", 3),
                           ("SBR*P*18**EMPLOYEE PLAN", 4), ("SV1*HC:97140*SIXTY*UNITS*2***1:2:3:4", 2),
                           ("SV1*HC:97140*SIXTY*UNITS*2***1:2:3:4", 3), ("REF*G1*A1**2U:PAYER-1", 4),
                           ("SBR*P***EMPLOYEE PLAN", 4), ("SBR*P**G100*EMPLOYEE PLAN", 4),
                           ("SV1*HC:97140*60*UN*2***1:2:3:4", 7), ("SV1**HC:97140:GP*60*UN*2", 2),
                           ("SVD*PAYER-OF-LONG-NAME*60", 1), ("NM1*82*1*COOPER*DAN****XX*1900000014", 9),
                           ("N4*CULPEPER*VA", 2), ("NM1*85*2*CLINIC*****XX*19OO00O013", 9), ("", 1)):
        assert not is_private(text.split("*"), position)
    assert not is_private([], 1)


def test_modifiers_that_have_run_together_are_shown() -> None:
    elements = ["SV1", "HC:9714000:GP59:CANARY"]
    assert [is_private(elements, 1, n) for n in (2, 3, 4, 5)] == [False, False, True, False]


def test_an_id_is_shown_unless_it_may_be_a_name() -> None:
    assert not is_private_in_view(["NM"], 0) and is_private_in_view(["JANE DOE"], 0)


def test_every_finding_of_a_bad_claim_has_its_spot() -> None:
    report = edi_check.check(BAD.replace("*M5450", "*M54502").encode(), as_of="2026-03-01")
    for finding in report.files[0].findings:
        found = spot_of(report.files[0], finding)
        assert found and found.text.startswith(finding.where.segment_id) and bool(found.width) == bool(
            finding.where.element)


def test_what_is_missing_has_no_caret() -> None:
    report = edi_check.check(GOOD.replace("N3*100 TEST AVE~", "").encode(), as_of="2026-03-01")
    finding = next(f for f in report.files[0].findings if f.edit == "IK3-3")
    found = spot_of(report.files[0], finding)
    assert found is None or not found.pointer


def test_a_finding_without_a_place_has_no_spot() -> None:
    report = edi_check.check(b"<html>", as_of="2026-03-01")
    assert spot_of(report.files[0], report.files[0].findings[0]) is None


@pytest.mark.parametrize("character", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u115f", "\u3164", "\ufe0f", "\u034f",
                                       "\u2800", "\U000e0061", "\U000e0100", "\x1b", "\x9b", "\x00", "\u2028",
                                       "\u061c"])
def test_what_has_no_shape_is_spelled_out(character: str) -> None:
    assert visible(f"a{character}b").isascii()


@pytest.mark.parametrize("qualifier", ["XX", "PI", "46", "XV"])
@pytest.mark.parametrize("entity", ["IL", "QC"])
def test_a_member_id_is_masked_whatever_its_qualifier(entity: str, qualifier: str) -> None:
    assert is_private(["NM1", entity, "1", "DOE", "JANE", "", "", "", qualifier, "CANARY1234"], 9)


@pytest.mark.parametrize("text", ["SBR*P***CANARY1234******CI", "SBR*P*18**CANARY1234*A PLAN*****CI"])
def test_a_group_number_moved_by_a_doubled_separator_is_masked(text: str) -> None:
    assert is_private(text.split("*"), 4) and not is_private(["SBR", "P", "18", "", "A PLAN", "", "", "", "", "CI"], 4)


@pytest.mark.parametrize("name", ["NM1*85*1\n*CANARY*JANE*", "NM1*85**CANARY*JANE*", "NM1*85*CANARY*JANE**"])
def test_a_provider_that_is_no_organisation_is_not_named(name: str) -> None:
    start = GOOD.index("NM1*85*")
    end = GOOD.index("****XX", start) if "****XX" in GOOD[start:start + 80] else GOOD.index("XX*", start) - 4
    report = edi_check.check((GOOD[:start] + name + GOOD[end + 1:]).encode(), as_of="2026-03-01")
    for form in ("text", "html", "markdown"):
        assert "CANARY" not in str(edi_check.render(report, form)) and "JANE" not in str(edi_check.render(report, form))
