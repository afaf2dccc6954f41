"""What must hold between two runs on files that are related: a claim that stood stands with more said of it, and what
makes no difference to a claim makes none to its verdict.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import cases
import pytest

import edi_check
from edi_check.generating import FAULTS, generate
from edi_check.report import FileReport

test_specialties = pytest.importorskip("test_specialties")

HEAD = [
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261101*1200*^*00501*000000001*0*T*:",
    "GS*HC*SENDER*RECEIVER*20261101*1200*1*X*005010X222A1", "ST*837*0001*005010X222A1",
    "BHT*0019*00*B1*20261101*1200*CH", "NM1*41*2*RIVERSIDE BILLING*****46*SUB01", "PER*IC*KIM LOE*TE*5415550100",
    "NM1*40*2*CLEARING HOUSE*****46*REC01"]
AS_OF = "2026-11-01"
GENERATED = "2026-10-30"


def judged(data: bytes, as_of: str = AS_OF, **options: Any) -> FileReport:
    file = edi_check.check(data, as_of=as_of, **options).files[0]
    assert not file.faults
    return file


def written(levels: list[list[str]]) -> bytes:
    """A file of several billing levels, each with its HL counted from 1."""
    body: list[str] = []
    above = hl = 0
    for level in levels:
        above = hl
        for text in level:
            if text.startswith("HL*"):
                hl += 1
                e = text.split("*")
                text = "*".join(["HL", str(hl), str(int(e[2]) + above) if e[2] else "", *e[3:]])
            body.append(text)
    tail = [f"SE*{len(body) + 6}*0001", "GE*1*1", "IEA*1*000000001"]
    return ("~\n".join([*HEAD, *body, *tail]) + "~\n").encode("latin-1")


def findings_by_level(levels: list[list[str]], size: int = 200) -> list[list[tuple[str, str]]]:
    """What is found of each, (edit, level); what stands alone in its billing level meets nobody."""
    found: list[list[tuple[str, str]]] = []
    for n in range(0, len(levels), size):
        some = levels[n : n + size]
        ends = [len(HEAD)]
        for level in some:
            ends.append(ends[-1] + len(level))
        told: list[list[tuple[str, str]]] = [[] for _ in some]
        for f in judged(written(some)).findings:
            at = next(k for k in range(len(some)) if ends[k] < f.where.segment <= ends[k + 1])
            told[at].append((f.edit, f.level))
        found += told
    return found


# More is said of a claim that stands


def base(number: int, payer: str, filing: str) -> list[tuple[str, str]]:
    """Loop and segment of a claim of therapy, of a subscriber of its own."""
    return [
        ("2000A", "HL*1**20*1"), ("2000A", "PRV*BI*PXC*225100000X"), ("2010AA", "NM1*85*2*RIVERSIDE*****XX*1900000013"),
        ("2010AA", "N3*10 MILL ST"), ("2010AA", "N4*BEND*OR*977010001"), ("2010AA", "REF*EI*891000001"),
        ("2000B", "HL*2*1*22*0"), ("2000B", f"SBR*P*18*G100******{filing}"),
        ("2010BA", f"NM1*IL*1*ROE*ANN****MI*M{number:06}"), ("2010BA", "N3*1 OAK ST"), ("2010BA", "N4*BEND*OR*97701"),
        ("2010BA", "DMG*D8*19800101*F"), ("2010BB", f"NM1*PR*2*ANYTOWN HEALTH*****PI*{payer}"),
        ("2300", f"CLM*A{number:06}*210***11:B:1*Y*A*Y*Y"), ("2300", "HI*ABK:M5450*ABF:M25511"),
        ("2310A", "NM1*DN*1*ELM*DANA****XX*1900000021"),
        ("2400", "LX*1"), ("2400", "SV1*HC:97110:GP*210*UN*2***1:2"), ("2400", "DTP*472*D8*20261027")]


PAYERS = [("99001", "CI"), ("93029", "CI"), ("20416", "MC"), ("99002", "MA")]

NO_ADDITIONS = ("2320", "2330A", "2330B", "2330C", "2330D", "2330E", "2330F", "2330G", "2430")
"""Loops of other payers: their amounts have to add up (below)."""

RULES: dict[str, str] = {
    "CORE-LIN-04": "nobody is treated after death",
    "CMS-MT-06": "Medicare pays chiropractors for manipulation only",
}
"""Edits, besides warnings, that an addition may raise, each by a rule that can be cited."""


def additions() -> list[tuple[str, int, list[str]]]:
    """Loop, place in the guide and segments of all that the files of ``fixtures/specialties`` say of their claims and
    that need not be said: single segments, and loops as they stand there."""
    found: dict[tuple[str, ...], tuple[str, int, list[str]]] = {}
    for path in test_specialties.PLACED:
        met = test_specialties.segments(path)
        for n, m in enumerate(met):
            loop = m.use.loop
            if loop.id in NO_ADDITIONS or {"2000A", "2000C"} & set(loop.path.split("/")) != {"2000A"}:
                continue
            run = [m]
            if m.use.is_loop_start:
                for more in met[n + 1:]:
                    if not (more.use.loop is loop and not more.use.is_loop_start):
                        break
                    run.append(more)
            elif m.use.usage != "S" or loop.usage == "S":
                continue
            if loop.usage == "S" or not m.use.is_loop_start:
                texts = ["*".join(r.elements).replace(r.component, ":") for r in run]
                if not any(set("~^") & set(text) for text in texts):
                    found.setdefault((loop.id, *texts), (loop.id, m.use.index, texts))
    return list(found.values())


def place_of(loop: str, text: str) -> int:
    """The place in the guide of a segment of ``base``."""
    elements = text.split("*")
    for use in test_specialties.guide.load().by_id[elements[0]]:
        q = use.qualifier
        if use.loop.id == loop and "/2000C/" not in use.loop.path and (
                q is None or elements[q[0]].split(":")[0] in q[2]):
            return int(use.index)
    raise KeyError(text)


@pytest.mark.parametrize(("payer", "filing"), PAYERS)
def test_what_is_added_refuses_no_claim(payer: str, filing: str) -> None:
    plain = base(0, payer, filing)
    places = [place_of(loop, text) for loop, text in plain]
    levels, added = [], []
    for _, place, texts in additions():
        use = test_specialties.guide.load().uses[place]
        if place in places and 1 in (use.maximum, use.is_loop_start and use.loop.maximum):
            continue
        at = next((n for n, other in enumerate(places) if other > place), len(places))
        texts_of = [text for _, text in base(len(levels) + 1, payer, filing)]
        levels.append([*texts_of[:at], *texts, *texts_of[at:]])
        added.append(texts)
    assert len(levels) > 250
    for texts, found in zip(added, findings_by_level(levels), strict=True):
        assert not [f for f in found if f[0] not in RULES and f[1] in ("reject", "review")], (texts, found)


@pytest.mark.parametrize("seed", range(4))
def test_other_payers_whose_amounts_add_up_refuse_no_claim(seed: int) -> None:
    """Decided on the claim, on all or some of its lines, unbundled or not, or only named."""
    chance = random.Random(seed)
    levels = [_coordinated(chance, n) for n in range(150)]
    for level, found in zip(levels, findings_by_level(levels), strict=True):
        assert not [f for f in found if f != ("CORE-SIT-14", "warn")], (level, found)


def _coordinated(chance: random.Random, number: int) -> list[str]:
    charges = [Decimal(chance.choice(["120", "90.5", "60", "0.01", "75.25"])) for _ in range(chance.randint(1, 3))]
    lines: list[list[str]] = []
    for n, (charge, code) in enumerate(zip(charges, ("97110", "97112", "97530"), strict=False), 1):
        lines.append([f"LX*{n}", f"SV1*HC:{code}:GP*{charge}*UN*2***1:2", "DTP*472*D8*20261027"])
    others: list[str] = []
    for sequence, payer in zip(chance.sample("PSABCDEFGHU", chance.randint(1, 4)), "1234", strict=False):
        own, paid, is_dated = [], Decimal(0), False
        kind = chance.choice(["named", "claim", "lines", "some"])
        if kind == "claim":
            paid = (sum(charges) * chance.choice([0, 1, 5]) / 10).quantize(Decimal("0.01"))
            own, is_dated = [*_adjusted(chance, sum(charges) - paid), f"AMT*D*{paid}"], True
        elif kind != "named":
            chosen = range(len(charges)) if kind == "lines" else chance.sample(range(len(charges)), 1)
            for n in chosen:
                half = (charges[n] / 2).quantize(Decimal("0.01"))
                for part in [charges[n]] if chance.random() < 0.7 else [half, charges[n] - half]:
                    pays = (part * chance.choice([0, 5, 10]) / 10).quantize(Decimal("0.01"))
                    lines[n] += [f"SVD*EX00{payer}*{pays}*HC:97110**2", *_adjusted(chance, part - pays),
                                 "DTP*573*D8*20261029"]
                    paid += pays
            own = [f"AMT*D*{paid}"]
        others += [f"SBR*{sequence}*18*******CI", *own, "OI***Y***Y", "NM1*IL*1*ROE*ANN****MI*X1",
                   f"NM1*PR*2*FIRST*****PI*EX00{payer}", *(["DTP*573*D8*20261029"] if is_dated else [])]
    texts = [text for loop, text in base(number, "99001", "CI") if loop != "2400"]
    texts[texts.index("SBR*P*18*G100******CI")] = "SBR*T*18*G100******CI"
    return [*(t.replace("*210*", f"*{sum(charges)}*") for t in texts), *others, *(s for line in lines for s in line)]


def _adjusted(chance: random.Random, amount: Decimal) -> list[str]:
    """CAS whose amounts are ``amount`` together, negative ones among them."""
    some = chance.choice([Decimal(0), Decimal(-5), amount * 2, Decimal(1)])
    found = [f"CAS*CO*45*{some}"] if some else []
    return [*found, f"CAS*PR*1*{amount - some}**3*0"] if amount - some else found


# What makes no difference


def told(file: FileReport) -> Counter[tuple[str, str, str]]:
    return Counter((f.claim_number, f.edit, f.level) for f in file.findings)


def verdicts(file: FileReport) -> list[tuple[str, str]]:
    return sorted((c.number, c.disposition) for c in file.claims())


OF_CLAIMS = sorted(name for name, fault in FAULTS.items() if fault.edit.startswith(("PSRC", "CMS", "OHP", "CORE-DX",
                                                                                     "CORE-ID", "CORE-BAL", "IK4")))


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_subscribers_claims_and_lines(seed: int) -> None:
    data = b"".join(generate(40, seed=seed, faults=OF_CLAIMS, share=0.6)).decode("ascii")
    head, *levels, tail = re.split(r"(?<=~)(?=HL\*\d+\*\*20\*)|(?<=~)(?=SE\*)", data)
    other = random.Random(seed)
    shuffled = []
    for level in levels:
        own, *subscribers = re.split(r"(?<=~)(?=HL\*\d+\*\d+\*22\*)", level)
        other.shuffle(subscribers)
        for n, subscriber in enumerate(subscribers):
            above, *claims = re.split(r"(?<=~)(?=CLM\*)", subscriber)
            if "*23*0~" not in subscriber:
                other.shuffle(claims)
            subscribers[n] = above + "".join(_reordered(other, claim) for claim in claims)
        shuffled.append(own + "".join(subscribers))
    other.shuffle(shuffled)
    moved = (head + "".join(_counted(shuffled)) + tail).encode("ascii")
    one, two = judged(data.encode("ascii"), GENERATED), judged(moved, GENERATED)
    assert told(one) == told(two) and verdicts(one) == verdicts(two)
    assert moved != data.encode("ascii") and len(told(one)) > 5


def _reordered(chance: random.Random, claim: str) -> str:
    if "HL*" in claim:
        return claim
    own, *lines = re.split(r"(?<=~)(?=LX\*)", claim)
    chance.shuffle(lines)
    return own + "".join(re.sub(r"^LX\*\d+", f"LX*{n}", line) for n, line in enumerate(lines, 1))


def _counted(levels: list[str]) -> Iterator[str]:
    """The levels, numbered anew."""
    hl, above = 0, {"22": 0, "23": 0}
    for segment in re.findall("[^~]*~", "".join(levels)):
        if segment.startswith("HL*"):
            hl += 1
            kind = segment.split("*")[3]
            under = "" if kind == "20" else above[kind]
            above.update({"20": {"22": hl}, "22": {"23": hl}}.get(kind, {}))
            segment = f"HL*{hl}*{under}*{kind}*{segment.split('*')[4]}"
        yield segment


def _turned(modifiers: re.Match[str]) -> str:
    first, *codes = modifiers[0].split(":")
    return ":".join([first, codes[0], *reversed(codes[1:])])


OTHERWISE: dict[str, Callable[[str], str]] = {
    "a day as a range": lambda text: re.sub(r"DTP\*472\*D8\*(\d{8})~", r"DTP*472*RD8*\1-\1~", text),
    "zeros": lambda text: re.sub(r"(SV1\*[^*]*\*)(\d+)(\*[A-Z]+\*)(\d+)(?=\*)", r"\g<1>0\2.00\g<3>0\4.0", text),
    "modifiers turned round": lambda text: re.sub(r"SV1\*HC(:\w{5})(:\w\w){2,4}(?=\*)", _turned, text),
    "the country": lambda text: re.sub(r"(N4\*[^*~]+\*[^*~]+\*[^*~]+)~", r"\1*US~", text),
    "names in lower case": lambda text: re.sub(
        r"NM1\*\w\w\*1\*[^*~]*\*[^*~]*", lambda m: m[0][:8] + m[0][8:].lower(), text),
}


OF_SUMS = ("PSRC-MT-03", "PSRC-MT-04", "PSRC-MT-11", "CMS-MT-01", "OHP-MT-0", "CORE-DUP-01", "CORE-DUP-03")


@cache
def cases_of_sums() -> list[tuple[str, str, str, FileReport]]:
    """Name, text, day of receipt and report of each case of the edits that compare and add up."""
    found = []
    for path in cases.files():
        data = cases.load(path) if path.stem.startswith(OF_SUMS) else {"case": []}
        for case in data["case"]:
            text = cases.interchange(case, data.get("base", "plain")).decode("latin-1")
            day = case.get("as_of", cases.AS_OF)
            if "delimiters" not in case:
                found.append((f"{path.stem} {case['title']}", text, day, judged(text.encode("latin-1"), day)))
    return found


@pytest.mark.parametrize("how", OTHERWISE)
def test_the_same_said_otherwise(how: str) -> None:
    changed = 0
    for name, text, day, one in cases_of_sums():
        other = OTHERWISE[how](text)
        if other != text:
            changed += 1
            two = judged(other.encode("latin-1"), day)
            assert told(one) == told(two) and verdicts(one) == verdicts(two), name
    assert changed > 5


def test_fewer_snip_types_lose_nothing_of_those_asked_for() -> None:
    for seed in range(4):
        data = b"".join(generate(30, seed=seed, faults=0.8))
        whole = edi_check.check(data, as_of=GENERATED)
        for first, last in ((1, 2), (3, 3), (4, 5), (6, 7), (2, 6)):
            asked = {(f.edit, f.claim, f.line, f.where.segment) for f in whole.files[0].findings
                     if first <= whole.edits[f.edit].snip <= last}
            part = {(f.edit, f.claim, f.line, f.where.segment)
                    for f in judged(data, GENERATED, snip=(first, last)).findings}
            assert asked <= part


def test_files_of_one_run_know_nothing_of_one_another() -> None:
    """In whatever order they are checked: what is remembered of values from one file to the next changes nothing."""
    data = [b"".join(generate(15, seed=seed, faults=0.8)) for seed in range(10)]
    alone = [told(judged(one, GENERATED)) for one in data]
    for order in (range(10), range(9, -1, -1)):
        report = edi_check.check([data[n] for n in order], as_of=GENERATED)
        assert [told(f) for f in report.files] == [alone[n] for n in order]


def test_two_files_in_one() -> None:
    one, two = (b"".join(generate(20, seed=n, faults=0.6, control_number=n)) for n in (101, 102))
    apart, whole = [judged(data, GENERATED) for data in (one, two)], judged(one + two, GENERATED)
    without = Counter({k: v for k, v in told(whole).items() if k[1] != "CORE-DUP-02"})
    assert without == sum((told(f) for f in apart), Counter())
    assert verdicts(whole) == sorted(v for f in apart for v in verdicts(f))
