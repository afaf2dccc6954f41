"""Two JSON reports, an older and a newer: what was mended, what is new, what remains.

A corrected file has its claims at other places, and its lines too. So claims are matched by their number and by what
they carry, never by position alone; findings by edit within a claim, first where everything is as it was, then ever
more loosely. What it is not: a comparison of claims; only of what was found in them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from os.path import basename
from typing import Any

from ..findings import LEVELS

__all__ = ["Comparison", "FileChanges", "NotAReport", "compare", "read_report", "to_dict"]

SCHEMA = "edi-check.comparison/1"

Row = dict[str, Any]
"""A finding or a claim as a report has it."""


class NotAReport(Exception):
    """A file that is no JSON or NDJSON report of ours, and why. The text holds no value of it."""


@dataclass
class FileChanges:
    """One file then and now. ``mended`` and ``new`` are findings; ``remaining`` pairs of then and now; ``gone`` and
    ``added`` claims of one report only, ``lost`` the findings of claims that are gone (nobody knows whether mended);
    ``turned`` pairs of a claim whose disposition is another one."""

    old_path: str
    new_path: str
    mended: list[Row] = field(default_factory=list)
    new: list[Row] = field(default_factory=list)
    remaining: list[tuple[Row, Row]] = field(default_factory=list)
    lost: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    turned: list[tuple[Row, Row]] = field(default_factory=list)
    claims: int = 0
    """Claims that both reports have."""

    @property
    def raised(self) -> list[tuple[Row, Row]]:
        """Remaining findings whose level is graver now."""
        return [pair for pair in self.remaining if _rank(pair[1]) < _rank(pair[0])]


@dataclass
class Comparison:
    """All files. ``remarks`` say what makes the comparison less sure."""

    files: list[FileChanges]
    remarks: list[str]

    def is_worse(self, fail_on: str) -> bool:
        """Is there a new finding, or one that rose, at this level or above? ``never``: no."""
        if fail_on not in LEVELS:
            return False
        limit = LEVELS.index(fail_on)
        return any(_rank(f) <= limit for one in self.files for f in (*one.new, *(now for _, now in one.raised)))


def _rank(finding: Row) -> int:
    """0 is the gravest level."""
    level = finding.get("level")
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


# --- reading ---------------------------------------------------------------------------------------------------------


def read_report(text: str) -> Row:
    """A report out of its JSON or NDJSON. Raises ``NotAReport``. NDJSON doesn't list the claims without a finding."""
    try:
        data = json.loads(text)
    except ValueError as error:
        data = _of_lines(text, error)
    except RecursionError:
        raise NotAReport("is JSON nested without end") from None
    if isinstance(data, dict) and data.get("type") == "summary":
        data = _of_lines(text, ValueError())
    if not isinstance(data, dict) or not str(data.get("schema", "")).startswith("edi-check.report/"):
        raise NotAReport("is JSON, but not a report of edi-check: make one with `edi-check check -f json`")
    if data["schema"] != "edi-check.report/1":
        raise NotAReport("is a report of another version of edi-check")
    if not isinstance(data.get("files"), list) or not all(map(_is_file, data["files"])):
        raise NotAReport("is a report of edi-check with parts missing or damaged")
    return data


def _is_file(file: Any) -> bool:
    """Has it what is compared, in the types it should have?"""
    return (isinstance(file, dict) and isinstance(file.get("path"), str)
            and all(isinstance(file.get(name), list) for name in ("claims", "findings"))
            and all(isinstance(c, dict) and isinstance(c.get("index"), int) and isinstance(c.get("number"), str)
                    for c in file["claims"])
            and all(isinstance(f, dict) and isinstance(f.get("edit"), str) and isinstance(f.get("claim"), int)
                    and isinstance(f.get("where"), dict) and isinstance(f.get("line"), int)
                    and all(isinstance(f.get(name), str) for name in ("level", "message", "claim_number"))
                    for f in file["findings"]))


