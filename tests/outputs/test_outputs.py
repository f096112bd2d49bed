"""The outputs that are on, with ones that only note what they are asked."""

import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from sgview.outputs.output import ALL_OUTPUTS, OUTPUTS, Output, OutputKind
from sgview.outputs.outputs import Outputs
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state.commands import SetOutputFrame, ToggleOutput
from sgview.state.notices import Notices
from sgview.state.output_frame import OutputFrame, size_of
from sgview.state.params import Params, Stage
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


@dataclass
class Late(Counter):
    """One that says what became of it some time after it was closed."""

    is_ended: bool = False
    last_word: str | Exception = "Recorded film.mp4: 3.0 s"

    def take_messages(self) -> list[str]:
        word, self.last_word = self.last_word, ""
        if not self.is_ended:
            self.last_word = word
            return []
        if isinstance(word, Exception):
            raise word
        return [word] if word else []


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


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("Recorded film.mp4: 3.0 s", "info: Recorded film.mp4: 3.0 s"),
        (OutputError("film.mp4 cannot be written"), "error: first: film.mp4 cannot be written"),
        (ValueError("no"), "error: first: ValueError: no"),
    ],
)
def test_what_becomes_of_one_that_was_switched_off_is_told(
    house: House, word: str | Exception, told: str
) -> None:
    late = Late(last_word=word)
    house.outputs = house.open(lambda _: late)
    house.outputs.execute(ToggleOutput("first"))
    house.outputs.execute(ToggleOutput("first"))
    house.outputs.offer(Picture())
    assert house.texts() == []
    late.is_ended = True
    for _ in range(3):
        house.outputs.offer(None)
    assert house.texts() == [told]


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


class Framed:
    """Outputs whose views are noted, and whose time the test moves."""

    def __init__(self, *kinds: OutputKind, settings: Settings | None = None) -> None:
        self.now = 100.0
        self.views: list[tuple] = []
        self.notices = Notices()
        self.outputs = Outputs(
            settings or Settings(), self.notices, lambda: self.now, self.view, kinds
        )
        for kind in kinds:
            self.outputs.execute(ToggleOutput(kind.name))

    def view(self, picture: Picture, frame: OutputFrame, size, level: float) -> OutputPicture:
        self.views.append((frame, size, level))
        return OutputPicture(
            np.zeros((3, 5, 4), np.uint8), Params(), 0.0, picture.download,
            framed_size=size or size_of(frame, (5, 3)), level=level, source=picture,
        )  # fmt: skip


def test_a_rate_has_slots_and_a_picture_comes_again_where_there_is_no_newer() -> None:
    counter = Counter()
    house = Framed(OutputKind("film", "", lambda _: counter, frame=OutputFrame(rate=10.0)))
    picture = Picture()
    for elapsed in (0.0, 0.05, 0.1, 0.19, 0.2, 0.55, 0.61):
        house.now = 100.0 + elapsed
        house.outputs.offer(picture)
    assert [view.slot for view in counter.pictures] == [0, 1, 2, 5, 6]
    times = [view.time for view in counter.pictures]
    assert times == pytest.approx([100.0, 100.1, 100.2, 100.5, 100.6])
    assert len(house.views) == 1
    for view in counter.pictures:
        view.host()
    assert picture.downloads == 1
    house.outputs.execute(SetOutputFrame("film", OutputFrame(rate=20.0)))
    house.outputs.offer(picture)
    assert counter.pictures[-1].slot == 0
    assert counter.pictures[-1].frame.rate == 20.0


def test_outputs_of_one_frame_share_its_pixels_and_others_do_not() -> None:
    counters = [Counter() for _ in range(3)]
    frames = (OutputFrame(size="720p"), OutputFrame(size="720p", rate=30.0), OutputFrame())
    house = Framed(*(
        OutputKind(str(i), "", lambda _, i=i: counters[i], frame=frames[i]) for i in range(3)
    ))  # fmt: skip
    house.outputs.offer(Picture())
    first, second, third = (counter.pictures[0] for counter in counters)
    assert first.pixels is second.pixels
    assert third.pixels is not first.pixels
    assert [view.size for view in (first, second, third)] == [(1280, 720), (1280, 720), (5, 3)]
    assert len(house.views) == 2


