"""Cases of edits: X12 fragments on a skeleton, made into whole interchanges (``fixtures/edits/README.md``).

All people are invented; NPIs are of the invented set (``19000000nn``, Luhn over 80840).
"""

from __future__ import annotations

import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "fixtures" / "edits"
DAY = "20260203"
AS_OF = "2026-03-01"

HEAD = [
    ("HEAD", "ST*837*0001*005010X222A1"), ("HEAD", "BHT*0019*00*B1*20260301*1200*CH"),
    ("1000A", "NM1*41*2*RIVERSIDE BILLING*****46*SUB01"), ("1000A", "PER*IC*KIM LOE*TE*5415550100"),
    ("1000B", "NM1*40*2*CLEARING HOUSE*****46*REC01"),
]
BILLING = [
    ("2000A", "PRV*BI*PXC*261QP2000X"),
    ("2010AA", "NM1*85*2*RIVERSIDE THERAPY*****XX*1900000013"), ("2010AA", "N3*10 MILL ST"),
    ("2010AA", "N4*BEND*OR*977010001"), ("2010AA", "REF*EI*930000001"),
]
SUBSCRIBER = [
    ("2000B", "SBR*P*18*G100******CI"),
    ("2010BA", "NM1*IL*1*ROE*ANN****MI*M0001"), ("2010BA", "N3*1 OAK ST"), ("2010BA", "N4*BEND*OR*97701"),
    ("2010BA", "DMG*D8*19800101*F"), ("2010BB", "NM1*PR*2*ANYTOWN HEALTH*****PI*99001"),
]
DEPENDENT = [
    ("2000C", "PAT*19"), ("2010CA", "NM1*QC*1*ROE*SAM"), ("2010CA", "N3*1 OAK ST"), ("2010CA", "N4*BEND*OR*97701"),
    ("2010CA", "DMG*D8*20100505*M"),
]
BASES = {
    "plain": [],
    "psrc": ["NM1*PR*2*PACIFICSOURCE*****PI*93029"],
    "psrc_medicare": ["NM1*PR*2*PACIFICSOURCE MEDICARE*****PI*20377", "SBR*P*18*******16"],
    "psrc_medicaid": ["NM1*PR*2*PACIFICSOURCE COMMUNITY SOLUTIONS*****PI*20416", "SBR*P*18*******MC"],
    "medicare": ["NM1*PR*2*MEDICARE*****PI*99002", "SBR*P*18*******MB"],
    "medicaid": ["NM1*PR*2*STATE MEDICAID*****PI*99003", "SBR*P*18*******MC"],
}
"""Skeletons by name: what differs from the plain one (a commercial payer without a pack)."""

LOOPS = ("HEAD", "1000A", "1000B", "2000A", "2010AA", "2010AB", "2010AC", "2000B", "2010BA", "2010BB", "2000C",
         "2010CA")
LOOP_OF = {
    "NM1*41": "1000A", "NM1*40": "1000B", "NM1*85": "2010AA", "NM1*87": "2010AB", "NM1*PE": "2010AC",
    "NM1*IL": "2010BA", "NM1*PR": "2010BB", "NM1*QC": "2010CA", "SBR": "2000B", "CUR": "2000A", "PRV": "2000A",
    "ST": "HEAD", "BHT": "HEAD",
    "REF*EI": "2010AA", "REF*SY": "2010AA", "DMG": "2010BA",
}
"""Loops of segments that stand in one loop of the skeleton; others need theirs in front: ``2010AA N4*…``."""

LOOP_OF_DEPENDENT = {"PAT": "2000C", **dict.fromkeys(("NM1", "N3", "N4", "DMG", "REF"), "2010CA")}

AFTER_HI = ("HCP", "NM1", "SBR", "LX", "SV1")
BEFORE_DTP = ("SV1", "SV5", "PWK", "CRC")

Segments = list[tuple[str, str]]


