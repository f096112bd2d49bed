"""What drives a control: the dot at its end, its colour while it is bound, its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.state.bindings import bound_text
from sgview.state.commands import EditBinding
from sgview.state.params import Params
from sgview.state.paths import Leaf
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

    def open(self, low: float, high: float) -> None:
        """Ask for the editor; `low..high` is the usual range of the value."""
        self.emit(EditBinding(self.path, low, high))


class Controls:
    """Makes the controls of a panel: `controls("noise.amplitude")`."""

    def __init__(self, params: Params, status: Status, emit: Emit, prefix: str = "") -> None:
        self._params, self._status, self._emit = params, status, emit
        self._prefix = prefix

    def __call__(self, path: str) -> Control:
        """The control of the leaf at `path`, after the prefix."""
        path = self._prefix + path
        learning = self._status.player.learning
        return Control(
            path,
            bound_text(self._params, path),
            self._status.player.bindings.get(path),
            learning is not None and learning.path == path,
            self._emit,
        )

    def below(self, prefix: str) -> Controls:
        """Controls of the leaves below a path, "edits.2."."""
        return Controls(self._params, self._status, self._emit, self._prefix + prefix)


def name_of(leaf: Leaf) -> str:
    """What people call a value: "Noise amplitude", "Blend L12", "Edit 1 amount"."""
    words = [str(part).replace("_", " ") for part in leaf.parts]
    if words[0] == "edits":
        words[:2] = ["edit", str(int(words[1]) + 1)]
    elif words[0] == "sliders":
        words[0] = "slider"
    elif words[:2] == ["blend", "amounts"]:
        del words[1]
    elif is_axis(leaf):
        words[-1] = "xyz"[int(words[-1])]
    name = " ".join(words)
    return name[:1].upper() + name[1:]


def is_axis(leaf: Leaf) -> bool:
    """Whether a value is one of the x, y, z of a vector."""
    return leaf.parts[0] == "noise" and len(leaf.parts) == 3


def dot(control: Control, low: float, high: float) -> None:
    """The small button at the right edge of a row that opens the editor."""
    imgui.same_line(0.0, 0.0)
    room = imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + room)
    dot_here(control, low, high)


def dot_here(control: Control, low: float, high: float) -> None:
    """The same button at the cursor."""
    width, height = theme.px(theme.DOT_COLUMN), imgui.get_frame_height()
    corner = imgui.get_cursor_screen_pos()
    if imgui.invisible_button(f"bind {control.path}", imgui.ImVec2(width, height)):
        control.open(low, high)
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
