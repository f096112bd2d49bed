"""The mouse on the picture: moving over the plane of seeds, and the wheel."""

from __future__ import annotations

from collections import deque

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.emit import Emit
from sgview.gui.panels.travel.plane import PlaneDrag
from sgview.gui.picture_area import Rect
from sgview.state.params import Params
from sgview.state.status import Status

SEEDS_ACROSS = 2.0  # that a drag over the whole picture passes
WHEEL = 0.05  # psi for each notch
TRAIL = 90  # frames that are remembered
_LOWEST, _HIGHEST = -1.0, 2.0  # psi that the wheel leads to
ZOOM = 1.1  # for each notch
_SMALLEST, _LARGEST = 0.25, 8.0  # zoom that the wheel leads to


class PictureDrag:
    """Remembers whether the picture is held, and the way of the last moments."""

    def __init__(self) -> None:
        self._drag = PlaneDrag()
        self._is_held = False
        self._trail: deque[tuple[float, float]] = deque(maxlen=TRAIL)

    @property
    def is_held(self) -> bool:
        """Whether the hand drags the picture: all that changes meanwhile is one change."""
        return self._is_held

    def draw(self, params: Params, status: Status, emit: Emit, rect: Rect) -> Params:
        """Act on the mouse over the picture; draws a faint trail while the plane is dragged."""
        io = imgui.get_io()
        x, y, width, height = rect
        if width < 1.0 or height < 1.0:
            return params
        is_over = x <= io.mouse_pos.x < x + width and y <= io.mouse_pos.y < y + height
        is_free = is_over and not io.want_capture_mouse
        is_turning = imgui.is_mouse_down(imgui.MouseButton_.right)  # the grid of the input
        if is_free and io.mouse_wheel and not is_turning:
            params = _turn_wheel(params, io.mouse_wheel)
        if params.latents.source != "plane":
            self._is_held = self._drag.is_held = False
            self._trail.clear()
            return params
        if is_free and imgui.is_mouse_clicked(imgui.MouseButton_.left):
            self._is_held = True
            self._trail.clear()
        self._is_held = self._is_held and imgui.is_mouse_down(imgui.MouseButton_.left)
        scale = min(width, height) / SEEDS_ACROSS
        params = self._drag(params, emit, scale, is_held=self._is_held)
        self._draw_trail(params, status, rect, scale)
        return params

    def _draw_trail(self, params: Params, status: Status, rect: Rect, scale: float) -> None:
        """Draw where the middle of the picture has come from, while it moves."""
        positions, plane = status.player.motion.positions, params.latents.plane
        here = (
            plane.x + positions.get("plane.x", 0.0),
            plane.y + positions.get("plane.y", 0.0),
        )
        self._trail.append(here)
        if not self._is_held:
            return
        x, y, width, height = rect
        middle = (x + width / 2, y + height / 2)
        draw = imgui.get_background_draw_list()
        line = max(1.0, theme.px(theme.BAR_LINE))
        points = [
            (middle[0] + (at[0] - here[0]) * scale, middle[1] - (at[1] - here[1]) * scale)
            for at in self._trail
        ]
        for number in range(1, len(points)):
            shade = theme.faded(theme.TEXT, 0.35 * number / len(points))
            draw.add_line(points[number - 1], points[number], theme.u32(shade), line)
        ring = theme.u32(theme.faded(theme.TEXT, 0.6))
        draw.add_circle(middle, theme.px(theme.DOT) * 1.5, ring, 0, line)


def _turn_wheel(params: Params, notches: float) -> Params:
    """Return `params` with what the wheel is set to do done."""
    view = params.view
    if view.wheel == "zoom":
        zoom = min(max(view.zoom * ZOOM**notches, _SMALLEST), _LARGEST)
        zoom = 1.0 if abs(zoom - 1.0) < 0.01 else round(zoom, 4)
        return replace(params, view=replace(view, zoom=zoom))
    mapping = params.mapping
    psi = min(max(mapping.truncation_psi + notches * WHEEL, _LOWEST), _HIGHEST)
    return replace(params, mapping=replace(mapping, truncation_psi=round(psi, 3)))
