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
SLOWEST, FASTEST = 0.02, 8.0  # push [seeds/s]
LAG, CALM = 0.05, 0.08  # after which the speed follows a hand that moves, that holds still [s]
_HELP = "Drag to move over the seeds; let go in motion and it drifts on."
_NOTE = "A double click goes back to the middle."


def draw_plane(params: Params, status: Status, emit: Emit, drag: PlaneDrag) -> Params:
    """Draw the map; dragging it moves the place under the cross."""
    width = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
    height = theme.px(theme.PAD_HEIGHT)
    corner = imgui.get_cursor_screen_pos()
    imgui.invisible_button("##plane", imgui.ImVec2(max(width, 1.0), height))
    widgets.tooltip(_HELP, _NOTE)
    scale = width / ACROSS  # pixels a seed
    params = drag(params, emit, scale, is_held=imgui.is_item_active())
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
    motion = params.latents.motion if not plane.friction else 0.0  # there it is soon another
    ahead = (
        middle[0] + plane.speed_x * motion * scale,
        middle[1] - plane.speed_y * motion * scale,
    )
    draw.add_line(middle, ahead, theme.u32(theme.ACCENT), line * 2)
    draw.pop_clip_rect()
    return params


class PlaneDrag:
    """The hand that moves the plane, and how fast it did in the last moments."""

    def __init__(self) -> None:
        self.is_held = False
        self._speed = (0.0, 0.0)  # of the plane under it [seeds/s]

    def __call__(self, params: Params, emit: Emit, scale: float, *, is_held: bool) -> Params:
        """Move the plane with the mouse that holds it: the map follows the hand.

        Held, it rests; let go, it drifts on at the speed of the hand. A double click takes it home.

        Args:
            params: with the plane.
            emit: takes what begins anew.
            scale: how far the mouse moves for a seed [px].
            is_held: whether the mouse holds the plane.
        """
        was_held, self.is_held = self.is_held, is_held
        latents = params.latents
        if is_held and imgui.is_mouse_double_clicked(imgui.MouseButton_.left):
            self._speed = (0.0, 0.0)
            emit(Restart("plane.x"))
            emit(Restart("plane.y"))
            return replace(params, latents=go_home(latents))
        plane = latents.plane
        if is_held:
            x, y = self._step(scale, is_new=not was_held)
            plane = replace(plane, x=plane.x + x, y=plane.y + y, speed_x=0.0, speed_y=0.0)
        elif was_held:
            pace = latents.motion if abs(latents.motion) > SLOWEST else 1.0
            x, y = self._speed if math.hypot(*self._speed) >= SLOWEST else (0.0, 0.0)
            plane = replace(plane, speed_x=_pushed(x / pace), speed_y=_pushed(y / pace))
        if plane == latents.plane:
            return params
        return replace(params, latents=replace(latents, plane=plane))

    def _step(self, scale: float, *, is_new: bool) -> tuple[float, float]:
        """Return how far the hand moved the plane in this frame [seeds], and note how fast."""
        io = imgui.get_io()
        step = -io.mouse_delta.x / scale, io.mouse_delta.y / scale
        if is_new:
            self._speed = (0.0, 0.0)
            return step
        seconds = max(io.delta_time, 1e-3)
        share = 1.0 - math.exp(-seconds / (LAG if any(step) else CALM))
        self._speed = (
            self._speed[0] + (step[0] / seconds - self._speed[0]) * share,
            self._speed[1] + (step[1] / seconds - self._speed[1]) * share,
        )
        return step


def _pushed(speed: float) -> float:
    return round(min(max(speed, -FASTEST), FASTEST), 4)
