"""Everything a user can set, as one immutable tree.

`Params` is what presets store, undo remembers, the command line fills in and every panel returns
a changed copy of. Leaves are numbers, booleans, strings and small tuples, so the tree reads well
as TOML. Change it with `msgspec.structs.replace`, never in place; "dirty" means `new != old`.

Each leaf says what it may be (its type, `Meta`) and what people see of it (`Field`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field
from msgspec.structs import replace

from sgview.state.canvas import Canvas
from sgview.state.fields import Field, Option
from sgview.state.ground_params import Digression, Ground, InputTransform, PixelNoise
from sgview.state.latent_params import (
    Key,
    Latents,
    Noise,
    NoiseType,
    Path,
    Plane,
    Source,
)
from sgview.state.node import Count, Node, Positive, Range, Seed, Vec3
from sgview.state.operations import OperationName
from sgview.state.region_params import Region, Regions
from sgview.state.shaping_params import Directions, Mixing, Walk

__all__ = [
    "Blend", "Canvas", "Count", "Digression", "Directions", "Edit", "Ground", "InputTransform",
    "Key", "Latents", "Layer", "Mapping", "Mixing", "Node", "Noise", "NoiseType", "Params",
    "Path", "PixelNoise", "Plane", "Playback", "Positive", "Range", "Region", "Regions", "Seed",
    "Source", "Stage", "Vec3", "View", "Walk", "on_stage_of",
]  # fmt: skip


# Each leaf in two or three lines: type, label and range first, then the help.
# fmt: off
class Mapping(Node, frozen=True):
    """How z becomes ws."""

    truncation_psi: Annotated[float, Field("Truncation psi", usual=(0, 1.5), digits=2,
        name="Truncation psi", osc="psi",
        help="Pulls w towards the average: 1 leaves it, 0 gives the average picture, beyond 1 or "
        "below 0 exaggerates or inverts.")] = 1.0
    truncation_cutoff: Annotated[Count | None, Field("Cutoff", usual=(0, 18), none="all",
        name="Truncation cutoff",
        help="Only the first rows of w are truncated, those of the coarse layers.")] = None
    centre: Annotated[Literal["mean", "latent", "modes"], Field("Towards",
        name="Centre of truncation", help="What truncation pulls w towards.",
        options=(
            Option("mean", "Mean", "The average of all w."),
            Option("latent", "Latent", "A latent of the library."),
            Option("modes", "Modes", "The nearest of several averages: kinds of pictures stay "
                "what they are."),
        ))] = "mean"
    centre_entry: Annotated[str, Field("Latent", name="Latent that truncation pulls towards",
        help="Its name in the library or its path.")] = ""
    modes: Annotated[int, Meta(ge=1, le=256), Field("Modes", usual=(1, 64),
        name="Modes of truncation",
        help="How many averages there are; they are found by k-means over 10,000 w.")] = 16
    softness: Annotated[float, Meta(ge=0, le=100), Field("Softness", usual=(0, 1), digits=2,
        name="Softness between modes",
        help="How softly one mode gives way to the next one; 0: at once.")] = 0.2
    centroids: Annotated[str, Field("Centroids", name="File of the modes",
        help="A file of averages, its name in the library or its path; empty: they are "
        "found.")] = ""
    class_weights: Annotated[tuple[float, ...], Field("Class", digits=2, neutral=0.0, name="Class",
        help="Label of the network, and its weight.")] = ()  # label c; empty: class 0


class Layer(Node, frozen=True):
    """Which layer is shown, and how its channels become a picture."""

    name: Annotated[str, Field("Layer", name="Layer shown", osc="layer",
        help="The layer shown, such as L6 or b16.conv0; empty: the image.")] = ""
    base_channel: Annotated[Count, Field("Base channel", usual=(0, 512),
        help="The first channel shown.")] = 0
    mode: Annotated[Literal["rgb", "grey"], Field("Show as",
        help="Three channels as red, green and blue, or one as grey.",
        options=(Option("rgb", "RGB"), Option("grey", "Grey")))] = "rgb"
    normalise: Annotated[bool, Field("Normalise",
        help="Divide every channel by its largest absolute value.")] = False
    gain_db: Annotated[float, Meta(ge=-200, le=200), Field("Gain", usual=(-40, 40), unit="dB",
        digits=1, help="Factor of every channel.")] = 0.0


class Edit(Node, frozen=True):
    """One operation on one tensor of the live network, applied after blending."""

    tensor: Annotated[str, Field("Tensor",
        help="Published name of the tensor, such as synthesis.input.weight.")]
    operation: Annotated[OperationName, Field("Operation",
        help="What is done to the tensor.")] = "multiply"
    amount: Annotated[float, Field("Amount", usual=(-2, 2),
        help="How much of it; its usual range is that of the operation.")] = 1.0
    expression: Annotated[str, Field("Expression",
        help="Sets the amount, in t [s]: sin(t), 1 + 0.2 * cos(2 * pi * t), "
        "math.sin(absTime.seconds). Empty: the slider sets it.")] = ""
    channels: Annotated[Range | None, Field("Channels", usual=(0, 512), neutral=0.0, none="all",
        help="Act on a range along the first axis of the tensor only.")] = None
    seed: Annotated[Seed, Field("Seed", usual=(0, 100), is_name=True,
        help="Draws what is hit.")] = 0
    enabled: Annotated[bool, Field("Enabled", help="On or off")] = True
    solo: Annotated[bool, Field("Solo",
        help="Solo: only edits with this on act.")] = False


class Blend(Node, frozen=True):
    """How much of network B is in the live network: per group, 0 = A, 1 = B, unclamped.

    A group is "mapping", "input", "L0".."Ln" (StyleGAN3) or "b4".."bR" (StyleGAN1 and 2). Its
    amount is `master * amounts.get(group, 0)`.
    """

    source: Annotated[Literal["mix", "a", "b"], Field("Play", name="Play mix, A or B",
        help="The blend of both networks, or one of them alone. Key B.",
        options=(
            Option("mix", "Mix", "Play the blend of both."),
            Option("a", "A", "Play A alone; the amounts are kept."),
            Option("b", "B", "Play B alone; the amounts are kept."),
        ))] = "mix"
    master: Annotated[float, Field("Master", usual=(0, 1),
        help="Multiplies the amount of every layer.")] = 1.0
    amounts: Annotated[dict[str, float], Field("Amount", usual=(0, 1), neutral=0.0,
        help="How much of network B is in a layer: 0 is A, 1 is B.")] = field(default_factory=dict)


class View(Node, frozen=True):
    """How the picture lies in the window; flips are in the picture, so every consumer sees them."""

    flip_horizontal: Annotated[bool, Field("Flip horizontal", name="Flip horizontal",
        help="Left and right change places. Also in everything recorded or sent.")] = False
    flip_vertical: Annotated[bool, Field("Flip vertical", name="Flip vertical",
        help="Top and bottom change places. Also in everything recorded or sent.")] = False
    fit: Annotated[Literal["fit", "fill", "1:1"], Field("Size", name="Size of the picture",
        help="How large the picture is in the window.",
        options=(
            Option("fit", "Fit", "The whole picture, as large as fits."),
            Option("fill", "Fill", "The whole area, the picture cropped."),
            Option("1:1", "1:1", "One pixel of the picture on one of the screen."),
        ))] = "fit"
    zoom: Annotated[float, Meta(ge=0.1, le=50), Field("Zoom", usual=(0.25, 4), unit="×", digits=2,
        name="Zoom of the view", help="How many times larger the picture is in the window, about "
        "its centre; outputs show all of it.")] = 1.0
    wheel: Annotated[Literal["psi", "zoom"], Field("Wheel", name="Wheel on the picture",
        help="What the wheel of the mouse does over the picture.",
        options=(
            Option("psi", "Psi", "Truncation psi, 0.05 a notch."),
            Option("zoom", "Zoom", "The zoom of the view."),
        ))] = "psi"
    filter: Annotated[Literal["nearest", "linear", "cubic"], Field("Pixels", name="Pixels",
        help="How the pixels of the picture become those of the screen, where it is enlarged. "
        "Outputs have a choice of their own.",
        options=(
            Option("cubic", "Fine", "A cubic filter that sharpens a little. Where the processor "
                "draws it is too slow for this window, which then interpolates linearly."),
            Option("linear", "Smooth", "Interpolated linearly."),
            Option("nearest", "Sharp", "The nearest pixel, edges kept."),
        ))] = "cubic"


class Stage(Node, frozen=True):
    """What the audience sees of the picture; looks, presets and undo leave it as it is."""

    blackout: Annotated[bool, Field("Blackout", name="Blackout", osc="blackout",
        help="Outputs fade to black, and back. The window here goes on.")] = False
    fade: Annotated[float, Meta(ge=0, le=60), Field("Fade", usual=(0, 5), unit="s", digits=1,
        name="Fade of the blackout", help="How long a blackout takes to come and to go; 0: at "
        "once.")] = 1.0
    brightness: Annotated[float, Meta(ge=0, le=1), Field("Brightness", usual=(0, 1), digits=2,
        name="Brightness of the outputs",
        help="Dims what outputs show; 0 is black.")] = 1.0
    freeze: Annotated[bool, Field("Freeze", name="Freeze", osc="freeze",
        help="Outputs keep the picture they show now, while you prepare the next one "
        "here.")] = False
    hold: Annotated[bool, Field("Hold last", name="Hold the last picture",
        help="While no network plays, outputs keep the last picture; off: they go black.")] = True


class Playback(Node, frozen=True):
    """How time runs."""

    speed: Annotated[float, Field("Speed", usual=(0, 2), unit="×", digits=2, name="Speed",
        osc="speed", help="Speed of time; negative runs backwards.")] = 1.0


class Params(Node, frozen=True):
    """The whole state of the instrument, apart from which files are loaded."""

    noise: Noise = Noise()
    latents: Latents = Latents()
    mapping: Mapping = Mapping()
    mixing: Mixing = Mixing()
    directions: Directions = Directions()
    walk: Walk = Walk()
    regions: Regions = Regions()
    ground: Ground = Ground()
    layer: Layer = Layer()
    canvas: Canvas = Canvas()
    edits: tuple[Edit, ...] = ()
    blend: Blend = Blend()
    view: View = View()
    stage: Stage = Stage()
    playback: Playback = Playback()
    noise_mode: Annotated[Literal["const", "random", "none"], Field("Pixel noise",
        name="Noise per pixel", help="Noise that StyleGAN1 and StyleGAN2 add in every layer.",
        options=(
            Option("const", "Const", "The noise stored in the network, always the same."),
            Option("random", "Random", "Fresh noise in every picture."),
            Option("none", "None", "No noise."),
        ))] = "const"
    bindings: dict[str, str] = field(default_factory=dict)
    # leaf path, e.g. "noise.amplitude", to the expression it follows
    sliders: Annotated[dict[str, float], Field("Slider", usual=(0, 1), neutral=0.0,
        help="A slider of your own; slider() in an expression reads it.")] = field(
            default_factory=dict)
    osc_out: tuple[str, ...] = ()  # leaf paths whose values are sent as OSC messages
# fmt: on


def on_stage_of(params: Params, other: Params) -> Params:
    """Return `params` with what an audience sees left as it is in `other`."""
    if params.stage == other.stage:
        return params
    return replace(params, stage=other.stage)
