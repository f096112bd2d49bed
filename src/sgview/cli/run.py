"""`sgview`: play networks in a window."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sgview.cli import options
from sgview.settings import Settings
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.app import App


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview`."""
    options.add_arguments(parser)
    parser.add_argument("--fullscreen", action="store_true", help="start on the whole screen")
    parser.add_argument("--no-vsync", action="store_true", help="do not wait for the screen")
    parser.add_argument("--hide-panels", action="store_true", help="start with the picture alone")
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)  # leave after so long


def run(args: argparse.Namespace) -> int:
    """Open the window and play until it is closed.

    Raises:
        ConfigError: if a setting, file name or the device cannot be used.
    """
    _share_the_processor()
    settings = window_settings(options.settings_from(args), args)
    for path in (settings.networks.a, settings.networks.b):
        if path and not Path(path).is_file():
            raise ConfigError(f"{path}: there is no such file")

    from sgview.gfx.context import WindowError

    try:
        return play(settings, seconds=args.seconds, show_panels=not args.hide_panels)
    except WindowError as error:
        raise ConfigError(str(error)) from error


def _share_the_processor() -> None:
    """Let torch's threads sleep while they wait for each other; must come before torch.

    By default they keep their cores busy waiting. Beside a window (drawn by the processor, where
    there is no graphics card) each then waits for a core the other holds: on two cores a picture
    of 60 ms took 900.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def window_settings(settings: Settings, args: argparse.Namespace) -> Settings:
    """Return `settings` with the options that concern the window on top."""
    window = settings.window
    if args.fullscreen:
        window = replace(window, fullscreen=True)
    if args.no_vsync:
        window = replace(window, vsync=False)
    return replace(settings, window=window)


def play(settings: Settings, *, seconds: float | None = None, show_panels: bool = True) -> int:
    """Run the instrument; return the exit code."""
    from sgview.app import App
    from sgview.engine.worker import EngineWorker

    with App(settings, EngineWorker(options.open_engine(settings))) as app:
        app.gui.show_panels = show_panels
        _open_networks(app, settings)
        app.run(seconds)
    return 0


def _open_networks(app: App, settings: Settings) -> None:
    from sgview.engine.loader import builtin_networks
    from sgview.state.commands import LoadNetwork

    if settings.networks.a:
        app.execute(LoadNetwork("a", Path(settings.networks.a)))
        if settings.networks.b:
            app.execute(LoadNetwork("b", Path(settings.networks.b)))
        return
    a, b = builtin_networks(settings.networks.demo)
    app.worker.set_network("a", a)
    app.worker.set_network("b", b)
