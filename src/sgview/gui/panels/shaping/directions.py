"""Directions: sliders that move w along what was found in it, or along files."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.controls.tooltip_place import begin_tooltip
from sgview.gui.panels import Emit
from sgview.gui.panels.shaping.difference import DifferenceEditor
from sgview.gui.panels.shaping.mixing import preset_rows
from sgview.state.commands import (
    ExportDirection,
    FindDirections,
    GlanceDirection,
    NameDirection,
)
from sgview.state.directions import found_names
from sgview.state.networks import NetworkStatus, shown_network
from sgview.state.params import Params
from sgview.state.paths import leaf_at
from sgview.state.status import DirectionsStatus, Status

_METHODS = (("sefa", "SeFa"), ("pca", "PCA"), ("files", "Files"))
_METHOD_HELP = (
    "What changes styles most: found in the weights at once",
    "Where w varies most: found in 10,000 of them, in seconds",
    "Vectors in the folder of directions: .npy, .npz, .pt, .safetensors",
)
_ROWS = (("all", "All rows"), ("coarse", "Coarse"), ("middle", "Middle"), ("fine", "Fine"))
_ASK_AGAIN = 0.7  # for pictures that have not come [s]
_GLANCE_NOTE = "Middle-click or F2: name it, or save it as a file."
_RESTED = 0.25  # after which pictures are asked for [s]
_EMPTY = (
    "Vectors of other programs are listed here: put .npy, .npz, .pt or .safetensors into the "
    "folder directions in that of the latents, or make one below."
)


class DirectionsPanel:
    """Remembers which directions are listed, what is renamed, and what the mouse rests on."""

    def __init__(self) -> None:
        self._method, self._rows = "sefa", "all"
        self._asked: tuple[object, ...] = ()
        self._rested_on, self._since, self._glanced = "", 0.0, 0.0
        self._typed = ""
        self._difference = DifferenceEditor()

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the section."""
        acting = sum(1 for amount in params.directions.amounts.values() if amount)
        note = "finding ..." if status.directions.is_busy else ""
        if not widgets.section("Directions", is_open=acting > 0, note=note):
            return params
        network = shown_network(params, status.engine.networks)
        controls = Controls(params, status, emit)
        rows.label("Kind", True, "Where directions come from.")
        self._method = widgets.segments(
            "kind of directions", self._method, _METHODS, rows.room(), help=_METHOD_HELP
        )
        if self._method != "files":
            help = "Where the directions act; SeFa finds them there, too."
            self._rows = rows.choice("Rows", self._rows, "all", _ROWS, help)
        listed = self._listed(status, network)
        self._find(listed, network, emit)
        hovered = ""
        for name in listed:
            params, is_hovered = self._draw_row(name, params, status, controls, emit)
            hovered = name if is_hovered else hovered
        if self._method == "files" and not listed:
            widgets.paragraph(_EMPTY)
        others = [n for n, a in params.directions.amounts.items() if a and n not in listed]
        if others:
            widgets.text("Acting besides", theme.TEXT_FAINT)
        for name in others:
            params, is_hovered = self._draw_row(name, params, status, controls, emit)
            hovered = name if is_hovered else hovered
        self._rest(hovered, emit)
        params = leaf_row(params, controls, "directions.strength")
        self._difference(status, emit)
        return params

    def _listed(self, status: Status, network: NetworkStatus | None) -> list[str]:
        if self._method == "files":
            return [name for name in status.directions.files if not set(name) & set(".:")]
        span = None
        if self._rows != "all" and network is not None:
            chosen = preset_rows(self._rows, network.num_ws, network.family)
            places = [row for row, amount in enumerate(chosen) if amount]
            span = (places[0], places[-1]) if places else None
        return found_names("pca" if self._method == "pca" else "sefa", span)

    def _find(self, listed: list[str], network: NetworkStatus | None, emit: Emit) -> None:
        """Ask for what is listed, once."""
        wanted = (self._method, self._rows, network)
        if network is not None and wanted != self._asked:
            self._asked = wanted
            emit(FindDirections(tuple(listed[:1])))

    def _draw_row(
        self, name: str, params: Params, status: Status, controls: Controls, emit: Emit
    ) -> tuple[Params, bool]:
        """Draw one direction; returns whether the mouse is over it too."""
        leaf = leaf_at(f"directions.amounts.{name}")
        if leaf is None:
            return params, False
        control = controls(leaf.path)
        value = params.directions.amounts.get(name, 0.0)
        shown = status.directions.names.get(name, _words(name))
        imgui.push_id(name)
        imgui.begin_group()
        low, high = control.usual
        new = rows.number(shown, value, 0.0, low, high, digits=leaf.field.digits, control=control)
        imgui.end_group()
        is_hovered = imgui.is_item_hovered()
        _draw_glance(status.directions, name, is_hovered and not imgui.is_any_item_active())
        self._draw_menu(name, shown, status, is_hovered, emit)
        imgui.pop_id()
        if new != value:
            amounts = {**params.directions.amounts, name: new}
            kept = {key: amount for key, amount in amounts.items() if amount or key != name}
            params = replace(params, directions=replace(params.directions, amounts=kept))
        return params, is_hovered

    def _draw_menu(
        self, name: str, shown: str, status: Status, is_hovered: bool, emit: Emit
    ) -> None:
        """F2, or a click with the middle button: a name of the user's, and the file."""
        is_asked = imgui.is_mouse_clicked(imgui.MouseButton_.middle) or imgui.is_key_pressed(
            imgui.Key.f2
        )
        if is_hovered and is_asked:
            self._typed = shown
            imgui.open_popup("##direction menu")
        if not imgui.begin_popup("##direction menu"):
            return
        widgets.text(name, theme.TEXT_DIM)
        imgui.set_next_item_width(theme.px(theme.MENU_WIDTH))
        if imgui.is_window_appearing():
            imgui.set_keyboard_focus_here()
        flags = imgui.InputTextFlags_.enter_returns_true | imgui.InputTextFlags_.auto_select_all
        is_entered, self._typed = imgui.input_text("##name of direction", self._typed, flags)
        if is_entered:
            emit(NameDirection(status.directions.network, name, self._typed))
            imgui.close_current_popup()
        if imgui.selectable(f"{icons.SAVE_PRESET}  Save as a file", False)[0]:
            emit(ExportDirection(name, _file_name(shown)))
        imgui.end_popup()

    def _rest(self, hovered: str, emit: Emit) -> None:
        """Ask for pictures of what the mouse rests on, and again while they do not come."""
        now = imgui.get_time()
        if hovered != self._rested_on:
            self._rested_on, self._since, self._glanced = hovered, now, 0.0
        is_rested = hovered and now - self._since > _RESTED and not imgui.is_any_item_active()
        if is_rested and now - self._glanced > _ASK_AGAIN:
            self._glanced = now
            emit(GlanceDirection(hovered))


