"""Play into the clean window on the second of two screens: `python -m tools.clean_window_states`.

Prints one line of JSON for each thing that happens to it: where it is, what it says, and how bright
each part of its screen is. Needs Xorg's dummy driver; see `tools/dummy_screen.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace
from PIL import Image, ImageGrab

from sgview.state.status import OutputStatus
from tools.dummy_screen import FIRST, HEIGHT, SECOND, WIDTH, DummyScreen, dummy_screen

if TYPE_CHECKING:
    from sgview.app.app import App

LIMIT = 30.0  # in which the window follows [s]
EDGE = 200  # of a screen beside a square picture [px]


def main() -> None:
    """Run every state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=Path, help="folder for a picture of both screens each time")
    args = parser.parse_args()
    with dummy_screen() as screen, tempfile.TemporaryDirectory() as folder:
        os.environ["DISPLAY"] = screen.display
        os.environ.pop("WAYLAND_DISPLAY", None)
        for number, (state, described) in enumerate(run(screen, Path(folder))):
            shot = described.pop("shot")
            print(json.dumps({"state": state, **described}), flush=True)
            if args.shots is not None:
                args.shots.mkdir(parents=True, exist_ok=True)
                Image.fromarray(shot).save(args.shots / f"{number:02d}-{state}.png")


def run(screen: DummyScreen, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is seen in each state."""
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.networks import builtin_networks
    from sgview.engine.worker import EngineWorker
    from sgview.settings import (
        CleanWindowSettings,
        MidiSettings,
        OscSettings,
        Settings,
        WindowSettings,
    )
    from sgview.state import commands as c
    from sgview.state.output_frame import CLEAN_WINDOW, OutputFrame
    from sgview.state.params import Params, Stage

    screen.plug(FIRST, 0)
    screen.plug(SECOND, WIDTH)
    settings = Settings(
        window=WindowSettings(width=1100, height=650),
        osc=OscSettings(enabled=False),
        midi=MidiSettings(enabled=False),
        clean_window=CleanWindowSettings(enabled=True, screen=SECOND),
        params=Params(stage=Stage(fade=0.0)),
    )
    worker = EngineWorker(Engine("cpu"))
    worker.set_network("a", builtin_networks()[0])
    with App(settings, worker, state_folder=folder) as app:

        def status() -> OutputStatus | None:
            found = (one for one in app.status.outputs if one.name == CLEAN_WINDOW)
            return next(found, None)

        def stage(**values: Any) -> None:
            app.params = replace(app.params, stage=replace(app.params.stage, **values))

        def seen(is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
            """Play until both screens look so."""
            end = time.monotonic() + LIMIT
            while True:
                for _ in range(5):
                    app.frame()
                described = _describe(app, status())
                if is_so(described):
                    return described
                if time.monotonic() > end:
                    raise TimeoutError(f"not in time, but: { {**described, 'shot': ''} }")

        yield "plain", seen(lambda now: now["covers"] == SECOND and now["middle"] > 20)
        app.execute(c.SetOutputFrame(CLEAN_WINDOW, OutputFrame(edges="blurred")))
        yield "blurred", seen(lambda now: now["edge"] > 5)
        app.execute(c.SetOutputFrame(CLEAN_WINDOW, OutputFrame(edges="mirrored", rotation=90)))
        yield "mirrored", seen(lambda now: now["edge"] > 5)
        app.execute(c.SetOutputFrame(CLEAN_WINDOW, OutputFrame()))
        stage(blackout=True)
        yield "blackout", seen(lambda now: now["brightest"] == 0)
        stage(blackout=False)
        app.execute(c.ShowTestPicture(True))
        yield "test picture", seen(lambda now: now["brightest"] == 255)
        app.execute(c.ShowTestPicture(False))
        stage(freeze=True)
        frozen = seen(lambda now: now["edge"] == 0 and now["middle"] > 20)
        before = app.picture
        end = time.monotonic() + LIMIT
        while app.picture is before and time.monotonic() < end:
            app.frame()
        now = seen(lambda _: app.picture is not before)
        half = (slice(None), slice(WIDTH, None))
        is_same = np.array_equal(frozen["shot"][half], now["shot"][half])
        yield "frozen", {**now, "is_same": is_same}
        stage(freeze=False)
        screen.unplug(SECOND)
        yield "unplugged", seen(lambda now: now["covers"] == "" and bool(now["problem"]))
        screen.plug(SECOND, WIDTH)
        yield "back", seen(lambda now: now["covers"] == SECOND and now["middle"] > 20)
        app.execute(c.ToggleOutput(CLEAN_WINDOW))
        yield "off", seen(lambda now: not now["is_on"])


def _describe(app: App, status: OutputStatus | None) -> dict[str, Any]:
    """Return what is on the screens, and what the output says."""
    shot = np.asarray(ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB"))
    second = shot[:HEIGHT, WIDTH : 2 * WIDTH].astype(float)
    if not second.size:
        second = np.zeros((HEIGHT, WIDTH, 3))
    status = status or OutputStatus()
    return {
        "is_on": status.is_on,
        "covers": status.target if status.target == SECOND else "",
        "size": status.size,
        "problem": status.problem,
        "middle": round(float(second[:, EDGE:-EDGE].mean()), 1),
        "edge": round(float(second[:, :EDGE].mean()), 1),
        "brightest": int(second.max()),
        "notices": [notice.text for notice in app.status.notices],
        "shot": shot,
    }


if __name__ == "__main__":
    main()
