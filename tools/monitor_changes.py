"""Plug and unplug monitors under the running window: `python -m tools.monitor_changes`.

Prints one line of JSON for each state of the window: what was survived, and where the window is
after. Needs Xorg's dummy driver; see `tools/dummy_screen.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.dummy_screen import FIRST, SECOND, WIDTH, DummyScreen, dummy_screen

if TYPE_CHECKING:
    from sgview.app.app import App

LIMIT = 60.0  # in which the window follows a monitor [s]
PLACE = (140, 90, 800, 500)  # of the window, on the first monitor
STATES = ("window", "fullscreen", "fullscreen, only one", "panel hidden")


def main() -> None:
    """Run every state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=200, help="in each state")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with dummy_screen() as screen, tempfile.TemporaryDirectory() as folder:
        os.environ["DISPLAY"] = screen.display
        os.environ.pop("WAYLAND_DISPLAY", None)
        for state in STATES:
            print(json.dumps(run(state, screen, Path(folder), args.changes, args.seed)), flush=True)


def run(state: str, screen: DummyScreen, folder: Path, changes: int, seed: int) -> dict[str, Any]:
    """Change monitors at random, then have both again; return how the window is."""
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.worker import EngineWorker
    from sgview.settings import MidiSettings, OscSettings, Settings

    chance = random.Random(seed)
    screen.plug(FIRST, 0)
    screen.plug(SECOND, WIDTH)
    began = time.monotonic()
    settings = Settings(osc=OscSettings(enabled=False), midi=MidiSettings(enabled=False))
    with App(settings, EngineWorker(Engine("cpu")), state_folder=folder / state) as app:
        placement = app.screen.window.placement
        _wait(app, lambda: not placement.is_fullscreen)
        placement.move(PLACE)
        _wait(app, lambda: placement.place == PLACE)
        app.gui.show_panels = state != "panel hidden"
        if state.startswith("fullscreen"):
            placement.move((WIDTH + PLACE[0], *PLACE[1:]))
            _wait(app, lambda: placement.place[0] > WIDTH)
            placement.set_fullscreen(True)
            _wait(app, lambda: placement.is_fullscreen)
        lit = {FIRST, SECOND}
        is_single = state.endswith("only one")
        if is_single:
            screen.unplug(FIRST)
            lit = {SECOND}
        for _ in range(changes):
            output = SECOND if is_single else chance.choice((FIRST, SECOND))
            if output in lit:
                screen.unplug(output)
            else:
                screen.plug(output, 0 if output == FIRST else WIDTH)
            lit ^= {output}
            for _ in range(chance.randrange(4)):
                app.frame()
        for output, x in ((FIRST, 0), (SECOND, WIDTH)):
            if output not in lit:
                screen.plug(output, x)
        if state.startswith("fullscreen"):
            _wait(
                app,
                lambda: placement.is_fullscreen and placement.covered_monitor == SECOND,
            )
        frames = 0
        for _ in range(20):
            app.frame()
            frames += 1
        return {
            "state": state,
            "changes": changes,
            "seconds": round(time.monotonic() - began, 2),
            "frames after": frames,
            "covers": placement.covered_monitor if placement.is_fullscreen else "",
            "place": placement.place,
            "notices": [notice.text for notice in app.status.notices],
        }


def _wait(app: App, is_so: Callable[[], bool]) -> None:
    """Play until something is so.

    Raises:
        TimeoutError: if it is not so in time.
    """
    end = time.monotonic() + LIMIT
    while not is_so():
        app.frame()
        if time.monotonic() > end:
            raise TimeoutError("the window did not follow its monitor")


if __name__ == "__main__":
    main()
