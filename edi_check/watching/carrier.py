"""Fetches files from a remote source and pushes its acknowledgments, in a thread of its own.

A remote file is claimed by a rename to a name that only its id could have, fetched, committed, and only then removed
there. An acknowledgment is uploaded under a temporary name, that is committed, and then it is renamed. A connection
that ends in between leaves one of two names; which of them tells what happened.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import sqlite3
import threading
from collections.abc import Callable
from time import monotonic, time
from typing import Any

from .disk import fsync_folder, open_regular, unlink_quietly
from .figures import Figures
from .intake import Choice, Entry, Seen, decide
from .journal import Journal
from .ledger import SqliteLedger, new_id
from .plan import Plan, SourcePlan
from .records import CLAIMED, RETURNING, STAGED, UPLOADED, Claim, Ledger, Output, Record
from .sftp import Exists, Missing, Refused, RemoteFolder, WrongHostKey, connect
from .transport import is_file_whole

__all__ = ["Carrier", "Retry"]

PREFIX = b".edi-check-"
HOLD_SECONDS = 10.0
RESTART_SECONDS = 60.0
BATCH = 32


class Retry:
    """How long to wait after a failure: full jitter under a ceiling that doubles from 1 s to 5 min; a refused login
    three times, then a quarter of an hour. ``None``: not before somebody has done something."""

    LONGEST, REFUSALS, REFUSED_SECONDS = 300.0, 3, 900.0

    def __init__(self, draw: Callable[[float, float], float] = random.uniform) -> None:
        self._draw = draw
        self.failures = self.refusals = 0

    def success(self) -> None:
        self.failures = self.refusals = 0

    def after(self, error: BaseException) -> float | None:
        """Seconds to wait after this error."""
        if isinstance(error, WrongHostKey):
            return None
        if isinstance(error, Refused):
            self.refusals += 1
            if self.refusals >= self.REFUSALS:
                self.refusals = 0
                return self.REFUSED_SECONDS
        self.failures += 1
        return self._draw(0.0, min(self.LONGEST, 2.0 ** min(self.failures - 1, 9)))


class Carrier(threading.Thread):
    """Serves one remote source until ``stop``, or, with ``once``, until there is nothing left to carry. ``failed``:
    it gave up."""

    def __init__(
        self,
        plan: Plan,
        source: SourcePlan,
        journal: Journal,
        figures: Figures,
        once: bool = False,
        keepalive: float | None = None,
    ) -> None:
        super().__init__(name=f"carrier-{source.name}", daemon=True)
        assert source.remote
        self.plan, self.source, self.remote, self.once = plan, source, source.remote, once
        self.journal, self.figures, self.keepalive = journal, figures, keepalive
        self.stopping = threading.Event()
        self.failed = False
        self.by_rename = source.remote.claims_by == "rename"
        self._memory: dict[bytes, Seen] = {}
        self._held: dict[str, float] = {}
        self._scans = 0
        self.retry = Retry()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.ledger: Ledger

    # --- the thread --------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End at once: every step may be cut."""
        self.stopping.set()
        if self._loop and self._task:
            try:
                self._loop.call_soon_threadsafe(self._task.cancel)
            except RuntimeError:
                pass  # it has ended

    def run(self) -> None:
        lock = os.open(
            os.path.join(self.plan.layout.owners, f"source-{self.source.name}.lock"),
            os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
            0o600,
        )
        try:
            while not self._is_ours(lock):
                if self.once or self.stopping.wait(2.0):
                    return
            while not self._served() and not self.stopping.wait(RESTART_SECONDS):
                pass
        finally:
            os.close(lock)

    def _served(self) -> bool:
        """Serve until there is no more to do; false after a fault of ours, to be tried again."""
        try:
            self.ledger = SqliteLedger(self.plan.layout.ledger, self.plan.layout.owners)
            try:
                asyncio.run(self._main())
            finally:
                self.ledger.close()
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.figures.add("faults_total", event="carrier")
            self.figures.source(self.source.name, False)
            self.journal.fault("error", "carrier_failed", error, source=self.source.name)
            self.failed = self.once
            return self.once
        return True

    @staticmethod
    def _is_ours(lock: int) -> bool:
        """One process at a time serves a source; the others wait for its end."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        retry = self.retry
        while not self.stopping.is_set():
            try:
                await self._session()
                return
            except (TimeoutError, Exception) as error:
                if not isinstance(error, (OSError, sqlite3.OperationalError)) and not _is_transport(error):
                    raise
                wait = retry.after(error)
                self.figures.add("transport_errors_total", source=self.source.name)
                self.figures.source(self.source.name, False)
                self.journal.fault(
                    "warn" if wait is not None else "error",
                    "source_down",
                    error,
                    source=self.source.name,
                    reason=_reason(error),
                    wait_seconds=wait,
                )
                if wait is None or (self.once and retry.failures + retry.refusals >= 3):
                    self.failed = True
                    return
                await asyncio.sleep(wait)

    async def _session(self) -> None:
        """One connection, until it ends or there is no more to do."""
        options: dict[str, Any] = {} if self.keepalive is None else {"keepalive": self.keepalive}
        folder = await connect(self.remote, **options)
        self._scans = 0
        try:
            self.journal.write("info", "source_up", source=self.source.name)
            while not self.stopping.is_set():
                did = await self._round(folder)
                self.retry.success()
                self.figures.source(self.source.name, True)
                if self.once and not did and self._is_done():
                    return
                if not did:
                    await asyncio.sleep(self.plan.poll_seconds)
        finally:
            await folder.close()

    def _is_done(self) -> bool:
        if self._scans < 2 or any(not seen.is_partial for seen in self._memory.values()):
            return False
        return not any(
            n
            for (s, state), n in self.ledger.counts().items()
            if s == self.source.name and state not in ("done", "quarantined")
        )

    async def _round(self, folder: RemoteFolder) -> bool:
        """Push what waits, finish what was claimed, look for more. Out: was there anything?"""
        did = False
        outputs = self.ledger.remote_outputs(self.source.name, BATCH)
        if outputs:
            await self._push(folder, outputs)
            did = True
        for r in self.ledger.adopt([RETURNING], BATCH, is_remote=True, source=self.source.name):
            await self._give_back(folder, r)
        now = time()
        for r in self.ledger.adopt([CLAIMED], BATCH, is_remote=True, source=self.source.name):
            if self._held.get(r.id, 0) <= now:
                await self._fetch(folder, r)
                did = True
        for r in self.ledger_claim(await self._choose(folder)):
            await self._fetch(folder, r)
            did = True
        return did

    # --- taking ------------------------------------------------------------------------------------------------------

    async def _choose(self, folder: RemoteFolder) -> list[Entry]:
        began = monotonic()
        entries = await folder.scan()
        entries = await self._leave_taken(folder, entries)
        self._memory, choice = decide(entries, self._memory, time(), self.source.rules)
        self._scans += 1
        self._tell(choice, monotonic() - began)
        chosen: list[Entry] = [e._replace(kind="overdue") for e in choice.overdue[:BATCH]]
        for e in choice.look:
            if len(chosen) >= BATCH:
                break
            try:
                is_whole = await folder.looks_whole(e)
            except (Missing, Refused, Exists):
                is_whole = False
            if is_whole:
                chosen.append(e)
            else:
                self._memory[e.name] = self._memory[e.name]._replace(is_partial=True)
        return chosen

    async def _leave_taken(self, folder: RemoteFolder, entries: list[Entry]) -> list[Entry]:
        """Our own claims of earlier: those that were fetched are removed there, now that the ledger has them. Where
        files aren't claimed by a rename, the ledger says which names were taken."""
        left = []
        for e in entries:
            if e.name.startswith(PREFIX):
                record = self.ledger.find(e.name[len(PREFIX) :].decode("ascii", "replace"))
                if record and record.source == self.source.name and record.state not in (CLAIMED, RETURNING):
                    await self._remove(folder, e.name)
            elif self.by_rename or not self.ledger.was_taken(self.source.name, e.name, e.size, e.mtime_ns):
                left.append(e)
            else:
                await self._remove(folder, e.name)
        return left

    async def _remove(self, folder: RemoteFolder, name: bytes) -> None:
        try:
            await folder.remove(folder.path(name))
        except (Refused, Exists):
            pass  # the ledger knows that it was taken

    def ledger_claim(self, entries: list[Entry]) -> list[Record]:
        """Enter the claims, before anything is done there."""
        claims = [
            Claim(new_id(), self.source.name, e.name, e.size, e.mtime_ns, 0, time(), True, e.kind == "overdue")
            for e in entries
        ]
        if claims:
            self.ledger.claim(claims)
        for e in entries:
            self._memory.pop(e.name, None)
            self.figures.add("files_taken_total", source=self.source.name)
        return [Record(*c[:9], c.id, CLAIMED, 1) for c in claims]

    async def _fetch(self, folder: RemoteFolder, r: Record) -> None:
        """Claim, copy, check, commit, remove: each may have been done already."""
        there = await self._claim_there(folder, r)
        if not there:
            self.ledger.forget([r.id])
            return
        path = self.plan.layout.claimed(r.id)
        self._need_room(r.size)
        began = monotonic()
        try:
            size = await folder.fetch(there, r.size, path + ".part")
            after = await folder.look(there)
        except Missing:
            self.ledger.forget([r.id])
            return
        same = after is not None and (after.size, after.mtime_ns) == (r.size, r.mtime_ns) and size == r.size
        is_whole = r.is_overdue or _is_whole_here(path + ".part")
        if not same or not is_whole:
            unlink_quietly(path + ".part")
            if same:  # a gzip file that is cut off: not again before it changes or is overdue
                self._memory[r.name] = Seen(r.size, r.mtime_ns, 0, time(), 2, is_partial=True)
            self.ledger.advance([r.id], CLAIMED, RETURNING)
            r.state = RETURNING
            await self._give_back(folder, r)
            return
        os.rename(path + ".part", path)
        fsync_folder(self.plan.layout.claims)
        self.retry.success()
        s = os.lstat(path)
        self.ledger.fetched(r.id, s.st_size, s.st_mtime_ns, s.st_ino, r.mtime_ns)
        self.journal.write("info", "fetched", id=r.id, source=self.source.name, bytes=size, seconds=monotonic() - began)
        await self._remove(folder, there)

    async def _claim_there(self, folder: RemoteFolder, r: Record) -> bytes:
        """Rename the file to our own name for it. Out: the name it has now; none when it is gone, or was taken
        before."""
        name = PREFIX + r.id.encode()
        if self.by_rename:
            try:
                await folder.rename(folder.path(r.name), folder.path(name))
            except Missing:
                if await folder.look(name) is None:
                    return b""
            except (Refused, Exists):
                if await folder.look(name) is None:
                    self.by_rename = False
                    self.journal.write("warn", "claims_by_ledger", source=self.source.name)
        if not self.by_rename:
            name = r.name
            if self.ledger.was_taken(self.source.name, r.name, r.size, r.mtime_ns):
                return b""
        if self.source.rules.done_marker:
            await self._remove(folder, r.name + self.source.rules.done_marker.encode())
        return name

    async def _give_back(self, folder: RemoteFolder, r: Record) -> None:
        """Somebody is still writing this file: it gets its name back. Where that is in use, it waits under ours."""
        name = PREFIX + r.id.encode()
        try:
            await folder.rename_new(folder.path(name), folder.path(r.name))
        except Missing:
            pass  # it has its name again, or never had ours
        except (Refused, Exists):
            entry = await folder.look(name)
            if entry is not None:
                self.ledger.restat(r.id, entry.size, entry.mtime_ns, 0)
                self.ledger.advance([r.id], RETURNING, CLAIMED)
                self._held[r.id] = time() + HOLD_SECONDS
                return
        self.ledger.forget([r.id])
        self.figures.add("files_given_back_total", source=self.source.name)
        self.journal.write("info", "given_back", id=r.id, source=self.source.name)

    def _need_room(self, size: int) -> None:
        s = os.statvfs(self.plan.layout.work)
        if s.f_bavail * s.f_frsize < size + self.plan.min_free_bytes:
            raise OSError(28, "not enough disk for this file")

    # --- giving ------------------------------------------------------------------------------------------------------

    async def _push(self, folder: RemoteFolder, outputs: list[Output]) -> None:
        """Upload under temporary names, commit, rename, commit."""
        fresh = [o for o in outputs if o.state == STAGED]
        for o in fresh:
            await folder.upload(self.plan.layout.staged(o.file_id, o.number), folder.target(_temporary(o)))
        self.ledger.mark_outputs(fresh, UPLOADED)
        pushed: list[Output] = []
        try:
            for o in outputs:
                await self._publish(folder, o)
                pushed.append(o)
        finally:
            self.ledger.pushed(pushed)
            for o in pushed:
                self.retry.success()
                unlink_quietly(self.plan.layout.staged(o.file_id, o.number))
                self.figures.add("acknowledgments_pushed_total", source=self.source.name)
                self.journal.write("info", "pushed", id=o.file_id, source=self.source.name, kind=o.kind, bytes=o.size)

    async def _publish(self, folder: RemoteFolder, o: Output) -> None:
        """Give an upload its name. When the temporary name is gone, an earlier rename of ours was carried out, though
        nobody told us; unless this is the first, for then somebody else took it away."""
        target = folder.target(o.name.encode())
        try:
            await folder.rename(folder.target(_temporary(o)), target)
        except Missing:
            if o.state == STAGED and not await folder.exists(target):
                self.ledger.mark_outputs([o], STAGED)
                raise

    def _tell(self, choice: Choice, seconds: float) -> None:
        put, name = self.figures.put, self.source.name
        put("files_waiting", choice.waiting + len(choice.look) + len(choice.overdue), source=name)
        put("files_odd", choice.odd, source=name)
        put("last_scan_seconds", seconds, source=name)
        oldest = min((seen.since for seen in self._memory.values()), default=time())
        put("oldest_waiting_seconds", time() - oldest, source=name)


def _temporary(o: Output) -> bytes:
    return b"." + o.name.encode() + b".part"


def _is_whole_here(path: str) -> bool:
    with open_regular(path) as file:
        return is_file_whole(file, os.fstat(file.fileno()).st_size)


def _is_transport(error: BaseException) -> bool:
    from ..findings import TransportError

    return isinstance(error, TransportError)


def _reason(error: BaseException) -> str:
    """Our own words for a transport error; nothing of what the other side sent."""
    return type(error).__name__.lower()
