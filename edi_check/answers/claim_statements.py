"""What a 277CA says, as statements: batch, provider, claim, line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..model import Claim
from ..privacy import legible, private
from .codes import is_refusal, is_taken, status_meaning
from .original import ClaimRecord, Original, number_key
from .pointing import claim_spots, line_spots, segments_of
from .received import BatchAnswer, ClaimAnswer, Code, LineAnswer, ProviderAnswer, Received, StatusAnswer
from ..telling.spots import Spot
from .statements import ClaimVerdicts, Statement, shown_number

__all__ = ["ClaimStatements", "asked_claims", "looking"]

COUNTS = {"90": "accepted", "QA": "accepted", "AA": "rejected", "QC": "rejected"}
AMOUNTS = {"YU": "accepted", "YY": "rejected"}
CLAIM_ACKNOWLEDGMENT = "005010X214"


def asked_claims(received: Received) -> dict[str, list[ClaimAnswer]]:
    """The claims that are refused, by their number as ``number_key`` has it."""
    asked: dict[str, list[ClaimAnswer]] = {}
    for interchange in received.interchanges:
        for batch in interchange.answers:
            for provider in batch.providers if isinstance(batch, BatchAnswer) else ():
                for claim in provider.claims:
                    if claim.lines or _verdict(claim.statuses) == "rejected":
                        asked.setdefault(number_key(claim.number), []).append(claim)
    return asked


def looking(asked: dict[str, list[ClaimAnswer]], show_values: bool) -> Callable[[Claim], tuple[Any, ...]]:
    """Looks at a claim of the original, while it is at hand, for each answer that may mean it: the number of the answer
    (``id``), the places of the claim, and for each line answered its number and places."""

    def look(claim: Claim) -> tuple[Any, ...]:
        delimiters = claim.interchange.delimiters
        places = segments_of(claim)
        found = []
        for answer in asked.get(number_key(claim.number), ()):
            codes = [c for s in answer.statuses for c in s.codes]
            lines = [_line_sight(claim, line, places, show_values) for line in answer.lines]
            found.append((id(answer), claim_spots(codes, places, delimiters, show_values), lines))
        return tuple(found)

    return look


def _line_sight(claim: Claim, answer: LineAnswer, places: list[Any], show_values: bool) -> tuple[int, list[Spot]]:
    """The number of the line that an answer means, and its places; 0 when it can't be told."""
    number = _line_number(claim, answer)
    if not number:
        return 0, []
    lines = claim.service_lines
    last = lines[number].segment - 1 if number < len(lines) else claim.last_segment
    codes = [c for s in answer.statuses for c in s.codes]
    extent = lines[number - 1].segment, last
    return number, line_spots(codes, places, extent, claim.interchange.delimiters, show_values)


def _line_number(claim: Claim, answer: LineAnswer) -> int:
    """By its control number (REF*FJ is REF*6R of the line, else LX01); else by procedure and charge, when only one line
    has these."""
    lines = claim.service_lines
    if answer.control:
        same = [n for n, line in enumerate(lines, 1) if line.control_number and
                number_key(line.control_number) == number_key(answer.control)]
        same = same or [n for n, line in enumerate(lines, 1) if not line.control_number and
                        line.line_number.strip() == answer.control]
        if len(same) == 1:
            return same[0]
    procedure = answer.procedure.split(":")
    same = [n for n, line in enumerate(lines, 1) if len(procedure) > 1 and line.procedure == procedure[1]]
    return same[0] if len(same) == 1 else 0


