"""Where an acknowledgment contradicts itself: its results, counts and amounts against each other, and its days.

Only what can't be otherwise is said. A 999 may leave out the sets that it accepts, and some payers list in a 277CA
only what they refuse: fewer listed than counted is no contradiction there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from ..phrases import counted
from ..privacy import legible
from ..telling.x12 import is_day
from .codes import is_refusal, is_taken
from .controls import CONTRADICTS, whole_number
from .received import GroupAnswer, SetAnswer, StatusAnswer

__all__ = ["COUNTED", "SUMMED", "Tally", "amount_of", "of_day", "of_days", "of_group", "of_status"]

REFUSED = frozenset("RMWX")
TAKEN = frozenset("AE")


def of_group(group: GroupAnswer) -> Iterator[str]:
    """What a 999 or 997 says of a group against what it says of its sets."""
    name = f"group {legible(group.number, 9) or '(no number)'}"
    if not group.result:
        yield f"The answer to {name} has no AK9, so it has no result."
    for one in group.sets:
        yield from _of_set(one, name)
    if group.result:
        for text in (*_of_counts(group), *_of_result(group)):
            yield f"{CONTRADICTS}{name} {text}."


def _of_set(one: SetAnswer, group: str) -> Iterator[str]:
    name = f"set {legible(one.number, 9) or '(no number)'} of {group}"
    if not one.result:
        yield f"The answer to {name} has no IK5 or AK5, so it has no result."
    elif one.result == "A" and one.segments:
        count = len(one.segments)
        yield (f"{CONTRADICTS}{name} is accepted without errors (A), yet {count:,} of its segments "
               f"{'is' if count == 1 else 'are'} told to be at fault.")


def _of_counts(group: GroupAnswer) -> Iterator[str]:
    """AK902 to AK904 against each other and the sets listed."""
    received, accepted = whole_number(group.received), whole_number(group.accepted)
    declared, listed = whole_number(group.declared), len(group.sets)
    taken, refused = _results(group, TAKEN), _results(group, REFUSED)
    if received is None:
        return
    if declared is not None and declared != received and group.result in TAKEN and "5" not in group.codes:
        yield (f"is accepted, although {counted(declared, 'set')} {_were(declared)} announced (AK902) and "
               f"{received:,} received (AK903)")
    if listed > received:
        yield f"counts {counted(received, 'set')} received (AK903), but {listed:,} are answered"
    if accepted is None:
        return
    if accepted > received:
        yield f"counts {counted(accepted, 'set')} accepted (AK904) of {received:,} received (AK903)"
    elif group.result in REFUSED and group.codes:
        return  # refused as such: whether its sets count as accepted then is told either way
    elif taken > accepted or (listed == received == taken + refused and accepted != taken):
        yield f"counts {counted(accepted, 'set')} accepted (AK904), but of those listed {_are(taken)} accepted"
    elif listed <= received and refused > received - accepted:
        yield (f"counts {counted(accepted, 'set')} accepted (AK904) of {received:,} received (AK903), but of those "
               f"listed {_are(refused)} rejected")


def _of_result(group: GroupAnswer) -> Iterator[str]:
    """AK901 against the sets listed, AK903 to AK905."""
    received, accepted = whole_number(group.received), whole_number(group.accepted)
    taken, refused = _results(group, TAKEN), _results(group, REFUSED)
    result = group.result
    if result in TAKEN:
        said = f"is accepted{'' if result == 'A' else ' with errors'} (AK901 {result})"
        if refused:
            yield f"{said}, yet {counted(refused, 'set')} of it {'is' if refused == 1 else 'are'} rejected"
        elif received is not None and accepted is not None and accepted < received:
            yield f"{said}, yet of {counted(received, 'set')} received {_are(accepted)} accepted (AK904)"
        if result == "A" and group.codes:
            yield f"{said}, yet AK905 names a fault of it"
    elif result == "P":
        said = "is accepted in part (AK901 P)"
        is_full = received is not None and accepted == received
        if not refused and (is_full or (group.sets and taken == len(group.sets) == received)):
            yield f"{said}, yet no set of it is rejected"
        elif not taken and accepted == 0:
            yield f"{said}, yet no set of it is accepted"
    elif result == "R" and not group.codes and (taken or accepted):
        told = taken or accepted or 0
        yield f"is rejected (AK901 R) without a fault of its own (AK905), yet of its sets {_are(told)} accepted"


def _results(group: GroupAnswer, wanted: frozenset[str]) -> int:
    return sum(one.result in wanted for one in group.sets)


def _are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}" if count else "none is"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


# --- 277CA ---------------------------------------------------------------------------------------------------


def of_status(name: str, statuses: Iterable[StatusAnswer]) -> Iterator[str]:
    """A category that takes up beside an action that refuses (STC03), or the other way round."""
    for status in statuses:
        category = status.codes[0].category if status.codes else ""
        if status.action == "U" and is_taken(category, ""):
            yield f"{CONTRADICTS}the status {category} of {name} accepts, its action (STC03) U rejects."
        elif status.action == "WQ" and is_refusal(category, ""):
            yield f"{CONTRADICTS}the status {category} of {name} rejects, its action (STC03) WQ accepts."


def of_day(name: str, day: str, century: str = "") -> Iterator[str]:
    """A day that no calendar has: CCYYMMDD, or YYMMDD with its ``century``."""
    if day and not is_day(century + day):
        yield f"The acknowledgment names a day that doesn't exist: {name} is “{legible(day, 20)}”."


def of_days(name: str, days: str) -> Iterator[str]:
    """The same for a day or a range (``CCYYMMDD-CCYYMMDD``), which must not end before it begins."""
    first, dash, last = days.partition("-")
    wrong = [text for day in ((first, last) if dash else (first,)) for text in of_day(name, day)]
    yield from wrong
    if dash and not wrong and last < first:
        yield f"{CONTRADICTS}{name} is “{legible(days, 20)}”, which ends before it begins."


def amount_of(text: str) -> Decimal | None:
    """An amount as X12 writes it; ``None`` for anything else."""
    digits = text.removeprefix("-").replace(".", "", 1)
    return Decimal(text) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


COUNTED = {"90": "accepted", "QA": "accepted", "AA": "rejected", "QC": "rejected"}
"""QTY01: counts of claims."""
SUMMED = {"YU": "accepted", "YY": "rejected"}
"""AMT01: charges."""


@dataclass
class Tally:
    """What stands below a provider or a batch: claims and charges by result. A sum of ``None`` is not known."""

    claims: dict[str, int] = field(default_factory=lambda: {"accepted": 0, "rejected": 0})
    charges: dict[str, Decimal | None] = field(
        default_factory=lambda: {"accepted": Decimal(0), "rejected": Decimal(0)})

    def add(self, result: str, charge: str) -> None:
        """A claim, its charge as STC04 has it."""
        if result in self.claims:
            self.claims[result] += 1
            self._add(result, amount_of(charge))

    def take(self, counts: dict[str, str]) -> None:
        """What a level without claims below it counts itself."""
        for code, result in COUNTED.items():
            self.claims[result] += whole_number(counts.get(code, "")) or 0
        for code, result in SUMMED.items():
            if code in counts:
                self._add(result, amount_of(counts[code]))

    def merge(self, other: Tally) -> None:
        """Those of a level below."""
        for result, count in other.claims.items():
            self.claims[result] += count
            self._add(result, other.charges[result])

    def _add(self, result: str, charge: Decimal | None) -> None:
        total = self.charges[result]
        self.charges[result] = None if total is None or charge is None else total + charge

    def against(self, name: str, counts: dict[str, str], statuses: list[StatusAnswer]) -> Iterator[str]:
        """Counts, sums and the amount (STC04) of the level against what stands below it and each other."""
        for code, result in COUNTED.items():
            told, listed = whole_number(counts.get(code, "")), self.claims[result]
            if told is not None and listed and told != listed:
                yield (f"{CONTRADICTS}{name} counts {counted(told, 'claim')} {result} (QTY*{code}), "
                       f"but {listed:,} {'is' if listed == 1 else 'are'} listed.")
        for code, result in SUMMED.items():
            amount, total = amount_of(counts.get(code, "")), self.charges[result]
            if amount is not None and total is not None and self.claims[result] and amount != total:
                yield (f"{CONTRADICTS}{name} gives {amount:f} in charges {result} (AMT*{code}), but those listed add "
                       f"up to {total:f}.")
        parts = [part for code in SUMMED if (part := amount_of(counts.get(code, ""))) is not None]
        whole = amount_of(statuses[0].amount) if statuses else None
        if whole is not None and len(parts) == len(SUMMED.keys() & counts) > 0 and whole != sum(parts):
            yield (f"{CONTRADICTS}{name} is of {whole:f} in charges (STC04), but its amounts (AMT) add up to "
                   f"{sum(parts):f}.")

    def below_refusal(self, name: str) -> Iterator[str]:
        """Nothing can be accepted below what is refused."""
        count = self.claims["accepted"]
        if count:
            yield f"{CONTRADICTS}{name} is rejected as such, yet of its claims {_are(count)} accepted."
