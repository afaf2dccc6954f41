"""What the claims of a file say together: who counts, in what order, at what cost."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest
from cases import AS_OF, interchange
from judged import lines_run

import edi_check
from edi_check.judging.comparison import DAY_LINES, Compared, compared
from edi_check.judging.engine import Engine
from edi_check.judging.identities import DESCRIPTIONS, persons
from edi_check.judging.packs import load_builtin_packs, load_pack
from edi_check.judging.settle import settle
from edi_check.judging.standing import Standing
from edi_check.model import Claim
from edi_check.rows import LINES

DAY = datetime.date.fromisoformat(AS_OF)
SETTINGS: dict[str, dict[str, Any]] = {"PSRC-MT": {"aso_groups": []}}


def claims_of(*fragments: Any, base: str = "psrc", **case: Any) -> list[Claim]:
    return list(edi_check.read_claims(interchange({"claims": list(fragments), **case}, base)))


def standings(claims: list[Claim], engine: Engine) -> list[Standing]:
    rows = []
    for claim in claims:
        found = engine.judge(claim)
        refused = any(f.level == "reject" for f in found)
        rows.append(Standing(claim.index, 1, refused, engine.compare(claim), tuple(f.edit for f in found)))
    return rows


def engine() -> Engine:
    return Engine(load_builtin_packs(), settings=SETTINGS, as_of=DAY)


def told(found: Iterable[tuple[int, list[Any]]]) -> list[tuple[int, str, str]]:
    return sorted((claim, f.edit, f.level) for claim, findings in found for f in findings)


FOUR, THREE = "SV1*HC:97140:GP*240*UN*4***1", "SV1*HC:97140:GP*180*UN*3***1"


def clm(number: str, frequency: str, units: int, rest: str = "") -> str:
    original = "~REF*F8*P1" if frequency != "1" else ""
    return (f"CLM*{number}*{units * 60}***11:B:{frequency}*Y*A*Y*Y{original}~"
            f"SV1*HC:97140:GP*{units * 60}*UN*{units}***1{rest}")


def test_claims_of_a_refused_set_count_nowhere() -> None:
    judge = engine()
    one, two = standings(claims_of(FOUR, THREE), judge)
    assert told(settle([one, two], judge)) == [(2, "PSRC-MT-03", "reject")]
    assert told(settle([one._replace(set_index=7), two], judge, {7})) == []
    assert told(settle([one._replace(is_refused=True), two], judge)) == []
    assert told(settle([one._replace(compare=None), two], judge)) == []


def test_the_finding_names_the_earlier_lines_and_its_place() -> None:
    data = interchange({"claims": [FOUR, f"SV1*HC:97110:GP*60*UN*1***1~{THREE}"]}, "psrc")
    report = edi_check.check(data, as_of=AS_OF, settings=SETTINGS)
    (f,) = report.files[0].findings
    assert (f.edit, f.claim, f.line, f.related) == ("PSRC-MT-03", 2, 2, ((1, 1),))
    assert f.where.text == THREE and f.where.value == "3" and f.where.element == "SV104" and f.where.loop == "2400"
    assert f.where.line and f.claim_number == "C2" and f.set_index == 1


@pytest.mark.parametrize(("fragments", "found"), [
    # a replacement, before or after its original; a void only after what it voids
    ([clm("A", "1", 4), clm("A", "7", 3)], []),
    ([clm("A", "7", 3), clm("A", "1", 4)], []),
    ([clm("A", "1", 4), clm("A", "8", 4), clm("B", "1", 3)], []),
    ([clm("A", "8", 4), clm("A", "1", 4), clm("B", "1", 3)], [(3, "PSRC-MT-03", "reject")]),
    ([clm("A", "1", 4), clm("A", "7", 3), clm("A", "7", 5), clm("B", "1", 1)], []),
    ([clm("A", "7", 4), clm("A", "7", 3), clm("B", "1", 4)], [(3, "PSRC-MT-03", "reject")]),
    # days too many to be told apart are all days
    ([clm("A", "1", 4), clm("A", "7", 3, "~DTP*472*RD8*20260101-20260210"), clm("B", "1", 3)], []),
    # one that is refused itself replaces nothing: what it would have replaced counts again
    ([clm("A", "1", 4), clm("A", "7", 7), clm("B", "1", 3)], [(3, "PSRC-MT-03", "reject")]),
    ([clm("B", "1", 3), clm("A", "1", 2), clm("A", "7", 4), clm("C", "1", 4)],
     [(3, "PSRC-MT-03", "reject"), (4, "PSRC-MT-03", "reject")]),
])
def test_replacements_and_voids(fragments: list[str], found: list[tuple[int, str, str]]) -> None:
    judge = engine()
    assert told(settle(standings(claims_of(*fragments), judge), judge)) == found


def test_an_edit_with_days_looks_at_the_day_of_service_across_claims() -> None:
    # One is changed below, so it is read anew: all share those of the package.
    packs = [load_pack(p.path, True) if p.id == "PSRC-MT" else p for p in load_builtin_packs()]
    data = next(d for pack in packs for d in pack.edits if d.edit.id == "PSRC-MT-03")
    judge = Engine(packs, settings=SETTINGS, as_of=DAY)
    rows = standings(claims_of(FOUR, f"SV1*HC:97140:GP*60*UN*1***1~DTP*472*D8*20260101~{THREE}"), judge)
    for first, last, expected in ((DAY, None, False), (None, datetime.date(2026, 2, 2), False),
                                  (datetime.date(2026, 2, 3), datetime.date(2026, 2, 3), True)):
        data.first_day, data.last_day = first, last
        assert bool(told(settle(rows, judge))) is expected


MODALITY, EXERCISE = "SV1*HC:97035:GP*20*UN*1***1", "SV1*HC:97110:GP*60*UN*1***1"


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_what_waits_for_the_other_claims_is_told_in_any_order_of_them(order: tuple[int, ...]) -> None:
    given = [MODALITY, EXERCISE, f"{MODALITY}~DTP*472*D8*20260204", f"{EXERCISE}~DTP*472*D8*20260205"]
    judge = engine()
    rows = standings(claims_of(*(given[n] for n in order), base="psrc_medicaid"), judge)
    assert not any(row.edits for row in rows), "a claim alone leaves it open"
    alone = order.index(2) + 1
    assert told(settle(rows, judge)) == [(alone, "OHP-MT-03", "review")]
    # of a set that is refused, or a claim that is, nothing counts; what was open of it is told all the same
    both = sorted((order.index(n) + 1, "OHP-MT-03", "review") for n in (0, 2))
    assert told(settle([row._replace(is_refused=row.claim == order.index(1) + 1) for row in rows], judge)) == both
    assert told(settle(rows, judge, {1})) == both
    assert told(settle([row._replace(is_refused=row.claim == alone) for row in rows], judge)) == [
        (alone, "OHP-MT-03", "review")]


@pytest.mark.parametrize(("one", "two", "is_same"), [
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140:GP*60.00*UN*2.0***1", True),
    ("SV1*HC:97140:GP:CQ*60*UN*2***1", "SV1*HC:97140:CQ:GP*60*UN*2***1", True),
    ("SV1*HC:97140:gp*60*UN*2***1", "SV1*HC:97140:GP*60*UN*2***1", True),
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140:GP*60*UN*2*11**1", True),
    ("SV1*HC:97140*60*UN*2***1~SV1*HC:97110*50*UN*1***1", "SV1*HC:97110*50*UN*1***1~SV1*HC:97140*60*UN*2***1", True),
    ("HI*ABK:M5450*ABF:M542~SV1*HC:97140*60*UN*1***1", "HI*ABK:M542*ABF:M5450~SV1*HC:97140*60*UN*1***2", True),
    ("SV1*HC:97140*60*UN*2***1~DTP*472*RD8*20260203-20260203", "SV1*HC:97140*60*UN*2***1", True),
    ("NM1*82*1*LOE*KIM****XX*1900000021~SV1*HC:97140*60*UN*1***1",
     "SV1*HC:97140*60*UN*1***1~NM1*82*1*LOE*KIM****XX*1900000021", True),
    ("SV1*HC:97140*60*UN*1***1", "NM1*82*2*RIVERSIDE THERAPY*****XX*1900000013~SV1*HC:97140*60*UN*1***1", True),
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140:GP*61*UN*2***1", False),
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140:GP*60*UN*1***1", False),
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140*60*UN*2***1", False),
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140:GP*60*UN*2*12**1", False),
    ("SV1*HC:97140:GP*60*UN*2***1", "SV1*HC:97140:GP*60*UN*2***1~DTP*472*D8*20260204", False),
    ("SV1*HC:97140:GP*60*UN*2***1", "HI*ABK:M542~SV1*HC:97140:GP*60*UN*2***1", False),
    ("SV1*HC:97140:GP*60*UN*2***1", "NM1*82*1*LOE*KIM****XX*1900000021~SV1*HC:97140:GP*60*UN*2***1", False),
    ("SV1*HC:97140*60*UN*1***1", "SV1*HC:97140*60*UN*1***1~SV1*HC:97140*60*UN*1***1", False),
])
def test_what_makes_two_claims_the_same(one: str, two: str, is_same: bool) -> None:
    a, b = (Compared(c.index, compared(c, "X", [], False)) for c in claims_of(one, two))
    assert (a.signature == b.signature) is is_same


def test_a_claim_without_a_member_id_is_nobodys_double() -> None:
    judge = engine()
    (claim,) = claims_of(FOUR)
    claim.subscriber.id = ""
    kept = compared(claim, "X", [], False)
    both = [Standing(1, 1, False, kept), Standing(2, 1, False, kept)]
    assert told(settle(both, judge)) == [(2, "CORE-DUP-02", "warn")]


def test_accepted_claims_checked_again_are_clean() -> None:
    """In seeded files of few patients, days and numbers, so that everything meets everything."""
    again_and_again(random.Random(7), 60)


@pytest.mark.long
def test_two_thousand_files_of_accepted_claims_checked_again_are_clean() -> None:
    again_and_again(random.Random(8), 2000)


def again_and_again(seed: random.Random, files: int) -> None:
    met: set[str] = set()
    for _ in range(files):
        claims = [_some_claim(seed) for _ in range(seed.randrange(2, 14))]
        claims += seed.sample(claims, seed.randrange(2))
        first = _rejected(claims, met)
        accepted = [c for n, c in enumerate(claims, 1) if n not in first]
        if accepted:
            assert not _rejected(accepted, set()), accepted
    assert {"PSRC-MT-03", "PSRC-MT-04", "CORE-DUP-01"} <= met


def _some_claim(seed: random.Random) -> dict[str, Any]:
    lines = []
    for _ in range(seed.randrange(1, 3)):
        code, units = seed.choice(["97140", "97140", "97124", "98940"]), seed.randrange(1, 5)
        day = seed.choice(["D8*20260203", "D8*20260203", "D8*20260204", "RD8*20260203-20260204", "D8*20260210"])
        who = seed.choice(["", "", "~NM1*82*1*LOE*KIM****XX*1900000021", "~NM1*82*1*LOE*KIM", "~NM1*82*1*POE"])
        lines.append(f"SV1*HC:{code}:GP*{units * 10}*UN*{units}***1~DTP*472*{day}{who}")
    frequency = seed.choice("11111178")
    total = sum(int(line.split("*")[2]) for line in lines)
    original = "~REF*F8*P1" if frequency != "1" else ""
    head = f"CLM*{seed.choice('ABCDEF')}*{total}***11:B:{frequency}*Y*A*Y*Y{original}"
    member = f"NM1*IL*1*ROE*ANN*{seed.choice(['', '', 'A', 'B'])}***MI*{seed.choice(['M1', 'M2'])}"
    birth = f"DMG*D8*19800101*{seed.choice('FFFUM')}"
    return {"replace": [member, birth], "segments": head + "~HI*ABK:M9903~" + "~".join(lines)}


def _rejected(claims: list[dict[str, Any]], met: set[str]) -> set[int]:
    report = edi_check.check(interchange({"claims": claims}, "psrc"), as_of=AS_OF, settings=SETTINGS,
                             levels={"CORE-ID-05": "warn"})
    file = report.files[0]
    assert not file.faults
    met.update(f.edit for f in file.findings)
    return {f.claim for f in file.findings if f.level == "reject"}


def test_whose_claims_are_added_up_does_not_depend_on_what_his_twins_claims_meet() -> None:
    """The claim of another day tells that there are two of this name, whether or not it shares its number with one that
    is refused, or anything with anybody."""
    ann, bea, one = ({"replace": [f"NM1*IL*1*ROE*BABY*{name}***MI*M1"]} for name in ("ANN", "BEA", ""))
    later = "~DTP*472*D8*20260210"
    claims = [{**ann, "segments": FOUR}, {**bea, "segments": f"CLM*SAME*180***11:B:1*Y*A*Y*Y~{THREE}{later}"},
              {**one, "segments": THREE}, {"segments": f"CLM*SAME*1***11:B:1*Y*A*Y*Y~{FOUR}~DTP*472*D8*20260220"}]
    met: set[str] = set()
    assert _rejected(claims, met) == {4} and _rejected(claims[:3], met) == set()
    assert "PSRC-MT-03" not in met
    assert _rejected([claims[0], claims[2]], met) == {2}


def test_nor_on_their_order() -> None:
    """Of two who share a first name a claim may mean either: it is counted for neither, wherever it stands."""
    given = [("ANN", 4), ("BEA", 3), ("", 4), ("BEA", 2), ("A", 3)]
    for order in permutations(enumerate(given, 1)):
        claims = [{"replace": [f"NM1*IL*1*ROE*BABY*{name}***MI*M1"], "segments": clm(f"C{n}", "1", units)}
                  for n, (name, units) in order]
        assert _rejected(claims, set()) == {max(at for at, (n, _) in enumerate(order, 1) if n in (1, 5))}, order


def test_who_is_one_person() -> None:
    ann, bea, initial, one = (("ROE", name, "", "F", "", "", "") for name in ("ANN", "BEA", "A", ""))
    for order in permutations((ann, bea, initial, one)):
        told = persons(order)
        assert told[ann] == told[initial] != told[bea] and told[one] == -1 and told[bea] >= 0
    assert len(set(persons([ann, initial, one]).values())) == 1
    many = persons([("ROE", f"{n}", "", "F", "", "", "") for n in range(100, 100 + DESCRIPTIONS + 5)])
    assert sorted(many.values())[:6] == [-1, -1, -1, -1, -1, 0] and len(set(many.values())) == DESCRIPTIONS + 1


@pytest.mark.parametrize("kind", ["all alike", "one number", "replacements", "many providers", "ranges",
                                  "distinct days", "many persons"])
def test_cost_is_linear_for_one_patient(kind: str) -> None:
    """A file of one patient's claims on one day must not cost more a claim when it is longer."""
    judge = engine()
    (claim,) = claims_of("CLM*A*70***11:B:1*Y*A*Y*Y~SV1*HC:97140:GP*60*UN*1***1~"
                         "SV1*HC:97124*10*UN*1***1~DTP*472*D8*20260205")
    judge.judge(claim)
    kept = judge.compare(claim)
    steps = {}
    for n in (250, 1000):
        rows = [Standing(i, 1, False, _varied(kept, kind, i)) for i in range(1, n + 1)]
        steps[n] = lines_run(lambda rows=rows: told(settle(rows, judge)))  # type: ignore[misc]
    assert steps[1000] < 4 * steps[250] * 1.5, steps


def _varied(kept: tuple[Any, ...], kind: str, i: int) -> tuple[Any, ...]:
    new = list(kept)
    if kind != "all alike":
        new[LINES] = tuple((text.replace("*60*", f"*{i}*"), *rest) for text, *rest in kept[LINES])
    if kind not in ("one number", "replacements"):
        new[0] = f"A{i}"
    if kind == "replacements":
        new[2] = "7" if i % 2 else "1"
    if kind == "many persons":
        new[4] = (*kept[4][:4], ("ROE", f"NAME{i}", *kept[4][4][2:]))
    group, secondary, lines, *rest = new[DAY_LINES]
    if kind == "many providers":
        lines = tuple((*ln[:4], f"19{i:08d}", *ln[5:]) for ln in lines)
    if kind == "ranges":
        lines = tuple((*ln[:6], ln[6] - i % 20, ln[7] + i % 10) for ln in lines)
    if kind == "distinct days":
        lines = tuple((*ln[:6], 700000 + i, 700000 + i) for ln in lines)
    new[DAY_LINES] = (group, secondary, lines, *rest)
    return tuple(new)
