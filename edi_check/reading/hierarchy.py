"""HL numbers: each one more than the last, under a parent that is open, and children as promised (CORE-SIT-11).

A fault of number or parent concerns the whole set; a promise that HL04 makes and what follows breaks concerns the
subscriber whose HL it is. After a wrong number counting goes on from it, so that one slip is said once. Leading zeros
say the same number.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Breach", "Hierarchy"]


class Breach(NamedTuple):
    """``element`` is HL01, HL02 or HL04; ``scope`` ``set`` or ``subscriber``; ``is_earlier``: the subscriber's HL is
    meant, not the one at hand; ``value`` is that of the element, where the 999 repeats it."""

    message: str
    fix: str
    element: str
    scope: str
    is_earlier: bool = False
    value: str = ""


class Hierarchy:
    """The HL levels of one set."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new set."""
        self._next = 1
        self._provider = self._subscriber = ""
        self._promise = ""
        self._children = 0

    def take(self, loop: str, number: str, parent: str, promise: str) -> list[Breach]:
        """An HL of loop 2000A, 2000B or 2000C with its HL01, HL02 and HL04 as sent."""
        if loop == "2000B" and parent == self._provider and number == str(self._next) and self._promise != "1":
            # The common case: the next number under the open provider, and nothing promised before is owed.
            self._next += 1
            self._subscriber, self._promise, self._children = number, promise, 0
            return []
        found: list[Breach] = []
        if loop != "2000C":
            found += self.end()
        if _plain(number) != str(self._next):
            found.append(
                Breach(
                    f"HL01 is {number[:12] or 'empty'}; "
                    f"the {_ordinal(self._next)} level of the set must be numbered {self._next}.",
                    "Number the HL segments of a set 1, 2, 3 and so on.",
                    "HL01",
                    "set",
                    value=number[:12],
                )
            )
            if number.isdecimal() and number.isascii() and len(number) < 10:
                self._next = int(number)
        self._next += 1
        expected = {"2000B": self._provider, "2000C": self._subscriber}.get(loop, parent)
        if _plain(parent) != _plain(expected):
            who = "billing provider" if loop == "2000B" else "subscriber"
            found.append(
                Breach(
                    f"HL02 is {parent[:12] or 'empty'}; "
                    f"the level stands under the {who}'s HL {expected[:12] or '(none)'}.",
                    f"Put the number of the {who}'s HL in HL02.",
                    "HL02",
                    "set",
                    value=parent[:12],
                )
            )
        if loop == "2000A":
            self._provider, self._subscriber = number, ""
        elif loop == "2000B":
            self._subscriber, self._promise, self._children = number, promise, 0
        else:
            self._children += 1
            if self._promise == "0" and self._children == 1:
                found.append(
                    Breach(
                        f"HL04 of the subscriber's level {self._subscriber[:12]} is 0 (no patient level follows), "
                        "but one follows.",
                        "Put 1 in HL04 of the subscriber, or send the patient as the subscriber.",
                        "HL04",
                        "subscriber",
                        True,
                    )
                )
        return found

    def end(self) -> list[Breach]:
        """The open subscriber level ends."""
        broken = self._promise == "1" and not self._children
        self._promise = ""
        if not broken:
            return []
        return [
            Breach(
                f"HL04 of the subscriber's level {self._subscriber[:12]} is 1 (a patient level follows), "
                "but none follows.",
                "Put 0 in HL04 of the subscriber, or send the patient's level (HL*23).",
                "HL04",
                "subscriber",
                True,
            )
        ]


def _plain(number: str) -> str:
    return number.lstrip("0") or number


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
