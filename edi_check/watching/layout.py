"""The folders below the root, and what each is for. All of them on one filesystem: every step of a file is a rename.

``work/claimed/ID`` holds a file that was taken, ``work/stage/ID.N`` its answers until they are published,
``work/owners/`` one locked file for each living process, ``work/ledger.db`` the ledger.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import gmtime, strftime

from ..findings import EdiCheckError
from .disk import is_network, make_private_folder, mount_of

__all__ = ["NOTE", "Layout", "LayoutError", "as_owner_of", "stamp"]


NOTE = 40


class LayoutError(EdiCheckError):
    """The folders can't be used as they are: which, and what to do."""


def stamp(seconds: float) -> str:
    """``yyyymmddhhmmss`` in UTC."""
    return strftime("%Y%m%d%H%M%S", gmtime(seconds))


@contextmanager
def as_owner_of(path: str) -> Iterator[None]:
    """Where we are root: be, meanwhile, the user whose file or folder this is. What root made, their watcher couldn't
    use; and what root may do says nothing of what they may. Raises LayoutError."""
    uid = os.stat(path).st_uid
    if os.geteuid() != 0 or uid == 0:
        yield
        return
    gid, groups = os.getegid(), os.getgroups()
    try:
        of = pwd.getpwuid(uid)
        own, all_of_them = of.pw_gid, os.getgrouplist(of.pw_name, of.pw_gid)
    except KeyError:  # an id without a name, as containers have it
        own = os.stat(path).st_gid
        all_of_them = [own]
    try:
        os.setgroups(all_of_them)
        os.setegid(own)
        os.seteuid(uid)
    except PermissionError:
        raise LayoutError(f"{path} belongs to the user {uid}; run this as that user") from None
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


@dataclass(frozen=True)
class Layout:
    """Paths below ``root``; ``work_folder`` where that of work lies elsewhere on the same filesystem."""

    root: str
    work_folder: str = ""

    @property
    def work(self) -> str:
        return self.work_folder or os.path.join(self.root, "work")

    @property
    def inbound(self) -> str:
        return os.path.join(self.root, "inbound")

    @property
    def outbound(self) -> str:
        return os.path.join(self.root, "outbound")

    @property
    def ledger(self) -> str:
        return os.path.join(self.work, "ledger.db")

    @property
    def owners(self) -> str:
        return os.path.join(self.work, "owners")

    @property
    def last_note(self) -> str:
        """What the last watcher knew as it ended."""
        return os.path.join(self.work, "last-note")

    def source_lock(self, name: str) -> str:
        """Held by whoever serves a remote source; in it, in ``NOTE`` bytes, why that source is down."""
        return os.path.join(self.owners, f"source-{name}.lock")

    @property
    def stage(self) -> str:
        return os.path.join(self.work, "stage")

    @property
    def claims(self) -> str:
        return os.path.join(self.work, "claimed")

    def claimed(self, id: str) -> str:
        """Where a file lies from its claim until it is archived."""
        return os.path.join(self.claims, id)

    def staged(self, id: str, number: int) -> str:
        """Where one of a file's answers lies until it is published."""
        return os.path.join(self.stage, f"{id}.{number}")

    def folder(self, kind: str) -> str:
        """``accepted``, ``rejected``, ``quarantine`` or ``outbound``."""
        return os.path.join(self.root, kind)

    @property
    def shared(self) -> frozenset[str]:
        """Folders of ours where answers of any source go."""
        return frozenset((self.outbound, self.folder("accepted"), self.folder("rejected")))

    def archive(self, taken: float) -> str:
        """Folder of the archive for a file taken at that time."""
        return os.path.join(self.root, "archive", strftime("%Y/%m/%d", gmtime(taken)))

    def refuse_lost_ledger(self) -> None:
        """Refuse to begin with an empty ledger where another was: what was taken would be lost, and what comes again
        not known again. Raises LayoutError."""
        if os.path.exists(self.ledger) and os.path.getsize(self.ledger):
            return
        for folder in (self.claims, self.stage, os.path.join(self.root, "archive"), self.folder("quarantine")):
            if any(names for _, _, names in os.walk(folder)):
                raise LayoutError(
                    f"there is no ledger {self.ledger}, but files lie in {folder}: are --root and --work those of the "
                    "watcher? If they are, restore the ledger from a backup; to begin anew, move those files away"
                )

    def prepare(self, folders: list[str]) -> None:
        """Make what is missing; refuse what can't work. ``folders``: those of local sources, which must be there.

        Raises LayoutError.
        """
        own = [
            self.work,
            self.owners,
            self.stage,
            self.claims,
            self.outbound,
            self.root + "/archive",
            *(self.folder(kind) for kind in ("accepted", "rejected", "quarantine")),
        ]
        for path in own:
            try:
                make_private_folder(path)
            except OSError as error:
                raise LayoutError(
                    f"{path} can't be made ({error.strerror}); let this user make it, or name another root"
                ) from None
        if is_network(self.work):
            raise LayoutError(
                f"{self.work} lies on a network filesystem, where SQLite's locks don't hold; "
                "put the root on a local disk"
            )
        device = os.stat(self.work).st_dev
        for path in [*own, *folders]:
            if not os.path.isdir(path):
                raise LayoutError(f"{path}: there is no such folder; make it first")
            if os.stat(path).st_dev != device:
                raise LayoutError(
                    f"{path} lies on another filesystem than {self.work}; a rename between them is a copy, "
                    "which a crash can cut in two"
                )
            if mount_of(path) != mount_of(self.work):
                raise LayoutError(
                    f"{path} lies on another mount than {self.work}, and nothing can be renamed between them; "
                    "mount one folder that holds both"
                )
