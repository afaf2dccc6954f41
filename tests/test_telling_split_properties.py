"""The split, for files of any shape: interchanges, groups, sets, providers, subscribers and patients with faults at
each level, in any delimiters.

Every claim goes to one side, byte for byte; the accepted side checked again is accepted whole; the rejected side is
refused for the same reasons; split again, nothing changes.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import pytest
from acknowledged import added_up, interchanges
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from test_telling_acknowledgments import held as answers_hold
from test_telling_split import claims_of, judged, part

from edi_check.report import ClaimResult, FileReport
from edi_check.telling.dispositions import is_guide_fault

ACROSS_CLAIMS = re.compile(r"CORE-DUP-|PSRC-MT-(0[34]|18)|CMS-MT-(0[19]|15)|OHP-MT-|NCCI-")
"""Edits that look at other claims of the file, of which the split may have taken some away."""

HEADER = "BHT*0019*00*REF{n}*20261030*0900*CH|NM1*41*2*CASCADE BILLING*****46*EXSUBMITTER|PER*IC*DESK*TE*5415550100|" \
         "NM1*40*2*EXAMPLE CLEARINGHOUSE*****46*EXRECEIVER"
PROVIDERS = {
    "fine": "NM1*85*2*RIVERBEND THERAPY*****XX*1900000013|N3*1180 NE GRANITE AVE|N4*BEND*OR*977014412|REF*EI*891000011",
    "other": "NM1*85*2*FOOTHILL SPINE*****XX*1900000047|N3*12 RIVER RD|N4*BEND*OR*977014412|REF*EI*891000029",
    "box": "NM1*85*2*RIVERBEND THERAPY*****XX*1900000013|N3*PO BOX 12|N4*BEND*OR*977014412|REF*EI*891000011",
    "no street": "NM1*85*2*RIVERBEND THERAPY*****XX*1900000013|N4*BEND*OR*977014412|REF*EI*891000011",
    "unnamed": "NM1*85*2******XX*1900000013|N3*12 RIVER RD|N4*BEND*OR*977014412|REF*EI*891000011",
}
PERSONS = {
    "fine": "N3*214 NW LARCH ST|N4*BEND*OR*977031188|DMG*D8*19790412*F",
    "gender": "N3*214 NW LARCH ST|N4*BEND*OR*977031188|DMG*D8*19790412*W",
    "no city": "N3*214 NW LARCH ST|DMG*D8*19790412*F",
}
CLAIMS = {
    "fine": "CLM*{number}*110***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*110*UN*2***1|DTP*472*D8*202610{day}",
    "other": "CLM*{number}*95.5***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97140:GP*95.5*UN*2***1|"
             "DTP*472*D8*202610{day}",
    "sum": "CLM*{number}*111***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*110*UN*2***1|DTP*472*D8*202610{day}",
    "units": "CLM*{number}*110***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*110*UN*0***1|DTP*472*D8*202610{day}",
    "place": "CLM*{number}*110***98:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*110*UN*2***1|DTP*472*D8*202610{day}",
    "diagnosis": "CLM*{number}*110***11:B:1*Y*A*Y*Y|LX*1|SV1*HC:97110:GP*110*UN*2***1|DTP*472*D8*202610{day}",
    "stranger": "CLM*{number}*110***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*110*UN*2***1|ZZZ*1|"
                "DTP*472*D8*202610{day}",
    "undated": "CLM*{number}*110***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*110*UN*2***1",
    "twice": "CLM*{number}*110***11:B:1*Y*A*Y*Y|HI*ABK:M5450|LX*1|SV1*HC:97110:GP*55*UN*1***1|DTP*472*D8*202610{day}|"
             "LX*2|SV1*HC:97110:GP*55*UN*1***1|DTP*472*D8*202610{day}",
    "words": "CLM*{number}*110***11:B:1*Y*A*Y*Y|NTE*ADD*TREATED WITH CARE \x2e|HI*ABK:M5450|LX*1|"
             "SV1*HC:97110:GP*110*UN*2***1|DTP*472*D8*202610{day}",
}


class Patient(NamedTuple):
    person: str
    claims: list[tuple[str, str, int]]


class Subscriber(NamedTuple):
    person: str
    member: int
    claims: list[tuple[str, str, int]]
    patients: list[Patient]


class Provider(NamedTuple):
    kind: str
    subscribers: list[Subscriber]


class Set(NamedTuple):
    fault: str
    providers: list[Provider]


class Group(NamedTuple):
    fault: str
    sets: list[Set]


class Exchange(NamedTuple):
    fault: str
    marks: str
    line_end: str
    groups: list[Group]


def mostly(fine: str, *others: str) -> st.SearchStrategy[str]:
    """``fine``, and now and then one of the others."""
    return st.integers(0, 3 * len(others)).map(lambda n: others[n] if n < len(others) else fine)


claim = st.tuples(st.sampled_from(sorted(CLAIMS)), st.sampled_from(["A-1", "A-2", "B 3", "C-4"]), st.integers(10, 13))
person = mostly("fine", "gender", "no city")
patient = st.builds(Patient, person, st.lists(claim, min_size=1, max_size=2))
subscriber = st.builds(Subscriber, person, st.integers(1, 3), st.lists(claim, max_size=2),
                       st.lists(patient, max_size=2))
provider = st.builds(Provider, mostly("fine", "other", "box", "no street", "unnamed"),
                     st.lists(subscriber, min_size=1, max_size=2))
one_set = st.builds(Set, mostly("", "BHT", "SE01", "SE02", "HL02"), st.lists(provider, min_size=1, max_size=2))
group = st.builds(Group, mostly("", "GE01", "GE02", "GS01"), st.lists(one_set, min_size=1, max_size=2))
MARKS = ["*:^~", "|>!\n", "\x1d\x1f^\x1e", "*>{}"]
exchange = st.builds(Exchange, mostly("", "IEA01", "IEA02", "ISA14"), st.sampled_from(MARKS),
                     st.sampled_from(["", "\n", "\r\n"]), st.lists(group, min_size=1, max_size=2))
files = st.lists(exchange, min_size=1, max_size=2)


def text_of(exchanges: list[Exchange]) -> bytes:
    """The file that is meant."""
    return b"".join(_exchange(n, one) for n, one in enumerate(exchanges, 1))


def _exchange(n: int, one: Exchange) -> bytes:
    asked = "1" if one.fault == "ISA14" else "0"
    element, component, repetition, terminator = one.marks
    isa = ("ISA*00*          *00*          *ZZ*EXSUBMITTER    *ZZ*EXRECEIVER     *261030*0900*^*00501*"
           f"{n:09d}*{asked}*T*:")
    segments = [isa]
    for number, group in enumerate(one.groups, 1):
        kind = "HS" if group.fault == "GS01" else "HC"
        segments.append(f"GS*{kind}*EXSUBMITTER*EXRECEIVER*20261030*0900*{number}*X*005010X222A1")
        for set_number, st_ in enumerate(group.sets, 1):
            segments += _set(set_number, st_)
        segments.append(f"GE*{len(group.sets) + (group.fault == 'GE01')}*{number + 5 * (group.fault == 'GE02')}")
    segments.append(f"IEA*{len(one.groups) + (one.fault == 'IEA01')}*{n + 5 * (one.fault == 'IEA02'):09d}")
    end = terminator + (one.line_end if terminator != "\n" else "")
    return (end.join(segments) + end).translate(
        {ord("*"): element, ord(":"): component, ord("^"): repetition}).encode("latin-1")


def _set(number: int, one: Set) -> list[str]:
    segments = [f"ST*837*{number:04d}*005010X222A1", *HEADER.format(n=number).split("|")]
    if one.fault == "BHT":
        segments[1] = segments[1].replace("*0900*CH", "*9900*CH")
    hl = 0
    for provider in one.providers:
        above = hl = hl + 1
        segments += [f"HL*{hl}**20*1", *PROVIDERS[provider.kind].split("|")]
        for s in provider.subscribers:
            parent = hl = hl + 1
            wrong = 7 if one.fault == "HL02" else 0
            segments += [f"HL*{hl}*{above + wrong}*22*{int(bool(s.patients))}",
                         f"SBR*P*{'' if s.patients else '18'}*GR1******CI",
                         f"NM1*IL*1*BROOKWELL*ADA****MI*EXW{s.member:06d}"]
            segments += [] if s.patients else PERSONS[s.person].split("|")
            segments += ["NM1*PR*2*CASCADE MUTUAL HEALTH*****PI*EXC01"]
            segments += [x for c in s.claims for x in _claim(c)]
            for p in s.patients:
                hl += 1
                segments += [f"HL*{hl}*{parent}*23*0", "PAT*19", "NM1*QC*1*LARKMERE*TESS",
                             *PERSONS[p.person].split("|")]
                segments += [x for c in p.claims for x in _claim(c)]
    count = len(segments) + 1 + (one.fault == "SE01")
    return [*segments, f"SE*{count}*{number + 5 * (one.fault == 'SE02'):04d}"]


def _claim(one: tuple[str, str, int]) -> list[str]:
    kind, number, day = one
    return CLAIMS[kind].format(number=number, day=day).split("|")


def reasons(file: FileReport, claim: ClaimResult) -> Counter[tuple[str, str, str, int]]:
    """Why a claim is refused: edit, loop, element and line, of itself and of the levels it hangs under."""
    levels = {"provider": claim.provider, "subscriber": claim.subscriber, "patient": claim.levels[6]}
    found = [f for f in file.above_findings() if levels.get(f.scope) == f.level_number and f.level_number]
    found += [f for f in file.above_findings() if f.scope == "set" and f.set_index == claim.set_index]
    return Counter((f.edit, f.where.loop, f.where.element, f.line) for f in [*found, *claim.findings]
                   if f.level == "reject" and not ACROSS_CLAIMS.match(f.edit) and not f.edit.startswith("IK5-"))


def without_numbers(data: bytes) -> bytes:
    """A split file without its fresh control numbers."""
    for pattern in (rb"(?<=\d{4}.\D.00501.)\d{9}", rb"(?<=IEA.\d.)\d{9}"):
        data = re.sub(pattern, b"", data)
    return re.sub(rb"(GS.H[CS].EXSUBMITTER.EXRECEIVER.20261030.0900.)\d+|(GE.\d+.)\d+", rb"\1\2", data)


def refused_alone(file: FileReport) -> int:
    """How many sets are refused as sets, and not for their claims."""
    return sum(result == "R" for result in file.results.ik5.values())


def held(data: bytes, **more: object) -> None:
    file = judged(data, **more).files[0]
    claims = list(zip(file.claims(), claims_of(file), strict=True))
    for name in ("accepted", "rejected"):
        mine = [(c, text) for c, text in claims if (c.disposition == "rejected") == (name == "rejected")]
        written = part(file, name)
        assert bool(written) == bool(mine)
        if not written:
            continue
        for one in interchanges(written.decode("latin-1")):
            added_up(one)
        again = judged(written, **more).files[0]
        assert claims_of(again) == [text for _, text in mine], "claim for claim, byte for byte"
        if name == "accepted":
            assert (again.counts.rejected, again.disposition) == (0, "accepted")
            assert part(again, "rejected") == b""
            assert without_numbers(part(again, "accepted")) == without_numbers(written), "split again, nothing changes"
            assert [c.disposition for c in again.claims()] == [c.disposition for c, _ in mine]
            event("accepted")
            continue
        for (before, _), now in zip(mine, again.claims(), strict=True):
            why = reasons(file, before)
            assert reasons(again, now) == why
            if why:
                assert now.disposition == "rejected"
                event("rejected for itself")
        if again.counts.rejected == again.counts.claims:
            if refused_alone(again) < refused_alone(file):
                # A refused set goes over whole, with levels that hold no claim. Its SE is right now, and so they go.
                written = part(again, "rejected")
                again = judged(written, **more).files[0]
                assert claims_of(again) == [text for _, text in mine]
            assert without_numbers(part(again, "rejected")) == without_numbers(written)


PATIENCE = settings(max_examples=70, deadline=None, derandomize=True,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(files)
@PATIENCE
def test_any_file_is_split(exchanges: list[Exchange]) -> None:
    held(text_of(exchanges))


@given(files)
@settings(PATIENCE, max_examples=25)
def test_any_file_is_split_when_any_fault_refuses_its_set(exchanges: list[Exchange]) -> None:
    held(text_of(exchanges), strict=True)


@given(files)
@settings(PATIENCE, max_examples=40)
def test_any_file_is_answered(exchanges: list[Exchange]) -> None:
    """And its answers pass pyx12's maps, add up, and agree with the report."""
    answers_hold(judged(text_of(exchanges)).files[0])


