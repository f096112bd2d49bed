"""The instrument's fader: a number that is dragged, drawn as a bar that fills as it grows.

The bar shows a usual range; the number itself is bound only by hard limits, if there are any.
Ctrl+click or double click types a number, Shift drags faster, Alt slower.
"""

from __future__ import annotations

import math

from imgui_bundle import imgui

from sgview.gui import theme

_INT_LIMIT = 2**31 - 1
_FLOAT_LIMIT = 3.0e38


def value_bar(
    name: str,
    value: float,
    low: float,
    high: float,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    format: str = "%.3f",
    is_filled: bool = True,
    is_driven: bool = False,
    tint: theme.Rgba | None = None,
    neutral: float = 0.0,
) -> float:
    """Drag a number.

    Args:
        name: ImGui id, unique in its window.
        value: the present number.
        low, high: usual range; dragging across the bar's width spans it.
        minimum, maximum: hard limits, None for none.
        format: printf format of one float.
        is_filled: draw the bar; False for numbers without a usual range.
        is_driven: something else sets the number: show it, do not accept input.
        tint: colour of what sets it; None: the accent.
        neutral: where the number does nothing, from which the bar fills.
    """
    width = imgui.calc_item_width()
    if is_filled:
        _draw_fill(name, value, low, high, width, is_driven, tint, neutral)
    speed = (high - low) / max(width, 1.0)
    bounds = _bounds(minimum, maximum, _FLOAT_LIMIT)
    imgui.push_style_var(imgui.StyleVar_.disabled_alpha, 0.8)
    imgui.begin_disabled(is_driven)
    is_changed, new = imgui.drag_float(name, value, speed, *bounds, format, _flags(bounds))
    imgui.end_disabled()
    imgui.pop_style_var()
    if is_filled:
        imgui.pop_style_color(3)
    _show_cursor(is_driven)
    # The widget works in single precision; seven digits keep 0.9 from becoming 0.89999998.
    if not is_changed or not math.isfinite(new):
        return value
    return float(f"{new:.7g}")


def integer_bar(
    name: str,
    value: int,
    low: int,
    high: int,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    format: str = "%d",
    is_filled: bool = True,
    is_driven: bool = False,
    tint: theme.Rgba | None = None,
) -> int:
    """Drag a whole number; arguments as for `value_bar`."""
    width = imgui.calc_item_width()
    if is_filled:
        _draw_fill(name, value, low, high, width, is_driven, tint)
    speed = max((high - low) / max(width, 1.0), 0.02)
    bounds = _bounds(minimum, maximum, _INT_LIMIT)
    limits = (int(bounds[0]), int(bounds[1]))
    shown = max(-_INT_LIMIT, min(_INT_LIMIT, value))
    imgui.push_style_var(imgui.StyleVar_.disabled_alpha, 0.8)
    imgui.begin_disabled(is_driven)
    is_changed, new = imgui.drag_int(name, shown, speed, *limits, format, _flags(bounds))
    imgui.end_disabled()
    imgui.pop_style_var()
    if is_filled:
        imgui.pop_style_color(3)
    _show_cursor(is_driven)
    return new if is_changed else value


def _bounds(minimum: float | None, maximum: float | None, limit: float) -> tuple[float, float]:
    if minimum is None and maximum is None:
        return 0.0, 0.0  # ImGui's way to say "none"
    return (-limit if minimum is None else minimum), (limit if maximum is None else maximum)


def _flags(bounds: tuple[float, float]) -> imgui.SliderFlags_:
    return imgui.SliderFlags_.always_clamp if bounds[0] < bounds[1] else imgui.SliderFlags_.none


def _draw_fill(
    name: str,
    value: float,
    low: float,
    high: float,
    width: float,
    is_driven: bool,
    tint: theme.Rgba | None,
    neutral: float = 0.0,
) -> None:
    """Draw the bar below the number and make the number's own background clear (3 colours)."""
    corner = imgui.get_cursor_screen_pos()
    height = imgui.get_frame_height()
    rounding = imgui.get_style().frame_rounding
    draw = imgui.get_window_draw_list()
    end = (corner.x + width, corner.y + height)
    draw.add_rect_filled((corner.x, corner.y), end, theme.u32(theme.FIELD), rounding)
    is_typing = imgui.internal.temp_input_is_active(imgui.get_id(name))
    if high > low and not is_typing and math.isfinite(value):
        # A dim fill from neutral, and a bright line under it: nothing crosses the number.
        origin = min(max(neutral, low), high)
        start, stop = sorted(
            corner.x + width * (min(max(v, low), high) - low) / (high - low)
            for v in (origin, value)
        )
        strength = 0.55 if is_driven and tint is None else 1.0
        below = end[1] - max(2.0, round(theme.px(theme.BAR_LINE)))
        if stop - start >= 1.0:
            base = theme.ACCENT_FILL if tint is None else theme.faded(tint, 0.3)
            fill = theme.u32(theme.faded(base, strength))
            draw.add_rect_filled((start, corner.y), (stop, end[1]), fill, rounding)
        if low < origin < high:
            draw.add_line((start, below), (start, end[1]), theme.u32(theme.TEXT_FAINT))
        if stop - start >= 1.0:
            line = theme.u32(theme.faded(tint or theme.ACCENT, strength))
            draw.add_rect_filled((start, below), (stop, end[1]), line, rounding)
        if not low <= value <= high:
            # The number lies beyond this end of the bar.
            thickness = max(3.0, round(theme.px(theme.STRIPE)))
            x = corner.x if value < low else end[0] - thickness
            mark = theme.u32(theme.WARNING)
            draw.add_rect_filled((x, corner.y), (x + thickness, end[1]), mark, rounding)
    imgui.push_style_color(imgui.Col_.frame_bg, theme.CLEAR)
    imgui.push_style_color(imgui.Col_.frame_bg_hovered, theme.HOVER_VEIL)
    imgui.push_style_color(imgui.Col_.frame_bg_active, theme.ACTIVE_VEIL)


def _show_cursor(is_driven: bool) -> None:
    if is_driven or imgui.get_io().want_text_input:
        return
    if imgui.is_item_hovered() or imgui.is_item_active():
        imgui.set_mouse_cursor(imgui.MouseCursor_.resize_ew)
