"""The JSON report and its NDJSON form (contract, section 2), written piece by piece.

Claims are read from the spool one after the other and written in batches, so a report of any size costs no more memory
than its listed findings. Text goes through the C encoder of ``json`` as pure ASCII: nothing in a file can reach a
terminal as a control character. ``to_dict`` is the same text read back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TextIO

from ..findings import UNKNOWN_EDIT, Finding
from ..phrases import century
from ..privacy import MASK, masked, unmasked
from ..report import FileReport, Report

__all__ = ["SCHEMA", "finding_json", "to_dict", "write_json", "write_ndjson"]

SCHEMA = "edi-check.report/1"

BATCH = 512

_text = json.encoder.encode_basestring_ascii


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain values; every claim in memory."""
    return json.loads("".join(_json(report)))  # type: ignore[no-any-return]


def write_json(report: Report, out: TextIO) -> None:
    """One object, a line for each claim and finding."""
    for piece in _json(report):
        out.write(piece)


def write_ndjson(report: Report, out: TextIO) -> None:
    """Findings, then files, then the summary, an object a line; the last says that nothing is missing."""
    for file in report.files:
        lead = f'{{"type": "finding", "path": {_text(file.path)}, '
        for batch in _findings(report, file):
            out.writelines([lead + row[1:] + "\n" for row in batch])
    for file in report.files:
        out.write('{"type": "file", ' + ", ".join((_head(file), _foot(file))) + "}\n")
    left_out = f'"left_out": {json.dumps(report.left_out)}, ' if report.left_out else ""
    out.write(f'{{"type": "summary", "complete": true, {left_out}' + _summary(report)[1:] + "\n")


def _json(report: Report) -> Iterator[str]:
    packs = json.dumps([p._asdict() for p in report.packs])
    tool = json.dumps({"name": "edi-check", "version": report.version})
    yield (f'{{"schema": "{SCHEMA}", "tool": {tool}, "as_of": {_text(report.as_of)},\n'
           f'"packs": {packs},\n"files": [')
    for n, file in enumerate(report.files):
        yield (",\n{" if n else "{") + _head(file) + ',\n"claims": ['
        yield from _joined(_claims(file))
        yield '],\n"findings": ['
        yield from _joined(_findings(report, file))
        yield "],\n" + _foot(file) + "}"
    tables = json.dumps([t._asdict() for t in report.tables])
    left_out = f',\n"left_out": {json.dumps(report.left_out)}' if report.left_out else ""
    yield f'],\n"summary": {_summary(report)},\n"tables": {tables}{left_out}}}\n'


def _joined(batches: Iterable[list[str]]) -> Iterator[str]:
    """Rows with commas between, a few hundred at a time."""
    lead = "\n"
    for batch in batches:
        yield lead + ",\n".join(batch)
        lead = ",\n"


def _claims(file: FileReport) -> Iterator[list[str]]:
    """A JSON object for each claim. Written out by hand: this is the one loop that meets every claim. (A charge is
    ours, digits and a point.)"""
    text, outlines = _text, file.outlines()
    while batch := list(islice(outlines, BATCH)):
        yield [
            f'{{"index": {index}, "number": {text(number)}, "disposition": "{disposition}", '
            f'"charge": "{charge}", "lines": {lines}, "lob": "{lob}", "payer_id": {text(payer_id)}, '
            f'"set": {text(set_number)}, "segment": {segment}, "offset": {offset}, "interchange": {interchange}, '
            f'"group": {group}, "set_index": {set_index}}}'
            for (index, number, disposition, charge, lines, lob, payer_id, interchange, group, set_index, set_number,
                 segment, offset, _, _, _) in batch]


def _findings(report: Report, file: FileReport) -> Iterator[list[str]]:
    findings = iter(file.findings)
    while batch := list(islice(findings, BATCH)):
        yield [finding_json(report, finding) for finding in batch]


