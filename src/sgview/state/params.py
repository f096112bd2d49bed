"""Everything a user can set, as one immutable tree.

`Params` is what presets store, undo remembers, the command line fills in and every panel returns
a changed copy of. Leaves are numbers, booleans, strings and small tuples, so the tree reads well
as TOML. Change it with `msgspec.structs.replace`, never in place; "dirty" means `new != old`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0)]
Seed = Annotated[int, Meta(ge=-(2**31), lt=2**31)]

NoiseType = Literal[
    "simplex2d", "simplex3d", "simplex4d", "perlin2d", "perlin3d", "perlin4d", "random"
]
Operation = Literal["multiply", "add", "noise", "zero", "sign", "roll", "shuffle", "quantise"]
Vec3 = tuple[float, float, float]


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every node of the tree: immutable, named fields only, unknown keys refused."""


class Noise(Node, frozen=True):
    """The noise that becomes the latent; parameters are those of TouchDesigner's Noise TOP.

    Coordinates are in units of the unit strip: the z_dim samples of one frame lie along x over
    [-0.5, 0.5] before the transform, one unit wide as in the Noise TOP with a 1 x z_dim picture.
    """

    type: NoiseType = "simplex2d"
    seed: Seed = 1
    period: Positive = 1.0  # size of one noise cell [strip widths]
    harmonics: Annotated[int, Meta(ge=0, le=8)] = 2  # octaves beyond the first
    harmonic_spread: Positive = 2.0  # frequency factor from one octave to the next
    harmonic_gain: float = 0.7  # amplitude factor from one octave to the next
    exponent: Positive = 1.0  # sign(n) * |n| ** exponent
    amplitude: float = 0.9
    offset: float = 0.0
    monochrome: bool = True  # False: independent noise per row where several rows are asked for
    translate: Vec3 = (0.0, 0.0, 0.0)
    translate_speed: Vec3 = (0.1, 0.0, 0.0)  # added to translate every second [units/s]
    rotate: Vec3 = (0.0, 0.0, 0.0)  # [degrees], applied x, y, z
    scale: Vec3 = (1.0, 1.0, 1.0)
    pivot: Vec3 = (0.0, 0.0, 0.0)
    translate_4d: float = 0.0
    translate_4d_speed: float = 0.0  # [units/s]


class Latents(Node, frozen=True):
    """Where the vector that drives the network comes from."""

    source: Literal["noise", "seeds"] = "noise"
    space: Literal["z", "w"] = "z"  # "w": the vector is used as every row of ws, mapping bypassed
    mode: Literal["field", "independent"] = "field"  # one strip of a smooth field / a track each
    gaussianise: bool = False  # map bounded noise to a standard normal distribution
    seed: Seed = 0  # source "seeds": Gaussian z of this seed
    seed_speed: float = 0.0  # seeds walked through a second (spherical interpolation) [1/s]


class Mapping(Node, frozen=True):
    """How z becomes ws."""

    truncation_psi: float = 1.0
    truncation_cutoff: Annotated[int, Meta(ge=0)] | None = None  # rows truncated; None: all
    class_weights: tuple[float, ...] = ()  # label c, padded with zeros; empty: class 0


class Layer(Node, frozen=True):
    """Which layer is shown, and how its channels become a picture."""

    name: str = ""  # "" is the image; "L6" and "L6_36_16" both name a StyleGAN3 layer
    base_channel: Annotated[int, Meta(ge=0)] = 0
    mode: Literal["rgb", "grey"] = "rgb"
    normalise: bool = False  # divide each shown channel by its largest absolute value
    gain_db: Annotated[float, Meta(ge=-200, le=200)] = 0.0  # [dB]


class Edit(Node, frozen=True):
    """One operation on one tensor of the live network, applied after blending."""

    tensor: str  # published tensor name, e.g. "synthesis.input.weight"
    operation: Operation = "multiply"
    amount: float = 1.0
    expression: str = ""  # e.g. "sin(t)"; drives `amount` when not empty
    channels: tuple[int, int] | None = None  # [start, stop) along the tensor's first axis
    seed: Seed = 0  # for "noise" and "shuffle"
    enabled: bool = True
    solo: bool = False  # when any edit is solo, only solo edits act


class Blend(Node, frozen=True):
    """How much of network B is in the live network: per group, 0 = A, 1 = B, unclamped.

    A group is "mapping", "input", "L0".."Ln" (StyleGAN3) or "b4".."bR" (StyleGAN2). Its amount is
    `master * amounts.get(group, 0)`.
    """

    source: Literal["mix", "a", "b"] = "mix"  # "a", "b": that network alone, amounts kept
    master: float = 1.0
    amounts: dict[str, float] = {}


class View(Node, frozen=True):
    """How the picture lies in the window; flips are in the picture, so every consumer sees them."""

    flip_horizontal: bool = False
    flip_vertical: bool = False
    fit: Literal["fit", "fill", "1:1"] = "fit"
    filter: Literal["nearest", "linear"] = "linear"


class Playback(Node, frozen=True):
    """How time runs."""

    speed: float = 1.0  # seconds of t a second; negative runs backwards


class Params(Node, frozen=True):
    """The whole state of the instrument, apart from which files are loaded."""

    noise: Noise = Noise()
    latents: Latents = Latents()
    mapping: Mapping = Mapping()
    layer: Layer = Layer()
    edits: tuple[Edit, ...] = ()
    blend: Blend = Blend()
    view: View = View()
    playback: Playback = Playback()
    noise_mode: Literal["const", "random", "none"] = "const"  # StyleGAN2's per-pixel noise
    bindings: dict[str, str] = {}  # leaf path, e.g. "noise.amplitude", to the expression it follows
    sliders: dict[str, float] = {}  # the user's own, by name; `slider("energy")` reads one
    osc_out: tuple[str, ...] = ()  # leaf paths whose values are sent as OSC messages
