"""A row of cells, one for each row of w from coarse to fine, that amounts are painted on."""

from __future__ import annotations

from collections.abc import Callable

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.controls.control import Control

HELP = (
    "How much of the second source is in each row of w, from coarse on the left to fine on the "
    "right: drag to paint. Right-click a cell for its exact amount, also beyond 0 and 1."
)
_ENDS = "coarse", "fine"


class RowCells:
    """Remembers where the brush was, and which cell has its menu open."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None
        self._chosen = 0

    def __call__(
        self,
        amounts: tuple[float, ...],  # one for each cell
        controls: Callable[[int], Control],
        edit: Callable[[int], float],  # draws one amount in a menu, and returns it
    ) -> tuple[float, ...]:
        """Draw the cells, and return what they hold then."""
        count = len(amounts)
        corner = imgui.get_cursor_screen_pos()
        width = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
        height = theme.px(theme.CELL_HEIGHT)
        imgui.invisible_button("##rows of w", imgui.ImVec2(width, height))
        is_painting, is_hovered = imgui.is_item_active(), imgui.is_item_hovered()
        mouse = imgui.get_mouse_pos()
        place = min(max(int((mouse.x - corner.x) / width * count), 0), count - 1)
        painted = list(amounts)
        if is_painting:
            level = round(min(max(1.0 - (mouse.y - corner.y) / height, 0.0), 1.0), 2)
            self._paint(painted, controls, place, _snapped(level))
        else:
            self._last = None
        if is_hovered and imgui.is_mouse_clicked(imgui.MouseButton_.right):
            self._chosen = place
            imgui.open_popup("##row menu")
        if not is_painting and not imgui.is_popup_open("##row menu"):
            widgets.tooltip(HELP)
        shown = [controls(row).shown(amount) for row, amount in enumerate(painted)]
        _draw(corner, width, height, shown, controls, place if is_hovered else -1)
        if not any(painted):
            _draw_hint(corner, width, height)
        if imgui.begin_popup("##row menu"):
            row = min(self._chosen, count - 1)
            widgets.text(f"Row {row} of {count}", theme.TEXT_DIM)
            imgui.dummy(imgui.ImVec2(theme.px(theme.MENU_WIDTH), 0.0))
            painted[row] = edit(row)
            imgui.end_popup()
        return tuple(painted)

    def _paint(
        self, painted: list[float], controls: Callable[[int], Control], place: int, level: float
    ) -> None:
        """Paint from where the brush was to where it is: a quick hand skips no cell."""
        before, old = self._last or (place, level)
        step = 1 if place >= before else -1
        for row in range(before, place + step, step):
            share = 1.0 if place == before else (row - before) / (place - before)
            if not controls(row).is_bound:
                painted[row] = round(old + (level - old) * share, 2)
        self._last = (place, level)


def _snapped(level: float) -> float:
    """Return 0 and 1 for what is near: the edges are hard to hit."""
    return 0.0 if level < 0.06 else 1.0 if level > 0.94 else level


def _draw(
    corner: imgui.ImVec2,
    width: float,
    height: float,
    amounts: list[float],
    controls: Callable[[int], Control],
    hovered: int,
) -> None:
    draw, count = imgui.get_window_draw_list(), len(amounts)
    gap = max(1.0, round(theme.px(theme.HAIRLINE)))
    rounding = theme.px(theme.ROUNDING) / 2
    for row, amount in enumerate(amounts):
        left = round(corner.x + width * row / count)
        right = round(corner.x + width * (row + 1) / count - gap)
        bottom = corner.y + height
        back = theme.FIELD if row == hovered else theme.BAR
        draw.add_rect_filled((left, corner.y), (right, bottom), theme.u32(back), rounding)
        control = controls(row)
        level = min(max(abs(amount), 0.0), 1.0)
        if level > 0.0:
            fill = control.colour if control.is_bound else theme.ACCENT
            fill = theme.WARNING if amount < 0.0 or amount > 1.0 else fill
            top = bottom - max(level * height, 2.0)
            draw.add_rect_filled((left, top), (right, bottom), theme.u32(fill), rounding)


def _draw_hint(corner: imgui.ImVec2, width: float, height: float) -> None:
    """Say what empty cells are, over them."""
    draw, shade = imgui.get_window_draw_list(), theme.u32(theme.TEXT_FAINT)
    pad = theme.px(theme.GAP_SMALL)
    for text, place in ((_ENDS[0], 0.0), ("drag to paint", 0.5), (_ENDS[1], 1.0)):
        size = imgui.calc_text_size(text)
        left = corner.x + pad + (width - 2 * pad - size.x) * place
        draw.add_text((left, corner.y + (height - size.y) / 2), shade, text)
