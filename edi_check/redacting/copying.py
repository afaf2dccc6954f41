"""A whole file to its copy: twice through it, once to see what is in it, once to write."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import IO, Any

from ..findings import EdiCheckError, NotX12
from ..judging.in_force import settings_in_force
from ..judging.packs import load_packs
from ..reading.segments import Batch, Header, Segmenter, Stray
from ..reading.strays import misread
from ..sources import Source
from .free_text import Vocabulary
from .inventions import Gathered, Inventions
from .rewriting import Rewriter

__all__ = ["RedactionFailed", "redact"]

Write = Callable[[bytes], object]


class RedactionFailed(EdiCheckError):
    """The file can't be copied with invented people, and why."""


def redact(
    source: Any,
    out: IO[bytes],
    *,
    seed: int | None = None,
    packs: Iterable[str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    as_of: date | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Write a copy of ``source`` with invented people to ``out``.

    In: a path, bytes, a binary file, or a ``Source``; a ``.gz`` is unpacked. The copy has the length of the original,
    and each segment its place. ``seed``: the same inventions again (for tests: who knows it can try guesses against
    the copy); else nobody can repeat them. ``packs``, ``settings`` and ``as_of`` as for ``edi_check.check``: the
    findings that are to stay are theirs. ``progress`` is called with the time through the file (0, 1) and the bytes
    taken of it, as they are stored the first time, unpacked the second. Raises ``NotX12`` for what is no interchange,
    ``RedactionFailed`` for what can't be read to its end or ends values by digits or segments by letters; nothing is
    written then.
    """
    opened = source if isinstance(source, Source) else Source(source)
    try:
        loaded = load_packs(packs)
        in_force = settings_in_force(loaded, settings or {})
        named = (group for values in in_force.values() for group in values.get("aso_groups") or ())
        kept = frozenset(group.strip().upper() for group in named)
        gathered = Gathered()
        gathered.days.receipt = as_of or date.today()
        first = _Copy(Rewriter(gathered, kept, gathered.days), lambda data: None)
        tell = progress or (lambda time, taken: None)
        first.run(_told(opened.chunks(), lambda size: tell(0, opened.taken)))
        if opened.trouble:
            why = f": {opened.error}" if opened.error else ""
            raise RedactionFailed(f"The file can't be read to its end{why}; nothing of it was copied.")
        if not first.headers:
            raise NotX12("This is no X12 interchange, so nobody knows what in it is a name; nothing of it was copied.")
        if any(mark.isdigit() for mark in "".join(first.headers)) or any(d[-1].isalpha() for d in first.headers):
            raise RedactionFailed("The ISA makes a digit a delimiter, or a letter the terminator, so a value can't be "
                                  "changed without changing where it ends; nothing of it was copied.")
        key = seed.to_bytes(16, signed=True) if seed is not None else secrets.token_bytes(32)
        inventions = Inventions(key, gathered, Vocabulary(loaded, in_force), "".join(first.headers))
        _Copy(Rewriter(inventions, kept), out.write).run(_told(_again(opened), partial(tell, 1)))
    finally:
        if opened is not source:
            opened.close()


def _told(chunks: Iterable[bytes], tell: Callable[[int], object]) -> Iterator[bytes]:
    """The chunks; after each, ``tell`` is called with the size of all so far."""
    size = 0
    for chunk in chunks:
        yield chunk
        size += len(chunk)
        tell(size)


def _again(source: Source, size: int = 1 << 17) -> Iterator[bytes]:
    at = 0
    while chunk := source.read_at(at, size):
        at += len(chunk)
        yield chunk


class _Copy:
    """A run through a file. What lies between segments (terminators, line ends) is written as it is."""

    def __init__(self, rewriter: Rewriter, write: Write) -> None:
        self.rewriter, self.write = rewriter, write
        self.headers: set[str] = set()
        self._raw = ""
        self._at = 0
        self._header: Header | None = None
        """The ISA at hand."""

    def run(self, chunks: Iterable[bytes]) -> None:
        """All of it."""
        segmenter = Segmenter()
        for chunk in chunks:
            self._raw += chunk.decode("latin-1")
            self._take(segmenter.feed(chunk))
            if segmenter.is_dead and not self.headers:
                return
        self._take(segmenter.close())
        self._put(self._raw, self.rewriter.rest)

    def _take(self, events: list[Batch | Header | Stray]) -> None:
        for event in events:
            self._refuse_misread(event)
            if isinstance(event, Header):
                self.headers.add("".join(event.delimiters))
                self._between(event.offset)
                self._put(self._raw[: len(event.text)], partial(self.rewriter.header, delimiters=event.delimiters))
            elif isinstance(event, Batch):
                self._batch(event)
            elif event.kind in ("cut", "unterminated"):
                self._between(event.offset)
                self._put(self._raw, self.rewriter.segment)
            else:
                self._between(event.offset)

    def _refuse_misread(self, event: Batch | Header | Stray) -> None:
        """Nothing is known of what stands in segments that the delimiters of their ISA don't cut."""
        if isinstance(event, Header):
            self._header = event
        elif self._header is not None:
            for text in event.segments if isinstance(event, Batch) else (event.text,):
                told = misread(text, self._header.delimiters) if text.startswith("GS") else None
                if told is not None:
                    raise RedactionFailed(f"{told[1]} It can't be read, so nothing is copied. {told[2]}")

    def _batch(self, batch: Batch) -> None:
        raw, at, base, out = self._raw, 0, self._at, []
        rewrite = self.rewriter.segment
        for n, segment in enumerate(batch.segments):
            start = batch.start(n) - base
            out.append(raw[at:start])
            out.append(rewrite(segment))
            at = start + len(segment)
        self.write("".join(out).encode("latin-1"))
        self._raw = raw[at:]
        self._at = base + at

    def _between(self, offset: int) -> None:
        """Write what lies before ``offset`` as it is."""
        self._put(self._raw[: offset - self._at])

    def _put(self, raw: str, rewrite: Callable[[str], str] | None = None) -> None:
        """Write the first of what is at hand, changed or not."""
        self.write((rewrite(raw) if rewrite else raw).encode("latin-1"))
        self._raw = self._raw[len(raw) :]
        self._at += len(raw)
