"""The envelope of an acknowledgment, counted along: do ISA, GS and ST agree with IEA, GE and SE?"""

from __future__ import annotations

from collections.abc import Callable

from ..phrases import counted
from ..privacy import legible

__all__ = ["CONTRADICTS", "Controls", "whole_number"]

CONTRADICTS = "The acknowledgment contradicts itself: "


def whole_number(text: str) -> int | None:
    """A count as X12 writes it; ``None`` for anything else.

    >>> whole_number(" 12 "), whole_number(""), whole_number("1.5"), whole_number("-1")
    (12, None, None, None)
    """
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


class Controls:
    """Told of each control segment as its elements, it says by ``remark`` what doesn't agree. ``segments`` are those of
    the set so far, ST among them; sets that are no acknowledgments are counted, but not looked into."""

    def __init__(self, remark: Callable[[str], None]) -> None:
        self._remark = remark
        self.interchange = ""
        self.segments = self._sets = self._groups = 0
        self._group: str | None = None
        self._set: str | None = None

    def isa(self, number: str) -> None:
        """A new interchange."""
        self.interchange = number
        self._groups = 0
        self._group = self._set = None

    def gs(self, e: list[str]) -> None:
        """A new group."""
        self._left_open()
        self._groups += 1
        self._sets, self._group = 0, e[6].strip()

    def st(self, e: list[str]) -> None:
        """A new set."""
        self._set_left_open()
        self._sets += 1
        self.segments, self._set = 1, e[2].strip()

    def se(self, e: list[str], is_explained: bool) -> None:
        """The end of a set."""
        if is_explained:
            name = f"SE of set {legible(e[2], 9) or '(no number)'}"
            told = whole_number(e[1])
            if told is None:
                self._contradiction(f"{name} gives no number of segments")
            elif told != self.segments:
                self._contradiction(f"{name} announces {counted(told, 'segment')}, but the set has "
                                    f"{self.segments:,}: something of it may be missing")
            if self._set is not None and e[2].strip() != self._set:
                self._contradiction(f"{_named('set', self._set)} ends with the control number "
                                    f"{legible(e[2], 12) or '(none)'} (SE02)")
        self._set = None

    def ge(self, e: list[str]) -> None:
        """The end of a group."""
        self._set_left_open()
        if self._group is None:
            self._contradiction(f"a GE with the control number {legible(e[2], 12) or '(none)'} ends a group that "
                                "wasn't begun (GS)")
            return
        told, name = whole_number(e[1]), _named("group", self._group)
        if told is None:
            self._contradiction(f"GE of {name} gives no number of sets")
        elif told != self._sets:
            self._contradiction(f"GE of {name} announces {counted(told, 'set')}, but the group has {self._sets:,}")
        if e[2].strip() != self._group:
            self._contradiction(f"{name} ends with the control number {legible(e[2], 12) or '(none)'} (GE02)")
        self._group = None

    def iea(self, e: list[str]) -> None:
        """The end of the interchange."""
        self._left_open()
        told, name = whole_number(e[1]), _named("interchange", self.interchange)
        if told is None:
            self._contradiction(f"IEA of {name} gives no number of groups")
        elif told != self._groups:
            self._contradiction(f"IEA of {name} announces {counted(told, 'group')}, but the interchange has "
                                f"{f'{self._groups:,}' if self._groups else 'none'}")
        if e[2].strip() != self.interchange:
            self._contradiction(f"{name} ends with the control number {legible(e[2], 12) or '(none)'} (IEA02)")

    def _contradiction(self, text: str) -> None:
        self._remark(f"{CONTRADICTS}{text}.")

    def _set_left_open(self) -> None:
        if self._set is not None:
            self._remark(f"{_named('Set', self._set)} has no end (SE): something of it may be missing.")
        self._set = None

    def _left_open(self) -> None:
        self._set_left_open()
        if self._group is not None:
            self._remark(f"{_named('Group', self._group)} has no end (GE): something of it may be missing.")
        self._group = None


def _named(what: str, number: str) -> str:
    return f"{what} {legible(number, 12) or '(no number)'}"
