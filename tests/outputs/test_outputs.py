"""The outputs that are on, with ones that only note what they are asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from sgview.outputs.output import OUTPUTS, Output, OutputKind
from sgview.outputs.outputs import Outputs
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state.commands import ToggleOutput
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.status import OutputStatus


@dataclass
class Counter:
    """An output that counts pictures, and fails where it is told to."""

    pictures: list[OutputPicture] = field(default_factory=list)
    fails_at: str = ""
    error: Exception = field(default_factory=lambda: ValueError("out of order"))
    closed: int = 0

    def offer(self, picture: OutputPicture) -> None:
        self._fail("offer")
        self.pictures.append(picture)

    def status(self) -> OutputStatus:
        self._fail("status")
        return OutputStatus(written=len(self.pictures))

    def close(self) -> None:
        self.closed += 1
        self._fail("close")

    def _fail(self, place: str) -> None:
        if self.fails_at == place:
            raise self.error


class Picture:
    """A picture as whoever plays it has it."""

    def __init__(self) -> None:
        self.views = 0
        self.downloads = 0

    def view(self, *_: object) -> OutputPicture:
        self.views += 1
        return OutputPicture(np.zeros((3, 5, 4), np.uint8), Params(), 1.5, self.download)

    def download(self) -> np.ndarray:
        self.downloads += 1
        return np.full((3, 5, 4), 7, np.uint8)


class House:
    """Two outputs called "first" and "second", and what is around them."""

    def __init__(self) -> None:
        self.first, self.second = Counter(), Counter()
        self.notices = Notices()
        self.outputs = self.open(lambda _: self.first)

    def open(self, first: Callable[[Settings], Output], extra: str = "") -> Outputs[Picture]:
        kinds = (
            OutputKind("first", "Counts.", first, extra),
            OutputKind("second", "Counts too.", lambda _: self.second),
        )
        return Outputs(Settings(), self.notices, lambda: 0.0, Picture.view, kinds)

    def texts(self) -> list[str]:
        return [f"{notice.level}: {notice.text}" for notice in self.notices.shown(0.0)]

    def problems(self) -> list[str]:
        return [status.problem for status in self.outputs.status()]

    def are_on(self) -> list[bool]:
        return [status.is_on for status in self.outputs.status()]


@pytest.fixture
def house() -> House:
    return House()


def test_all_that_there_are_are_off_at_first(house: House) -> None:
    shown = Outputs(Settings(), house.notices, lambda: 0.0, Picture.view).status()
    assert [status.name for status in shown] == [kind.name for kind in OUTPUTS]
    assert all(status.help and not status.is_on for status in shown)
    assert len({kind.name for kind in OUTPUTS}) == len(OUTPUTS)


def test_each_new_picture_is_offered_once_to_all_that_are_on(house: House) -> None:
    outputs = house.outputs
    outputs.execute(ToggleOutput("first"))
    outputs.execute(ToggleOutput("second"))
    outputs.offer(None)
    one, other = Picture(), Picture()
    for picture in (one, one, one, other, other):
        outputs.offer(picture)
    assert len(house.first.pictures) == len(house.second.pictures) == 2
    for first, second in zip(house.first.pictures, house.second.pictures, strict=True):
        assert first.pixels is second.pixels  # the same, made once
    assert (one.views, other.views) == (1, 1)
    assert (one.downloads, other.downloads) == (0, 0)
    assert [status.written for status in outputs.status()] == [2, 2]


def test_one_that_is_switched_on_has_the_present_picture_at_once(house: House) -> None:
    picture = Picture()
    house.outputs.execute(ToggleOutput("first"))
    house.outputs.offer(picture)
    house.outputs.execute(ToggleOutput("second"))
    house.outputs.offer(picture)
    assert len(house.first.pictures) == len(house.second.pictures) == 1


def test_what_is_off_costs_nothing(house: House) -> None:
    picture = Picture()
    house.outputs.offer(picture)
    assert picture.views == 0
    house.outputs.execute(ToggleOutput("first"))
    house.outputs.execute(ToggleOutput("first"))
    house.outputs.offer(picture)
    assert picture.views == 0
    assert house.first.closed == 1
    assert house.are_on() == [False, False]
    assert house.outputs.status()[0] is house.outputs.status()[0]


@pytest.mark.parametrize("place", ["offer", "status"])
def test_one_that_fails_is_closed_and_the_others_go_on(house: House, place: str) -> None:
    outputs = house.outputs
    outputs.execute(ToggleOutput("first"))
    outputs.execute(ToggleOutput("second"))
    outputs.offer(Picture())
    house.first.fails_at = place
    outputs.offer(Picture())
    assert house.problems() == ["ValueError: out of order", ""]
    assert house.are_on() == [False, True]
    assert house.texts() == ["error: first: ValueError: out of order"]
    assert house.first.closed == 1
    outputs.offer(Picture())
    assert len(house.second.pictures) == 3
    house.first.fails_at = ""
    outputs.execute(ToggleOutput("first"))  # it may be tried again
    assert house.problems() == ["", ""]
    assert house.are_on() == [True, True]


def test_an_error_that_people_can_mend_is_told_in_its_own_words(house: House) -> None:
    house.first.fails_at, house.first.error = "offer", OutputError("The disk is full.")
    house.outputs.execute(ToggleOutput("first"))
    house.outputs.offer(Picture())
    assert house.problems()[0] == "The disk is full."


def test_one_that_cannot_be_opened_says_what_to_install(house: House) -> None:
    def open_first(_: Settings) -> Output:
        import cyndilib_that_nobody_has  # noqa: F401  # pyright: ignore

        raise AssertionError

    house.outputs = house.open(open_first, "ndi")
    house.outputs.execute(ToggleOutput("first"))
    assert house.are_on() == [False, False]
    assert house.problems()[0] == "It takes more packages: pip install 'sgview[ndi]'"
    assert house.texts() == [f"error: first: {house.problems()[0]}"]


def test_closing_closes_all_even_those_that_fail(house: House) -> None:
    house.first.fails_at = "close"
    with house.outputs as outputs:
        outputs.execute(ToggleOutput("first"))
        outputs.execute(ToggleOutput("second"))
    outputs.close()
    assert (house.first.closed, house.second.closed) == (1, 1)


def test_a_name_that_is_not_known_is_a_notice(house: House) -> None:
    house.outputs.execute(ToggleOutput("third"))
    assert house.texts() == ["warning: There is no output of the name third."]


def test_a_picture_is_downloaded_once_and_when_it_is_asked_for() -> None:
    picture = Picture()
    view = picture.view()
    assert view.size == (5, 3)
    assert picture.downloads == 0
    pixels = view.host()
    assert view.host() is pixels
    assert picture.downloads == 1
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0, 0] = 1
