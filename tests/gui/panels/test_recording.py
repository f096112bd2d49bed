"""The red button, what it records as, and the button for what has just played."""

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.panels.recording import CODECS
from sgview.outputs import codecs
from sgview.state import commands
from sgview.state.recording import CODEC_NAMES, RECORDER, REPLAY, Recording
from sgview.state.status import OutputStatus


def stage_with(make_stage, fakes, *outputs: OutputStatus, **recording):
    status = replace(fakes.status(), outputs=outputs, recording=Recording(**recording))
    return make_stage(status=status)


OFF = (OutputStatus(name=RECORDER), OutputStatus(name=REPLAY))
ON = OutputStatus(name=RECORDER, is_on=True, target="film.mp4", seconds=75.25, dropped=3)
KEEPS = OutputStatus(name=REPLAY, is_on=True, seconds=30.0)


def test_it_records_and_ends(make_stage, fakes) -> None:
    stage = stage_with(make_stage, fakes, *OFF)
    stage.click("record picture")
    stage.click("record")
    assert stage.commands == [commands.ToggleOutput(RECORDER), commands.ToggleTake()]


def test_length_and_dropped_pictures_are_shown(make_stage, fakes) -> None:
    stage = stage_with(make_stage, fakes, ON, OFF[1])
    assert stage.reads("1:15.2") and stage.reads("3 dropped")
    assert not stage_with(make_stage, fakes, *OFF).reads("dropped")


def test_what_just_played_can_be_saved_while_it_is_kept(make_stage, fakes) -> None:
    stage = stage_with(make_stage, fakes, OFF[0], KEEPS)
    stage.click("save replay")
    assert stage.commands == [commands.SaveReplay()]


def test_how_it_records_is_chosen_by_the_other_button(make_stage, fakes) -> None:
    stage = stage_with(make_stage, fakes, *OFF)
    stage.click("record picture", button=1)
    for name in CODEC_NAMES:
        assert stage.has(f"{CODECS[name][0]}##{name}") and stage.reads(CODECS[name][1])
    stage.click("ProRes##prores")
    assert stage.commands == [commands.SetRecording(Recording(codec="prores"))]
    stage.click("##Keep the last 30 s")
    assert stage.commands[-1] == commands.ToggleOutput(REPLAY)


def test_keys(make_stage, fakes) -> None:
    stage = stage_with(make_stage, fakes, *OFF)
    stage.key(imgui.Key.f9)
    stage.key(imgui.Key.f10)
    assert stage.commands == [commands.ToggleOutput(RECORDER), commands.SaveReplay()]


def test_the_menu_names_every_codec() -> None:
    assert tuple(CODECS) == CODEC_NAMES == codecs.names()
