"""Toasts over the picture: what went wrong, and what to do about it."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.gui.picture_area import OVERLAY, Rect
from sgview.state.commands import DismissNotice, WakePart
from sgview.state.status import Notice, Status

_SIGNS = {
    "info": (icons.INFO, theme.ACCENT),
    "warning": (icons.WARNING, theme.WARNING),
    "error": (icons.ERROR, theme.ERROR),
}


def draw_notices(rect: Rect, status: Status, emit: Emit) -> None:
    """Stack the newest notices upwards from the bottom left corner of `rect`."""
    x, y, width, height = rect
    margin = theme.px(theme.GAP)
    room = min(theme.px(theme.TOAST_WIDTH), width - 2 * margin)
    is_over_panels = room < theme.px(theme.TOAST_NARROWEST)
    if is_over_panels:
        # No room beside the panels: the notice matters more than what it covers.
        room = min(theme.px(theme.TOAST_WIDTH), imgui.get_main_viewport().size.x - 2 * margin)
    bottom = y + height - margin
    shown = status.notices[-theme.TOASTS_SHOWN :]
    for notice in reversed(shown):
        bottom -= _toast(notice, x + margin, bottom, room, emit, is_over_panels) + margin * 0.5
        if bottom < y + margin:
            break


def _toast(
    notice: Notice, x: float, bottom: float, width: float, emit: Emit, is_over_panels: bool
) -> float:
    """Draw one notice that ends at `bottom`; returns its height [px]."""
    imgui.set_next_window_pos(imgui.ImVec2(x, bottom), pivot=imgui.ImVec2(0.0, 1.0))
    imgui.set_next_window_size(imgui.ImVec2(width, 0.0))
    imgui.push_style_color(imgui.Col_.window_bg, theme.OVER_PICTURE)
    padding = imgui.ImVec2(theme.px(theme.GAP), theme.px(theme.GAP_SMALL))
    imgui.push_style_var(imgui.StyleVar_.window_padding, padding)
    imgui.begin(f"##notice {notice.id}", None, OVERLAY & ~imgui.WindowFlags_.always_auto_resize)
    if is_over_panels and not imgui.is_popup_open("", imgui.PopupFlags_.any_popup):
        # A click on a panel has brought it to the front.
        imgui.internal.bring_window_to_display_front(imgui.internal.get_current_window())
    icon, colour = _SIGNS[notice.level]
    corner, height = imgui.get_window_pos(), imgui.get_window_height()
    stripe = (corner.x + max(2.0, theme.px(theme.STRIPE)), corner.y + height)
    rounding = imgui.get_style().window_rounding
    left = imgui.ImDrawFlags_.round_left
    imgui.get_window_draw_list().add_rect_filled(corner, stripe, theme.u32(colour), rounding, left)
    imgui.align_text_to_frame_padding()
    widgets.text(icon, colour)
    imgui.same_line()
    text_left = imgui.get_cursor_pos_x()
    right = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x
    button = imgui.get_frame_height()
    imgui.begin_group()
    room = right - button - theme.px(theme.GAP_TINY) - text_left
    imgui.align_text_to_frame_padding()
    repeats = f"  (×{notice.repeats})" if notice.repeats > 1 else ""
    imgui.text_unformatted(widgets.wrapped(notice.text + repeats, room))
    if notice.hint:
        imgui.push_style_color(imgui.Col_.text, theme.TEXT_DIM)
        imgui.text_unformatted(widgets.wrapped(notice.hint, room))
        imgui.pop_style_color()
    if notice.resting and imgui.button(f"Try it again##wake {notice.id}"):
        emit(WakePart(notice.resting))
    if notice.offer is not None and imgui.button(f"{notice.offer.label}##offer {notice.id}"):
        emit(notice.offer.command)
        emit(DismissNotice(notice.id))
    imgui.end_group()
    imgui.same_line()
    imgui.set_cursor_pos_x(max(right - button, text_left))
    if widgets.icon_button(icons.CLOSE, f"dismiss {notice.id}", colour=theme.TEXT_DIM):
        emit(DismissNotice(notice.id))
    imgui.end()
    imgui.pop_style_var()
    imgui.pop_style_color()
    return height
