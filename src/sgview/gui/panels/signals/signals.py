"""Everything that moves values: own sliders, the list of bindings, OSC and MIDI."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import control as binding
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.value_bar import value_bar
from sgview.gui.panels import Emit
from sgview.state.bindings import bind
from sgview.state.commands import SetPickUp
from sgview.state.descriptions import name_of
from sgview.state.params import Params
from sgview.state.status import SliderStatus, Status

_KNOWN = (0.0, 0.0)  # the range that the editor knows of a value


def draw_signals(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the sections."""
    controls = Controls(params, status, emit)
    if widgets.section("Sliders", note=_count(len(status.player.sliders))):
        params = _draw_sliders(params, status, controls.below("sliders."))
    if widgets.section("Bindings", note=_count(len(status.player.bindings))):
        params = _draw_bindings(params, status, controls)
    if widgets.section("OSC"):
        _draw_osc(status)
    if widgets.section("MIDI"):
        _draw_midi(status, emit)
    return params


def _count(number: int) -> str:
    return str(number) if number else ""


def _draw_sliders(params: Params, status: Status, controls: Controls) -> Params:
    if not status.player.sliders:
        widgets.paragraph('Write slider("energy", 0, 1) in an expression: it appears here.')
    for slider in status.player.sliders:
        new = _slider(slider, params.sliders.get(slider.name), controls)
        if new is not None:
            params = replace(params, sliders={**params.sliders, slider.name: new})
    return params


def _slider(slider: SliderStatus, by_hand: float | None, controls: Controls) -> float | None:
    """One slider; returns its new value, None if it stays."""
    low, high = slider.low, slider.high
    value = slider.value if by_hand is None else by_hand
    control = controls(slider.name, (low, high))
    new = rows.number(slider.name, value, low, low, high, control=control)
    return new if new != value else None


def _draw_bindings(params: Params, status: Status, controls: Controls) -> Params:
    if not status.player.bindings:
        widgets.paragraph(
            "Click the dot at the end of a control to let an expression, a controller, a message "
            "or the sound move it."
        )
    for path in status.player.bindings:
        control = controls(path, _KNOWN)
        if control.is_bound and _draw_binding(control):
            params = bind(params, path, "")
    return params


def _draw_binding(control: Control) -> bool:
    """One line: what is bound, to what, the value; True if it is to be cleared."""
    widgets.begin_card(f"##{control.path}")
    left, width = imgui.get_cursor_pos_x(), imgui.get_content_region_avail().x
    imgui.align_text_to_frame_padding()
    bar = theme.px(theme.SHORTEST_FIELD)
    name_width = width - bar - widgets.icon_button_width() - theme.px(theme.DOT_COLUMN)
    widgets.text(name_of(control.path), theme.TEXT, name_width - theme.px(theme.GAP_SMALL))
    imgui.same_line(left + name_width)
    imgui.set_next_item_width(bar)
    shown = control.shown(0.0)
    value_bar("##now", shown, 0.0, 1.0, is_filled=False, is_driven=True)
    if binding.is_asked(control):
        control.open()
    imgui.same_line()
    is_cleared = widgets.icon_button(icons.CLOSE, "clear", "Set the value by hand again.")
    binding.dot(control)
    theme.push_face("mono")
    widgets.text(control.text, control.colour, width)
    imgui.pop_font()
    binding.error_line(control)
    widgets.end_card()
    return is_cleared


def _draw_osc(status: Status) -> None:
    osc = status.player.osc
    if osc.reason:
        widgets.paragraph(f"{icons.WARNING}  {osc.reason}", theme.WARNING)
    if osc.listens_at:
        rows.read_out("Listens at", f"{osc.listens_at}   {osc.rate:.0f} /s")
        rows.read_out("Newest", osc.last or "Nothing yet", "The newest message.")
    target = osc.sends_to or "Nowhere"
    rows.read_out("Sends to", target, "Set in the settings: [osc] send_to.")


def _draw_midi(status: Status, emit: Emit) -> None:
    midi = status.player.midi
    if midi.reason:
        widgets.paragraph(f"{icons.WARNING}  {midi.reason}", theme.TEXT_DIM)
        return
    rows.read_out("Devices", ", ".join(midi.devices) or "None is plugged in")
    rows.read_out("Newest", midi.last or "Nothing yet")
    picks_up = rows.toggle(
        "Pick up",
        midi.picks_up,
        True,
        "A controller learned from now on takes over once it passes the present value.",
    )
    if picks_up != midi.picks_up:
        emit(SetPickUp(picks_up))
