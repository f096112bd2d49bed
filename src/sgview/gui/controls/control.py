"""What drives a control: the dot at its end, its colour while it is bound, its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.emit import Emit
from sgview.state.bindings import bound_text
from sgview.state.commands import EditBinding
from sgview.state.descriptions import usual_range
from sgview.state.params import Params
from sgview.state.paths import leaf_at
from sgview.state.status import BindingStatus, SignalSource, Status

SOURCE_NAMES: Mapping[SignalSource, str] = {
    "expression": "Expression",
    "slider": "Slider",
    "mouse": "Mouse",
    "audio": "Sound",
    "osc": "OSC",
    "midi": "MIDI",
}


@dataclass(frozen=True)
class Control:
    """One value that the user can bind."""

    path: str  # leaf of `Params`
    text: str  # the expression it follows; "": it is set by hand
    status: BindingStatus | None  # None while that is not known
    is_learning: bool
    emit: Emit
    usual: tuple[float, float] = (0.0, 1.0)  # range of its bar, and of a controller that it learns

    @property
    def is_bound(self) -> bool:
        """Whether something else than the hand sets the value."""
        return bool(self.text.strip())

    @property
    def colour(self) -> theme.Rgba:
        """The colour of its source."""
        return theme.SOURCES[self.status.source if self.status is not None else "expression"]

    @property
    def error(self) -> str:
        """Why it does not move, "" while it does or only waits."""
        return self.status.error if self.status is not None and not self.is_waiting else ""

    @property
    def is_waiting(self) -> bool:
        """Whether nothing has been heard yet of what shall move it."""
        return self.status is not None and self.status.is_waiting

    def shown(self, value: float) -> float:
        """The value to show: the moving one, or `value` as it is set by hand."""
        return self.status.value if self.is_bound and self.status is not None else value

    def open(self) -> None:
        """Ask for the editor."""
        self.emit(EditBinding(self.path, *self.usual))


class Controls:
    """Makes the controls of a panel: `controls("noise.amplitude")`."""

    def __init__(self, params: Params, status: Status, emit: Emit, prefix: str = "") -> None:
        self._params, self._status, self._emit = params, status, emit
        self._prefix = prefix

    def __call__(self, path: str, usual: tuple[float, float] | None = None) -> Control:
        """The control of the leaf at `path`, after the prefix; `usual` replaces its usual range."""
        path = self._prefix + path
        leaf, learning = leaf_at(path), self._status.player.learning
        if usual is None:
            usual = usual_range(self._params, leaf) if leaf is not None else (0.0, 1.0)
        return Control(
            path,
            bound_text(self._params, path),
            self._status.player.bindings.get(path),
            learning is not None and learning.path == path,
            self._emit,
            usual,
        )

    def below(self, prefix: str) -> Controls:
        """Controls of the leaves below a path, "edits.2."."""
        return Controls(self._params, self._status, self._emit, self._prefix + prefix)


def dot(control: Control) -> None:
    """The small button at the right edge of a row that opens the editor."""
    imgui.same_line(0.0, 0.0)
    room = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + room)
    dot_here(control)


def dot_here(control: Control) -> None:
    """The same button at the cursor."""
    width, height = theme.px(theme.DOT_COLUMN), imgui.get_frame_height()
    corner = imgui.get_cursor_screen_pos()
    if imgui.invisible_button(f"bind {control.path}", imgui.ImVec2(width, height)):
        control.open()
    is_hovered = imgui.is_item_hovered()
    draw = imgui.get_window_draw_list()
    radius = theme.px(theme.DOT)
    centre = (corner.x + width - radius - theme.px(theme.HAIRLINE) * 2, corner.y + height / 2)
    line = max(1.0, theme.px(theme.HAIRLINE))
    if control.is_learning:
        draw.add_circle(centre, radius, theme.u32(theme.WARNING), 0, line * 1.5)
    elif control.is_bound:
        colour = theme.ERROR if control.error else control.colour
        if control.is_waiting:
            draw.add_circle(centre, radius, theme.u32(colour), 0, line)
        else:
            draw.add_circle_filled(centre, radius, theme.u32(colour))
        if is_hovered:
            draw.add_circle(centre, radius + line * 2, theme.u32(colour), 0, line)
    elif is_hovered:
        draw.add_circle(centre, radius, theme.u32(theme.TEXT), 0, line)
    else:
        draw.add_circle_filled(centre, radius * 0.55, theme.u32(theme.TEXT_FAINT))
    if is_hovered:
        explain(control)


def explain(control: Control) -> None:
    """Say what drives the last item while the mouse rests on it."""
    if not control.is_bound:
        widgets.tooltip("Bind to an expression, a controller, a message or the sound.")
        return
    note = control.status.error if control.status is not None else ""
    widgets.tooltip(control.text, note or f"{_source_name(control)}: click to edit.")


def is_asked(control: Control) -> bool:
    """Whether the last item, which cannot be moved by hand, was clicked with either button."""
    if not imgui.is_item_hovered(imgui.HoveredFlags_.allow_when_disabled):
        return False
    return imgui.is_mouse_clicked(0) or imgui.is_mouse_clicked(1)


def error_line(control: Control) -> None:
    """What is wrong with the expression, on a line of its own."""
    if control.error:
        room = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
        widgets.text(f"{icons.ERROR}  {control.error}", theme.ERROR, room)


def _source_name(control: Control) -> str:
    return SOURCE_NAMES[control.status.source] if control.status is not None else "Expression"
