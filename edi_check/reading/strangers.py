"""States that are no use of the guide: outside sets, inside a set of another kind, after what fits nowhere."""

from __future__ import annotations

from .compile import CONTROL, Choice, Step, StepTable, Transition

__all__ = ["COVERAGE_HEAD", "COVERAGE_TAIL", "PARTY_TAIL", "AfterStranger", "Elsewhere", "before_stranger"]

PARTY_TAIL = frozenset({"N2", "N3", "N4", "PER", "REF", "PRV", "DMG"})
"""What follows an NM1 in its loop: passed over in silence after an NM1 that no use fits."""
COVERAGE_HEAD = frozenset({"CAS", "AMT", "OI", "MOA"})
COVERAGE_TAIL = COVERAGE_HEAD | PARTY_TAIL | {"NM1", "DTP"}
"""What follows the SBR of another payer (2320): first its amounts, then its parties."""


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
    """The state after what fits nowhere: segments of ``tail`` belong to it and are passed over, others go on from
    before. ``then``: the tail after one that was passed over, ``tail`` itself if empty."""

    __slots__ = ("before", "swallow", "tail")

    def __init__(self, before: Step, tail: frozenset[str] = PARTY_TAIL, then: frozenset[str] = frozenset()) -> None:
        self.use, self.table = before.use, before.table
        self.choices, self.memo = {}, {}
        self.parse, self.act, self.is_memo, self.width = None, None, False, 0
        self.match = _anything
        self.guess = None
        self.before, self.tail = before, tail
        self.swallow = Choice()
        self.swallow.only = Transition(AfterStranger(before, then) if then else self, 0, 0, 0, (), ())

    def choice(self, segment_id: str) -> Choice | None:
        return self.swallow if segment_id in self.tail else self.before.choice(segment_id)


def before_stranger(step: Step) -> Step:
    """The state that a segment stands in, whatever stranger came before it."""
    return step.before if isinstance(step, AfterStranger) else step
