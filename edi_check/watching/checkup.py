"""``edi-check doctor``: is everything there that a watcher needs, and is nothing left lying?"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from ..findings import EdiCheckError
from .disk import create, open_regular, unlink_quietly, write_durably
from .layout import Layout, LayoutError, as_owner_of
from .ledger import SqliteLedger, is_id, probe_name
from .plan import Plan, SourcePlan
from .records import CLAIMED, DECIDED, DONE, FETCHED, PUSHING, QUARANTINED
from .schema import damage
from .stranded import stranded

__all__ = ["Advice", "examine"]


PROBE_BYTES = 1 << 16


class Advice(NamedTuple):
    """A thing looked at: is it well, what it is, and what to do when it isn't."""

    is_well: bool
    what: str
    remedy: str = ""


def examine(plan: Plan, *, is_remote_asked: bool = True) -> Iterator[Advice]:
    """Everything, one after the other. Folders that were missing are made, and in those of the sources a tiny file is
    made, renamed and removed (``trials``), in ``work`` one is written. Nothing else is changed."""
    known = next((p for p in (plan.layout.ledger, plan.layout.root) if os.path.exists(p)), "")
    if not known and os.geteuid() == 0:
        yield Advice(False, "folders", f"there is no {plan.layout.root}: if it is on a disk of its own, mount that; "
                     "else make it for the user who is to watch")
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
    if plan.layout.work not in closed:
        yield _written(plan.layout.work)
    wide = [p for p in _own_folders(plan) if os.stat(p).st_mode & 0o077]
    yield Advice(not wide, "folders with claims are ours alone", "chmod 700 " + " ".join(wide))
    yield from _ledger(plan)
    for source in plan.sources:
        if source.remote:
            yield from _key(source.name, source.remote.key_file)
            if is_remote_asked:
                yield from asyncio.run(_remote(plan, source))
        else:
            yield _local(plan, source)


def _kind(error: OSError) -> str:
    return f"{error.filename or 'the system'}: {error.strerror}"


def _written(folder: str) -> Advice:
    """Write a file, durably: where a disk has no inode left, or a quota, or is damaged, enough may be free all the
    same."""
    what, path = f"files can be written in {folder}", os.path.join(folder, probe_name())
    try:
        write_durably(path, bytes(PROBE_BYTES))
    except OSError as error:
        s = os.statvfs(folder)
        no_inode = error.errno == errno.ENOSPC and s.f_files and not s.f_favail
        more = ": no inode is left, remove files that nobody needs" if no_inode else "; look at that disk"
        return Advice(False, what, f"{error.strerror}{more}")
    unlink_quietly(path)
    return Advice(True, what)


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
        plan.layout.refuse_lost_ledger()
        ledger = SqliteLedger(plan.layout.ledger)
    except (EdiCheckError, sqlite3.Error) as error:
        yield Advice(False, "ledger", str(error))
        return
    try:
        yield from _examined_ledger(plan, ledger)
    except sqlite3.DatabaseError as error:
        yield Advice(False, "ledger", str(damage(error) or error))
    finally:
        ledger.close()


def _examined_ledger(plan: Plan, ledger: SqliteLedger) -> Iterator[Advice]:
    mode = ledger.db.execute("PRAGMA journal_mode").fetchone()[0]
    yield Advice(True, f"ledger opens (SQLite {sqlite3.sqlite_version}, journal {mode})")
    said = ledger.db.execute("PRAGMA quick_check(1)").fetchone()[0]
    yield Advice(said == "ok", "ledger is whole", "stop the watcher and restore the ledger from a backup")
    if said != "ok":
        return
    kept = ledger.select("state IN (?, ?) AND stored <> ''", DONE, QUARANTINED)
    missing = [r.id for r in kept if not os.path.lexists(os.path.join(plan.layout.root, r.stored))]
    yield Advice(not missing, "every file put away lies where the ledger says", "gone: " + " ".join(missing[:5]))
    yield from _in_work(plan, ledger)
    away = stranded(plan, ledger)
    yield Advice(
        not away,
        "every file in work has its source",
        "put back, until status shows nothing of it in work, the remote source (with outbound) of this name: "
        + " ".join(f"{source} ({files:,})" for source, files in away.items()),
    )
    strays = [n for n in os.listdir(plan.layout.claims) if ledger.find(n[:12]) is None]
    yield Advice(
        not strays, "no stray file in work/claimed", "an order that was interrupted left " + " ".join(strays[:5])
    )
    waiting = len(ledger.select("state = ?", QUARANTINED))
    yield Advice(not waiting, "nothing unanswered in quarantine", f"{waiting}: see edi-check quarantine list")


