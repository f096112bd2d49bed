"""How the picture lies in the window."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui.controls import rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.gui.panels.performance.pace import draw_vsync
from sgview.state.commands import PutWindowsBack, ToggleFullscreen
from sgview.state.params import Params
from sgview.state.status import Status


def draw_view(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    if not widgets.section("View"):
        return params
    controls = Controls(params, status, emit)
    for name in ("flip_horizontal", "flip_vertical", "fit", "zoom", "filter", "wheel"):
        params = leaf_row(params, controls, f"view.{name}")
    help = "Wait for the refresh of the screen; off: the limit of the performance panel (P)."
    draw_vsync(status, emit, help)
    is_full = rows.toggle("Fullscreen", status.screen.is_fullscreen, help="Key F.")
    if is_full != status.screen.is_fullscreen:
        emit(ToggleFullscreen())
    rows.label("Windows", help="Panels can be dragged by their tabs.")
    if imgui.button("Put them back", imgui.ImVec2(rows.room(), 0.0)):
        emit(PutWindowsBack())
    widgets.tooltip("Each where it was on the first run  (Ctrl+H)")
    imgui.spacing()
    return params
