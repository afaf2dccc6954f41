"""Fast lane within slow lane, slow lane with pyx12.

EDI_CHECK_LANES sets how many mutated segments are made (default 20,000; the seed is fixed).
"""

from __future__ import annotations

import os
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import deviations
import pytest
import specimens

from edi_check.model import Delimiters
from edi_check.privacy import MASK, masked, unmasked
from edi_check.reading import guide
from edi_check.reading.compile import segment_pattern
from edi_check.reading.explain import MAX_FAULTS, ElementFault, explain
from edi_check.reading.guide import SegmentUse

pyx12_map = pytest.importorskip("pyx12.map_if")

COUNT = int(os.environ.get("EDI_CHECK_LANES", "20000"))
USUAL = Delimiters()
USES = guide.load().uses


class Specimen(NamedTuple):
    use: SegmentUse
    elements: list[str]
    is_made_valid: bool

    @property
    def text(self) -> str:
        return USUAL.element.join(self.elements)


@lru_cache(maxsize=1)
def made() -> list[Specimen]:
    """Specimens of every use: per mutated segment in three a valid one."""
    random = Random(837)
    found = []
    for n in range(COUNT):
        use = USES[n % len(USES)]
        found.append(Specimen(use, specimens.mutated(use, USUAL, random), False))
        if n % 3 == 0:
            found.append(Specimen(use, specimens.valid(use, USUAL, random), True))
    return found


def refusals(faults: list[ElementFault]) -> list[ElementFault]:
    """The faults that make a segment not valid: a warning doesn't."""
    return [f for f in faults if f.level != "warn"]


# --- pyx12 -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def pyx12_nodes() -> list[Any]:
    """pyx12's segment nodes in the order of our uses."""
    import pyx12.params

    root = pyx12_map.load_map_file(guide.MAP, pyx12.params.ParamsBase())
    found: list[Any] = []

    def walk(node: Any) -> None:
        if node.is_segment():
            found.append(node)
        else:
            for position in sorted(node.pos_map):
                for child in node.pos_map[position]:
                    walk(child)

    walk(root)
    return found


class Verdict(NamedTuple):
    is_valid: bool
    errors: list[Any]
    error: str = ""


def pyx12_verdict(use: SegmentUse, text: str) -> Verdict:
    """What pyx12 says; an exception counts as *not valid*."""
    import pyx12.segment

    node = pyx12_nodes()[use.index]
    segment = pyx12.segment.Segment(text, USUAL.terminator, USUAL.element, USUAL.component)
    try:
        is_valid, errors = node.is_valid_errors(segment)
    except Exception as error:
        return Verdict(False, [], repr(error))
    return Verdict(is_valid and not errors, errors)


def why(use: SegmentUse, elements: list[str], faults: list[ElementFault], theirs: Verdict) -> tuple[str, ...]:
    """Names of the deviations that explain a disagreement, ``()`` when it stays unexplained."""
    names = []
    if theirs.is_valid:
        for fault in faults:
            names.append(next((d.name for d in deviations.STRICTER if d.explains(fault, use, elements, USUAL)), ""))
    else:
        for error in theirs.errors:
            names.append(next((d.name for d in deviations.MILDER if d.explains(error, use, elements)), ""))
    return tuple(names) if all(names) else ()


def test_the_guide_has_pyx12s_uses_in_pyx12s_order() -> None:
    assert [(u.id, u.loop.id) for u in USES] == [(n.id, n.parent.id) for n in pyx12_nodes()]
    assert len(USES) == 386


