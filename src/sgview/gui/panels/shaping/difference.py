"""Making a direction as the difference of latents of the library, or of two groups of them."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.emit import Emit
from sgview.state.commands import MakeDirection
from sgview.state.status import Status


class DifferenceEditor:
    """Remembers which latents are chosen, and the name that is typed."""

    def __init__(self) -> None:
        self._start: set[str] = set()
        self._end: set[str] = set()
        self._name = ""

    def __call__(self, status: Status, emit: Emit) -> None:
        """Draw the button, and what it opens."""
        names = [latent.name for latent in status.show.library]
        imgui.begin_disabled(len(names) < 2)
        if imgui.button(f"{icons.ADD}  From latents ..."):
            imgui.open_popup("##difference")
        imgui.end_disabled()
        widgets.tooltip(
            "The way from some latents of the library to others, as a direction",
            "" if len(names) > 1 else "The library has fewer than two latents.",
        )
        if not imgui.begin_popup("##difference"):
            return
        self._start &= set(names)
        self._end &= set(names)
        width = theme.px(theme.MENU_WIDTH)
        for label, chosen in (("From", self._start), ("To", self._end)):
            widgets.text(label, theme.TEXT_DIM)
            lines = min(len(names), theme.FUNCTION_ROWS // 2)
            size = imgui.ImVec2(width * 1.5, lines * imgui.get_text_line_height_with_spacing())
            imgui.begin_child(f"##{label}", size)
            for name in names:
                if imgui.selectable(f"{name}##{label}", name in chosen)[0]:
                    chosen ^= {name}
            imgui.end_child()
        imgui.set_next_item_width(width)
        _, self._name = imgui.input_text_with_hint("##name of difference", "name", self._name)
        name = "".join(letter for letter in self._name.strip() if letter not in './\\:"*?<>|#')
        imgui.same_line()
        imgui.begin_disabled(not (name and self._start and self._end))
        if imgui.button("Make##difference"):
            emit(MakeDirection(tuple(sorted(self._start)), tuple(sorted(self._end)), name))
            imgui.close_current_popup()
        imgui.end_disabled()
        imgui.end_popup()
