"""How the picture lies in the window."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.controls import rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.panels import Emit
from sgview.state.commands import SetVsync, ToggleFullscreen
from sgview.state.params import Params, View
from sgview.state.status import Status

_VIEW = View()


def draw_view(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    if not widgets.section("View"):
        return params
    controls = Controls(params, status, emit, "view.")
    view = params.view
    view = replace(
        view,
        flip_horizontal=rows.toggle(
            "Flip horizontal",
            view.flip_horizontal,
            help="Also in everything recorded or sent.",
            control=controls("flip_horizontal"),
        ),
        flip_vertical=rows.toggle(
            "Flip vertical",
            view.flip_vertical,
            help="Also in everything recorded or sent.",
            control=controls("flip_vertical"),
        ),
        fit=rows.choice(
            "Size",
            view.fit,
            _VIEW.fit,
            (("fit", "Fit"), ("fill", "Fill"), ("1:1", "1:1")),
            option_help=(
                "The whole picture, as large as fits.",
                "The whole area, the picture cropped.",
                "One pixel of the picture on one of the screen.",
            ),
        ),
        filter=rows.choice(
            "Pixels",
            view.filter,
            _VIEW.filter,
            (("linear", "Smooth"), ("nearest", "Sharp")),
            option_help=("Interpolated linearly.", "The nearest pixel, edges kept."),
        ),
    )
    help = "Wait for the refresh of the screen; off: the limit of the performance panel (P)."
    is_synced = rows.toggle("Vsync", status.screen.vsync, True, help)
    if is_synced != status.screen.vsync:
        emit(SetVsync(is_synced))
    is_full = rows.toggle("Fullscreen", status.screen.is_fullscreen, help="Key F.")
    if is_full != status.screen.is_fullscreen:
        emit(ToggleFullscreen())
    imgui.spacing()
    return replace(params, view=view) if view != params.view else params
