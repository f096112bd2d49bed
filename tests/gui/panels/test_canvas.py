import pytest

from sgview.state.canvas import Canvas, canvas_size
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


@pytest.mark.parametrize("shape", ["own", "16:9", "9:16", "2:1"])
def test_a_side_that_is_changed_by_hand_makes_the_shape_free(make_stage, shape) -> None:
    stage = make_stage(Params(canvas=Canvas(shape=shape, fill="mirror")))
    stage.show("Layers")
    width, height = canvas_size(stage.params.canvas, (1, 1))
    stage.frame(5)
    assert stage.params == Params(canvas=Canvas(shape=shape, fill="mirror"))  # looking changes none
    stage.drag("##Height", 40)
    canvas = stage.params.canvas
    assert (canvas.shape, canvas.fill) == ("free", "mirror")
    assert canvas.width == pytest.approx(width, abs=1e-3) and canvas.height > height + 0.1


def test_a_bound_side_waits_for_a_free_canvas(make_stage) -> None:
    params = Params(canvas=Canvas(shape="16:9"), bindings={"canvas.width": "1 + sin(t)"})
    stage = make_stage(params)
    stage.show("Layers")
    stage.drag("##Height", 40)
    assert stage.params.canvas.shape == "16:9"
