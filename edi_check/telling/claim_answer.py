"""The 277CA (005010X214): which claims are taken up and which are refused, by batch, provider, patient, claim and line.

One transaction set for each set received that was not refused. Claims are read twice from the spool, once for the
totals that stand above them and once to be written; nothing else of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby

from ..findings import Finding, Status
from ..model import FunctionalGroup, Interchange, Party, TransactionSet
from ..report import ClaimResult, FileReport
from .claim_loops import ClaimLoop, claim_loops
from .refusals import SAME_BATCH, WholeRefusals
from .settings import AckSettings
from .statuses import BATCH_ENTITIES, PROVIDER_ENTITIES, composites, receiver_status, stc
from .x12 import Dialect, GroupOut, SetOut, plain_decimal, stream

__all__ = ["ClaimAnswer", "ClaimSource"]

VERSION = "005010X214"
ZERO = Decimal(0)


@dataclass
class Totals:
    """Claims and charges that were accepted and rejected below a level; ``first`` and ``last`` of the claims."""

    first: int = 0
    last: int = 0
    accepted: int = 0
    rejected: int = 0
    accepted_charge: Decimal = ZERO
    rejected_charge: Decimal = ZERO

    @property
    def any(self) -> bool:
        return bool(self.accepted or self.rejected)

    @property
    def charge(self) -> str:
        return plain_decimal(self.accepted_charge + self.rejected_charge)

    @property
    def accepted_amount(self) -> str:
        return plain_decimal(self.accepted_charge)

    @property
    def rejected_amount(self) -> str:
        return plain_decimal(self.rejected_charge)

    def add(self, index: int, is_accepted: bool, charge: str) -> None:
        value = decimal(charge)
        self.first, self.last = self.first or index, index
        if is_accepted:
            self.accepted += 1
            self.accepted_charge += value
        else:
            self.rejected += 1
            self.rejected_charge += value


def decimal(charge: str) -> Decimal:
    """A charge that a 277CA can add up: what can't be read or doesn't fit counts as nothing, as it is shown.

    >>> decimal("12.50"), decimal("")
    (Decimal('12.50'), Decimal('0'))
    """
    try:
        value = Decimal(charge)
    except (InvalidOperation, ValueError):
        return ZERO
    return value if len(charge) <= 12 or (value.is_finite() and plain_decimal(value) != "0") else ZERO


@dataclass
class PartyView:
    """NM102 to NM105, NM107 and NM109, clean."""

    type: str
    last: str
    first: str
    middle: str
    suffix: str
    id: str


@dataclass
class ProviderView:
    """A 2000C loop. ``statuses``: each a whole STC. ``is_refused``: as such, and nothing follows below."""

    hl: int
    party: PartyView
    qualifier: str
    statuses: list[str]
    totals: Totals
    claims: Iterator[ClaimLoop]
    is_refused: bool = False


@dataclass
class BatchView:
    """A whole set; ``providers`` is read while it is written. ``source``: entity, name, qualifier, id.
    ``is_refused``: as such, and there are no providers."""

    trace: str
    day: str
    time: str
    source: tuple[str, str, str, str]
    receiver: PartyView
    reference: str
    status: str
    totals: Totals
    providers: Iterator[ProviderView]
    is_refused: bool = False


class ClaimSource:
    """The claims of a file for its 277CAs: totals first, then the claims themselves in file order, set by set."""

    def __init__(self, file: FileReport) -> None:
        self.file = file
        self.references = {s.index: s.reference for i in file.interchanges for g in i.groups for s in g.sets}
        self.shared: dict[tuple[str, int], list[Finding]] = {}
        for f in file.above_findings():
            if f.level == "reject" and f.scope in ("provider", "subscriber", "patient"):
                self.shared.setdefault((f.scope, f.level_number), []).append(f)
        self.sets: dict[int, Totals] = {}
        self.providers: dict[tuple[int, int], Totals] = {}
        for index, _, disposition, charge, *_, st, _, _, _, _, provider, _ in file.outlines():
            is_accepted = disposition != "rejected"
            self.sets.setdefault(st, Totals()).add(index, is_accepted, charge)
            self.providers.setdefault((st, provider), Totals()).add(index, is_accepted, charge)
        self.refusals = WholeRefusals(file)
        self._claims = groupby(file.claims(), key=lambda c: c.set_index)
        self._next: tuple[int, Iterator[ClaimResult]] | None = None

    def of_set(self, index: int) -> Iterator[ClaimResult]:
        """The claims of set number ``index``; the sets must be asked for in file order."""
        while True:
            self._next = self._next or next(self._claims, None)
            if self._next is None or self._next[0] > index:
                return iter(())
            number, claims = self._next
            self._next = None
            if number == index:
                return claims

    def inherited(self, claim: ClaimResult) -> list[Finding]:
        """Faults of the levels that a claim hangs under."""
        patient = claim.levels[6] if len(claim.levels) > 6 else 0
        shared = self.shared
        if not shared:
            return []
        return [f for key in (("provider", claim.provider), ("subscriber", claim.subscriber), ("patient", patient))
                if key in shared for f in shared[key]]


@dataclass
class ClaimAnswer:
    """What the 277CAs of one interchange have in common. ``day`` is CCYYMMDD."""

    interchange: Interchange
    source: ClaimSource
    dialect: Dialect
    settings: AckSettings
    day: str

    def groups(self, answered: set[int], numbers: Iterator[int]) -> Iterator[GroupOut]:
        """A group of 277CAs for each group of the interchange that has a set in ``answered``."""
        template = self.dialect.template("277ca.x12.j2")
        for group in self.interchange.groups:
            sets = [s for s in group.sets if s.index in answered]
            if sets:
                number = next(numbers)
                yield GroupOut("HN", VERSION, group, number, (
                    SetOut("277", stream(template, batch=self._batch(group, st, f"{number:09d}{n:04d}")))
                    for n, st in enumerate(sets, 1)))

    def _batch(self, group: FunctionalGroup, st: TransactionSet, trace: str) -> BatchView:
        dialect, settings = self.dialect, self.settings
        totals = self.source.sets.get(st.index, Totals())
        is_refused = not settings.answer_each_claim and self._came_before(st, totals)
        code, action = (SAME_BATCH, "U") if is_refused else (_received(settings), "WQ")
        return BatchView(
            trace, self.day, settings.time_told, _source(st, group, dialect, settings), _party(st.submitter, dialect),
            dialect.text(st.reference, 50, 1, "0"),
            stc(composites(dialect, code, BATCH_ENTITIES), self.day, action, totals.charge, dialect), totals,
            iter(()) if is_refused else self._providers(st.index), is_refused)

    def _came_before(self, st: TransactionSet, totals: Totals) -> bool:
        if totals.accepted:
            return False
        earlier = self.source.refusals.twin_of_set(totals.first, totals.last)
        other = self.source.sets.get(earlier)
        return (other is not None and other.last - other.first == totals.last - totals.first
                and self.source.references[earlier] == st.reference)

    def _providers(self, index: int) -> Iterator[ProviderView]:
        """The billing providers of a set with their claims. HL 1 and 2 are the source and the receiver; each level
        takes the next number when it is written."""
        source, dialect, settings = self.source, self.dialect, self.settings
        levels = [2]
        for number, theirs in groupby(source.of_set(index), key=lambda c: c.provider):
            levels[0] += 1
            totals = source.providers.get((index, number), Totals())
            refusals: Sequence[Status] = ()
            if not totals.accepted and not settings.answer_each_claim:
                refusals = source.refusals.of_provider(totals.first, totals.last)
            if refusals:
                statuses = [stc(composites(dialect, s, PROVIDER_ENTITIES), "", "U", totals.charge, dialect)
                            for s in refusals]
                yield ProviderView(levels[0], *_provider(number, source, dialect), statuses, totals, iter(()), True)
                continue
            received = composites(dialect, _received(settings), PROVIDER_ENTITIES)
            status = stc(received, "", "WQ", totals.charge, dialect)
            yield ProviderView(levels[0], *_provider(number, source, dialect), [status], totals, claim_loops(
                theirs, levels, source.inherited, self.interchange.delimiters, dialect, settings, self.day))


def _source(st: TransactionSet, group: FunctionalGroup, dialect: Dialect,
            settings: AckSettings) -> tuple[str, str, str, str]:
    """Who answers (2100A): by settings, else whom the file was addressed to."""
    receiver = st.receiver or Party()
    name = dialect.text(settings.source_name or receiver.last_name, 60, 1, "UNKNOWN")
    if settings.source_id:
        identity = dialect.text(settings.source_id, 80, 2, "UNKNOWN")
        return settings.source_entity, name, dialect.text(settings.source_qualifier, 2, 1, "PI"), identity
    return settings.source_entity, name, "46", dialect.text(receiver.id or group.receiver, 80, 2, "UNKNOWN")


def _received(settings: AckSettings) -> Status:
    """What batch and provider are told: received, by whoever answers unless settings say otherwise."""
    status = receiver_status(settings.received_status)
    is_default = settings.received_status == AckSettings.received_status
    return status._replace(entity=settings.source_entity) if is_default else status


def _party(party: Party | None, dialect: Dialect) -> PartyView:
    p, text = party or Party(), dialect.text
    return PartyView(p.type if p.type in ("1", "2") else "2", text(p.last_name, 60, 1, "UNKNOWN"),
                     text(p.first_name, 35), text(p.middle_name, 25), text(p.suffix, 10), text(p.id, 80, 2, "UNKNOWN"))


def _provider(number: int, source: ClaimSource, dialect: Dialect) -> tuple[PartyView, str]:
    """2100C: the names, and NPI or else tax id; a set with a provider that has neither gets no 277CA."""
    rows, text = source.file.providers, dialect.text
    row = rows[number - 1] if 0 < number <= len(rows) else ()
    name, qualifier, npi, kind, last, first, middle, suffix, tax_id, *_ = (*map(str, row), *[""] * 9)
    has_npi = qualifier == "XX" and text(npi, 80, 2)
    identity = text(npi if has_npi else tax_id, 80, 2, "UNKNOWN")
    party = PartyView(kind if kind in ("1", "2") else "2", text(last or name, 60, 1, "UNKNOWN"), text(first, 35),
                      text(middle, 25), text(suffix, 10), identity)
    return party, "XX" if has_npi else "FI"
