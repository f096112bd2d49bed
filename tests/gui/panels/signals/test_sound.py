import pytest
from imgui_bundle import imgui

from sgview.state.commands import ChooseSound, SetSound, SetTempo, TapTempo
from sgview.state.sound import Sound
from sgview.state.status import SoundStatus, TempoStatus

FILE = SoundStatus(
    sound=Sound(source="file", file="/music/song.wav"),
    bands=tuple(n / 20 for n in range(24)),
    levels={"low": 0.5, "mid": 1.2, "high": 0.0, "rms": 0.4, "onset": 1.0},
)


@pytest.fixture
def stage(make_stage, fakes):
    def make(**changes):
        stage = make_stage(status=fakes.status(**changes), size=(1400, 2600))
        stage.show("Signals")
        return stage

    return make


def test_the_source_is_chosen_in_the_section(stage) -> None:
    stage = stage()
    assert not stage.has("Input##1")
    stage.click("Sound")
    stage.click("Input##1")
    assert stage.commands == [SetSound(Sound(source="input"))]
    stage.commands.clear()
    stage.click("File##2")
    assert stage.commands == [ChooseSound(), SetSound(Sound(source="file"))]


def test_a_file_that_was_chosen_is_not_asked_for_again(stage) -> None:
    stage = stage(sound=SoundStatus(sound=Sound(source="input", file="/x.wav")))
    stage.click("File##2")
    assert stage.commands == [SetSound(Sound(source="file", file="/x.wav"))]


def test_the_file_and_how_its_levels_move(stage) -> None:
    stage = stage(sound=FILE)
    stage.click("song.wav##sound file")
    assert stage.commands == [ChooseSound()]
    stage.commands.clear()
    stage.drag("Gain", 30)
    assert all(isinstance(command, SetSound) for command in stage.commands)
    assert stage.commands[-1].sound.gain_db > 0
    assert stage.commands[-1].sound.file == "/music/song.wav"


def test_inputs_are_listed(stage) -> None:
    status = SoundStatus(sound=Sound(source="input"), devices=("Line", "Mic"))
    stage = stage(sound=status)
    stage.click("##Input")
    stage.click("Mic")
    assert stage.commands == [SetSound(Sound(source="input", device="Mic"))]


def test_why_nothing_is_heard(stage) -> None:
    sound = SoundStatus(sound=Sound(source="input"), reason="Line is gone.")
    assert stage(sound=sound).reads("Line is gone.")


def test_tempo_by_hand_by_tap_and_from_the_sound(stage) -> None:
    stage = stage(tempo=TempoStatus(bpm=120.0, beat=5.25, heard_bpm=98.5))
    assert stage.reads("98.5")
    stage.click("Tap##tempo")
    stage.key(imgui.Key.t)
    assert stage.commands == [TapTempo(), TapTempo()]
    stage.commands.clear()
    stage.click("##Follow sound")
    assert stage.commands == [SetTempo(120.0, True)]
    stage.commands.clear()
    stage.drag("Beats a minute", 30)
    assert stage.commands[-1].bpm > 120.0
    assert not stage.commands[-1].is_following
