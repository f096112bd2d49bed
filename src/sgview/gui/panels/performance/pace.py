"""What sets the pace, and the way pictures take."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import SetFpsLimit, SetVsync
from sgview.state.params import Params
from sgview.state.status import Status

_USUAL_LIMIT = 120


def draw_vsync(status: Status, emit: Emit, help: str) -> None:
    """Draw the row of the switch, with its tooltip."""
    is_synced = rows.toggle("Vsync", status.screen.vsync, True, help)
    if is_synced != status.screen.vsync:
        emit(SetVsync(is_synced))


def draw_pace(status: Status, emit: Emit) -> None:
    """Draw the rows that set the pace, within a section."""
    draw_vsync(status, emit, "Wait for the refresh of the screen before each frame.")
    limit = round(status.screen.fps_limit)
    imgui.begin_disabled(status.screen.vsync)
    new = rows.integer(
        "Limit",
        limit,
        _USUAL_LIMIT,
        0,
        240,
        minimum=0,
        maximum=10_000,
        help="Frames a second without vsync; 0: as many as there are.",
    )
    imgui.end_disabled()
    if new != limit and not status.screen.vsync:
        emit(SetFpsLimit(float(new)))
    if status.screen.pace_note:
        widgets.paragraph(f"{icons.INFO}  {status.screen.pace_note}")


def draw_path(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section of the way pictures take, each part with its reason."""
    if widgets.section("Path"):
        _draw_fact("Device", status.engine.device)
        _draw_fact("Network", status.picture.made_by)
        _draw_fact("To the screen", status.screen.display)
        imgui.spacing()
    return params


def _draw_fact(name: str, content: str) -> None:
    """A row whose text may take several lines."""
    rows.label(name)
    widgets.paragraph(content or "–", theme.TEXT)
