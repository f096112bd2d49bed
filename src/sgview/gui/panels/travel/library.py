"""The grid of the library: latents as files, and saving what plays as one."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.gui.panels.travel.going import go
from sgview.gui.panels.travel.strip import replace_path
from sgview.state.commands import SaveLatent
from sgview.state.journeys import add_key, go_to
from sgview.state.latent_places import FilePlace
from sgview.state.params import Params
from sgview.state.status import LatentStatus, Status

_EMPTY = (
    "Latents of projectors and editors are played from here: .npy, .npz, .pt and .safetensors, "
    "dropped on the window or put into the folder for latents. The first cell saves what plays."
)


def draw_library(params: Params, status: Status, emit: Emit) -> Params:
    """Draw a cell for each latent, and one that saves."""
    gap = theme.px(theme.GAP_SMALL)
    room = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
    columns = max(1, int((room + gap) / (theme.px(theme.LATENT_WIDTH) + gap)))
    side = (room - gap * (columns - 1)) / columns
    cells: list[LatentStatus | None] = [None, *status.show.library]
    for index, latent in enumerate(cells):
        if index % columns:
            imgui.same_line(0.0, gap)
        imgui.begin_group()
        if latent is None:
            _draw_new(side, emit)
        else:
            params = _draw_latent(latent, side, params, emit)
        imgui.end_group()
    if len(cells) == 1:
        widgets.paragraph(_EMPTY)
    return params


def _draw_new(side: float, emit: Emit) -> None:
    corner = imgui.get_cursor_screen_pos()
    if imgui.invisible_button("##save latent", imgui.ImVec2(side, side)):
        emit(SaveLatent())
    is_hovered = imgui.is_item_hovered()
    widgets.tooltip("Save the latent that plays", "With the network's name, and a picture.")
    end = imgui.ImVec2(corner.x + side, corner.y + side)
    draw = imgui.get_window_draw_list()
    colour = theme.FIELD if is_hovered else theme.CARD
    draw.add_rect_filled(corner, end, theme.u32(colour), theme.px(theme.ROUNDING))
    size = imgui.calc_text_size(icons.ADD)
    at = (corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
    draw.add_text(at, theme.u32(theme.TEXT if is_hovered else theme.TEXT_DIM), icons.ADD)
    widgets.text("Save", theme.TEXT_DIM, side)


def _draw_latent(latent: LatentStatus, side: float, params: Params, emit: Emit) -> Params:
    corner = imgui.get_cursor_screen_pos()
    if imgui.invisible_button(f"##latent {latent.name}", imgui.ImVec2(side, side)):
        params = go(go_to(params, FilePlace(latent.name)), emit)
    is_hovered = imgui.is_item_hovered()
    widgets.tooltip(latent.name, "Right-click adds it to the path.")
    if imgui.is_item_clicked(imgui.MouseButton_.right):
        path = add_key(params.latents.path, f"file {latent.name}")
        params = replace_path(params, path)
    end = imgui.ImVec2(corner.x + side, corner.y + side)
    draw, rounding = imgui.get_window_draw_list(), theme.px(theme.ROUNDING)
    if latent.texture:
        draw.add_image_rounded(
            imgui.ImTextureRef(latent.texture), corner, end,
            imgui.ImVec2(0.0, 0.0), imgui.ImVec2(1.0, 1.0), 0xFFFFFFFF, rounding,
        )  # fmt: skip
    else:
        draw.add_rect_filled(corner, end, theme.u32(theme.CARD), rounding)
        size = imgui.calc_text_size(icons.IMAGE)
        at = (corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
        draw.add_text(at, theme.u32(theme.TEXT_FAINT), icons.IMAGE)
    is_current = params.latents.source == "library" and params.latents.entry == latent.name
    if is_current or is_hovered:
        colour = theme.ACCENT if is_current else theme.TEXT_DIM
        thickness = max(2.0, round(theme.px(theme.BAR_LINE)))
        draw.add_rect(corner, end, theme.u32(colour), rounding, thickness=thickness)
    widgets.text(latent.name, theme.TEXT if is_current else theme.TEXT_DIM, side)
    return params