@given(files)
@settings(PATIENCE, max_examples=25)
def test_claims_to_review_go_with_the_accepted_or_apart(exchanges: list[Exchange]) -> None:
    file = judged(text_of(exchanges)).files[0]
    both, rest, review = (part(file, name) for name in ("accepted", "accepted-only", "review"))
    apart = sorted(c for data in (rest, review) if data for c in claims_of(judged(data).files[0]))
    assert apart == (sorted(claims_of(judged(both).files[0])) if both else [])


@pytest.mark.long
@given(files)
@settings(PATIENCE, max_examples=5000, derandomize=False)
def test_thousands_of_files_are_split(exchanges: list[Exchange]) -> None:
    held(text_of(exchanges))
    answers_hold(judged(text_of(exchanges)).files[0])


def test_the_files_have_all_that_is_promised() -> None:
    """Nothing above is true only because every file is refused whole."""
    fine = Exchange("", "*:^~", "\n", [Group("", [Set("", [Provider("fine", [
        Subscriber("fine", 1, [("fine", "A-1", 10), ("sum", "A-2", 11)], []),
        Subscriber("fine", 2, [], [Patient("fine", [("twice", "B 3", 12)])])])])])])
    file = judged(text_of([fine])).files[0]
    assert [c.disposition for c in file.claims()] == ["accepted", "rejected", "review"]
    assert not [f.edit for f in file.findings if is_guide_fault(f.edit)]
    assert without_numbers(part(file, "accepted")).count(b"CLM*") == 2
