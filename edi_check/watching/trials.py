"""What ``doctor`` tries out at a server with a tiny file of its own: can files be made, renamed and removed there?

The file's name begins with a dot and ends in ``.part``, as acknowledgments do while they are uploaded: partners leave
such names alone, and so does the watcher. It is gone a moment later, unless the server lets nothing be removed.
"""

from __future__ import annotations

import os

from ..findings import TransportError
from .ledger import probe_name
from .sftp import Exists, Missing, Refused, RemoteFolder

__all__ = ["trial_of_pickup", "trial_of_push"]


async def trial_of_push(folder: RemoteFolder) -> str:
    """Make a file in the remote outbound folder and rename it there, as an acknowledgment is. Out: what hinders."""
    first, second = folder.target(probe_name().encode()), folder.target(probe_name().encode())
    where = os.fsdecode(folder.outbound)
    try:
        await folder.make(first)
    except (Refused, Exists, Missing):
        await _remove(folder, first)  # it may be there, and empty
        return f"no file can be written in {where} there: ask for the right, or for room on their disk"
    try:
        await folder.rename(first, second)
    except (Refused, Exists, Missing):
        return f"no file can be renamed in {where} there, and acknowledgments get their names so: ask for the right"
    finally:
        await _remove(folder, first, second)
    return ""


async def trial_of_pickup(folder: RemoteFolder, by_rename: bool) -> str:
    """Make a file in the remote inbound folder, rename it where files are claimed so, and remove it. Out: what hinders;
    nothing where no file can be made: there is no need to."""
    first, second = folder.path(probe_name().encode()), folder.path(probe_name().encode())
    where = os.fsdecode(folder.inbound)
    try:
        await folder.make(first)
    except (Refused, Exists, Missing):
        await _remove(folder, first)
        return ""
    if by_rename:
        try:
            await folder.rename(first, second)
        except (Refused, Exists, Missing):
            await _remove(folder, first)
            return f'no file can be renamed in {where} there: ask for the right, or set claim = "ledger"'
    if not await _remove(folder, second if by_rename else first):
        return f"no file can be removed from {where} there: ask for the right"
    return ""


async def _remove(folder: RemoteFolder, *paths: bytes) -> bool:
    """Out: are they gone?"""
    try:
        for path in paths:
            await folder.remove(path)
    except TransportError:
        return False
    return True
