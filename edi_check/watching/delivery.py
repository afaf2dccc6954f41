"""Pushing acknowledgments to a remote source: uploaded under a temporary name, committed, then renamed. Which of the
two names is there tells what a connection that ended had done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .disk import unlink_quietly
from .figures import Figures
from .journal import Journal
from .layout import Layout
from .pickup import BATCH, together
from .records import STAGED, UPLOADED, Ledger, Output
from .sftp import Missing, RemoteFolder

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
        pushed: list[Output] = []

        async def publish(o: Output) -> None:
            await self._publish(folder, o)
            pushed.append(o)

        try:
            await together(publish, outputs)
        finally:
            self._delivered(pushed)
        return bool(outputs)

    def _delivered(self, outputs: Sequence[Output]) -> None:
        self.ledger.pushed(outputs)
        if outputs:
            self.progressed()
        for o in outputs:
            unlink_quietly(self.layout.staged(o.file_id, o.number))
            self.figures.add("acknowledgments_pushed_total", source=self.source)
            self.journal.write("info", "pushed", id=o.file_id, source=self.source, kind=o.kind, bytes=o.size)

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


def _temporary(o: Output) -> bytes:
    return b"." + o.name.encode() + b".part"
