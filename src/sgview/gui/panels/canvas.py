"""How large pictures are: the canvas that the network paints on."""

from __future__ import annotations

from msgspec.structs import replace

from sgview.gui.controls import widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.state.canvas import as_free, is_sized
from sgview.state.networks import shown_network
from sgview.state.params import Params
from sgview.state.status import Status

_FREED = "A change makes the shape Free."


def draw_canvas(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    if not widgets.section("Canvas"):
        return params
    controls = Controls(params, status, emit)
    params = leaf_row(params, controls, "canvas.shape")
    if params.canvas.shape == "pixels":
        for name in ("pixels_wide", "pixels_high"):
            params = leaf_row(params, controls, f"canvas.{name}")
    else:
        params = _draw_sides(params, status, controls)
    params = leaf_row(params, controls, "canvas.fill")
    widgets.paragraph(status.picture.canvas or "–")
    return params


def _draw_sides(params: Params, status: Status, controls: Controls) -> Params:
    """Draw how wide and high the shape is; a hand that changes either has a free one."""
    paths = ("canvas.width", "canvas.height")
    if is_sized(params.canvas) or any(controls(path).is_bound for path in paths):
        for path in paths:
            params = leaf_row(params, controls, path)
        return params
    network = shown_network(params, status.engine.networks)
    own = network.dimensions if network is not None else (1, 1)
    shaped = replace(params, canvas=as_free(params.canvas, own))
    new = shaped
    for path in paths:
        new = leaf_row(new, controls, path, more_help=_FREED)
    return params if new == shaped else new
