"""The panel of regions: a pad with their masks, and the values of the one that is chosen."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import PurePath

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.gui.panels.regions.drawing import (
    Frame,
    Point,
    draw_handle,
    draw_mask,
    handle_radius,
    nearest_handle,
)
from sgview.gui.panels.shaping.entries import entry_row
from sgview.state.canvas import canvas_size
from sgview.state.commands import ChooseMask
from sgview.state.dice import DICE
from sgview.state.networks import shown_network
from sgview.state.params import Params, Region
from sgview.state.region_params import NAMES, regions_on
from sgview.state.region_places import mask_at
from sgview.state.status import Status

_MASK = ("x", "y", "angle", "size", "softness", "invert")
_MOVING = ("speed_x", "speed_y", "speed_angle")
_LABELS = tuple((name, name.capitalize()) for name in NAMES)
_FIRST = {  # what each is when it is added: not one over the other
    "second": Region(strength=1.0, mask="linear"),
    "third": Region(strength=1.0, mask="radial"),
    "fourth": Region(strength=1.0, mask="band", size=0.3),
}
_HELP = "Where each latent is seen. Drag a number to move its mask, here or on the picture."
_ABOUT = "Other latents in parts of the same picture, with soft edges that move."


class RegionsPanel:
    """Remembers which region is chosen, and which is held.

    Args:
        throw: returns the next seed of the dice, 0..DICE - 1.
    """

    def __init__(self, throw: Callable[[], int] = lambda: random.randrange(DICE)) -> None:
        self._throw = throw
        self._chosen = NAMES[0]
        self._held = ""
        self._shown = ""  # whose values were shown at last

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the section."""
        count = len(regions_on(params.regions))
        note = f"{count + 1} latents" if count else ""
        if not widgets.section("Regions", is_open=bool(count), note=note):
            return params
        imgui.push_id("regions")
        params = self._draw(params, status, emit)
        imgui.pop_id()
        return params

    def _draw(self, params: Params, status: Status, emit: Emit) -> Params:
        controls = Controls(params, status, emit)
        if not regions_on(params.regions):
            widgets.paragraph(_ABOUT)
        params = self._draw_pad(params, status)
        width = rows.room()
        self._chosen = widgets.segments("which", self._chosen, _LABELS, width)
        region: Region = getattr(params.regions, self._chosen)
        path = f"regions.{self._chosen}"
        if not self._has_rows(region, controls(f"{path}.strength")):
            if imgui.button(f"{icons.ADD}  Put a latent here", imgui.ImVec2(width, 0.0)):
                new = replace(_FIRST[self._chosen], seed=self._throw())
                params = with_region(params, self._chosen, new)
            widgets.tooltip("Of a seed by chance; its mask is drawn above.")
            return params
        imgui.push_id(self._chosen)
        params = leaf_row(params, controls, f"{path}.strength")
        params = self._draw_source(params, status, controls, path)
        widgets.heading("Where it is seen")
        params = leaf_row(params, controls, f"{path}.mask")
        if region.mask == "file":
            params = _draw_file(params, self._chosen, emit)
        for name in _MASK:
            params = leaf_row(params, controls, f"{path}.{name}")
        widgets.heading("Moving")
        for name in _MOVING:
            params = leaf_row(params, controls, f"{path}.{name}")
        imgui.pop_id()
        widgets.heading("Layers in which all are mixed")
        return _draw_range(params, status, controls)

    def _has_rows(self, region: Region, strength: Control) -> bool:
        """Whether the values of the chosen region are shown: also while a hand weakens it to 0."""
        is_held = self._shown == self._chosen and imgui.is_any_item_active()
        has_rows = region.strength != 0.0 or strength.is_bound or is_held
        self._shown = self._chosen if has_rows else ""
        return has_rows

    def _draw_source(self, params: Params, status: Status, controls: Controls, path: str) -> Params:
        params = leaf_row(params, controls, f"{path}.source")
        region: Region = getattr(params.regions, self._chosen)
        if region.source == "library":
            entry = entry_row(f"{path}.entry", region.entry, status)
            if entry != region.entry:
                params = with_region(params, self._chosen, replace(region, entry=entry))
        elif region.source != "path":
            params = leaf_row(params, controls, f"{path}.seed")
            rows.label("")
            if imgui.button(f"{icons.DICE}  Another seed##region"):
                region = getattr(params.regions, self._chosen)
                region = replace(region, seed=self._throw(), between=0.0)
                params = with_region(params, self._chosen, region)
            widgets.tooltip("Another latent by chance")
            for name in ("between", "seed_speed") if region.source == "seeds" else ():
                params = leaf_row(params, controls, f"{path}.{name}")
        return params

    def _draw_pad(self, params: Params, status: Status) -> Params:
        """Draw the masks over the shape of the picture; a drag moves the one it begins at."""
        room, height = rows.room(), theme.px(theme.PAD_HEIGHT)
        corner = imgui.get_cursor_screen_pos()
        imgui.invisible_button("##masks", imgui.ImVec2(max(room, 1.0), height))
        is_active, is_hovered = imgui.is_item_active(), imgui.is_item_hovered()
        widgets.tooltip(_HELP)
        frame = _pad_frame(params, status, (corner.x, corner.y), (room, height))
        draw = imgui.get_window_draw_list()
        end = (corner.x + room, corner.y + height)
        draw.add_rect_filled(corner, end, theme.u32(theme.LINE), theme.px(theme.ROUNDING))
        edges = (frame.x, frame.y), (frame.x + frame.width, frame.y + frame.height)
        draw.add_rect_filled(*edges, theme.u32(theme.FIELD))
        places: dict[str, Point] = {}
        for name, region in regions_on(params.regions):
            mask = mask_at(name, region, status.player.motion, frame.aspect)
            draw_mask(draw, frame, name, mask)
            places[name] = frame.to_screen(mask.x, mask.y)
        draw.push_clip_rect(corner, end, True)
        for name, at in places.items():
            draw_handle(draw, at, name, is_chosen=name == self._chosen)
        draw.pop_clip_rect()
        mouse = imgui.get_mouse_pos()
        near = nearest_handle(places, (mouse.x, mouse.y), 1.5 * handle_radius())
        if is_hovered and imgui.is_mouse_clicked(imgui.MouseButton_.left):
            self._held = near
            self._chosen = near or self._chosen
        self._held = self._held if is_active else ""
        if (near and is_hovered) or self._held:
            imgui.set_mouse_cursor(imgui.MouseCursor_.resize_all)
        return moved(params, self._held, frame) if self._held else params


