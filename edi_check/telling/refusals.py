"""Which billing providers and which sets are refused as such: a 277CA says that once, at their level (2200C, 2200B),
and nothing below.

- A billing provider whose own loops (2000A, 2010AA to 2010AC) give each of its claims the same reason for a refusal.
- A set that came twice: each of its claims is a duplicate of a claim of one set before it, which has the same BHT03
  and as many claims (746).

Where only some of the claims have such a reason (void claims aren't judged by every edit), it is told claim by claim.
"""

from __future__ import annotations

from ..findings import Finding, Status
from ..report import FileReport
from .dispositions import is_guide_fault
from .statuses import told

__all__ = ["PROVIDER_LOOPS", "SAME_BATCH", "WholeRefusals"]

PROVIDER_LOOPS = frozenset({
    "2000A", "2010AA", "2010AB", "2010AC"
})
"""A billing provider's own."""
SAME_CLAIM = "CORE-DUP-01"
SAME_BATCH = Status("A3", ("746",))
"""Duplicate submission, said of whole batches only."""


class WholeRefusals:
    """Looks at the claims of a file, by their 1-based index, once more. Ask only where every claim is refused."""

    def __init__(self, file: FileReport) -> None:
        self.file = file

    def of_provider(self, first: int, last: int) -> list[Status]:
        """Why the billing provider of these claims is refused as such; nothing when it isn't."""
        common: dict[tuple[str, int, str], Finding] = {}
        for index in range(first, last + 1):
            own = {(f.edit, f.where.segment, f.where.element): f for f in self.file.claim(index).findings
                   if f.level == "reject" and f.where.loop in PROVIDER_LOOPS and not is_guide_fault(f.edit)}
            common = {key: f for key, f in common.items() if key in own} if index > first else own
            if not common:
                break
        return list(dict.fromkeys(told(f) for f in common.values()))

    def twin_of_set(self, first: int, last: int) -> int:
        """The number of the set before this one whose claims these are, each another of them; 0 when there is none."""
        earlier: set[int] = set()
        sets: set[int] = set()
        for index in range(first, last + 1):
            twin = next((f.related[0].claim for f in self.file.claim(index).findings
                         if f.edit == SAME_CLAIM and f.level == "reject" and f.related), 0)
            if not 0 < twin < first or twin in earlier:
                return 0
            earlier.add(twin)
            sets.add(self.file.claim(twin).set_index)
        return sets.pop() if len(sets) == 1 else 0
