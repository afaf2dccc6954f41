"""The list of faults, and the planter that takes turns with them.

``Planter`` gives every fault its turn: of those that suit a claim, the one planted least often so far. Its
choices come from a stream of their own, so the same seed gives the same clean claims with and without faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..claims import DraftClaim
from ..draws import Draws
from . import core, guide, parties, payer, public, structure

__all__ = ["FAULTS", "USUAL", "Fault", "Ledger", "Planned", "Planter"]


class Planned(NamedTuple):
    """A line of the ledger: ``claim`` counts from 1 in the file, ``number`` is its CLM01; ``also`` are edits that
    may fire besides."""

    claim: int
    number: str
    fault: str
    edit: str
    level: str
    also: tuple[str, ...]


class Ledger(Protocol):
    """Where the planter writes what it planted: a list will do."""

    def append(self, planned: Planned, /) -> object: ...


@dataclass(frozen=True)
class Fault:
    """``plant`` gets the claim, the claim before it of the same patient (or None) and the calendar (age to CCYYMMDD);
    it answers False, and has changed nothing, when the fault doesn't suit. ``level`` is the edit's default level."""

    name: str
    edit: str
    level: str
    plant: Callable[[DraftClaim, DraftClaim | None, tuple[str, ...]], bool]
    also: tuple[str, ...] = ()


FAULTS: dict[str, Fault] = {
    name: Fault(name, edit, level, plant, also)
    for table in (
        guide.FAULTS, core.FAULTS, payer.FAULTS, structure.FAULTS, parties.FAULTS, public.FAULTS,
    )
    for name, (edit, level, plant, also) in table.items()
}  # fmt: skip

USUAL = (*guide.FAULTS, *core.FAULTS, *payer.FAULTS)
"""What is planted where only a share is asked for. Closed: the files that benchmarks measure must stay the same."""


_REPEATING = ("duplicate-claim", "patient-control-number-repeated")
"""Faults that need a claim of the same patient before, without a fault."""


@dataclass
class _Turn:
    """How often a fault was planted, and its place in the list."""

    planted: int
    place: int
    fault: Fault


class Planter:
    """Decides which claims get which fault. ``share`` is the part of the claims that are to be faulty."""

    def __init__(self, names: Iterable[str], share: float, seed: int, ledger: Ledger | None) -> None:
        chosen = list(dict.fromkeys(names))
        unknown = sorted(set(chosen) - set(FAULTS))
        if unknown:
            raise ValueError(f"No such fault: {', '.join(unknown)}. There are: {', '.join(FAULTS)}.")
        self._turns = [_Turn(0, n, FAULTS[name]) for n, name in enumerate(chosen)]
        self._share = share if chosen else 0.0
        self._draws = Draws(seed * 2 + 1_000_003)
        self._ledger = ledger

    def plant(self, drafts: list[DraftClaim], calendar: tuple[str, ...]) -> None:
        """Plant at most one fault in each of a patient's claims."""
        if not self._share:
            return
        before: DraftClaim | None = None
        spared = drafts[0] if len(drafts) > 1 and self._wants_original() else None
        for draft in drafts:
            is_faulty = (self._draws.chance(self._share) and draft is not spared
                         and self._plant_one(draft, before, calendar))
            if not is_faulty:  # a faulty claim is nobody's original
                before = draft

    def _wants_original(self) -> bool:
        """Would every claim be made faulty, and is it the turn of a fault that repeats a clean one?"""
        if self._share < 1:
            return False
        least = min(turn.planted for turn in self._turns)
        return any(turn.planted == least and turn.fault.name in _REPEATING for turn in self._turns)

    def _plant_one(self, draft: DraftClaim, before: DraftClaim | None, calendar: tuple[str, ...]) -> bool:
        self._turns.sort(key=lambda turn: (turn.planted, turn.place))
        for turn in self._turns:
            fault = turn.fault
            if fault.plant(draft, before, calendar):
                turn.planted += 1
                if self._ledger is not None:
                    self._ledger.append(
                        Planned(draft.index, draft.number, fault.name, fault.edit, fault.level, fault.also)
                    )
                return True
        return False
