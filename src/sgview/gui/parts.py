"""Panels drawn so that one that fails leaves the others and Dear ImGui as they should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from imgui_bundle import imgui

from sgview.gui.panels import Emit, Panel
from sgview.state.boundary import Boundary
from sgview.state.params import Params
from sgview.state.status import Status

T = TypeVar("T")


def draw_part(
    boundary: Boundary, part: str, panel: Panel, params: Params, status: Status, emit: Emit
) -> Params:
    """Draw a panel through the boundary; `params` as they are where it fails or rests.

    Args:
        boundary: told of the failure.
        part: the panel's name for the user.
        panel, params, status, emit: as of every panel.
    """
    return boundary.call(part, recovering, panel, params, status, emit, otherwise=params)


def recovering(draw: Callable[..., T], *args: object) -> T:
    """Call `draw`; where it raises, end what it has begun: windows, tables, pushed styles."""
    state = imgui.internal.ErrorRecoveryState()
    imgui.internal.error_recovery_store_state(state)
    try:
        return draw(*args)
    except Exception:
        io = imgui.get_io()
        io.config_error_recovery_enable_assert = False  # what is missing is known
        io.config_error_recovery_enable_tooltip = False
        io.config_error_recovery_enable_debug_log = False
        try:
            imgui.internal.error_recovery_try_to_recover_state(state)
        finally:
            io.config_error_recovery_enable_assert = True
        raise
