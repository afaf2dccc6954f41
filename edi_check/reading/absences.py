"""What is missing, in words: of a segment or loop that the guide demands, what it would say and what to send.

Every segment and loop that the guide demands (usage R) has its words here, and every loop whose beginning ``gaps`` may
find to be missing; ``tests/test_misplaced.py`` holds this to the guide.

What it is not: it finds nothing missing.
"""

from __future__ import annotations

from functools import lru_cache

from ..phrases import capital
from .gaps import first_of
from .guide import LoopUse, SegmentUse
from .names import party

__all__ = ["LEVELS", "lost_beginning", "no_party", "told_missing", "written"]

_SEGMENTS: dict[str, tuple[str, str]] = {
    "BHT": ("beginning", "Send BHT*0019 right after ST, with the batch's reference, date and time."),
    "PER": ("contact", "Send PER*IC with a name and a phone number, after NM1*41."),
    "N3": ("street", "Send N3 with the street, after the NM1."),
    "N4": ("city, state and ZIP code", "Send N4 with city, state and ZIP code, after N3."),
    "SBR": ("payer sequence and coverage", "Send SBR right after the subscriber's HL, such as SBR*P*18*G100******CI."),
    "PAT": ("relationship to the subscriber", "Send PAT right after the patient's HL, such as PAT*19 for a child."),
    "DMG": ("birth date and gender", "Send DMG*D8 with the birth date and the gender, after N4."),
    "HI": ("diagnoses", "Send HI with the principal diagnosis first, such as HI*ABK:M5450, before the service lines."),
    "SV1": ("procedure, charge and units", "Send SV1 right after LX, such as SV1*HC:97140:GP*120*UN*2***1."),
    "OI": ("other insurance information", "Send OI, such as OI***Y***Y, after the SBR, CAS and AMT of this payer."),
    "CTP": ("drug quantity", "Send CTP with quantity and unit after LIN, such as CTP****2*ML."),
    "FRM": ("answers", "Send an FRM for each question of the form, after its LQ."),
}
"""What a segment says, and what to do when it is missing."""

_PLACED: dict[tuple[str, str], tuple[str, str]] = {
    ("2010AA", "REF"): (
        "tax id",
        "Send REF*EI with the provider's EIN, or REF*SY with the SSN, nine digits without hyphens, after N4.",
    ),
    ("2010AC", "REF"): ("tax id", "Send REF*EI with the plan's EIN, nine digits without hyphens, after N4."),
    ("2400", "DTP"): (
        "date of service",
        "Send DTP*472*D8 with the day, or DTP*472*RD8 with the first and the last day, after SV1.",
    ),
    ("2430", "DTP"): (
        "date of the decision",
        "Send DTP*573*D8 with the day on which that payer decided, after SVD and CAS.",
    ),
    ("2330C", "REF"): ("number", "Send REF with the number that the other payer gave this provider, after the NM1."),
}
for _loop in ("2330D", "2330E", "2330F", "2330G"):
    _PLACED[_loop, "REF"] = _PLACED["2330C", "REF"]

LEVELS = {
    "2000A": "Begin every billing provider with an HL (HL03 = 20), and send its NM1*85, N3, N4 and REF*EI or REF*SY.",
    "2000B": "Begin every subscriber with an HL (HL03 = 22), and send its SBR, NM1*IL and NM1*PR.",
    "2000C": "Begin every patient who is not the subscriber with an HL (HL03 = 23), and send PAT and NM1*QC.",
    "2300": "Begin every claim with its CLM: the claim number, the charge, the place of service.",
    "2400": "Begin every service line with LX, and number the lines of the claim 1, 2, 3 …; SV1 and DTP*472 follow.",
    "2320": "Begin what another payer did with its SBR.",
    "2430": "Begin what another payer decided on the line with its SVD.",
    "2410": "Send LIN with the drug's code before its CTP.",
    "2440": "Send LQ with the form's number before its FRM.",
}
"""By loop: how to begin it."""


def written(use: SegmentUse) -> str:
    """A segment as a message names it: ``NM1*85``, ``REF*EI or REF*SY``, ``HL`` (whose kind is its third element)."""
    q = use.qualifier
    if q is None or q[0] != 1 or q[1] or len(q[2]) > _FEW or use.id in ("SBR", "SV1", "DMG", "PER"):
        return "HI*ABK" if use.id == "HI" else use.id
    return " or ".join(f"{use.id}*{code}" for code in sorted(q[2]))


_FEW = 2


@lru_cache(maxsize=512)
def told_missing(child: SegmentUse | LoopUse) -> tuple[str, str]:
    """Sentence and remedy for a segment, or a whole loop, that had to come before the place at hand."""
    use = first_of(child)
    if isinstance(child, LoopUse) and use.loop.id != "HEADER":
        says = f"{capital(party(use.loop.id))} is missing: its {written(use)} had to come before this place."
        return says, LEVELS.get(use.loop.id) or _of_a_party(use)
    what, fix = _PLACED.get((use.loop.id, use.id)) or _SEGMENTS[use.id]
    return f"{written(use)} ({what}) of {party(use.loop.id)} is missing.", fix


def _of_a_party(use: SegmentUse) -> str:
    """The remedy for a party of which nothing is there."""
    rest = [written(u) for u in use.loop.children if isinstance(u, SegmentUse) and u.usage == "R" and u is not use]
    return f"Send {written(use)} with name and id{''.join(f', then {r}' for r in rest)}."


def lost_beginning(use: SegmentUse, name: str) -> tuple[str, str]:
    """Sentence and remedy where only the beginning of a loop is missing: segment ``name`` shows that it is there."""
    q = use.qualifier
    own = f"HL (HL03 = {next(iter(q[2]))})" if use.id == "HL" and q else written(use)
    says = f"{own} of {party(use.loop.id)} is missing: it had to come before this {name}."
    return says, LEVELS.get(use.loop.id) or f"Send {written(use)} with name and id before {name}."


def no_party(uses: list[SegmentUse], name: str) -> tuple[str, str]:
    """Sentence and remedy for a segment that some of these NM1 should have come before, nobody knows which."""
    whose = [f"{written(u)} ({party(u.loop.id).partition(' (')[0]})" for u in uses]
    says = f"{name} belongs to nobody here: the NM1 before it is missing."
    return says, f"Send the NM1 it belongs to right before it: {', '.join(whose[:-1])} or {whose[-1]}."
