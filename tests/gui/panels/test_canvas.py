import pytest

from sgview.state.canvas import Canvas
from sgview.state.params import Params
from sgview.state.status import PictureStatus


@pytest.fixture
def stage(make_stage):
    stage = make_stage()
    stage.show("Layers")
    return stage


def test_shapes_and_fills_are_chosen(stage) -> None:
    stage.click("##Shape")
    stage.click("16:9")
    assert stage.params == Params(canvas=Canvas(shape="16:9"))
    stage.click("##Beyond")
    stage.click("Mirrored")
    assert stage.params == Params(canvas=Canvas(shape="16:9", fill="mirror"))
    assert stage.commands == []


def test_the_size_is_told(stage) -> None:
    note = "456 × 256 px, 1.78× the pixels; memory allows 96×"
    stage.change(picture=PictureStatus(canvas=note))
    stage.frame(2)
    assert stage.reads("456 × 256 px, 1.78×")
    assert stage.reads("memory allows")