def finding_json(report: Report, finding: Finding) -> str:
    """One finding as a JSON object; values that identify a person are masked unless ``report.show_values``."""
    edit = report.edits.get(finding.edit, UNKNOWN_EDIT)
    where, status = finding.where, finding.status
    told = unmasked if report.show_values else masked
    value = where.value if report.show_values or not where.is_private else MASK
    related = ", ".join(f'{{"claim": {r.claim}, "line": {r.line}}}' for r in finding.related)
    text = _text
    codes = ", ".join([text(c) for c in status.codes])
    return (
        f'{{"edit": {text(finding.edit)}, "name": {text(edit.name)}, "level": "{finding.level}", "snip": {edit.snip}, '
        f'"message": {text(told(finding.message))}, "fix": {text(told(finding.fix or edit.fix))}, '
        f'"claim": {finding.claim}, "claim_number": {text(finding.claim_number)}, "line": {finding.line}, '
        f'"where": {{"loop": {text(where.loop)}, "segment_id": {text(where.segment_id)}, '
        f'"element": {text(where.element)}, "repetition": {where.repetition}, "segment": {where.segment}, '
        f'"set_segment": {where.set_segment}, "line": {where.line}, "column": {where.column}, '
        f'"offset": {where.offset}, "length": {where.length}, "value": {text(value)}}}, '
        f'"status": {{"category": {text(status.category)}, "codes": [{codes}], "entity": {text(status.entity)}}}, '
        f'"ack": {{"ik3": {text(finding.ik3)}, "ik4": {text(finding.ik4)}}}, '
        f'"source": {{"document": {text(edit.source[0])}, "section": {text(edit.source[1])}}}, '
        f'"related": [{related}], "interchange": {finding.interchange}, "group": {finding.group}, '
        f'"set_index": {finding.set_index}}}'
    )


def _envelope(file: FileReport) -> list[dict[str, Any]]:
    results = file.results
    return [
        {"control_number": i.control_number, "sender": _id(i.sender_qualifier, i.sender),
         "receiver": _id(i.receiver_qualifier, i.receiver), "date": century(i.date), "usage": i.usage,
         "ta1": results.ta1.get(i.index, ""),
         "groups": [
             {"control_number": g.control_number, "version": g.version, "ak9": results.ak9.get(g.index, ""),
              "sets": [{"control_number": s.control_number, "ik5": results.ik5.get(s.index, ""), "claims": s.claims}
                       for s in g.sets]}
             for g in i.groups]}
        for i in file.interchanges
    ]


def _id(qualifier: str, value: str) -> str:
    return f"{qualifier.strip()}:{value.strip()}"


def _head(file: FileReport) -> str:
    """What comes before the claims: members of the file's object, without braces."""
    c = file.counts
    counts = {"segments": c.segments, "sets": c.sets, "claims": c.claims, "accepted": c.accepted, "review": c.review,
              "rejected": c.rejected, "lines": c.lines, "charge": c.charge, "accepted_charge": c.accepted_charge,
              "rejected_charge": c.rejected_charge, "findings": c.findings}
    head = {"path": file.path, "sha256": file.sha256, "bytes": file.bytes, "disposition": file.disposition,
            "interchanges": _envelope(file), "counts": counts}
    return json.dumps(head)[1:-1]


def _foot(file: FileReport) -> str:
    """What comes after the findings."""
    foot = {"omitted": file.omitted, "not_evaluated": [n._asdict() for n in file.not_evaluated],
            "faults": [f._asdict() for f in file.faults]}
    return json.dumps(foot)[1:-1]


def _summary(report: Report) -> str:
    counts = [f.counts for f in report.files]
    return json.dumps({
        "files": len(counts), "claims": sum(c.claims for c in counts), "accepted": sum(c.accepted for c in counts),
        "review": sum(c.review for c in counts), "rejected": sum(c.rejected for c in counts),
        "exit_code": report.exit_code})
