"""A searchable list in a popup: type to narrow, arrows to move, Enter or click to choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets


@dataclass(frozen=True)
class Choice:
    """One line of the list."""

    key: str  # what is returned
    text: str
    detail: str = ""  # dimmed, at the right end
    mark: str = ""  # explanation of a warning sign; "": no sign


def is_match(query: str, *texts: str) -> bool:
    """True if every word of `query` occurs in one of `texts`, whatever the case."""
    joined = " ".join(texts).casefold()
    return all(word in joined for word in query.casefold().split())


def search_field(name: str, query: str, hint: str) -> str:
    """A text field with a magnifying glass in its hint; returns the new query.

    Esc clears it, as does the cross that stands there once something is typed.
    """
    imgui.set_next_item_width(-widgets.icon_button_width() if query else -1.0)
    flags = imgui.InputTextFlags_.escape_clears_all
    new = imgui.input_text_with_hint(name, f"{icons.SEARCH}  {hint}", query, flags)[1]
    if query:
        imgui.same_line()
        if widgets.icon_button(icons.CLOSE, f"clear {name}", "Clear  (Esc)"):
            return ""
    return new


def arrow_step() -> int:
    """Return 1 while the down arrow is pressed or repeats, -1 for the up arrow, else 0."""
    down, up = (imgui.is_key_pressed(key) for key in (imgui.Key.down_arrow, imgui.Key.up_arrow))
    return int(down) - int(up)


class Picker:
    """State of one list: what is typed and which line is marked. Serves any number of popups,
    since only one is open at a time."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._query = ""
        self._marked = 0

    def open(self, name: str) -> None:
        """Open the popup `name` of the current window, with an empty search."""
        self._query, self._marked = "", 0
        imgui.open_popup(name)

    def popup(self, name: str, choices: Callable[[], Sequence[Choice]]) -> str | None:
        """Draw the popup if it is open; the key of a choice in the frame it is made."""
        viewport = imgui.get_main_viewport()
        width = min(theme.px(theme.POPUP_WIDTH), viewport.size.x - theme.px(theme.GAP_LARGE))
        imgui.set_next_window_size(imgui.ImVec2(width, 0.0))
        if not imgui.begin_popup(name):
            return None
        if imgui.is_window_appearing():
            imgui.set_keyboard_focus_here()
        query = search_field("##search", self._query, self._hint)
        if query != self._query:
            self._query, self._marked = query, 0
        shown = [c for c in choices() if is_match(query, c.text, c.detail)]
        is_moved = self._move_mark(len(shown))
        chosen = self._list(shown, is_moved)
        if shown and is_enter_pressed():
            chosen = shown[self._marked].key
        if chosen is not None:
            imgui.close_current_popup()
        imgui.end_popup()
        return chosen

    def _move_mark(self, count: int) -> bool:
        """Follow the arrow keys; True if the mark moved and must be scrolled to."""
        step = arrow_step()
        self._marked = max(0, min(count - 1, self._marked + step))
        return step != 0

    def _list(self, shown: Sequence[Choice], is_moved: bool) -> str | None:
        chosen: str | None = None
        line = imgui.get_text_line_height_with_spacing()
        rows = max(1, min(len(shown), theme.POPUP_ROWS))
        room = imgui.get_main_viewport().size.y * theme.POPUP_SHARE
        imgui.begin_child("##choices", imgui.ImVec2(0.0, min(rows * line, room)))
        if not shown:
            widgets.text("Nothing matches", theme.TEXT_DIM)
        if is_moved:
            imgui.set_scroll_y((self._marked - rows / 2) * line)
        clipper = imgui.ListClipper()
        clipper.begin(len(shown), line)
        while clipper.step():
            for index in range(clipper.display_start, clipper.display_end):
                if _line(shown[index], index == self._marked):
                    chosen = shown[index].key
        clipper.end()
        imgui.end_child()
        return chosen


def _line(choice: Choice, is_marked: bool) -> bool:
    """Draw one line; True if it was clicked."""
    is_clicked = imgui.selectable(f"##{choice.key}", is_marked)[0]
    if choice.mark:
        widgets.tooltip(choice.mark)
    imgui.same_line(imgui.get_style().item_inner_spacing.x)
    mark_width = theme.px(theme.SIGN_COLUMN) if choice.mark else 0.0
    detail_width = imgui.calc_text_size(choice.detail).x + mark_width
    room = imgui.get_content_region_avail().x - detail_width - theme.px(theme.GAP)
    widgets.text(
        widgets.elided(choice.text, max(room, theme.px(theme.SHORTEST_NAME)), keep_end=True)
    )
    imgui.same_line()
    if choice.mark:
        imgui.set_cursor_pos_x(
            imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x - detail_width
        )
        widgets.text(icons.WARNING, theme.WARNING)
        imgui.same_line()
    widgets.text_right(choice.detail)
    return is_clicked


def is_enter_pressed() -> bool:
    """Whether Enter went down in this frame."""
    return imgui.is_key_pressed(imgui.Key.enter, False) or imgui.is_key_pressed(
        imgui.Key.keypad_enter, False
    )
