"""The sheet of all keys, laid over the picture by F1."""

from __future__ import annotations

from collections.abc import Sequence

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.hotkeys import Hotkey

_FLAGS = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_docking
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_focus_on_appearing
)
_MOST_COLUMNS = 3  # of a size that a projector of 720 lines shows whole
_HEADING_ROWS = 1.5  # height of a heading with the gap above it, in rows
_MOUSE = {
    "Mouse, on any number": (
        ("Drag", "Change a number"),
        ("Shift, Alt + drag", "Faster, slower"),
        ("Double click", "Type a number, beyond the bar too"),
        ("Right click", "Reset to the default"),
    ),
    "Mouse, on the picture": (
        ("Right drag", "Move it, turn it outside of the ring"),
        ("Right held, wheel", "Zoom it (StyleGAN3)"),
        ("Drag a number", "Move the mask of a region"),
    ),
}


def draw_key_sheet(table: Sequence[Hotkey], shade: theme.Rgba = theme.SHADE) -> bool:
    """Draw the sheet over everything; False once a click puts it away.

    Args:
        table: the keys.
        shade: over everything below the sheet.
    """
    viewport = imgui.get_main_viewport()
    _draw_shade(viewport, shade)
    wide = viewport.size.x - theme.px(theme.SHEET_MARGIN)
    columns = int(wide / theme.px(theme.SHEET_COLUMN + theme.SHEET_GUTTER))
    imgui.set_next_window_pos(viewport.get_center(), pivot=imgui.ImVec2(0.5, 0.5))
    imgui.set_next_window_size_constraints(imgui.ImVec2(0, 0), viewport.size * 0.96)
    padding = theme.px(theme.GAP_LARGE)
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(padding, padding * 0.8))
    imgui.push_style_color(imgui.Col_.window_bg, theme.POPUP)
    imgui.begin("##keys", None, _FLAGS | imgui.WindowFlags_.always_auto_resize)
    imgui.internal.bring_window_to_display_front(imgui.internal.get_current_window())
    _draw_sections(table, min(max(columns, 1), _MOST_COLUMNS))
    is_outside = imgui.is_mouse_clicked(0) and not imgui.is_window_hovered(
        imgui.HoveredFlags_.allow_when_blocked_by_popup
    )
    imgui.end()
    imgui.pop_style_color()
    imgui.pop_style_var()
    return not is_outside


def _draw_shade(viewport: imgui.Viewport, shade: theme.Rgba) -> None:
    """Darken everything below the sheet."""
    imgui.set_next_window_pos(viewport.pos)
    imgui.set_next_window_size(viewport.size)
    imgui.push_style_color(imgui.Col_.window_bg, shade)
    imgui.push_style_var(imgui.StyleVar_.window_rounding, 0.0)
    imgui.push_style_var(imgui.StyleVar_.window_border_size, 0.0)
    imgui.begin("##shade", None, _FLAGS)
    imgui.internal.bring_window_to_display_front(imgui.internal.get_current_window())
    imgui.end()
    imgui.pop_style_var(2)
    imgui.pop_style_color()


def _draw_sections(table: Sequence[Hotkey], columns: int) -> None:
    """Draw the sections from left to right, in columns of about the same height."""
    sections: dict[str, list[tuple[Sequence[str], str]]] = {}
    for hotkey in table:
        rows = sections.setdefault(hotkey.section, [])
        if hotkey.keys:
            rows.append((hotkey.keys, hotkey.text))
    for name, gestures in _MOUSE.items():
        sections[name] = [((gesture,), text) for gesture, text in gestures]
    total = sum(len(rows) + _HEADING_ROWS for rows in sections.values())
    column, above = 0, 0.0
    imgui.begin_group()
    for name, rows in sections.items():
        height = len(rows) + _HEADING_ROWS
        if int(columns * (above + height / 2) / total) > column:
            column += 1
            imgui.end_group()
            imgui.same_line(0.0, theme.px(theme.SHEET_GUTTER))
            imgui.begin_group()
        above += height
        _heading(name)
        for keys, text in rows:
            _key_row(keys, text)
        imgui.dummy(imgui.ImVec2(0.0, theme.px(theme.GAP_SMALL)))
    imgui.end_group()


def _heading(name: str) -> None:
    theme.push_face("strong")
    widgets.text(name, theme.ACCENT)
    imgui.pop_font()


def _key_row(keys: Sequence[str], text: str) -> None:
    """Key caps on the left, what they do in an aligned column on the right."""
    left = imgui.get_cursor_pos_x()
    for index, key in enumerate(keys):
        if index:
            imgui.same_line(0.0, theme.px(theme.GAP_TINY))
        _key_cap(key)
    imgui.same_line()
    # Keys of the user's own may be longer than the column.
    imgui.set_cursor_pos_x(max(left + theme.px(theme.SHEET_KEYS), imgui.get_cursor_pos_x()))
    imgui.align_text_to_frame_padding()
    widgets.text(text)
    imgui.same_line()
    imgui.set_cursor_pos_x(left + theme.px(theme.SHEET_COLUMN))
    imgui.dummy(imgui.ImVec2(0.0, 0.0))


def _key_cap(key: str) -> None:
    size = imgui.calc_text_size(key)
    height = imgui.get_frame_height()
    width = max(size.x + theme.px(theme.GAP), height)
    corner = imgui.get_cursor_screen_pos()
    imgui.dummy(imgui.ImVec2(width, height))
    draw = imgui.get_window_draw_list()
    end = (corner.x + width, corner.y + height - 1)
    draw.add_rect_filled(corner, end, theme.u32(theme.FIELD_ACTIVE), theme.px(theme.ROUNDING))
    at = (corner.x + (width - size.x) / 2, corner.y + (height - size.y) / 2 - 1)
    draw.add_text(at, theme.u32(theme.TEXT), key)
