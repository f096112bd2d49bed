"""Asks for a path in a text field, where the system has no file dialog."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from sgview.gui.controls import widgets
from sgview.gui.controls.question import draw_question
from sgview.gui.panels import Emit
from sgview.state.commands import AnswerPathPrompt
from sgview.state.params import Params
from sgview.state.status import PathPrompt, Status


class PathPromptPanel:
    """Remembers what is typed, and that the question is answered, until the app withdraws it."""

    def __init__(self) -> None:
        self._asked: PathPrompt | None = None
        self._typed = ""
        self._is_answered = False

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the question, if there is one."""
        prompt = status.path_prompt
        if prompt is None:
            self._asked = None
            return params
        name = f"{prompt.title}###path prompt"
        if prompt != self._asked:
            self._asked, self._typed, self._is_answered = prompt, prompt.suggestion, False
            imgui.open_popup(name)
        if self._is_answered:
            return params
        draw_question(name, lambda: self._draw(emit), lambda: self._answer(None, emit))
        return params

    def _draw(self, emit: Emit) -> None:
        widgets.paragraph("This system has no file dialog: type or paste the path.")
        if imgui.is_window_appearing():
            imgui.set_keyboard_focus_here()
        imgui.set_next_item_width(-1.0)
        is_entered, self._typed = imgui.input_text_with_hint(
            "##prompted path", "Path", self._typed, imgui.InputTextFlags_.enter_returns_true
        )
        path = self._typed.strip().strip("'\"")
        gap = imgui.get_style().item_spacing.x
        each = imgui.ImVec2((imgui.get_content_region_avail().x - gap) / 2, 0.0)
        if imgui.button("Cancel", each):
            self._answer(None, emit)
        imgui.same_line()
        imgui.begin_disabled(not path)
        is_pressed = imgui.button("OK", each)
        imgui.end_disabled()
        if path and (is_entered or is_pressed):
            self._answer(Path(path).expanduser(), emit)
        if self._is_answered:
            imgui.close_current_popup()

    def _answer(self, path: Path | None, emit: Emit) -> None:
        self._is_answered = True
        emit(AnswerPathPrompt(path))
