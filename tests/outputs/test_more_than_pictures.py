"""What some outputs do besides taking pictures: hear, keep, tell, and play along."""

from collections.abc import Mapping

import numpy as np
import pytest
from msgspec.structs import replace

from sgview.outputs.output import Output, OutputKind
from sgview.outputs.outputs import Outputs
from sgview.outputs.picture import OutputPicture
from sgview.outputs.recording.sound_track import SoundTap
from sgview.settings import PageSettings, Settings
from sgview.state import commands as c
from sgview.state.notices import Notices
from sgview.state.output_frame import OutputFrame
from sgview.state.params import Params
from sgview.state.recording import Recording
from sgview.state.status import OutputStatus, Status
from tests.outputs.recording.films import Tap


class Everything:
    """An output that can do all of it, and notes what it is asked."""

    is_ended = True

    def __init__(self) -> None:
        self.taps: list[SoundTap] = []
        self.saved = 0
        self.messages: list[str] = []
        self.seen: list[tuple[str, ...]] = []
        self.fails = False

    def offer(self, picture: OutputPicture) -> None:
        pass

    def status(self) -> OutputStatus:
        return OutputStatus()

    def close(self) -> None:
        self.messages.append("It is complete.")

    def listen(self, tap: SoundTap) -> None:
        self.taps.append(tap)

    def save(self) -> None:
        self.saved += 1

    def take_messages(self) -> list[str]:
        taken, self.messages = self.messages, []
        return taken

    def exchange(
        self,
        params: Params,
        status: Status,
        marked: tuple[str, ...],
        thumbnails: Mapping[str, np.ndarray],
    ) -> tuple[Params, list[c.Command]]:
        if self.fails:
            raise ValueError("out of order")
        self.seen.append(marked)
        stage = replace(params.stage, blackout=True)
        return replace(params, stage=stage), [c.TogglePause()]


def view(picture: Params, frame: OutputFrame, size: object, level: float) -> OutputPicture:
    pixels = np.zeros((2, 2, 4), np.uint8)
    return OutputPicture(pixels, picture, 0.0, pixels.copy)


class House:
    """One such output called "all", and what is around it."""

    def __init__(self, settings: Settings, tap: SoundTap | None) -> None:
        self.output, self.notices = Everything(), Notices()
        self.recordings: list[Recording] = []

        def open_output(settings: Settings) -> Output:
            self.recordings.append(settings.recording)
            return self.output

        kinds = (OutputKind("all", "Does all.", open_output),)
        self.outputs: Outputs[Params] = Outputs(
            settings, self.notices, lambda: 0.0, view, kinds, lambda: tap
        )

    def texts(self) -> list[str]:
        return [f"{notice.level}: {notice.text}" for notice in self.notices.shown(0.0)]


def test_one_that_hears_has_the_sound_that_is_listened_to() -> None:
    tap = Tap()
    house = House(Settings(), tap)
    house.outputs.execute(c.ToggleOutput("all"))
    assert house.output.taps == [tap]
    for settings, heard in ((Settings(), None), (Settings(recording=Recording(sound=False)), tap)):
        silent = House(settings, heard)
        silent.outputs.execute(c.ToggleOutput("all"))
        assert silent.output.taps == []


def test_the_next_recording_is_made_as_was_chosen() -> None:
    house = House(Settings(), None)
    wanted = Recording(codec="prores", quality=95.0)
    house.outputs.execute(c.SetRecording(wanted))
    house.outputs.execute(c.ToggleOutput("all"))
    assert house.recordings == [wanted] and house.outputs.recording == wanted


def test_what_was_kept_is_saved_and_told_of() -> None:
    house = House(Settings(), None)
    house.outputs.execute(c.SaveReplay())
    assert house.texts() == ["warning: Nothing was kept to save."]
    house.outputs.execute(c.ToggleOutput("all"))
    house.outputs.execute(c.SaveReplay())
    assert house.output.saved == 1
    house.output.messages.append("Saved the last 30 s.")
    house.outputs.offer(Params())
    house.outputs.execute(c.ToggleOutput("all"))
    assert house.texts()[1:] == ["info: Saved the last 30 s.", "info: It is complete."]


def test_one_that_plays_along_may_change_what_is_set() -> None:
    settings = Settings(page=PageSettings(controls=("noise.seed",)))
    house = House(settings, None)
    params = Params()
    assert house.outputs.exchange(params, Status(), dict) == (params, [])
    house.outputs.execute(c.ToggleOutput("all"))
    house.outputs.execute(c.MarkControl("noise.offset", True))
    house.outputs.execute(c.MarkControl("noise.offset", True))
    changed, commands = house.outputs.exchange(params, Status(), dict)
    assert changed.stage.blackout and commands == [c.TogglePause()]
    house.outputs.execute(c.MarkControl("noise.seed", False))
    house.outputs.exchange(params, Status(), dict)
    assert house.output.seen == [("noise.seed", "noise.offset"), ("noise.offset",)]


@pytest.mark.parametrize("times", [1, 3])
def test_one_that_fails_to_play_along_is_off_and_the_frame_goes_on(times: int) -> None:
    house = House(Settings(), None)
    house.outputs.execute(c.ToggleOutput("all"))
    house.output.fails = True
    for _ in range(times):
        assert house.outputs.exchange(Params(), Status(), dict) == (Params(), [])
    assert not house.outputs.are_on
    assert house.texts() == ["info: It is complete.", "error: all: ValueError: out of order"]
