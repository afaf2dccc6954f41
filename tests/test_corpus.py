"""Whole files: the set of syntax faults agrees with pyx12's, or the difference is explained in tests/deviations.py.

Runs over the 837P files in the folder EDI_CHECK_CORPUS names (``<source>/837p/*``), else in ``shared/corpus`` beside
the checkout; skipped when there is none. The structural mutants need no corpus.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import NamedTuple

import deviations
import pytest

from edi_check.findings import Finding
from edi_check.generating import generate
from edi_check.privacy import unmasked
from edi_check.reading.reader import Reader

pyx12_files = pytest.importorskip("pyx12_files")

CORPUS = Path(os.environ.get("EDI_CHECK_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
FILES = sorted(CORPUS.glob("*/837p/*"))
ORDERED_OTHERWISE = Path(__file__).resolve().parent.parent / "fixtures" / "specialties" / "order-of-loops.837"
MUTANTS = int(os.environ.get("EDI_CHECK_MUTANTS", "250"))


class Compared(NamedTuple):
    """Faults that one side alone has, and those that both have."""

    differences: list[deviations.Difference]
    agreed: list[deviations.Difference]

    @property
    def first_agreed(self) -> int:
        """The segment of the first fault that both name, 0 for none."""
        return min((d.segment for d in self.agreed), default=0)


def our_findings(data: bytes) -> list[Finding]:
    reader = Reader()
    found = [f for claim in reader.read([data]) for f in claim.faults]
    return sorted(found + reader.faults, key=Finding.sort_key)


def compare(data: bytes) -> Compared:
    """Both sets of faults in common terms, and what only one of them has."""
    text = data.decode("latin-1")
    ids = ["", *(segment.lstrip()[:3].rstrip(text[3:4]) for segment in text.split(text[105:106]))]
    theirs, ours = {}, {}
    for fault in pyx12_files.faults(text):
        theirs.setdefault(deviations.their_key(fault), (fault.code, fault.says))
    for f in our_findings(data):
        ours.setdefault(deviations.our_key(f), (f.level or f.ik4 or f.ik3, unmasked(f.message)))
    found = []
    for side, mine, other in (("pyx12", theirs, ours), ("ours", ours, theirs)):
        for key, what in mine.items():
            ids_here = (ids[key[0] - 1], ids[key[0]])
            found.append(deviations.Difference("both" if key in other else side, *key, *what, ids_here))
    found.sort(key=lambda d: (d.segment, d.side, d.place))
    return Compared([d for d in found if d.side != "both"], [d for d in found if d.side == "both"])


def explanations(compared: Compared) -> dict[deviations.Difference, str]:
    """Each difference with the name of the deviation that explains it, ``""`` where none does."""
    everything = compared.differences + compared.agreed
    return {d: next((w.name for w in deviations.WHOLE_FILES if w.explains(d, everything)), "")
            for d in compared.differences}


@pytest.mark.skipif(not FILES, reason="no corpus: set EDI_CHECK_CORPUS")
@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parts[-3]}/{p.name}")
def test_syntax_faults_of_the_corpus_agree_with_pyx12(path: Path) -> None:
    try:
        compared = compare(path.read_bytes())
    except pyx12_files.NotReadable as error:
        pytest.skip(f"pyx12 can't read it: {error}")
    unexplained = [d for d, name in explanations(compared).items() if not name]
    assert not unexplained, "\n".join(map(str, unexplained))


@pytest.mark.skipif(not FILES, reason="no corpus: set EDI_CHECK_CORPUS")
def test_each_difference_on_whole_files_occurs() -> None:
    seen = set()
    for path in FILES:
        try:
            seen |= set(explanations(compare(path.read_bytes())).values())
        except pyx12_files.NotReadable:
            continue
    seen |= set(explanations(compare(ORDERED_OTHERWISE.read_bytes())).values())
    seen |= {name for mutant in mutants(Random(2))[:100] for name in explanations(compare(mutant)).values()}
    assert {w.name for w in deviations.WHOLE_FILES} <= seen


# --- structure -------------------------------------------------------------------------------------------------


def mutants(random: Random) -> list[bytes]:
    """A generated batch with one structural change each: a segment dropped, doubled, moved, renamed or requalified."""
    found = []
    for n in range(MUTANTS):
        segments = b"".join(generate(3, seed=n % 40)).decode("ascii").split("~")[:-1]
        at = random.randrange(4, len(segments) - 3)
        how = n % 5
        if how == 0:
            del segments[at]
        elif how == 1:
            segments.insert(at, segments[at])
        elif how == 2:
            segments.insert(random.randrange(4, len(segments) - 3), segments.pop(at))
        elif how == 3:
            segments[at] = random.choice(("ZZZ", "UC1", "CN1", "CR2", "SV2")) + segments[at][3:]
        else:
            segment_id, _, rest = segments[at].partition("*")
            segments[at] = "*".join((segment_id, random.choice(("ZZ", "85", "472", "EI", "")), *rest.split("*")[1:]))
        found.append(("~".join(segments) + "~").encode("ascii"))
    return found


def test_structural_faults_agree_with_pyx12() -> None:
    """Up to the first fault that both name, every difference is explained: on whether there is one and where it stands.
    What follows a structural fault is each side's way to go on (pyx12 often finds no further segment)."""
    unexplained, agreed = [], 0
    for mutant in mutants(Random(1)):
        compared = compare(mutant)
        agreed += compared.first_agreed > 0
        for d, name in explanations(compared).items():
            if not name and not 0 < compared.first_agreed <= d.segment:
                unexplained.append(d)
    assert not unexplained, f"{len(unexplained)} differences, as\n" + "\n".join(map(str, unexplained[:20]))
    assert agreed > MUTANTS // 2
