"""What every picture grows from: where its grid lies, its noise, and the start of it all."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.state.commands import Restart
from sgview.state.fields import fields_of
from sgview.state.ground_params import InputTransform, PixelNoise
from sgview.state.networks import NetworkStatus, has_input_transform, noise_layers, shown_network
from sgview.state.params import Params
from sgview.state.paths import get_leaf, leaf_at, set_leaf
from sgview.state.status import Status

_PLACE = ("x", "y", "rotate", "scale", "shear", "untransform")
_SPEEDS = ("speed_x", "speed_y", "speed_rotate", "speed_scale")
_NOISE = (
    "strength", "seed", "moving", "speed_x", "speed_y", "loop", "loop_unit", "loop_fields",
)  # fmt: skip
_CONSTANT = ("amount", "scale", "seed", "speed", "loop", "loop_unit", "loop_size")
_MOVES = ("ground.x", "ground.y", "ground.rotate", "ground.scale")
_LAYER = fields_of(PixelNoise)["layers"]


def draw_ground(params: Params, status: Status, emit: Emit) -> Params:
    """Draw what the network that plays has of it."""
    network = shown_network(params, status.engine.networks)
    controls = Controls(params, status, emit)
    if network is None:
        widgets.paragraph("Sampling grid, noise and constant of a network: open one first.")
        return params
    if has_input_transform(network):
        if widgets.section("Sampling grid", note="right drag"):
            params = _section(params, controls, "input", _PLACE)
            params = _draw_home(params, emit)
        if widgets.section("Speeds"):
            params = _section(params, controls, "input", _SPEEDS)
    elif network.family.startswith(("StyleGAN1", "StyleGAN2")):
        if widgets.section("Pixel noise"):
            params = leaf_row(params, controls, "noise_mode")
            params = _section(params, controls, "noise", _NOISE)
        if noise_layers(network) and widgets.section("Noise by layer", is_open=False):
            params = _draw_layers(params, controls, network)
    if widgets.section("Digression"):
        params = _section(params, controls, "constant", _CONSTANT)
    return params


def go_home(params: Params, emit: Emit) -> Params:
    """Return the picture to where it was trained to be, at rest; it stays turned back or not."""
    for name in _MOVES:
        emit(Restart(name))
    home = InputTransform(untransform=params.ground.input.untransform)
    return replace(params, ground=replace(params.ground, input=home))


def _section(params: Params, controls: Controls, part: str, names: tuple[str, ...]) -> Params:
    imgui.push_id(part)
    for name in names:
        params = leaf_row(params, controls, f"ground.{part}.{name}")
    imgui.pop_id()
    return params


def _draw_home(params: Params, emit: Emit) -> Params:
    rows.label("")
    if imgui.button(f"{icons.RESET}  Home"):
        params = go_home(params, emit)
    widgets.tooltip("Back to where the network was trained to be, at rest.", "Double right click.")
    return params


def _draw_layers(params: Params, controls: Controls, network: NetworkStatus) -> Params:
    """One fader for each layer that has noise, from coarse to fine."""
    for name in noise_layers(network):
        path = f"ground.noise.layers.{name}"
        leaf = leaf_at(path)
        assert leaf is not None
        value = get_leaf(params, leaf)
        new = rows.number(
            name.replace("_", "."),
            value,
            leaf.default,
            *_LAYER.usual,
            digits=_LAYER.digits,
            help=_LAYER.help,
            control=controls(path),
        )
        if new != value:
            params = set_leaf(params, leaf, new)
    return params
