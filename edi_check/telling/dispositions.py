"""What is accepted and what is not: findings in, TA104, AK901, IK501 and dispositions out.

Nothing here looks at a claim's content or writes anything. The rules are those of the contract, section 4 ("What
follows what"): a fault is charged to the smallest thing that it spoils, and takes with it what hangs below.

``EnvelopeFaults`` collects, in memory that grows with sets and faulty levels but not with claims; ``settle_envelope``
then answers for interchanges, groups and sets, ``refused_sets`` for the claims under them, ``claim_disposition`` for
a claim and ``file_disposition`` for the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..findings import Counts, Finding, ends_reading
from ..model import FunctionalGroup, Interchange, TransactionSet
from ..report import TransactionResult

__all__ = [
    "EnvelopeFaults", "claim_disposition", "file_disposition", "group_result", "interchange_result", "is_answerable",
    "is_guide_fault", "is_nameable", "refused_sets", "set_result", "settle_envelope",
]

SCOPE_OF_ID = {"TA1-": "interchange", "AK9-": "group", "IK5-": "set"}
"""An id that is a code of the envelope says by itself what it spoils."""

def is_guide_fault(edit: str) -> bool:
    """Is this a fault that a TA1 or 999 tells (its id is their code), and not one for the 277CA?

    >>> is_guide_fault("IK4-7"), is_guide_fault("CORE-ID-01")
    (True, False)
    """
    return edit[:4] in ("IK3-", "IK4-", "IK5-", "AK9-", "TA1-")


def is_nameable(provider: Sequence[object]) -> bool:
    """Can a 277CA name this billing provider: (name, id qualifier, id, …, tax id at 8) with a name, and an NPI or a tax
    id? 2100C NM103, NM108 and NM109 are required, so a set with one that can't be named gets no 277CA (IK5 R)."""
    name, qualifier, npi = provider[0], provider[1], provider[2]
    tax_id = provider[8] if len(provider) > 8 else ""
    return bool(str(name).strip()) and bool((qualifier == "XX" and str(npi).strip()) or str(tax_id).strip())


@dataclass
class EnvelopeFaults:
    """What is wrong above the claims, and in which sets some claim has a fault of the guide. Numbers are the 1-based
    ones of the file. ``noted`` are interchanges with a TA1 finding below reject (TA104 ``E``)."""

    interchanges: set[int] = field(default_factory=set)
    noted: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    sets: set[int] = field(default_factory=set)
    claim_faults: set[int] = field(default_factory=set)
    providers: set[int] = field(default_factory=set)
    subscribers: set[int] = field(default_factory=set)
    patients: set[int] = field(default_factory=set)
    file: set[str] = field(default_factory=set)

    def add(self, finding: Finding) -> None:
        """Take one finding, at the level in force. Those below reject count for nothing but TA104 ``E``: a guide edit
        that somebody re-levelled leaves the acknowledgment."""
        prefix = finding.edit[:4]
        if finding.level != "reject":
            if prefix == "TA1-" and finding.level in ("review", "warn"):
                self.noted.add(finding.interchange)
            return
        scope = SCOPE_OF_ID.get(prefix, finding.scope)
        if scope in ("claim", "subscriber", "patient", "provider") and prefix in ("IK3-", "IK4-"):
            self.claim_faults.add(finding.set_index)
        if scope == "claim":
            return
        if scope == "file":
            self.file.add(finding.edit)
            return
        if ends_reading(finding):
            self.file.add(finding.edit)
        number = {"interchange": finding.interchange, "group": finding.group, "set": finding.set_index}.get(scope)
        numbers = {"interchange": self.interchanges, "group": self.groups, "set": self.sets, "provider": self.providers,
                   "subscriber": self.subscribers, "patient": self.patients}[scope]
        numbers.add(finding.level_number if number is None else number)

    def inherits(self, provider: int, subscriber: int, patient: int = 0) -> bool:
        """Does a claim under these levels share a fault of one of them? (0: no such level)"""
        return provider in self.providers or subscriber in self.subscribers or patient in self.patients


def is_answerable(interchange: Interchange) -> bool:
    """Can a TA1 be made? It repeats ISA13, ISA09 and ISA10; where one can't be read there is nothing to answer with."""
    number, day, time = interchange.control_number.strip(), interchange.date.strip(), interchange.time.strip()
    return (len(number) == 9 and len(day) in (6, 8) and len(time) == 4
            and all(text.isascii() and text.isdigit() for text in (number, day, time)))


