"""The parameters of latents: noise, seeds, plane, path and library."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sgview.state.fields import Field, Option
from sgview.state.node import Node, Positive, Seed, Vec3

NoiseType = Literal[
    "simplex2d", "simplex3d", "simplex4d", "perlin2d", "perlin3d", "perlin4d", "random"
]
Source = Literal["noise", "seeds", "plane", "path", "library"]


# Each leaf in two or three lines: type, label and range first, then the help.
# fmt: off
class Noise(Node, frozen=True):
    """The noise that becomes the latent; parameters are those of TouchDesigner's Noise TOP.

    Coordinates are in units of the unit strip: the z_dim samples of one frame lie along x over
    [-0.5, 0.5] before the transform, one unit wide as in the Noise TOP with a 1 x z_dim picture.
    """

    type: Annotated[NoiseType, Field("Type",
        "Simplex or Perlin noise of 2, 3 or 4 dimensions, or a random number for every value.",
        options=(
            Option("simplex2d", "Simplex 2D"), Option("simplex3d", "Simplex 3D"),
            Option("simplex4d", "Simplex 4D"), Option("perlin2d", "Perlin 2D"),
            Option("perlin3d", "Perlin 3D"), Option("perlin4d", "Perlin 4D"),
            Option("random", "Random"),
        ))] = "simplex2d"
    seed: Annotated[Seed, Field("Seed", usual=(0, 100), is_name=True,
        help="Which noise.")] = 1
    period: Annotated[Positive, Field("Period", usual=(0, 4),
        help="Size of one noise cell, in lengths of the strip.")] = 1.0
    harmonics: Annotated[int, Meta(ge=0, le=8), Field("Harmonics", usual=(0, 8),
        help="Octaves beyond the first.")] = 2
    harmonic_spread: Annotated[float, Meta(gt=0, le=1000), Field("Harmonic spread", usual=(0, 4),
        help="Factor of the frequency from one octave to the next.")] = 2.0
    harmonic_gain: Annotated[float, Meta(ge=-1000, le=1000), Field("Harmonic gain", usual=(0, 1),
        help="Factor of the amplitude from one octave to the next.")] = 0.7
    exponent: Annotated[float, Meta(gt=0, le=50), Field("Exponent", usual=(0, 4),
        help="Contrast: values are raised to this power, their sign kept.")] = 1.0
    amplitude: Annotated[float, Field("Amplitude", usual=(0, 2),
        help="Height of the noise. As z it does almost nothing: the mapping network normalises z "
        "by its length, so only the offset changes the picture. As w it matters.")] = 0.9
    offset: Annotated[float, Field("Offset", usual=(-1, 1),
        help="Added to every value.")] = 0.0
    monochrome: Annotated[bool, Field("Monochrome",
        help="One noise for all rows; off: one of its own for each, where several are asked "
        "for.")] = True
    translate: Annotated[Vec3, Field("Translate", usual=(-1, 1), digits=2,
        help="Where in the noise the strip lies.")] = (0.0, 0.0, 0.0)
    translate_speed: Annotated[Vec3, Field("Speed", usual=(-1, 1), step=0.002,
        help="How far the strip moves in a second: this is what makes the network "
        "move.")] = (0.1, 0.0, 0.0)
    rotate: Annotated[Vec3, Field("Rotate", usual=(-1, 1), unit="°", digits=1, step=0.5,
        help="About x, then y, then z [degrees].")] = (0.0, 0.0, 0.0)
    scale: Annotated[Vec3, Field("Scale", usual=(-1, 1), digits=2,
        help="Size of the strip in the noise.")] = (1.0, 1.0, 1.0)
    pivot: Annotated[Vec3, Field("Pivot", usual=(-1, 1), digits=2,
        help="Centre of rotation and scaling.")] = (0.0, 0.0, 0.0)
    translate_4d: Annotated[float, Field("Translate 4D", usual=(-2, 2),
        help="Where in the fourth dimension of the noise the strip lies.")] = 0.0
    translate_4d_speed: Annotated[float, Field("Speed 4D", usual=(-1, 1), unit="/s",
        help="How far the strip moves in the fourth dimension in a second.")] = 0.0
    loop: Annotated[float, Meta(ge=0, le=86400), Field("Loop", usual=(0, 60), digits=2,
        help="Length of a perfect loop, in seconds or beats: the strip goes round a circle in "
        "noise of four dimensions, and the speeds of translation rest. 0: no loop.")] = 0.0
    loop_unit: Annotated[Literal["seconds", "beats"], Field("Loop in",
        help="What the length of the loop is counted in.",
        options=(Option("seconds", "Seconds"), Option("beats", "Beats")))] = "seconds"
    loop_size: Annotated[Positive, Field("Loop size", usual=(0, 2),
        help="Radius of the circle, in noise cells: how far the loop leads from its "
        "start.")] = 0.5


class Plane(Node, frozen=True):
    """A place over a lattice of seeds: whole numbers are seeds, between them one turns into the
    next on the sphere, in both directions.
    """

    x: Annotated[float, Field("X", usual=(-4, 4), digits=2,
        help="Seeds to the right of the one that is set.")] = 0.0
    y: Annotated[float, Field("Y", usual=(-4, 4), digits=2,
        help="Rows of seeds above it.")] = 0.0
    speed_x: Annotated[float, Field("Speed X", usual=(-1, 1), unit="/s", digits=2,
        help="Seeds to the right in a second.")] = 0.0
    speed_y: Annotated[float, Field("Speed Y", usual=(-1, 1), unit="/s", digits=2,
        help="Rows of seeds upwards in a second.")] = 0.0
    friction: Annotated[float, Meta(ge=0, le=100), Field("Friction", usual=(0, 4), unit="/s",
        digits=2, help="How soon the plane comes to rest: at 1, a third of its speed is left "
        "after a second. 0: it drifts on.")] = 0.0


class Key(Node, frozen=True):
    """A place that a path comes by."""

    at: Annotated[float, Meta(ge=0, le=1e6), Field("At", usual=(0, 60), digits=2,
        help="When the path is there, in seconds or beats.")] = 0.0
    place: Annotated[str, Field("Place",
        help="A seed (seed 5.5), a place on the plane (plane 0 1.5 2, after the seed it begins "
        "at), or a latent of the library (file petals).")] = "seed 0"
    easing: Annotated[Literal["linear", "smooth", "in", "out"], Field("Easing",
        help="How the way to the next key begins and ends.",
        options=(
            Option("linear", "Linear"), Option("smooth", "Smooth"),
            Option("in", "In"), Option("out", "Out"),
        ))] = "linear"


class Path(Node, frozen=True):
    """A journey over keys."""

    keys: tuple[Key, ...] = ()  # in any order; the earliest begins
    unit: Annotated[Literal["seconds", "beats"], Field("Counted in",
        help="What times of keys are counted in.",
        options=(Option("seconds", "Seconds"), Option("beats", "Beats")))] = "seconds"
    ends: Annotated[Literal["closed", "open", "ping-pong"], Field("At the end",
        help="What happens after the last key.",
        options=(
            Option("closed", "Closed", "Back to the first key, and round again."),
            Option("open", "Open", "It stays at the last key."),
            Option("ping-pong", "Ping-pong", "Back the way that it came."),
        ))] = "closed"
    closing: Annotated[float, Meta(gt=0, le=1e6), Field("Way back", usual=(0, 16), digits=2,
        help="Of a closed path: from the last key to the first, in seconds or beats.")] = 4.0
    curve: Annotated[Literal["sphere", "linear", "cubic"], Field("Way",
        help="How the path leads from key to key.",
        options=(
            Option("sphere", "Sphere", "Along great circles of z; latents that are w are "
                "joined in w."),
            Option("linear", "Linear", "Straight lines in w."),
            Option("cubic", "Cubic", "A smooth curve through w, without a corner at a key."),
        ))] = "sphere"
    position: Annotated[float, Field("Position", usual=(0, 60), digits=2,
        help="Where on the path time 0 is, in seconds or beats.")] = 0.0
    speed: Annotated[float, Field("Speed", usual=(-2, 2), unit="×", digits=2,
        help="Pace along the path.")] = 1.0


class Latents(Node, frozen=True):
    """Where the vector that drives the network comes from."""

    source: Annotated[Source, Field("Source", name="Source of latents",
        help="Where the vector comes from.",
        options=(
            Option("noise", "Noise", "A strip of noise."),
            Option("seeds", "Seeds", "Gaussian vectors by number."),
            Option("plane", "Plane", "A plane of seeds, to move through in two directions."),
            Option("path", "Path", "A journey over keys that you set."),
            Option("library", "Library", "A latent from a file."),
        ))] = "noise"
    space: Annotated[Literal["z", "w"], Field("Used as", name="Z or W",
        help="What the vector is to the network.",
        options=(
            Option("z", "Z", "The vector is z and goes through the mapping network."),
            Option("w", "W",
                "The vector is used as w in every layer; the mapping network is left out."),
        ))] = "z"
    mode: Annotated[Literal["field", "independent"], Field("Mode",
        help="How the values of the vector move.",
        options=(
            Option("field", "Field",
                "One smooth field is read along the vector: neighbouring values are alike, over a "
                "length set by the period."),
            Option("independent", "Independent",
                "Every value of the vector moves on a track of its own."),
        ))] = "field"
    gaussianise: Annotated[bool, Field("Gaussianise",
        help="Map the bounded noise to the standard normal distribution that networks were "
        "trained with.")] = False
    seed: Annotated[Seed, Field("Seed", usual=(0, 1000), is_name=True,
        help="Which Gaussian z.")] = 0
    between: Annotated[float, Field("Between", usual=(0, 1), digits=2, name="Between seeds",
        help="How far on the way to the next seed, on the sphere.")] = 0.0
    seed_speed: Annotated[float, Field("Walk", usual=(0, 2), unit="/s", digits=2,
        help="Seeds walked through in a second, interpolated on the sphere.")] = 0.0
    motion: Annotated[float, Field("Motion", usual=(-2, 2), unit="×", digits=2, name="Motion",
        osc="motion", help="Speed of whatever the source is: 0 stands still, negative goes "
        "back.")] = 1.0
    glide: Annotated[float, Meta(ge=0, le=3600), Field("Glide", usual=(0, 10), unit="s", digits=1,
        help="Seconds that the way to another seed or latent takes; 0 cuts.")] = 0.0
    plane: Plane = Plane()
    path: Path = Path()
    entry: Annotated[str, Field("Latent",
        help="File of the latent that plays, its name in the library or its path; #2 after it is "
        "the second one of several.")] = ""
# fmt: on