def _draw_glance(directions: DirectionsStatus, name: str, is_hovered: bool) -> None:
    """Two pictures beside the panel: moved back, and forth."""
    textures = directions.glances.get(name, (0, 0))
    side, gap = theme.px(theme.GLANCE), imgui.get_style().item_spacing
    width = max(2 * side + gap.x, imgui.calc_text_size(_GLANCE_NOTE).x)
    height = side + 2 * imgui.get_text_line_height_with_spacing()
    if not is_hovered or not all(textures) or not begin_tooltip(width, height):
        return
    for index, (texture, sign) in enumerate(zip(textures, "\u2212+", strict=True)):
        if index:
            imgui.same_line()
        imgui.begin_group()
        imgui.image(imgui.ImTextureRef(texture), imgui.ImVec2(side, side))
        widgets.text(sign, theme.TEXT_DIM)
        imgui.end_group()
    widgets.text(_GLANCE_NOTE, theme.TEXT_DIM)
    imgui.end_tooltip()


def _words(name: str) -> str:
    """Return a name as people read it: "SeFa 3", "SeFa 3  0-4"."""
    what, _, span = name.partition(":")
    for method, label in _METHODS:
        if what.startswith(method) and what[len(method) :].isdigit():
            what = f"{label} {what[len(method) :]}"
    return f"{what}  {span}" if span else what


def _file_name(shown: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in shown)
    return kept.strip() or "direction"
