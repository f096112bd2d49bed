"""Time the window with outputs off and on, in turns: `python -m tools.outputs_pace`.

Three outputs: the clean window, and two that take every slot of a constant rate as another program
would, converted and downloaded on threads of their own, and then let go. Turns alternate, so that
what else the machine does falls on both. Prints one line of JSON. Wants a screen (`xvfb-run`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    import numpy as np

RATE = 60.0  # pictures a second that the two take


class Drain:
    """A `PictureWriter` that keeps nothing."""

    note = ""

    def write(self, rgba8: np.ndarray) -> None:
        """Look at one pixel, so that all of them had to come."""
        assert rgba8[0, 0].size

    def close(self) -> None:
        """Do nothing."""


def main() -> None:
    """Measure, and print."""
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.networks import builtin_networks
    from sgview.engine.worker import EngineWorker
    from sgview.outputs.output import OUTPUTS, OutputKind
    from sgview.outputs.writer_thread import WriterThread
    from sgview.settings import MidiSettings, OscSettings, Settings, WindowSettings
    from sgview.state import commands as c
    from sgview.state.output_frame import CLEAN_WINDOW, OutputFrame

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn")
    parser.add_argument("--turns", type=int, default=4, help="off and on, each so often")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--size", default="1080p", help="of the two that take pictures")
    arguments = parser.parse_args()
    frame = OutputFrame(size=arguments.size, rate=RATE, edges="blurred")
    drains = tuple(
        OutputKind(name, "", lambda _, name=name: WriterThread(Drain(), name), frame=frame)
        for name in ("first", "second")
    )
    settings = Settings(
        window=WindowSettings(vsync=False, fps_limit=0.0),
        osc=OscSettings(enabled=False),
        midi=MidiSettings(enabled=False),
    )
    names = (CLEAN_WINDOW, *(drain.name for drain in drains))
    turns: dict[bool, list[float]] = {False: [], True: []}
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch("sgview.app.outgoing.OUTPUTS", (*OUTPUTS, *drains)),
        App(settings, EngineWorker(Engine(arguments.device)), state_folder=Path(folder)) as app,
    ):
        app.worker.set_network("a", builtin_networks()[0])
        while app.picture is None:
            app.frame()
        app.run(2.0)
        sent = 0
        for turn in range(2 * arguments.turns):
            is_on = turn % 2 == 1
            for name in names:
                if next(one for one in app.status.outputs if one.name == name).is_on != is_on:
                    app.execute(c.ToggleOutput(name))
            app.run(1.0)
            frames = [0]
            draw = app.screen.window.swap

            def swap(draw=draw, frames=frames) -> None:
                draw()
                frames[0] += 1

            with mock.patch.object(app.screen.window, "swap", swap):
                app.run(arguments.seconds)
            turns[is_on].append(frames[0] / arguments.seconds)
            sent += sum(one.written for one in app.status.outputs if one.name in names)
        device, display = app.worker.status().device, app.screen.display.description
    off, on = (statistics.median(turns[is_on]) for is_on in (False, True))
    print(
        json.dumps(
            {
                "device": device,
                "path": display,
                "frames a second, off": [round(rate, 2) for rate in turns[False]],
                "frames a second, on": [round(rate, 2) for rate in turns[True]],
                "slower by [%]": round(100 * (1 - on / off), 1),
                "pictures sent": sent,
            }
        )
    )


if __name__ == "__main__":
    main()
