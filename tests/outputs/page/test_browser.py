"""The page in a real browser of a phone's size: it moves, and what is touched acts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

pytest.importorskip("aiohttp")

from sgview.outputs.page.page import Page
from sgview.outputs.page.webrtc import sender
from sgview.outputs.picture import OutputPicture
from sgview.state import commands as c
from sgview.state.params import Params
from sgview.state.status import (
    EngineStatus,
    LookStatus,
    PlayerStatus,
    ShowStatus,
    SliderStatus,
    Status,
)
from tests.support.browser import PHONE, Tab, browser, chromium
from tests.support.until import until

PHONE_METRICS = {"width": PHONE[0], "height": PHONE[1]}
LOOKS = ("First light", "Petals", "Deep", "Tide", "Glass", "Ember")
MARKED = ("noise.amplitude", "mapping.truncation_psi", "noise.monochrome")


def picture(number: int) -> OutputPicture:
    """Return one of many pictures, each of its own colour."""
    y, x = np.mgrid[0:640, 0:640]
    shape = 127 + 100 * np.sin(x / 40 + number) * np.cos(y / 60 - number / 2)
    channels = (shape, 255 - shape, np.full_like(shape, 60 + 13 * number % 180), shape * 0 + 255)
    pixels = np.stack(channels, axis=-1).astype(np.uint8)
    return OutputPicture(pixels, Params(), 0.0, pixels.copy)


def status(**player) -> Status:
    sliders = (SliderStatus("energy", 0.0, 2.0, 0.5),)
    looks = tuple(LookStatus(name, n + 1) for n, name in enumerate(LOOKS))
    return Status(
        engine=EngineStatus(picture_fps=59.7),
        player=PlayerStatus(t=12.34, sliders=sliders, **player),
        show=ShowStatus(looks=looks),
    )


@dataclass
class Show:
    """The program as the page meets it, played frame by frame by the test."""

    page: Page
    params: Params = field(default_factory=Params)
    status: Status = field(default_factory=status)
    commands: list[c.Command] = field(default_factory=list)
    frames: int = 0

    def frame(self) -> None:
        pixels = np.asarray(picture(3).rgba8)[::8, ::8]
        thumbnails = {name: np.roll(pixels, 9 * n, 1) for n, name in enumerate(LOOKS)}
        self.params, wishes = self.page.exchange(self.params, self.status, MARKED, thumbnails)
        self.commands += wishes
        if self.frames % 4 == 0:
            self.page.offer(picture(self.frames // 4))
        self.frames += 1

    def until(self, is_so) -> None:
        until(is_so, self.frame)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if chromium() is None:
        pytest.skip("chromium is not installed")
    with browser(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture(params=["vp8", "h264"])
def video_show(request: pytest.FixtureRequest) -> Iterator[Show]:
    pytest.importorskip("aiortc")
    page = Page("127.0.0.1", 0, video=request.param)
    yield Show(page)
    page.close()


@pytest.fixture
def show() -> Iterator[Show]:
    page = Page("127.0.0.1", 0, may_write=True, video=None)
    yield Show(page)
    page.close()


def drawn(tab: Tab) -> int:
    return int(tab.evaluate("Number(document.getElementById('picture').dataset.drawn || 0)"))


def test_the_picture_moves_and_fits_a_phone(tab: Tab, show: Show) -> None:
    tab.open(show.page.address)
    images = "document.querySelectorAll('.look img').length"
    show.until(lambda: drawn(tab) >= 1 and tab.evaluate(images) == len(LOOKS))
    before, count = tab.screenshot(), drawn(tab)
    show.until(lambda: drawn(tab) >= count + 2)
    after = tab.screenshot()
    assert before.shape == (PHONE[1], PHONE[0], 3)
    stage = before[:380].astype(int) - after[:380]
    assert (np.abs(stage) > 20).mean() > 0.1
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    low = tab.evaluate(
        "Math.min(...[...document.querySelectorAll('button')].filter(b => b.offsetParent)"
        ".map(b => b.getBoundingClientRect().height))"
    )
    assert low >= 44  # for a thumb [px]
    assert tab.evaluate("document.getElementById('lost').textContent") == ""


SEEN = "document.getElementById('video').getVideoPlaybackQuality().totalVideoFrames"
WAY = "document.getElementById('way').textContent"


def udp_addresses(process: int) -> list[str]:
    """Return where a process listens by UDP, as the kernel writes it (Linux)."""
    sockets = {str(each.readlink()) for each in Path(f"/proc/{process}/fd").iterdir()}
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    lines += Path("/proc/net/udp6").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return [row[1].partition(":")[0] for row in rows if f"socket:[{row[9]}]" in sockets]


def test_the_picture_moves_by_webrtc_and_by_jpeg_when_that_ends(tab: Tab, video_show: Show) -> None:
    show = video_show
    tab.open(show.page.address)
    tab.evaluate("PATIENCE.first = PATIENCE.stalled = 1e6; PATIENCE.again = [100000]")

    def is_there() -> bool:
        if not tab.evaluate("Boolean(video.peer)"):  # what is busy gave up before it was told
            tab.evaluate("video.begin()")
        return tab.evaluate(WAY) == "WebRTC"

    show.until(is_there)
    before, count = tab.screenshot(), tab.evaluate(SEEN)
    show.until(lambda: tab.evaluate(SEEN) >= count + 3)
    stage = before[:380].astype(int) - tab.screenshot()[:380]
    assert (np.abs(stage) > 20).mean() > 0.1
    assert "1 connected, 1 by WebRTC" in show.page.status().note
    assert show.page._hub.jpeg_viewers == 0  # nothing is encoded that nobody sees
    process = show.page._sender._process
    assert process is not None
    assert udp_addresses(process.pid) == ["0100007F"]  # 127.0.0.1 and nothing else
    process.kill()
    show.until(lambda: tab.evaluate(WAY) == "JPEG")
    count = drawn(tab)
    show.until(lambda: drawn(tab) >= count + 2)
    assert tab.evaluate("document.getElementById('picture').hidden") is False
    assert show.page.status().note.endswith("1 connected")


def test_without_the_library_there_is_jpeg_and_the_panel_says_why(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "find_spec", lambda name: None)
    show = Show(Page("127.0.0.1", 0))
    tab.open(show.page.address)
    show.until(lambda: drawn(tab) >= 2)
    assert tab.evaluate(WAY) == "JPEG" and tab.evaluate("video.peer") is None
    assert "pip install 'sgview[serve]'" in show.page.status().note
    show.page.close()


def test_a_slider_moves_a_value(tab: Tab, show: Show) -> None:
    tab.open(show.page.address)
    names = "document.querySelectorAll('.control .name span:first-child')"
    labels = f"[...{names}].map(span => span.textContent)"
    show.until(lambda: tab.evaluate(labels))
    assert tab.evaluate(labels) == [
        "energy", "Noise amplitude", "Truncation psi", "Noise monochrome", "Speed"
    ]  # fmt: skip
    for path, value in (("noise.amplitude", 0.25), ("sliders.energy", 1.5)):
        tab.evaluate(
            f"(() => {{ const bar = document.querySelector('[data-path=\"{path}\"]');"
            f"bar.value = {value}; bar.dispatchEvent(new Event('input')); }})()"
        )
    show.until(lambda: show.params.sliders.get("energy") is not None)
    assert show.params.noise.amplitude == pytest.approx(0.25)
    assert show.params.sliders["energy"] == pytest.approx(1.5)
    tab.evaluate("document.querySelector('.control.switch button').click()")
    show.until(lambda: not show.params.noise.monochrome)


def test_a_value_that_moves_is_followed(tab: Tab, show: Show) -> None:
    tab.open(show.page.address)
    bar = "document.querySelector('[data-path=\"noise.amplitude\"]')"
    show.until(lambda: tab.evaluate(f"{bar} !== null"))
    show.params = replace(show.params, noise=replace(show.params.noise, amplitude=0.7))
    show.until(lambda: tab.evaluate(f"Number({bar}.value)") == pytest.approx(0.7))


def test_buttons_and_looks(tab: Tab, show: Show) -> None:
    tab.open(show.page.address)
    show.until(lambda: tab.evaluate("document.querySelectorAll('.look').length") == len(LOOKS))
    tab.evaluate("document.querySelectorAll('.look')[1].click()")
    tab.evaluate("document.getElementById('pause').click()")
    tab.evaluate("document.getElementById('record').click()")
    tab.evaluate("document.getElementById('blackout').click()")
    show.until(lambda: show.params.stage.blackout)
    assert show.commands == [
        c.RecallLook("Petals"), c.TogglePause(), c.ToggleOutput("Recorder")
    ]  # fmt: skip
    pressed = "document.getElementById('blackout').getAttribute('aria-pressed')"
    show.until(lambda: tab.evaluate(pressed) == "true")
    show.status = replace(show.status, player=replace(show.status.player, is_paused=True))
    show.until(lambda: tab.evaluate("document.getElementById('pause').className") == "paused")


def test_a_wrong_token_shows_nothing(tab: Tab, show: Show) -> None:
    address = show.page.address.rsplit("/", 2)[0] + "/guessed/"
    tab.ask("Page.navigate", url=address)
    text = "document.body && document.body.innerText"
    until(lambda: "token" in (tab.evaluate(text) or ""))
    assert "Outputs (key o)" in tab.evaluate(text)  # where the right one stands
    assert tab.evaluate("document.querySelector('canvas')") is None
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 20, 22)"


LOST = "document.getElementById('lost').textContent"
IS_OFF = "document.body.classList.contains('off')"


def test_it_says_that_the_show_has_ended_or_goes_on_elsewhere(tab: Tab, show: Show) -> None:
    tab.open(show.page.address)
    show.until(lambda: drawn(tab) >= 1)
    assert tab.evaluate(LOST) == "" and not tab.evaluate(IS_OFF)
    port = int(show.page.address.split(":")[2].split("/")[0])
    show.page.close()
    until(lambda: "The show has ended." in tab.evaluate(LOST))
    assert tab.evaluate(IS_OFF) and "Outputs, key o" in tab.evaluate(LOST)
    again = Page("127.0.0.1", port)  # as after a restart: another token
    until(lambda: "at another address" in tab.evaluate(LOST))
    again.close()


def test_a_lost_connection_is_said_and_made_again(tab: Tab, show: Show) -> None:
    tab.open(show.page.address)
    show.until(lambda: drawn(tab) >= 1)
    tab.evaluate("wait = 1e5; channel.close()")
    until(lambda: "lost, trying again" in tab.evaluate(LOST))
    assert tab.evaluate(IS_OFF)
    tab.evaluate("connect()")
    show.until(lambda: not tab.evaluate(IS_OFF))
    assert tab.evaluate(LOST) == ""


@pytest.mark.parametrize("size", [(320, 568), (844, 390), (820, 1180), (1180, 820)])
def test_it_fits_other_screens(tab: Tab, show: Show, size: tuple[int, int]) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
    tab.ask("Emulation.setDeviceMetricsOverride", **metrics)
    try:
        tab.open(show.page.address)
        show.until(lambda: tab.evaluate("document.querySelectorAll('.look').length"))
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        bar = "document.querySelector('.bar').getBoundingClientRect()"
        assert tab.evaluate(f"{bar}.right") <= width and tab.evaluate(f"{bar}.height") < 60
    finally:
        tab.ask("Emulation.setDeviceMetricsOverride", **{**metrics, **PHONE_METRICS})
