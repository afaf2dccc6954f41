"""An acknowledgment explained: what it says, at the segment it speaks of when the original is at hand, and which claims
it hits. As text, Markdown and JSON."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

from ..phrases import counted, day_told, listed
from ..pipeline import limits_of, opened_source
from ..privacy import legible, masked, unmasked
from ..spool import Store
from ..telling.render import Finished, environment
from .claim_statements import ClaimStatements, asked_claims, looking, looking_at_providers
from .original import Asked, Original
from .received import BatchAnswer, GroupAnswer, InterchangeAnswer, Received
from .recognition import recognized
from .statements import ClaimVerdicts, Statement, StatementList
from .syntax_statements import SyntaxStatements, asked_positions

__all__ = ["FORMATS", "SCHEMA", "Explanation", "InterchangeTold", "explained", "write"]

SCHEMA = "edi-check.explanation/1"
FORMATS = ("text", "json", "markdown")
NAMED = 20
"""Claims that a sentence names; JSON has them all."""
MOST_REMARKS = 100
"""With the wrong original, or counts gone wrong throughout, every claim is worth one."""


@dataclass
class InterchangeTold:
    """One interchange of the acknowledgment."""

    number: str
    sender: str
    receiver: str
    day: str
    statements: StatementList


@dataclass
class Explanation:
    """``original`` is the name of the claim file, ``""`` without one. ``is_whole``: everything could be read; else the
    remarks say what could not."""

    path: str
    original: str
    interchanges: list[InterchangeTold]
    verdicts: ClaimVerdicts
    remarks: list[str]
    is_whole: bool
    show_values: bool

    @property
    def statements(self) -> Iterator[Statement]:
        """All of them, in the order of the acknowledgment."""
        return (s for i in self.interchanges for s in i.statements)

    @property
    def is_long(self) -> bool:
        """So many claims are taken that text and Markdown don't tell them one by one; JSON does."""
        return len(self.verdicts.taken) > NAMED

    @property
    def refused(self) -> list[tuple[int, str]]:
        """The claims refused: running number in the original (0: unknown) and CLM01."""
        return sorted(self.verdicts.refused)

    @property
    def taken(self) -> list[tuple[int, str]]:
        """The claims that are said to be taken up, and that nothing else refuses."""
        return sorted(key for key in self.verdicts.taken if key not in self.verdicts.refused)


def explained(source: Any, original: Any = None, *, name: str = "", show_values: bool = False,
              limits: Mapping[str, int] | None = None) -> Explanation:
    """What an acknowledgment says. In: its path, bytes or a binary file, and the same of the claim file that it
    answers; ``limits`` as in ``read_claims``. Raises nothing over the content of either; what can't be read is a
    remark."""
    known = limits_of(limits)
    told = opened_source(source, known, name)
    received = recognized(told.chunks())
    if told.trouble:
        received.is_whole = False
        received.remarks.append("The file can't be read to its end" + (f": {told.error}." if told.error else "."))
    answered: Original | None = None
    store = Store()
    if original is not None:
        claims = asked_claims(received)
        asked = Asked(asked_positions(received), set(claims), looking(received, claims, show_values),
                      looking_at_providers(received, show_values))
        answered = Original(opened_source(original, known), asked, store, known)
        if answered.trouble:
            received.is_whole = False
            received.remarks.append(f"The original {answered.trouble}.")
    result = _told(received, answered, told.name, show_values, store)
    if answered:
        answered.source.close()
    told.close()
    return result


def _told(received: Received, original: Original | None, name: str, show_values: bool, store: Store) -> Explanation:
    verdicts = ClaimVerdicts()
    syntax = SyntaxStatements(original, verdicts, show_values)
    claims = ClaimStatements(received, original, verdicts)
    interchanges = []
    lines: dict[int, tuple[int, int]] = {}
    offsets = array("Q")
    for one in received.interchanges:
        statements = StatementList(store, original.claims if original else None, lines, offsets)
        interchanges.append(InterchangeTold(one.number, one.sender, one.receiver, one.day, statements))
        for answer in one.answers:
            if isinstance(answer, InterchangeAnswer):
                statements.append(syntax.of_interchange(answer))
            elif isinstance(answer, GroupAnswer):
                statements.extend(syntax.of_group(answer))
            else:
                assert isinstance(answer, BatchAnswer)
                statements.extend(claims.of_batch(answer))
    if original:
        lines.update(original.source.line_columns(offsets))
    remarks = list(dict.fromkeys(received.remarks + syntax.remarks + claims.remarks))
    if len(remarks) > MOST_REMARKS:
        remarks[MOST_REMARKS:] = [f"There are {len(remarks) - MOST_REMARKS:,} more remarks; they are not listed."]
    return Explanation(name, original.source.name if original else "", interchanges, verdicts, remarks,
                       received.is_whole, show_values)


