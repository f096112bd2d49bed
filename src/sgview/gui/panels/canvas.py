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
    for name in ("shape", "width", "height", "fill"):
        params = leaf_row(params, controls, f"canvas.{name}")
    widgets.paragraph(status.picture.canvas or "–")
    return params
