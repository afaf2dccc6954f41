"""States that are no use of the guide: outside sets, inside a set of another kind, after an NM1 that fits nowhere."""

from __future__ import annotations

from .compile import CONTROL, Choice, Step, StepTable, Transition

__all__ = ["AfterStranger", "Elsewhere"]

PARTY_TAIL = frozenset({"N2", "N3", "N4", "PER", "REF", "PRV", "DMG"})
"""What follows an NM1 in its loop: passed over in silence after an NM1 that no use fits."""


def _anything(text: str) -> bool:
    return True


class Elsewhere(Step):
    """A place where no segment of a set is expected: outside sets, or inside a set of another kind (``swallows``)."""

    __slots__ = ("swallow",)

    def __init__(self, table: StepTable, swallows: bool) -> None:
        self.use = table.guide.set_loop.children[0]  # type: ignore[assignment]
        self.table = table
        self.choices = {}
        self.memo = {}
        self.parse, self.act, self.is_memo, self.width = None, None, False, 0
        self.match = _anything
        self.guess = None
        self.swallow = Choice() if swallows else None
        if self.swallow:
            self.swallow.only = Transition(self, 0, 0, 0, (), ())

    def choice(self, segment_id: str) -> Choice | None:
        return None if segment_id in CONTROL else self.swallow


class AfterStranger(Step):
    """The state after an NM1 that fits no use: its party's segments are passed over, others go on from before."""

    __slots__ = ("before", "swallow")

    def __init__(self, before: Step) -> None:
        self.use, self.table = before.use, before.table
        self.choices, self.memo = {}, {}
        self.parse, self.act, self.is_memo, self.width = None, None, False, 0
        self.match = _anything
        self.guess = None
        self.before = before
        self.swallow = Choice()
        self.swallow.only = Transition(self, 0, 0, 0, (), ())

    def choice(self, segment_id: str) -> Choice | None:
        return self.swallow if segment_id in PARTY_TAIL else self.before.choice(segment_id)
