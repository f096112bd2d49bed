"""The strip of places that have played: a click goes there, the star keeps one."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, thumbnails, widgets
from sgview.gui.panels import Emit
from sgview.gui.panels.travel.going import go, in_words
from sgview.state.commands import KeepPlace
from sgview.state.journeys import add_key, go_to, is_from, shown_place
from sgview.state.latent_places import FilePlace, NoisePlace, SeedPlace, read_place
from sgview.state.params import Params, Path
from sgview.state.status import Status, VisitedStatus

_ROWS = 2  # of thumbnails in sight; the rest is scrolled to


def draw_strip(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the thumbnails, in an order that no click changes."""
    visits = status.show.visited
    gap = theme.px(theme.GAP_TINY)
    room = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
    columns = max(1, int((room + gap) / (theme.px(theme.VISIT) + gap)))
    side = int((room - gap * (columns - 1)) / columns)
    size = imgui.ImVec2(0.0, _ROWS * (side + gap))  # as high when it is empty: nothing jumps
    imgui.push_style_var(imgui.StyleVar_.item_spacing, imgui.ImVec2(gap, gap))
    imgui.begin_child("##visited", size)
    here = _here(params, status)
    for index, visit in enumerate(visits):
        if index % columns:
            imgui.same_line(0.0, gap)
        imgui.begin_group()
        params = _draw_visit(visit, side, here, params, emit)
        imgui.end_group()
    for index in range(len(visits), _ROWS * columns):
        if index % columns:
            imgui.same_line(0.0, gap)
        _draw_free(side)
    imgui.end_child()
    imgui.pop_style_var()
    return params


def _here(params: Params, status: Status) -> str:
    """Return the visit where the source is, or set out from: it may have moved on since."""
    names = [visit.place for visit in status.show.visited]
    here = str(shown_place(params, status.player.motion))
    if here in names:
        return here
    return next((name for name in names if is_from(params, read_place(name))), "")


def _draw_free(side: float) -> None:
    """Draw a cell that waits for a place."""
    corner = imgui.get_cursor_screen_pos()
    imgui.dummy(imgui.ImVec2(side, side))
    end = imgui.ImVec2(corner.x + side, corner.y + side)
    shade = theme.u32(theme.faded(theme.CARD, 0.6))
    imgui.get_window_draw_list().add_rect_filled(corner, end, shade, theme.px(theme.ROUNDING))


def _draw_visit(visit: VisitedStatus, side: float, here: str, params: Params, emit: Emit) -> Params:
    corner = imgui.get_cursor_screen_pos()
    imgui.set_next_item_allow_overlap()  # of the star
    if imgui.invisible_button(f"##visit {visit.place}", imgui.ImVec2(side, side)):
        params = go(go_to(params, read_place(visit.place)), emit)
    is_key = not isinstance(read_place(visit.place), NoisePlace)
    note = "A click goes there, on the star keeps it."
    widgets.tooltip(
        in_words(visit.place), note + " Right-click adds it to the path." if is_key else note
    )
    params = _draw_menu(visit, params, emit)
    end = imgui.ImVec2(corner.x + side, corner.y + side)
    is_over = imgui.is_window_hovered(imgui.HoveredFlags_.allow_when_blocked_by_active_item)
    is_hovered = is_over and imgui.is_mouse_hovering_rect(corner, end)
    name = "" if visit.texture else widgets.elided(_short(visit.place), side)
    thumbnails.draw_picture(corner, end, visit.texture, name, theme.TEXT_DIM)
    if visit.place == here or is_hovered:
        colour = theme.ACCENT if visit.place == here else theme.TEXT_DIM
        thumbnails.draw_outline(corner, end, colour)
    if visit.is_kept or is_hovered:
        _draw_star(visit, corner, side, emit)
    return params


def _short(place: str) -> str:
    """Return what stands for a place that has no picture yet: its seed, or its file."""
    match read_place(place):
        case SeedPlace(number):
            return f"{number:.1f}".removesuffix(".0")
        case FilePlace(name):
            return name
        case other:
            return str(other.seed)


def _draw_star(visit: VisitedStatus, corner: imgui.ImVec2, side: float, emit: Emit) -> None:
    """Draw the star in the corner of a thumbnail: a click keeps the place, or lets it go."""
    size = imgui.calc_text_size(icons.STAR)
    pad = theme.px(theme.GAP_TINY) / 2
    imgui.set_cursor_screen_pos((corner.x + side - size.x - 2 * pad, corner.y))
    area = imgui.ImVec2(size.x + 2 * pad, size.y + 2 * pad)
    if imgui.invisible_button(f"##star {visit.place}", area):
        emit(KeepPlace(visit.place, not visit.is_kept))
    is_lit = visit.is_kept != imgui.is_item_hovered()
    at = (corner.x + side - size.x - pad, corner.y + pad)
    draw = imgui.get_window_draw_list()
    draw.add_text((at[0] + 1, at[1] + 1), theme.u32(theme.OVER_PICTURE), icons.STAR)
    colour = theme.WARNING if is_lit else theme.faded(theme.TEXT, 0.7)
    draw.add_text(at, theme.u32(colour), icons.STAR)


def _draw_menu(visit: VisitedStatus, params: Params, emit: Emit) -> Params:
    if not imgui.begin_popup_context_item(f"##menu {visit.place}"):
        return params
    widgets.text(in_words(visit.place), theme.TEXT_DIM)
    if imgui.selectable("Let it go" if visit.is_kept else "Keep it", False)[0]:
        emit(KeepPlace(visit.place, not visit.is_kept))
    is_key = not isinstance(read_place(visit.place), NoisePlace)
    imgui.begin_disabled(not is_key)
    if imgui.selectable("Add to the path", False)[0]:
        path = add_key(params.latents.path, visit.place)
        params = replace_path(params, path)
    imgui.end_disabled()
    if not is_key:
        widgets.text("A path has no noise: save it as a latent first.", theme.TEXT_FAINT)
    imgui.end_popup()
    return params


def replace_path(params: Params, path: Path) -> Params:
    """Return `params` with another path."""
    return replace(params, latents=replace(params.latents, path=path))
