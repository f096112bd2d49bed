"""What an audience sees: blackout, freeze, brightness; and a sign of it over the picture."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.state.params import Params
from sgview.state.status import Status


def draw_stage(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    if widgets.section("Audience", note=words_of(params)):
        controls = Controls(params, status, emit)
        for name in ("blackout", "freeze", "brightness", "fade", "hold"):
            params = leaf_row(params, controls, f"stage.{name}")
        imgui.spacing()
    return params


def words_of(params: Params) -> str:
    """Return what is done to the picture for an audience; "" for nothing."""
    words = [
        ("black", params.stage.blackout),
        ("frozen", params.stage.freeze),
        (f"at {params.stage.brightness:.0%}", params.stage.brightness < 1),
    ]
    return ", ".join(word for word, is_so in words if is_so)


def draw_sign(rect: tuple[float, float, float, float], params: Params, status: Status) -> None:
    """Say in a corner of the picture what outputs show instead, while one of them is on.

    Args:
        rect: x, y, width, height of the picture's place in ImGui's coordinates.
        params: as they are set.
        status: what there is to show.
    """
    words = words_of(params)
    if not words or not any(output.is_on for output in status.outputs):
        return
    text, gap = f"Audience: {words}", theme.px(theme.GAP_SMALL)
    size = imgui.calc_text_size(text)
    left, top = rect[0] + gap, rect[1] + gap
    draw = imgui.get_background_draw_list()
    corner = (left + size.x + 2 * gap, top + size.y + gap)
    draw.add_rect_filled((left, top), corner, theme.u32(theme.WARNING), theme.px(theme.ROUNDING))
    draw.add_text((left + gap, top + gap / 2), theme.u32(theme.HEADER), text)
