"""Codes as edits compare them: in upper case. What the reader holds, and quotes, stays as it was sent."""

from __future__ import annotations

import copy

from ..model import Claim

__all__ = ["in_upper_case"]


def in_upper_case(claim: Claim) -> Claim:
    """A copy whose procedure codes, modifiers and diagnoses are in upper case."""
    clone = copy.copy(claim)
    clone.diagnoses = tuple(d._replace(code=d.code.upper()) for d in claim.diagnoses)
    lines = []
    for line in claim.service_lines:
        new = copy.copy(line)
        new.procedure = line.procedure.upper()
        new.modifiers = tuple(m.upper() for m in line.modifiers)
        new.claim_diagnoses = clone.diagnoses
        lines.append(new)
    clone.service_lines = lines
    return clone
