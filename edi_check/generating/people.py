"""Invented people, practices and addresses, and the identifiers they carry.

Nobody here exists. Identifiers keep to ranges that say so and can't meet a real one by accident:

* NPI: ``19000nnnn`` and its check digit (1900000000 to 1900099999, ten thousand that pass Luhn over 80840),
* employer id: prefix 89, which the IRS has not given out,
* telephone: 555-0100 to 555-0199, kept for fiction,
* Medicare member: a first character 0, which no Medicare number has; others begin with EX or 0.

City, state and ZIP belong together; streets are made up.
"""

from __future__ import annotations

from typing import NamedTuple

from .draws import Draws, words

__all__ = [
    "Address", "FIRST_NAMES", "LAST_NAMES", "Name", "NPI_COUNT", "address", "employer_id", "is_invented_npi", "npi",
    "person", "phone",
]  # fmt: skip

NPI_COUNT = 10_000


_FIRST_F = words(
    "ADA ALMA ANITA ASTRID BEATRIZ BRENNA CARLA CELIA CORA DALIA DELPHINE EDITH ELENA ESTHER FLORA FREYA GEMMA "
    "GRETA HANA HAZEL IDA INGRID IRIS JANELLE JOAN JUNE KEIKO LARA LENA LOUISA LUCIA MABEL MARISOL MEI MINA NADIA "
    "NORA OLIVE OPAL PAULA PEARL PRIYA QUINN RENATA ROSA RUTH SABINE SELMA SIGRID TALIA TESS THEA UMA VERA VIOLET "
    "WILLA XENIA YARA YUKI ZOE "
)
_FIRST_M = words(
    "AARON ABEL AMOS ANDRE ARLO BASIL BENNO BORIS CALEB CARLOS CONRAD DARIO DESMOND DEV EAMON EDGAR ELIAS EMIL "
    "EZRA FELIX FINN GIDEON GUSTAV HAROLD HIRO HUGO IVAN IVOR JABARI JONAS JULIO KAI KENJI LARS LEO LINUS LUIS "
    "MAGNUS MARCO MILO NILS NOAH OMAR ORSON OSCAR PABLO PEDER QUENTIN RAFAEL REMY ROLAND SAMIR SILAS STELLAN "
    "TARIQ THEO ULRIC VICTOR WADE XAVIER YUSUF ZANE "
)
_LAST_HEAD = words(
    "ALDER ASH BARK BECK BIRCH BLACK BRAM BRIGHT BROOK CALDER CEDAR CLOVER COLD CROW DAWN DEER EAGLE ELDER ELM "
    "FAIR FALCON FERN FOX FROST GARN GLEN GOLD GRAY GREEN HALE HART HAWK HAZEL HEATH HOLLOW IRON JUNIPER KEST "
    "LARK LIND LONG MAPLE MARSH MEADOW MILL MOON MOSS NEWEL NORTH OAK OTTER PINE PLUM QUARRY RAVEN REED RIVER "
    "ROWAN RUSH SAGE SAND SILVER SNOW STARK STONE STORM SUMMER SWIFT TALL THORN TIMBER VALE WALDEN WEST WHITE "
    "WILLOW WIND WINTER WOLF WREN YARROW "
)
_LAST_TAIL = words(
    "AND BANK BERG BOURNE BROOK BURN BY CROFT DALE DEN ER FIELD FORD GATE GROVE HALL HAM HOLM HURST LAND LEY LUND "
    "MAN MARK MERE MORE NESS RIDGE SBY SHAW SIDE SON STEAD STROM TON VIK WALL WAY WELL WICK WOOD WORTH "
)
FIRST_NAMES = _FIRST_F + _FIRST_M
LAST_NAMES = tuple(head + tail for head in _LAST_HEAD for tail in _LAST_TAIL)
"""The names that people are drawn from."""

