"""Moving over the plane of seeds with the mouse on the picture."""

from __future__ import annotations

from collections import deque

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.emit import Emit
from sgview.gui.panels.travel.plane import drag_plane
from sgview.gui.picture_area import Rect
from sgview.state.params import Params
from sgview.state.status import Status

SEEDS_ACROSS = 2.0  # that a drag over the whole picture passes
WHEEL = 0.05  # psi for each notch
TRAIL = 90  # frames that are remembered
_LOWEST, _HIGHEST = -1.0, 2.0  # psi that the wheel leads to


class PictureDrag:
    """Remembers whether the picture is held, and the way of the last moments."""

    def __init__(self) -> None:
        self._is_held = False
        self._trail: deque[tuple[float, float]] = deque(maxlen=TRAIL)

    def draw(self, params: Params, status: Status, emit: Emit, rect: Rect) -> Params:
        """Act on the mouse over the picture while the plane plays; draws a faint trail."""
        io = imgui.get_io()
        x, y, width, height = rect
        if params.latents.source != "plane" or width < 1.0 or height < 1.0:
            self._is_held = False
            self._trail.clear()
            return params
        is_over = x <= io.mouse_pos.x < x + width and y <= io.mouse_pos.y < y + height
        is_free = is_over and not io.want_capture_mouse
        if is_free and imgui.is_mouse_clicked(imgui.MouseButton_.left):
            self._is_held = True
            self._trail.clear()
        self._is_held = self._is_held and imgui.is_mouse_down(imgui.MouseButton_.left)
        scale = min(width, height) / SEEDS_ACROSS
        params = drag_plane(params, emit, scale, is_held=self._is_held)
        if is_free and io.mouse_wheel:
            mapping = params.mapping
            psi = mapping.truncation_psi + io.mouse_wheel * WHEEL
            psi = round(min(max(psi, _LOWEST), _HIGHEST), 3)
            params = replace(params, mapping=replace(mapping, truncation_psi=psi))
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
