"""Faults that can be planted in a generated claim, each with the edit that must find it.

A fault is a function that changes the written segments of one claim, or leaves them and says False when it
doesn't suit that claim. Nothing is planted in a set's header or in control segments, which would take other
claims with it; a fault of the billing level gets a billing level of its own.
"""

from .catalogue import FAULTS, USUAL, Fault, Ledger, Planned, Planter

__all__ = ["FAULTS", "USUAL", "Fault", "Ledger", "Planned", "Planter"]
