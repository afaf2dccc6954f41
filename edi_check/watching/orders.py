"""What an operator may ask for or order while watchers run: how things stand, a file again, a file out of quarantine,
old files away. Every order may be repeated after an interruption.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import chain
from time import gmtime, strftime, time
from typing import Any

from ..findings import EdiCheckError
from .disk import create, fsync_folder, is_there, looks, open_regular, unlink_quietly
from .layout import NOTE, Layout
from .ledger import SqliteLedger, new_id
from .notes import Note, last, living
from .records import DONE, QUARANTINED, Record

__all__ = ["OrderError", "Standing", "prune", "quarantined", "release", "requeue", "standing"]

DAY = 86400.0
_NAMED = re.compile(r"\d{14}_([a-z0-9]{12})[._].*", re.S)
"""Names of the archive, of the quarantine and of answers."""

LONGEST_REST = 60 * DAY
"""No file put away for so long, and it may be the clock that went on, and not the time."""


class OrderError(EdiCheckError):
    """It can't be done, and why."""


@dataclass
class LastLook:
    """What the last process knew, now that none lives: ``at`` (seconds since 1970) it ended or, where ``is_killed``,
    was last seen at work. The rest as in ``Standing``."""

    at: float
    is_killed: bool
    sources_down: dict[str, str]
    paused: str
    paused_at: str
    waiting: dict[str, dict[str, int]]
    set_aside: dict[str, int]


@dataclass
class Standing:
    """How things stand. ``files`` by source and state, ``processes`` that live, ``oldest_open_seconds`` since the
    oldest file that isn't put away was taken; of the sources that are down, why (a reason of the log). ``paused``: what
    hinders the machine, ``paused_at`` where (a folder, or who holds the ledger); by source, ``waiting``: how many files
    stay in its folder, by reason, ``set_aside``: how many in work can't be read or written, and ``no_source``: how many
    wait for a remote source that the settings don't have. ``last_look``, when no
    process lives: what the last one knew."""

    processes: int = 0
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    oldest_open_seconds: float = 0.0
    pushes_waiting: int = 0
    quarantined: int = 0
    last_done: float = 0.0
    sources_down: dict[str, str] = field(default_factory=dict)
    paused: list[str] = field(default_factory=list)
    paused_at: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, dict[str, int]] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)
    no_source: dict[str, int] = field(default_factory=dict)
    last_look: LastLook | None = None


def standing(layout: Layout, ledger: SqliteLedger, remote: Iterable[str] = ()) -> Standing:
    """How things stand now. ``remote``: names of remote sources."""
    found = Standing()
    for (source, state), count in sorted(ledger.counts().items()):
        found.files.setdefault(source, {})[state] = count
    notes = list(living(layout.owners))
    found.processes = sum(not note.is_carrier for note in notes)
    reasons = {name: _noted(layout.source_lock(name)) for name in remote}
    down = {name: reason for name, reason in reasons.items() if reason}
    if notes:
        found.sources_down = down
    elif was := last(layout.owners, layout.last_note):
        note = was.note
        found.last_look = LastLook(
            was.at, was.is_killed, down | note.down, note.paused, note.where, note.waiting, note.set_aside
        )
    for note in notes:
        _add(found, note)
    db = ledger.db
    oldest = db.execute("SELECT min(taken) FROM file WHERE state NOT IN ('done', 'quarantined')").fetchone()[0]
    found.oldest_open_seconds = max(0.0, time() - oldest) if oldest else 0.0
    found.pushes_waiting = db.execute(
        "SELECT count(*) FROM output WHERE folder = 'remote' AND state <> 'published'"
    ).fetchone()[0]
    found.quarantined = len(quarantined(ledger))
    found.last_done = db.execute("SELECT max(ended) FROM file").fetchone()[0] or 0.0
    return found


def _add(found: Standing, note: Note) -> None:
    """What a process says. Several see the same folders; what is in work is one's alone."""
    found.sources_down |= note.down
    if note.paused and note.paused not in found.paused:
        found.paused.append(note.paused)
    if note.where:
        found.paused_at[note.paused] = note.where
    for source, reasons in note.waiting.items():
        of = found.waiting.setdefault(source, {})
        of.update({reason: max(count, of.get(reason, 0)) for reason, count in reasons.items()})
    for source, count in note.set_aside.items():
        found.set_aside[source] = found.set_aside.get(source, 0) + count


def _noted(path: str) -> str:
    """What a carrier left in its lock. Not asked whether it holds it: asking takes the lock for a moment."""
    try:
        with open_regular(path) as file:
            return file.read(NOTE).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""


def quarantined(ledger: SqliteLedger) -> list[Record]:
    """What lies in quarantine, unanswered (its process died) or answered (it was not whole); and what should lie there,
    but was lost."""
    return ledger.select("stored LIKE 'quarantine/%' OR state = 'quarantined' ORDER BY taken")