# What is written


def write(explanation: Explanation, form: str, out: TextIO, *, color: bool = False) -> None:
    """Write it in one of ``FORMATS``. ``color`` (text only) is the caller's decision."""
    if form == "json":
        _write_json(explanation, out)
        return
    template = environment(form, color and form == "text").get_template(
        {"text": "explanation.txt.j2", "markdown": "explanation.md.j2"}[form])
    told = unmasked if explanation.show_values else masked
    stream = template.stream(it=explanation, told=told, claims_of=_claims_of, named=_named, day=_day,
                             verbatim=lambda text: Finished(text.replace("`", "'")))
    stream.enable_buffering(200)
    for piece in stream:
        out.write(piece)


def _named(keys: list[tuple[int, str]], count: int = 0) -> str:
    """Claims by number, the first few of ``count`` (0: as many as there are keys)."""
    return listed([legible(number) or "(no number)" for _, number in keys[:NAMED]], NAMED, count or len(keys))


def _claims_of(statement: Statement) -> str:
    """Whom a statement hits, for people."""
    if not statement.hits:
        return ""
    claims = statement.claims
    if not claims or statement.hits.startswith("claim "):
        return statement.hits
    named = _named(list(islice(claims.pairs(), NAMED)), len(claims))
    return f"{statement.hits}: {counted(len(claims), 'claim')} ({named})"


def _day(day: str) -> str:
    return legible(day_told(day))


def _write_json(explanation: Explanation, out: TextIO) -> None:
    """A line for each statement and claim, written as they come from the disk."""
    from .. import __version__

    told: Callable[[str], str] = unmasked if explanation.show_values else masked
    head = {"schema": SCHEMA, "tool": {"name": "edi-check", "version": __version__}, "path": explanation.path,
            "original": explanation.original, "whole": explanation.is_whole}
    out.write(json.dumps(head)[:-1] + ',\n"interchanges": [')
    for n, i in enumerate(explanation.interchanges):
        one = {"control_number": i.number, "sender": i.sender, "receiver": i.receiver, "date": _day(i.day)}
        out.write(("," if n else "") + "\n" + json.dumps(one)[:-1] + ', "statements": [')
        _write_rows(out, (_statement(s, told) for s in i.statements))
        out.write("]}")
    out.write('],\n"claims": [')
    _write_rows(out, _claims(explanation.verdicts))
    foot = {"unlisted": [told(s) for s in explanation.verdicts.unlisted],
            "remarks": [told(s) for s in explanation.remarks]}
    out.write("],\n" + json.dumps(foot)[1:] + "\n")


def _write_rows(out: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    for n, row in enumerate(rows):
        out.write((",\n" if n else "\n") + json.dumps(row))


def _claims(verdicts: ClaimVerdicts) -> Iterator[dict[str, Any]]:
    """Every claim once, the refused ones first."""
    for result, where in (("rejected", verdicts.refused), ("accepted", verdicts.taken)):
        for index, number in sorted(where):
            if result == "rejected" or (index, number) not in verdicts.refused:
                yield {"index": index, "number": number, "result": result, "told_by": list(where[index, number])}


def _statement(one: Statement, told: Callable[[str], str]) -> dict[str, Any]:
    return {
        "kind": one.kind, "level": one.level, "result": one.result, "says": told(one.says),
        "codes": [{"code": code, "meaning": means} for code, means in one.codes],
        "about": {name: told(value) if isinstance(value, str) else value for name, value in one.names.items()},
        "hits": one.hits, "claims": [{"index": index, "number": number} for index, number in one.claims.pairs()],
        "where": [{"loop": s.loop, "segment_id": s.segment_id, "element": s.element, "segment": s.segment,
                   "set_segment": s.set_segment, "line": s.line, "column": s.column, "offset": s.offset,
                   "length": s.length, "text": s.text, "caret": s.caret, "caret_length": s.width} for s in one.spots],
    }