def _of_lines(text: str, error: ValueError) -> Row:
    """The NDJSON form, as far as it goes, in the other one's."""
    try:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        rows = []
    if not rows or not all(isinstance(row, dict) and "type" in row for row in rows):
        what = "no JSON" if text.strip() else "empty"
        raise NotAReport(f"is {what}: make a report with `edi-check check -f json -o FILE`") from error
    if not rows[-1].get("complete"):
        raise NotAReport("is an NDJSON report that was cut off: its last line is missing")
    files = [row | {"claims": [], "findings": []} for row in rows if row["type"] == "file"]
    by_path = {str(file.get("path")): file for file in files}
    for row in rows:
        if row["type"] == "finding" and str(row.get("path")) in by_path:
            by_path[str(row["path"])]["findings"].append(row)
    for file in files:
        # What is of another type makes no claim; _is_file refuses the finding.
        known = {f["claim"]: f.get("claim_number") for f in file["findings"]
                 if f.get("claim") and isinstance(f["claim"], int)}
        file["claims"] = [{"index": index, "number": number} for index, number in known.items()]
    whole = {"schema": "edi-check.report/1", "files": files, "is_partial": True}
    return whole | ({"left_out": rows[-1]["left_out"]} if "left_out" in rows[-1] else {})


# --- comparing -------------------------------------------------------------------------------------------------------


def compare(old: Row, new: Row) -> Comparison:
    """What changed from one report to the other. In: reports as ``read_report`` gives them."""
    pairs = _matched_files(old["files"], new["files"])
    return Comparison([_file_changes(a, b, bool(old.get("is_partial") or new.get("is_partial"))) for a, b in pairs],
                      _remarks(old, new, pairs))


def _remarks(old: Row, new: Row, pairs: Sequence[tuple[Row | None, Row | None]]) -> list[str]:
    found = []
    for name, says in (("as_of", "the days of receipt differ, and edits on dates look at them"),
                       ("packs", "the packs of edits differ: a change may come from them and not from the claims"),
                       ("tables", "the tables differ: a change may come from them and not from the claims"),
                       ("tool", "the versions of edi-check differ")):
        if name in old and name in new and old[name] != new[name]:
            found.append(says)
    if old.get("left_out") != new.get("left_out"):
        found.append("the settings leave out other edits: what one of the two didn't look for is not mended, nor new")
    if any(file and file.get("omitted") for pair in pairs for file in pair):
        found.append("a report lists only a part of its findings (--max-findings): the rest is not compared")
    if any(file and file.get("disposition") == "unreadable" for pair in pairs for file in pair):
        found.append("a file could not be read to its end: what is missing from its report is not mended")
    if old.get("is_partial") or new.get("is_partial"):
        found.append("NDJSON doesn't list claims without a finding: which claims came, went or turned isn't known")
    return found


def _matched_files(old: Sequence[Row], new: Sequence[Row]) -> list[tuple[Row | None, Row | None]]:
    """By content, by path, by name; and when one is left on each side, these."""
    def path(f: Row) -> Hashable:
        return str(f["path"])

    def name(f: Row) -> Hashable:
        return basename(str(f["path"]))

    pairs, left, right = _paired(old, new, (path, lambda f: str(f.get("sha256") or id(f)), name))
    if len(left) == len(right) == 1:
        pairs, left, right = [*pairs, (left[0], right[0])], [], []
    order = {id(f): n for n, f in enumerate(new)}
    pairs.sort(key=lambda pair: order[id(pair[1])])
    return [*pairs, *((a, None) for a in left), *((None, b) for b in right)]


def _file_changes(old: Row | None, new: Row | None, is_partial: bool) -> FileChanges:
    found = FileChanges(old["path"] if old else "", new["path"] if new else "")
    if old is None or new is None:
        found.lost, found.gone = (old["findings"], old["claims"]) if old else ([], [])
        found.new, found.added = (new["findings"], new["claims"]) if new else ([], [])
        return found
    claims, gone, added = _matched_claims(old["claims"], new["claims"])
    found.claims = len(claims)
    if not is_partial:
        found.gone, found.added = gone, added
        found.turned = [(a, b) for a, b in claims if a.get("disposition") != b.get("disposition")]
    theirs, ours = _by_claim(old["findings"]), _by_claim(new["findings"])
    for a, b in ((0, 0), *((a["index"], b["index"]) for a, b in claims)):
        pairs, mended, fresh = _paired(theirs.pop(a, []), ours.pop(b, []), _FINDING_KEYS)
        found.remaining += pairs
        found.mended += mended
        found.new += fresh
    rest = [f for findings in theirs.values() for f in findings]
    if is_partial:
        found.mended += rest
    else:
        found.lost += rest
    found.new += [f for findings in ours.values() for f in findings]
    pairs, found.mended, found.new = _paired(found.mended, found.new, [_numbered])  # two claims have one number
    found.remaining += pairs
    found.new.sort(key=_place)
    found.mended.sort(key=_place)
    found.remaining.sort(key=lambda pair: _place(pair[1]))
    return found


