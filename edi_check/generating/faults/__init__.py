"""Faults that can be planted in a generated claim, each with the edit that must find it.

A fault is a function that changes the written segments of one claim, or leaves them and says False when it
doesn't suit that claim. Nothing is planted in a set's header, in control segments or in a billing level,
which would take other claims with it.
"""

from .catalogue import FAULTS, Fault, Planned, Planter

__all__ = ["FAULTS", "Fault", "Planned", "Planter"]
