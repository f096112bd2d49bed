"""Where a soak plays: in the program's own window, or with the engine's thread alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, ClassVar
from unittest import mock

from msgspec.structs import replace

from sgview.app.app import App
from sgview.app.remembered import Remembered
from sgview.engine.worker import EngineWorker
from sgview.state import commands as c
from sgview.state.params import Params
from sgview.state.session import Session
from sgview.state.status import EngineStatus, Status

Play = Callable[[Any], Generator[None, None, None]]
"""Plays on a stage; each `yield` is a frame."""

TICK = "soak"
"""A slider that says when something was done last, so that sessions and takes tell their age."""


class DrivenApp(App):
    """The program, with somebody who plays it: each frame is one of `play` too."""

    play: ClassVar[Play]
    epoch: ClassVar[float] = 0.0  # what the times of sessions are counted from [s]
    frames = pictures = 0
    _playing: Generator[None, None, None] | None = None

    def frame(self) -> None:
        """Run a frame as ever, then let the performer have a turn."""
        before = self.picture
        super().frame()
        self.frames += 1
        self.pictures += self.picture is not before
        if self._playing is None:
            self._playing = type(self).play(self)
        try:
            next(self._playing)
        except StopIteration:
            self.stop()

    def ask(self, command: c.Command) -> None:
        """Let a command be run as if a panel had emitted it: soon, through the boundary."""
        self.asked.add(command)

    def resize(self, width: int, height: int) -> None:
        """Ask the system for another size of the window."""
        from sgview.gfx.glfw_library import glfw

        handle = self.screen.window.handle
        if handle is not None and not self.screen.window.placement.is_fullscreen:
            glfw.set_window_size(handle, width, height)


class DatedSessions(Remembered):
    """Lets a session tell when it was what played."""

    def session(self, params: Params) -> Session:
        """Return what the program keeps, and in a slider the time."""
        session = super().session(params)
        sliders = {**session.params.sliders, TICK: time.time() - DrivenApp.epoch}
        return replace(session, params=replace(session.params, sliders=sliders))


def in_window(play: Play, epoch: float) -> AbstractContextManager[object]:
    """Let the program that is started in this block be played by `play`."""
    DrivenApp.play, DrivenApp.epoch = staticmethod(play), epoch  # type: ignore[assignment]
    return mock.patch.multiple("sgview.app.app", App=DrivenApp, Remembered=DatedSessions)


class EngineStage:
    """An engine on its thread, asked for pictures as the window asks for them."""

    def __init__(self, worker: EngineWorker) -> None:
        self.worker = worker
        self.params = Params()
        self.status = Status()
        self.frames = self.pictures = 0
        self._start = time.monotonic()

    def ask(self, command: c.Command) -> None:
        """Do what concerns the engine; there is nobody for the rest."""
        match command:
            case c.TimeLayers():
                self.worker.time_layers(self.params, 0.0)
            case c.LoadNetwork() | c.UnloadNetwork() | c.ReloadNetwork() | c.SwapNetworks():
                self.worker.execute(command)
            case _:
                pass

    def resize(self, width: int, height: int) -> None:
        """There is no window."""

    def run(self, play: Play) -> None:
        """Ask for pictures until `play` ends."""
        picture = self.worker.latest()
        for _ in play(self):
            self.worker.submit(self.params, time.monotonic() - self._start)
            self.worker.await_newer(picture, 0.1)
            newest = self.worker.latest()
            self.frames += 1
            self.pictures += newest is not picture
            picture = newest
            engine: EngineStatus = self.worker.status()
            self.status = replace(self.status, engine=engine)
            self.worker.take_notices()
