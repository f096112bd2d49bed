"""Graphs of the last seconds, drawn with ImPlot, and the legends and figures beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from imgui_bundle import imgui, implot

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.controls.rolling import SPAN

_PLOT = implot.Flags_.no_legend | implot.Flags_.no_inputs | implot.Flags_.no_mouse_text
_PLOT |= implot.Flags_.no_menus | implot.Flags_.no_title
_AXIS = implot.AxisFlags_.no_label | implot.AxisFlags_.no_highlight
_SECONDS = [-10.0, -8.0, -6.0, -4.0, -2.0, 0.0]


@dataclass(frozen=True)
class Curve:
    """One line of a graph, or one layer of a stack."""

    name: str
    values: np.ndarray  # [n]
    colour: theme.Rgba


@contextmanager
def rolling_graph(name: str, height: float, ceiling: float, unit: str) -> Iterator[bool]:
    """A graph of the last seconds from 0 to `ceiling` [unit]; False: it is out of sight.

    `height` is in em. What is plotted has times before now, in seconds, for x.
    """
    theme.push_face("text", theme.SMALL * 1.1)
    size = imgui.ImVec2(-1.0, theme.px(height) / (theme.SMALL * 1.1))
    is_visible = implot.begin_plot(f"##{name}", size, _PLOT)
    try:
        if is_visible:
            implot.setup_axes("", "", _AXIS, _AXIS)
            implot.setup_axis_limits(implot.ImAxis_.x1, -SPAN, 0.0, implot.Cond_.always)
            implot.setup_axis_limits(implot.ImAxis_.y1, 0.0, ceiling, implot.Cond_.always)
            seconds = [f"{second:.0f}" for second in _SECONDS[:-1]]
            implot.setup_axis_ticks(implot.ImAxis_.x1, _SECONDS, [*seconds, "0 s"])
            ticks = [ceiling * part for part in (0.0, 0.5, 1.0)]
            implot.setup_axis_ticks(implot.ImAxis_.y1, ticks, _labels(ticks, unit))
        yield is_visible
    finally:
        if is_visible:
            implot.end_plot()
        imgui.pop_font()


def plot_lines(times: np.ndarray, curves: Sequence[Curve]) -> None:
    """Draw each curve as a line over a faint area."""
    for curve in curves:
        fill = _spec(fill=theme.faded(curve.colour, 0.12))
        implot.plot_shaded(curve.name, times, curve.values, spec=fill)
    for curve in curves:
        implot.plot_line(curve.name, times, curve.values, spec=_spec(line=curve.colour))


def plot_stack(times: np.ndarray, curves: Sequence[Curve]) -> None:
    """Draw the curves as layers one upon another, the first at the bottom."""
    below = np.zeros(len(times))
    for curve in curves:
        above = below + curve.values
        fill = _spec(fill=theme.faded(curve.colour, 0.75))
        implot.plot_shaded(curve.name, times, below, above, spec=fill)
        below = above


def plot_mark(value: float, label: str, ceiling: float) -> None:
    """Draw a thin line across at `value`, named at its left end, if it lies well in sight."""
    if not 0.15 * ceiling < value < ceiling:
        return
    faint = theme.faded(theme.TEXT, 0.45)
    across = np.array([-SPAN, 0.0])
    implot.plot_line("##mark", across, np.array([value, value]), spec=_spec(faint, weight=1.0))
    if not label:
        return
    at = implot.plot_to_pixels(-SPAN, value)
    draw = implot.get_plot_draw_list()
    gap = theme.px(theme.GAP_TINY)
    # Above the line, where there is room for it.
    is_high = value > ceiling * 0.8
    top = at.y + 1 if is_high else at.y - imgui.get_font_size() - 1
    implot.push_plot_clip_rect()
    draw.add_text((at.x + gap, top), theme.u32(theme.TEXT_DIM), label)
    implot.pop_plot_clip_rect()


def figure(text: str, colour: theme.Rgba = theme.TEXT) -> None:
    """A number at the right end of its column, in digits of one width."""
    theme.push_face("mono")
    room = imgui.get_content_region_avail().x - imgui.calc_text_size(text).x
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + max(room, 0.0))
    widgets.text(text, colour)
    imgui.pop_font()


def swatch(colour: theme.Rgba) -> None:
    """The square that ties a row to a curve; what follows stands on its line."""
    side = round(theme.px(theme.SWATCH))
    corner = imgui.get_cursor_screen_pos()
    top = corner.y + round((imgui.get_text_line_height() - side) / 2)
    draw = imgui.get_window_draw_list()
    end = (corner.x + side, top + side)
    draw.add_rect_filled((corner.x, top), end, theme.u32(colour), side * 0.2)
    imgui.dummy(imgui.ImVec2(side, imgui.get_text_line_height()))
    imgui.same_line(0.0, theme.px(theme.GAP_SMALL))


@contextmanager
def figure_table(name: str, columns: int) -> Iterator[bool]:
    """A table: a column of names that takes what is left, and `columns` of figures."""
    flags = imgui.TableFlags_.no_pad_outer_x | imgui.TableFlags_.no_saved_settings
    is_visible = imgui.begin_table(f"##{name}", columns + 1, flags)
    try:
        if is_visible:
            imgui.table_setup_column("name", imgui.TableColumnFlags_.width_stretch)
            room = imgui.get_content_region_avail().x
            width = min(theme.px(theme.FIGURE_COLUMN), room * theme.FIGURE_SHARE)
            for index in range(columns):
                imgui.table_setup_column(f"{index}", imgui.TableColumnFlags_.width_fixed, width)
        yield is_visible
    finally:
        if is_visible:
            imgui.end_table()


def bytes_text(size: float) -> str:
    """`size` [bytes] with the unit that suits it: "12.4 MB", "1.21 GB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor * 0.9995:
            number = size / factor
            return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"
    return f"{size / 1e3:.0f} kB"


def milliseconds_text(value: float) -> str:
    """`value` [ms] with three digits that count: "0.123", "12.3", "123"."""
    return f"{value:.{3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0}f}"


def _labels(ticks: Sequence[float], unit: str) -> list[str]:
    return [*(f"{tick:g}" for tick in ticks[:-1]), f"{ticks[-1]:g} {unit}"]


def _spec(
    line: theme.Rgba | None = None, *, fill: theme.Rgba | None = None, weight: float | None = None
) -> implot.Spec:
    spec = implot.Spec()
    if line is not None:
        spec.line_color = imgui.ImVec4(*line)
        spec.line_weight = theme.px(theme.CURVE) if weight is None else weight
    if fill is not None:
        spec.fill_color = imgui.ImVec4(*fill)
    return spec