def test_the_users_settings_win_over_the_frame_of_the_row() -> None:
    frame = OutputFrame(size="vertical")
    counter = Counter()
    kind = OutputKind("film", "", lambda _: counter, frame=OutputFrame(size="4k"))
    house = Framed(kind, settings=Settings(outputs={"film": frame}))
    assert house.outputs.status()[0].frame == frame
    assert house.outputs.own_frames == {"film": frame}
    house.outputs.execute(SetOutputFrame("film", kind.frame))
    assert house.outputs.own_frames == {}


def test_a_film_keeps_the_size_of_its_first_picture_and_its_frame() -> None:
    counter = Counter()
    house = Framed(OutputKind("film", "", lambda _: counter, is_fixed=True))
    house.outputs.offer(Picture())
    house.outputs.offer(Picture())
    assert [size for _, size, _ in house.views] == [None, (5, 3)]
    house.outputs.execute(SetOutputFrame("film", OutputFrame(size="4k")))
    assert house.outputs.frames["film"] == OutputFrame()
    assert house.notices.shown(house.now)[0].text == "film keeps its size and rate while it is on."
    house.outputs.execute(ToggleOutput("film"))
    house.outputs.execute(SetOutputFrame("film", OutputFrame(size="4k")))
    assert house.outputs.frames["film"] == OutputFrame(size="4k")


def test_what_is_done_for_an_audience_is_not_done_to_a_film() -> None:
    seen, film = Counter(), Counter()
    house = Framed(
        OutputKind("seen", "", lambda _: seen, is_seen=True), OutputKind("film", "", lambda _: film)
    )
    first, second = Picture(), Picture()
    house.outputs.offer(first, Stage())
    house.outputs.offer(second, Stage(freeze=True))
    house.outputs.offer(second, Stage(freeze=True, brightness=0.5))
    house.outputs.offer(second, Stage(freeze=True, brightness=0.5))
    assert [(view.source, view.level) for view in seen.pictures] == [(first, 1.0), (first, 0.5)]
    assert [(view.source, view.level) for view in film.pictures] == [(first, 1.0), (second, 1.0)]
    house.outputs.offer(None, Stage(hold=False))
    assert seen.pictures[-1].level == 0.0
    assert len(film.pictures) == 2


LIBRARIES = {
    "serve": ("aiohttp", "sgview.outputs.page"),
    "ndi": ("cyndilib", "sgview.outputs.sharing.ndi"),
    "camera": ("pyvirtualcam", "sgview.outputs.sharing.camera"),
    "spout": ("SpoutGL", ""),
    "syphon": ("syphon", ""),
}
"""What each extra brings, and the modules that import it."""


@pytest.mark.parametrize(
    "kind", [kind for kind in ALL_OUTPUTS if kind.extra], ids=lambda kind: kind.name
)
def test_each_says_in_a_sentence_what_is_to_be_installed(
    kind: OutputKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, module = LIBRARIES[kind.extra]
    for name in list(sys.modules):
        if name.split(".")[0] == library or (module and name.startswith(module)):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    notices = Notices()
    with Outputs(Settings(), notices, lambda: 0.0, lambda *_: None, (kind,)) as outputs:  # pyright: ignore
        outputs.execute(ToggleOutput(kind.name))
        (status,) = outputs.status()
    sentence = f"It takes more packages: pip install 'sgview[{kind.extra}]'"
    assert (status.is_on, status.problem) == (False, sentence)
    assert [notice.text for notice in notices.shown(0.0)] == [f"{kind.name}: {sentence}"]
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert kind.extra in pyproject["project"]["optional-dependencies"]
