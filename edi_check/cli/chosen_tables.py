"""Which tables a run checks with: the files of ``[tables]``, and what ``edi-check tables add`` has kept.

A file of ``[tables]`` is loaded when it is first met, and again when it has changed. Where ``[tables]`` names files of
a kind and line of business, only these count for it; else all that was added does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..configuration import Configuration
from .session import Session

if TYPE_CHECKING:
    from ..tables.store import Selection, Store, TableSource

__all__ = ["chosen_tables", "store_path"]

LISTS = {
    "ptp": ("ptp", "medicare"), "mue": ("mue", "medicare"), "medicaid_ptp": ("ptp", "medicaid"),
    "medicaid_mue": ("mue", "medicaid"), "procedures": ("procedures", ""), "icd10cm": ("icd10cm", ""),
}
"""Key of ``[tables]`` to kind of table and line of business."""


def store_path(settings: Configuration) -> str:
    """The file that holds the tables: the setting, else one in the user's data folder."""
    if settings.get("store", "tables"):
        return str(settings.get("store", "tables"))
    base = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "edi-check", "tables.sqlite")


def chosen_tables(settings: Configuration, session: Session) -> Selection | None:
    """What ``check`` takes as ``tables``; ``None`` when there are none. Raises ``TableError``."""
    path = store_path(settings)
    wanted = {key: settings.get(key, "tables") for key in LISTS if settings.get(key, "tables")}
    if not wanted:
        if not os.path.exists(path) and not settings.get("store", "tables"):
            return None
        from ..tables.store import Selection

        return Selection(path)
    from ..tables.store import Selection, Store, TableError

    with Store(path, create=True) as store:
        chosen: dict[int, None] = {}
        settled = set()
        for key, files in wanted.items():
            settled.add(LISTS[key])
            for file in files:
                try:
                    found = _loaded(store, file, *LISTS[key], session)
                except TableError as error:
                    raise TableError(f"[tables] {key}: {error}") from None
                chosen.update(dict.fromkeys(s.id for s in found))
        chosen.update(dict.fromkeys(s.id for s in store.sources() if (s.kind, s.lob) not in settled))
    return Selection(path, tuple(chosen))


def _loaded(store: Store, file: str, kind: str, lob: str, session: Session) -> list[TableSource]:
    """The sources of a file, which is loaded now if it wasn't, or isn't any more what it was."""
    from ..tables.adding import Said, add, file_of_package, of_file

    file = file_of_package(file)
    known = store.seen(file)
    found = [s for s in of_file(store, file, known) if (s.kind, s.lob) == (kind, lob)]
    if found:
        return found
    session.tell(f"{file}: being loaded into {store.path}", level=1)
    return [one.source for one in add(store, file, Said(lob=lob), kind)]
