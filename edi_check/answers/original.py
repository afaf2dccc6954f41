"""The claim file that is answered: where its sets and segments stand, and which claims hang under them.

One pass of the reader. Kept are a few numbers of every claim, and in full only what is asked for: the segments named
by a 999, and, on disk, the places of the claims that a 277CA refuses. Part of the beam: it drives the reader of
*reading*.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from ..model import Claim, Delimiters, Interchange, Place
from ..pipeline import limits_of
from ..reading.reader import Reader
from ..reading.segments import Batch
from ..sources import Source
from ..spool import Store
from .claim_numbers import ClaimNumbers, cut_key, number_key
from .claim_records import ClaimRecords, Claims
from .set_numbers import SetNumbers, SetRecord, group_key, set_key

__all__ = ["Asked", "Original"]

CONTROL = ("GS", "GE", "ST", "SE", "IEA")


@dataclass
class Asked:
    """What an acknowledgment wants to see of the original. ``positions`` by group and set (``group_key``, ``set_key``);
    ``numbers`` of claims (``number_key``, ``cut_key``); ``look`` is called with each such claim while its segments are
    at hand, and what it returns is kept; so is ``look_at_provider``, with the first claim of each billing level."""

    positions: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    look: Callable[[Claim], tuple[Any, ...]] = lambda claim: ()
    look_at_provider: Callable[[Claim], tuple[Any, ...]] = lambda claim: ()


class _Follower(Reader):
    """A reader that is watched: ``sight`` sees every batch after it was read."""

    def __init__(self, sight: Callable[[Batch, _Follower], None], limits: Mapping[str, int]) -> None:
        super().__init__(limits)
        self._sight = sight

    def _run(self, batch: Batch) -> None:
        super()._run(batch)
        self._sight(batch, self)


class Original:
    """The file answered. ``limits`` as in ``read_claims``. ``trouble`` says why it can't be used, ``""`` when it can.
    Raises nothing over its content."""

    def __init__(self, source: Source, asked: Asked, store: Store | None = None,
                 limits: Mapping[str, int] | None = None) -> None:
        self.source, self.asked = source, asked
        self.sets: list[SetRecord] = []
        self.controls: dict[int, Place] = {}
        self._control_numbers: list[int] = []
        self._trailers: dict[tuple[int, str], Place | None] = {}
        self._offsets: list[int] = []
        self._set_numbers: SetNumbers | None = None
        self._claim_numbers: ClaimNumbers | None = None
        self._positions = {key: sorted(positions) for key, positions in asked.positions.items()}
        self._at = [0, 0, 0]
        """Interchange, group and set up to which the sets are known."""
        self.claims = ClaimRecords(store or Store())
        reader = _Follower(self._sight, limits_of(limits))
        for claim in reader.read(source.chunks()):
            self._enter(claim)
        self.interchanges = reader.interchanges
        self._is_limit_hit = reader.limit_hit
        self.trouble = self._trouble()

    def _trouble(self) -> str:
        if self.source.trouble == "read":
            return f"can't be read: {self.source.error}"
        if not self.interchanges:
            return "is not X12"
        if self._is_limit_hit or self.source.trouble == "limit":
            return "goes beyond a limit of the settings; it is read to there"
        if self.source.trouble:
            return "is a gzip file that can't be unpacked to its end"
        return "" if any(r.set.is_professional for r in self.sets) else "holds no professional claims (837P)"

    def _enter(self, claim: Claim) -> None:
        asked, number = self.asked.numbers, claim.number
        is_asked = number_key(number) in asked or cut_key(number) in asked
        if self.claims.enter(claim, self.asked.look(claim) if is_asked else ()):
            self.claims.see_provider(self.asked.look_at_provider(claim))

    # --- while it is read ------------------------------------------------------------------------------------

    def _sight(self, batch: Batch, reader: _Follower) -> None:
        self._new_sets(reader.interchanges)
        separator = reader.interchanges[-1].delimiters.element if reader.interchanges else "*"
        names = tuple(name + separator for name in CONTROL)
        for index, text in enumerate(batch.segments):
            if text.startswith(names):
                n = batch.first + index
                self.controls[n] = Place(n, 0, batch.start(index), len(text), "", text)
        if self.asked.positions:
            self._collect(batch)

    def _new_sets(self, interchanges: list[Interchange]) -> None:
        while self._at[0] < len(interchanges):
            i = interchanges[self._at[0]]
            while self._at[1] < len(i.groups):
                g = i.groups[self._at[1]]
                self.sets.extend(SetRecord(i, g, s) for s in g.sets[self._at[2] :])
                self._at[2] = len(g.sets)
                if self._at[1] + 1 == len(i.groups):
                    break
                self._at[1:] = [self._at[1] + 1, 0]
            if self._at[0] + 1 == len(interchanges):
                break
            self._at = [self._at[0] + 1, 0, 0]

    def _collect(self, batch: Batch) -> None:
        """Keep the segments of this batch that were asked for, of the sets that stand in it."""
        stop = batch.first + len(batch.segments)
        for record in reversed(self.sets):
            start = record.set.segment
            if start >= stop:
                continue
            positions = self._positions.get((group_key(record.group.control_number),
                                             set_key(record.set.control_number)), [])
            first, beyond = (bisect_left(positions, n - start + 1) for n in (batch.first, stop))
            for position in positions[first:beyond]:
                record.places[position] = _place(batch, start + position - 1 - batch.first, position)
            if start <= batch.first:
                break
            stop = start

    # --- afterwards ------------------------------------------------------------------------------------------

    @property
    def set_numbers(self) -> SetNumbers:
        """The sets by number; made when first asked for."""
        if self._set_numbers is None:
            self._set_numbers = SetNumbers(self.sets, self.interchanges)
        return self._set_numbers

    @property
    def claim_numbers(self) -> ClaimNumbers:
        """The claims by number; made when first asked for."""
        if self._claim_numbers is None:
            self._claim_numbers = ClaimNumbers(self.claims)
        return self._claim_numbers

    def claims_of(self, *sets: SetRecord) -> Claims:
        """The claims of these sets, in file order."""
        return Claims(self.claims, [self.claims.sets[r.set.index] for r in sets if r.set.index in self.claims.sets])

    def claim_named(self, number: str, among: Iterable[int]) -> int:
        """The first of the claims ``among`` (running numbers) that an answer may mean by ``number``: with this very
        CLM01, else with one of the same ``number_key``; 0 for none."""
        exact, key, alike = number.strip(), number_key(number), 0
        for n in among:
            its = self.claims.number(n)
            if its.strip() == exact:
                return n
            if not alike and number_key(its) == key:
                alike = n
        return alike

    def claims_at(self, record: SetRecord, place: Place, number: str = "", is_line_short: bool = False) -> Claims:
        """The claims that a segment of a set belongs to: the one it stands in, those below its level, or every claim of
        the set when it stands above all levels. What is missing at the end of a claim is told at the segment that
        follows it: ``number`` is the claim that the answer names; without it, ``is_line_short`` says that something of
        a service line is missing."""
        claims = self.claims
        start, end = claims.sets.get(record.set.index, (1, 0))
        at = claims.last_before(start, end, place.segment)
        before = claims.last_before(start, end, place.segment - 1) if is_line_short else 0  # no CLM has lines before it
        if number:
            near = [n for n in (before, at, at - 1) if start <= n <= end]
            named = self.claim_named(number, near) or self.claim_numbers.named(number.strip(), start, end)
            if named:
                return Claims(claims, [(named, named)])
        if before >= start:
            return Claims(claims, [(before, before)])
        if at >= start and place.segment <= claims.record(at).last:
            return Claims(claims, [(at, at)])
        below = at + 1
        while below <= end and claims.is_under(below, place.offset):
            below += 1
        return Claims(claims, [(at + 1, below - 1)] if below > at + 1 else [(start, end)] if end else [])

    def trailer(self, segment: int, name: str, stop: str) -> Place | None:
        """The first control segment called ``name`` after segment number ``segment`` and before another ``stop``."""
        key = segment, name
        if key not in self._trailers:
            self._trailers[key] = self._trailer(segment, name, stop)
        return self._trailers[key]

    def _trailer(self, segment: int, name: str, stop: str) -> Place | None:
        numbers = self._control_numbers or list(self.controls)
        self._control_numbers = numbers
        for at in range(bisect_right(numbers, segment), len(numbers)):
            place = self.controls[numbers[at]]
            if place.text.startswith(name):
                return place
            if place.text.startswith(stop):
                break
        return None

    def delimiters_at(self, offset: int) -> Delimiters:
        """The delimiters of the interchange that holds this byte."""
        self._offsets = self._offsets or [i.offset for i in self.interchanges]
        at = bisect_right(self._offsets, offset)
        return self.interchanges[at - 1].delimiters if at else Delimiters()


_first = itemgetter(0)


def _place(batch: Batch, index: int, position: int) -> Place:
    number = batch.first + index
    at = bisect_right(batch.loops, number, key=_first)
    loop = batch.loops[at - 1][1] if at else ""
    text = batch.segments[index]
    return Place(number, position, batch.start(index), len(text), loop if loop[:1].isdigit() else "", text)