def _key(segment: str) -> str:
    name, _, rest = segment.partition("*")
    return f"{name}*{rest.partition('*')[0]}" if name in ("NM1", "REF", "PRV", "DTP", "HI", "PER") else name


def replaced(segments: Segments, changes: list[str], loops: dict[str, str] = LOOP_OF) -> Segments:
    """The skeleton's segments with ``changes`` made: swapped by id and first element, added, or (``-``) taken out.
    ``loops``: where a segment belongs that doesn't say so."""
    result = list(segments)
    for change in changes:
        text = change.removeprefix("-")
        loop, space, rest = text.partition(" ")
        if space and loop in LOOPS:
            text = rest
        else:
            loop = loops.get(_key(text), loops.get(text.partition("*")[0], ""))
        if not loop:
            raise ValueError(f"replace {change!r}: say in which loop, such as '2010AA {text}'")
        at = [n for n, (its, segment) in enumerate(result) if its == loop and _key(segment) == _key(text)]
        if not at:  # whatever kind of NM1, N3 … the loop has
            at = [n for n, (its, segment) in enumerate(result)
                  if its == loop and segment.partition("*")[0] == text.partition("*")[0] and not text.startswith("REF")]
        if change.startswith("-"):
            result = [s for n, s in enumerate(result) if n not in at]
        elif at:
            result[at[0]] = (loop, text)
        else:
            last = [n for n, (its, _) in enumerate(result) if LOOPS.index(its) <= LOOPS.index(loop)]
            result.insert(last[-1] + 1 if last else 0, (loop, text))
    return result


def claim_segments(fragment: str, number: int) -> list[str]:
    """A fragment with what it leaves out: CLM, HI, LX and DTP*472."""
    given = [s.strip() for s in fragment.replace("\n", "~").split("~") if s.strip()]
    if not any(s.startswith("CLM*") for s in given):
        given.insert(0, f"CLM*C{number}*{_total(given)}***11:B:1*Y*A*Y*Y")
    if not any(s.startswith("HI*") for s in given):
        at = next((n for n, s in enumerate(given) if s.startswith(tuple(x + "*" for x in AFTER_HI))), len(given))
        given.insert(at, "HI*ABK:M5450")
    result: list[str] = []
    line = 0
    for n, segment in enumerate(given):
        if segment.startswith("SV1*"):
            line += 1
            if not result[-1].startswith("LX*"):
                result.append(f"LX*{line}")
        result.append(segment)
        if line and segment.startswith(tuple(x + "*" for x in BEFORE_DTP)):
            rest = given[n + 1:]
            end = next((m for m, s in enumerate(rest) if s.startswith(("SV1*", "LX*"))), len(rest))
            following = rest[:end]
            is_last = not following or not following[0].startswith(tuple(x + "*" for x in BEFORE_DTP))
            if is_last and not any(s.startswith("DTP*472*") for s in following):
                result.append(f"DTP*472*D8*{DAY}")
    return result


def _total(segments: list[str]) -> Decimal:
    total = Decimal(0)
    for segment in segments:
        if segment.startswith("SV1*"):
            try:
                total += Decimal(segment.split("*")[2])
            except (InvalidOperation, IndexError):
                continue
    return total


