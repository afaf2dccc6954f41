"""What a 277CA says of a claim and of its lines: findings to STC composites.

A syntax fault is told by the 999 and only summed up here (684); everything else carries the status of its edit. A
line's codes stand at the line, and the claim points there (247). Only findings at reject count: a 277CA can say
accepted or rejected and nothing between (X12 RFI 2203).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..findings import Finding, Status
from .dispositions import is_guide_fault
from .x12 import Dialect

__all__ = ["SEE_LINE", "SYNTAX", "claim_statuses", "composites", "line_codes", "line_statuses", "receiver_status",
           "stc", "told"]

SYNTAX = Status("A3", ("684",))
SEE_LINE = Status("A3", ("247",))
UNSAID = Status("A3", ("21",))
"""For a refusal whose edit has no status of its own; every edit should have one."""

NEED_ENTITY = frozenset({
    "19", "23", "24", "26", "88", "97", "125", "126", "128", "145", "153", "158", "159", "164", "183", "252", "480",
    "496", "500", "501", "502", "503", "504", "505", "516", "560", "562", "755"
})
"""Codes that name an attribute of somebody and need to be told whose."""

NEED_COMPANION = frozenset({
    "21", "402", "510", "511", "512", "693", "694", "697", "700", "710", "732"
})
"""Codes that say what is wrong and need another that says with what."""

CLAIM_ENTITIES = frozenset({
    "03", "1P", "1Z", "40", "41", "71", "72", "73", "77", "82", "85", "87", "DK", "DN", "DQ", "FA", "GB", "HK", "IL",
    "LI", "MSC", "PR", "PRP", "QB", "QC", "QD", "SEP", "TL", "TTP", "TU"
})
BATCH_ENTITIES = frozenset({
    "36", "40", "41", "AY", "PR"
})
PROVIDER_ENTITIES = frozenset({
    "36", "40", "41", "77", "82", "85", "87", "AY", "PR"
})
MOST_OF_LINE = 3
"""STC01, STC10 and STC11."""
STAND_INS = {"P3": "1P", "45": "1P", "PE": "PR", "PTP": "PR", "GP": "PR"}
"""Entities that the guide's list lacks, and what is said for them."""


def composites(dialect: Dialect, status: Status, entities: frozenset[str] = CLAIM_ENTITIES) -> list[str]:
    """Each code of a status as an STC composite: category, code, and the entity where the code needs one (on the first
    code, if none does).

    >>> from ..model import Delimiters
    >>> composites(Dialect(Delimiters()), Status("A8", ("187", "158"), "QC"))
    ['A8:187', 'A8:158:QC']
    """
    entity = STAND_INS.get(status.entity, status.entity)
    if entity not in entities:
        entity = ""
    codes = [dialect.text(c, 30, 1, "21") for c in status.codes] or ["21"]
    owners = {c for c in codes if c in NEED_ENTITY} or {codes[0]}
    category = dialect.text(status.category, 30, 1, "A3")
    return [dialect.composite(category, c, entity if c in owners else "") for c in codes]


def line_codes(statuses: Iterable[Status], dialect: Dialect) -> list[str]:
    """The codes of a line, three at most. Where one is left to say of two, it is not the one that says nothing alone.

    >>> from ..model import Delimiters
    >>> line_codes([Status("A8", ("477", "476")), Status("A8", ("732", "453"))], Dialect(Delimiters()))
    ['A8:477', 'A8:476', 'A8:453']
    """
    codes: dict[str, None] = {}
    for status in statuses:
        own = [(c, code) for c, code in zip(composites(dialect, status), (*status.codes, ""), strict=False)
               if c not in codes]
        room = MOST_OF_LINE - len(codes)
        if room == 1 < len(own) and own[0][1] in NEED_COMPANION:
            own = own[1:]
        codes.update((c, None) for c, _ in own[:room])
    return list(codes)


def stc(codes: list[str], day: str, action: str, charge: str, dialect: Dialect) -> str:
    """The elements of an STC: STC01 to STC04, and further codes, two at most, as STC10 and STC11.

    >>> from ..model import Delimiters
    >>> stc(["A8:258", "A8:454"], "", "U", "", Dialect(Delimiters()))
    'A8:258**U*******A8:454'
    """
    e = dialect.delimiters.element
    elements = [codes[0], day, action, charge, *([""] * 5 + codes[1:3] if len(codes) > 1 else [])]
    return e.join(elements).rstrip(e)


def told(finding: Finding) -> Status:
    """The status of a finding."""
    return finding.status if finding.status.category and finding.status.codes else UNSAID


def claim_statuses(own: Iterable[Finding], inherited: Iterable[Finding]) -> list[Status]:
    """The statuses of a rejected claim, the syntax first, then the pointer to its lines, then the others, each once."""
    statuses: dict[Status, None] = {}
    has_syntax = has_line = False
    for finding in (*inherited, *own):
        if finding.level != "reject":
            continue
        if is_guide_fault(finding.edit):
            has_syntax = True
        elif finding.line:
            has_line = True
        else:
            statuses[told(finding)] = None
    first = ([SYNTAX] if has_syntax else []) + ([SEE_LINE] if has_line else [])
    return first + list(statuses) or [UNSAID]


def line_statuses(own: Iterable[Finding]) -> dict[int, list[Status]]:
    """By line of the claim, the statuses of its findings at reject, syntax apart."""
    lines: dict[int, list[Status]] = {}
    for finding in own:
        if finding.line and finding.level == "reject" and not is_guide_fault(finding.edit):
            found, status = lines.setdefault(finding.line, []), told(finding)
            if status not in found:
                found.append(status)
    return lines


def receiver_status(text: str) -> Status:
    """A status as settings write it.

    >>> receiver_status("A2:20:PR")
    Status(category='A2', codes=('20',), entity='PR')
    """
    category, code, entity = (*text.split(":"), "", "")[:3]
    return Status(category, (code,), entity)
