"""The menu of changes: what undo takes back and redo makes again, by name."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import Redo, Undo
from sgview.state.status import Status

_NAME = "##history"


def draw_history_button(status: Status, emit: Emit) -> None:
    """Draw the button, and the menu while it is open: a click goes to that state."""
    has_past = status.history.can_undo or status.history.can_redo
    if widgets.icon_button(icons.HISTORY, "history", "What was changed", is_enabled=has_past):
        imgui.open_popup(_NAME)
    if not imgui.begin_popup(_NAME):
        return
    width = imgui.ImVec2(theme.px(theme.HISTORY_WIDTH), 0.0)
    none = imgui.SelectableFlags_.none
    for count in range(
        len(status.history.redo_names), 0, -1
    ):  # the farthest on top, as time goes down
        imgui.push_style_color(imgui.Col_.text, theme.TEXT_FAINT)
        name = status.history.redo_names[count - 1]
        if imgui.selectable(f"{name}##redo {count}", False, none, width)[0]:
            emit(Redo(count))
        imgui.pop_style_color()
    for count, name in enumerate(status.history.undo_names):
        colour = theme.TEXT if count else theme.ACCENT  # the first is what is there now
        imgui.push_style_color(imgui.Col_.text, colour)
        if imgui.selectable(f"{name}##undo {count}", False, none, width)[0] and count:
            emit(Undo(count))
        imgui.pop_style_color()
    oldest = len(status.history.undo_names)
    if imgui.selectable("Before that##oldest", not oldest, none, width)[0] and oldest:
        emit(Undo(oldest))
    imgui.end_popup()
