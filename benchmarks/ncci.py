"""What NCCI costs: a PTP table of baseline size (invented codes, CMS's layout) loaded, and claims checked with it.

    python -m benchmarks.ncci [PAIRS [CLAIMS]]

Prints the time to write nothing but figures: loading the four parts (text, and one of them as a workbook), the size of
the store, and the best of several checks of one generated file, every claim Medicare's, in turns with and without the
tables. Everything lies in a temporary folder and goes away.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator

from edi_check.generating import generate
from edi_check.pipeline import check
from edi_check.tables.adding import add
from edi_check.tables.store import Store

HEAD = "\r\n".join((
    '"CPT only copyright 2025 American Medical Association.  All rights reserved.®"' + "\t" * 6,
    "Column1/Column2 Edits" + "\t" * 6,
    "\t\t*=in existence\t\tDeletion\tModifier\t",
    "\t\tprior to\tEffective\tDate\t0=not allowed\t",
    "Column 1\tColumn 2\t1996\tDate\t*=no data\t1=allowed\tPTP Edit Rationale",
    "\t\t\t\t\t9=not applicable\t",
    "",
))
THERAPY = ("97140", "97124", "97110", "97112", "97116", "97530", "97535", "97161", "97164", "98940", "98941", "98942",
           "97012", "97014", "97032", "97035", "97010", "99213", "99214", "97750")
"""Codes of generated claims, in the table as well, or nothing would be looked up in vain and found."""


def rows(pairs: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Invented pairs in order of their codes, one in eighty with a second window; real codes are paired with invented
    ones only."""
    draw = random.Random(seed)
    codes = sorted({f"{n:05}" for n in range(1, 9999)} | {f"{n:04}T" for n in range(1, 3000)}) + list(THERAPY)
    each = max(1, pairs * 80 // 81 // len(codes))
    invented = codes[:-len(THERAPY)]
    for code in codes:
        for other in sorted(draw.sample(invented, min(each, len(invented)))):
            indicator = draw.choice("001119")
            if not draw.randrange(80):
                yield code, other, "", "20240101", "*", indicator, "Invented reason"
                yield code, other, "", "20100101", "20191231", "1", "Invented reason"
            else:
                yield code, other, "*" if indicator == "9" else "", "20200101", "*", indicator, "Invented reason"


def workbook(path: str, part: list[tuple[str, ...]]) -> None:
    """The rows as a workbook, texts in the cells, as Excel writes it."""
    shared: dict[str, int] = {}
    cells = []
    for number, row in enumerate(part, 1):
        marks = "".join(f'<c r="{"ABCDEFG"[n]}{number}" t="s"><v>{shared.setdefault(value, len(shared))}</v></c>'
                        for n, value in enumerate(row) if value)
        cells.append(f'<row r="{number}">{marks}</row>')
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", f"<workbook {main}/>")
        texts = "".join(f"<si><t>{text}</t></si>" for text in shared)
        book.writestr("xl/sharedStrings.xml", f"<sst {main}>{texts}</sst>")
        sheet = "".join(cells)
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>")


def main(pairs: int = 2_000_000, claims: int = 5_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = list(rows(pairs))
        quarter = -(-len(table) // 4)
        parts = [table[n:n + quarter] for n in range(0, len(table), quarter)]
        paths = []
        for n, part in enumerate(parts, 1):
            paths.append(f"{folder}/ccipra-v323r0-f{n}.TXT")
            with open(paths[-1], "w", encoding="cp1252", newline="") as file:
                file.write(HEAD + "".join("\t".join(row) + "\r\n" for row in part))
        workbook(f"{folder}/ccipra-v330r0-f1.xlsx", parts[0])
        del table
        store_path = f"{folder}/tables.sqlite"
        with Store(store_path, create=True) as store:
            began = time.perf_counter()
            added = [one for path in paths for one in add(store, path)]
            text = time.perf_counter() - began
            print(f"{sum(a.source.rows for a in added):,} pairs in four text files: loaded in {text:.1f} s, "
                  f"store {os.path.getsize(store_path) / 2**20:.1f} MiB")
            began = time.perf_counter()
            one = add(store, f"{folder}/ccipra-v330r0-f1.xlsx")[0]
            print(f"{one.source.rows:,} pairs in one workbook: loaded in {time.perf_counter() - began:.1f} s")
            for day in ("01-01", "04-01", "07-01", "10-01"):
                add(store, mue(folder, day))
        data = b"".join(generate(claims, seed=5))
        for lob in ("medicare", "auto"):
            compare(data, claims, lob, store_path)


def compare(data: bytes, claims: int, lob: str, tables: str) -> None:
    """One file checked with the tables and without, in turns."""
    times: dict[str, list[float]] = {"": [], tables: []}
    for _ in range(5):
        for path, taken in times.items():
            began = time.process_time()
            report = check(data, tables=path or None, lob=lob, as_of="2026-11-21")
            taken.append(time.process_time() - began)
    without, loaded = min(times[""]), min(times[tables])
    file = report.files[0]
    found = sum(f.edit.startswith("NCCI") for f in file.findings)
    unjudged = sum(n.claims for n in file.not_evaluated if n.edit.startswith("NCCI"))
    print(f"{claims:,} claims, --lob {lob}: {(loaded / without - 1) * 100:+.0f}% processor time with the tables "
          f"({without / claims * 1e6:.0f} to {loaded / claims * 1e6:.0f} microseconds a claim; best of 5 in turns; "
          f"{found} findings of NCCI listed, {unjudged} times not evaluated)")


def mue(folder: str, day: str) -> str:
    """An MUE table with the codes of generated claims."""
    path = f"{folder}/MCR_MUE_PractitionerServices_Eff_{day}-2026.csv"
    with open(path, "w", encoding="cp1252", newline="") as file:
        file.write('"Invented®",,,\r\n"HCPCS/\nCPT Code",Practitioner Services MUE Values,')
        file.write("MUE Adjudication Indicator,MUE Rationale\r\n")
        file.writelines(f"{code},6,3 Date of Service Edit: Clinical,Invented\r\n" for code in THERAPY)
        file.writelines(f"{n:05},6,3 Date of Service Edit: Clinical,Invented\r\n" for n in range(1, 9999))
    return path


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
