"""Canvases: pictures of another size than a network's own, from the same weights.

A synthesis network is convolutional, so that its weights do not know how wide a picture is: more
of what comes first gives more picture, at the scale that the network was trained for. Of StyleGAN3
that is the plane of Fourier features, which has no border: its sampling grid grows. Of StyleGAN1
and 2 it is the learned constant, which is continued (`Fill`), and their maps of noise.

Every layer keeps its sampling grid where it is and goes on beyond it, by as many samples at either
end. The square in the middle of the canvas is where the network's own picture was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Fill = Literal["tile", "mirror", "stretch", "centre"]
FILLS: tuple[Fill, ...] = get_args(Fill)

LARGEST_SIDE = 1 << 14  # [px]
SMALLEST_SHARE = 4  # a canvas is at least this part of the network's own picture


@dataclass(frozen=True)
class Canvas:
    """The size of a picture, and how a learned constant goes on beyond its own size.

    Raises:
        ValueError: if a side is out of range, or there is no such fill.
    """

    width: int  # [px]
    height: int  # [px]
    fill: Fill = "tile"  # of StyleGAN1 and 2; StyleGAN3 has no constant

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            side = getattr(self, name)
            if type(side) is not int or not 1 <= side <= LARGEST_SIDE:
                raise ValueError(f"{name} must be an integer of 1 to {LARGEST_SIDE}, not {side!r}")
        if self.fill not in FILLS:
            raise ValueError(f"fill must be one of {', '.join(FILLS)}, not {self.fill!r}")

    def check(self, own: tuple[int, int]) -> None:
        """Raise ValueError where it does not go with pictures of `own` width and height [px]."""
        for name, side, before in (
            ("width", self.width, own[0]),
            ("height", self.height, own[1]),
        ):
            least = -(-before // SMALLEST_SHARE)
            if side < least or (side - before) % 2:
                kind = "odd" if before % 2 else "even"
                raise ValueError(
                    f"the {name} of a canvas must be {kind} as the network's own"
                    f" ({before} px), and at least {least}, not {side}"
                )


def beyond(
    side: int,  # of the canvas [px]
    own: int,  # of the network's own picture [px]
    rate: int,  # samples that a layer has in the length in which the picture has `last_rate`
    last_rate: int,
) -> int:
    """Return how many samples a layer needs at either end beyond its own; negative: fewer.

    What does not come out even is rounded up, and cropped where the picture is reached.
    """
    return -(-((side - own) // 2) * rate // last_rate)


def fitting_side(side: float, own: int) -> int:
    """Return the side of a canvas that is next to `side` [px]: as odd or even as `own`."""
    extra = 2 * round((side - own) / 2)
    least = -(-own // SMALLEST_SHARE)
    least += (least - own) % 2
    most = LARGEST_SIDE - (LARGEST_SIDE - own) % 2
    return min(max(own + extra, least), most)
