"""The grid of the library: latents as files, and saving what plays as one."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, thumbnails, widgets
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

_SAVE = ("Save the latent that plays", "With the network's name, and a picture.")


def draw_library(params: Params, status: Status, emit: Emit) -> Params:
    """Draw a cell for each latent, and one that saves."""
    latents, margin = status.show.library, theme.px(theme.DOT_COLUMN)
    for index, side in thumbnails.grid(1 + len(latents), theme.LATENT_WIDTH, margin):
        if index:
            params = _draw_latent(latents[index - 1], side, params, emit)
        elif thumbnails.save_button("latent", side, *_SAVE):
            emit(SaveLatent())
    if not latents:
        widgets.paragraph(_EMPTY)
    return params


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
    thumbnails.draw_picture(corner, end, latent.texture, icons.IMAGE)
    is_current = params.latents.source == "library" and params.latents.entry == latent.name
    if is_current or is_hovered:
        thumbnails.draw_outline(corner, end, theme.ACCENT if is_current else theme.TEXT_DIM)
    widgets.text(latent.name, theme.TEXT if is_current else theme.TEXT_DIM, side)
    return params
