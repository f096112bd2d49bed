"""Moving the picture itself with the mouse on it: the sampling grid of StyleGAN3."""

from __future__ import annotations

import math

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.emit import Emit
from sgview.gui.panels.ground import go_home
from sgview.gui.picture_area import Rect
from sgview.state.ground_params import InputTransform
from sgview.state.networks import NetworkStatus, has_input_transform, shown_network
from sgview.state.params import Params
from sgview.state.status import Status

RING = 0.36  # radius in heights of the picture: a drag that begins outside of it turns
OCTAVES = 0.125  # of size for each notch of the wheel
DEGREES = 5.0  # for each notch of the wheel with Shift
_MARK = 0.35  # radians of the ring that are drawn bright while it turns


class GridDrag:
    """Remembers how the picture is held."""

    def __init__(self) -> None:
        self._is_held = False
        self._turns = False  # it was taken outside of the ring

    def draw(self, params: Params, status: Status, emit: Emit, rect: Rect) -> Params:
        """Act on right button and wheel over the picture; draws the ring while it is held."""
        network = shown_network(params, status.engine.networks)
        if network is None or not has_input_transform(network) or min(rect[2:]) < 1.0:
            self._is_held = False
            return params
        io = imgui.get_io()
        x, y, width, height = rect
        size = _shown_height(params, network, rect)
        middle = (x + width / 2, y + height / 2)
        at = (io.mouse_pos.x - middle[0], io.mouse_pos.y - middle[1])
        is_over = abs(at[0]) < width / 2 and abs(at[1]) < height / 2
        is_free = is_over and not io.want_capture_mouse
        right = imgui.MouseButton_.right
        if is_free and imgui.is_mouse_double_clicked(right):
            return go_home(params, emit)
        if is_free and imgui.is_mouse_clicked(right):
            self._is_held, self._turns = True, math.hypot(*at) > RING * size
        self._is_held = self._is_held and imgui.is_mouse_down(right)
        turns = self._turns or io.key_shift
        if self._is_held:
            step = (io.mouse_delta.x, io.mouse_delta.y)
            params = _turned(params, at, step) if turns else _moved(params, step, size)
        if self._is_held and io.mouse_wheel:  # else it does what `view.wheel` says
            if io.key_shift:
                degrees = DEGREES * io.mouse_wheel * _handedness(params)
                params = _with(params, rotate=params.ground.input.rotate + degrees)
            else:
                params = _zoomed(params, status, (at[0] / size, at[1] / size), io.mouse_wheel)
        if self._is_held:
            _draw_ring(middle, RING * size, math.atan2(at[1], at[0]), is_bright=turns)
        return params


def _shown_height(params: Params, network: NetworkStatus, rect: Rect) -> float:
    """Return the height of the picture as it is shown [px of the window]."""
    across, down = network.dimensions
    by_width = rect[2] * down / across
    match params.view.fit:
        case "fit":
            return min(rect[3], by_width)
        case "fill":
            return max(rect[3], by_width)
        case _:
            return down / (imgui.get_io().display_framebuffer_scale.y or 1.0)


def _moved(params: Params, step: tuple[float, float], size: float) -> Params:
    sign_x, sign_y = _flips(params)
    grid = params.ground.input
    return _with(params, x=grid.x + sign_x * step[0] / size, y=grid.y - sign_y * step[1] / size)


def _turned(params: Params, at: tuple[float, float], step: tuple[float, float]) -> Params:
    before = math.atan2(at[1] - step[1], at[0] - step[0])
    way = math.atan2(at[1], at[0]) - before
    way = (way + math.pi) % (2.0 * math.pi) - math.pi
    degrees = -math.degrees(way) * _handedness(params)  # y of the mouse runs down
    return _with(params, rotate=params.ground.input.rotate + degrees)


def _zoomed(params: Params, status: Status, at: tuple[float, float], notches: float) -> Params:
    """Zoom about the mouse: what is under it stays there."""
    grid, positions = params.ground.input, status.player.motion.positions
    factor = 2.0 ** (OCTAVES * notches)
    sign_x, sign_y = _flips(params)
    x, y = sign_x * at[0], -sign_y * at[1]
    shown_x = grid.x + positions.get("ground.x", 0.0)
    shown_y = grid.y + positions.get("ground.y", 0.0)
    return _with(
        params,
        x=grid.x + (x - shown_x) * (1.0 - factor),
        y=grid.y + (y - shown_y) * (1.0 - factor),
        scale=min(max(grid.scale * factor, 0.01), 100.0),
    )


def _with(params: Params, **changes: float) -> Params:
    rounded = {name: round(value, 5) for name, value in changes.items()}
    if "rotate" in rounded:
        rounded["rotate"] = (rounded["rotate"] + 180.0) % 360.0 - 180.0
    grid: InputTransform = replace(params.ground.input, **rounded)
    return replace(params, ground=replace(params.ground, input=grid))


def _flips(params: Params) -> tuple[float, float]:
    """Return 1 or -1: which way x and y of the picture run on the screen."""
    view = params.view
    return (-1.0 if view.flip_horizontal else 1.0), (-1.0 if view.flip_vertical else 1.0)


def _handedness(params: Params) -> float:
    x, y = _flips(params)
    return x * y


def _draw_ring(
    middle: tuple[float, float], radius: float, angle: float, *, is_bright: bool
) -> None:
    """Inside of it a drag moves, outside it turns."""
    draw = imgui.get_background_draw_list()
    line = max(1.0, theme.px(theme.BAR_LINE))
    draw.add_circle(middle, radius, theme.u32(theme.faded(theme.TEXT, 0.35)), 0, line)
    if is_bright:
        draw.path_arc_to(middle, radius, angle - _MARK, angle + _MARK)
        draw.path_stroke(theme.u32(theme.ACCENT), 2.0 * line)
    dot = theme.u32(theme.faded(theme.TEXT, 0.6))
    draw.add_circle_filled(middle, theme.px(theme.DOT), dot)
