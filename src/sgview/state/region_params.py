"""The parameters of several latents in one picture."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sgview.state.fields import Field, Option
from sgview.state.latent_params import Source
from sgview.state.node import Count, Node, Seed

NAMES = ("second", "third", "fourth")
"""Of the latents beside the first one; each lies over those before it."""

MaskKind = Literal["linear", "band", "radial", "file"]


# Each leaf in two or three lines: type, label and range first, then the help.
# fmt: off
class Region(Node, frozen=True):
    """A further latent, and where in the picture it is seen.

    Lengths are heights of the picture; x runs to the right and y upwards from its middle.
    """

    strength: Annotated[float, Meta(ge=0, le=1), Field("Strength", usual=(0, 1), digits=2,
        help="How much of this latent there is where its mask is white; 0: it is not in the "
        "picture, and costs nothing.")] = 0.0
    source: Annotated[Source, Field("Latent from",
        help="Where its w comes from. Noise, plane and path are those of the first source, "
        "with a seed of their own.",
        options=(
            Option("noise", "Noise", "The same noise from another seed."),
            Option("seeds", "Seeds", "Gaussian vectors by number."),
            Option("plane", "Plane", "The same place on the plane of another seed."),
            Option("path", "Path", "The path."),
            Option("library", "Library", "A latent from a file."),
        ))] = "seeds"
    seed: Annotated[Seed, Field("Seed", usual=(0, 1000), is_name=True,
        help="Of its source.")] = 1
    between: Annotated[float, Field("Between", usual=(0, 1), digits=2,
        help="How far on the way to the next seed, on the sphere.")] = 0.0
    seed_speed: Annotated[float, Field("Walk", usual=(0, 2), unit="/s", digits=2,
        help="Seeds walked through in a second.")] = 0.0
    entry: Annotated[str, Field("Latent",
        help="File of the latent, its name in the library or its path.")] = ""
    mask: Annotated[MaskKind, Field("Mask",
        help="The shape of the region.",
        options=(
            Option("linear", "Linear", "All on one side of a line."),
            Option("band", "Band", "A stripe."),
            Option("radial", "Radial", "A disc."),
            Option("file", "File", "A PNG: white is this latent, black is what lies below."),
        ))] = "linear"
    file: Annotated[str, Field("Picture",
        help="A PNG that is the mask, its grey times its alpha: its path, or its name in the "
        "folder masks of the library.")] = ""
    x: Annotated[float, Field("X", usual=(-1, 1), digits=2,
        help="Where its middle is, to the right, in heights of the picture.")] = 0.0
    y: Annotated[float, Field("Y", usual=(-1, 1), digits=2,
        help="Where its middle is, upwards, in heights of the picture.")] = 0.0
    angle: Annotated[float, Field("Angle", usual=(-180, 180), unit="°", digits=1,
        help="How far it is turned, anticlockwise. A linear mask of 0° is white on the "
        "right.")] = 0.0
    size: Annotated[float, Meta(ge=0, le=64), Field("Size", usual=(0, 2), digits=2,
        help="How wide a band is, a disc across, how high a file is drawn, in heights of the "
        "picture.")] = 0.5
    softness: Annotated[float, Meta(ge=0, le=64), Field("Softness", usual=(0, 1), digits=2,
        help="How wide its edge is, in heights of the picture; 0 is sharp.")] = 0.2
    invert: Annotated[bool, Field("Invert",
        help="White for black: this latent is seen outside of the mask.")] = False
    speed_x: Annotated[float, Field("Speed X", usual=(-0.5, 0.5), unit="/s", digits=3,
        help="Heights of the picture to the right in a second. What has left the picture comes "
        "back at the other side.")] = 0.0
    speed_y: Annotated[float, Field("Speed Y", usual=(-0.5, 0.5), unit="/s", digits=3,
        help="Heights of the picture upwards in a second, round likewise.")] = 0.0
    speed_angle: Annotated[float, Field("Turning", usual=(-90, 90), unit="°/s", digits=1,
        help="Degrees in a second, anticlockwise.")] = 0.0


class Regions(Node, frozen=True):
    """Up to three further latents in the picture of the first one."""

    first_row: Annotated[Count, Field("From row", usual=(0, 18),
        help="The first row of w, from coarse to fine, whose layer is mixed; layers before it "
        "have the first latent's styles.")] = 0
    last_row: Annotated[Count | None, Field("To row", usual=(0, 18), none="all",
        help="The last row whose layer is mixed; layers behind it have the first latent's "
        "styles.")] = None
    second: Region = Region()
    third: Region = Region()
    fourth: Region = Region()
# fmt: on


def regions_on(regions: Regions) -> tuple[tuple[str, Region], ...]:
    """Return the further latents that are in the picture, by name, lowest first."""
    found = ((name, getattr(regions, name)) for name in NAMES)
    return tuple((name, region) for name, region in found if region.strength != 0.0)
