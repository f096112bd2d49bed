from pathlib import Path

import pytest
from imgui_bundle import imgui

from sgview.state.commands import AnswerPathPrompt
from sgview.state.status import PathPrompt


@pytest.fixture
def stage(make_stage):
    stage = make_stage()
    stage.change(path_prompt=PathPrompt("Open network A", "/networks/"))
    stage.frame(4)
    return stage


def test_typed_path_is_the_answer(stage) -> None:
    stage.key(imgui.Key.end)
    stage.type("a.pkl")
    stage.key(imgui.Key.enter)
    assert stage.commands == [AnswerPathPrompt(Path("/networks/a.pkl"))]


def test_ok_takes_the_suggestion(stage) -> None:
    stage.click("OK")
    assert stage.commands == [AnswerPathPrompt(Path("/networks"))]


def test_cancel(stage) -> None:
    stage.click("Cancel")
    assert stage.commands == [AnswerPathPrompt(None)]


def test_escape_cancels_once(stage) -> None:
    stage.key(imgui.Key.escape)
    stage.key(imgui.Key.escape)
    stage.frame(5)
    assert stage.commands == [AnswerPathPrompt(None)]


def test_question_survives_a_change_of_focus(stage) -> None:
    imgui.set_window_focus("Blend")
    stage.frame(5)
    assert stage.commands == []
    assert stage.has("OK")


def test_next_question_starts_afresh(stage) -> None:
    stage.click("Cancel")
    stage.change(path_prompt=None)
    assert not stage.has("OK")
    stage.change(path_prompt=PathPrompt("Save preset", "/p.toml"))
    stage.frame(4)
    stage.click("OK")
    assert stage.commands[-1] == AnswerPathPrompt(Path("/p.toml"))


def test_question_is_asked_with_hidden_panels_too(make_stage) -> None:
    stage = make_stage()
    stage.gui.show_panels = False
    stage.change(path_prompt=PathPrompt("Save preset"))
    stage.frame(4)
    assert stage.has("Cancel")
