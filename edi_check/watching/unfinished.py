"""Since when files that aren't whole have been waiting, by a clock that nobody can set. The ledger keeps it, so that
runs of ``--once`` and restarts add up.

The moments are those of the monotonic clock, which all processes share until the next boot. After a boot the wait
begins anew. No name is kept: a digest of how a file looks stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from time import monotonic, time

from .intake import Seen
from .records import Ledger

__all__ = ["Unfinished", "boot"]

SURELY_LISTED = 60.0
"""A row that is younger may be of a file that another process saw after our listing was made."""


def boot() -> str:
    """Which boot of the machine this is. Where the system doesn't tell (it isn't Linux), about when that was: a clock
    that is set then counts as another boot, so that a wait gets longer and never shorter."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return str(round((time() - monotonic()) / 600))


def _key(name: bytes, seen: Seen) -> str:
    return blake2b(b"%d %d %d " % seen[:3] + name, digest_size=16).hexdigest()


class Unfinished:
    """Those of one source."""

    def __init__(self, ledger: Ledger, source: str) -> None:
        self.ledger, self.source = ledger, source
        self._known: dict[bytes, str] = {}
        """Names and keys of what this process has found in the ledger, or put there."""
        self._is_swept = False

    def since(self, files: Mapping[bytes, Seen]) -> dict[bytes, float]:
        """Since when it has been known of each of these that it isn't whole; of those that are new, since now. One
        transaction."""
        keys = {name: _key(name, seen) for name, seen in files.items()}
        found = self.ledger.unfinished(self.source, list(keys.values()), boot(), monotonic())
        self._known |= keys
        return {name: found[key] for name, key in keys.items()}

    def keep(self, memory: Mapping[bytes, Seen]) -> None:
        """Forget those that aren't in a listing any more, or look different. In: what it has."""
        if not self._is_swept:
            self._sweep(memory)
            self._is_swept = True
        gone = [n for n, key in self._known.items() if n not in memory or _key(n, memory[n]) != key]
        if gone:
            self.ledger.finished(self.source, [self._known[n] for n in gone])
            for n in gone:
                del self._known[n]

    def _sweep(self, memory: Mapping[bytes, Seen]) -> None:
        """What earlier runs left: find the names, remove what has none."""
        rows = self.ledger.unfinished_rows(self.source)
        if not rows:
            return
        keys = {_key(name, seen): name for name, seen in memory.items()}
        this, now = boot(), monotonic()
        self._known |= {keys[key]: key for key, _, _ in rows if key in keys}
        old = [k for k, of, since in rows if k not in keys and (of != this or not now - SURELY_LISTED < since <= now)]
        self.ledger.finished(self.source, old)


def recorded(memory: dict[bytes, Seen], names: Iterable[bytes], unfinished: Unfinished) -> None:
    """Enter in a memory that these aren't whole, and since when."""
    cut = {name: memory[name] for name in names if name in memory}
    if cut:
        for name, since in unfinished.since(cut).items():
            memory[name] = memory[name]._replace(is_partial=True, cut_since=since)
