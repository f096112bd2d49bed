"""The pad of the plane: a map of seeds around the place where the source is."""

from __future__ import annotations

import math

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.panels import Emit
from sgview.state.commands import Restart
from sgview.state.journeys import go_home
from sgview.state.params import Params
from sgview.state.status import Status

ACROSS = 3.0  # seeds that the pad shows across
_HELP = "Drag to move over the seeds; let go in motion and it drifts on."
_NOTE = "A double click goes back to the middle."


def draw_plane(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the map; dragging it moves the place under the cross."""
    width = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
    height = theme.px(theme.PAD_HEIGHT)
    corner = imgui.get_cursor_screen_pos()
    imgui.invisible_button("##plane", imgui.ImVec2(max(width, 1.0), height))
    widgets.tooltip(_HELP, _NOTE)
    scale = width / ACROSS  # pixels a seed
    params = drag_plane(params, emit, scale, is_held=imgui.is_item_active())
    positions, plane = status.player.motion.positions, params.latents.plane
    x = plane.x + positions.get("plane.x", 0.0)
    y = plane.y + positions.get("plane.y", 0.0)
    draw = imgui.get_window_draw_list()
    end = imgui.ImVec2(corner.x + width, corner.y + height)
    draw.add_rect_filled(corner, end, theme.u32(theme.FIELD), theme.px(theme.ROUNDING))
    draw.push_clip_rect(corner, end, True)
    middle = (corner.x + width / 2, corner.y + height / 2)
    rows = math.ceil(height / scale / 2) + 1
    columns = math.ceil(ACROSS / 2) + 1
    for row in range(math.floor(y) - rows, math.floor(y) + rows + 1):
        for column in range(math.floor(x) - columns, math.floor(x) + columns + 1):
            at = (middle[0] + (column - x) * scale, middle[1] - (row - y) * scale)
            colour = theme.ACCENT if row == column == 0 else theme.TEXT_FAINT
            draw.add_circle_filled(at, theme.px(theme.DOT), theme.u32(colour))
            name = f"{column}, {row}" if row else f"{params.latents.seed + column}"
            below = (at[0] + theme.px(theme.GAP_TINY), at[1] + theme.px(theme.GAP_TINY))
            draw.add_text(below, theme.u32(theme.TEXT_FAINT), name)
    arm = theme.px(theme.GAP_SMALL)
    line, cross = max(1.0, theme.px(theme.HAIRLINE)), theme.u32(theme.TEXT)
    draw.add_line((middle[0] - arm, middle[1]), (middle[0] + arm, middle[1]), cross, line)
    draw.add_line((middle[0], middle[1] - arm), (middle[0], middle[1] + arm), cross, line)
    motion = params.latents.motion
    ahead = (
        middle[0] + plane.speed_x * motion * scale,
        middle[1] - plane.speed_y * motion * scale,
    )
    draw.add_line(middle, ahead, theme.u32(theme.ACCENT), line * 2)
    draw.pop_clip_rect()
    return params


def drag_plane(params: Params, emit: Emit, scale: float, *, is_held: bool) -> Params:
    """Move the plane with the mouse that holds it: the map follows the hand, `scale` px a seed.

    Held, it rests; let go, it drifts on at the speed of the hand. A double click takes it home.
    """
    io, latents = imgui.get_io(), params.latents
    if is_held and imgui.is_mouse_double_clicked(imgui.MouseButton_.left):
        emit(Restart("plane.x"))
        emit(Restart("plane.y"))
        return replace(params, latents=go_home(latents))
    if not is_held:
        return params
    plane = latents.plane
    step_x, step_y = -io.mouse_delta.x / scale, io.mouse_delta.y / scale
    if not (step_x or step_y) and not imgui.is_mouse_clicked(imgui.MouseButton_.left):
        # A hand that holds still brings it to rest, a little late: a release follows a stop.
        calm = math.exp(-io.delta_time / 0.08)
        speed = plane.speed_x * calm, plane.speed_y * calm
        speed = (0.0, 0.0) if math.hypot(*speed) < 0.01 else speed
    else:
        pace = latents.motion if abs(latents.motion) > 0.01 else 1.0
        seconds = max(io.delta_time, 1e-3)
        share = 1.0 - math.exp(-seconds / 0.05)
        hand = step_x / seconds / pace, step_y / seconds / pace
        speed = (
            plane.speed_x + (hand[0] - plane.speed_x) * share,
            plane.speed_y + (hand[1] - plane.speed_y) * share,
        )
    # While it is held the hand moves it, and what its speed adds is taken back.
    drift = latents.motion * io.delta_time
    plane = replace(
        plane,
        x=plane.x + step_x - plane.speed_x * drift,
        y=plane.y + step_y - plane.speed_y * drift,
        speed_x=round(min(max(speed[0], -8.0), 8.0), 4),
        speed_y=round(min(max(speed[1], -8.0), 8.0), 4),
    )
    return replace(params, latents=replace(latents, plane=plane))
