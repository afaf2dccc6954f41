"""Findings as SARIF 2.1.0, for code scanning and editors: one run, a rule for each edit that is told, a result for each
finding, its region by line, column and byte.

Written with ``json``, result by result. There are libraries of SARIF's object model, and none is used: sarif-om rests
since 2019 and writes no JSON by itself; sarif-pydantic takes any key (it would let a misspelt one pass, and has some
itself) and brings pydantic along. What holds this writer to the standard is the official schema, in the tests.

Columns count bytes, as everywhere in our reports: the file is declared ISO-8859-1, in which a byte is a character.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, NamedTuple, TextIO
from urllib.parse import quote

from ..findings import UNKNOWN_EDIT, Finding, Related
from ..privacy import masked, unmasked
from ..report import FileReport, Report
from .spots import designated
from .visible import visible

__all__ = ["SCHEMA", "Region", "region_of", "write_sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"reject": "error", "review": "warning", "warn": "warning", "note": "note"}
RELATED = 10
"""Related places told at most of one finding."""
LONGEST = 1 << 20


class Region(NamedTuple):
    """Bytes of a file, and where they begin and end: ``end_column`` is that of the byte behind the last."""

    offset: int
    length: int
    line: int
    column: int
    end_line: int
    end_column: int


def region_of(file: FileReport, finding: Finding) -> Region | None:
    """The element a finding is about; its segment when it is about the whole, or the element isn't there. ``None`` when
    it is about the file as such, or the file isn't at hand any more."""
    where = finding.where
    if not where.length or not where.line:
        return None
    try:
        raw = file.read_at(where.offset, min(where.length, LONGEST)).decode("latin-1")
    except (ValueError, OSError):
        return Region(where.offset, where.length, where.line, where.column, where.line, where.column + where.length)
    begin, length = _element_in(raw, file, finding)
    line, column = _moved(where.line, where.column, raw[:begin])
    return Region(where.offset + begin, length, line, column, *_moved(line, column, raw[begin : begin + length]))


def _element_in(raw: str, file: FileReport, finding: Finding) -> tuple[int, int]:
    """Where the element stands in its segment, and how long it is."""
    position, component = designated(finding.where.element)
    if not position or not 0 < finding.interchange <= len(file.interchanges):
        return 0, len(raw)
    delimiters = file.interchanges[finding.interchange - 1].delimiters
    elements = raw.split(delimiters.element)
    if elements[0].strip() != finding.where.segment_id or position >= len(elements) or not elements[position]:
        return 0, len(raw)
    begin, element = len(delimiters.element.join(elements[:position])) + 1, elements[position]
    components = element.split(delimiters.component)
    if component and component <= len(components) and components[component - 1]:
        before = delimiters.component.join(components[: component - 1])
        return begin + (len(before) + 1 if component > 1 else 0), len(components[component - 1])
    return begin, len(element)


def _moved(line: int, column: int, text: str) -> tuple[int, int]:
    """Line and column behind a text: some senders break lines inside segments.

    >>> _moved(3, 5, "CLM*C1"), _moved(3, 5, "CLM\\r\\n*C1")
    ((3, 11), (4, 4))
    """
    breaks = re.split(r"\r\n|\r|\n", text)
    return (line, column + len(text)) if len(breaks) == 1 else (line + len(breaks) - 1, len(breaks[-1]) + 1)


