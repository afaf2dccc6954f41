"""edi_check judges X12 837P claim files: ``check`` gives a report, ``read_claims`` streams the claims.

What stands in ``__all__`` is the public part; everything else may change. Nothing is imported before it is asked
for (PEP 562), so ``import edi_check`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .findings import (
        EdiCheckError,
        Edit,
        Finding,
        LimitExceeded,
        NotX12,
        PackError,
        TransportError,
        UnsupportedGuide,
    )
    from .model import Claim, ServiceLine
    from .pipeline import check, read_claims
    from .report import ClaimResult, FileReport, Report
    from .telling.render import render

__all__ = [
    "Claim", "ClaimResult", "Edit", "EdiCheckError", "FileReport", "Finding", "LimitExceeded", "NotX12", "PackError",
    "Report", "ServiceLine", "TransportError", "UnsupportedGuide", "__version__", "check", "read_claims", "render",
]

__version__ = "0.1.0"

_HOMES = {
    "check": "pipeline",
    "read_claims": "pipeline",
    "render": "telling.render",
    "Claim": "model",
    "ServiceLine": "model",
    "ClaimResult": "report",
    "FileReport": "report",
    "Report": "report",
    "Edit": "findings",
    "Finding": "findings",
    "EdiCheckError": "findings",
    "LimitExceeded": "findings",
    "NotX12": "findings",
    "PackError": "findings",
    "TransportError": "findings",
    "UnsupportedGuide": "findings",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
