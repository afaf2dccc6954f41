"""``edi-check doctor``: is everything there that a watcher needs, and is nothing left lying?"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from ..findings import EdiCheckError
from .layout import LayoutError, as_owner_of
from .ledger import SqliteLedger
from .plan import Plan, SourcePlan
from .records import CLAIMED, DONE, QUARANTINED, RETURNING

__all__ = ["Advice", "examine"]


class Advice(NamedTuple):
    """A thing looked at: is it well, what it is, and what to do when it isn't."""

    is_well: bool
    what: str
    remedy: str = ""


def examine(plan: Plan, *, is_remote_asked: bool = True) -> Iterator[Advice]:
    """Everything, one after the other. Nothing is changed but folders that were missing."""
    known = next((p for p in (plan.layout.ledger, plan.layout.root) if os.path.exists(p)), "")
    if not known and os.geteuid() == 0:
        yield Advice(False, "folders", f"there is no {plan.layout.root}; make it for the user who is to watch")
        return
    try:
        with as_owner_of(known or os.sep):
            yield from _examined(plan, is_remote_asked)
    except LayoutError as error:
        yield Advice(False, "folders", str(error))


def _examined(plan: Plan, is_remote_asked: bool) -> Iterator[Advice]:
    try:
        plan.layout.prepare([f for s in plan.sources if not s.remote for f in (s.inbound, s.outbound)])
    except (EdiCheckError, OSError) as error:
        yield Advice(False, "folders", str(error) if isinstance(error, EdiCheckError) else _kind(error))
        return
    yield Advice(True, f"folders below {plan.layout.root}, on one local filesystem")
    s = os.statvfs(plan.layout.work)
    free = s.f_bavail * s.f_frsize
    yield Advice(free >= plan.min_free_bytes, f"{free >> 20:,} MiB free", "free some, or lower min_free_megabytes")
    closed = [p for p in _own_folders(plan) if not _allows(p, os.W_OK | os.X_OK)]
    if closed:
        yield Advice(False, "folders can't be written", "give this user rights on " + " ".join(closed))
    wide = [p for p in _own_folders(plan) if os.stat(p).st_mode & 0o077]
    yield Advice(not wide, "folders with claims are ours alone", "chmod 700 " + " ".join(wide))
    yield from _ledger(plan)
    for source in plan.sources:
        if source.remote:
            if is_remote_asked:
                yield asyncio.run(_remote(source))
        else:
            yield _local(source)


def _kind(error: OSError) -> str:
    return f"{error.filename or 'the system'}: {error.strerror}"


def _own_folders(plan: Plan) -> list[str]:
    layout = plan.layout
    return [
        layout.work,
        layout.claims,
        layout.stage,
        layout.folder("quarantine"),
        os.path.join(layout.root, "archive"),
        layout.folder("accepted"),
        layout.folder("rejected"),
    ]


def _ledger(plan: Plan) -> Iterator[Advice]:
    try:
        ledger = SqliteLedger(plan.layout.ledger)
    except (EdiCheckError, sqlite3.Error) as error:
        yield Advice(False, "ledger", str(error))
        return
    try:
        mode = ledger.db.execute("PRAGMA journal_mode").fetchone()[0]
        yield Advice(True, f"ledger opens (SQLite {sqlite3.sqlite_version}, journal {mode})")
        said = ledger.db.execute("PRAGMA quick_check(1)").fetchone()[0]
        yield Advice(said == "ok", "ledger is whole", "stop the watcher and restore the ledger from a backup")
        records = {r.id: r for r in ledger.select("1")}
        missing = [
            r.id
            for r in records.values()
            if r.state in (DONE, QUARANTINED)
            and r.stored
            and not os.path.lexists(os.path.join(plan.layout.root, r.stored))
        ]
        yield Advice(not missing, "every file put away lies where the ledger says", "gone: " + " ".join(missing[:5]))
        lost = [
            r.id
            for r in records.values()
            if r.state not in (CLAIMED, RETURNING, DONE, QUARANTINED)
            and r.stored == ""
            and not os.path.lexists(plan.layout.claimed(r.id))
            and r.state != "published"
        ]
        yield Advice(not lost, "every file in work is there", "gone: " + " ".join(lost[:5]))
        strays = [n for n in os.listdir(plan.layout.claims) if n[:12] not in records]
        yield Advice(
            not strays, "no stray file in work/claimed", "an order that was interrupted left " + " ".join(strays[:5])
        )
        waiting = sum(r.state == QUARANTINED for r in records.values())
        yield Advice(not waiting, "nothing unanswered in quarantine", f"{waiting}: see edi-check quarantine list")
    finally:
        ledger.close()


def _allows(path: str, how: int) -> bool:
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def _local(source: SourcePlan) -> Advice:
    allowed = _allows(source.inbound, os.R_OK | os.W_OK | os.X_OK) and _allows(source.outbound, os.W_OK | os.X_OK)
    return Advice(
        allowed,
        f"source {source.name}: folders can be read and written",
        f"give this user rights on {source.inbound} and {source.outbound}",
    )


async def _remote(source: SourcePlan) -> Advice:
    what = f"source {source.name}: login, host key, folders"
    assert source.remote
    try:
        from .sftp import connect
    except ImportError:
        return Advice(False, what, "pip install 'edi-check[sftp]'")
    try:
        folder = await connect(source.remote)
        try:
            lacks = await folder.lacks()
            if lacks:
                return Advice(False, what, f"{lacks}; ask for it, or correct the name")
            names = await folder.scan()
        finally:
            await folder.close()
    except EdiCheckError as error:
        return Advice(False, what, str(error))
    except OSError as error:
        return Advice(False, what, _kind(error))
    return Advice(True, f"{what}: {len(names)} names")