def test_slow_lane_agrees_with_pyx12() -> None:
    unexplained, seen = [], set()
    for use, elements, _ in made():
        text = USUAL.element.join(elements)
        faults = refusals(explain(use, elements, USUAL))
        theirs = pyx12_verdict(use, text)
        if theirs.is_valid == (not faults):
            continue
        names = why(use, elements, faults, theirs)
        seen.update(names)
        if not names:
            unexplained.append((use, text, faults, theirs))
    assert not unexplained, f"{len(unexplained)} disagreements that aren't in tests/deviations.py, as {unexplained[0]}"
    missing = {d.name for d in (*deviations.STRICTER, *deviations.MILDER)} - seen
    assert COUNT < 20_000 or not missing, f"deviations that no specimen showed: {missing}; drop them or make specimens"


def parse(example: str) -> tuple[SegmentUse, list[str]]:
    """``2300 HI*ABK:M25511`` to the use and the elements."""
    loop, _, text = example.partition(" ")
    elements = text.split("*")
    candidates = [u for u in USES if u.loop.id == loop and u.id == elements[0]]
    for u in candidates:
        q = u.qualifier
        if q is None or (elements[q[0]].split(":")[0] if q[1] else elements[q[0]]) in q[2]:
            return u, elements
    return candidates[0], elements


@pytest.mark.parametrize("deviation", deviations.STRICTER, ids=lambda d: d.name)
def test_example_of_a_stricter_verdict(deviation: deviations.Stricter) -> None:
    use, elements = parse(deviation.example)
    faults = refusals(explain(use, elements, USUAL))
    theirs = pyx12_verdict(use, "*".join(elements))
    assert faults and theirs.is_valid, (faults, theirs)
    assert why(use, elements, faults, theirs) == (deviation.name,)


@pytest.mark.parametrize("deviation", deviations.MILDER, ids=lambda d: d.name)
def test_example_of_a_milder_verdict(deviation: deviations.Milder) -> None:
    use, elements = parse(deviation.example)
    theirs = pyx12_verdict(use, "*".join(elements))
    assert not refusals(explain(use, elements, USUAL)) and not theirs.is_valid
    assert set(why(use, elements, [], theirs)) == {deviation.name}


def test_examples_of_other_words() -> None:
    raised, doubled, reversed_, unused = (parse(d.example) for d in deviations.TELLING)
    assert pyx12_verdict(raised[0], "*".join(raised[1])).error
    assert pyx12_verdict(parse("2400 DTP*472*D8*1")[0], "DTP*472*RD8*20260101-20260102-20260103").error
    assert [f.code for f in explain(*raised, USUAL)] == ["13"]
    assert [e.err_cde for e in pyx12_verdict(doubled[0], "*".join(doubled[1])).errors] == ["1", "2"]
    assert [f.code for f in explain(*doubled, USUAL)] == ["1"]
    assert explain(*reversed_, USUAL) == [] and pyx12_verdict(reversed_[0], "*".join(reversed_[1])).is_valid
    assert [f.code for f in explain(*unused, USUAL)] == ["I10"]
    assert not pyx12_verdict(unused[0], "*".join(unused[1])).is_valid


def test_the_document_lists_them_all() -> None:
    text = deviations.DOCUMENT.read_text("utf-8")
    assert deviations.listing() in text, "docs/deviations.md is behind: run python tests/deviations.py"


# --- the fast lane ---------------------------------------------------------------------------------------------


RARE_FORMS = {
    "padding": "spaces at the end that a minimum length asks for (`A ` where two characters are needed)",
    "isa": "ISA has fixed widths and its own reader",
}
"""What the slow lane finds clean and the fast lane need not accept."""


def rare_form(use: SegmentUse, elements: list[str], delimiters: Delimiters) -> str:
    if use.id == "ISA":
        return "isa"
    values = [v for text in elements[1:] for v in text.split(delimiters.component)]
    return "padding" if any(v.endswith(" ") for v in values) else ""


def test_made_valid_segments_are_valid() -> None:
    for use, elements, is_made_valid in made():
        if is_made_valid:
            assert explain(use, elements, USUAL) == []


