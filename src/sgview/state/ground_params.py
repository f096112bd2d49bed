"""The parameters of the ground that a picture grows from: sampling grid, noise, constant."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from sgview.state.fields import Field, Option
from sgview.state.node import Node, Positive, Seed

_Seconds = Annotated[float, Meta(ge=0, le=86400)]
_COUNTED = (Option("seconds", "Seconds"), Option("beats", "Beats"))


# Each leaf in two or three lines: type, label and range first, then the help.
# fmt: off
class InputTransform(Node, frozen=True):
    """Where the sampling grid of StyleGAN3's input lies, told by what the picture does.

    The picture is scaled, sheared, turned and then moved, all about its middle. Each part has a
    speed; where speeds have led to is added (see `motion.py`).
    """

    x: Annotated[float, Field("Move X", usual=(-1, 1), digits=2, name="Move the picture right",
        help="To the right, in heights of the picture. StyleGAN3 goes on beyond its edges.")] = 0.0
    y: Annotated[float, Field("Move Y", usual=(-1, 1), digits=2, name="Move the picture up",
        help="Upwards, in heights of the picture.")] = 0.0
    rotate: Annotated[float, Field("Turn", usual=(-180, 180), unit="°", digits=1,
        name="Turn the picture", help="Anticlockwise, about the middle. Networks with radial "
        "filters (config R) turn the whole picture; others let their texture stand.")] = 0.0
    scale: Annotated[Positive, Field("Zoom", usual=(0.25, 4), unit="×", digits=2,
        name="Zoom of the picture", help="How large what is seen is drawn.")] = 1.0
    shear: Annotated[float, Field("Shear", usual=(-1, 1), digits=2, name="Shear of the picture",
        help="How far the top leans to the right, in heights of the picture for each "
        "height.")] = 0.0
    speed_x: Annotated[float, Field("Speed X", usual=(-0.5, 0.5), unit="/s", digits=3,
        name="Speed to the right", help="Heights of the picture to the right in a second.")] = 0.0
    speed_y: Annotated[float, Field("Speed Y", usual=(-0.5, 0.5), unit="/s", digits=3,
        name="Speed upwards", help="Heights of the picture upwards in a second.")] = 0.0
    speed_rotate: Annotated[float, Field("Turning", usual=(-90, 90), unit="°/s", digits=1,
        name="Speed of turning", help="Degrees in a second, anticlockwise.")] = 0.0
    speed_scale: Annotated[float, Field("Zooming", usual=(-1, 1), unit="/s", digits=3,
        name="Speed of zooming", help="Doublings of the size in a second.")] = 0.0
    untransform: Annotated[bool, Field("Turn back", name="Turn the picture back",
        help="Shows the picture turned back to where it would be, so that only what does not "
        "move along changes. What lay outside of it is black.")] = False


class PixelNoise(Node, frozen=True):
    """The noise that StyleGAN1 and StyleGAN2 add to each pixel of each layer."""

    strength: Annotated[float, Field("Strength", usual=(0, 5), digits=2, name="Pixel noise",
        help="Of the noise in all layers: 1 as trained, 0 none.")] = 1.0
    layers: Annotated[dict[str, float], Field("Strength", usual=(0, 5), digits=2, neutral=1.0,
        name="Pixel noise of", help="Of the noise in one layer, times that of "
        "all.")] = field(default_factory=dict)
    seed: Annotated[Seed, Field("Seed", usual=(0, 100), is_name=True, name="Pixel noise seed",
        help="Which noise: 0 is the network's own.")] = 0
    moving: Annotated[float, Field("Moving", usual=(0, 4), unit="/s", digits=2,
        name="Pixel noise moving", help="How often in a second the noise becomes another one, "
        "without a jump; negative goes back.")] = 0.0
    speed_x: Annotated[float, Field("Drift X", usual=(-0.5, 0.5), unit="/s", digits=3,
        name="Pixel noise drifting right", help="Widths of the picture that the noise drifts to "
        "the right in a second, round its edges. In a loop it takes whole rounds.")] = 0.0
    speed_y: Annotated[float, Field("Drift Y", usual=(-0.5, 0.5), unit="/s", digits=3,
        name="Pixel noise drifting up", help="Heights of the picture that the noise drifts "
        "upwards in a second, round its edges. In a loop it takes whole rounds.")] = 0.0
    loop: Annotated[_Seconds, Field("Loop", usual=(0, 60), digits=2, name="Pixel noise loop",
        help="Length of a perfect loop of moving noise, in seconds or beats; its speed then "
        "rests. 0: no loop.", is_name=True)] = 0.0
    loop_unit: Annotated[Literal["seconds", "beats"], Field("Loop in", name="Pixel noise loop in",
        help="What the length of the loop is counted in.", options=_COUNTED)] = "seconds"
    loop_fields: Annotated[int, Meta(ge=1, le=1000), Field("Loop over", usual=(1, 32),
        name="Pixel noises in the loop", is_name=True, help="How many noises the loop leads "
        "through: more are livelier, 1 drifts alone.")] = 4


class Digression(Node, frozen=True):
    """Changes of what all pictures of a network begin with.

    StyleGAN1 and StyleGAN2 begin with a small constant picture: a smooth field displaces it and
    mixes it with its mirror image. StyleGAN3 begins with waves: smooth fields over their
    frequencies shift their phases and turn and stretch them.
    """

    amount: Annotated[float, Field("Amount", usual=(0, 2), digits=2, name="Digression",
        help="How far the start of every picture strays from the one that was trained.")] = 0.0
    scale: Annotated[Positive, Field("Scale", usual=(0.25, 4), digits=2,
        name="Scale of the digression", help="How fine the field is: how differently it acts "
        "from place to place.")] = 1.0
    seed: Annotated[Seed, Field("Seed", usual=(0, 100), is_name=True, name="Digression seed",
        help="Which field.")] = 0
    speed: Annotated[float, Field("Speed", usual=(-1, 1), unit="/s", digits=2,
        name="Speed of the digression", help="How fast the field changes.")] = 0.25
    loop: Annotated[_Seconds, Field("Loop", usual=(0, 60), digits=2, name="Loop of the digression",
        help="Length of a perfect loop, in seconds or beats; the speed then rests. 0: no "
        "loop.", is_name=True)] = 0.0
    loop_unit: Annotated[Literal["seconds", "beats"], Field("Loop in", name="Digression loop in",
        help="What the length of the loop is counted in.", options=_COUNTED)] = "seconds"
    loop_size: Annotated[Positive, Field("Loop size", usual=(0, 2), digits=2,
        name="Size of the digression loop", help="How far the loop leads from its "
        "start.")] = 0.5


class Ground(Node, frozen=True):
    """What every picture grows from, whatever the latent."""

    input: InputTransform = InputTransform()
    noise: PixelNoise = PixelNoise()
    constant: Digression = Digression()
# fmt: on


def loop_of(ground: Ground) -> tuple[float, bool]:
    """Return after how long the ground repeats, and whether that is in beats; 0.0: it does not."""
    noise, constant, grid = ground.noise, ground.constant, ground.input
    speeds = (grid.speed_x, grid.speed_y, grid.speed_rotate, grid.speed_scale)
    loops = set[tuple[float, str]]()
    if any((noise.moving, noise.loop, noise.speed_x, noise.speed_y)):
        loops.add((noise.loop, noise.loop_unit))
    if constant.amount and (constant.speed or constant.loop):
        loops.add((constant.loop, constant.loop_unit))
    if len(loops) != 1 or any(speeds):
        return 0.0, False
    ((length, unit),) = loops
    return length, unit == "beats"
