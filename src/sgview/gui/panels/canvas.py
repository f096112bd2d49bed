"""How large pictures are: the canvas that the network paints on."""

from __future__ import annotations

from sgview.gui.controls import widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.state.params import Params
from sgview.state.status import Status


def draw_canvas(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    if not widgets.section("Canvas"):
        return params
    controls = Controls(params, status, emit)
    params = leaf_row(params, controls, "canvas.shape")
    is_in_pixels = params.canvas.shape == "pixels"
    sides = ("pixels_wide", "pixels_high") if is_in_pixels else ("width", "height")
    for name in (*sides, "fill"):
        params = leaf_row(params, controls, f"canvas.{name}")
    widgets.paragraph(status.picture.canvas or "–")
    return params
