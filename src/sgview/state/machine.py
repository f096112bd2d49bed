"""What the machine gives: memory by owner, times of stages and of single layers."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct


class Stage:
    """Names of the stages that a frame is timed by."""

    LATENTS: Final = "latents"
    WEIGHTS: Final = "weights"
    MAPPING: Final = "mapping"
    SYNTHESIS: Final = "synthesis"
    GRAPH: Final = "mapping, synthesis"  # both, replayed as one CUDA graph
    PICTURE: Final = "picture"
    UPLOAD: Final = "upload"
    DRAW: Final = "draw"
    PANELS: Final = "panels"
    WINDOW: Final = "window"  # the host's time in the window's thread, beside all else


class MemoryOwner:
    """Names of those who hold memory."""

    NETWORK_A: Final = "Network A"  # pristine weights
    NETWORK_B: Final = "Network B"
    LIVE: Final = "Live weights"
    PREPARED: Final = "Prepared weights, buffers"
    PICTURES: Final = "Pictures"
    OTHER_BUFFERS: Final = "Other buffers"
    KEPT_FREE: Final = "Kept free by torch"
    OUTSIDE: Final = "Outside of torch"
    PROGRAM: Final = "Rest of the program"


class Timing(Struct, frozen=True):
    """How long one stage took."""

    stage: str  # of `Stage`; of `LayerTimes.steps` the name of a launch or layer
    milliseconds: float


class MemoryShare(Struct, frozen=True):
    """What one owner holds of the memory that pictures are made in."""

    owner: str  # of `MemoryOwner`
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