def write_sarif(report: Report, out: TextIO) -> None:
    """One run. Values that identify a person are masked unless the report shows them; CLM01 is among the properties."""
    ids = sorted({finding.edit for file in report.files for finding in file.findings})
    rules = {edit: n for n, edit in enumerate(ids)}
    head = {
        "tool": {"driver": {
            "name": "edi-check", "version": report.version, "semanticVersion": report.version,
            "shortDescription": {"text": "Judges X12 837P claim files before they are sent."},
            "rules": [_rule(report, edit) for edit in ids]}},
        "invocations": [_invocation(report)],
        "artifacts": [_artifact(file) for file in report.files],
        "columnKind": "unicodeCodePoints", "defaultEncoding": "ISO-8859-1",
        "properties": {"as_of": report.as_of, "packs": [p.id for p in report.packs]},
    }
    out.write(f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [\n' + json.dumps(head)[:-1] + ', "results": [')
    lead = "\n"
    for result in _results(report, rules):
        out.write(lead + json.dumps(result))
        lead = ",\n"
    out.write("\n]}]}\n")


def _rule(report: Report, edit_id: str) -> dict[str, Any]:
    edit = report.edits.get(edit_id, UNKNOWN_EDIT)
    rule: dict[str, Any] = {"id": edit_id}
    if not edit.id:
        return rule
    source = ", ".join(part for part in edit.source if part)
    rule |= {
        "name": "".join(word.capitalize() for word in edit.name.split("-")),
        "shortDescription": _message(edit.name.replace("-", " ").capitalize() + "."),
        "fullDescription": _message(edit.why or edit.says),
        "help": _message(f"{edit.fix} Source: {source}. More: edi-check explain {edit_id}"),
        "defaultConfiguration": {"level": LEVELS[edit.level]} if edit.level in LEVELS else {"enabled": False},
        "properties": {"pack": edit.pack, "snip": edit.snip, "level": edit.level, "tags": [edit.pack]},
    }
    return rule


def _invocation(report: Report) -> dict[str, Any]:
    """How the run went: what failed in us, what was left out, not evaluated, or counted and not listed."""
    told: list[dict[str, Any]] = []
    if report.left_out:
        told.append({"level": "note", "message": {"text": f"Left out by the settings: {', '.join(report.left_out)}."}})
    for n, file in enumerate(report.files):
        at = [{"physicalLocation": {"artifactLocation": _location(file, n)}}]
        for fault in file.faults:
            text = f"Our check {fault.edit} failed on claim {fault.claim}: {fault.error}. It rejected nothing."
            told.append({"level": "error", "message": _message(text), "locations": at})
        if file.disposition == "unreadable":
            told.append({"level": "error", "message": {"text": "The file could not be checked."}, "locations": at})
        for edit, claims, why in file.not_evaluated:
            text = f"{edit} could not be evaluated" + (f" for {claims} claims" if claims else "") + f": {visible(why)}."
            told.append({"level": "note", "message": {"text": text}, "locations": at})
        for edit, count in file.omitted.items():
            text = f"{count} further findings of {edit} were counted and are not listed."
            told.append({"level": "warning", "message": {"text": text}, "locations": at})
    invocation: dict[str, Any] = {"executionSuccessful": report.exit_code in (0, 1), "exitCode": report.exit_code}
    return invocation | ({"toolExecutionNotifications": told} if told else {})


def _artifact(file: FileReport) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "location": {"uri": _uri(file.path)}, "length": file.bytes, "mimeType": "application/EDI-X12",
        "encoding": "ISO-8859-1", "roles": ["analysisTarget"], "properties": {"disposition": file.disposition}}
    return artifact | ({"hashes": {"sha-256": file.sha256}} if file.sha256 else {})


def _uri(path: str) -> str:
    """A path as a URI: relative ones stay so, which is what code scanning wants."""
    return PurePath(path).as_uri() if os.path.isabs(path) else quote(os.fsencode(PurePath(path).as_posix()))


def _location(file: FileReport, index: int) -> dict[str, Any]:
    return {"uri": _uri(file.path), "index": index}


def _message(text: str) -> dict[str, str]:
    """Text in which nothing is a link: a viewer of SARIF makes one of ``[…](…)`` in plain text, too (3.11.6), and a
    claim may hold that.

    >>> _message("Code [see](https://example.org) is none.")
    {'text': 'Code [see] (https://example.org) is none.'}
    """
    return {"text": visible(text).replace("](", "] (")}


def _results(report: Report, rules: dict[str, int]) -> Iterator[dict[str, Any]]:
    told = unmasked if report.show_values else masked
    met: Counter[str] = Counter()
    for n, file in enumerate(report.files):
        for finding in file.findings:
            edit = report.edits.get(finding.edit, UNKNOWN_EDIT)
            text = told(f"{finding.message} {finding.fix or edit.fix}".strip())
            result: dict[str, Any] = {
                "ruleId": finding.edit, "ruleIndex": rules[finding.edit], "level": LEVELS.get(finding.level, "none"),
                "message": _message(text), "locations": [_place(file, n, finding)],
                "partialFingerprints": {"ediCheck/v1": _fingerprint(file, finding, met)},
                "properties": _properties(finding),
            }
            related = [_related(file, n, one) for one in finding.related[:RELATED]]
            yield result | ({"relatedLocations": related} if related else {})


def _place(file: FileReport, index: int, finding: Finding) -> dict[str, Any]:
    where, place = finding.where, {"artifactLocation": _location(file, index)}
    region = region_of(file, finding)
    if region is not None:
        place["region"] = {"startLine": region.line, "startColumn": region.column, "endLine": region.end_line,
                           "endColumn": region.end_column, "byteOffset": region.offset, "byteLength": region.length}
    location: dict[str, Any] = {"physicalLocation": place}
    name = where.element or where.segment_id
    if name:
        full = "/".join(visible(part) for part in (where.loop, name) if part)
        location["logicalLocations"] = [
            {"name": visible(name), "fullyQualifiedName": full, "kind": "element" if where.element else "segment"}]
    return location


def _properties(finding: Finding) -> dict[str, Any]:
    """What SARIF has no place for: the level as it is, the claim, the counts of segments, the 277CA's codes."""
    where, status = finding.where, finding.status
    found: dict[str, Any] = {"level": finding.level, "segment": where.segment, "set_segment": where.set_segment}
    if finding.claim:
        found |= {"claim": finding.claim, "claim_number": visible(finding.claim_number), "line": finding.line}
    if status.category:
        found["status"] = {"category": status.category, "codes": list(status.codes), "entity": status.entity}
    return found


def _fingerprint(file: FileReport, finding: Finding, met: Counter[str]) -> str:
    """The same for the same finding in the next run, wherever it has moved to in the file. No value goes into it but
    CLM01: a hash of a birth date is a birth date."""
    where = finding.where
    parts = (file.path, finding.edit, finding.claim_number, str(finding.line), where.loop, where.element or
             where.segment_id)
    mark = blake2b("\0".join(parts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
    met[mark] += 1
    return f"{mark}:{met[mark]}"


def _related(file: FileReport, index: int, one: Related) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _location(file, index)}
    try:
        claim = file.claim(one.claim)
        place["region"] = {"byteOffset": claim.offset, "byteLength": claim.length}
        named = f"claim {claim.number}"
    except IndexError:
        named = f"claim {one.claim} of the file"
    return {"physicalLocation": place, "message": _message((f"Line {one.line} of " if one.line else "") + named)}
