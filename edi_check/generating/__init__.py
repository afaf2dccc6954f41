"""Seeded, synthetic 837P files (005010X222A1) for tests, benchmarks and the curious: nobody in them exists.

    from edi_check.generating import generate
    ledger = []
    with open("batch.837", "wb") as out:
        out.writelines(generate(1000, seed=7, faults=0.05, ledger=ledger))

A claim without a planned fault is clean under the guide and under every edit down to ``warn``; a faulty one has
one fault, written down in the ledger with the edit that must find it. Standard library only, and nothing of
reading, judging or telling: it must not share their mistakes.
"""

from .batch import AS_OF, generate
from .faults import FAULTS, USUAL, Fault, Ledger, Planned
from .people import is_invented_npi, npi

__all__ = ["AS_OF", "FAULTS", "USUAL", "Fault", "Ledger", "Planned", "generate", "is_invented_npi", "npi"]
