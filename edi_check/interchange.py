"""What stands around claims: interchange, functional group, transaction set. Plain values, as in ``model``.

They are exported by ``model``; import them from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .parts import Party


class Delimiters(NamedTuple):
    """The four separators an interchange announces in its ISA."""

    element: str = "*"
    repetition: str = "^"
    component: str = ":"
    terminator: str = "~"


@dataclass
class TransactionSet:
    """ST to SE. ``index`` counts the sets of the file from 1; ``claims`` those that were read in it."""

    index: int = 0
    control_number: str = ""
    id_code: str = ""
    convention: str = ""
    purpose: str = ""
    reference: str = ""
    date: str = ""
    time: str = ""
    type: str = ""
    submitter: Party | None = None
    receiver: Party | None = None
    segments: int = 0
    claims: int = 0
    lines: int = 0
    declared_segments: str = ""
    segment: int = 0
    offset: int = 0
    end_offset: int = 0
    header_length: int = 0
    is_professional: bool = True


@dataclass
class FunctionalGroup:
    """GS to GE. ``index`` counts the groups of the file from 1."""

    index: int = 0
    functional_id: str = ""
    sender: str = ""
    receiver: str = ""
    date: str = ""
    time: str = ""
    control_number: str = ""
    version: str = ""
    sets: list[TransactionSet] = field(default_factory=list)
    declared_sets: str = ""
    segment: int = 0
    offset: int = 0
    is_professional: bool = True


@dataclass
class Interchange:
    """ISA to IEA. ``index`` counts the interchanges of the file from 1. ``header`` is the ISA as sent."""

    index: int = 0
    header: str = ""
    delimiters: Delimiters = Delimiters()
    sender_qualifier: str = ""
    sender: str = ""
    receiver_qualifier: str = ""
    receiver: str = ""
    date: str = ""
    time: str = ""
    version: str = ""
    control_number: str = ""
    acknowledgment_requested: str = ""
    usage: str = ""
    groups: list[FunctionalGroup] = field(default_factory=list)
    is_complete: bool = False
    segment: int = 0
    offset: int = 0
    end_offset: int = 0