def _known(ledger: SqliteLedger, id: str) -> Record:
    """By its id, or by the name of its file in the archive or quarantine or of an answer to it, which hold the id."""
    named = _NAMED.fullmatch(os.path.basename(id))
    record = ledger.find(named[1] if named else id)
    if record is None:
        hint = "an id has twelve letters and digits, as in the log and the names of the archive"
        raise OrderError(f"{id}: the ledger knows no such file; {hint}")
    return record


def requeue(layout: Layout, ledger: SqliteLedger, id: str, remote: Collection[str] = ()) -> str:
    """Judge and answer a file once more, as a file of its own whose repetition isn't held against it. ``remote``: names
    of remote sources; one of another doesn't wait for its server, and is answered here. Out: the new id. Raises
    OrderError."""
    old = _known(ledger, id)
    id = old.id
    if old.state not in (DONE, QUARANTINED):
        raise OrderError(f"{id} is {old.state}; it is still being worked on")
    if not old.stored:
        raise OrderError(
            f"{id}: its file was lost; ask for it once more"
            if old.reason == "lost"
            else f"{id}: its file isn't in the archive any more; it was pruned"
        )
    path = os.path.join(layout.root, old.stored)
    new = new_id()
    target = layout.claimed(new)
    try:
        with open_regular(path) as source, create(target) as out:
            shutil.copyfileobj(source, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
    except FileNotFoundError:
        raise OrderError(f"{id}: its file isn't in the archive any more") from None
    fsync_folder(layout.claims)
    ledger.enter_again(old, new, *looks(os.lstat(target)), time(), is_remote=old.is_remote and old.source in remote)
    return new


def release(layout: Layout, ledger: SqliteLedger, id: str) -> None:
    """Give a file in quarantine, which nobody answered, to the watchers again. Raises OrderError."""
    record = _known(ledger, id)
    id = record.id
    if record.state != QUARANTINED:
        raise OrderError(
            f"{id} was answered; `edi-check requeue {id}` answers it once more"
            if record.state == DONE
            else f"{id} isn't in quarantine"
        )
    target = layout.claimed(id)
    if not record.stored:
        raise OrderError(f"{id}: its file was lost; ask for it once more")
    if not is_there(target):
        try:
            os.rename(os.path.join(layout.root, record.stored), target)
        except FileNotFoundError:
            raise OrderError(f"{id}: its file isn't in quarantine any more") from None
        fsync_folder(layout.claims)
    ledger.free_again(id, *looks(os.lstat(target)))


def prune(
    layout: Layout,
    ledger: SqliteLedger,
    days: float,
    window_days: float,
    is_trial: bool,
    is_clock_right: bool = False,
) -> dict[str, int]:
    """Remove answered files that were put away more than ``days`` ago, from the archive and the quarantine, and their
    names from the ledger; rows older than that and than the window of duplicates. What nobody answered stays. Out: how
    many of what. ``is_trial``: only count. ``is_clock_right``: an operator says so, for all that came before, too.
    Raises OrderError where the clock seems to be ahead, or to have been set ahead: what it calls old may not be."""
    now = time()
    answered = "state = 'done' AND (stored LIKE 'archive/%' OR stored LIKE 'quarantine/%')"
    old = ledger.select(f"{answered} AND ended < ? ORDER BY ended", now - days * DAY)
    counted = {"files": len(old), "rows": ledger.count_ended(now - max(days, window_days) * DAY)}
    if days and any(counted.values()) and not is_clock_right:
        _distrust(ledger, now, now - (max(days, window_days) if counted["rows"] else days) * DAY)
    if is_clock_right and not is_trial:
        ledger.trust_clock(now)
    if is_trial:
        return counted
    for record in old:
        unlink_quietly(os.path.join(layout.root, record.stored))
    ledger.forget_places([r.id for r in old])
    ledger.remove_ended(now - max(days, window_days) * DAY)
    _remove_empty(os.path.join(layout.root, "archive"))
    return counted


def _distrust(ledger: SqliteLedger, now: float, before: float) -> None:
    """Raises OrderError when, between the newest of what would go and now, nothing was put away for longer than any
    watcher rests: then the clock may have been set ahead in between."""
    moment = max(ledger.newest_ended(before), ledger.clock_trusted(now))
    for following in chain(ledger.ended_since(moment, now), (now,)):
        if following - moment > LONGEST_REST:
            raise OrderError(
                f"by this machine's clock nothing was put away from {_day(moment)} to {_day(following)}, and now it "
                f"is {_day(now)}. Nothing was removed: if the clock was set ahead, what it calls old isn't. See what "
                "`date` says; where it is right, and no file came in all that time, say --clock-is-right, once"
            )
        moment = following


def _day(seconds: float) -> str:
    return strftime("%Y-%m-%d", gmtime(seconds))


def _remove_empty(root: str) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        if folder != root:
            try:
                os.rmdir(folder)
            except OSError:
                pass


def as_plain(record: Record) -> dict[str, Any]:
    """What is shown of a file: not its name."""
    return {
        "id": record.id,
        "source": record.source,
        "state": record.state,
        "reason": record.reason,
        "disposition": record.disposition,
        "hash": record.sha256[:12],
        "taken": record.taken,
        "bytes": record.size,
    }
