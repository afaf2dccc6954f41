"""Settings of the acknowledgments (``[ack]`` of the configuration)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AckSettings"]


@dataclass(frozen=True)
class AckSettings:
    """``source_…``: who answers in a 277CA (2100A): entity PR (payer) or AY (clearinghouse), name, NM108 and id; left
    empty, whom the file was addressed to. ``accepted_status``: what an accepted claim is told. ``received_status``:
    what the batch and the provider are told. ``line_status_date``: fill STC02 of lines, which the guide leaves empty
    and pyx12's map wants. ``answer_each_claim``: tell every refused claim, also where its billing provider or the whole
    batch is refused as such. ``time``: HHMM of the acknowledgments, ``""`` for none set."""

    source_entity: str = "PR"
    source_name: str = ""
    source_qualifier: str = "PI"
    source_id: str = ""
    accepted_status: str = "A2:20:PR"
    received_status: str = "A1:19:PR"
    line_status_date: bool = False
    answer_each_claim: bool = False
    time: str = ""

    @property
    def time_told(self) -> str:
        """HHMM of the acknowledgments: fixed, when none is set, so that a replay gives the same bytes."""
        return self.time or "1200"
