"""Files in work that nobody brings on, because their remote source isn't in the settings any more. The others go on.

It was taken out or renamed, or is a local one now, or lost its outbound folder.
"""

from __future__ import annotations

import os

from .notes import is_locked
from .plan import Plan
from .records import Ledger

__all__ = ["stranded"]


def stranded(plan: Plan, ledger: Ledger) -> dict[str, int]:
    """How many, by source. They were renamed at a server and not fetched yet, or fetched and not judged (who would get
    the answers?), or have acknowledgments to push."""
    remote = {s.name: s.remote.outbound for s in plan.sources if s.remote}
    found = ledger.waiting_for_others(remote.keys(), [name for name, outbound in remote.items() if outbound])
    return {source: files for source, files in found.items() if not _is_served(plan.layout.source_lock(source))}


def _is_served(path: str) -> bool:
    """Does a watcher with other settings serve it?"""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_locked(handle)
    finally:
        os.close(handle)
