"""Which layer is shown, and how its channels become a picture."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.controls.picker import arrow_step, is_enter_pressed, is_match, search_field
from sgview.gui.panels import Emit
from sgview.state.networks import (
    IMAGE,
    LayerInfo,
    NetworkStatus,
    find_layer,
    portable_name,
    show_layer,
    shown_network,
)
from sgview.state.params import Params
from sgview.state.status import ChannelStatistics, PictureStatus, Status

NONE = -1


class LayersPanel:
    """Remembers the search and its mark, and the layer last shown, to scroll to a new one.

    The arrows move the mark while the search has the keyboard, and Enter shows the marked layer.
    """

    def __init__(self) -> None:
        self._query = ""
        self._marked = NONE  # among the lines that match
        self._is_searching = False
        self._is_entered = False
        self._is_moved = False
        self._last_name: str | None = None

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the list, the channels and the statistics."""
        network = shown_network(params, status.engine.networks)
        query = search_field("##search layers", self._query, "Search layers")
        had_keyboard, is_same = self._is_searching, query == self._query
        self._is_searching = imgui.internal.get_active_id() == imgui.get_id("##search layers")
        step = arrow_step() if self._is_searching else 0
        if not is_same:
            self._marked = 0 if query else NONE
        self._marked = max(0, self._marked + step) if step else self._marked
        self._query, self._is_moved = query, step != 0
        self._is_entered = had_keyboard and is_enter_pressed()
        params = self._draw_list(params, network, status.picture)
        if widgets.section("Channels"):
            controls = Controls(params, status, emit)
            params = _draw_channels(params, status.picture.channels, controls)
        if widgets.section("Statistics"):
            _draw_statistics(status.picture.statistics)
        return params

    def _draw_list(
        self, params: Params, network: NetworkStatus | None, picture: PictureStatus
    ) -> Params:
        line = imgui.get_text_line_height() + 2 * imgui.get_style().cell_padding.y
        flags = (
            imgui.TableFlags_.scroll_y | imgui.TableFlags_.row_bg | imgui.TableFlags_.pad_outer_x
        )
        lines = len(network.layers) + 1 if network is not None else 1
        free = int((imgui.get_content_region_avail().y - theme.px(theme.LIST_REST)) / line)
        size = imgui.ImVec2(0.0, line * max(theme.LIST_ROWS, min(lines, free)))
        imgui.push_style_color(imgui.Col_.child_bg, theme.BAR)
        imgui.push_style_color(imgui.Col_.table_row_bg_alt, theme.HOVER_VEIL)
        if imgui.begin_table("##layers", 3, flags, size):
            imgui.table_setup_column("Layer", imgui.TableColumnFlags_.width_stretch)
            imgui.table_setup_column(
                "Size", imgui.TableColumnFlags_.width_fixed, theme.px(theme.SIZE_COLUMN)
            )
            imgui.table_setup_column(
                "Channels", imgui.TableColumnFlags_.width_fixed, theme.px(theme.CHANNELS_COLUMN)
            )
            params = self._draw_lines(params, network, picture)
            imgui.end_table()
        imgui.pop_style_color(2)
        return params

    def _draw_lines(
        self, params: Params, network: NetworkStatus | None, picture: PictureStatus
    ) -> Params:
        name = params.layer.name
        is_new = name != self._last_name
        self._last_name = name
        if network is None:
            imgui.table_next_column()
            widgets.text("No network is loaded", theme.TEXT_DIM)
            return params
        current = find_layer(name, network.layers)
        lines = _lines(network, picture)
        matching = [line.layer for line in lines if is_match(self._query, line.text)]
        self._marked = min(self._marked, len(matching) - 1)
        has_mark = (self._is_searching or self._is_entered) and self._marked != NONE
        marked = matching[self._marked] if has_mark else None
        if name != IMAGE and current is None:
            _line(name, "not in this network", "", True)
        for line in lines:
            is_shown = line.layer is current if line.layer is not None else name == IMAGE
            is_matching = is_match(self._query, line.text)
            if not (is_matching or is_shown):  # what is shown stays in sight
                continue
            is_marked = has_mark and line.layer is marked and is_matching
            is_chosen = _line(line.text, line.size, line.channels, is_shown, is_marked)
            if is_chosen or (is_marked and self._is_entered):
                params = show_layer(
                    params, IMAGE if line.layer is None else portable_name(line.layer)
                )
            if (is_new and is_shown) or (is_marked and self._is_moved):
                imgui.set_scroll_here_y(0.5)
        return params


