"""A claim file with invented people in it that raises the same findings as the original: ``edi-check redact``.

    from edi_check.redacting import redact
    with open("copy.837", "wb") as out:
        redact("batch.837", out)

Every value that may identify a person, a practice or an account is replaced by an invented one of the same length and
kind, the same one wherever it stands again; codes, charges, dates of service, payers and everything that is broken stay
as they are. ``places`` says what each element holds, ``inventions`` what is put there, ``rewriting`` applies both to a
segment, ``copying`` to a file, ``proof`` compares what both raise.

What it is not: anonymous. Dates of service, codes and charges remain, because the edits look at them.
"""

from .copying import RedactionFailed, redact
from .proof import differences

__all__ = ["RedactionFailed", "differences", "redact"]
