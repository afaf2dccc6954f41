"""Screens and other shortcuts spare checks that could find nothing. Proof: whenever a screen says yes, every check
behind it stays silent; and judging with all shortcuts finds what running every edit finds."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from cases import AS_OF, files, interchange, load

from edi_check.generating import AS_OF as GENERATED_AS_OF
from edi_check.generating import generate
from edi_check.judging.edits._ordinary import diagnosed, highest_of, meet
from edi_check.judging.engine import Engine
from edi_check.judging.packs import load_packs
from edi_check.model import Claim
from edi_check.reading.reader import Reader

NASTY = ["", "0", "-1", "-0", "120.125", "1.500", "20991231", "18600101", "20150930", "20260230", "XX", "1900000014",
         "1900000013", "97701", "977010000", "ZZ", "PR", "QC", "CA", "RS", "18", "U", "S", "8", "7", "AA:::OR", "EM",
         "D8", "RD8", "20260203-20260201", "HC:97140:GP:GP", "HC:99232", "21", "ABK:V0001XA", "ABF:M5450", "BK:7242",
         "1:9", "12", "1:1", "F8", "6R", "L1", "2", "MB", "MC"]
FIXED = ("ISA", "GS", "ST", "BHT", "HL", "SE", "GE", "IEA", "LX")


def engine(as_of: str) -> Engine:
    return Engine(load_packs([]), as_of=datetime.date.fromisoformat(as_of))


def says_yes_only_where_checks_are_silent(claims: Iterator[Claim], judge: Engine) -> Counter[str]:
    """Counts how often each screen said yes."""
    yes: Counter[str] = Counter()
    for claim in claims:
        judge.judge(claim)  # first, so that the tables of what was found good are filled
        if any(c != c.upper() for d in claim.diagnoses for c in d.code):
            continue  # judged as a copy in upper case, without screens
        for is_silent, actives in judge.plan(claim).screened:
            if is_silent(claim):
                yes[is_silent.__name__] += 1
                for active in actives:
                    assert not list(active.run(claim)), f"{is_silent.__name__} would hide {active.id}"
    return yes


def all_found(claim: Claim, judge: Engine) -> list[str]:
    """What running every edit finds, one by one, without screens, memos and rooms."""
    plan = judge.plan(claim)
    hits, _ = judge._run_guarded(claim, plan)
    return sorted(map(repr, judge._findings(claim, plan, hits)))


def finds_what_all_edits_find(claims: Iterator[Claim], judge: Engine) -> Counter[int]:
    """Counts the answers of ``Look.says``."""
    answers: Counter[int] = Counter()
    for claim in claims:
        known = diagnosed(claim.diagnoses) or meet(claim.diagnoses)
        if not known.is_upper or any(line.text != line.text.upper() for line in claim.service_lines):
            continue
        expected = all_found(claim, judge)
        assert not judge.faults
        said = claim.is_plain
        assert is_plain(claim) or not said, "the reader says that it is plain"
        for shown in {False, is_plain(claim)}:
            claim.is_plain = shown
            found = sorted(map(repr, judge.judge(claim)))
            assert found == expected, (claim.number, shown)
        plan = judge.plan(claim)
        if plan.look is not None:
            highest = max(map(highest_of, claim.service_lines), default=0)
            answers[plan.look.says(claim, known, highest)] += 1
        claim.is_plain = said
    assert not judge.faults
    return answers


def is_plain(claim: Claim) -> bool:
    """``Claim.is_plain`` by its definition."""
    if (claim.other_payers or claim.notes or claim.patient_death_date or claim.facility is not None
            or claim.supervising is not None):
        return False
    return not any(
        line.notes or line.adjudications or len(line.dates) > 1 or line.rendering or line.purchased or line.facility
        or line.supervising or line.ordering or line.referring for line in claim.service_lines)


def mutated(seed: int) -> bytes:
    """A generated file in which an element here and there is another's, or nasty."""
    draw = random.Random(seed)
    segments = b"".join(generate(120, seed=seed, faults=0.2)).decode("latin-1").replace("\n", "").split("~")
    seen: dict[str, list[list[str]]] = {}
    for segment in segments:
        elements = segment.split("*")
        seen.setdefault(elements[0], []).append(elements)
    result = []
    for segment in segments:
        elements = segment.split("*")
        if elements[0] not in FIXED and len(elements) > 1 and draw.random() < 0.08:
            n = draw.randrange(1, len(elements))
            other = draw.choice(seen[elements[0]])
            elements[n] = draw.choice(NASTY) if draw.random() < 0.7 or n >= len(other) else other[n]
        result.append("*".join(elements))
    return "~".join(result).encode("latin-1")


@pytest.mark.parametrize("seed", range(12))
def test_on_mutated_claims(seed: int) -> None:
    yes = says_yes_only_where_checks_are_silent(Reader().read([mutated(seed)]), engine(str(GENERATED_AS_OF)))
    assert len(yes) == 7, "a screen that never says yes spares nothing"


@pytest.mark.parametrize("seed", range(40, 60))
def test_shortcuts_on_mutated_claims(seed: int) -> None:
    answers = finds_what_all_edits_find(Reader().read([mutated(seed)]), Engine(load_packs(), as_of=GENERATED_AS_OF))
    assert answers[2] and answers[1] and answers[0], "all answers must be tried"


@pytest.mark.parametrize("settings", [{}, {"PSRC-MT": {"max_units": 2}, "CORE": {"filing_days": 60}}])
def test_shortcuts_on_files_with_faults(settings: dict[str, dict[str, int]]) -> None:
    judge = Engine(load_packs(), as_of=GENERATED_AS_OF, settings=settings)
    answers = finds_what_all_edits_find(Reader().read(generate(600, seed=8, faults=0.3)), judge)
    assert answers[2] > 100 and answers[0] > 20


def test_on_the_cases_of_the_edits() -> None:
    judges: dict[str, tuple[Engine, Engine]] = {}
    for path in files():
        data = load(path)
        for case in data["case"]:
            as_of = case.get("as_of", AS_OF)
            if as_of not in judges:
                day = datetime.date.fromisoformat(as_of)
                judges[as_of] = engine(as_of), Engine(load_packs(), as_of=day)
            content = interchange(case, data.get("base", "plain"))
            says_yes_only_where_checks_are_silent(Reader().read([content]), judges[as_of][0])
            finds_what_all_edits_find(Reader().read([content]), judges[as_of][1])


def test_most_ordinary_claims_pass_all_screens() -> None:
    judge = engine(str(GENERATED_AS_OF))
    claims = list(Reader().read(generate(300, seed=3)))
    yes = says_yes_only_where_checks_are_silent(iter(claims), judge)
    for screen, count in yes.items():
        assert count > 0.7 * len(claims), f"{screen} says yes to {count} of {len(claims)} clean claims: too few"