@pytest.mark.parametrize("delimiters", specimens.OTHER_DELIMITERS, ids=repr)
def test_fast_lane_within_slow_lane(delimiters: Delimiters) -> None:
    """Fast accepts: slow finds nothing, not even a warning, without exception. Slow finds nothing: fast accepts, but
    for the rare forms."""
    random = Random(repr(delimiters))
    share = COUNT if delimiters == USUAL else COUNT // 8
    seen = set()
    patterns: dict[int, Any] = {}
    for n in range(share):
        use = USES[n % len(USES)]
        elements = (specimens.valid if n % 4 == 0 else specimens.mutated)(use, delimiters, random)
        text = delimiters.element.join(elements)
        elements = text.split(delimiters.element)  # a hyphen that separates elements splits a range
        if use.index not in patterns:
            patterns[use.index] = segment_pattern(use, delimiters)
        accepts = patterns[use.index].fullmatch(text) is not None
        faults = explain(use, elements, delimiters)
        if accepts:
            assert not faults, (use, text, faults)
        elif not faults:
            form = rare_form(use, elements, delimiters)
            assert form in RARE_FORMS, f"the fast lane refuses what the slow lane finds clean: {use} {text!r}"
            seen.add(form)
    assert delimiters != USUAL or COUNT < 20_000 or seen == set(RARE_FORMS)


