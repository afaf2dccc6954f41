"""What a 277CA says, as statements: batch, provider, claim, line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from ..model import Claim
from ..phrases import capital, day_told
from ..privacy import legible, private
from ..telling.refusals import PROVIDER_LOOPS
from ..telling.spots import Spot
from .claim_numbers import BillingLevels, cut_key, number_key, span
from .claim_records import Claims
from .codes import is_refusal, is_taken, status_meaning
from .contradictions import COUNTED, SUMMED, Tally, amount_of, of_status
from .controls import CONTRADICTS, whole_number
from .lines_meant import LinesMeant
from .original import Original
from .pointing import claim_spots, segments_of
from .received import BatchAnswer, ClaimAnswer, Code, LineAnswer, ProviderAnswer, Received, StatusAnswer
from .set_numbers import SetRecord
from .statements import ClaimVerdicts, Statement, packed_spot, shown_number

__all__ = ["ClaimStatements", "asked_claims", "looking", "looking_at_providers"]

CLAIM_ACKNOWLEDGMENT = "005010X214"
LOOKED_UP = 10_000
"""So many claims are looked up, times sets of one number, to tell which set a batch answers."""
SHARED = 50
"""Claims of one number by which sets are told apart."""
ALIKE = 10
"""Answers of one claim number whose places are looked for in each claim of that number; of those beyond it no segment
is shown. There are more than a few only where somebody numbers no claims; all of each would be their square."""


def asked_claims(received: Received) -> dict[str, list[int]]:
    """The claims that are refused, as their places in ``received.claims``, by their number as ``number_key`` has it."""
    asked: dict[str, list[int]] = {}
    for n, claim in enumerate(received.claims):
        if claim.lines or _verdict(claim.statuses) == "rejected":
            asked.setdefault(number_key(claim.number), []).append(n)
    return asked


def looking(received: Received, asked: dict[str, list[int]], show_values: bool) -> Callable[[Claim], tuple[Any, ...]]:
    """Looks at a claim of the original, while it is at hand, for each answer that may mean it: the place of the answer
    in ``received.claims``, the places of the claim, for each line answered its number and places, and how much of what
    the answer says is true of the claim. Places are packed spots."""

    def look(claim: Claim) -> tuple[Any, ...]:
        delimiters = claim.interchange.delimiters
        places, found = segments_of(claim), []
        sight = LinesMeant(claim, places)
        meant = chain(asked.get(number_key(claim.number), ()), asked.get(cut_key(claim.number), ()))
        for n in islice(meant, ALIKE):
            answer = received.claims[n]
            codes = [c for s in answer.statuses for c in s.codes]
            lines = [sight.of(line, show_values) for line in answer.lines]
            spots = claim_spots(codes, places, delimiters, show_values)
            found.append((n, [packed_spot(spot) for spot in spots], lines, _likeness(answer, claim)))
        return tuple(found)

    return look


def _likeness(answer: ClaimAnswer, claim: Claim) -> int:
    """How many of charge, days of service and REF*D9 an answer says as they are in a claim."""
    sent = [line.service_dates.text for line in claim.service_lines if line.service_dates.is_readable]
    days = f"{min(d[:8] for d in sent)}-{max(d[-8:] for d in sent)}" if sent else ""
    told = answer.days if "-" in answer.days else f"{answer.days}-{answer.days}"
    trace = next((r.value for r in claim.references if r.qualifier == "D9"), "")
    charge = amount_of(answer.statuses[0].amount) if answer.statuses else None
    return ((charge is not None and charge == claim.charge) + (told == days)
            + bool(answer.trace and number_key(answer.trace) == number_key(trace)))


def looking_at_providers(received: Received, show_values: bool) -> Callable[[Claim], tuple[Any, ...]]:
    """Looks at the first claim of a billing level for each provider refused as such that may be meant: the ``id`` of
    the answer, and the places as packed spots."""
    asked: dict[str, list[ProviderAnswer]] = {}
    for interchange in received.interchanges:
        for batch in interchange.answers:
            for provider in batch.providers if isinstance(batch, BatchAnswer) else ():
                if not provider.count and _verdict(provider.statuses) == "rejected":
                    asked.setdefault(number_key(provider.id), []).append(provider)

    def look(claim: Claim) -> tuple[Any, ...]:
        billing, found = claim.billing, []
        for key in {number_key(i) for i in (billing.id, *(r.value for r in billing.references))} & asked.keys():
            places = [p for p in segments_of(claim) if p.loop in PROVIDER_LOOPS]
            for provider in asked[key][:ALIKE]:
                codes = [c for s in provider.statuses for c in s.codes]
                spots = claim_spots(codes, places, claim.interchange.delimiters, show_values)
                found.append((id(provider), [packed_spot(spot) for spot in spots]))
        return tuple(found)

    return look


@dataclass
class ClaimStatements:
    """Makes the statements of 277s. ``original`` is the file answered, ``None`` without one."""

    received: Received
    original: Original | None
    verdicts: ClaimVerdicts
    remarks: list[str] = field(default_factory=list)
    _met: set[int] = field(default_factory=set)
    """Claims of the original, by running number, that were told and share their number with others."""
    _waiting: dict[tuple[bool, str, tuple[int, int]], list[int]] = field(default_factory=dict)
    """Claims that may still be meant, the next one last: by number, or only its key, of the claims from one to
    another."""
    _levels: dict[int, BillingLevels] = field(default_factory=dict)
    """By set."""

    def of_batch(self, batch: BatchAnswer) -> Iterator[Statement]:
        """A 277 set."""
        verdict = _verdict(batch.statuses)
        said = {"rejected": "rejected", "accepted": "received"}.get(verdict, "spoken of")
        source = f" by {legible(batch.source)}" if batch.source else ""
        head = Statement("277CA", "batch", f"Batch {shown_number(batch.reference)}: {said}{source}."
                         f"{_when(batch)}{_counted(batch.counts)}", verdict, _codes(batch.statuses),
                         {"batch": batch.reference})
        if batch.version and not batch.version.startswith(CLAIM_ACKNOWLEDGMENT):
            self.remarks.append(f"A 277 of the guide {legible(batch.version, 12)} is no 277CA "
                                f"({CLAIM_ACKNOWLEDGMENT}); its statuses are told all the same.")
        meant = self._set_of(batch)
        if self.original and not meant:
            self.remarks.append(f"The original has no batch {shown_number(batch.reference)} (BHT03).")
        if verdict == "rejected":
            head.hits = "every claim of the batch"
            if self.original and meant:
                head.claims = self.original.claims_of(meant)
                self.verdicts.refuse("277CA", head.claims)
            else:
                self.verdicts.unlisted.append(head.says)
        yield head
        total = Tally()
        for provider in batch.providers:
            tally = Tally()
            yield from self._of_provider(batch, provider, meant, tally)
            total.merge(tally)
        self._remark_on(f"batch {shown_number(batch.reference)}", batch, total, verdict)

    def _remark_on(self, name: str, level: BatchAnswer | ProviderAnswer, below: Tally, verdict: str) -> None:
        """What a level says against what stands below it."""
        self.remarks += of_status(name, level.statuses)
        self.remarks += below.against(name, level.counts, level.statuses)
        if verdict == "rejected":
            self.remarks += below.below_refusal(name)

    def _set_of(self, batch: BatchAnswer) -> SetRecord | None:
        """The set of the original that is answered: by its BHT03; of several, the one that has the claims named, then
        one with as many as are counted, then in their order. Two that differ in none of these can't be told apart."""
        if not self.original:
            return None
        same, told = self.original.set_numbers.referred(batch.reference), _told(batch.counts)
        if same is None or len(same.sets) < 2:
            return same.sets[0] if same else None
        count = len(same.sets)
        named = self._sets_of_claims(batch, max(LOOKED_UP // count, 10))

        def fit(record: SetRecord) -> tuple[int, bool]:
            return -named[record.set.index], record.set.claims != told

        likely = sorted((r for index in named if (r := same.get(index)) is not None),
                        key=lambda r: (fit(r)[0], same.is_answered(r), fit(r)[1], r.set.index))
        first, *others = likely or same.likely(told)
        if others and fit(first) == fit(others[0]):
            self.remarks.append(
                f"The original has {count} sets with the number {shown_number(batch.reference)} (BHT03), and a "
                "277CA names a set by nothing else: its answers are taken to come in their order.")
        same.answer(first)
        return first

    def _sets_of_claims(self, batch: BatchAnswer, enough: int) -> Counter[int]:
        """How many of the first claims of a batch each set of the original has, by its index. A number that very many
        have tells nothing."""
        assert self.original is not None
        found: Counter[int] = Counter()
        claims = (claim for provider in batch.providers for _, claim in self.received.claims_of(provider))
        for claim in islice(claims, enough):
            same = self.original.claim_numbers.alike(number_key(claim.number))
            if len(same) <= SHARED:
                found.update({self.original.claims.set_of(n) for n in same})
        return found

    def _of_provider(self, batch: BatchAnswer, provider: ProviderAnswer, meant: SetRecord | None,
                     tally: Tally) -> Iterator[Statement]:
        verdict = _verdict(provider.statuses)
        name = private(provider.name) if provider.is_person and provider.name else legible(provider.name)
        is_private = self._has_private_id(provider)
        known_as = private(provider.id) if is_private else legible(provider.id, 20)
        who = ", ".join(x for x in (name, known_as) if x) or "(no name)"
        says = f"Billing provider {who}: {'rejected' if verdict == 'rejected' else 'received'}." \
            if provider.statuses else f"Billing provider {who}."
        head = Statement("277CA", "provider", says + _counted(provider.counts), verdict, _codes(provider.statuses), {
            "batch": batch.reference, "provider_id": known_as if is_private else provider.id})
        if verdict == "rejected" and not provider.count:
            head.hits = "every claim of the provider"
            levels, ranges = self._levels_of(meant).take(number_key(provider.id), _told(provider.counts))
            if self.original and levels:
                head.claims = Claims(self.original.claims, ranges)
                self.verdicts.refuse("277CA", head.claims)
                for first, _ in levels[:ALIKE]:
                    sights = self.original.claims.provider_sights.get(first, ())
                    head.spots += [Spot(*spot) for n, spots in sights if n == id(provider) for spot in spots]
            else:
                self.verdicts.unlisted.append(head.says)
        yield head
        for n, claim in self.received.claims_of(provider):
            result = yield from self._of_claim(batch, n, claim, meant)
            tally.add(result, claim.statuses[0].amount if claim.statuses else "")
        self._remark_on(f"billing provider {known_as or '(no id)'}", provider, tally, verdict)
        if not provider.count:
            tally.take(provider.counts)

    def _has_private_id(self, provider: ProviderAnswer) -> bool:
        """May its id be a person's? Not where the original gives it as an employer's."""
        tax_ids = self.original.claims.tax_ids if self.original else {}
        is_employers = provider.id in tax_ids.get("EI", ()) and provider.id not in tax_ids.get("SY", ())
        return provider.has_private_id and not is_employers

    def _levels_of(self, meant: SetRecord | None) -> BillingLevels:
        """The billing levels of a set; of all, where it isn't known which set is answered; none without an original."""
        index, of_sets = meant.set.index if meant else 0, self.original.claims.providers if self.original else {}
        if index not in self._levels:
            self._levels[index] = BillingLevels(of_sets.get(index, ()) if meant else chain(*of_sets.values()))
        return self._levels[index]

    def _of_claim(self, batch: BatchAnswer, n: int, claim: ClaimAnswer,
                  meant: SetRecord | None) -> Generator[Statement, None, str]:
        """Ends with the claim's result."""
        verdict = _verdict(claim.statuses) or ("rejected" if claim.lines else "")
        hit = self._claim(n if verdict == "rejected" else -1, claim, meant)
        said = {"rejected": "rejected", "accepted": "accepted"}.get(verdict, "spoken of")
        more = "".join(f" {label} {legible(value)}." for label, value in (
            (_of_service(claim.days), _days(claim.days)), ("Payer's number", claim.payer_number)) if value)
        texts = " ".join(f"Said with it: “{private(s.text)}”." for s in claim.statuses if s.text)
        head = Statement("277CA", "claim", f"Claim {shown_number(claim.number)}: {said}.{more}"
                         f"{' ' + texts if texts else ''}", verdict, _codes(claim.statuses),
                         {"batch": batch.reference, "claim": claim.number}, claims=hit)
        if hit and verdict == "rejected":
            self.verdicts.refuse("277CA", hit)
        elif hit and verdict:
            self.verdicts.take("277CA", hit)
        elif verdict:
            self.verdicts.name("277CA", claim.number, verdict == "rejected")
        sights = hit[0].sights if hit and (claim.lines or verdict == "rejected") else ()
        sight = next((s for s in sights if s[0] == n), None)
        head.spots = [Spot(*spot) for spot in sight[1]] if sight else []
        yield head
        for nth, line in enumerate(claim.lines):
            number, spots = sight[2][nth] if sight else (0, [])
            yield _of_line(batch, claim, line, number, [Spot(*spot) for spot in spots], hit)
        self._remark_on_claim(claim, verdict)
        return verdict

    def _remark_on_claim(self, claim: ClaimAnswer, verdict: str) -> None:
        name = f"claim {shown_number(claim.number)}"
        self.remarks += of_status(name, claim.statuses)
        for line in claim.lines:
            self.remarks += of_status(f"a line of {name}", line.statuses)
            if verdict == "accepted" and _verdict(line.statuses) == "rejected":
                self.remarks.append(f"{CONTRADICTS}{name} is accepted, yet a line of it is rejected.")

    def _claim(self, refusal: int, claim: ClaimAnswer, meant: SetRecord | None) -> Claims:
        """The claim of the original that is meant. Of several whose numbers an answer may repeat alike, it is the one
        with this very number; a number that is there several times is taken in the order of the batch, but for a
        refusal (its place in ``received.claims``, else -1), which tells charge and days. Where none has it, it is the
        one whose number begins so, if that is cut where a receiver may."""
        if not self.original:
            return Claims()
        key = number_key(claim.number)
        claims, numbers = self.original.claims, self.original.claim_numbers
        alike = numbers.alike(key)
        if not alike:
            begun = numbers.beginning(key)
            if 1 < len(begun) <= SHARED and refusal >= 0:
                begun = self._most_alike(refusal, begun) or begun
            if len(begun) == 1:
                return Claims(claims, [(begun[0], begun[0])])
            if begun:
                self.remarks.append(f"The original has {len(begun):,} claims whose number begins with "
                                    f"{shown_number(claim.number)}; it isn't told which is meant.")
                return Claims()
            self.remarks.append(f"The original has no claim {shown_number(claim.number)}.")
            return Claims()
        found = alike[0]
        if len(alike) > 1:
            of_set = claims.sets.get(meant.set.index if meant else 0, (0, 0))
            found = self._next_alike(refusal, key, claim.number.strip(), of_set)
        return Claims(claims, [(found, found)])

    def _next_alike(self, refusal: int, key: str, number: str, of_set: tuple[int, int]) -> int:
        """The next claim with this ``number_key`` (of the set, when it has one) and, if there is one, this very number;
        the last again when all were met. A refusal may mean another of them."""
        assert self.original is not None
        alike, exact = self.original.claim_numbers.alike(key), self.original.claim_numbers.exact(number)
        if not span(alike, *of_set):
            of_set = (1, len(self.original.claims))
        is_exact = bool(span(exact, *of_set))
        these = (is_exact, number if is_exact else key, of_set)
        same = exact if is_exact else alike
        within = span(same, *of_set)
        waiting = self._waiting.get(these)
        if waiting is None:
            waiting = self._waiting[these] = [same[n] for n in reversed(within)]
        while len(waiting) > 1 and waiting[-1] in self._met:
            waiting.pop()
        found = waiting[-1]
        is_few = refusal >= 0 and len(within) <= SHARED
        likely = self._most_alike(refusal, [same[n] for n in within]) if is_few else []
        if likely and found not in likely:
            found = next((n for n in likely if n not in self._met), likely[0])
        self._met.add(found)
        return found

    def _most_alike(self, refusal: int, claims: Sequence[int]) -> list[int]:
        """Those of a few claims of which most is true that the refusal says; none where nothing is."""
        assert self.original is not None
        likeness = [next((s[3] for s in self.original.claims.record(n).sights if s[0] == refusal), 0) for n in claims]
        most = max(likeness)
        return [n for n, alike in zip(claims, likeness, strict=True) if alike == most > 0]


def _told(counts: dict[str, str]) -> int:
    """How many claims a batch or provider counts."""
    return sum(whole_number(counts.get(q, "")) or 0 for q in COUNTED)


def _of_line(batch: BatchAnswer, claim: ClaimAnswer, line: LineAnswer, number: int, spots: list[Spot],
             hit: Claims) -> Statement:
    verdict = _verdict(line.statuses)
    what = ", ".join(x for x in (
        legible(line.procedure, 30), f"charge {legible(line.charge, 18)}" if line.charge else "",
        f"units {legible(line.units, 15)}" if line.units else "", _days(line.days)) if x)
    name = f"Line {number}" if number else "Line"
    control = f", control number {legible(line.control)}" if line.control else ""
    said = {"rejected": "rejected", "accepted": "accepted"}.get(verdict, "spoken of")
    return Statement("277CA", "line", f"{name} ({what}{control}): {said}.", verdict, _codes(line.statuses),
                     {"batch": batch.reference, "claim": claim.number, "line": number, "control": line.control},
                     spots, hit)


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
             for q, word in COUNTED.items() if q in counts]
    parts += [f"{legible(counts[q], 20)} in charges {word}" for q, word in SUMMED.items() if q in counts]
    return f" It counts {', '.join(parts)}." if parts else ""


def _of_service(days: str) -> str:
    first, _, last = days.partition("-")
    return "Days of service" if last and last != first else "Day of service"


def _when(batch: BatchAnswer) -> str:
    """When the file came and was processed, as a sentence."""
    days: dict[str, str] = {}
    for what, day in (("received", batch.came), ("processed", batch.processed)):
        if day:
            days[day] = f"{days[day]} and {what}" if day in days else what
    told = ", ".join(f"{what} on {_days(day)}" for day, what in days.items())
    return f" {capital(told)}." if told else ""


def _days(days: str) -> str:
    """A day, or the first and last of several."""
    return " to ".join(dict.fromkeys(legible(day_told(day), 20) for day in days.split("-")))
