"""The parameters of what shapes w: style mixing, directions, the random walk."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from sgview.state.fields import Field, Option
from sgview.state.latent_params import Source
from sgview.state.node import Node, Seed


# Each leaf in two or three lines: type, label and range first, then the help.
# fmt: off
class Mixing(Node, frozen=True):
    """Style mixing: rows of w from a second source (Karras et al. 2019, section 3.1)."""

    amount: Annotated[float, Field("Mixing", usual=(0, 1), name="Style mixing",
        help="Multiplies the amount of every row: 0 leaves the first source alone.")] = 1.0
    rows: Annotated[tuple[float, ...], Field("Row", usual=(0, 1), digits=2, neutral=0.0,
        name="Style mixing of row",
        help="How much of the second source is in a row of w: 0 is none, 1 is all of it.")] = ()
    source: Annotated[Source, Field("Mix in", name="Source that is mixed in",
        help="Where the second w comes from. Noise, plane and path are those of the first source, "
        "with a seed of their own.",
        options=(
            Option("noise", "Noise", "The same noise from another seed."),
            Option("seeds", "Seeds", "Gaussian vectors by number."),
            Option("plane", "Plane", "The same place on the plane of another seed."),
            Option("path", "Path", "The path."),
            Option("library", "Library", "A latent from a file."),
        ))] = "seeds"
    seed: Annotated[Seed, Field("Seed", usual=(0, 1000), is_name=True, name="Seed that is mixed in",
        help="Of the second source.")] = 1
    between: Annotated[float, Field("Between", usual=(0, 1), digits=2,
        name="Between seeds that are mixed in",
        help="How far on the way to the next seed, on the sphere.")] = 0.0
    seed_speed: Annotated[float, Field("Walk", usual=(0, 2), unit="/s", digits=2,
        name="Walk over seeds that are mixed in",
        help="Seeds walked through in a second.")] = 0.0
    entry: Annotated[str, Field("Latent", name="Latent that is mixed in",
        help="File of the latent that is mixed in, its name in the library or its path.")] = ""


class Directions(Node, frozen=True):
    """Vectors that are added to w."""

    strength: Annotated[float, Field("Strength", usual=(0, 1), digits=2,
        name="Strength of directions", help="Multiplies the amount of every direction.")] = 1.0
    amounts: Annotated[dict[str, float], Field("Direction", usual=(-4, 4), digits=2, neutral=0.0,
        help="How far w is moved along a direction. sefa1 is the first one of the closed-form "
        "factorisation, pca1 the first principal component, both in standard deviations of w; any "
        "other name is a file. sefa1:0-4 is found and acts in rows 0 to 4 alone.")] = field(
            default_factory=dict)


class Walk(Node, frozen=True):
    """A random walk of w about where it is, within the cloud that z is mapped to."""

    reach: Annotated[float, Meta(ge=-100, le=100), Field("Reach", usual=(0, 1), digits=2,
        name="Reach of the random walk",
        help="How far it strays: 1 as far as w of random z lie from their average. 0: no "
        "walk.")] = 0.0
    speed: Annotated[float, Field("Speed", usual=(0, 2), unit="/s", digits=2,
        name="Speed of the random walk", help="Steps in a second.")] = 0.5
    seed: Annotated[Seed, Field("Seed", usual=(0, 1000), is_name=True,
        name="Seed of the random walk", help="Which walk.")] = 0
    loop: Annotated[float, Meta(ge=0, le=86400), Field("Loop", usual=(0, 60), digits=2,
        name="Loop of the random walk",
        help="Length of a perfect loop, in seconds or beats; the speed rests then. 0: it never "
        "comes back.")] = 0.0
    loop_unit: Annotated[Literal["seconds", "beats"], Field("Loop in",
        name="Unit of the loop of the random walk",
        help="What the length of the loop is counted in.",
        options=(Option("seconds", "Seconds"), Option("beats", "Beats")))] = "seconds"
    loop_steps: Annotated[int, Meta(ge=1, le=1000), Field("Loop steps", usual=(3, 32),
        name="Steps of the loop of the random walk",
        help="Steps of one loop: more lead further and faster.")] = 8
# fmt: on
