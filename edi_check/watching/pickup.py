"""Fetching the files of a remote source. A file is claimed by a rename to a name that only its id could have, copied,
committed, and only then removed there; each step may be done again after a connection that ended. One that can't be
renamed keeps the partner's name, and the ledger remembers that it was taken.

Several files are under way at once on the one connection, so that a distant server costs a round trip for a batch and
not for each; what was copied is made durable and committed together.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic, time

from .aside import PATIENCE, Aside
from .disk import Flusher, fsync_folder, open_regular, unlink_quietly
from .figures import Figures
from .intake import Choice, Entry, Seen, decide
from .journal import Journal
from .ledger import new_id
from .plan import Plan, SourcePlan
from .records import CLAIMED, RETURNING, Claim, Ledger, Record
from .removal import Removal, Taken
from .sftp import Exists, Missing, Refused, RemoteFolder
from .together import BATCH, together
from .transport import Unpacking, is_file_whole
from .unfinished import Unfinished, recorded
from .waiting import Left, forget_changed, left_of, may_settle, unmarked

__all__ = ["Pickup"]

PREFIX = b".edi-check-"
HOLD_SECONDS = 10.0
BATCH_BYTES = 64 << 20
"""What is taken in one go, unless a single file is bigger: it is judged when all of it is here."""
SCAN_SHARE = 4
"""A listing may cost a quarter of the time: what it found is taken, batch by batch, before it is asked for again."""


class Pickup:
    """What waits in one remote folder, and how it comes here."""

    def __init__(self, plan: Plan, source: SourcePlan, ledger: Ledger, journal: Journal, figures: Figures) -> None:
        assert source.remote
        self.plan, self.source, self.ledger = plan, source, ledger
        self.journal, self.figures = journal, figures
        self.by_rename = source.remote.claims_by == "rename"
        self.by_ledger = not self.by_rename
        """May files lie there that were taken and have the partner's name? So after the first that wasn't renamed, or
        that an earlier process hadn't renamed."""
        self._is_refused = False
        self.flusher = Flusher()
        self._memory: dict[bytes, Seen] = {}
        self._unfinished = Unfinished(ledger, source.name)
        self._unreadable: Aside[bytes] = Aside()
        self._unmarked: set[bytes] = set()
        self._removal = Removal(source, ledger, journal)
        self._fresh: set[str] = set()
        """Files that this connection claims for the first time: one that is gone has its partner's name, or none."""
        self._held: Aside[str] = Aside()
        self._ready: deque[Entry] = deque()
        self._overdue: set[bytes] = set()
        self._scans = 0
        self._next = 0.0
        self.progressed: Callable[[], object] = lambda: None

    def close(self) -> None:
        self.flusher.close()

    def look_anew(self) -> None:
        """A new connection: what was listed before doesn't count."""
        self._scans, self._next = 0, 0.0
        self._ready.clear()
        self._fresh.clear()

    def is_drained(self) -> bool:
        """Was the folder listed twice, with nothing left that waiting a little could make ready?"""
        overdue = monotonic() - self.source.rules.incomplete_grace_seconds
        return self._scans >= 2 and not self._ready and not any(
            may_settle(name, seen, self._unreadable, overdue) for name, seen in self._memory.items()
            if name not in self._unmarked)

    @property
    def left(self) -> list[Left]:
        """What stays there, and why."""
        taken = [Left("taken", len(self._removal.stays), None)] if self._removal.stays else []
        return left_of(self._memory, [*self._unreadable], self._unmarked, self.source.rules) + taken

    async def collect(self, folder: RemoteFolder) -> bool:
        """Give back what is to be given back, finish what was claimed, take a batch more. Out: was there anything?"""
        for r in self.ledger.adopt([RETURNING], BATCH, is_remote=True, sources=[self.source.name]):
            await self._give_back(folder, r)
        claimed = self.ledger.adopt([CLAIMED], BATCH, is_remote=True, sources=[self.source.name])
        claimed = [r for r in claimed if not self._held.is_held(r.id)]
        if claimed:
            await self._fetch_all(folder, claimed)
        chosen = self._not_taken(await self._choose(folder))
        if chosen:
            records = self._claim(chosen)
            self._fresh.update(r.id for r in records)
            await self._fetch_all(folder, records)
            self._fresh.clear()
        return bool(claimed or chosen)

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _scan(self, folder: RemoteFolder) -> None:
        began = monotonic()
        entries = await self._leave_taken(folder, await folder.scan())
        self._memory, choice = decide(entries, self._memory, began, self.source.rules)
        forget_changed(self._unreadable, self._memory)
        self._unfinished.keep(self._memory)
        self._unmarked = unmarked((e.name for e in entries), self.source.rules.done_marker)
        self._overdue = {e.name for e in choice.overdue}
        self._ready = deque(e for e in (*choice.overdue, *choice.look) if not self._unreadable.is_held(e.name))
        self._scans += 1
        took = monotonic() - began
        self._next = monotonic() + took * SCAN_SHARE
        self._tell(choice, took)

    async def _choose(self, folder: RemoteFolder) -> list[Entry]:
        """A batch of files that are whole, or overdue. Most of what is looked at was listed a moment ago; what changed
        since is found when it is here."""
        if not self._ready or monotonic() >= self._next + self.plan.poll_seconds:
            await self._scan(folder)
        looked = self._that_fit()
        whole: set[bytes] = set()
        cut: list[bytes] = []

        async def look(e: Entry) -> None:
            try:
                is_due = e.name in self._overdue and e.name not in self._unreadable
                if is_due or await folder.looks_whole(e):
                    whole.add(e.name)
                else:
                    cut.append(e.name)
                    self._unreadable.clear(e.name)
            except (Refused, Exists) as error:
                self._cannot_read(e.name, error)
            except Missing:
                pass

        try:
            await together(look, looked)
        finally:
            recorded(self._memory, cut, self._unfinished)  # not again before they change, or are overdue
        return [e for e in looked if e.name in whole]

    def _not_taken(self, entries: list[Entry]) -> list[Entry]:
        """Without those that an earlier process took and left under the partner's name, and that could be renamed by
        now. From here on every listing is asked about."""
        if self.by_ledger:
            return entries
        was_taken = self.ledger.was_taken
        fresh = [e for e in entries if not was_taken(self.source.name, e.name, e.size, e.mtime_ns)]
        if len(fresh) < len(entries):
            self.by_ledger = True
            self.look_anew()
        return fresh

    def _that_fit(self) -> list[Entry]:
        """The next batch of what is ready, as much as there is disk for; a file that is bigger than all of that waits
        alone. Raises OSError when there is none."""
        s = os.statvfs(self.plan.layout.work)
        free = s.f_bavail * s.f_frsize - self.plan.min_free_bytes
        if self._ready and free <= 0:
            raise OSError(errno.ENOSPC, "less is free than min_free_megabytes", self.plan.layout.work)
        while self._ready and self._ready[0].size > free:
            self._cannot_read(self._ready.popleft().name, OSError(errno.ENOSPC, "not enough disk for this file"))
        taken: list[Entry] = []
        size = 0
        while self._ready and len(taken) < BATCH:
            size += self._ready[0].size
            if size > free or (taken and size > BATCH_BYTES):
                break
            taken.append(self._ready.popleft())
        return taken

    def _cannot_read(self, name: bytes, error: BaseException) -> None:
        """It stays there; it is tried again, and the others don't wait for it."""
        tries, _ = self._unreadable.fail(name)
        if tries in (1, PATIENCE):
            level = "warn" if tries == 1 else "error"
            self.journal.fault(level, "file_unreadable", error, source=self.source.name, attempt=tries)

    async def _leave_taken(self, folder: RemoteFolder, entries: list[Entry]) -> list[Entry]:
        """Our own claims of earlier: those that were fetched are removed there, now that the ledger has them. Of those
        that have the partner's name the ledger says which were taken."""
        left: list[Entry] = []
        done: list[Taken] = []
        self._removal.stays &= {e.name for e in entries}
        for e in entries:
            if e.name.startswith(PREFIX):
                record = self.ledger.find(e.name[len(PREFIX) :].decode("ascii", "replace"))
                if record and record.source == self.source.name and record.state not in (CLAIMED, RETURNING):
                    if self.ledger.is_ours(record.id, e.size, e.mtime_ns):
                        done.append(Taken(e.name, record.name, e.size, e.mtime_ns))
                    elif record.name:
                        await self._give_name_back(folder, e.name, record)
            elif self.by_ledger and self.ledger.was_taken(self.source.name, e.name, e.size, e.mtime_ns):
                done.append(Taken(e.name, e.name, e.size, e.mtime_ns))
            else:
                left.append(e)
        await self._removal.remove_all(folder, done)
        return left

    # --- taking ------------------------------------------------------------------------------------------------------

    def _claim(self, entries: Sequence[Entry]) -> list[Record]:
        """Enter the claims, before anything is done there."""
        claims = [
            Claim(new_id(), self.source.name, e.name, e.size, e.mtime_ns, 0, time(), True, e.name in self._overdue)
            for e in entries
        ]
        self.ledger.claim(claims)
        for e in entries:
            self._memory.pop(e.name, None)
        return [Record(*c[:9], c.id, CLAIMED, 1) for c in claims]

    async def _fetch_all(self, folder: RemoteFolder, records: Sequence[Record]) -> None:
        """Claim and copy each; make durable and commit what came; remove that there."""
        came: list[tuple[Record, Taken, float]] = []

        async def bring(r: Record) -> None:
            began = monotonic()
            there = await self._bring(folder, r)
            if there:
                came.append((r, Taken(there, r.name, r.size, r.mtime_ns), monotonic() - began))

        try:
            await together(bring, records, lambda r: r.size)
        finally:
            self._keep([(r, t.there == t.name) for r, t, _ in came])
            for r, _, seconds in came:
                self._unreadable.clear(r.name)
                self.figures.add("files_taken_total", source=r.source)
                self.journal.write("info", "fetched", id=r.id, source=r.source, bytes=r.size, seconds=seconds)
        await self._removal.remove_all(folder, [t for _, t, _ in came])

    async def _bring(self, folder: RemoteFolder, r: Record) -> bytes:
        """Claim one there and copy it beside its place. Out: the name it has there; none when it didn't come."""
        there = await self._claim_there(folder, r)
        if not there:
            self.ledger.forget([r.id])
            return b""
        part = self.plan.layout.claimed(r.id) + ".part"
        try:
            size = await folder.fetch(there, r.size, part)
            after = await folder.look(there)
        except Missing:
            unlink_quietly(part)
            if there != r.name:
                await self._gone(folder, r)
            self.ledger.forget([r.id])
            return b""
        except (Refused, Exists) as error:  # it may be moved and not read
            self._cannot_read(r.name, error)
            size, after = -1, None
        same = after is not None and (after.size, after.mtime_ns) == (r.size, r.mtime_ns) and size == r.size
        # In a thread: the connection of a big gzip file has to be kept alive while it is unpacked.
        if same and (r.is_overdue or await asyncio.to_thread(_is_whole_here, part, self.plan.unpacking())):
            return there
        unlink_quietly(part)
        if same or size < 0:  # cut off inside (gzip), or unreadable: no other file than the one we know
            self._memory[r.name] = Seen(r.size, r.mtime_ns, 0, monotonic(), 2)
        if same:
            recorded(self._memory, [r.name], self._unfinished)
        self.ledger.advance([r.id], CLAIMED, RETURNING)
        r.state = RETURNING
        await self._give_back(folder, r)
        return b""

    def _keep(self, came: Sequence[tuple[Record, bool]]) -> None:
        """Copies become claimed files: durable, then committed, for whoever judges. In: each with whether it has the
        partner's name there."""
        if not came:
            return
        claimed = self.plan.layout.claimed
        self.flusher.files(claimed(r.id) + ".part" for r, _ in came)
        for r, _ in came:
            os.rename(claimed(r.id) + ".part", claimed(r.id))
        fsync_folder(self.plan.layout.claims)
        self.progressed()
        self.ledger.fetched([(r.id, os.lstat(claimed(r.id)), r.mtime_ns, is_there) for r, is_there in came])

    async def _claim_there(self, folder: RemoteFolder, r: Record) -> bytes:
        """Rename the file to our own name for it; where the server refuses that, the ledger remembers it. Out: the name
        it has now; none when it is gone, or was taken before."""
        name = PREFIX + r.id.encode()
        if r.id not in self._fresh and await folder.look(name) is not None:
            return name  # and the partner's name may be another file's by now, which would take its place
        if self.by_rename:
            try:
                await folder.rename(folder.path(r.name), folder.path(name))
                self._is_refused = False
            except (Missing, Refused, Exists) as error:  # or an earlier rename of ours was carried out
                if await folder.look(name) is None:
                    if isinstance(error, Missing):
                        if r.id not in self._fresh:
                            await self._gone(folder, r)
                        return b""
                    self._tell_refused(error)
                    name = r.name
        else:
            name = r.name
        if name == r.name and self.ledger.was_taken(self.source.name, r.name, r.size, r.mtime_ns):
            return b""
        return name

    async def _gone(self, folder: RemoteFolder, r: Record) -> None:
        """A file that may have our name for it isn't there. Raises Missing when it is the folder that is away: then it
        may come back, with what nobody but us knows to be a claim file."""
        await self._have_folder(folder)
        self.journal.write("warn", "gone_there", id=r.id, source=self.source.name)

    @staticmethod
    async def _have_folder(folder: RemoteFolder) -> None:
        if not await folder.exists(folder.inbound):
            raise Missing("the inbound folder is away")

    def _tell_refused(self, error: BaseException) -> None:
        """A rename was refused, for this once or for ever: each file is tried, and told is the first of a row."""
        self.by_ledger = True
        if not self._is_refused:
            self._is_refused = True
            self.journal.fault("warn", "claims_by_ledger", error, source=self.source.name)

    async def _give_back(self, folder: RemoteFolder, r: Record) -> None:
        """Somebody is still writing this file: it gets its name back. Where that is in use, it waits under ours."""
        name = PREFIX + r.id.encode()
        try:
            await folder.rename_new(folder.path(name), folder.path(r.name))
        except Missing:
            await self._have_folder(folder)  # it has its name again, or never had ours
        except (Refused, Exists):
            entry = await folder.look(name)
            if entry is not None:
                self.ledger.restat(r.id, entry.size, entry.mtime_ns, 0)
                self.ledger.advance([r.id], RETURNING, CLAIMED)
                self._held.hold(r.id, HOLD_SECONDS)
                return
        self.ledger.forget([r.id])
        self._held.clear(r.id)
        self.figures.add("files_given_back_total", source=self.source.name)
        self.journal.write("info", "given_back", id=r.id, source=self.source.name)

    async def _give_name_back(self, folder: RemoteFolder, name: bytes, r: Record) -> None:
        """What has our name for a file that was fetched before is another, which nobody has: a rename of ours was
        carried out late. Where the partner's name is in use it waits."""
        try:
            await folder.rename_new(folder.path(name), folder.path(r.name))
        except (Missing, Refused, Exists):
            return
        self.journal.write("info", "given_back", id=r.id, source=self.source.name)

    def _tell(self, choice: Choice, seconds: float) -> None:
        put, name = self.figures.put, self.source.name
        put("files_waiting", choice.waiting + len(choice.look) + len(choice.overdue), source=name)
        put("files_odd", choice.odd, source=name)
        put("last_scan_seconds", seconds, source=name)
        put("files_unreadable", len(self._unreadable), source=name)
        oldest = min((seen.since for seen in self._memory.values()), default=monotonic())
        put("oldest_waiting_seconds", monotonic() - oldest, source=name)


def _is_whole_here(path: str, unpacking: Unpacking) -> bool:
    with open_regular(path) as file:
        return is_file_whole(file, os.fstat(file.fileno()).st_size, unpacking)
