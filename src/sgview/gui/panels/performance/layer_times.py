"""What each layer takes, timed when the user asks for it."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import graphs, icons, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import TimeLayers
from sgview.state.machine import LayerTimes, Timing
from sgview.state.params import Params
from sgview.state.status import Status

_ORDERS = (("time", "Slowest first"), ("network", "As they run"))


class LayerTimesPanel:
    """Remembers the order of the rows."""

    def __init__(self) -> None:
        self._order = "time"

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the section."""
        times = status.engine.layer_times
        if not widgets.section("Layers", note=_summary(times)):
            return params
        self._draw_tools(times, bool(status.engine.networks), emit)
        if times.steps:
            self._order = widgets.segments("order", self._order, _ORDERS)
            self._draw_steps(times)
        imgui.spacing()
        return params

    def _draw_tools(self, times: LayerTimes, has_network: bool, emit: Emit) -> None:
        room = imgui.get_content_region_avail().x
        if times.steps:
            room -= widgets.icon_button_width()
        imgui.begin_disabled(times.is_running or not has_network)
        label = "Timing …" if times.is_running else "Time the layers"
        if imgui.button(f"{label}##time layers", imgui.ImVec2(room, 0.0)):
            emit(TimeLayers())
        imgui.end_disabled()
        widgets.tooltip("Times every step of the picture once; the show waits for it.")
        if times.steps:
            imgui.same_line()
            if widgets.icon_button(icons.COPY, "copy layer times", "Copy as a table"):
                imgui.set_clipboard_text(as_table(times))

    def _draw_steps(self, times: LayerTimes) -> None:
        steps = list(times.steps)
        if self._order == "time":
            steps.sort(key=lambda step: -step.milliseconds)
        total = sum(step.milliseconds for step in steps) or 1.0
        longest = max(step.milliseconds for step in steps) or 1.0
        height = imgui.get_text_line_height_with_spacing() * min(len(steps), theme.STEP_ROWS)
        imgui.begin_child("##steps", imgui.ImVec2(0.0, height))
        clipper = imgui.ListClipper()
        clipper.begin(len(steps), imgui.get_text_line_height_with_spacing())
        while clipper.step():
            for step in steps[clipper.display_start : clipper.display_end]:
                _draw_step(step, step.milliseconds / longest, step.milliseconds / total)
        imgui.end_child()


def as_table(times: LayerTimes) -> str:
    """The steps in the order they run as text, columns parted by tabs."""
    lines = [f"{times.network}\tms ({times.clock} time)"]
    lines += [f"{step.stage}\t{step.milliseconds:.4f}" for step in times.steps]
    lines.append(f"together\t{sum(step.milliseconds for step in times.steps):.4f}")
    return "\n".join(lines)


def _summary(times: LayerTimes) -> str:
    if not times.steps:
        return ""
    total = sum(step.milliseconds for step in times.steps)
    return f"{times.network}, {graphs.milliseconds_text(total)} ms of {times.clock} time"


def _draw_step(step: Timing, length: float, share: float) -> None:
    """One row: its name over a bar as long as `length` [0..1], its time, its share of all."""
    room, height = imgui.get_content_region_avail().x, imgui.get_text_line_height()
    theme.push_face("mono")
    figures = f"{graphs.milliseconds_text(step.milliseconds):>6}{100 * share:4.0f} %"
    column = imgui.calc_text_size(figures).x
    imgui.pop_font()
    corner = imgui.get_cursor_screen_pos()
    width = max(room - column - theme.px(theme.GAP_SMALL), 1.0)
    end = (corner.x + max(width * length, 1.0), corner.y + height)
    colour = theme.u32(theme.ACCENT_FILL)
    imgui.get_window_draw_list().add_rect_filled(corner, end, colour, theme.px(theme.ROUNDING) / 2)
    left = imgui.get_cursor_pos_x()
    imgui.set_cursor_pos_x(left + theme.px(theme.GAP_TINY))
    widgets.text(step.stage, theme.TEXT, width - theme.px(theme.GAP_TINY))
    imgui.same_line()
    graphs.figure(figures, theme.TEXT_DIM)