_STREETS = words(
    "ALDERWOOD BASALT BITTERBRUSH BLUEBIRD CANYON CHERRY CINDER CLEARWATER COYOTE CRESCENT DESCHUTES DOGWOOD "
    "ELKHORN FERN FOURTH GALE GRANITE HARVEST HEMLOCK HIGH HUCKLEBERRY JUNIPER KESTREL LARCH LUPINE MADRONE "
    "MEADOWLARK MILL MINNOW NINTH OBSIDIAN ORCHARD PENSTEMON PONDEROSA PRAIRIE QUAIL RIMROCK SAGE SECOND SISKIYOU "
    "SORREL SUMMIT TAMARACK TEAL THIRD TRILLIUM TUMALO UNION VALLEY WALNUT WICKIUP YEW "
)
_STREET_KINDS = words("ST ST ST AVE AVE AVE RD RD LN CT DR DR WAY PL LOOP BLVD")
_QUARTERS = ("", "", "", "NW ", "NE ", "SW ", "SE ", "N ", "E ")
_UNITS = ("APT", "APT", "UNIT", "SPC", "#")
_CITIES = (
    ("BEND", "OR", "97701 97702 97703"), ("REDMOND", "OR", "97756"), ("SISTERS", "OR", "97759"),
    ("MADRAS", "OR", "97741"), ("PRINEVILLE", "OR", "97754"), ("LA PINE", "OR", "97739"),
    ("PORTLAND", "OR", "97202 97206 97211 97214 97219 97232"), ("SALEM", "OR", "97301 97302 97304"),
    ("EUGENE", "OR", "97401 97402 97405"), ("SPRINGFIELD", "OR", "97477 97478"), ("MEDFORD", "OR", "97501 97504"),
    ("ASHLAND", "OR", "97520"), ("CORVALLIS", "OR", "97330 97333"), ("HOOD RIVER", "OR", "97031"),
    ("THE DALLES", "OR", "97058"), ("KLAMATH FALLS", "OR", "97601 97603"), ("ROSEBURG", "OR", "97470 97471"),
    ("PENDLETON", "OR", "97801"), ("COOS BAY", "OR", "97420"), ("ASTORIA", "OR", "97103"),
    ("BOISE", "ID", "83702 83704 83706 83709"), ("MERIDIAN", "ID", "83642 83646"), ("NAMPA", "ID", "83651 83686"),
    ("TWIN FALLS", "ID", "83301"), ("IDAHO FALLS", "ID", "83401 83402"), ("COEUR D ALENE", "ID", "83814 83815"),
    ("MISSOULA", "MT", "59801 59802 59803"), ("BILLINGS", "MT", "59101 59102"), ("BOZEMAN", "MT", "59715 59718"),
    ("HELENA", "MT", "59601"), ("KALISPELL", "MT", "59901"), ("GREAT FALLS", "MT", "59401 59405"),
    ("SPOKANE", "WA", "99201 99203 99208"), ("YAKIMA", "WA", "98901 98902"),
    ("VANCOUVER", "WA", "98660 98661 98682"), ("SEATTLE", "WA", "98103 98115 98118"),
    ("TACOMA", "WA", "98405 98407"), ("WALLA WALLA", "WA", "99362"), ("OLYMPIA", "WA", "98501 98506"),
)  # fmt: skip
_TOWNS = tuple((city, state, code) for city, state, codes in _CITIES for code in codes.split())
_LOCAL = tuple(t for t in _TOWNS if t[1] == "OR")


class Name(NamedTuple):
    """A person. ``gender`` is M or F; ``middle`` often empty."""

    last: str
    first: str
    middle: str
    gender: str


class Address(NamedTuple):
    """A street address with its city, state and nine-digit ZIP. ``unit`` is often empty."""

    street: str
    unit: str
    city: str
    state: str
    zip_code: str


def npi(number: int) -> str:
    """The invented NPI with this number (0 to 9999, beyond that it begins again): ten digits that pass Luhn."""
    stem = f"19000{number % NPI_COUNT:04d}"
    total = 24  # what the prefix 80840 adds
    for place, character in enumerate(reversed(stem)):
        digit = int(character)
        if place % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return stem + str(-total % 10)


def is_invented_npi(text: str) -> bool:
    """Is it one of those that ``npi`` makes?"""
    return len(text) == 10 and text.isdecimal() and text.startswith("19000") and npi(int(text[5:9])) == text


def employer_id(number: int) -> str:
    """A nine-digit employer id with the unused prefix 89."""
    return f"89{(number * 7919 + 1234567) % 9_999_991:07d}"


def phone(draws: Draws) -> str:
    """A telephone number of those kept for fiction."""
    return f"{draws.pick(('541', '503', '208', '406', '509'))}55501{draws.digits(2)}"


def person(draws: Draws, last: str = "") -> Name:
    """Somebody invented; with ``last``, of that family."""
    is_woman = draws.chance(0.52)
    return Name(
        last or draws.pick(_LAST_HEAD) + draws.pick(_LAST_TAIL),
        draws.pick(_FIRST_F if is_woman else _FIRST_M),
        chr(65 + draws.below(26)) if draws.chance(0.35) else "",
        "F" if is_woman else "M",
    )


def address(draws: Draws, is_local: bool = False) -> Address:
    """A street address; ``is_local`` keeps it in Oregon."""
    city, state, code = draws.pick(_LOCAL if is_local else _TOWNS)
    unit = f"{draws.pick(_UNITS)} {draws.between(1, 420)}" if draws.chance(0.16) else ""
    number = draws.between(11, 9899) if draws.chance(0.8) else draws.between(10001, 68999)
    street = f"{number} {draws.pick(_QUARTERS)}{draws.pick(_STREETS)} {draws.pick(_STREET_KINDS)}"
    return Address(street, unit, city, state, f"{code}{draws.between(1001, 9889)}")
