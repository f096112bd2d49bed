import pytest

from sgview.state.commands import SetVsync, ToggleFullscreen
from sgview.state.params import Params, View


@pytest.fixture
def stage(make_stage):
    stage = make_stage()
    stage.show("Layers")
    return stage


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("##Flip horizontal", View(flip_horizontal=True)),
        ("##Flip vertical", View(flip_vertical=True)),
        ("Fill##1", View(fit="fill")),
        ("1:1##2", View(fit="1:1")),
        ("Smooth##1", View(filter="linear")),
        ("Sharp##2", View(filter="nearest")),
    ],
)
def test_view(stage, label, expected) -> None:
    stage.click(label)
    assert stage.params == Params(view=expected)
    assert stage.commands == []


def test_vsync_and_fullscreen_are_commands(stage) -> None:
    stage.click("##Vsync")
    assert stage.commands == [SetVsync(False)]
    stage.click("##Fullscreen")
    assert stage.commands == [SetVsync(False), ToggleFullscreen()]
    assert stage.params == Params()
