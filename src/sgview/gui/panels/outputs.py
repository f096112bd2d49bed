"""Where the picture goes besides the window: every output at a glance, each with its switch."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import ToggleOutput
from sgview.state.params import Params
from sgview.state.status import OutputStatus, Status


def draw_outputs(params: Params, status: Status, emit: Emit) -> Params:
    """Draw a card for each output."""
    for output in status.outputs:
        _draw_output(output, emit)
        imgui.spacing()
    return params


def _draw_output(output: OutputStatus, emit: Emit) -> None:
    widgets.begin_card(f"##output {output.name}")
    if widgets.switch(f"##{output.name}", output.is_on) != output.is_on:
        emit(ToggleOutput(output.name))
    widgets.tooltip(output.help)
    imgui.same_line()
    imgui.align_text_to_frame_padding()
    widgets.text(output.name, theme.TEXT if output.is_on else theme.TEXT_DIM)
    if output.is_on:
        imgui.same_line()
        widgets.text_right(f"{output.rate:.0f} /s", theme.TEXT)
        _draw_figures(output)
        if output.target:
            room = imgui.get_content_region_avail().x
            widgets.text(output.target, theme.TEXT_DIM, room, keep_end=True)
    else:
        widgets.paragraph(output.help)
    if output.problem:
        widgets.paragraph(f"{icons.ERROR}  {output.problem}", theme.ERROR)
    widgets.end_card()


def _draw_figures(output: OutputStatus) -> None:
    """Size, and how many pictures went there; on the right those that did not."""
    width, height = output.size
    pictures = "1 picture" if output.written == 1 else f"{output.written} pictures"
    widgets.text(f"{width} x {height}, {pictures}" if output.written else "No picture yet")
    if output.dropped:
        imgui.same_line()
        widgets.text_right(f"{output.dropped} dropped", theme.WARNING)
        widgets.tooltip("They came faster than they could be written.")
