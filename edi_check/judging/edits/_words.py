"""How the checks of this folder name parties and amounts in a message. Not a topic: no checks here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ...model import Claim, Party

_ROLES = {
    "85": "billing provider", "87": "pay-to provider", "PE": "pay-to plan", "IL": "subscriber", "QC": "patient",
    "PR": "payer", "82": "rendering provider", "77": "service facility", "DN": "referring provider",
    "P3": "primary care provider", "DQ": "supervising provider", "DK": "ordering provider",
    "QB": "purchased service provider",
}
_CENT = Decimal("0.01")


def role(party: Party, line: int = 0) -> str:
    """What a party is on the claim, in words: ``rendering provider of line 2``; never its name."""
    name = _ROLES.get(party.entity, "provider")
    if party.loop[:4] == "2330":
        name = "other " + name
    return f"{name} of line {line}" if line else name


def money(amount: Decimal) -> str:
    """An amount with two places, or as many as it has.

    >>> money(Decimal("100")), money(Decimal("12.345"))
    ('100.00', '12.345')
    """
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -2 and abs(amount) < 10**20:
        return str(amount.quantize(_CENT))
    return f"{amount:f}"


def listing(words: Iterable[object]) -> str:
    """``1, 2 and 3``."""
    items = [str(w) for w in words]
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def providers(claim: Claim) -> Iterator[tuple[Party, int]]:
    """Every provider that an NM1 of the claim names, with its line (0: the claim or a level above). For the rare path:
    a check on the way to nothing looks at the fields itself."""
    yield claim.billing, 0
    for party in (claim.rendering, claim.supervising, claim.facility, *claim.referring):
        if party is not None:
            yield party, 0
    for line in claim.service_lines:
        for party in (line.rendering, line.purchased, line.facility, line.supervising, line.ordering, *line.referring):
            if party is not None:
                yield party, line.number
