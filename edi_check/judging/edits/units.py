"""Units of service (SV104)."""

from __future__ import annotations

from ...model import ServiceLine
from ..registry import Hit, Result, check


@check(looks_at="service")
def units_not_positive(line: ServiceLine) -> Result:
    """The units of a line are zero or less (TR3 2400 SV104).

    Wrong:  SV1*HC:97140:GP*120*UN*0***1
    Right:  SV1*HC:97140:GP*120*UN*1***1

    Returns one hit on SV104; none when the units can't be read.
    """
    if line.units is None or line.units > 0:
        return ()
    return (Hit("SV104"),)
