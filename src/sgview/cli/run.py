"""`sgview`: play networks in a window."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from msgspec.structs import replace

from sgview.app.session_file import load_session
from sgview.app.session_place import free_session
from sgview.cli import options
from sgview.settings import NetworkSettings, Settings
from sgview.state.networks import is_built_in
from sgview.state.places import is_file
from sgview.state.session import Session
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.app.app import App


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview`."""
    options.add_arguments(parser)
    parser.add_argument("--fullscreen", action="store_true", help="start on the whole screen")
    parser.add_argument("--no-vsync", action="store_true", help="do not wait for the screen")
    parser.add_argument("--hide-panels", action="store_true", help="start with the picture alone")
    parser.add_argument("--resume", action="store_true", help="go on where the last session ended")
    parser.add_argument("--script", type=Path, metavar="FILE.py", help="let a script play along")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="sound that audio() listens to")
    parser.add_argument(
        "--serve",
        nargs="?",
        const="",
        metavar="HOST:PORT",
        help="show the picture and controls to a browser (127.0.0.1:8710)",
    )
    parser.add_argument(
        "--serve-files", action="store_true", help="let that page record and save, too"
    )
    parser.add_argument(
        "--seconds", type=options.number, help=argparse.SUPPRESS
    )  # leave after so long


def run(args: argparse.Namespace) -> int:
    """Open the window and play until it is closed.

    Raises:
        ConfigError: if a setting, file name or the device cannot be used.
    """
    session = _last_session() if args.resume else None
    settings = window_settings(options.settings_from(args, session), args)
    if args.script is not None and not is_file(args.script):
        raise ConfigError(f"{args.script}: there is no such file")
    missing = [path for path in options.paths_of(settings.networks).values() if not _is_there(path)]
    if missing and (session is None or settings.networks != options.networks_of(session)):
        raise ConfigError(f"{missing[0]}: there is no such file")
    if missing:
        print(f"sgview: {', '.join(missing)}: not there any more", file=sys.stderr)

    from sgview.gfx.context import WindowError

    try:
        return play(
            settings,
            session=session,
            script=args.script,
            audio=args.audio,
            seconds=args.seconds,
            show_panels=not args.hide_panels,
            serves=args.serve is not None,
        )
    except WindowError as error:
        raise ConfigError(str(error)) from error


def window_settings(settings: Settings, args: argparse.Namespace) -> Settings:
    """Return `settings` with the options that concern the window on top."""
    window = settings.window
    if args.fullscreen:
        window = replace(window, fullscreen=True)
    if args.no_vsync:
        window = replace(window, vsync=False)
    page = settings.page
    if args.serve:
        page = replace(page, address=args.serve)
    if args.serve_files:
        page = replace(page, files=True)
    return replace(settings, window=window, page=page)


def play(
    settings: Settings,
    *,
    session: Session | None = None,
    script: Path | None = None,
    audio: Path | None = None,
    seconds: float | None = None,
    show_panels: bool = True,
    serves: bool = False,
) -> int:
    """Run the instrument; return the exit code."""
    from sgview.app.app import App
    from sgview.app.process import Leaving
    from sgview.engine.worker import EngineWorker
    from sgview.state.commands import OpenScript, OpenSound

    app = App(settings, EngineWorker(options.open_engine(settings)))
    with Leaving(app.stop) as leaving, app:
        app.gui.show_panels = show_panels
        if session is not None:
            app.resume(session.surroundings)
        if script is not None:
            app.execute(OpenScript(script))
        if audio is not None:
            app.execute(OpenSound(audio))
        if serves:
            _serve(app)
        _open_networks(app, settings.networks)
        app.run(seconds)
        if seconds is None:
            leaving.begin()
    return 0


def _serve(app: App) -> None:
    """Switch the page on, and say where it is.

    Raises:
        ConfigError: if it cannot be served.
    """
    from sgview.state.commands import ToggleOutput
    from sgview.state.recording import PAGE

    app.execute(ToggleOutput(PAGE))
    page = next(output for output in app.outputs.status() if output.name == PAGE)
    if page.problem:
        raise ConfigError(f"--serve: {page.problem}")
    print(f"sgview: the page is at {page.target}", file=sys.stderr, flush=True)


def _last_session() -> Session | None:
    """Return the session to go on with; where there is none that can be read, say so and begin."""
    path = free_session(platformdirs.user_state_path("sgview"))
    try:
        return load_session(path)
    except ConfigError as error:
        print(f"sgview: {error}; a new session begins", file=sys.stderr)
        return None


def _open_networks(app: App, networks: NetworkSettings) -> None:
    """Open what is named in the background; without an A that is there, the built-in pair plays.

    What is named is wanted at once, so that a session left before it is read does not forget it.
    """
    from sgview.engine.networks import open_networks
    from sgview.state.commands import LoadNetwork

    if not (networks.a and _is_there(networks.a)):
        for slot, network in open_networks(demo=networks.demo).items():
            app.worker.set_network(slot, network)
    for slot, path in options.paths_of(networks).items():
        if _is_there(path):
            app.worker.want(slot, path)
            app.execute(LoadNetwork(slot, Path(path)))
        else:
            app.miss(slot, path)


def _is_there(path: str) -> bool:
    """Whether a network can be read from `path`, a file or the name of a built-in one."""
    return is_built_in(path) or is_file(path)
