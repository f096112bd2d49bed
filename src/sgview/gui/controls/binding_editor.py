"""The editor of what drives one value: its expression, learning, the value by hand."""

from __future__ import annotations

from typing import Literal

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.controls.control import SOURCE_NAMES, Control, Controls
from sgview.gui.controls.value_bar import value_bar
from sgview.gui.controls.word_list import draw_words
from sgview.gui.emit import Emit
from sgview.state.addresses import address_of
from sgview.state.bindings import bind
from sgview.state.commands import CancelLearn, Learn, MarkControl
from sgview.state.descriptions import default_of, name_of, usual_range
from sgview.state.params import Params
from sgview.state.paths import Leaf, get_leaf, leaf_at, set_leaf
from sgview.state.status import Status

_NAME = "##binding editor"
_AXES = ((0, "x"), (1, "y"), (2, "z"))
_LEARN: tuple[tuple[Literal["midi", "osc"], str, str, str], ...] = (
    (
        "midi",
        "Learn MIDI",
        "Move a control ...",
        "Bind to the controller or key that moves next.",
    ),
    ("osc", "Learn OSC", "Send a message ...", "Bind to the message that comes in next."),
)


class BindingEditor:
    """A popup; remembers which value it is open for, and the usual range of each it has seen."""

    def __init__(self) -> None:
        self._path = ""
        self._ranges: dict[str, tuple[float, float]] = {}
        self._is_asked = False
        self._is_open = False

    def open(self, path: str, low: float, high: float) -> None:
        """Open for the value at `path`; a range without extent stands for the one known of it."""
        self._path, self._is_asked = path, True
        if low < high:
            self._ranges[path] = (low, high)

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the popup if it is open."""
        if self._is_asked:
            imgui.open_popup(_NAME)
            self._is_asked = False
        viewport = imgui.get_main_viewport()
        width = min(theme.px(theme.EDITOR_WIDTH), viewport.size.x - theme.px(theme.GAP_LARGE))
        imgui.set_next_window_size(imgui.ImVec2(width, 0.0))
        mouse = imgui.get_mouse_pos()
        # Beside the panel, so that the control stays in sight.
        corner = imgui.ImVec2(
            max(mouse.x - width - theme.px(theme.EDITOR_DISTANCE), 0.0),
            max(mouse.y - theme.px(theme.HEADER_HEIGHT), 0.0),
        )
        imgui.set_next_window_pos(corner, imgui.Cond_.appearing)
        if not imgui.begin_popup(_NAME):
            if self._is_open and status.player.learning is not None:
                emit(CancelLearn())
            self._is_open = False
            return params
        self._is_open = True
        leaf = leaf_at(self._path)
        by_hand = _by_hand(params, leaf)
        if leaf is None or by_hand is None:
            imgui.close_current_popup()  # an edit that is gone
        else:
            params = self._draw(params, status, emit, leaf, by_hand)
        imgui.end_popup()
        return params

    def _draw(
        self, params: Params, status: Status, emit: Emit, leaf: Leaf, by_hand: float
    ) -> Params:
        control = Controls(params, status, emit)(leaf.path)
        low, high = self._ranges.get(leaf.path, usual_range(params, leaf))
        self._draw_title(control, leaf)
        text = _draw_expression(control)
        _draw_value(control, by_hand, low, high)
        _draw_learning(control, status, low, high)
        new = _draw_by_hand(leaf, by_hand, low, high)
        params = _draw_sending(params, status, leaf)
        _draw_marking(status, leaf, emit)
        imgui.spacing()
        example = draw_words()
        if example is not None:
            text = f"{text.rstrip()} + {example}" if text.strip() else example
        if _draw_clear(control):
            text = ""
        if text != control.text:
            params = bind(params, leaf.path, text)
        if new is not None:
            params = set_leaf(params, leaf, default_of(params, leaf) if new == "default" else new)
        return params

    def _draw_title(self, control: Control, leaf: Leaf) -> None:
        """The name of the value, the axes of a vector, the source at the right end."""
        imgui.align_text_to_frame_padding()
        theme.push_face("strong")
        vector = leaf.path.rpartition(".")[0]
        widgets.text(name_of(vector if leaf.axis else leaf.path))
        imgui.pop_font()
        if leaf.axis:
            imgui.same_line()
            before = int(leaf.parts[-1])
            axis = widgets.segments("axis", before, _AXES, theme.px(theme.SHORTEST_FIELD))
            if axis != before:
                self._path = f"{vector}.{axis}"
        if control.is_bound and control.status is not None:
            imgui.same_line()
            widgets.text_right(SOURCE_NAMES[control.status.source], control.colour)


def _draw_expression(control: Control) -> str:
    """The text field; returns what is typed."""
    if imgui.is_window_appearing():
        imgui.set_keyboard_focus_here()
    imgui.set_next_item_width(-1.0)
    theme.push_face("mono")
    _, text = imgui.input_text_with_hint("##bound to", "value + 0.2 * sin(t)", control.text)
    imgui.pop_font()
    return text


def _draw_value(control: Control, by_hand: float, low: float, high: float) -> None:
    """The moving value, and a line that says what is wrong or who has set it."""
    imgui.set_next_item_width(-1.0)
    value_bar(
        "##value now",
        control.shown(by_hand),
        low,
        high,
        is_driven=True,
        tint=control.colour if control.is_bound else None,
    )
    room = imgui.get_content_region_avail().x
    status = control.status if control.is_bound else None
    if status is not None and status.is_waiting:
        widgets.text(f"{icons.INFO}  {status.error}", theme.WARNING, room)
    elif status is not None and status.error:
        widgets.text(f"{icons.ERROR}  {status.error}", theme.ERROR, room)
    elif control.is_bound:
        widgets.text("What it is now.", theme.TEXT_DIM, room)
    else:
        widgets.text("Set by hand. Write an expression, or learn.", theme.TEXT_DIM, room)


def _draw_learning(control: Control, status: Status, low: float, high: float) -> None:
    gap = imgui.get_style().item_spacing.x
    each = imgui.ImVec2((imgui.get_content_region_avail().x - gap) / 2, 0.0)
    reasons = {"midi": status.player.midi.reason, "osc": status.player.osc.reason}
    for source, label, waiting, help in _LEARN:
        if source == "osc":
            imgui.same_line()
        learning = status.player.learning
        is_on = control.is_learning and learning is not None and learning.source == source
        if is_on:
            imgui.push_style_color(imgui.Col_.text, theme.WARNING)
        imgui.begin_disabled(bool(reasons[source]))
        if imgui.button(f"{icons.LEARN}  {waiting if is_on else label}###learn {source}", each):
            if is_on:
                control.emit(CancelLearn())
            else:
                control.emit(Learn(control.path, source, low, high))
        imgui.end_disabled()
        if is_on:
            imgui.pop_style_color()
        widgets.tooltip(reasons[source] or help)


def _draw_by_hand(leaf: Leaf, by_hand: float, low: float, high: float) -> float | str | None:
    """The value by hand, `value` in the expression; returns a new one, "default", or None."""
    imgui.align_text_to_frame_padding()
    widgets.text("By hand", theme.TEXT_DIM)
    widgets.tooltip("What the value is when nothing drives it; called value in an expression.")
    imgui.same_line(theme.px(theme.SHORTEST_FIELD))
    if leaf.kind == "bool":
        new = float(widgets.switch("by hand", by_hand >= 0.5))
        imgui.same_line()
    else:
        width = imgui.get_content_region_avail().x - widgets.icon_button_width()
        imgui.set_next_item_width(width)
        format = "%.0f" if leaf.kind == "int" else "%.3f"
        new = value_bar("##by hand", by_hand, low, high, format=format)
        imgui.same_line()
    if widgets.icon_button(icons.RESET, "reset value", "Reset the value to what it was at first."):
        return "default"
    return new if new != by_hand else None


def _draw_sending(params: Params, status: Status, leaf: Leaf) -> Params:
    """Whether the value goes out as a message."""
    address = address_of(leaf)
    imgui.align_text_to_frame_padding()
    widgets.text("Send OSC", theme.TEXT_DIM)
    target = status.player.osc.sends_to
    where = f"To {target}." if target else "Name a receiver in the settings: [osc] send_to."
    widgets.tooltip("Send the value as a message whenever it changes.", where)
    imgui.same_line(theme.px(theme.SHORTEST_FIELD))
    is_sent = leaf.path in params.osc_out
    new = widgets.switch("send", is_sent)
    imgui.same_line()
    imgui.align_text_to_frame_padding()
    theme.push_face("mono")
    room = imgui.get_content_region_avail().x
    widgets.text(address, theme.TEXT if is_sent else theme.TEXT_DIM, room, keep_end=True)
    imgui.pop_font()
    widgets.tooltip("Messages to this address set the value by hand.")
    if new == is_sent:
        return params
    rest = tuple(path for path in params.osc_out if path != leaf.path)
    return replace(params, osc_out=(*rest, leaf.path) if new else rest)


def _draw_marking(status: Status, leaf: Leaf, emit: Emit) -> None:
    """Whether the value is on the web page."""
    imgui.align_text_to_frame_padding()
    widgets.text("Web page", theme.TEXT_DIM)
    note = "Switch it on in the outputs (O), or start with --serve."
    widgets.tooltip("Show the value on the page that a phone opens.", note)
    imgui.same_line(theme.px(theme.SHORTEST_FIELD))
    is_marked = leaf.path in status.marked
    if widgets.switch("web page", is_marked) != is_marked:
        emit(MarkControl(leaf.path, not is_marked))


def _draw_clear(control: Control) -> bool:
    imgui.begin_disabled(not control.is_bound)
    is_pressed = imgui.button(f"{icons.CLOSE}  Clear", imgui.ImVec2(-1.0, 0.0))
    imgui.end_disabled()
    widgets.tooltip("Take the expression off; the value by hand comes back.")
    return is_pressed


def _by_hand(params: Params, leaf: Leaf | None) -> float | None:
    """The value as it is set by hand, None if there is no such value."""
    if leaf is None or not leaf.is_number:
        return None
    try:
        return float(get_leaf(params, leaf) or 0.0)
    except LookupError:
        return None
