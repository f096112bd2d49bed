"""Moving the masks of regions with the mouse on the picture itself."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui.panels.regions.drawing import (
    Frame,
    Point,
    draw_handle,
    handle_radius,
    nearest_handle,
)
from sgview.gui.panels.regions.regions import moved
from sgview.gui.picture_area import Rect
from sgview.state.params import Params
from sgview.state.region_params import regions_on
from sgview.state.region_places import mask_at
from sgview.state.status import Status

_NEAR = 5.0  # radii of a handle from which the mouse brings all handles to sight


class RegionDrag:
    """Remembers which mask is held.

    Handles come where the mouse comes near to one of them: the picture is bare else.
    """

    def __init__(self) -> None:
        self._held = ""
        self._is_near = False

    @property
    def is_held(self) -> bool:
        """Whether the hand moves a mask: all that changes meanwhile is one change."""
        return bool(self._held)

    @property
    def takes_mouse(self) -> bool:
        """Whether the left button belongs to a mask now."""
        return self._is_near or bool(self._held)

    def draw(self, params: Params, status: Status, rect: Rect) -> Params:
        """Act on the left button over the picture; draws the handles that it is near to."""
        self._is_near = False
        regions = regions_on(params.regions)
        if not regions or status.picture.layer or min(*rect[2:], *status.picture.size) < 1:
            self._held = ""
            return params
        io = imgui.get_io()
        frame = _frame_on_screen(params, status, rect)
        places: dict[str, Point] = {}
        for name, region in regions:
            mask = mask_at(name, region, status.player.motion, frame.aspect)
            places[name] = frame.to_screen(mask.x, mask.y)
        mouse = (io.mouse_pos.x, io.mouse_pos.y)
        x, y, width, height = rect
        is_over = x <= mouse[0] < x + width and y <= mouse[1] < y + height
        is_free = is_over and not io.want_capture_mouse
        radius = handle_radius()
        near = nearest_handle(places, mouse, 1.5 * radius) if is_free else ""
        self._is_near = bool(near)
        left = imgui.MouseButton_.left
        if near and imgui.is_mouse_clicked(left):
            self._held = near
        self._held = self._held if imgui.is_mouse_down(left) and self._held in places else ""
        is_shown = is_free and nearest_handle(places, mouse, _NEAR * radius)
        if self._held or is_shown:
            draw = imgui.get_background_draw_list()
            draw.push_clip_rect((x, y), (x + width, y + height), True)
            for name, at in places.items():
                draw_handle(draw, at, name, is_chosen=name in (self._held, near))
            draw.pop_clip_rect()
        return moved(params, self._held, frame) if self._held else params


def _frame_on_screen(params: Params, status: Status, rect: Rect) -> Frame:
    """Return where the picture is in the window, as the view fits, zooms and flips it."""
    across, down = status.picture.size
    view = params.view
    ratios = rect[2] / across, rect[3] / down
    scale = {"fit": min(ratios), "fill": max(ratios)}.get(
        view.fit, 1.0 / (imgui.get_io().display_framebuffer_scale.y or 1.0)
    )
    scale *= view.zoom
    width, height = across * scale, down * scale
    corner = rect[0] + (rect[2] - width) / 2.0, rect[1] + (rect[3] - height) / 2.0
    return Frame.of(corner, (width, height), view)
