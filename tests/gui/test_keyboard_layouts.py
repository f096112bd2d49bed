"""Real keys on real layouts: `setxkbmap` lays them out, XTEST presses them by their place."""

import os
import shutil
import subprocess

import pytest

from sgview.gfx.keyboard import number_row
from sgview.gfx.window import Window
from sgview.gui import Gui
from sgview.state import commands
from sgview.state.params import Layer, Params
from sgview.state.status import Status
from tests.support.until import until

pytestmark = pytest.mark.gl

ALT_GR, CTRL = 108, 37  # keycodes of a PC keyboard
ROW = range(10, 19)  # the keys 1 to 9
PAGE_DOWN, PAGE_UP = 117, 112
TYPES = {  # keycodes of "[", "]", ",", ".", "l", and "z", with AltGr where the layout has them so
    "us": ((34,), (35,), 59, 60, 46, 52),
    "de": ((ALT_GR, 17), (ALT_GR, 18), 59, 60, 46, 29),
    "fr": ((ALT_GR, 14), (ALT_GR, 20), 58, (50, 59), 46, 25),
    "es": ((ALT_GR, 34), (ALT_GR, 35), 59, 60, 46, 52),
    "ch": ((ALT_GR, 34), (ALT_GR, 35), 59, 60, 46, 29),
    "dvorak": ((20,), (21,), 25, 26, 33, 61),
}


class Typist:
    """A window with the panel in it, and somebody at its keyboard."""

    def __init__(self, window: Window, gui: Gui, status: Status, screen) -> None:
        self._window, self._gui, self._status, self._screen = window, gui, status, screen
        self.commands: list[commands.Command] = []
        self.params = Params(layer=Layer(name="L2"))

    def frame(self) -> None:
        self._window.poll()
        self.params = self._gui.draw(self.params, self._status, self.commands.append)

    def press(self, *keycodes: int) -> None:
        """Press keys of these places one after the other, and let go of them."""
        words: list[str | int] = []
        for code in keycodes:
            words += ["keydown", code]
        for code in reversed(keycodes):
            words += ["keyup", code]
        self._screen.xdotool(*words)

    def hears(self, *expected: commands.Command) -> None:
        """Play until these commands came, and see that no other does."""
        until(lambda: len(self.commands) >= len(expected), self.frame)
        for _ in range(3):
            self.frame()
        assert self.commands == list(expected)
        self.commands.clear()


@pytest.fixture
def typist(request: pytest.FixtureRequest, screen, fakes):
    if shutil.which("setxkbmap") is None:
        pytest.skip("setxkbmap is not installed (Debian: x11-xkb-utils)")
    layout = ["us", "-variant", "dvorak"] if request.param == "dvorak" else [request.param]
    environment = {**os.environ, "DISPLAY": screen.display}
    try:
        subprocess.run(["setxkbmap", *layout], env=environment, check=True, timeout=60)
        with Window("keys", 900, 700) as window, Gui() as gui:
            gui.attach(window.address, number_row)
            screen.xdotool("search", "--sync", "--onlyvisible", "--name", "^keys", "windowfocus")
            typist = Typist(window, gui, fakes.status(), screen)
            for _ in range(5):
                typist.frame()
            yield typist
    finally:
        subprocess.run(["setxkbmap", "us"], env=environment, check=True, timeout=60)


@pytest.mark.parametrize(
    ("typist", "layout"), [(name, name) for name in TYPES], indirect=["typist"]
)
def test_keys_are_where_the_layout_has_them(typist: Typist, layout: str) -> None:
    lower, upper, comma, period, letter_l, letter_z = TYPES[layout]
    for number, code in enumerate(ROW, 1):
        typist.press(code)
        typist.hears(commands.RecallLook(key=number))
    for keys, name in (((PAGE_UP,), "L3"), ((PAGE_DOWN,), "L2"), (upper, "L3"), (lower, "L2")):
        typist.press(*keys)
        until(lambda name=name: typist.params.layer.name == name, typist.frame)
    typist.press(comma)
    typist.hears(commands.Step(-1))
    typist.press(*(period if isinstance(period, tuple) else (period,)))
    typist.hears(commands.Step(1))
    typist.press(letter_l)
    typist.hears(commands.SaveLook())
    typist.press(CTRL, letter_z)
    typist.hears(commands.Undo())


@pytest.mark.parametrize("typist", ["fr"], indirect=True)
def test_the_number_row_says_what_it_types(typist: Typist) -> None:
    assert number_row() == "&é\"'(-è_çà"