@dataclass
class ClaimStatements:
    """Makes the statements of 277s. ``original`` is the file answered, ``None`` without one."""

    original: Original | None
    verdicts: ClaimVerdicts
    remarks: list[str] = field(default_factory=list)
    _met: Counter[tuple[str, str]] = field(default_factory=Counter)
    _by_number: dict[str, list[ClaimRecord]] = field(default_factory=dict)
    _references: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.original:
            self._references = {r.set.index: number_key(r.set.reference) for r in self.original.sets}
            for claim in self.original.claims_of(*self.original.sets):
                self._by_number.setdefault(number_key(claim.number), []).append(claim)

    def of_batch(self, batch: BatchAnswer) -> list[Statement]:
        """A 277 set."""
        verdict = _verdict(batch.statuses)
        said = {"rejected": "rejected", "accepted": "received"}.get(verdict, "spoken of")
        source = f" by {legible(batch.source)}" if batch.source else ""
        head = Statement("277CA", "batch", f"Batch {shown_number(batch.reference)}: {said}{source}."
                         f"{_counted(batch.counts)}", verdict, _codes(batch.statuses), {"batch": batch.reference})
        if batch.version and not batch.version.startswith(CLAIM_ACKNOWLEDGMENT):
            self.remarks.append(f"A 277 of the guide {legible(batch.version, 12)} is no 277CA "
                                f"({CLAIM_ACKNOWLEDGMENT}); its statuses are told all the same.")
        sets = [r for r in self.original.sets if number_key(r.set.reference) == number_key(batch.reference)] \
            if self.original else []
        if self.original and not sets:
            self.remarks.append(f"The original has no batch {shown_number(batch.reference)} (BHT03).")
        if verdict == "rejected":
            head.hits = "every claim of the batch"
            if self.original:
                head.claims = self.original.claims_of(*sets)
                self.verdicts.refuse("277CA", head.claims)
            else:
                self.verdicts.unlisted.append(head.says)
        found = [head]
        for provider in batch.providers:
            found += self._of_provider(batch, provider)
        return found

    def _of_provider(self, batch: BatchAnswer, provider: ProviderAnswer) -> list[Statement]:
        verdict = _verdict(provider.statuses)
        name = private(provider.name) if provider.is_person and provider.name else legible(provider.name)
        who = ", ".join(x for x in (name, legible(provider.id, 20)) if x) or "(no name)"
        says = f"Billing provider {who}: {'rejected' if verdict == 'rejected' else 'received'}." \
            if provider.statuses else f"Billing provider {who}."
        head = Statement("277CA", "provider", says + _counted(provider.counts), verdict, _codes(provider.statuses),
                         {"batch": batch.reference, "provider_id": provider.id})
        if verdict == "rejected" and not provider.claims:
            head.hits = "every claim of the provider"
            if self.original:
                head.claims = self._claims_of_provider(batch, provider)
                self.verdicts.refuse("277CA", head.claims)
            else:
                self.verdicts.unlisted.append(head.says)
        found = [head]
        for claim in provider.claims:
            found += self._of_claim(batch, claim)
        return found

    def _claims_of_provider(self, batch: BatchAnswer, provider: ProviderAnswer) -> list[ClaimRecord]:
        assert self.original is not None
        key = number_key(provider.id)
        return [c for r in self.original.sets if number_key(r.set.reference) == number_key(batch.reference)
                for c in self.original.claims_of(r) if key in map(number_key, c.provider_ids)]

    def _of_claim(self, batch: BatchAnswer, claim: ClaimAnswer) -> list[Statement]:
        verdict = _verdict(claim.statuses) or ("rejected" if claim.lines else "")
        record = self._record(batch, claim)
        said = {"rejected": "rejected", "accepted": "accepted"}.get(verdict, "spoken of")
        more = "".join(f" {label} {legible(value)}." for label, value in (
            ("Days of service", _days(claim.days)), ("Payer's number", claim.payer_number)) if value)
        texts = " ".join(f"Said with it: “{private(s.text)}”." for s in claim.statuses if s.text)
        head = Statement("277CA", "claim", f"Claim {shown_number(claim.number)}: {said}.{more}"
                         f"{' ' + texts if texts else ''}", verdict, _codes(claim.statuses),
                         {"batch": batch.reference, "claim": claim.number}, claims=[record] if record else [])
        if record and verdict == "rejected":
            self.verdicts.refuse("277CA", [record])
        elif record:
            self.verdicts.take("277CA", record)
        elif verdict:
            self.verdicts.name("277CA", claim.number, verdict == "rejected")
        sight = next((s for s in record.sights if s[0] == id(claim)), None) if record else None
        head.spots = sight[1] if sight else []
        found = [head]
        for n, line in enumerate(claim.lines):
            number, spots = sight[2][n] if sight else (0, [])
            found.append(_of_line(batch, claim, line, number, spots, record))
        return found

    def _record(self, batch: BatchAnswer, claim: ClaimAnswer) -> ClaimRecord | None:
        """The claim of the original that is meant. A number may be there several times: then in the order of the batch,
        as a 277CA has them."""
        if not self.original:
            return None
        reference, key = number_key(batch.reference), number_key(claim.number)
        records = self._by_number.get(key, [])
        records = [r for r in records if self._references.get(r.set_index) == reference] or records
        nth = self._met[reference, key]
        self._met[reference, key] += 1
        if not records:
            self.remarks.append(f"The original has no claim {shown_number(claim.number)}.")
            return None
        return records[min(nth, len(records) - 1)]


def _of_line(batch: BatchAnswer, claim: ClaimAnswer, line: LineAnswer, number: int, spots: list[Spot],
             record: ClaimRecord | None) -> Statement:
    verdict = _verdict(line.statuses)
    what = ", ".join(x for x in (
        legible(line.procedure, 30), f"charge {legible(line.charge, 18)}" if line.charge else "",
        f"units {legible(line.units, 15)}" if line.units else "") if x)
    name = f"Line {number}" if number else "Line"
    control = f", control number {legible(line.control)}" if line.control else ""
    said = {"rejected": "rejected", "accepted": "accepted"}.get(verdict, "spoken of")
    return Statement("277CA", "line", f"{name} ({what}{control}): {said}.", verdict, _codes(line.statuses),
                     {"batch": batch.reference, "claim": claim.number, "line": number, "control": line.control},
                     spots, [record] if record else [])


def _verdict(statuses: list[StatusAnswer]) -> str:
    """``rejected`` when one of them refuses, else ``accepted`` when one takes up, else ``""``."""
    if any(is_refusal(s.codes[0].category if s.codes else "", s.action) for s in statuses):
        return "rejected"
    return "accepted" if any(is_taken(s.codes[0].category if s.codes else "", s.action) for s in statuses) else ""


def _codes(statuses: list[StatusAnswer]) -> list[tuple[str, str]]:
    codes: dict[tuple[str, str], None] = {}
    for status in statuses:
        for code in status.codes:
            parts = (legible(x, 12) for x in (code.category, code.status, code.entity))
            codes[_code(code), status_meaning(*parts)] = None
    return list(codes)


def _code(code: Code) -> str:
    return legible(":".join(x for x in (code.category, code.status, code.entity) if x), 40)


def _counted(counts: dict[str, str]) -> str:
    """The counts of a batch or provider, as a sentence."""
    parts = [f"{legible(counts[q], 20)} claim{'' if counts[q] == '1' else 's'} {word}"
             for q, word in COUNTS.items() if q in counts]
    parts += [f"{legible(counts[q], 20)} in charges {word}" for q, word in AMOUNTS.items() if q in counts]
    return f" It counts {', '.join(parts)}." if parts else ""


def _days(days: str) -> str:
    return " to ".join(f"{d[:4]}-{d[4:6]}-{d[6:]}" if len(d) == 8 and d.isascii() and d.isdigit() else d
                       for d in days.split("-")) if days else ""
