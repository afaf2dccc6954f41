"""Removing what was fetched at its server. Where that isn't allowed, it stays there, and the ledger knows that it was
taken.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from .journal import Journal
from .plan import SourcePlan
from .records import Ledger
from .sftp import Exists, Refused, RemoteFolder
from .together import together

__all__ = ["Removal", "Taken"]


class Taken(NamedTuple):
    """A file that is surely ours, and still lies there: under which name (the partner's, or ours for it), the partner's
    name for it, and how it looked when it was taken."""

    there: bytes
    name: bytes
    size: int
    mtime_ns: int


class Removal:
    """For one remote source. ``stays``: names that couldn't be removed."""

    def __init__(self, source: SourcePlan, ledger: Ledger, journal: Journal) -> None:
        self.source, self.ledger, self.journal = source, ledger, journal
        self.stays: set[bytes] = set()

    async def remove_all(self, folder: RemoteFolder, taken: Sequence[Taken]) -> None:
        gone: list[Taken] = []

        async def remove(t: Taken) -> None:
            if await self._is_removed(folder, t):
                gone.append(t)

        try:
            await together(remove, taken)
        finally:
            self.ledger.removed_there(self.source.name, [t[1:] for t in gone if t.there == t.name])

    async def _is_removed(self, folder: RemoteFolder, t: Taken) -> bool:
        """Remove a file and, before it, its done marker. Out: is it gone? Under the partner's name another may lie by
        now; what looks different was put there after it was fetched: nobody has it yet, and the marker may be its."""
        marker = os.fsencode(self.source.rules.done_marker)
        entry = await folder.look(t.name) if marker or t.there == t.name else None
        if t.there == t.name and (entry is None or (entry.size, entry.mtime_ns) != (t.size, t.mtime_ns)):
            return True
        if marker and (entry is None or t.there == t.name):
            await self._remove(folder, t.name + marker)
        return await self._remove(folder, t.there)

    async def _remove(self, folder: RemoteFolder, name: bytes) -> bool:
        """Out: is it gone? Where that is refused, the ledger knows that it was taken."""
        try:
            await folder.remove(folder.path(name))
        except (Refused, Exists) as error:
            if not self.stays:
                self.journal.fault("warn", "removal_refused", error, source=self.source.name)
            self.stays.add(name)
            return False
        self.stays.discard(name)
        return True
