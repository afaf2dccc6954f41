"""What the ledger holds of a file, as values; and the states a file goes through.

    claimed -> [fetched] -> decided -> [pushing] -> published -> done
       |       fetched, pushing: remote sources only; each remote acknowledgment goes staged -> uploaded -> published
       |       (and back to staged when its rename was refused)
       +-> returning -> (forgotten: the file was still being written, it is back in its folder)
       +-> quarantined (never answered: it ended a process of its own twice)

Each state is committed before what it promises is done, and every step may be done again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

__all__ = [
    "CLAIMED",
    "DECIDED",
    "DONE",
    "FETCHED",
    "PUBLISHED",
    "PUSHING",
    "QUARANTINED",
    "RETURNING",
    "STAGED",
    "UPLOADED",
    "Claim",
    "Decision",
    "Ledger",
    "Output",
    "OwnershipLost",
    "Precedent",
    "Record",
]

CLAIMED, FETCHED, RETURNING, DECIDED, PUSHING, PUBLISHED, DONE, QUARANTINED = (
    "claimed",
    "fetched",
    "returning",
    "decided",
    "pushing",
    "published",
    "done",
    "quarantined",
)
STAGED, UPLOADED = "staged", "uploaded"


class OwnershipLost(RuntimeError):
    """Another process holds this file now: what we were about to do is its business."""


class Claim(NamedTuple):
    """A file to be taken. ``name`` is kept here and in the archive's index only. ``origin``: the id of the file this
    one repeats at an operator's wish, else its own."""

    id: str
    source: str
    name: bytes
    size: int
    mtime_ns: int
    inode: int
    taken: float
    is_remote: bool = False
    is_overdue: bool = False
    origin: str = ""


@dataclass
class Record:
    """A file as the ledger knows it. ``taken`` is the time of receipt; ``ends`` how many ends of a whole process met it
    while it was judged; ``hold`` when it may be looked at again."""

    id: str
    source: str
    name: bytes
    size: int
    mtime_ns: int
    inode: int
    taken: float
    is_remote: bool
    is_overdue: bool
    origin: str
    state: str
    attempt: int = 0
    ends: int = 0
    sha256: str = ""
    disposition: str = ""
    reason: str = ""
    stored: str = ""
    decided: float = 0.0
    ended: float = 0.0


class Output(NamedTuple):
    """One file of an answer: ``number`` within its file, ``folder`` where it goes (``outbound``, ``accepted``,
    ``rejected``, or ``remote``), ``name`` there, and the bytes as decided."""

    file_id: str
    number: int
    kind: str
    folder: str
    name: str
    sha256: str
    size: int
    state: str = STAGED


class Precedent(NamedTuple):
    """What the ledger holds against a file: the same content was here before, and which of its interchange keys
    were."""

    content: bool = False
    keys: frozenset[str] = frozenset()


@dataclass
class Decision:
    """The verdict on a file, all that has to be committed at once. ``keys``: of its interchanges that count as used;
    ``asked``: of all, with ``precedent`` the answer it was judged with; ``held``: the bytes of outputs, by number, that
    aren't in the stage yet."""

    id: str
    origin: str
    sha256: str
    disposition: str
    decided: float
    outputs: list[Output] = field(default_factory=list)
    keys: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    precedent: Precedent = Precedent()
    reason: str = ""
    claims: int = 0
    seconds: float = 0.0
    held: dict[int, bytes] = field(default_factory=dict)


class Ledger(Protocol):
    """What the watcher asks of its ledger. ``SqliteLedger`` is the one for one host; one for several hosts needs
    owners that can be seen to be dead from elsewhere, and nothing else that isn't said here."""

    token: str

    def claim(self, claims: Sequence[Claim]) -> None: ...
    def adopt(
        self,
        states: Sequence[str],
        limit: int,
        *,
        is_remote: bool | None = None,
        sources: Collection[str] | None = None,
        without: Collection[str] = (),
    ) -> list[Record]: ...
    def attempt(self, ids: Sequence[str]) -> None: ...
    def now_judging(self, id: str) -> None: ...
    def note(self, text: str) -> None: ...
    def advance(self, ids: Sequence[str], before: str, after: str) -> None: ...
    def restat(self, id: str, size: int, mtime_ns: int, inode: int) -> None: ...
    def fetched(self, files: Sequence[tuple[str, os.stat_result, int, bool]]) -> None: ...
    def removed_there(self, source: str, files: Sequence[tuple[bytes, int, int]]) -> None: ...
    def forget(self, ids: Sequence[str]) -> None: ...
    def precedent(self, sha256: str, keys: Sequence[str], origin: str, since: float) -> Precedent: ...
    def decide(self, decisions: Sequence[Decision], since: float) -> list[str]: ...
    def outputs(self, ids: Sequence[str]) -> list[Output]: ...
    def publish(self, ids: Sequence[str]) -> list[str]: ...
    def remote_outputs(self, source: str, limit: int) -> list[Output]: ...
    def mark_outputs(self, outputs: Sequence[Output], state: str) -> None: ...
    def pushed(self, outputs: Sequence[Output]) -> None: ...
    def end(self, places: Sequence[tuple[str, str]], now: float, state: str = DONE, reason: str = "") -> None: ...
    def find(self, id: str) -> Record | None: ...
    def was_taken(self, source: str, name: bytes, size: int, mtime_ns: int) -> bool: ...
    def is_ours(self, id: str, size: int, mtime_ns: int) -> bool: ...
    def unfinished(self, source: str, keys: Sequence[str], boot: str, now: float) -> dict[str, float]: ...
    def unfinished_rows(self, source: str) -> list[tuple[str, str, float]]: ...
    def finished(self, source: str, keys: Sequence[str]) -> None: ...
    def lease_numbers(self, count: int) -> int: ...
    def reap(self) -> int: ...
    def refuse_replaced(self) -> None: ...
    def counts(self) -> dict[tuple[str, str], int]: ...
    def waiting_for_others(self, fetched_from: Collection[str], pushed_to: Collection[str]) -> dict[str, int]: ...
    def open_counts(self) -> dict[str, int]: ...
    def close(self) -> None: ...