def test_what_the_fast_lane_spells_the_slow_lane_finds_clean() -> None:
    """Texts made from the expressions themselves: they hold forms that no table of ours thought of."""
    random = Random(999)
    spelled = 0
    for n, delimiters in enumerate(specimens.OTHER_DELIMITERS):
        is_usual = delimiters == USUAL
        for use in USES if is_usual else USES[n::8]:
            pattern = segment_pattern(use, delimiters)
            for _ in range(COUNT // 2000 if is_usual else COUNT // 5000):
                text = specimens.from_pattern(pattern, random)
                if text:
                    spelled += 1
                    faults = explain(use, text.split(delimiters.element), delimiters)
                    assert not faults, (use, text, faults)
    assert spelled >= COUNT // 10, "too few texts were found"


def test_fast_lane_takes_no_range_where_the_hyphen_separates() -> None:
    use, _ = parse("2400 DTP*472*D8*20260101")
    text = "DTP-472-RD8-20260101-20260102"
    delimiters = Delimiters("-", "/", ",", ";")
    assert segment_pattern(use, delimiters).fullmatch(text) is None
    assert explain(use, text.split("-"), delimiters)


# --- the slow lane by itself -------------------------------------------------------------------------------------


def test_any_text_gets_faults_and_nothing_else() -> None:
    random = Random(5010)
    for n in range(4000):
        use = USES[n % len(USES)]
        delimiters = random.choice(specimens.OTHER_DELIMITERS)
        text = use.id + "".join(chr(random.randrange(256)) for _ in range(random.randint(0, 60)))
        for fault in explain(use, text.split(delimiters.element), delimiters):
            assert fault.code in {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "13", "I10", "I12"}
            assert fault.message.endswith((".", "!")) and fault.fix.endswith(".") and "{" not in fault.fix
            assert len(fault.value) <= 99


def test_huge_segments_take_little_time_and_give_few_faults() -> None:
    use = guide.load().use("2400", "SV1", "HC")
    for text in ("SV1*" + ":" * 64_000, "SV1*" + ":".join("a" * 20_000), "SV1" + "*" * 1_000, "SV1" + "*x" * 1_000,
                 "SV1*HC:97140*" + "1" * 64_000, "SV1*HC:97140*" + "." * 64_000, "SV1*" + "^" * 64_000,
                 "SV1*HC:" + " " * 64_000):
        faults = explain(use, text.split("*"), USUAL)
        assert 0 < len(faults) <= MAX_FAULTS


CASES = [
    # loop, segment, what is found: element, code, level, trigger
    ("2010AA", "NM1*85*2**JANE****XX", [("NM103", "1", "", ""), ("NM109", "2", "", "P0809")]),
    ("2010BA", "NM1*IL*1*DOE*JANE****MI", [("NM109", "1", "", "")]),
    ("2010BA", "NM1*IL*1*DOE *JANE****MI*A1", [("NM103", "6", "warn", "")]),
    ("2010BA", "NM1*IL*1*D^E*JANE****MI*A1", [("NM103", "12", "", "")]),
    ("2010BA", "NM1*IL*1*D:E*JANE****MI*A1", [("NM103", "6", "", "")]),
    ("2010BA", "NM1*IL*1*" + "D" * 61 + "*JANE****MI*A1", [("NM103", "5", "", "")]),
    ("2010BA", "NM1*IL*1*DOE*JANE****MI*A", [("NM109", "4", "", "")]),
    ("2010BA", "NM1*IL*1*DOE*JANE*\x07***MI*A1", [("NM105", "6", "", "")]),
    ("2010BA", "NM1*IL*1*DOE*JANE****MI*A1*X", [("NM110", "I10", "", "")]),
    ("2010BA", "NM1*IL*1*DOE*JANE****MI*A1****X", [("NM113", "3", "", "")]),
    ("2010BA", "NM1*IL*1*DOE*JANE****MI*A1**", [("NM110", "3", "", "")]),
    ("2010BA", "N4*BEND*OR*97701***X", [("N406", "I10", "", "")]),
    ("2010BA", "N4*BEND*OR*97701*US***AB", [("N407", "10", "", "E0207")]),
    ("2010BA", "N4*BEND**97701****AB", [("N404", "2", "", "C0704")]),
    ("2010BA", "DMG*D8*20260229*F", [("DMG02", "8", "", "")]),
    ("2400", "DTP*472*RD8*20260105-20260101", []),
    ("2400", "DTP*472*RD8*20260105", [("DTP03", "8", "", "")]),
    ("2400", "DTP*472*D8*20260105-20260106", [("DTP03", "8", "", "")]),
    ("2300", "DTP*314*RD8*20260105-20260107", []),
    ("2300", "DTP*314*D8*20260105", [("DTP02", "7", "", "")]),
    ("2300", "DTP*314*D8*20260105-20260107", [("DTP02", "7", "", "")]),
    ("2300", "DTP*360*D8*20260105", []),
    ("2300", "DTP*360*RD8*20260105-20260107", [("DTP02", "7", "", "")]),
    ("2300", "DTP*361*RD8*20260105", [("DTP02", "7", "", "")]),
    ("2300", "DTP*361*XX*20260105", [("DTP02", "7", "", "")]),
    ("1000A", "PER*IC*DESK*ED*5415550100", [("PER03", "7", "", "")]),
    ("1000A", "PER*IC*DESK*TE*5415550100*ED*1*EX*2", [("PER05", "7", "", "")]),
    ("2400", "DTP*472*DT*20260105", [("DTP02", "7", "", "")]),
    ("2400", "SV1*HC:97140*120.00*UN*2***1", []),
    ("2400", "SV1*HC:97140*.5*UN*2***1", []),
    ("2400", "SV1*HC:97140*5.*UN*2***1", [("SV102", "6", "", "")]),
    ("2400", "SV1*HC:97140*1234567890123456789*UN*2***1", [("SV102", "5", "", "")]),
    ("2400", "SV1*HC:97140*120*UN*2*98**1", [("SV105", "7", "", "")]),
    ("2400", "SV1*HC:97140*120*UN*2***13", [("SV107-1", "7", "", "")]),
    ("2400", "SV1*HC*120*UN*2***1", [("SV101-2", "1", "", "")]),
    ("2400", "SV1*HC:*120*UN*2***1", [("SV101-2", "1", "", "")]),
    ("2400", "SV1*HC:97140:GP:*120*UN*2***1", [("SV101-4", "13", "", "")]),
    ("2400", "SV1*HC:97140:1:2:3:4:5:6*120*UN*2***1", [("SV101-3", "4", "", ""), ("SV101-4", "4", "", ""),
     ("SV101-5", "4", "", ""), ("SV101-6", "4", "", ""), ("SV101-8", "I10", "", "")]),
    ("2400", "SV1*HC:97140:::::A::B*120*UN*2***1", [("SV101-9", "13", "", "")]),
    ("2400", "SV1**120*UN*2***1", [("SV101", "1", "", "")]),
    ("2400", "LX", [("LX01", "1", "", "")]),
    ("2400", "LX*", [("LX01", "1", "", "")]),
    ("2300", "HI*ABK:M25511*:M25512", [("HI02-1", "1", "", "")]),
    ("2010BA", "REF*SY*12345678", [("REF02", "I12", "", "")]),
    ("HEADER", "BHT*0019*00*B1*20261101*2400*CH", [("BHT05", "9", "", "")]),
]


@pytest.mark.parametrize(("loop", "text", "expected"), CASES, ids=[c[1][:40] for c in CASES])
def test_one_fault_one_finding(loop: str, text: str, expected: list[tuple[str, str, str, str]]) -> None:
    faults = explain(*parse(f"{loop} {text}"), USUAL)
    assert [(f.element, f.code, f.level, f.trigger) for f in faults] == expected


def test_messages_name_party_and_value_and_hide_persons() -> None:
    (fault,) = explain(*parse("2010AA NM1*85*2******XX*1900000013"), USUAL)
    assert fault.message == "NM103 (organization name) of the billing provider (loop 2010AA) is missing."
    (fault,) = explain(*parse("2010BA DMG*D8*19700230*F"), USUAL)
    assert fault.is_private and "1970" not in masked(fault.message) and MASK in masked(fault.message)
    assert "“19700230”" in unmasked(fault.message)
    (fault,) = explain(*parse("2400 SV1*HC:97140*12O*UN*2***1"), USUAL)
    assert masked(fault.message) == unmasked(fault.message) == \
        "SV102 (line charge) of the service line (loop 2400) is “12O”, which is not a number."


@pytest.mark.parametrize("text", [
    "2300 CLM*A-1*60***11:B:1*Y*A*Y*Y****ROWE ANN", "2400 SV1*HC:97140*60*UN*2**ROWE ANN*1",
    "2400 SV1*HC:97140*60*UN*2***1***ROWE ANN", "2310B PRV*PE*PXC*225100000X**ROWE ANN",
    "2300 HI*ABK:M5450:ROWE ANN", "2300 HI*ABK:M5450*ROWE ANN",
])
def test_what_stands_where_the_guide_has_nothing_is_hidden(text: str) -> None:
    """There is no telling what it is: it may be a name."""
    fault = explain(*parse(text), USUAL)[0]
    assert fault.is_private and "ROWE" not in masked(fault.message) and "“ROWE ANN”" in unmasked(fault.message)


def test_a_value_cannot_forge_a_mark() -> None:
    (fault,) = explain(*parse("2010BA NM1*IL*1*DOE\x03*JANE****MI*A1"), USUAL)
    assert "DOE" not in masked(fault.message) and "x03" not in masked(fault.message)


@pytest.mark.parametrize(("text", "codes"), [
    ("NM1*IL*2*ACME WIDGETS", []), ("NM1*IL*1*TESTER*ADA", ["1", "1"]), ("NM1*IL*1 *TESTER*ADA", ["6", "1", "1"]),
    ("NM1*IL*1*TESTER*ADA****MI", ["1"]), ("NM1*IL*2*ACME WIDGETS*****MI", ["2"]),
])
def test_an_id_is_wanted_of_a_subscriber_who_is_a_person(text: str, codes: list[str]) -> None:
    use, elements = parse(f"2010BA {text}")
    assert [f.code for f in explain(use, elements, USUAL)] == codes