def moved(params: Params, name: str, frame: Frame) -> Params:
    """Return `params` with a mask moved as the mouse was since the last frame."""
    delta = imgui.get_io().mouse_delta
    x, y = frame.step(delta.x, delta.y)
    if x == y == 0.0:
        return params
    region: Region = getattr(params.regions, name)
    region = replace(region, x=round(region.x + x, 5), y=round(region.y + y, 5))
    return with_region(params, name, region)


def with_region(params: Params, name: str, region: Region) -> Params:
    """Return `params` with one region replaced."""
    return replace(params, regions=replace(params.regions, **{name: region}))


def _pad_frame(params: Params, status: Status, corner: Point, size: Point) -> Frame:
    """Return where the picture lies on the pad, as large as fits."""
    network = shown_network(params, status.engine.networks)
    own = network.dimensions if network is not None else (1, 1)
    width, height = canvas_size(params.canvas, own)
    scale = min(size[0] / width, size[1] / height)
    width, height = width * scale, height * scale
    x, y = corner[0] + (size[0] - width) / 2.0, corner[1] + (size[1] - height) / 2.0
    return Frame.of((x, y), (width, height), params.view)


def _draw_file(params: Params, name: str, emit: Emit) -> Params:
    """The picture that is a mask, by its name, and what opens another one."""
    region: Region = getattr(params.regions, name)
    if rows.label("Picture", not region.file, "A PNG: white is this latent."):
        params = with_region(params, name, replace(region, file=""))
    text = PurePath(region.file).name or "Open a PNG…"
    room = rows.room()
    text = widgets.elided(text, room - 2 * imgui.get_style().frame_padding.x)
    if imgui.button(f"{text}##mask file", imgui.ImVec2(room, 0.0)):
        emit(ChooseMask(name))
    widgets.tooltip(region.file or "Choose the picture that is the mask")
    return params


def _draw_range(params: Params, status: Status, controls: Controls) -> Params:
    network = shown_network(params, status.engine.networks)
    last = network.num_ws - 1 if network is not None else 17
    for name in ("first_row", "last_row"):
        params = leaf_row(params, controls, f"regions.{name}", usual=(0, last))
    return params