def interchange(case: dict[str, Any], base: str = "plain") -> bytes:
    """The whole file of a case."""
    changes = [*BASES[case.get("base", base)], *case.get("replace", ())]
    body: list[str] = [s for _, s in replaced(HEAD, [c for c in changes if _is_of_head(c)])]
    changes = [c for c in changes if not _is_of_head(c)]
    before: tuple[Any, ...] = ((), (), ())
    hl = billing_hl = subscriber_hl = 0
    for number, given in enumerate(case["claims"], 1):
        claim = {"segments": given} if isinstance(given, str) else given
        own = [*changes, *claim.get("replace", ())]
        levels = replaced([*BILLING, *SUBSCRIBER], own)
        billing = [s for loop, s in levels if loop < "2000B" or loop.startswith("2010A")]
        subscriber = [(loop, s) for loop, s in levels if loop == "2000B" or loop.startswith("2010B")]
        dependent: Segments = []
        if claim.get("dependent"):
            dependent = replaced(DEPENDENT, [] if claim["dependent"] is True else claim["dependent"],
                                 LOOP_OF_DEPENDENT)
            subscriber = _not_the_patient(subscriber, [*case.get("replace", ()), *claim.get("replace", ())])
        if tuple(billing) != before[0]:
            hl += 1
            billing_hl = hl
            body += [f"HL*{hl}**20*1", *billing]
            before = (tuple(billing), (), ())
        if (tuple(subscriber), bool(dependent)) != before[1]:
            hl += 1
            subscriber_hl = hl
            body += [f"HL*{hl}*{billing_hl}*22*{int(bool(dependent))}", *(s for _, s in subscriber)]
            before = (before[0], (tuple(subscriber), bool(dependent)), ())
        if dependent and tuple(dependent) != before[2]:
            hl += 1
            body += [f"HL*{hl}*{subscriber_hl}*23*0", *(s for _, s in dependent)]
            before = (before[0], before[1], tuple(dependent))
        body += claim_segments(claim["segments"], number)
    body.append(f"SE*{len(body) + 1}*0001")
    envelope = ["GS*HC*SENDER*RECEIVER*20260301*1200*1*X*005010X222A1", *body, "GE*1*1", "IEA*1*000000001"]
    return _written(envelope, case.get("delimiters", "*^:~"))


def example(text: str) -> list[dict[str, Any]]:
    """The claims of a pack's example: parted by empty lines; segments with their loop in front change the skeleton."""
    claims = []
    for part in text.split("\n\n"):
        segments = [s.strip() for s in part.replace("\n", "~").split("~") if s.strip()]
        loops = {s: s.removeprefix("-").partition(" ")[0] for s in segments}
        claim: dict[str, Any] = {"segments": "~".join(s for s in segments if loops[s] not in LOOPS)}
        claim["replace"] = [s for s in segments if loops[s] in LOOPS and loops[s] not in ("2000C", "2010CA")]
        dependent = [s for s in segments if loops[s] in ("2000C", "2010CA")]
        claims.append({**claim, "dependent": dependent} if dependent else claim)
    return claims


def _is_of_head(change: str) -> bool:
    text = change.removeprefix("-")
    return text.startswith(("ST*", "BHT*", "1000", "HEAD", "NM1*41", "NM1*40"))


def _not_the_patient(subscriber: Segments, changes: list[str]) -> Segments:
    """The subscriber above a dependent: SBR02 empty, no address and birth date; what the case itself gives stays."""
    kept = []
    is_given = any(c.startswith("2000B SBR*") for c in changes)
    for loop, segment in subscriber:
        if segment.startswith("SBR*") and not is_given and not any(c.startswith("SBR*") for c in changes):
            elements = segment.split("*")
            elements[2] = ""
            segment = "*".join(elements)
        if loop == "2010BA" and segment.startswith(("N3*", "N4*", "DMG*")) and not any(segment in c for c in changes):
            continue
        kept.append((loop, segment))
    return kept


def _written(segments: list[str], delimiters: str) -> bytes:
    element, repetition, component, terminator = delimiters
    isa = element.join(["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "SENDER".ljust(15), "ZZ", "RECEIVER".ljust(15),
                        "260301", "1200", repetition, "00501", "000000001", "0", "T", component])
    table = str.maketrans("*^:", element + repetition + component)
    return "".join(s + terminator + "\n" for s in [isa, *(s.translate(table) for s in segments)]).encode("latin-1")


def load(path: Path) -> dict[str, Any]:
    """A case file."""
    with path.open("rb") as file:
        return tomllib.load(file)


def files() -> list[Path]:
    """All case files."""
    return sorted(FOLDER.glob("*.toml"))
