"""The list of everything that can be written in an expression."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.state.language import WORDS


def draw_words() -> str | None:
    """Draw the list, by groups; the example of a line in the frame it is clicked."""
    chosen: str | None = None
    line = imgui.get_text_line_height_with_spacing()
    imgui.push_style_color(imgui.Col_.child_bg, theme.BAR)
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(theme.px(0.5), line * 0.2))
    flags = imgui.ChildFlags_.always_use_window_padding
    imgui.begin_child("##words", imgui.ImVec2(0.0, line * theme.FUNCTION_ROWS), flags)
    width = imgui.get_content_region_avail().x
    group = ""
    for word in WORDS:
        if word.group != group:
            group = word.group
            widgets.text(group, theme.TEXT_FAINT)
        left = imgui.get_cursor_pos_x()
        if imgui.selectable(f"##word {word.usage}", False)[0]:
            chosen = word.example
        widgets.tooltip(f"{word.usage}\n{word.help}.", f"A click adds {word.example}")
        imgui.same_line(left)
        theme.push_face("mono")
        widgets.text(widgets.elided(word.usage, width * theme.FUNCTION_COLUMN - theme.px(0.5)))
        imgui.pop_font()
        imgui.same_line(left + width * theme.FUNCTION_COLUMN)
        widgets.text(widgets.elided(word.help, width * (1 - theme.FUNCTION_COLUMN)), theme.TEXT_DIM)
    imgui.end_child()
    imgui.pop_style_var()
    imgui.pop_style_color()
    return chosen
