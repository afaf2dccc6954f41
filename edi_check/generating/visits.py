"""What was done on a day, for whom and why: diagnoses, service lines, dates and notes that belong together.

A visit keeps to the rules of its payer, so that its claim is clean: therapy for Medicare says its discipline, a
spinal manipulation for Medicare says AT, the initial treatment and the subluxation first, PacificSource gets at most
six units of 97140 and never 97124 beside it, and so on. Procedure numbers are the few that the edits speak of, some
office visits and some HCPCS codes; no descriptor of anybody's is here.

Days are counted backwards: ``age`` is the number of days before the batch was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .draws import Draws, words
from .payers import Payer
from .practices import Clinician, Practice

__all__ = ["TIMED", "Line", "Visit", "visit"]

TIMED = frozenset(("97032", "97033", "97035", "97110", "97112", "97116", "97124", "97140", "97530"))

_SITES = (
    ("NECK", ("M542", "M47812", "M5412", "S134XXA", "G44209", "M62838")),
    ("UPPER BACK", ("M546", "M5414", "M47814", "S233XXA", "M62830")),
    ("LOW BACK", ("M5450", "M5451", "M5459", "M5416", "M47816", "S335XXA", "S39012A", "M5441", "M5442")),
    ("RIGHT SHOULDER", ("M25511", "M7541", "M7501", "S46011A", "M7551")),
    ("LEFT SHOULDER", ("M25512", "M7542", "M7502", "S46012A", "M7552")),
    ("RIGHT KNEE", ("M25561", "M1711", "M2241", "S83411A", "M25661")),
    ("LEFT KNEE", ("M25562", "M1712", "M2242", "S83412A", "M25662")),
    ("RIGHT HIP", ("M25551", "M1611", "M7061")),
    ("LEFT HIP", ("M25552", "M1612", "M7062")),
    ("RIGHT ANKLE", ("M25571", "S93401A", "M7661")),
    ("LEFT ELBOW", ("M25522", "M7712", "M7702")),
    ("RIGHT WRIST", ("M25531", "S63501A", "M654")),
)
_SPINE = (  # a region's subluxation code and the complaints that go with it
    ("M9901", ("M542", "M47812", "M5412", "M5382")),
    ("M9902", ("M546", "M47814", "M5414")),
    ("M9903", ("M5450", "M5459", "M47816", "M5416")),
    ("M9904", ("M533", "M461")),
    ("M9905", ("M25551", "M25552")),
)
_OFFICE = words(
    "I10 E119 E785 J069 J029 J209 K219 E039 J45909 N390 R059 R109 L309 M1711 M25561 M5450 H6691 R42 G43909 "
    "E6601 D509 R5383 F411 E1165 J0190 B349 R197 L0390 I4891"
)
_NOTES = (
    "SIGNED PLAN OF CARE ON FILE", "REFERRAL ON FILE WITH PRIMARY CARE", "PATIENT DENIES NUMBNESS OR TINGLING",
    "SECOND OPINION REQUESTED BY FAMILY", "TREATED AT {site}", "PAIN AT {site} IMPROVING SINCE LAST VISIT",
    "EXERCISE PROGRAM FOR {site} REVIEWED", "INTERPRETER PRESENT", "SEEN SAME DAY AS INJURY CHECK",
    "VISIT COUNT WITHIN APPROVAL", "SWELLING AT {site} NOTED", "NO CUPPING OR TAPING DONE",
)  # fmt: skip
_PRICE = {
    "97110": 5200, "97112": 5400, "97140": 5100, "97530": 6100, "97116": 4800, "97124": 4400, "97035": 2400,
    "97032": 2900, "97014": 2300, "G0283": 2300, "97010": 1200, "97012": 2700, "97161": 15500, "97162": 16500,
    "97163": 18000, "97164": 11000, "97165": 15500, "97166": 16500, "97168": 11000, "98940": 4200, "98941": 6100,
    "98942": 7900, "98943": 4000, "97139": 4500, "99202": 13200, "99203": 19800, "99204": 29600, "99212": 9100,
    "99213": 14800, "99214": 21500, "G2211": 2600, "J3301": 1150, "J1885": 900, "G0008": 3900, "36415": 1400,
    "81002": 1200, "A4556": 1600, "E0730": 9800,
}  # fmt: skip


@dataclass(slots=True)
class Line:
    """A service line. ``cents`` is its charge; ``pointers`` count the visit's diagnoses from 1; ``drug`` is an NDC,
    ``note`` an NTE of its own."""

    procedure: str
    modifiers: tuple[str, ...] = ()
    cents: int = 0
    units: int = 1
    pointers: tuple[int, ...] = (1,)
    description: str = ""
    place: str = ""
    drug: str = ""
    note: str = ""


@dataclass(slots=True)
class Visit:
    """A day of service and what its claim says of it. ``dates`` are (DTP01, age); ``condition`` is CR208."""

    age: int
    site: str = ""
    place: str = "11"
    diagnoses: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dates: list[tuple[str, int]] = field(default_factory=list)
    condition: str = ""
    note: str = ""
    needs_referrer: bool = False

    @property
    def timed_units(self) -> int:
        return sum(line.units for line in self.lines if line.procedure in TIMED)


def visit(draws: Draws, practice: Practice, clinician: Clinician, payer: Payer, age: int) -> Visit:
    """A visit ``age`` days before the batch, in this practice with this clinician, for this payer."""
    seen = Visit(age)
    _KINDS[practice.kind](draws, seen, clinician, payer)
    for line in seen.lines:
        cents = int(_PRICE[line.procedure] * practice.price) * line.units
        line.cents = cents if draws.chance(0.4) else cents - cents % 100
    if draws.chance(0.06):
        seen.note = draws.pick(_NOTES).format(site=seen.site or "FRONT DESK")
    return seen


def _complain(draws: Draws, seen: Visit, most: int = 3) -> None:
    """Set site and diagnoses: one to ``most`` of one place of the body."""
    seen.site, codes = draws.pick(_SITES)
    seen.diagnoses = draws.some(codes, draws.between(1, most))


def _all_pointers(seen: Visit, most: int = 4) -> tuple[int, ...]:
    return tuple(range(1, min(len(seen.diagnoses), most) + 1))


def _began(draws: Draws, seen: Visit, qualifier: str) -> None:
    """A date before the visit, within the acute phase."""
    seen.dates.append((qualifier, seen.age + draws.between(0, 75)))


def _therapy(draws: Draws, seen: Visit, clinician: Clinician, payer: Payer) -> None:
    """An hour of physical or occupational therapy, sometimes with an evaluation."""
    _complain(draws, seen)
    discipline = "GO" if clinician.is_occupational else "GP"
    is_public = payer.is_medicare or payer.is_medicaid
    base: tuple[str, ...] = (discipline,) if is_public or draws.chance(0.85) else ()
    if base == ("GP",) and draws.chance(0.12):
        base = ("GP", "CQ")
    if payer.is_medicare and draws.chance(0.15):
        base += ("KX",)
    codes = draws.some(("97110", "97140", "97140", "97112", "97530", "97116"), draws.pick((1, 2, 3, 3, 4, 4, 5)))
    codes = list(dict.fromkeys(codes))
    if "97140" not in codes and not is_public and draws.chance(0.06):
        codes.append("97124")
    left = 4 if payer.kind == "coordinated-care" else 6
    codes = codes[:left]
    pointers = _all_pointers(seen)
    if draws.chance(0.16):
        first = ("97165", "97166") if clinician.is_occupational else ("97161", "97162", "97163")
        code = draws.pick(first) if draws.chance(0.6) else ("97168" if clinician.is_occupational else "97164")
        seen.lines.append(Line(code, base, pointers=pointers))
    has_pair = "97530" in codes and "97140" in codes
    for n, code in enumerate(codes):
        units = min(draws.pick((1, 1, 2, 2, 3)), left - (len(codes) - 1 - n))
        left -= units
        needs_59 = code == "97140" and (has_pair or bool(seen.lines)) and draws.chance(0.6) and len(base) < 4
        line = Line(code, (*base, "59") if needs_59 else base, units=units, pointers=pointers)
        if code == "97140" and not is_public and draws.chance(0.03):
            line.note = f"{units * 15} MINUTES MANUAL THERAPY TO {seen.site}"
        seen.lines.append(line)
    if draws.chance(0.14):
        choice = ("G0283",) if is_public else ("97014", "G0283", "97012", "97010")
        seen.lines.append(Line(draws.pick(choice), base, pointers=pointers[:2]))
    if not is_public and draws.chance(0.004):
        seen.lines.append(Line("97139", base, pointers=pointers[:1], description=f"KINESIOLOGY TAPE {seen.site}"))
    if draws.chance(0.3):
        _began(draws, seen, "431")
    seen.needs_referrer = payer.is_medicare or draws.chance(0.3)


def _chiropractic(draws: Draws, seen: Visit, clinician: Clinician, payer: Payer) -> None:
    """A spinal manipulation, for private payers sometimes with more."""
    count = draws.pick((1, 2, 2, 3, 3, 3, 4, 5))
    start = draws.below(len(_SPINE) - count + 1)
    regions = _SPINE[start : start + count]
    pains = [draws.pick(region[1]) for region in regions[:2]]
    seen.diagnoses = [region[0] for region in regions] + pains
    seen.site = "SPINE"
    code = "98940" if count < 3 else "98942" if count == 5 else "98941"
    modifiers = ("AT",) if payer.is_medicare or draws.chance(0.1) else ()
    seen.lines.append(Line(code, modifiers, pointers=_all_pointers(seen)))
    if payer.is_medicare:
        onset = seen.age + draws.between(0, 60)
        seen.dates = [("454", onset), ("453", onset)]
        if draws.chance(0.2):
            seen.dates.append(("455", onset))
        seen.condition = draws.pick("AAM")
        return
    if draws.chance(0.35):
        _began(draws, seen, "454")
    pain = (count + 1,)
    if draws.chance(0.28):
        seen.lines.append(
            Line("97140", ("59",) if draws.chance(0.7) else ("GP", "59"), units=draws.pick((1, 1, 1, 2)), pointers=pain)
        )
    if draws.chance(0.1) and not payer.is_medicaid:
        seen.lines.append(Line("97012", pointers=pain))
    if draws.chance(0.12):
        seen.lines.append(Line("97110", units=draws.pick((1, 2)), pointers=pain))
    if draws.chance(0.08):
        seen.lines.append(Line("98943", pointers=pain))
    if draws.chance(0.1):
        seen.lines.append(Line(draws.pick(("99203", "99213", "99212")), ("25",), pointers=_all_pointers(seen)))


def _massage(draws: Draws, seen: Visit, clinician: Clinician, payer: Payer) -> None:
    """Massage by a massage therapist."""
    _complain(draws, seen, 2)
    seen.lines.append(Line("97124", units=draws.pick((2, 3, 4, 4)), pointers=_all_pointers(seen)))
    if draws.chance(0.3):
        _began(draws, seen, "431")


def _family(draws: Draws, seen: Visit, clinician: Clinician, payer: Payer) -> None:
    """An office visit, with what may come with it."""
    seen.diagnoses = draws.some(_OFFICE, draws.pick((1, 1, 2, 2, 3, 4)))
    code = draws.pick(("99213", "99213", "99213", "99214", "99214", "99212", "99203", "99204", "99202"))
    extras: list[Line] = []
    if draws.chance(0.25):
        extras.append(Line("36415"))
    if draws.chance(0.1):
        extras.append(Line("81002"))
    if draws.chance(0.08):
        extras.append(Line("J3301", units=draws.pick((2, 4, 8)), drug="00000123401"))
    if draws.chance(0.05):
        extras.append(Line("J1885", units=draws.pick((2, 4)), drug="00000567802"))
    if draws.chance(0.07):
        extras.append(Line("G0008"))
    if draws.chance(0.04):
        extras.append(Line("E0730", ("NU",)))
    if draws.chance(0.04):
        extras.append(Line("A4556", units=2))
    if not extras and draws.chance(0.09):
        seen.place = draws.pick(("02", "10", "10"))
        seen.lines.append(Line(code, ("95",), pointers=_all_pointers(seen)))
        return
    seen.lines.append(Line(code, ("25",) if extras else (), pointers=_all_pointers(seen)))
    if draws.chance(0.15):
        seen.lines.append(Line("G2211", pointers=(1,)))
    seen.lines += extras


_KINDS = {"therapy": _therapy, "chiropractic": _chiropractic, "massage": _massage, "family": _family}
