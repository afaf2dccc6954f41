"""One file through the three stages: read and judge alone, settle, total. Part of the beam: it knows all three pillars.

Each claim leaves a row in a spool as soon as it is judged; what is kept in memory grows with sets, faulty levels and
listed findings, not with claims. Nothing is final before ``settle``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from .findings import Finding, Where
from .judging.engine import Engine
from .judging.keys import Keys
from .judging.repeats import said_once
from .judging.settle import settle
from .judging.standing import Standing
from .model import Claim, Interchange, Place, TransactionSet
from .reading.reader import Reader, pieces
from .report import FileReport
from .rows import COMPARE, PATIENT, Overruled, claim_details, claim_row, pack, provider_row
from .sources import Source
from .spool import GROUP, Spool, Store
from .telling.dispositions import (
    EnvelopeFaults,
    claim_disposition,
    file_disposition,
    is_nameable,
    refused_sets,
    settle_envelope,
)

__all__ = ["FileCheck", "Outside", "Progress"]

TROUBLES = {
    "gzip": (
        "CORE-FILE-01",
        "The file can't be read to its end: {error}; only what came before that was read.",
        "Send the file again.",
    ),
    "limit": (
        "CORE-FILE-03",
        "The gzip file unpacks beyond the limit; reading stops there.",
        "Send it unpacked, or in parts.",
    ),
    "read": ("CORE-FILE-01", "The file can't be read: {error}.", "Look at its permissions and at the disk."),
}
ZERO: Final = Decimal(0)
ORDER: Final = ("accepted", "review", "rejected")

DETAILS_PIECE: Final = 16
"""Claims whose details are read to get at those of one: few claims have anything to do with another one."""


Progress = Callable[[int, int], None]
"""Told, of the file at hand, the bytes read (as stored) and the claims judged so far."""

Outside = Callable[[str, Sequence[Interchange]], Iterable[Finding]]
"""Asked, when a file has been read (its sha256, its interchanges), for what only somebody outside can know of it: that
it was here before."""


class _Located(NamedTuple):
    """A claim that is looked up again: its row, its text, where in it each segment begins, and whether the last has no
    end there."""

    claim: int
    row: tuple[Any, ...]
    text: str
    starts: list[int]
    is_cut: bool


class FileCheck:
    """One file being checked. ``pinned``: levels the user gave by edit id, which win over the milder level of a single
    occurrence. ``outside``: see ``Outside``. ``tables``: see ``Reader``."""

    def __init__(
        self,
        source: Source,
        engine: Engine,
        limits: Mapping[str, int],
        *,
        strict: bool,
        max_findings: int,
        pinned: Mapping[str, str],
        progress: Progress | None = None,
        store: Store | None = None,
        outside: Outside | None = None,
        tables: dict[Any, Any] | None = None,
    ) -> None:
        self.source, self.engine, self.progress, self.outside = source, engine, progress, outside
        self.strict, self.max_findings, self.pinned = strict, max_findings, pinned
        self.reader = Reader(limits, tables)
        store = self._store = store or Store()
        self.file = FileReport(source.name, source=source, rows=Spool(store), details=Spool(store, DETAILS_PIECE),
                               above=Spool(store), overruled=Overruled(store))
        self.faults = EnvelopeFaults()
        self.keys = Keys()
        self.listed: Counter[str] = Counter()
        self.levels: Counter[str] = Counter()
        self._unfiled: Counter[str] = Counter()
        self._totals: dict[str, list[Any]] = {d: [0, ZERO] for d in ("accepted", "review", "rejected")}
        self._above = 0
        self._provider = 0
        self._provider_rows: dict[Any, Any] = {}
        self._rows: list[Any] = []
        self._details: list[Any] = []
        self._unnamed: set[int] = set()
        self._sets: dict[int, TransactionSet] = {}
        self._located: _Located | None = None

    def run(self) -> FileReport:
        """The report of the file. The content of a file raises nothing."""
        self.engine.begin_file()
        reader = self.reader
        for chunk in self.source.chunks():
            for piece in pieces(chunk):
                for claim in reader.feed(piece):
                    self.take(claim)
            if self.progress:
                self.progress(self.source.taken, len(self.file.rows) + len(self._rows))
        for claim in reader.close():
            self.take(claim)
        self._spool()
        self._look_at_source()
        self._settle()
        self._total()
        for spool in (self.file.rows, self.file.details, self.file.above, self.file.overruled.spool):
            spool.close()
        self._store.flush()  # who asks the report later may do so in several threads
        return self.file

    # --- read and judge alone --------------------------------------------------------------------------------

    def take(self, claim: Claim) -> None:
        """Judge a claim by itself and leave its row."""
        engine = self.engine
        if claim.billing.number != self._provider:
            self._new_provider(claim)
        if claim.is_complete:
            found = engine.judge(claim)
            compare = engine.compare(claim)
        else:
            found, compare = [], None
        plan = engine.plan(claim)
        disposition = "accepted"
        if found or claim.faults:
            found = self._own(claim, found)
            disposition = claim_disposition([f.level for f in found])
        total = self._totals[disposition]
        total[0] += 1
        if claim.charge is not None:
            total[1] += claim.charge
        if compare is not None:
            if disposition != "rejected":
                self.keys.add(claim.index, compare, plan)
            else:
                self.keys.add_refused(claim.index, compare)
        self._details.append(claim_details(claim, found, compare))
        rows = self._rows
        rows.append(claim_row(claim, disposition, plan.lob))
        if len(rows) == GROUP:
            self._spool()

    def _spool(self) -> None:
        """Let go of the claims at hand."""
        self.file.rows.extend(self._rows)
        self.file.details.extend(self._details)
        self._rows, self._details = [], []

    def _new_provider(self, claim: Claim) -> None:
        b = claim.billing
        while len(self.file.providers) < b.number - 1:
            self.file.providers.append(("", "", "", "", "", "", "", "", "", 0))  # a level without a claim
        row = provider_row(b, claim.set.index)
        row = self._provider_rows.setdefault(row, row)  # many a file has a level for each claim, all of one provider
        if len(self.file.providers) < b.number:
            self.file.providers.append(row)
        self._provider = b.number
        if not is_nameable(row):
            self._unnamed.add(claim.set.index)

    def _own(self, claim: Claim, judged: list[Finding]) -> list[Finding]:
        """The claim's findings at the levels in force: of the reader and of the engine, in order of segments."""
        found = [f for f in claim.faults if self._in_force(f)]
        found += judged
        for f in found:
            self._enter(f, claim)
        found.sort(key=Finding.sort_key)
        for f in found:
            self._list(f)
        return found

    def _enter(self, f: Finding, claim: Claim) -> None:
        f.claim, f.claim_number = claim.index, claim.number
        f.interchange, f.group, f.set_index = claim.interchange.index, claim.group.index, claim.set.index
        self.faults.add(f)

    def _in_force(self, f: Finding) -> bool:
        """Give a finding of the reader its level and status; false when its edit is off."""
        if not self.engine.reports(f.edit):
            return False
        f.level = self._level_of(f.edit, f.level)
        if not f.status.category:
            f.status = self.engine.catalogue[f.edit].status
        return True

    def _level_of(self, edit: str, level: str) -> str:
        """The level in force of what the reader files at ``level``, ``""`` for the edit's own."""
        return self.engine.catalogue[edit].level if not level or edit in self.pinned else level

    def _list(self, f: Finding) -> None:
        """Count a finding, and list it while its edit has room."""
        self.levels[f.level] += 1
        self.listed[f.edit] += 1
        if self.listed[f.edit] <= self.max_findings:
            self.file.findings.append(f)

    # --- settle ----------------------------------------------------------------------------------------------

    def _look_at_source(self) -> None:
        trouble = self.source.trouble
        if trouble:
            if not self.source.size:  # not empty, as the reader says: nothing of it could be had
                self.reader.faults.clear()
            edit, says, fix = TROUBLES[trouble]
            where = Where(segment=max(self.reader.segments, 1), offset=self.source.size)
            self.reader.faults.append(Finding(edit, says.format(error=self.source.error), where, fix=fix, scope="file"))

    def _settle(self) -> None:
        file, reader = self.file, self.reader
        file.interchanges = reader.interchanges
        if self.outside:
            reader.faults.extend(self.outside(self.source.sha256, reader.interchanges))
        self._count_unfiled()
        above = said_once([f for f in reader.faults if self._in_force(f)])
        above.sort(key=Finding.sort_key)
        for f in above:
            self.faults.add(f)
            self._list(f)
            file.above.append(pack(f))
        unanswerable = set(self._unnamed)
        for i in file.interchanges:
            for g in i.groups:
                unanswerable.update(s.index for s in g.sets if s.is_professional and not s.reference)
        file.results = settle_envelope(file.interchanges, self.faults, self.strict, unanswerable)
        file.refused_sets = refused_sets(file.interchanges, file.results, self.faults)
        file.refused_levels = (
            frozenset(self.faults.providers),
            frozenset(self.faults.subscribers),
            frozenset(self.faults.patients),
        )
        self._sets = {s.index: s for i in file.interchanges for g in i.groups for s in g.sets}
        rows = _Standings(file)
        for index, found in settle(rows, self.engine, file.refused_sets.keys(), self._locate, self.keys,
                                   self._segments_of):
            self._overrule(index, found)

    def _count_unfiled(self) -> None:
        """Count the faults that the reader has not kept."""
        for (edit, level), n in self.reader.unfiled.items():
            if self.engine.reports(edit):
                self.levels[self._level_of(edit, level)] += n
                self._unfiled[edit] += n

    def _overrule(self, index: int, found: list[Finding]) -> None:
        row = self.file.rows[index - 1]
        for f in found:
            f.claim, f.claim_number = index, row[1]
            f.interchange, f.group, f.set_index = row[7], row[8], row[9]
            self._list(f)
        worst = claim_disposition([f.level for f in found])
        disposition = max(row[2], worst, key=ORDER.index)
        self.file.overruled.add(index, disposition, tuple([pack(f) for f in found]))
        charge = Decimal(row[3]) if row[3] else ZERO
        for of, sign in ((row[2], -1), (disposition, 1)):
            self._totals[of][0] += sign
            self._totals[of][1] += sign * charge

    def _segments_of(self, claim: int) -> list[list[str]]:
        """A claim's segments (2300 and below) as elements, read again from the source; components with ``:``."""
        row = self.file.rows[claim - 1]
        d = self.file.interchanges[row[7] - 1].delimiters
        text = self._text_of(row).replace(d.component, ":")
        return [segment.strip("\r\n").split(d.element) for segment in text.split(d.terminator)[:-1]]

    def _text_of(self, row: tuple[Any, ...]) -> str:
        """A claim as it was sent, a long one as far as anybody looks."""
        return self.source.read_at(row[12], min(row[13], 1 << 20)).decode("latin-1")

    def _locate(self, claim: int, segment: int) -> Place:
        """Place of one of a claim's segments, read again from the source: only findings of *settle* ask."""
        if self._located is None or self._located.claim != claim:
            self._located = self._segments_at(claim)
        _, row, text, starts, is_cut = self._located
        in_set = segment - self._sets[row[9]].segment + 1 if row[9] in self._sets else 0
        n = max(0, segment - row[11])
        if n >= len(starts) and is_cut:
            return Place(segment, in_set, row[12], 0, "", "")
        n = min(n, len(starts) - 1)
        at = starts[n]
        stop = text.find(self.file.interchanges[row[7] - 1].delimiters.terminator, at)
        piece = text[at : stop if stop >= 0 else len(text)]
        return Place(segment, in_set, row[12] + at, len(piece), "2400" if n else "2300", piece)

    def _segments_at(self, claim: int) -> _Located:
        """Where a claim's segments begin."""
        row = self.file.rows[claim - 1]
        term = self.file.interchanges[row[7] - 1].delimiters.terminator
        text = self._text_of(row)
        starts, at, edge = [0], 0, "\r\n".replace(term, "")
        while at < len(text):
            at = text.find(term, at) + 1
            if not at:
                return _Located(claim, row, text, starts, True)
            while text[at : at + 1] and text[at] in edge:
                at += 1
            starts.append(at)
        return _Located(claim, row, text, starts, False)

    # --- totals ----------------------------------------------------------------------------------------------

    def _total(self) -> None:
        file, counts, reader = self.file, self.file.counts, self.reader
        file.bytes, file.sha256 = self.source.size, self.source.sha256
        if file.refused_sets or any(file.refused_levels):
            self._recount()
        totals = self._totals
        counts.segments, counts.lines = reader.segments, reader.lines
        file.slow_but_clean = reader.slow_but_clean
        counts.sets = sum(len(g.sets) for i in file.interchanges for g in i.groups)
        counts.accepted, counts.review, counts.rejected = (totals[d][0] for d in ("accepted", "review", "rejected"))
        counts.claims = counts.accepted + counts.review + counts.rejected
        accepted, rejected = totals["accepted"][1] + totals["review"][1], totals["rejected"][1]
        counts.accepted_charge, counts.rejected_charge = _money(accepted), _money(rejected)
        counts.charge = _money(accepted + rejected)
        for level in counts.findings:
            counts.findings[level] = self.levels[level]
        file.findings.sort(key=Finding.sort_key)
        omitted = Counter({e: n - self.max_findings for e, n in self.listed.items() if n > self.max_findings})
        omitted.update(self._unfiled)
        file.omitted = dict(sorted(omitted.items()))
        file.not_evaluated = list(self.engine.not_evaluated)
        file.faults = list(self.engine.faults)
        file.disposition = file_disposition(counts, self.faults, file.results, file.interchanges)
        self._place_lines()

    def _recount(self) -> None:
        """Claims were overruled: count them again from the rows."""
        totals: dict[str, list[Any]] = {d: [0, ZERO] for d in self._totals}
        for claim in self.file.claims():
            total = totals[claim.disposition]
            total[0] += 1
            if claim.charge:
                total[1] += Decimal(claim.charge)
        self._totals = totals

    def _place_lines(self) -> None:
        """Physical line and column of every listed finding, in one pass over the source."""
        findings = self.file.findings
        places = self.source.line_columns(f.where.offset for f in findings)
        for f in findings:
            line, column = places.get(f.where.offset, (1, f.where.offset + 1))
            f.where = f.where._replace(line=line, column=column)


class _Standings:
    """The rows as ``settle`` wants to see them."""

    def __init__(self, file: FileReport) -> None:
        self.file = file

    def _standing(self, row: tuple[Any, ...], details: tuple[Any, ...]) -> Standing:
        providers, subscribers, patients = self.file.refused_levels
        is_refused = row[2] == "rejected" or row[14] in providers or row[15] in subscribers
        is_refused = is_refused or details[PATIENT] in patients
        return Standing(row[0], row[9], is_refused, details[COMPARE], tuple([f[0] for f in details[0]]), row[7], row[8])

    def __iter__(self) -> Iterator[Standing]:
        return map(self._standing, self.file.rows, self.file.details)

    def __getitem__(self, index: int, /) -> Standing:
        return self._standing(self.file.rows[index], self.file.details[index])


def _money(amount: Decimal) -> str:
    """A sum with two decimals, or as many as it has.

    >>> _money(Decimal("120")), _money(Decimal("0.125"))
    ('120.00', '0.125')
    """
    exact = amount.normalize()
    exponent = exact.as_tuple().exponent
    return f"{exact:f}" if isinstance(exponent, int) and exponent < -2 else f"{exact:.2f}"
