"""Screens spare checks that could find nothing. Proof: whenever one says yes, every check behind it stays silent."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from cases import AS_OF, files, interchange, load

from edi_check.generating import AS_OF as GENERATED_AS_OF
from edi_check.generating import generate
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
    assert len(yes) == 6, "a screen that never says yes spares nothing"


def test_on_the_cases_of_the_edits() -> None:
    judges: dict[str, Engine] = {}
    for path in files():
        data = load(path)
        for case in data["case"]:
            as_of = case.get("as_of", AS_OF)
            judge = judges.setdefault(as_of, engine(as_of))
            content = interchange(case, data.get("base", "plain"))
            says_yes_only_where_checks_are_silent(Reader().read([content]), judge)


def test_most_ordinary_claims_pass_all_screens() -> None:
    judge = engine(str(GENERATED_AS_OF))
    claims = list(Reader().read(generate(300, seed=3)))
    yes = says_yes_only_where_checks_are_silent(iter(claims), judge)
    for screen, count in yes.items():
        assert count > 0.7 * len(claims), f"{screen} says yes to {count} of {len(claims)} clean claims: too few"
