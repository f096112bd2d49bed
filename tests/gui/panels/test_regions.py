"""The panel of regions, and their masks under the hand, by mouse."""

import math
from typing import Any

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.panels.regions.drawing import Frame, _corners, _cut
from sgview.state.commands import ChooseMask
from sgview.state.params import Params, Region, Regions, View
from sgview.state.region_params import NAMES
from sgview.state.status import PictureStatus

ONE = Params(regions=Regions(second=Region(strength=1.0)))


def region(stage, name: str = "second") -> Region:
    return getattr(stage.params.regions, name)


def test_a_latent_is_put_into_the_picture_and_set(make_stage) -> None:
    stage = make_stage(ONE)
    stage.show("Latents")
    imgui.set_window_focus("Latents")
    stage.click("Third##1")
    assert not stage.has("##Strength")
    stage.click("Put a latent here")
    third = region(stage, "third")
    assert third == Region(strength=1.0, mask="radial", seed=third.seed)
    stage.click("Another seed")
    assert region(stage, "third") != third
    assert region(stage) == Region(strength=1.0)
    stage.point("##Strength")
    stage.press(0, True)
    imgui.get_io().add_mouse_pos_event(0.0, stage.find("##Strength").centre[1])
    stage.frame(3)
    assert region(stage, "third").strength == 0.0 and stage.has("##Strength")
    stage.press(0, False)
    stage.wait(1.0)
    assert region(stage, "third").strength == 0.0
    assert stage.has("Put a latent here")


@pytest.mark.parametrize("is_flipped", [False, True])
def test_a_mask_is_dragged_on_the_pad(make_stage, is_flipped: bool) -> None:
    stage = make_stage(replace(ONE, view=View(flip_horizontal=is_flipped)))
    stage.show("Latents")
    stage.drag("##masks", 20)
    moved = region(stage)
    assert math.copysign(1.0, moved.x) == (-1.0 if is_flipped else 1.0) and abs(moved.x) > 0.05
    assert moved.y == 0.0
    imgui.get_io().add_mouse_pos_event(5.0, 5.0)
    stage.frame(2)


def test_a_mask_is_dragged_on_the_picture(make_stage) -> None:
    stage = make_stage(ONE)
    stage.change(picture=PictureStatus(size=(64, 64)))
    x, y, width, height = stage.gui.picture_rect
    io = imgui.get_io()
    io.add_mouse_pos_event(x + width / 2, y + height / 2)
    stage.frame(2)
    stage.press(0, True)
    assert stage.gui.is_widget_held
    for step in range(1, 5):
        io.add_mouse_pos_event(x + width / 2 + 5 * step, y + height / 2 - 10 * step)
        stage.frame()
    stage.press(0, False)
    size = min(width, height)
    assert region(stage).x == pytest.approx(20 / size, abs=1e-3)
    assert region(stage).y == pytest.approx(40 / size, abs=1e-3)
    assert not stage.gui.is_widget_held
    before = stage.params
    io.add_mouse_pos_event(x + 3.0, y + 3.0)  # far from it
    stage.frame(2)
    stage.press(0, True)
    io.add_mouse_pos_event(x + 30.0, y + 30.0)
    stage.frame(2)
    stage.press(0, False)
    assert stage.params == before


def test_a_picture_is_asked_for(make_stage) -> None:
    stage = make_stage(Params(regions=Regions(second=Region(strength=1.0, mask="file"))))
    stage.show("Latents")
    stage.click("Open a PNG…##mask file")
    assert stage.commands == [ChooseMask("second")]
    with_file = replace(region(stage), file="/a/leaf.png")
    stage.params = Params(regions=Regions(second=with_file))
    stage.frame(2)
    assert stage.has("leaf.png##mask file")


@pytest.mark.parametrize("kind", ["linear", "band", "radial", "file"])
def test_every_mask_is_drawn_inverted_too(make_stage, kind) -> None:
    masks: dict[str, Any] = {
        name: Region(strength=1.0, mask=kind, invert=turn, angle=30.0, x=0.2, softness=soft)
        for name, turn, soft in zip(NAMES, (False, True, True), (0.2, 0.1, 0.0), strict=True)
    }
    stage = make_stage(Params(regions=Regions(**masks)))
    stage.show("Latents")
    assert stage.has("##masks") and stage.reads("Where it is seen")


def test_shapes_are_cut_and_flipped_as_the_picture_is() -> None:
    whole = _corners(2.0)
    right = _cut(whole, lambda at: at[0])
    assert min(x for x, _ in right) == 0.0 and max(x for x, _ in right) == 1.0
    assert _cut(whole, lambda at: -1.0) == [] and _cut(whole, lambda at: 1.0) == whole
    frame = Frame.of((10.0, 20.0), (200.0, 100.0), View(flip_horizontal=True))
    assert frame.aspect == 2.0 and frame.to_screen(0.5, 0.25) == (60.0, 45.0)
    assert frame.step(10.0, 10.0) == (-0.1, -0.1)
