"""How fast it goes: pictures and frames a second, and what each stage of them takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import graphs, widgets
from sgview.gui.controls.graphs import Curve
from sgview.gui.controls.rolling import Ceiling, Rolling
from sgview.gui.panels import Emit
from sgview.gui.panels.performance.pace import draw_pace
from sgview.state.machine import Stage
from sgview.state.params import Params
from sgview.state.status import Status

_PICTURES, _FRAMES = "pictures a second", "frames a second"
_RATES = ((_PICTURES, "picture fps", theme.ACCENT), (_FRAMES, "window fps", theme.WARNING))
_MOST = 0.97  # of the samples lie within the graph of the stages
_OF_WINDOW = (Stage.UPLOAD, Stage.DRAW, Stage.PANELS)
_HOST = Stage.WINDOW  # beside all else: not stacked
_HELP = {
    Stage.LATENTS: "Noise or seeds become the vector that drives the network.",
    Stage.WEIGHTS: "Blends and edits are written into the live weights, where they changed.",
    Stage.MAPPING: "From the latent z to the style vectors w.",
    Stage.SYNTHESIS: "From w to the picture, or to the layer that is shown.",
    Stage.GRAPH: "From the latent to the picture, replayed as one CUDA graph.",
    Stage.PICTURE: "Channels, gain, flips and statistics; from numbers to 8 bits.",
    Stage.UPLOAD: "The picture goes to the graphics library.",
    Stage.DRAW: "The graphics card draws the picture into the window.",
    Stage.PANELS: "The graphics card draws the panels.",
    _HOST: "What the window's own thread computes a frame, waiting left out.",
}


class SpeedPanel:
    """Graphs of the last ten seconds; `record` must be called every frame, shown or not."""

    def __init__(self) -> None:
        self._rates = Rolling()
        self._stages = Rolling()
        self._current: set[str] = set()
        self._rate_ceiling = Ceiling(30.0)
        self._stage_ceiling = Ceiling(1.0)

    def record(self, status: Status) -> None:
        """Remember what `status` says of this frame."""
        now = imgui.get_time()
        self._rates.add(now, {_PICTURES: status.engine.picture_fps, _FRAMES: status.screen.fps})
        timings = (*status.picture.timings, *status.screen.timings)
        self._current = {timing.stage for timing in timings}
        self._stages.add(now, {timing.stage: timing.milliseconds for timing in timings})

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw both sections."""
        if widgets.section("Frames", note=f"screen {status.screen.refresh_rate:.0f} Hz"):
            self._draw_rates()
            draw_pace(status, emit)
            imgui.spacing()
        if widgets.section("Stages", note=f"{status.picture.clock} time"):
            self._draw_stages(status)
        return params

    def _draw_rates(self) -> None:
        half = imgui.get_content_region_avail().x / 2
        left = imgui.get_cursor_pos_x()
        for index, (name, unit, colour) in enumerate(_RATES):
            if index:
                imgui.same_line()
            imgui.set_cursor_pos_x(left + index * half)
            _draw_rate(self._rates.mean(name), unit, colour, half)
        peak = max(self._rates.peak(name) for name, _, _ in _RATES)
        ceiling = self._rate_ceiling.over(peak)
        with graphs.rolling_graph("rates", theme.RATE_GRAPH_HEIGHT, ceiling, "fps") as is_visible:
            if is_visible:
                curves = [Curve(name, self._rates.curve(name), c) for name, _, c in _RATES]
                graphs.plot_lines(self._rates.times, curves)

    def _draw_stages(self, status: Status) -> None:
        names = [name for name in self._names() if name != _HOST]
        curves = [Curve(name, self._stages.curve(name), _colour(name)) for name in names]
        # The highest of many: one hitch may leave the graph, and not flatten all the rest.
        sums = np.sum([curve.values for curve in curves], axis=0) if curves else np.zeros(1)
        ceiling = self._stage_ceiling.over(float(np.quantile(sums, _MOST)))
        budget = 1000 / status.screen.refresh_rate
        with graphs.rolling_graph("stages", theme.STAGE_GRAPH_HEIGHT, ceiling, "ms") as is_visible:
            if is_visible and curves:
                graphs.plot_stack(self._stages.times, curves)
                label = f"{status.screen.refresh_rate:.0f} a second"
                graphs.plot_mark(budget, label, ceiling)
        self._draw_table([name for name in names if name not in _OF_WINDOW])
        imgui.spacing()

    def _names(self) -> list[str]:
        """The stages of now and of the last seconds, in the order they are stacked."""
        recent = {name for name in self._stages.names if self._stages.peak(name)}
        seen = self._current | recent
        return [name for name in theme.STAGES if name in seen] + sorted(seen - set(theme.STAGES))

    def _draw_table(self, of_picture: Sequence[str]) -> None:
        of_window = [name for name in self._names() if name in (*_OF_WINDOW, _HOST)]
        with graphs.figure_table("stages", 2) as is_visible:
            if not is_visible:
                return
            _heading("ms", "mean", "peak")
            for name in of_picture:
                self._draw_row(name)
            total = sum(self._stages.mean(name) for name in of_picture)
            if total:
                _row("One picture", total, None, None, f"{1000 / total:.0f} a second at most.")
            for name in of_window:
                self._draw_row(name)

    def _draw_row(self, name: str) -> None:
        colour = theme.CLEAR if name == _HOST else _colour(name)
        _row(name, self._stages.mean(name), self._stages.peak(name), colour, _HELP.get(name, ""))


def _colour(stage: str) -> theme.Rgba:
    return theme.STAGES.get(stage, theme.TEXT_DIM)


def _draw_rate(value: float, unit: str, colour: theme.Rgba, width: float) -> None:
    """A large number with its unit, in the colour of its curve, within `width` [px]."""
    theme.push_face("mono", theme.LARGE)
    number = f"{value:5.1f}"
    room = width - imgui.calc_text_size(number).x - theme.px(theme.GAP_SMALL)
    widgets.text(number, colour)
    height = imgui.get_font_size()
    imgui.pop_font()
    imgui.same_line(0.0, theme.px(theme.GAP_SMALL))
    imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + (height - imgui.get_font_size()) * 0.75)
    if imgui.calc_text_size(unit).x > room:
        unit = unit.partition(" ")[0]
    widgets.text(unit, theme.TEXT_DIM)


def _heading(*names: str) -> None:
    imgui.table_next_row()
    for index, name in enumerate(names):
        imgui.table_next_column()
        if index:
            graphs.figure(name, theme.TEXT_FAINT)
        else:
            widgets.text(name, theme.TEXT_FAINT)


def _row(
    name: str, mean: float, peak: float | None, colour: theme.Rgba | None, help: str = ""
) -> None:
    """A stage; without `colour` a sum."""
    imgui.table_next_row()
    imgui.table_next_column()
    if colour is not None:
        graphs.swatch(colour)
    is_sum = colour is None
    shade = theme.TEXT if is_sum else theme.TEXT_DIM
    widgets.text(name[:1].upper() + name[1:], shade, imgui.get_content_region_avail().x)
    widgets.tooltip(help)
    imgui.table_next_column()
    graphs.figure(graphs.milliseconds_text(mean))
    imgui.table_next_column()
    if peak is not None:
        graphs.figure(graphs.milliseconds_text(peak), theme.TEXT_DIM)
