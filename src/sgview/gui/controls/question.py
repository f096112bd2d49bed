"""A question in the middle of the window, which stands until it is answered."""

from __future__ import annotations

from collections.abc import Callable

from imgui_bundle import imgui

from sgview.gui import theme


def draw_question(
    name: str,  # title and identity; a popup that the caller opens once
    draw: Callable[[], None],  # what is in it
    cancel: Callable[[], None],  # called on Escape
) -> None:
    """Draw a question that was opened and is not answered yet."""
    viewport = imgui.get_main_viewport()
    imgui.set_next_window_pos(viewport.get_center(), pivot=imgui.ImVec2(0.5, 0.5))
    width = min(theme.px(theme.PROMPT_WIDTH), viewport.size.x - theme.px(theme.GAP_LARGE))
    imgui.set_next_window_size(imgui.ImVec2(width, 0.0))
    flags = imgui.WindowFlags_.no_saved_settings | imgui.WindowFlags_.no_resize
    if imgui.begin_popup_modal(name, None, flags)[0]:
        draw()
        imgui.end_popup()
    elif imgui.is_key_pressed(imgui.Key.escape, False):
        cancel()
    else:
        # Something else took the focus and closed it, but the question stands.
        imgui.open_popup(name)
