"""What lies in the middle of the window when there is no picture."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.emit import Emit
from sgview.state.commands import ChooseNetwork

Rect = tuple[float, float, float, float]
OVERLAY = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_docking
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_focus_on_appearing
    | imgui.WindowFlags_.no_bring_to_front_on_focus
    | imgui.WindowFlags_.always_auto_resize
)


def mouse_over(rect: Rect) -> tuple[float, float, bool]:
    """Where the mouse is over `rect`, x right and y up in 0..1, and whether it is pressed there."""
    io = imgui.get_io()
    x, y, width, height = rect
    across = (io.mouse_pos.x - x) / max(width, 1.0)
    up = 1.0 - (io.mouse_pos.y - y) / max(height, 1.0)
    is_inside = 0.0 <= across <= 1.0 and 0.0 <= up <= 1.0
    is_down = is_inside and imgui.is_mouse_down(0) and not io.want_capture_mouse
    return min(max(across, 0.0), 1.0), min(max(up, 0.0), 1.0), is_down


def draw_invitation(rect: Rect, emit: Emit | None) -> None:
    """Say in the centre of `rect` how to begin; `emit` None leaves the button out."""
    x, y, width, height = rect
    if width < theme.px(theme.SMALLEST_PICTURE) or height < theme.px(theme.SMALLEST_PICTURE):
        return
    imgui.set_next_window_pos(
        imgui.ImVec2(x + width / 2, y + height / 2), pivot=imgui.ImVec2(0.5, 0.5)
    )
    imgui.begin("##invitation", None, OVERLAY | imgui.WindowFlags_.no_background)
    lines = (
        (icons.DROP, theme.HUGE, theme.TEXT_FAINT),
        ("Drop a .pkl here", theme.LARGE, theme.TEXT),
        ("A StyleGAN2 or StyleGAN3 network. F1 shows the keys.", 1.0, theme.TEXT_DIM),
    )
    room = max(_line_width(text, size) for text, size, _ in lines)
    if room > width:
        lines, room = lines[:2], max(_line_width(text, size) for text, size, _ in lines[:2])
    left = imgui.get_cursor_pos_x()
    for text, size, colour in lines:
        theme.push_face("text", size)
        imgui.set_cursor_pos_x(left + (room - imgui.calc_text_size(text).x) / 2)
        widgets.text(text, colour)
        imgui.pop_font()
    if emit is not None:
        label = "Choose a file…"
        pad = imgui.get_style().frame_padding.x
        button = imgui.calc_text_size(label).x + 4 * pad
        imgui.dummy(imgui.ImVec2(0.0, theme.px(theme.GAP_SMALL)))
        imgui.set_cursor_pos_x(left + (room - button) / 2)
        if imgui.button(label, imgui.ImVec2(button, 0.0)):
            emit(ChooseNetwork("a"))
    imgui.end()


def draw_starting(text: str) -> None:
    """Say in the middle of the window what it waits for before anything plays."""
    theme.push_face("text", theme.LARGE)
    size, room = imgui.calc_text_size(text), imgui.get_io().display_size
    place = imgui.ImVec2((room.x - size.x) / 2, (room.y - size.y) / 2)
    imgui.get_background_draw_list().add_text(place, theme.u32(theme.TEXT_DIM), text)
    imgui.pop_font()


def _line_width(text: str, size: float) -> float:
    theme.push_face("text", size)
    width = imgui.calc_text_size(text).x
    imgui.pop_font()
    return width
