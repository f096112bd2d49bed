"""Small pictures in a grid: of looks, latents and places."""

from __future__ import annotations

from collections.abc import Iterator

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets


def grid(
    count: int,
    least: float,  # side of a cell at least [em]
    margin: float = 0.0,  # left free at the right [px]
) -> Iterator[tuple[int, float]]:
    """Lay out cells of one size, as many a line as fit.

    Yields:
        The index of the cell to draw now, and its side [px].
    """
    gap = theme.px(theme.GAP_SMALL)
    room = imgui.get_content_region_avail().x - margin
    columns = max(1, int((room + gap) / (theme.px(least) + gap)))
    side = (room - gap * (columns - 1)) / columns
    for index in range(count):
        if index % columns:
            imgui.same_line(0.0, gap)
        imgui.begin_group()
        yield index, side
        imgui.end_group()


def draw_picture(
    corner: imgui.ImVec2,  # top left
    end: imgui.ImVec2,
    texture: int,  # 0: there is none
    text: str,  # in its place
    colour: theme.Rgba = theme.TEXT_FAINT,  # of the text
) -> None:
    """Draw a picture with round corners, or a card with a few letters or a sign."""
    draw, rounding = imgui.get_window_draw_list(), theme.px(theme.ROUNDING)
    if texture:
        draw.add_image_rounded(
            imgui.ImTextureRef(texture), corner, end,
            imgui.ImVec2(0.0, 0.0), imgui.ImVec2(1.0, 1.0), 0xFFFFFFFF, rounding,
        )  # fmt: skip
        return
    draw.add_rect_filled(corner, end, theme.u32(theme.CARD), rounding)
    _draw_centred(corner, end, text, colour)


def draw_outline(corner: imgui.ImVec2, end: imgui.ImVec2, colour: theme.Rgba) -> None:
    """Draw a frame around a picture."""
    thickness = max(2.0, round(theme.px(theme.BAR_LINE)))
    imgui.get_window_draw_list().add_rect(
        corner, end, theme.u32(colour), theme.px(theme.ROUNDING), thickness=thickness
    )


def save_button(name: str, side: float, help: str, note: str = "") -> bool:
    """Draw the cell that saves what plays; return whether it is pressed.

    Args:
        name: of what is saved, for ImGui.
        side: of the cell [px].
        help: what it does, for its tooltip.
        note: what more is to say there.
    """
    corner = imgui.get_cursor_screen_pos()
    is_pressed = imgui.invisible_button(f"##save {name}", imgui.ImVec2(side, side))
    is_hovered = imgui.is_item_hovered()
    widgets.tooltip(help, note)
    end = imgui.ImVec2(corner.x + side, corner.y + side)
    colour = theme.FIELD if is_hovered else theme.CARD
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(corner, end, theme.u32(colour), theme.px(theme.ROUNDING))
    _draw_centred(corner, end, icons.ADD, theme.TEXT if is_hovered else theme.TEXT_DIM)
    widgets.text("Save", theme.TEXT_DIM, side)
    return is_pressed


def _draw_centred(corner: imgui.ImVec2, end: imgui.ImVec2, text: str, colour: theme.Rgba) -> None:
    size = imgui.calc_text_size(text)
    at = ((corner.x + end.x - size.x) / 2, (corner.y + end.y - size.y) / 2)
    imgui.get_window_draw_list().add_text(at, theme.u32(colour), text)
