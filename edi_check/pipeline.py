"""The one module that knows all three pillars: read, judge alone, settle, tell.

``check`` runs a file (or several) through them and gives a ``Report``; ``read_claims`` stops after reading.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .checking import FileCheck, Outside, Progress
from .findings import LEVELS, LimitExceeded, NotX12, UnsupportedGuide, ends_reading
from .model import Claim
from .privacy import masked
from .reading.reader import LIMITS as READING
from .reading.reader import Reader
from .report import FileReport, PackInfo, Report, TableInfo
from .side_by_side import side_by_side
from .sources import CHUNK, Source
from .spool import Store

if TYPE_CHECKING:
    from .tables.store import Selection

__all__ = ["LIMITS", "Desk", "check", "claims_again", "limits_of", "opened_source", "read_claims"]

LIMITS: Mapping[str, int] = {
    **READING,
    "gzip_bytes": 4 << 30,
    "gzip_ratio": 200,
}
"""Defaults of the limits of CONTRACT section 8."""

FAIL_ON = (*LEVELS[:4], "never")

OPEN_FILES = 100
"""Inputs of a run up to which they stay open, so that a rename under way does no harm."""


def check(
    source: Any,
    *,
    packs: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] | None = None,
    as_of: datetime.date | str | None = None,
    jobs: int = 1,
    lob: str = "auto",
    snip: tuple[int, int] = (1, 7),
    levels: Mapping[str, str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    payers: Mapping[str, str] | None = None,
    tables: Selection | str | os.PathLike[str] | None = None,
    strict: bool = False,
    fail_on: str = "reject",
    max_findings: int = 1000,
    show_values: bool = False,
    limits: Mapping[str, int] | None = None,
    name: str = "",
    progress: Progress | None = None,
) -> Report:
    """Judge 837P files.

    In: ``source`` a path, bytes, a binary file, or a list of these; ``packs`` names or files of packs (``None``: all
    that are built in; empty: only what belongs to the guide); ``as_of`` the day of receipt (default today);
    ``levels`` edit id to level; ``settings`` pack id to its settings; ``payers`` payer id to line of business;
    ``jobs`` processes, 0 for as many as there are cores: the files of a list are checked side by side, and the report
    doesn't depend on it; ``tables`` the file of tables that `edi-check tables add` makes (default none: what needs
    one is not evaluated); ``limits`` see ``LIMITS``; ``name`` what the report calls the source; ``progress`` is
    called as a file is read, see ``Progress``. Out: the report; nothing is printed or written. Raises ``PackError``
    for a pack or setting that can't be used, ``TypeError`` or ``ValueError`` for another option that can't be meant;
    the content of a file raises nothing.
    """
    _number("jobs", jobs)
    _demand(jobs >= 0, f"jobs: {jobs} is no number of processes; 0 stands for as many as there are cores")
    rules = {"packs": packs, "lob": lob, "snip": snip, "levels": levels, "settings": settings, "payers": payers}
    told = {"strict": strict, "fail_on": fail_on, "max_findings": max_findings, "show_values": show_values}
    desk = Desk(_day(as_of), tables=tables, limits=limits, **rules, **told)  # type: ignore[arg-type]
    report = desk.report()
    sources = source if isinstance(source, (list, tuple)) else [source]
    here = os.getpid()

    def checked(one: Any, store: Store) -> FileReport:
        own = progress if os.getpid() == here else None
        return desk.file(one, name, store, progress=own, keep_open=len(sources) <= OPEN_FILES)

    report.files = side_by_side(sources, checked, _whole(jobs), progress)
    return report


def _day(day: datetime.date | str | None) -> datetime.date:
    if isinstance(day, datetime.datetime):
        return day.date()
    if isinstance(day, datetime.date):
        return day
    if day is not None and not isinstance(day, str):
        raise TypeError(f"as_of: a day is expected, or a text as 2026-11-21, not {type(day).__name__}")
    try:
        return datetime.date.fromisoformat(day) if day else datetime.date.today()
    except ValueError:
        raise ValueError(f"as_of: {day!r} is no day; one is written as 2026-11-21") from None


class Desk:
    """The options of ``check`` made ready for one day of receipt, for whoever judges many files one after the other."""

    def __init__(
        self,
        day: datetime.date,
        *,
        packs: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] | None = None,
        lob: str = "auto",
        snip: tuple[int, int] = (1, 7),
        levels: Mapping[str, str] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        payers: Mapping[str, str] | None = None,
        tables: Selection | str | os.PathLike[str] | None = None,
        strict: bool = False,
        fail_on: str = "reject",
        max_findings: int = 1000,
        show_values: bool = False,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        from .judging.engine import Engine
        from .judging.packs import load_packs

        is_pair = isinstance(snip, (tuple, list)) and len(snip) == 2 and all(isinstance(n, int) for n in snip)
        _demand(is_pair, f"snip: {snip!r} is no pair of SNIP types, such as (1, 4)")
        first, last = snip
        _demand(1 <= first <= last <= 7, f"snip: {tuple(snip)} is not the first and the last of the SNIP types 1 to 7")
        _demand(fail_on in FAIL_ON, f"fail_on: {fail_on!r} is none of {', '.join(FAIL_ON)}")
        _number("max_findings", max_findings)
        _demand(max_findings >= 0, f"max_findings: {max_findings} is no number of findings")
        for option, given in (("levels", levels), ("settings", settings), ("payers", payers), ("limits", limits)):
            _mapping(option, given)
        for pack, values in (settings or {}).items():
            _mapping(f"settings: {pack}", values, may_lack=False)
        truths: dict[str, Any] = {"strict": strict, "show_values": show_values}
        for option, answer in truths.items():
            if isinstance(answer, str):  # "false" would be true
                raise TypeError(f"{option}: true or false is expected, not a text")
        if isinstance(packs, (str, os.PathLike)):
            packs = [packs]
        elif packs is not None:
            packs = _pack_names(packs)
        self.day, self.fail_on, self.show_values = day, fail_on, show_values
        self.packs = load_packs(packs)
        self.engine = Engine(
            self.packs,
            settings=settings,
            levels=levels,
            lob=str(lob),
            payers={str(payer): str(line) for payer, line in (payers or {}).items()},
            snip=(int(snip[0]), int(snip[1])),
            tables=_loaded(tables),
            as_of=day,
        )
        self.tables = _listed(tables)
        around = ((1, first - 1), (last + 1, 7))
        self.left_out = [f"SNIP {a}-{b}" if a < b else f"SNIP {a}" for a, b in around if a <= b]
        self.left_out += sorted(edit for edit, level in (levels or {}).items() if level == "off")
        self.limits = limits_of(limits)
        self._options: dict[str, Any] = {"strict": bool(strict), "max_findings": _whole(max_findings),
                                         "pinned": levels or {}}
        self._steps: dict[Any, Any] = {}

    def report(self) -> Report:
        """A report without files yet."""
        from . import __version__

        return Report(
            self.day.isoformat(),
            [PackInfo(p.id, p.title, p.version, p.source) for p in self.packs],
            edits=self.engine.catalogue,
            version=__version__,
            fail_on=self.fail_on,
            show_values=self.show_values,
            tables=list(self.tables),
            left_out=list(self.left_out),
        )

    def file(
        self,
        source: Any,
        name: str = "",
        store: Store | None = None,
        *,
        progress: Progress | None = None,
        outside: Outside | None = None,
        keep_open: bool = True,
    ) -> FileReport:
        """One source judged. ``outside``: see ``checking.Outside``."""
        limits = self.limits
        opened = opened_source(source, limits, "" if name is None else str(name))
        run = FileCheck(
            opened,
            self.engine,
            limits,
            progress=progress,
            store=store,
            outside=outside,
            tables=self._steps,
            **self._options,
        )
        file = run.run()
        if not keep_open:
            opened.rest()
        return file


def read_claims(source: Any, *, limits: Mapping[str, int] | None = None) -> Iterator[Claim]:
    """The claims of a file, one by one, without verdicts; a claim's ``faults`` hold what is wrong with its syntax.

    In: a path, bytes or a binary file. Raises ``NotX12`` when it is no interchange, ``UnsupportedGuide`` when it
    holds no 837P, ``LimitExceeded`` at a limit, each after the claims before it were given; ``NotX12``, too, when the
    file is cut off.
    """
    known = limits_of(limits)
    opened = opened_source(source, known)
    reader = Reader(known)
    try:
        yield from reader.read(opened.chunks())
    finally:
        opened.close()
    if opened.trouble in ("read", "gzip") and not opened.size:  # not empty, as the reader says
        raise NotX12(f"The file can't be read: {opened.error}.")
    kinds: Sequence[tuple[str, type[Exception]]] = (
        ("CORE-FILE-01", NotX12),
        ("CORE-FILE-02", UnsupportedGuide),
        ("CORE-FILE-03", LimitExceeded),
    )
    for edit, kind in kinds:
        for fault in reader.faults:
            if fault.edit == edit and fault.level in ("", "reject"):
                raise kind(masked(fault.message))
    for fault in reader.faults:
        if ends_reading(fault) and fault.level in ("", "reject"):
            raise NotX12(masked(fault.message))
    if opened.trouble == "limit":
        raise LimitExceeded("The gzip file unpacks beyond the limit.")
    if opened.trouble:
        raise NotX12(f"The file can't be read to its end: {opened.error}.")


def claims_again(file: FileReport, *, limits: Mapping[str, int] | None = None) -> Iterator[Claim]:
    """The claims of a file that was checked, read once more, in the order and with the indexes of ``file.claims()``.
    ``limits`` are those it was checked with. Raises ValueError when it has changed since, or isn't at hand any more.
    """
    chunks = (file.read_at(at, min(CHUNK, file.bytes - at)) for at in range(0, file.bytes, CHUNK))
    yield from Reader(limits_of(limits)).read(chunks)


def limits_of(given: Mapping[str, int] | None) -> dict[str, int]:
    """All limits: those given, the others as ``LIMITS`` has them."""
    _mapping("limits", given)
    unknown = ", ".join(sorted(map(str, set(given or ()) - set(LIMITS))))
    _demand(not unknown, f"limits: there is none called {unknown}; there are {', '.join(LIMITS)}")
    for name, value in (given or {}).items():
        _number(f"limits: {name}", value)
        _demand(value >= 0, f"limits: {name}: {value} is no limit")
    return {name: _whole(value) for name, value in {**LIMITS, **(given or {})}.items()}


def opened_source(source: Any, limits: Mapping[str, int], name: str = "") -> Source:
    """A path, bytes or a binary file within all limits (``limits_of``), as reports call it by ``name``."""
    return Source(source, name, gzip_limit=limits["gzip_bytes"], gzip_ratio=limits["gzip_ratio"])


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _number(option: str, given: Any) -> None:
    if not hasattr(given, "__int__"):
        raise TypeError(f"{option}: a number is expected, not {type(given).__name__}")


def _mapping(option: str, given: Any, may_lack: bool = True) -> None:
    if not isinstance(given, Mapping) and not (may_lack and not given):
        raise TypeError(f"{option}: a mapping is expected, such as a dict, not {type(given).__name__}")


def _pack_names(given: Any) -> list[str | os.PathLike[str]]:
    names = list(given) if isinstance(given, Iterable) else [given]
    for name in names:
        if not isinstance(name, (str, os.PathLike)):
            raise TypeError(f"packs: names or files of packs are expected, not {type(name).__name__}")
    return names


def _whole(number: float) -> int:
    """A number that somebody wrote as 1e6, or infinity, as what is behind the doors is made for."""
    return int(number) if number < sys.maxsize else sys.maxsize


def _loaded(tables: Selection | str | os.PathLike[str] | None) -> dict[str, Any]:
    """The tables of a run, as the engine takes them; nothing is imported when there are none."""
    if not tables:
        return {}
    from .judging.tables import load_tables

    return load_tables(tables)


def _listed(tables: Selection | str | os.PathLike[str] | None) -> list[TableInfo]:
    """The same tables, as a report names them."""
    if not tables:
        return []
    from .tables import store as kept

    chosen = kept.Selection.of(tables)
    with kept.Store(chosen.path) as store:
        return [TableInfo(s.kind, s.lob, s.label, s.part, s.first, s.last, s.name, s.sha256)
                for s in chosen.sources_in(store)]