def _place(finding: Row) -> tuple[Any, ...]:
    segment = finding["where"].get("segment")
    return (_rank(finding), segment if isinstance(segment, int) else 0, finding["edit"])


def _by_claim(findings: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for finding in findings:
        found[finding["claim"]].append(finding)
    return found


def _matched_claims(old: Sequence[Row], new: Sequence[Row]) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """By number and all that is known of a claim, by number, by number and what it costs …; a claim whose number was
    what had to be mended, by its charge, payer and lines. When no number is in both (a redacted copy), by place."""
    def one(*names: str) -> Callable[[Row], Hashable]:
        return lambda c: tuple(str(c.get(name, "")) for name in names)

    numbers = {c["number"] for c in old}
    if old and len(old) == len(new) and numbers.isdisjoint(c["number"] for c in new):
        return list(zip(old, new, strict=True)), [], []
    keys = [one("number", "charge", "payer_id", "lines"), one("number", "payer_id"), one("number")]
    pairs, left, right = _paired(old, new, keys)
    content = one("charge", "payer_id", "lines")
    seen = [content(c) for c in (*left, *right) if c.get("charge")]
    more, left, right = _paired(left, right, [lambda c: content(c) if seen.count(content(c)) == 2 else id(c)]) if len(
        seen) <= _FEW else ([], left, right)
    return [*pairs, *more], left, right


_FEW = 2_000
"""Claims without a partner up to which partners are looked for by content."""


def _paired(old: Sequence[Row], new: Sequence[Row], keys: Sequence[Callable[[Row], Hashable]]
            ) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Rows of both that have the same key, by the first key, then by the next; those with one key in their order. Out:
    pairs, and what is left of each."""
    pairs: list[tuple[Row, Row]] = []
    for key in keys:
        waiting: dict[Hashable, list[Row]] = defaultdict(list)
        for row in reversed(new):
            waiting[key(row)].append(row)
        left, taken = [], set()
        for row in old:
            partners = waiting.get(key(row))
            if partners:
                partner = partners.pop()
                pairs.append((row, partner))
                taken.add(id(partner))
            else:
                left.append(row)
        old, new = left, [row for row in new if id(row) not in taken]
    return pairs, list(old), list(new)


def _at(finding: Row, *names: str) -> tuple[str, ...]:
    return tuple(str(finding["where"].get(name, "")) for name in names)


def _numbered(f: Row) -> Hashable:
    return (f["claim_number"], f["edit"], f["line"], *_at(f, "loop", "segment_id", "element"), f["message"]
            ) if f["claim"] else id(f)


_FINDING_KEYS: tuple[Callable[[Row], Hashable], ...] = (
    lambda f: (f["edit"], f["level"], f["line"], *_at(f, "loop", "segment_id", "element"), f["message"]),
    lambda f: (f["edit"], f["line"], *_at(f, "loop", "segment_id", "element")),
    lambda f: (f["edit"], *_at(f, "loop", "segment_id", "element"), f["message"]),
    lambda f: (f["edit"], *_at(f, "loop", "segment_id", "element")),
)


# --- telling ---------------------------------------------------------------------------------------------------------


def to_dict(found: Comparison, version: str, exit_code: int) -> Row:
    """The comparison as plain values. Findings are as their reports have them; a remaining one is the newer, with
    ``was`` for its level before."""
    files = [{
        "old": one.old_path, "new": one.new_path, "claims": one.claims,
        "findings": {"mended": one.mended, "new": one.new, "lost": one.lost,
                     "remaining": [now | {"was": then["level"]} for then, now in one.remaining]},
        "claims_gone": one.gone, "claims_added": one.added,
        "claims_turned": [now | {"was": then.get("disposition", ""), "old_index": then["index"]}
                          for then, now in one.turned],
    } for one in found.files]
    counts = {name: sum(len(getattr(one, name)) for one in found.files)
              for name in ("mended", "new", "remaining", "raised", "lost", "gone", "added", "turned")}
    return {"schema": SCHEMA, "tool": {"name": "edi-check", "version": version}, "remarks": found.remarks,
            "files": files, "summary": counts | {"exit_code": exit_code}}
