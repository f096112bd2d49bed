"""The show that a soak plays: deeds at random, and now and then a rest in which it is measured."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sgview.state import commands as c
from sgview.state.networks import SLOTS
from sgview.state.params import Params
from tools.soaking.deeds import Performer
from tools.soaking.gauges import Sample, resident, take_sample
from tools.soaking.stages import TICK

PATIENCE = 120.0  # until the networks of the rest are read [s]
QUIET = 0.7  # from there to the measurement, so that what was asked for is done [s]
KEPT = 30  # files of each folder; older ones are removed
PAUSES = (0.0, 0.02, 0.1, 0.3)  # between two deeds [s]


class Show:
    """Plays until its time is over.

    Args:
        performer: does something.
        resting: the networks that play while it is measured.
        folder: holds what the program writes.
        seconds: how long.
        rest_every: between two measurements [s]; 0: none.
        epoch: what times in a session are counted from [s].
    """

    def __init__(
        self,
        performer: Performer,
        resting: list[Path],
        folder: Path,
        seconds: float,
        rest_every: float,
        epoch: float,
    ) -> None:
        self._performer, self._resting, self._folder = performer, resting, folder
        self._seconds, self._rest_every, self._epoch = seconds, rest_every, epoch
        self.samples: list[Sample] = []
        self.peak = 0.0  # memory [MB]
        self.escaped: list[str] = []  # what a deed raised
        self.refused = 0  # networks that did not come in time

    def play(self, stage: Any) -> Generator[None, None, None]:
        """Play on a stage; each `yield` is a frame."""
        start = time.monotonic()
        yield
        while time.monotonic() - start < self._seconds:
            end = time.monotonic() + (self._rest_every or self._seconds)
            while time.monotonic() < min(end, start + self._seconds):
                self._do(stage)
                pause = time.monotonic() + self._performer.random.choice(PAUSES)
                yield
                while time.monotonic() < pause:
                    yield
            self.peak = max(self.peak, resident())
            if self._rest_every:
                yield from self._rest(stage)
                self._tidy()
                sample = take_sample(time.monotonic() - start, stage.frames, stage.pictures)
                self.samples.append(sample)
                print(f"{sample.seconds:7.0f} s  {sample}", file=sys.stderr, flush=True)

    def _do(self, stage: Any) -> None:
        try:
            self._performer.do(stage)
        except Exception as error:  # the soak goes on, and says so
            self.escaped.append(f"{type(error).__name__}: {error}")
        sliders = {**stage.params.sliders, TICK: time.time() - self._epoch}
        stage.params = replace(stage.params, sliders=sliders)

    def _rest(self, stage: Any) -> Generator[None, None, None]:
        """Lead back to one state: what is measured in it may be compared."""
        status = stage.status
        for output in status.outputs:
            if output.is_on:
                stage.ask(c.ToggleOutput(output.name))
        if status.show.take.path:
            stage.ask(c.ToggleTake())
        if status.player.is_paused:
            stage.ask(c.TogglePause())
        if status.screen.is_fullscreen:
            stage.ask(c.ToggleFullscreen())
        stage.ask(c.RemoveScript())
        stage.params = Params()
        yield
        stage.resize(960, 600)
        while stage.status.engine.loading:  # of before
            yield
        for slot, path in zip(SLOTS, self._resting, strict=False):
            stage.ask(c.LoadNetwork(slot, path))
        yield from self._await_networks(stage)
        end = time.monotonic() + QUIET
        while time.monotonic() < end:
            yield

    def _await_networks(self, stage: Any) -> Generator[None, None, None]:
        end, wanted = time.monotonic() + PATIENCE, [str(path) for path in self._resting]
        for _ in range(3):
            yield
        while time.monotonic() < end:
            engine = stage.status.engine
            playing = [network.path for _, network in sorted(engine.networks.items())]
            if not engine.loading and playing == wanted:
                return
            yield
        self.refused += 1

    def _tidy(self) -> None:
        """Remove the oldest files, as a user does whose disk is full."""
        for name in ("shots", "presets", "presets/removed", "takes", "recordings"):
            entries = [path for path in self._folder.glob(f"{name}/*") if path.name != "removed"]
            entries.sort(key=lambda path: path.stat().st_mtime)
            for path in entries[:-KEPT]:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
