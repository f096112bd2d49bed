"""Hands on the mouse and the keyboard of a running app."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.support.until import until

WIDTH, HEIGHT = 1100, 760  # of its window [screen units]


class Driver:
    """A running app, and hands on its mouse and keyboard."""

    def __init__(self, app, screen, folder: Path) -> None:
        self.app, self.screen, self.folder = app, screen, folder

    def until(self, is_done: Callable[[], object]) -> None:
        """Run frames until something is so."""
        until(is_done, self.app.frame)

    def frames(self, count: int = 4) -> None:
        for _ in range(count):
            self.app.frame()

    def key(self, *names: str) -> None:
        for name in names:
            self.screen.xdotool("key", name)
            self.frames()

    def type(self, text: str) -> None:
        for letter in text:  # one a frame, as even a fast hand does
            self.screen.xdotool("type", letter)
            self.frames(2)

    def drag(self, start: tuple[float, float], *ends: tuple[float, float]) -> None:
        self.screen.xdotool("mousemove", int(start[0]), int(start[1]))
        self.frames()
        self.screen.xdotool("mousedown", 1)
        self.frames()
        for end in ends:
            self.screen.xdotool("mousemove", int(end[0]), int(end[1]))
            self.frames(2)
        self.screen.xdotool("mouseup", 1)
        self.frames()

    def settle(self) -> np.ndarray:
        """Wait until the picture shows the parameters of now; return its pixels."""
        self.until(lambda: self.is_current())
        return self.app.screen.display.read()

    def is_current(self) -> bool:
        picture = self.app.picture
        return (
            picture is not None
            and picture.params == self.app.params
            and picture.t == self.app.player.clock.t
        )

    def playing(self) -> dict[str, str]:
        """Return the name of each slot's network."""
        return {slot: each.name for slot, each in self.app.status.engine.networks.items()}

    def shot(self) -> np.ndarray:
        """Return what the screen shows of the window, uint8 [H, W, 3]."""
        self.frames()
        window = self.app.screen.window
        for _ in range(2):  # answers of the X server: it has drawn what came before, and
            _ = window.cursor  # brought back the mouse's arrow, which makes room for drawing
        width, height = window.size
        return self.screen.read()[:height, :width]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of pixels that differ in a way one can see."""
    return float((np.abs(one.astype(int) - other) > 40).any(axis=2).mean())
