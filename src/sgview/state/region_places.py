"""Where the masks of regions are at an instant, for the engine and for drawings of them."""

from __future__ import annotations

import math

from msgspec import Struct

from sgview.state.motion import Motion
from sgview.state.region_params import MaskKind, Region, Regions, regions_on

_FILE_REACH = math.hypot(16 / 9, 1.0) / 2.0  # from its middle to a corner, in its heights


class Mask(Struct, frozen=True):
    """A mask where it is at an instant; lengths are heights of the picture, y runs upwards."""

    kind: MaskKind
    x: float  # of its middle, from the picture's
    y: float
    angle: float  # [radians], anticlockwise
    size: float
    softness: float
    is_inverted: bool
    strength: float
    file: str = ""


def masks_at(
    regions: Regions,
    motion: Motion,
    aspect: float,  # of the picture: width over height
) -> tuple[Mask, ...]:
    """Return the masks of the further latents that are in the picture, lowest first."""
    return tuple(mask_at(name, region, motion, aspect) for name, region in regions_on(regions))


def mask_at(name: str, region: Region, motion: Motion, aspect: float) -> Mask:
    """Return where speeds have moved the mask of one region.

    What has left the picture comes back at the other side: a disc or a file once nothing of it is
    to be seen, a band likewise. After a line has crossed the picture another one follows, behind
    which it is as it was before the first. So nothing jumps. Lines and bands move the way they
    point to; along themselves there is nothing to move.
    """
    at = motion.positions.get
    moved_x, moved_y = (at(f"regions.{name}.{axis}", 0.0) for axis in "xy")
    angle = math.radians(region.angle + at(f"regions.{name}.angle", 0.0))
    x, y, is_inverted = region.x, region.y, region.invert
    if region.mask in ("linear", "band"):
        along, is_turned = _crossed(region, angle, moved_x, aspect)
        x, y = x + along * math.cos(angle), y + along * math.sin(angle)
        is_inverted ^= is_turned
    elif moved_x or moved_y:
        reach = region.size * _FILE_REACH
        if region.mask == "radial":
            reach = (region.size + min(region.softness, region.size)) / 2.0
        x = _wrapped(x + moved_x, aspect / 2.0 + reach)
        y = _wrapped(y + moved_y, 0.5 + reach)
    return Mask(
        kind=region.mask,
        x=x,
        y=y,
        angle=angle,
        size=region.size,
        softness=region.softness,
        is_inverted=is_inverted,
        strength=region.strength,
        file=region.file if region.mask == "file" else "",
    )


def _crossed(region: Region, angle: float, moved: float, aspect: float) -> tuple[float, bool]:
    """Return how far a line or band is moved, and whether its sides have changed places."""
    if not moved:
        return 0.0, False
    before = region.x * math.cos(angle) + region.y * math.sin(angle)
    reach = (math.hypot(aspect, 1.0) + region.softness) / 2.0  # whichever way it is turned
    if region.mask == "band":
        reach += region.size / 2.0
        return _wrapped(before + moved, reach) - before, False
    rounds = math.floor((before + moved + reach) / (2.0 * reach))
    return moved - 2.0 * reach * rounds, rounds % 2 == 1


def _wrapped(position: float, reach: float) -> float:
    """Return a position within `reach` of 0, going round."""
    return (position + reach) % (2.0 * reach) - reach