def _in_work(plan: Plan, ledger: SqliteLedger) -> Iterator[Advice]:
    """Files that were taken and not put away yet. A watcher may be at work on them: what isn't there is asked for once
    more."""
    lost, unreadable = [], []
    for r in ledger.select("state IN (?, ?, ?, ?)", CLAIMED, FETCHED, DECIDED, PUSHING):
        try:
            _read_through(plan.layout.claimed(r.id))
        except FileNotFoundError:
            now = ledger.find(r.id)
            if r.state != CLAIMED and now is not None and now.state == r.state:
                lost.append(r.id)
        except OSError:
            unreadable.append(r.id)
    yield Advice(not lost, "every file in work is there", "gone: " + " ".join(lost[:5]))
    yield Advice(
        not unreadable,
        "every file in work can be read",
        f"look at the disk and the system's log: {' '.join(unreadable[:5])}",
    )


def _read_through(path: str) -> None:
    with open_regular(path) as file:
        while file.read(1 << 20):
            pass


def _allows(path: str, how: int) -> bool:
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def _local(plan: Plan, source: SourcePlan) -> Advice:
    what = f"source {source.name}: folders can be read and written, and files be renamed"
    if not _allows(source.inbound, os.R_OK | os.W_OK | os.X_OK) or not _allows(source.outbound, os.W_OK | os.X_OK):
        return Advice(False, what, f"give this user rights on {source.inbound} and {source.outbound}")
    hinders = _trial(plan.layout, source)
    return Advice(not hinders, what, hinders)


def _trial(layout: Layout, source: SourcePlan) -> str:
    """Rename a file from our folders to those of a local source, and back. Out: what hinders, nothing when it went
    well. A folder whose names aren't left alone, because the settings say so, isn't tried."""
    name = probe_name()
    for ours, theirs in ((layout.stage, source.outbound), (layout.claims, source.inbound)):
        if theirs == source.inbound and not source.rules.ignores(os.fsencode(name)):
            continue
        here, there = os.path.join(ours, name), os.path.join(theirs, name)
        try:
            with create(here):
                pass
            os.rename(here, there)
            os.rename(there, here)
        except OSError as error:
            return f"between {ours} and {theirs} no file can be renamed: {error.strerror}"
        finally:
            for path in (here, there):
                with suppress(OSError):
                    unlink_quietly(path)
    return ""


def _key(name: str, path: str) -> Iterator[Advice]:
    """Who may read the private key? A group may: that is how secrets come into a container."""
    with suppress(OSError):  # said by whoever reads it
        is_ours = not os.stat(path).st_mode & 0o007
        yield Advice(is_ours, f"source {name}: the private key is not for everybody", f"chmod 600 {path}")


async def _remote(plan: Plan, source: SourcePlan) -> list[Advice]:
    what = f"source {source.name}: login, host key, folders"
    assert source.remote
    try:
        from .pickup import PREFIX
        from .sftp import connect
        from .trials import trial_of_pickup, trial_of_push
    except ImportError:
        return [Advice(False, what, "pip install 'edi-check[sftp]'")]
    try:
        folder = await connect(source.remote)
        try:
            lacks = await folder.lacks()
            if lacks:
                return [Advice(False, what, f"{lacks}; ask for it, or correct the name")]
            names = [e.name for e in await folder.scan()]
            found = [Advice(True, f"{what}: {len(names)} names")]
            claims = [n for n in names if n.startswith(PREFIX) and not n.endswith(b".part")]
            strays = [n for n in _unknown(plan, claims) if await folder.look(n)]
            found.append(_of_strays(source, [n[len(PREFIX):].decode("ascii", "replace") for n in strays]))
            hinders = await trial_of_pickup(folder, source.remote.claims_by == "rename")
            found.append(Advice(not hinders, f"source {source.name}: files can be taken from there", hinders))
            if source.remote.outbound:
                hinders = await trial_of_push(folder)
                found.append(Advice(not hinders, f"source {source.name}: files can be put there", hinders))
            return found
        finally:
            await folder.close()
    except EdiCheckError as error:
        return [Advice(False, what, str(error))]
    except OSError as error:
        return [Advice(False, what, _kind(error))]


def _unknown(plan: Plan, claims: list[bytes]) -> list[bytes]:
    """Those of the files with names of ours, listed a moment ago, of which the ledger doesn't know. A watcher at work
    enters a file before it is renamed, and forgets it when it has its own name again. Those of a source that was
    renamed in the settings are told as such."""
    if not claims:
        return []
    try:
        ledger = SqliteLedger(plan.layout.ledger)
    except (EdiCheckError, sqlite3.Error):  # told before
        return []
    try:
        known = {n: ledger.find(n.rpartition(b"-")[2].decode("ascii", "replace")) for n in claims}
    except sqlite3.DatabaseError:
        return []
    finally:
        ledger.close()
    return [n for n, record in known.items() if record is None]


def _of_strays(source: SourcePlan, ids: list[str]) -> Advice:
    what = f"source {source.name}: no claimed file lies there that the ledger doesn't know"
    named = " ".join([i for i in ids if is_id(i)][:5])
    return Advice(not ids, what, f"{len(ids):,} named .edi-check-ID, which nobody fetches ({named}): if no other "
                  "watcher is at that folder, have each given a name of its own there; it may have been answered")
