"""Which files of a listing are ready to be taken. Pure: a listing, what was seen before and the time go in, the new
memory and the choice come out; no disk, no clock, no network.

A file is still when two scans saw it alike (size, time of change, inode) and the last change is ``settle_seconds``
old by our own clock. Being still is no proof that it is whole: its ends are looked at before it is taken
(``is_whole``), and one that isn't whole is looked at again when it changes, or taken as it is after
``incomplete_grace_seconds``.

Waits are measured by the monotonic clock, which nobody can set. The wall clock says only how old a file's last change
was when it was seen first, never how long one that isn't whole has been waiting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from typing import NamedTuple

__all__ = ["IGNORED", "Choice", "Entry", "Rules", "Seen", "decide", "is_whole"]

IGNORED = (
    ".*",
    "*~",
    "*.tmp",
    "*.temp",
    "*.part",
    "*.partial",
    "*.filepart",
    "*.crdownload",
    "*.swp",
    "*.uploading",
    "*.inprogress",
    "*.lock",
)
"""Names under which other programs write what isn't finished."""

TAIL_SPACE = b" \t\r\n\x00\x1a"
"""What may stand after IEA: line ends, padding, the end mark of CP/M."""
ISA_PLACES = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
"""Where the separators of elements stand in an ISA (X12.5: each of its elements has one length)."""


class Entry(NamedTuple):
    """A name of a folder. ``kind``: ``file``, ``folder``, ``link`` or ``other``. ``changed``: when it last changed by
    our own clock (ctime of a local disk); 0 when only the server's clock could tell."""

    name: bytes
    size: int
    mtime_ns: int
    inode: int = 0
    kind: str = "file"
    changed: float = 0.0


class Seen(NamedTuple):
    """What is remembered of a name: how it looked, since when it has looked so, in how many scans, whether it was
    found not to be whole, and since when that has been known. The moments are monotonic."""

    size: int
    mtime_ns: int
    inode: int
    since: float
    scans: int = 1
    is_partial: bool = False
    cut_since: float = 0.0


@dataclass(frozen=True)
class Rules:
    """When a file is ready. ``done_marker``: a suffix such as ``.done``; a file is only taken when there is a second
    name, its own with that suffix."""

    settle_seconds: float = 10.0
    incomplete_grace_seconds: float = 900.0
    ignore: tuple[str, ...] = IGNORED
    done_marker: str = ""
    _pattern: re.Pattern[bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text = "|".join(translate(p) for p in self.ignore) or r"(?!)"
        object.__setattr__(self, "_pattern", re.compile(text.encode("utf-8", "surrogateescape"), re.I | re.S))

    def ignores(self, name: bytes) -> bool:
        """Is this a temporary name, or one that is no single segment of a path?"""
        return not is_segment(name) or bool(self._pattern.match(name))


class Choice(NamedTuple):
    """``look``: still, so look whether they are whole; ``overdue``: not whole for too long, to be taken as they are;
    ``waiting``: how many are not ready yet; ``odd``: how many are no files."""

    look: list[Entry]
    overdue: list[Entry]
    waiting: int
    odd: int


def is_segment(name: bytes) -> bool:
    """Is this one segment of a path, such as a folder can hold? A hostile server may list anything."""
    return 0 < len(name) <= 255 and name not in (b".", b"..") and b"/" not in name and b"\0" not in name


def decide(
    listing: Iterable[Entry], memory: Mapping[bytes, Seen], now: float, rules: Rules, wall: float = 0.0
) -> tuple[dict[bytes, Seen], Choice]:
    """The new memory and what to do. ``now`` is monotonic, ``wall`` our wall clock, 0 when it was set a moment ago;
    names that are gone are forgotten."""
    entries = [e for e in listing if not rules.ignores(e.name)]
    marker = rules.done_marker.encode("utf-8", "surrogateescape")
    marked = {e.name for e in entries if e.name.endswith(marker)} if marker else set()
    fresh: dict[bytes, Seen] = {}
    look: list[Entry] = []
    overdue: list[Entry] = []
    waiting = odd = 0
    for e in entries:
        if e.kind != "file":
            odd += 1
            continue
        if e.name in marked:
            continue
        before = memory.get(e.name)
        if before is None or before[:3] != (e.size, e.mtime_ns, e.inode):
            age = wall - e.changed if 0 < e.changed <= wall else 0.0
            fresh[e.name] = Seen(e.size, e.mtime_ns, e.inode, now - age)
            waiting += 1
            continue
        seen = before._replace(scans=before.scans + 1)
        fresh[e.name] = seen
        if (marker and e.name + marker not in marked) or now - seen.since < rules.settle_seconds:
            waiting += 1
        elif not seen.is_partial:
            look.append(e)
        elif now - seen.cut_since >= rules.incomplete_grace_seconds:
            overdue.append(e)
        else:
            waiting += 1
    return fresh, Choice(look, overdue, waiting, odd)


def is_whole(head: bytes, tail: bytes) -> bool:
    """Does a file that begins with ``head`` and ends with ``tail`` look whole? X12 is its own done mark: the last ISA
    has an IEA with its control number. What is no X12 has no such mark: it counts as whole, and is refused when it is
    judged.

    ``tail`` should reach back to the last ISA where that is near; when it doesn't, ``head``'s ISA is compared only if
    it is the file's sole one, so a trailer that is well-formed counts.
    """
    if not head.strip(TAIL_SPACE):
        return False
    text = head.lstrip(b"\xef\xbb\xbf" + TAIL_SPACE)
    if not text.startswith(b"ISA") or len(text) < 106:
        return not (text.startswith(b"ISA") or b"ISA".startswith(text[:3]))
    near = _last_isa(tail)
    isa = near or text[:106]
    element, terminator = isa[3:4], isa[105:106]
    body = tail.rstrip(TAIL_SPACE).removesuffix(terminator).rstrip(TAIL_SPACE)
    return _ends_with_trailer(body, element, isa, bool(near))


def _last_isa(tail: bytes) -> bytes:
    """The last ISA that is whole; nothing where there is none. Its elements have fixed places: a patient's name may end
    with the same letters (``NM1*QC*1*DOE*LISA*``)."""
    at = len(tail)
    while (at := tail.rfind(b"ISA", 0, at)) >= 0:
        isa = tail[at : at + 106]
        if len(isa) == 106 and all(isa[place] == isa[3] for place in ISA_PLACES):
            return isa
    return b""


def _ends_with_trailer(body: bytes, element: bytes, isa: bytes, is_near: bool) -> bool:
    at = body.rfind(b"IEA" + element)
    if at < 0:
        return False
    parts = body[at:].split(element)
    if len(parts) != 3 or not parts[1].strip().isdigit():
        return False
    number = parts[2].strip()
    return number == isa[90:99].strip() if is_near else len(number) == 9
