"""Asks whether a network is to be fetched: who sends it, how much, under which licence."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.controls.question import draw_question
from sgview.gui.panels import Emit
from sgview.state.commands import AgreeDownload, CancelDownload
from sgview.state.params import Params
from sgview.state.status import DownloadStatus, Status
from sgview.state.text import format_bytes

_NAME = "Fetch this network?###download"


class DownloadPanel:
    """Remembers what it asks, and that it is answered, until the app withdraws the question."""

    def __init__(self) -> None:
        self._asked: DownloadStatus | None = None
        self._is_answered = False

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the question, if there is one."""
        offer = status.download
        if offer is None or not offer.is_question:
            self._asked = None
            return params
        if offer != self._asked:
            self._asked, self._is_answered = offer, False
            imgui.open_popup(_NAME)
        if self._is_answered:
            return params
        draw_question(_NAME, lambda: self._draw(offer, emit), lambda: self._answer(False, emit))
        return params

    def _draw(self, offer: DownloadStatus, emit: Emit) -> None:
        theme.push_face("strong")
        widgets.text(widgets.elided(offer.name, imgui.get_content_region_avail().x))
        imgui.pop_font()
        widgets.paragraph(f"{_size(offer)} from {offer.host}, for slot {offer.slot.upper()}.")
        if not offer.is_private:
            widgets.paragraph("The way there is not encrypted.")
        if offer.licence:
            widgets.paragraph(f"Licence: {offer.licence}. See {offer.page}")
        widgets.paragraph("It is kept on this machine; nothing in it is executed.")
        imgui.spacing()
        gap = imgui.get_style().item_spacing.x
        each = imgui.ImVec2((imgui.get_content_region_avail().x - gap) / 2, 0.0)
        if imgui.button("Cancel", each):
            self._answer(False, emit)
        imgui.same_line()
        if imgui.button("Fetch", each) or imgui.is_key_pressed(imgui.Key.enter, False):
            self._answer(True, emit)
        if self._is_answered:
            imgui.close_current_popup()

    def _answer(self, is_agreed: bool, emit: Emit) -> None:
        self._is_answered = True
        emit(AgreeDownload() if is_agreed else CancelDownload())


def _size(offer: DownloadStatus) -> str:
    return "Of unknown size," if offer.size is None else format_bytes(offer.size)
