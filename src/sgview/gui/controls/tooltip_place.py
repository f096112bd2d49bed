"""Where a tooltip comes: never upon the rows below, which a hand on its way down wants to see.

What is longer than the name of a button stands beside the window of its item, over the picture.
"""

from __future__ import annotations

from typing import NamedTuple

from imgui_bundle import imgui

from sgview.gui import theme

_NAME = "##Tooltip_00"  # of the window, as Dear ImGui names it


class Box(NamedTuple):
    """A rectangle on the screen [px]."""

    left: float
    top: float
    right: float
    bottom: float


def begin_tooltip(
    width: float,  # of what is in it [px]
    height: float,
) -> bool:
    """Begin the tooltip of the last item; `imgui.end_tooltip` ends it if this returned True.

    A second one in the same frame goes on below the first.
    """
    begun = imgui.internal.find_window_by_name(_NAME)
    if begun is None or begun.last_frame_active != imgui.get_frame_count():
        margin = imgui.get_style().window_padding
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        panel = imgui.internal.get_current_window().root_window
        screen = imgui.get_window_viewport()
        is_line = height < 1.5 * imgui.get_text_line_height()
        at, pivot = place_beside(
            (width + 2 * margin.x, height + 2 * margin.y),
            Box(low.x, low.y, high.x, high.y),
            Box(panel.pos.x, panel.pos.y, panel.pos.x + panel.size.x, panel.pos.y + panel.size.y),
            Box(*screen.pos, *(screen.pos + screen.size)),
            gap=theme.px(theme.GAP_TINY),
            inset=margin.y,
            is_name=is_line and width < theme.px(theme.NAME_WIDTH),
        )
        imgui.set_next_window_pos(imgui.ImVec2(*at), pivot=imgui.ImVec2(*pivot))
    return imgui.begin_tooltip()


def place_beside(
    size: tuple[float, float],
    item: Box,
    panel: Box,
    screen: Box,
    *,
    gap: float,
    inset: float,
    is_name: bool,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where a tooltip is [px], and which of its points that is, (0, 0)..(1, 1).

    Args:
        size: its width and height.
        item: what it explains.
        panel: the window of that.
        screen: in which it must lie.
        gap: that is left between.
        inset: of its text, which stands as high as that of the item.
        is_name: it is short and may stand above the item, near the mouse.
    """
    width, height = size
    on_left, on_right = panel.left - screen.left, screen.right - panel.right
    if is_name or max(on_left, on_right) < width + gap:
        x = (item.left + item.right) / 2
        x = min(max(x, screen.left + gap + width / 2), screen.right - gap - width / 2)
        has_room = item.top - gap - height >= screen.top
        return (x, item.top - gap if has_room else item.bottom + gap), (0.5, float(has_room))
    y = max(min(item.top - inset, screen.bottom - height), screen.top)
    return (
        ((panel.left - gap, y), (1.0, 0.0))
        if on_left > on_right
        else ((panel.right + gap, y), (0.0, 0.0))
    )
