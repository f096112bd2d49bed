"""The script that plays along, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import ChooseScript, RemoveScript
from sgview.state.params import Params
from sgview.state.status import ScriptStatus, Status


def draw_script(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    script = status.player.script
    if not widgets.section("Script", is_open=bool(script.path)):
        return params
    if not script.path:
        widgets.paragraph(
            "A Python file with def frame(play), called every frame and read again when saved."
        )
        if imgui.button("Open a script…"):
            emit(ChooseScript())
    else:
        _draw_open(script, emit)
    imgui.spacing()
    return params


def _draw_open(script: ScriptStatus, emit: Emit) -> None:
    icon, colour = (icons.ERROR, theme.ERROR) if script.error else (icons.PLAY, theme.ACCENT)
    imgui.align_text_to_frame_padding()
    widgets.text(icon, colour)
    imgui.same_line()
    room = imgui.get_content_region_avail().x - widgets.icon_button_width(2)
    left = imgui.get_cursor_pos_x()
    widgets.text(Path(script.path).name, theme.TEXT, room)
    widgets.tooltip(script.path, "Read again whenever it is saved.")
    imgui.same_line(left + room)
    if widgets.icon_button(icons.FOLDER_OPEN, "open script", "Open another script"):
        emit(ChooseScript())
    imgui.same_line()
    if widgets.icon_button(icons.CLOSE, "remove script", "Play without it"):
        emit(RemoveScript())
    if script.error:
        _draw_error(script)


def _draw_error(script: ScriptStatus) -> None:
    """File, line and message in a card."""
    widgets.begin_card("##script error")
    if script.line:
        widgets.text(f"{Path(script.file).name}, line {script.line}", theme.TEXT)
    theme.push_face("mono")
    widgets.paragraph(script.error, theme.ERROR)
    imgui.pop_font()
    playing = "Everything else of it" if script.plays else "The last good version"
    widgets.paragraph(f"{playing} plays on.")
    widgets.end_card()
