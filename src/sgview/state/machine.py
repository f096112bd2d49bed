"""What the machine gives: memory by owner, times of stages and of single layers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Timing(Struct, frozen=True):
    """How long one stage took."""

    stage: str
    milliseconds: float


class MemoryShare(Struct, frozen=True):
    """What one owner holds of the memory that pictures are made in."""

    owner: str  # "Network A", "Live weights"
    size: int  # [bytes]


class MemoryStatus(Struct, frozen=True):
    """The memory that pictures are made in; what no share names belongs to others or is free."""

    kind: Literal["VRAM", "RAM"] = "RAM"
    shares: tuple[MemoryShare, ...] = ()  # disjoint
    free: int = 0  # [bytes]
    total: int = 0  # of the card or the machine [bytes]; 0: the system does not tell


class LayerTimes(Struct, frozen=True):
    """What each step of one network's picture takes when it is timed alone."""

    network: str = ""
    clock: Literal["GPU", "host"] = "host"
    steps: tuple[Timing, ...] = ()  # in the order they run
    is_running: bool = False  # asked for, and not there yet
