"""The user's tables as checks want them (``registry.TABLES``), out of the file that holds them."""

from __future__ import annotations

import os
from typing import Any

from ..tables.store import Selection, Store
from .codesets import Diagnoses, Procedures
from .ncci import Pairs, UnitLimits

__all__ = ["load_tables"]

_AS: dict[str, tuple[str, Any]] = {
    "ptp": ("ptp", Pairs), "mue": ("mue", UnitLimits), "icd10cm": ("icd10cm", Diagnoses),
    "procedures": ("procedure_codes", Procedures),
}


def load_tables(chosen: Selection | str | os.PathLike[str]) -> dict[str, Any]:
    """By the names of the parameters that checks have for them; only those that the file holds. Nothing but the list of
    its sources is read yet. Raises ``TableError``."""
    selection = Selection.of(chosen)
    store = Store(selection.path)
    found: dict[str, Any] = {}
    sources = selection.sources_in(store)
    for kind, (parameter, view) in _AS.items():
        its = [s for s in sources if s.kind == kind]
        if its:
            found[parameter] = view(store, its)
    return found
