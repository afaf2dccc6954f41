"""What is said of the whole file answered: one statement for each thing that an acknowledgment says something about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..privacy import legible
from .codes import meaning
from .original import ClaimRecord
from ..telling.spots import Spot

__all__ = ["DEPTH", "ClaimVerdicts", "Statement", "code_list", "shown_number"]

DEPTH = {"interchange": 0, "group": 0, "set": 1, "segment": 2, "element": 3, "batch": 0, "provider": 1, "claim": 2,
         "line": 3}


@dataclass(slots=True)
class Statement:
    """``says`` is a sentence (values that identify a person between the marks of ``privacy``); ``result`` ``accepted``,
    ``errors`` (accepted with errors), ``partial``, ``rejected``, or ``""`` where nothing is decided. ``codes`` pairs of
    element with code (``IK304 8``) and meaning; ``names`` the numbers and ids it goes by; ``claims`` the claims it
    hits, and ``hits`` says so in words."""

    kind: str
    level: str
    says: str
    result: str = ""
    codes: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    spots: list[Spot] = field(default_factory=list)
    claims: list[ClaimRecord] = field(default_factory=list)
    hits: str = ""

    @property
    def depth(self) -> int:
        return DEPTH[self.level]


@dataclass
class ClaimVerdicts:
    """The claims that are named or hit, refused or taken, each with the kinds of answers that say so. A claim of the
    original is known by its running number there; without one by its CLM01."""

    refused: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    taken: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)
    """What is refused with every claim below it, none of which can be named without the original."""

    def refuse(self, kind: str, claims: Iterable[ClaimRecord]) -> None:
        for claim in claims:
            self._enter(self.refused, kind, (claim.running, claim.number))

    def name(self, kind: str, number: str, is_refused: bool) -> None:
        """A claim that is known by its number alone."""
        self._enter(self.refused if is_refused else self.taken, kind, (0, number))

    def take(self, kind: str, claim: ClaimRecord) -> None:
        self._enter(self.taken, kind, (claim.running, claim.number))

    @staticmethod
    def _enter(where: dict[tuple[int, str], list[str]], kind: str, key: tuple[int, str]) -> None:
        kinds = where.setdefault(key, [])
        if kind not in kinds:
            kinds.append(kind)


def code_list(name: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their element and meaning."""
    return [(f"{name} {legible(code, 12)}".rstrip(), meaning(name, legible(code, 12))) for code in codes]


def shown_number(number: str, otherwise: str = "(no number)") -> str:
    """An id as part of a sentence."""
    return legible(number, 50) or otherwise
