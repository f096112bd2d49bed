import pytest
from imgui_bundle import imgui

from sgview.gui import Gui
from sgview.gui.hotkeys import hotkeys
from sgview.gui.own_keys import with_own_keys
from sgview.state import commands

K = imgui.Key


@pytest.fixture
def stage(make_stage, monkeypatch: pytest.MonkeyPatch):
    """A GUI with keys of the user's own."""

    def make(own: dict[str, str]):
        opened = make_stage()
        opened.gui._hotkeys, problems = with_own_keys(opened.gui._hotkeys, own)
        assert not problems
        return opened

    return make


def test_an_action_has_its_own_key_and_no_other(stage) -> None:
    stage = stage({"hide the panels": "F5", "Save a look": "Ctrl+Shift+L"})
    stage.key(K.h)
    stage.key(K.l)
    assert stage.commands == []
    stage.key(K.f5)
    stage.key(K.l, K.mod_ctrl, K.mod_shift)
    assert stage.commands == [commands.ToggleGui(), commands.SaveLook()]


def test_a_key_that_is_taken_over_does_one_thing(stage) -> None:
    stage = stage({"Pause": "S", "Step": "]"})
    stage.key(K.s)
    stage.key(K.right_bracket)
    assert stage.commands == [commands.TogglePause(), commands.Step(1)]
    assert stage.params.layer.name == ""
    stage.key(K.page_up)  # the other key of what lost one
    assert stage.params.layer.name == "input"


def test_the_sheet_shows_them() -> None:
    nothing = lambda: None  # noqa: E731
    table, _ = with_own_keys(
        hotkeys(nothing, nothing, nothing, lambda params, *_: params), {"Pause": "S", "Rewind": ""}
    )
    keys = {hotkey.text: hotkey.keys for hotkey in table if hotkey.keys}
    assert keys["Pause"] == ("S",)
    assert keys["Save a PNG"] == keys["Rewind"] == ("\u2013",)
    assert keys["Layer up"] == ("]", "PgUp")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"Pauze": "S"}, "Did you mean \u201cPause\u201d?"),
        ({"xyzzy": "S"}, "No key does \u201cxyzzy\u201d."),
        ({"Pause": "Strg+S"}, "is no key"),
        ({"Pause": "F77"}, "is no key"),
        ({"Pause": "Ctrl+"}, "is no key"),
        ({"Recall a look": "S"}, "No key does"),
        ({"\ud800": "\udfff"}, "No key does \u201c\ufffd\u201d"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(own: dict[str, str], said: str) -> None:
    with Gui(own_keys=own) as gui:
        (problem,) = gui.key_problems
        assert said in problem
    with Gui() as plain:
        assert [h.chords for h in plain._hotkeys] == [h.chords for h in gui._hotkeys]
