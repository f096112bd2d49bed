"""How the instrument listens: of the machine, not part of a preset, and so no part of `Params`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sgview.state.params import Node

Seconds = Annotated[float, Meta(ge=0, le=10)]
Hertz = Annotated[float, Meta(ge=1, le=100_000)]


class Sound(Node, frozen=True):
    """Where sound comes from, and how its levels move."""

    source: Literal["off", "input", "file"] = "off"
    device: str = ""  # name of the input; "": the system's own choice
    file: str = ""  # any file that holds sound
    gain_db: Annotated[float, Meta(ge=-60, le=60)] = 0.0  # [dB]
    attack: Seconds = 0.01  # in which a level rises by 63 % of the way [s]
    release: Seconds = 0.25  # in which it falls
    low_below: Hertz = 200.0  # [Hz]: "low" lies below, "mid" between, "high" above
    high_above: Hertz = 3000.0  # [Hz]
