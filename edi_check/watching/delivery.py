"""Pushing acknowledgments to a remote source: uploaded under a temporary name, committed, then renamed. Which of the
two names is there tells what a connection that ended had done; after a rename that was refused, everything is done
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .disk import unlink_quietly
from .figures import Figures
from .journal import Journal
from .layout import Layout
from .records import STAGED, UPLOADED, Ledger, Output
from .sftp import Exists, Missing, Refused, RemoteFolder
from .together import BATCH, together

__all__ = ["Delivery"]


class Delivery:
    """The acknowledgments that one source waits for."""

    def __init__(self, layout: Layout, source: str, ledger: Ledger, journal: Journal, figures: Figures) -> None:
        self.layout, self.source, self.ledger = layout, source, ledger
        self.journal, self.figures = journal, figures
        self.progressed: Callable[[], object] = lambda: None

    async def push(self, folder: RemoteFolder) -> bool:
        """Push a batch, oldest first. Out: was there any?"""
        outputs = self.ledger.remote_outputs(self.source, BATCH)
        fresh = [o for o in outputs if o.state == STAGED]
        await together(
            lambda o: folder.upload(self.layout.staged(o.file_id, o.number), folder.target(_temporary(o))),
            fresh,
            lambda o: o.size,
        )
        self.ledger.mark_outputs(fresh, UPLOADED)
        pushed: list[tuple[Output, bool]] = []

        async def publish(o: Output) -> None:
            pushed.append((o, await self._publish(folder, o)))

        try:
            await together(publish, outputs)
        finally:
            self._delivered(pushed)
        return bool(outputs)

    def _delivered(self, pushed: Sequence[tuple[Output, bool]]) -> None:
        self.ledger.pushed([o for o, _ in pushed])
        if pushed:
            self.progressed()
        for o, is_seen in pushed:
            unlink_quietly(self.layout.staged(o.file_id, o.number))
            self.figures.add("acknowledgments_pushed_total", source=self.source)
            told = {"id": o.file_id, "source": self.source, "kind": o.kind, "bytes": o.size}
            if is_seen:
                self.journal.write("info", "pushed", **told)
            else:
                self.journal.write("warn", "pushed_unseen", **told)

    async def _publish(self, folder: RemoteFolder, o: Output) -> bool:
        """Give an upload its name. Out: was it seen to have it? When the temporary name is gone, an earlier rename of
        ours was carried out, though nobody told us, and the partner may have taken the file away; unless this is the
        first, or the one before was refused: then somebody else took the upload away, and it is uploaded again."""
        target = folder.target(o.name.encode())
        try:
            await folder.rename(folder.target(_temporary(o)), target)
        except Missing:
            is_there = await folder.exists(target)
            if o.state == STAGED and not is_there:
                self.ledger.mark_outputs([o], STAGED)
                raise
            if not is_there and not await folder.exists(folder.outbound):
                raise  # it may come back, with the upload in it
            return is_there
        except (Refused, Exists):
            if not await folder.exists(target):
                self.ledger.mark_outputs([o], STAGED)
                raise
            await self._remove_temporary(folder, o)
        return True

    async def _remove_temporary(self, folder: RemoteFolder, o: Output) -> None:
        """An earlier rename was carried out as a link, and cut off before the old name went."""
        try:
            await folder.remove(folder.target(_temporary(o)))
        except (Refused, Exists):
            pass  # it has its name, and nobody takes the other for an acknowledgment


def _temporary(o: Output) -> bytes:
    return b"." + o.name.encode() + b".part"