@dataclass(frozen=True)
class _Line:
    """One line of the list."""

    layer: LayerInfo | None  # None: the image
    text: str
    size: str
    channels: str


def _lines(network: NetworkStatus, picture: PictureStatus) -> list[_Line]:
    """Return the image and the layers, from the output to the input, as large as they are shown."""
    sizes, image_size = [layer.dimensions for layer in network.layers], network.dimensions
    if len(picture.layer_sizes) == len(network.layers):  # on a canvas
        sizes, image_size = list(picture.layer_sizes), picture.image_size
    image = _Line(None, "Image", _size(image_size), f"{network.img_channels}")
    layers = (
        _Line(layer, layer.name, _size(size), f"{layer.channels}")
        for layer, size in zip(reversed(network.layers), reversed(sizes), strict=True)
    )
    return [image, *layers]


def _size(dimensions: tuple[int, int]) -> str:
    width, height = dimensions
    return f"{width} × {height}"


def _line(name: str, size: str, channels: str, is_shown: bool, is_marked: bool = False) -> bool:
    """One line of the list; True if it was clicked."""
    imgui.table_next_row()
    imgui.table_next_column()
    flags = imgui.SelectableFlags_.span_all_columns
    rest, hovered = _shades(is_shown, is_marked)
    imgui.push_style_color(imgui.Col_.header, rest)
    imgui.push_style_color(imgui.Col_.header_hovered, hovered)
    imgui.push_style_color(imgui.Col_.header_active, hovered)
    is_clicked = imgui.selectable(f"##{name}", is_shown or is_marked, flags)[0]
    imgui.pop_style_color(3)
    imgui.same_line(0.0, 0.0)
    colour = theme.ON_ACCENT if is_shown else theme.TEXT
    widgets.text(name, colour, imgui.get_content_region_avail().x)
    dim = theme.ON_ACCENT if is_shown else theme.TEXT_DIM
    for content in (size, channels):
        imgui.table_next_column()
        widgets.text_right(content, dim)
    return is_clicked


def _shades(is_shown: bool, is_marked: bool) -> tuple[theme.Rgba, theme.Rgba]:
    """Return the colours of a line at rest and under the mouse: what is shown keeps its accent."""
    if is_shown:
        return theme.ACCENT_FILL, theme.ACCENT_FILL_HOVERED
    if is_marked:
        return theme.FIELD_ACTIVE, theme.FIELD_ACTIVE
    return theme.CLEAR, theme.FIELD


def _draw_channels(params: Params, count: int, controls: Controls) -> Params:
    params = leaf_row(params, controls, "layer.mode")
    last = max(count - (3 if params.layer.mode == "rgb" else 1), 0)
    params = leaf_row(
        params,
        controls,
        "layer.base_channel",
        usual=(0, max(last, 1)),
        maximum=max(last, params.layer.base_channel, 1),
        more_help=f"This layer has {count}." if count else "",
    )
    params = leaf_row(params, controls, "layer.normalise")
    return leaf_row(params, controls, "layer.gain_db")


def _draw_statistics(statistics: ChannelStatistics | None) -> None:
    """A small table: all channels, shown channels; mean, deviation, largest value."""
    lines: tuple[tuple[str, tuple[float, ...]], ...] = (("All", ()), ("Shown", ()))
    if statistics is not None:
        s = statistics
        lines = (
            ("All", (s.mean, s.std, s.max_abs)),
            ("Shown", (s.shown_mean, s.shown_std, s.shown_max_abs)),
        )
    if not imgui.begin_table("##statistics", 4, imgui.TableFlags_.sizing_stretch_same):
        return
    imgui.table_next_row()
    imgui.table_next_column()
    for heading in ("Mean", "Deviation", "Largest"):
        imgui.table_next_column()
        widgets.text_right(heading)
    for name, values in lines:
        imgui.table_next_row()
        imgui.table_next_column()
        widgets.text(name, theme.TEXT_DIM)
        for value in values or (None, None, None):
            imgui.table_next_column()
            shown = "–" if value is None else f"{value:.3f}" if abs(value) < 1e5 else f"{value:.2e}"
            widgets.text_right(shown, theme.TEXT)
    imgui.end_table()
