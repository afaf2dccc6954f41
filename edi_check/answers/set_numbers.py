"""The sets of the file that is answered, by the numbers that an acknowledgment names them with.

As with claims: each question costs what it finds. Numbers may come again, in the extreme all of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from ..model import FunctionalGroup, Interchange, Place, TransactionSet
from .claim_numbers import number_key

__all__ = ["SameReference", "SetNumbers", "SetRecord", "group_key", "set_key"]


def group_key(number: str) -> str:
    """GS06 as an AK1 repeats it; what is no number is ``0`` there."""
    number = number.strip()[:9]
    return str(int(number)) if number.isascii() and number.isdigit() else "0"


def set_key(number: str) -> str:
    """ST02 as an AK2 repeats it: filled to four characters."""
    return number.strip()[:9].zfill(4)


@dataclass
class SetRecord:
    """A set of the file, with the segments of it that were asked for, by their position in the set."""

    interchange: Interchange
    group: FunctionalGroup
    set: TransactionSet
    places: dict[int, Place] = field(default_factory=dict)


class SameReference:
    """Sets with one BHT03, which a 277CA tells apart by nothing else: those whose answer was told, and the others."""

    def __init__(self) -> None:
        self.sets: list[SetRecord] = []
        self._by_index: dict[int, SetRecord] = {}
        self._by_count: dict[int, list[SetRecord]] = {}
        self._left: OrderedDict[int, SetRecord] = OrderedDict()
        self._left_by_count: dict[int, OrderedDict[int, SetRecord]] = {}

    def add(self, record: SetRecord) -> None:
        """The next set of the file."""
        index, count = record.set.index, record.set.claims
        self.sets.append(record)
        self._by_index[index] = record
        self._by_count.setdefault(count, []).append(record)
        self._left[index] = record
        self._left_by_count.setdefault(count, OrderedDict())[index] = record

    def answer(self, record: SetRecord) -> None:
        """Its answer was told."""
        self._left.pop(record.set.index, None)
        self._left_by_count[record.set.claims].pop(record.set.index, None)

    def get(self, index: int) -> SetRecord | None:
        """The one with this index."""
        return self._by_index.get(index)

    def is_answered(self, record: SetRecord) -> bool:
        return record.set.index not in self._left

    def likely(self, count: int) -> list[SetRecord]:
        """The first two, when ``count`` claims are told: sets not answered before others, among them those with as many
        claims before others, in file order."""
        as_many = self._by_count.get(count, ())
        ranked = chain(
            self._left_by_count.get(count, OrderedDict()).values(),
            (r for r in self._left.values() if r.set.claims != count),
            (r for r in as_many if self.is_answered(r)),
            (r for r in self.sets if self.is_answered(r) and r.set.claims != count))
        return list(islice(ranked, 2))


class SetNumbers:
    """The sets of a file, which is read to its end, by number."""

    def __init__(self, sets: Sequence[SetRecord], interchanges: Sequence[Interchange]) -> None:
        self._by_number: dict[tuple[str, str], list[SetRecord]] = {}
        self._by_reference: dict[str, SameReference] = {}
        self._by_group: dict[int, list[SetRecord]] = {}
        self._by_interchange: dict[int, list[SetRecord]] = {}
        self._interchanges: dict[str, list[Interchange]] = {}
        self._groups: dict[str, list[FunctionalGroup]] = {}
        for r in sets:
            key = group_key(r.group.control_number), set_key(r.set.control_number)
            self._by_number.setdefault(key, []).append(r)
            self._by_reference.setdefault(number_key(r.set.reference), SameReference()).add(r)
            self._by_group.setdefault(r.group.index, []).append(r)
            self._by_interchange.setdefault(r.interchange.index, []).append(r)
        for i in interchanges:
            self._interchanges.setdefault(i.control_number.strip(), []).append(i)
            for g in i.groups:
                self._groups.setdefault(group_key(g.control_number), []).append(g)

    def named(self, group: str, number: str) -> Sequence[SetRecord]:
        """The sets that an AK1 and AK2 may mean."""
        return self._by_number.get((group_key(group), set_key(number)), ())

    def referred(self, reference: str) -> SameReference | None:
        """Those with this BHT03."""
        return self._by_reference.get(number_key(reference))

    def of_group(self, group: FunctionalGroup) -> Sequence[SetRecord]:
        """Those of a group."""
        return self._by_group.get(group.index, ())

    def of_interchange(self, interchange: Interchange) -> Sequence[SetRecord]:
        """Those of an interchange."""
        return self._by_interchange.get(interchange.index, ())

    def interchanges(self, number: str) -> Sequence[Interchange]:
        """The interchanges that a TA1 may mean."""
        return self._interchanges.get(number.strip(), ())

    def group(self, number: str, least: int) -> FunctionalGroup | None:
        """Of the groups that an AK1 may mean, the first whose index is ``least`` or more, else the first."""
        same = self._groups.get(group_key(number), ())
        at = bisect_left(same, least, key=lambda g: g.index)
        return same[at] if at < len(same) else same[0] if same else None


def in_turn(records: Sequence[SetRecord], least: int) -> Iterator[SetRecord]:
    """Sets in file order, from the group with the index ``least`` on; then those before."""
    start = bisect_left(records, least, key=lambda r: r.group.index)
    return (records[n] for n in chain(range(start, len(records)), range(start)))