def interchange_result(index: int, faults: EnvelopeFaults) -> str:
    """TA104 of interchange number ``index``: R for any TA1 finding at reject, E for one below it, else A."""
    return "R" if index in faults.interchanges else "E" if index in faults.noted else "A"


def set_result(st: TransactionSet, faults: EnvelopeFaults, strict: bool, unanswerable: Collection[int]) -> str:
    """IK501: R when header, control segments or hierarchy are at fault, when the set is no 837P or holds no claim,
    when no 277CA could answer it, or (``strict``) for any fault; E when faults stay inside claims and the levels
    above them; else A."""
    if st.index in faults.sets or st.index in unanswerable or not st.is_professional or not st.claims:
        return "R"
    if st.index in faults.claim_faults:
        return "R" if strict else "E"
    return "A"


def group_result(group: FunctionalGroup, sets: Sequence[str], faults: EnvelopeFaults) -> str:
    """AK901 from the IK501 of its sets: R for a fault of the group itself or when every set is R, P when some are, E
    when some are E, else A. A group without sets is refused: it has nothing that could be accepted."""
    if group.index in faults.groups or not group.is_professional or not sets or all(r == "R" for r in sets):
        return "R"
    return "P" if "R" in sets else "E" if "E" in sets else "A"


def settle_envelope(interchanges: Iterable[Interchange], faults: EnvelopeFaults, strict: bool = False,
                    unanswerable: Collection[int] = ()) -> TransactionResult:
    """TA104, AK901 and IK501 of everything in the file. ``unanswerable``: sets that no 277CA can answer, because
    BHT03 or a billing provider's name or id is missing. What stands under a refused interchange keeps its own answer:
    the reports say what the readable part would have got."""
    ta1: dict[int, str] = {}
    ak9: dict[int, str] = {}
    ik5: dict[int, str] = {}
    for interchange in interchanges:
        ta1[interchange.index] = interchange_result(interchange.index, faults)
        for group in interchange.groups:
            own = {st.index: set_result(st, faults, strict, unanswerable) for st in group.sets}
            ik5.update(own)
            ak9[group.index] = group_result(group, list(own.values()), faults)
    return TransactionResult(ta1, ak9, ik5)


def refused_sets(interchanges: Iterable[Interchange], result: TransactionResult,
                 faults: EnvelopeFaults) -> dict[int, str]:
    """Sets whose claims are refused whatever they say themselves, and what refuses them: ``ta1``, ``ak9`` or
    ``ik5``."""
    refused: dict[int, str] = {}
    for interchange in interchanges:
        for group in interchange.groups:
            for st in group.sets:
                if result.ta1[interchange.index] == "R":
                    refused[st.index] = "ta1"
                elif group.index in faults.groups or not group.is_professional:
                    refused[st.index] = "ak9"
                elif result.ik5[st.index] == "R":
                    refused[st.index] = "ik5"
    return refused


def claim_disposition(levels: Iterable[str], inherited: bool = False, set_refused: bool = False) -> str:
    """A claim's disposition from the levels of its own findings, whether a level above it has a reject, and whether its
    set is refused. A line at fault refuses its claim: a 277CA can't take the rest of it.

    >>> claim_disposition(["warn", "review"]), claim_disposition(["note"]), claim_disposition([], inherited=True)
    ('review', 'accepted', 'rejected')
    """
    worst = "accepted"
    for level in levels:
        if level == "reject":
            return "rejected"
        if level == "review":
            worst = "review"
    return "rejected" if inherited or set_refused else worst


def file_disposition(counts: Counts, faults: EnvelopeFaults, results: TransactionResult,
                     interchanges: Iterable[Interchange] = ()) -> str:
    """``unreadable``: a part of the file could not be checked at all (not X12, no 837P, cut off, a limit, or an
    interchange whose header can't even be answered). Else ``accepted`` when every claim is (review included) and
    nothing above them was refused, ``rejected`` when no claim is, ``partial`` between: also when a level was refused
    that no claim hangs on, for one may have been lost."""
    if faults.file or not all(is_answerable(i) for i in interchanges):
        return "unreadable"
    if any("R" in part.values() for part in _answers(results)):
        return "partial" if counts.claims > counts.rejected else "rejected"
    if not counts.rejected:
        return "partial" if faults.providers or faults.subscribers or faults.patients else "accepted"
    return "rejected" if counts.rejected == counts.claims else "partial"


def _answers(results: TransactionResult) -> tuple[Mapping[int, str], ...]:
    return (results.ta1, results.ak9, results.ik5)
