"""HL numbers: each one more than the last, under a parent that is open, and children as promised (CORE-SIT-11).

A fault of number or parent concerns the whole set; a promise that HL04 makes and what follows breaks concerns the
subscriber whose HL it is. After a wrong number counting goes on from it, so that one slip is said once. Leading zeros
say the same number.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Breach", "Hierarchy"]


UNKNOWN: Final = "?"
"""The number of a level whose HL is missing."""


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
        self._due = 0
        """The number due after one that was out of count, had it been right."""
        self._provider = self._subscriber = ""
        self._provider_due = self._subscriber_due = ""
        """Of the open levels that were out of count: the numbers they should have had."""
        self._promise = ""
        self._children = 0

    def imply(self, loop: str) -> None:
        """A level begins without its HL: which number it would have, and what stands under it has as parent, is
        whatever the next HL says."""
        self._next = 0
        if loop == "2000C":
            self._children += 1
            return
        self._promise, self._children, self._subscriber = "", 0, UNKNOWN
        if loop == "2000A":
            self._provider = UNKNOWN

    def is_subscriber(self, number: str) -> bool:
        """Is this the number of the open subscriber's level?"""
        return self._subscriber not in ("", UNKNOWN) and _plain(number) == _plain(self._subscriber)

    def take(self, loop: str, number: str, parent: str, promise: str) -> list[Breach]:
        """An HL of loop 2000A, 2000B or 2000C with its HL01, HL02 and HL04 as sent."""
        if loop == "2000B" and parent == self._provider and number == str(self._next) and self._promise != "1":
            # The common case: the next number under the open provider, and nothing promised before is owed.
            self._next += 1
            self._due, self._subscriber_due = 0, ""
            self._subscriber, self._promise, self._children = number, promise, 0
            return []
        found = self._numbered(loop, number, parent)
        number = _plain(number)
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

    def _numbered(self, loop: str, sent: str, sent_parent: str) -> list[Breach]:
        """What is wrong with HL01 and HL02, and with what the level before promised."""
        number, parent = _plain(sent), _plain(sent_parent)
        found = self.end() if loop != "2000C" else []
        expected = {"2000B": self._provider, "2000C": self._subscriber}.get(loop, parent)
        expected_too = self._provider_due if loop == "2000B" else self._subscriber_due
        meant = ""
        if parent == str(self._next) and number == str(self._next + 1) and expected not in (parent, UNKNOWN):
            # Its parent would be the level that is due: that one is missing, and nothing else is wrong.
            found.append(_without_parent(loop, parent))
            self._next = int(number)
            expected = UNKNOWN
        elif self._next and number not in (str(self._next), str(self._due)):
            found.append(_out_of_count(sent, self._next))
            meant = str(self._next)
        self._due = self._next + 1 if meant else 0
        if str(self._next) != number and number.isdecimal() and number.isascii() and len(number) < 10:
            self._next = int(number)
        self._next += 1
        if expected == UNKNOWN:
            if loop == "2000B":
                self._provider = parent
            else:
                self._subscriber = parent
        elif parent != expected and (not parent or parent != expected_too):
            found.append(_of_another(loop, sent_parent, expected))
        if loop == "2000A":
            self._provider_due = meant
        elif loop == "2000B":
            self._subscriber_due = meant
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


def _above(loop: str) -> str:
    return "billing provider" if loop == "2000B" else "subscriber"


def _without_parent(loop: str, parent: str) -> Breach:
    who, kind = _above(loop), "20" if loop == "2000B" else "22"
    return Breach(
        f"HL02 is {parent}, but the set has no level {parent}: the {who}'s HL is missing.",
        f"Send the {who}'s level, with its HL (HL03 = {kind}), before this one.",
        "HL02",
        "set",
        value=parent,
    )


def _out_of_count(number: str, due: int) -> Breach:
    return Breach(
        f"HL01 is {number[:12] or 'empty'}; the {_ordinal(due)} level of the set must be numbered {due}.",
        "Number the HL segments of a set 1, 2, 3 and so on.",
        "HL01",
        "set",
        value=number[:12],
    )


def _of_another(loop: str, parent: str, expected: str) -> Breach:
    who = _above(loop)
    return Breach(
        f"HL02 is {parent[:12] or 'empty'}; the level stands under the {who}'s HL {expected[:12] or '(none)'}.",
        f"Put the number of the {who}'s HL in HL02.",
        "HL02",
        "set",
        value=parent[:12],
    )


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
