"""Where the picture goes besides the window: every output at a glance, each with its switch."""

from __future__ import annotations

import re

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.gui.panels.outputs.clean_window import draw_clean_window
from sgview.gui.panels.outputs.frame import draw_frame, summary_of
from sgview.gui.panels.outputs.stage import draw_stage
from sgview.state.commands import SetOutputFrame, ToggleOutput
from sgview.state.output_frame import CLEAN_WINDOW
from sgview.state.params import Params
from sgview.state.status import OutputStatus, Status


def draw_outputs(params: Params, status: Status, emit: Emit) -> Params:
    """Draw what an audience sees, and a card for each output."""
    params = draw_stage(params, status, emit)
    count = sum(output.is_on for output in status.outputs)
    if widgets.section("Outputs", note=f"{count} on" if count else "all off"):
        for output in status.outputs:
            _draw_output(output, status, emit)
            imgui.spacing()
    return params


def _draw_output(output: OutputStatus, status: Status, emit: Emit) -> None:
    """A line for one that is off, three for one that is on; its settings unfold below."""
    imgui.push_id(output.name)
    widgets.begin_card("##card")
    if widgets.switch(f"##{output.name}", output.is_on) != output.is_on:
        emit(ToggleOutput(output.name))
    if not output.problem:  # it would lie upon what went wrong
        widgets.tooltip(output.help)
    imgui.same_line()
    imgui.align_text_to_frame_padding()
    fold = widgets.icon_button_width()
    name_room = imgui.get_content_region_avail().x - fold
    figure = f"{output.rate:.0f} /s" if output.is_on else summary_of(output)
    name_room -= imgui.calc_text_size(figure).x + theme.px(theme.GAP_SMALL)
    widgets.text(output.name, theme.TEXT if output.is_on else theme.TEXT_DIM, name_room)
    widgets.tooltip(output.help)
    imgui.same_line()
    widgets.text_right(figure, theme.TEXT if output.is_on else theme.TEXT_DIM, fold)
    imgui.same_line()
    is_open = _draw_fold(output)
    if output.is_on:
        _draw_figures(output)
        if output.note:
            widgets.paragraph(output.note)
        if output.target:
            _draw_target(output)
    if output.problem:
        widgets.paragraph(f"{icons.ERROR}  {output.problem}", theme.ERROR)
    if is_open:
        widgets.paragraph(output.help)
        if output.is_on and output.code:
            widgets.paragraph("For the camera of a phone in the same network:")
            _draw_code(output.code)
        _draw_settings(output, status, emit)
    widgets.end_card()
    imgui.pop_id()


def _draw_target(output: OutputStatus) -> None:
    """Where pictures go; a button copies what is a path or an address."""
    if not re.search(r"[/\\]", output.target):
        widgets.text(output.target, theme.TEXT_DIM, imgui.get_content_region_avail().x)
        return
    room = imgui.get_content_region_avail().x - widgets.icon_button_width()
    imgui.align_text_to_frame_padding()
    widgets.text(output.target, theme.TEXT_DIM, room - theme.px(theme.GAP_SMALL), keep_end=True)
    imgui.same_line()
    if widgets.icon_button(icons.COPY, f"copy {output.name}", "Copy", colour=theme.TEXT_DIM):
        imgui.set_clipboard_text(output.target)


def _draw_code(rows: tuple[str, ...]) -> None:
    """A QR code, "1" is dark, with the light border that cameras need."""
    border = 4  # cells, as ISO/IEC 18004 has it
    room = imgui.get_content_region_avail().x
    cell = max(int(min(room, theme.px(theme.CODE_SIZE)) / (len(rows) + 2 * border)), 1)
    side = cell * (len(rows) + 2 * border)
    x, y = (int(place) for place in imgui.get_cursor_screen_pos())
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled((x, y), (x + side, y + side), theme.u32(theme.CODE_LIGHT))
    dark = theme.u32(theme.CODE_DARK)
    for n, row in enumerate(rows):
        top = y + cell * (n + border)
        for run in re.finditer("1+", row):
            left, right = (x + cell * (place + border) for place in run.span())
            draw.add_rect_filled((left, top), (right, top + cell), dark)
    imgui.dummy((side, side))


def _draw_fold(output: OutputStatus) -> bool:
    """The button that unfolds the settings; returns whether they are."""
    storage, key = imgui.get_state_storage(), imgui.get_id("is open")
    is_open = storage.get_bool(key, False)
    icon = icons.EXPANDED if is_open else icons.RIGHT
    if widgets.icon_button(icon, f"settings {output.name}", "Settings", colour=theme.TEXT_DIM):
        is_open = not is_open
        storage.set_bool(key, is_open)
    return is_open


def _draw_settings(output: OutputStatus, status: Status, emit: Emit) -> None:
    if output.name == CLEAN_WINDOW:
        draw_clean_window(status.clean_window, emit)
    is_held = output.is_fixed and output.is_on
    imgui.begin_disabled(is_held)
    frame = draw_frame(output)
    imgui.end_disabled()
    if is_held:
        widgets.paragraph("Size and rate stay as they are while it is on.")
    if frame != output.frame:
        emit(SetOutputFrame(output.name, frame))


def _draw_figures(output: OutputStatus) -> None:
    """Size, and how many pictures went there; on the right those that did not."""
    width, height = output.size
    pictures = "1 picture" if output.written == 1 else f"{output.written} pictures"
    widgets.text(f"{width} × {height}, {pictures}" if output.written else "No picture yet")
    if output.dropped:
        imgui.same_line()
        widgets.text_right(f"{output.dropped} dropped", theme.WARNING)
        widgets.tooltip("They came faster than they could be written.")
