"""Units of ranges of days and of single days held against a daily limit (PSRC-MT-03): what is rejected can't be spread
over its days whatever the therapist did, what is silent can't be too much on any day, by an oracle that tries all
windows.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
from cases import AS_OF, interchange

import edi_check

MOST = 6
PROVIDERS = ("", "NM1*82*1*LOE*KIM****XX*1900000021")


class Given(NamedTuple):
    """A line: its days in February 2026, first to last, its units, and who rendered it."""

    first: int
    last: int
    units: int
    provider: str


def drawn(draw: random.Random) -> list[list[Given]]:
    """One to three claims of one patient, crowded into a week."""
    claims = []
    for _ in range(draw.randint(1, 3)):
        lines = []
        for _ in range(draw.randint(1, 4)):
            first = draw.randint(2, 7)
            last = first + draw.choice((0, 0, 1, 2, 3))
            units = draw.randint(1, 5) if draw.random() < 0.6 else draw.randint(4, 7 * (last - first + 1))
            lines.append(Given(first, last, units, draw.choice(PROVIDERS) if draw.random() < 0.3 else ""))
        claims.append(lines)
    return claims


def fragment(lines: list[Given], number: int) -> str:
    segments = []
    for n, line in enumerate(lines):
        days = f"DTP*472*RD8*202602{line.first:02}-202602{line.last:02}"
        charge = 1000 * number + 100 * n + line.units  # so that none is another's double
        segments += [f"SV1*HC:97140:GP*{charge}*UN*{line.units}***1", days, *([line.provider] if line.provider else [])]
    return "~".join(segments)


def most_on_a_day(lines: list[Given], own: list[Given]) -> int:
    """The most units that can be of one of the claim's days, if all units of ranges were of that day."""
    days = {day for line in own for day in range(line.first, line.last + 1)}
    return max(sum(line.units for line in lines if line.first <= day <= line.last) for day in days)


def excess(lines: list[Given], own: list[Given], windows: set[tuple[int, int]]) -> bool:
    """Has one provider, who is on the claim, more units within one of the windows than all of its days may have?"""
    for first, last in windows:
        for provider in {line.provider for line in own if first <= line.first and line.last <= last}:
            units = sum(n.units for n in lines if first <= n.first and n.last <= last and n.provider == provider)
            if units > MOST * (last - first + 1):
                return True
    return False


@pytest.mark.parametrize("seed", range(4))
def test_what_is_rejected_cant_be_right_and_what_is_silent_cant_be_wrong(seed: int) -> None:
    draw = random.Random(seed)
    any_window = {(first, last) for first in range(1, 12) for last in range(first, 12)}
    seen = {"reject": 0, "review": 0, "": 0}
    for _ in range(80):
        claims = drawn(draw)
        data = interchange({"claims": [fragment(lines, n) for n, lines in enumerate(claims, 1)]}, "psrc")
        (file,) = edi_check.check(data, as_of=AS_OF, settings={"PSRC-MT": {"aso_groups": []}}).files
        assert not file.faults
        standing: list[Given] = []
        for n, own in enumerate(claims, 1):
            found = {f.level for f in file.findings if f.edit == "PSRC-MT-03" and f.claim == n}
            level = "reject" if "reject" in found else "review" if found else ""
            lines = [*standing, *own]
            assert bool(level) == (most_on_a_day(lines, own) > MOST), (claims, n)
            if level == "reject":
                assert excess(lines, own, any_window), (claims, n)
            elif excess(lines, own, {(line.first, line.last) for line in lines}):
                raise AssertionError(f"{claims}: claim {n} is {level or 'silent'}, and surely too much")
            if level != "reject":
                standing += own
            seen[level] += 1
    assert all(seen.values()), "the draw tries too little"
