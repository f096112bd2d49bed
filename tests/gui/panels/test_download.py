"""The question before a download, and the line that shows how far it is."""

from __future__ import annotations

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.state.commands import AgreeDownload, CancelDownload
from sgview.state.status import DownloadStatus

OFFER = DownloadStatus("b", "ffhq.pkl", "a.org", is_question=True, size=363_100_000)


@pytest.fixture
def stage(make_stage):
    stage = make_stage()
    stage.change(download=OFFER)
    stage.frame(4)
    return stage


@pytest.mark.parametrize(
    ("button", "command"), [("Fetch", AgreeDownload()), ("Cancel", CancelDownload())]
)
def test_the_buttons_answer_once(stage, button, command) -> None:
    stage.click(button)
    stage.frame(3)
    assert stage.commands == [command]
    assert not stage.has("Fetch")


def test_escape_is_no_and_enter_is_yes(stage) -> None:
    stage.key(imgui.Key.escape)
    stage.frame(3)
    assert stage.commands == [CancelDownload()]
    stage.change(download=None)
    stage.change(download=replace(OFFER, name="other.pkl"))
    stage.frame(4)
    stage.key(imgui.Key.enter)
    assert stage.commands[-1] == AgreeDownload()


def test_what_is_fetched_already_asks_nothing(make_stage) -> None:
    stage = make_stage()
    stage.change(download=replace(OFFER, is_question=False, received=1000))
    assert stage.reads("1.0 kB of 363.1 MB")
    stage.frame(4)
    assert not stage.has("Fetch")
