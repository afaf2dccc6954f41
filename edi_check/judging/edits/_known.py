"""What checks and screens know: dated lists of ours, and bounded tables of what was found good before. Not a topic.

A text is put in only after it was judged, by a rule that looks at the text alone; so the tables never change a verdict,
and what is in them depends on nothing but the claims so far.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from importlib import resources

from ...codelists import code_list

FILLERS = ("0000", "9999")
"""What stands for the last four digits of a ZIP code where somebody didn't know them."""

LIMIT = 20_000
"""Entries a table takes; a hostile file can't make it grow further."""

ICD10_SHAPED: set[str] = set()
"""Diagnosis codes of the shape of ICD-10-CM."""

HIGHEST: dict[tuple[str, ...], int] = {("1",): 1}
"""Pointers of a line to the highest diagnosis they name (0: none that can be read)."""

TAXONOMIES: set[str] = set()
"""Well-formed taxonomy codes."""

GOOD_ZIPS: set[str] = set()
"""ZIP codes of nine digits that don't end in a filler."""

STATE_OF_ZIP: dict[str, str] = {}
"""ZIP code to the state that it was met with, of addresses at home that CORE-ID-04 has nothing to say about."""


@cache
def lasting_states() -> frozenset[str]:
    """States that were always valid, and no state: what the common address has."""
    always = ((date.min, date.max),)
    return frozenset(["", *(code for code, spans in code_list("states").windows.items() if spans == always)])


@cache
def zip_states() -> dict[str, tuple[str, ...]]:
    """First three digits of a ZIP code to the states they serve (codes/zip_prefixes.csv)."""
    text = resources.files("edi_check").joinpath("codes").joinpath("zip_prefixes.csv").read_text("utf-8")
    table: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(ln for ln in text.splitlines() if not ln.startswith("#")):
        for prefix in range(int(row["from"]), int(row["to"]) + 1):
            table[f"{prefix:03}"] = tuple(row["states"].split())
    return table
