import pytest
from imgui_bundle import imgui

from sgview.state import commands
from sgview.state.machine import Timing
from sgview.state.params import Params, Playback
from sgview.state.status import PictureStatus


@pytest.mark.parametrize(
    ("button", "command"),
    [
        ("rewind", commands.Rewind()),
        ("back", commands.Step(-1)),
        ("pause", commands.TogglePause()),
        ("step", commands.Step(1)),
        ("undo", commands.Undo()),
        ("redo", commands.Redo()),
        ("open preset", commands.ChoosePreset()),
        ("save preset", commands.NamePreset()),
        ("snapshot", commands.SaveSnapshot()),
    ],
)
def test_buttons(make_stage, fakes, button, command) -> None:
    stage = make_stage(status=fakes.status(undo_names=("Seed",), redo_names=("Seed",)))
    stage.click(button)
    assert stage.commands == [command]


def test_nothing_to_undo(make_stage) -> None:
    stage = make_stage()
    stage.click("undo")
    stage.click("redo")
    assert stage.commands == []


def test_sheet_of_keys_by_the_mouse(make_stage) -> None:
    stage = make_stage()
    stage.click("keys")
    assert stage.reads("This sheet")


def test_speed(make_stage) -> None:
    stage = make_stage()
    stage.drag("##speed", -200)
    assert stage.params.playback.speed < 0
    stage.click("##speed", button=1)
    assert stage.params == Params(playback=Playback(speed=1.0))


def test_read_outs(make_stage) -> None:
    stage = make_stage()
    for text in ("12.50 s", "24.0 fps", "GUI 60", "cpu", "pixel buffer", "L2_52_64  52 × 52 × 64"):
        assert stage.reads(text), text


def test_read_outs_do_not_move_as_numbers_change(make_stage) -> None:
    stage = make_stage()
    before = stage.find("##speed").low
    stage.change(t=-1234.5, picture_fps=5.0, fps=144.0)
    assert stage.find("##speed").low == before


def test_picture_that_is_not_finite_is_named(make_stage) -> None:
    stage = make_stage()
    stage.change(picture=PictureStatus("L4_84_32", (84, 84), 32, is_finite=False))
    assert stage.reads("\uf071 L4_84_32")


def test_narrow_window_keeps_the_transport_and_the_rate(make_stage) -> None:
    stage = make_stage(size=(480, 320))
    assert stage.has("pause")
    assert not stage.has("save preset")
    assert stage.reads("24.0 fps")


def test_stages_are_timed_in_the_tooltip_of_the_rate(make_stage) -> None:
    stage = make_stage(size=(1600, 1000))
    stage.change(timings=(Timing("synthesis", 31.25),))
    imgui.get_io().add_mouse_pos_event(1570, 984)
    stage.frame(60)
    assert stage.reads("synthesis")
    assert stage.reads("31.25 ms")
