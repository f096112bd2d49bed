"""The random walk of w."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui.controls import widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.state.params import Params
from sgview.state.status import Status

_NAMES = ("reach", "speed", "seed", "loop", "loop_unit", "loop_steps")


def draw_walk(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    if not widgets.section("Random walk", is_open=params.walk.reach != 0.0):
        return params
    controls = Controls(params, status, emit)
    imgui.push_id("walk")
    for name in _NAMES:
        params = leaf_row(params, controls, f"walk.{name}")
    imgui.pop_id()
    return params
