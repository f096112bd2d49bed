"""`sgview`: play networks in a window."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import platformdirs
from msgspec.structs import replace

from sgview.app.session_file import load_session
from sgview.app.session_place import free_session
from sgview.cli import leave, options, restart
from sgview.cli.warm_up import without_collecting
from sgview.downloads.addresses import is_address
from sgview.settings import NetworkSettings, Settings
from sgview.state.commands import Slot
from sgview.state.networks import is_built_in
from sgview.state.places import is_file
from sgview.state.session import Session
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.app.app import App
    from sgview.app.process import Leaving
    from sgview.engine.engine import Engine
    from sgview.engine.network import Network

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview`."""
    options.add_arguments(parser)
    parser.add_argument("--fullscreen", action="store_true", help="start on the whole screen")
    parser.add_argument("--no-vsync", action="store_true", help="do not wait for the screen")
    parser.add_argument(
        "--tune", choices=["off", "background"],
        help="background: measure the fastest convolutions on an NVIDIA card while nothing moves",
    )  # fmt: skip
    parser.add_argument("--hide-panels", action="store_true", help="start with the picture alone")
    parser.add_argument("--resume", action="store_true", help="go on where the last session ended")
    parser.add_argument("--script", type=Path, metavar="FILE.py", help="let a script play along")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="sound that audio() listens to")
    restart.add_arguments(parser)
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
    if args.restarted and session is not None:
        args = restart.as_in(session, args)
    settings = window_settings(options.settings_from(args, session), args)
    if args.script is not None and not is_file(args.script):
        raise ConfigError(f"{args.script}: there is no such file")
    paths = options.paths_of(settings.networks).values()
    missing = [path for path in paths if not is_address(path) and not _is_there(path)]
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
            restarted=args.restarted,
            outputs=args.on,
            may_fetch=args.yes,
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
    restarted: int = 0,
    outputs: Sequence[str] = (),
    may_fetch: bool = False,
) -> int:
    """Run the instrument; return the exit code.

    Where graphics card or window are lost for this process, another one takes its place.

    Args:
        settings: how to start.
        session: to go on with.
        script, audio: to open at the start.
        seconds: to play for; None: until the user leaves.
        show_panels: whether they are there at the start.
        serves: whether the page is on at the start.
        restarted: how often the program was started again in a row.
        outputs: names of further ones that are on at the start.
        may_fetch: whether networks are fetched from addresses without asking.
    """
    from sgview.app.process import Leaving
    from sgview.app.starting import LeftAtStartError
    from sgview.state.commands import OpenScript, OpenSound, ToggleOutput

    begin = time.monotonic()
    try:
        app, networks = _open_app(settings, is_restart=restarted > 0, is_told=show_panels)
    except LeftAtStartError:
        leave(0)  # there is nothing to save
    after: list[str] = []  # the command line of the process that goes on
    with Leaving(app.stop) as leaving:
        try:
            with app:
                app.screen.window.loss.on_lost = lambda: _end_without_screen(app, leaving)
                app.gui.show_panels = show_panels
                if session is not None:
                    app.remembered.resume(session.surroundings)
                if restarted:
                    app.tell(*restart.notice_of(restarted))
                if script is not None:
                    app.execute(OpenScript(script))
                if audio is not None:
                    app.execute(OpenSound(audio))
                if serves:
                    _serve(app)
                for name in set(outputs).difference(_outputs_on(app)):
                    app.execute(ToggleOutput(name))
                _open_networks(app, settings.networks, networks, may_fetch)
                app.run(seconds)
                if app.loss is not None:
                    count = restart.count_again(restarted, time.monotonic() - begin)
                    after = _say_loss(app, count)
                    leaving.begin(lambda: os._exit(_go_on(after)))
                elif seconds is None:
                    leaving.begin()
        except Exception:
            if app.loss is None:
                raise
            _log.warning("not all that was on the lost device could be closed")
        if app.loss is None or leaving.is_asked_for:
            return 0
    return _go_on(after)


def _open_app(
    settings: Settings, *, is_restart: bool, is_told: bool
) -> tuple[App, dict[Slot, Network]]:
    """Open the window while the engine is made; return it and the networks it begins with."""
    from sgview.cli.start import EngineStart

    with without_collecting():
        from sgview.app.app import App

        start = EngineStart(
            partial(_engine_left if is_restart else options.open_engine, settings),
            partial(_first_networks, settings.networks),
            settings.device,
            is_told=is_told and not settings.window.fullscreen,
        )
        return App(settings, start.worker), start.networks


def _say_loss(app: App, count: int) -> list[str]:
    """Say what is lost; return the command line to go on with, [] to end."""
    if count > restart.MOST:
        advice = "It was tried often enough: `sgview --resume` goes on with the session"
        print(f"sgview: {app.loss}. {advice}", file=sys.stderr)
        return []
    print(f"sgview: {app.loss}: it starts again with the session", file=sys.stderr)
    return restart.arguments_for(
        sys.argv[1:], count,
        is_fullscreen=app.screen.window.placement.is_fullscreen, shows_panels=app.gui.show_panels,
        outputs=_outputs_on(app),
    )  # fmt: skip


def _outputs_on(app: App) -> list[str]:
    return [output.name for output in app.outgoing.outputs.status() if output.is_on]


def _go_on(arguments: list[str]) -> int:
    """Let another process go on; return the exit code where none shall."""
    if arguments:
        restart.start_again(arguments)
    return 1


def _end_without_screen(app: App, leaving: Leaving) -> NoReturn:
    """Save what is played and end: the display is gone, and Xlib goes on with nothing else."""
    try:
        leaving.begin(lambda: os._exit(1))
        text = "the screen is gone: `sgview --resume` goes on with the session"
        print(f"sgview: {text}", file=sys.stderr, flush=True)
        app.save()
    finally:
        os._exit(1)


def _engine_left(settings: Settings) -> Engine:
    """Return an engine on the device that is asked for, or on what is left after it was lost."""
    try:
        return options.open_engine(settings)
    except Exception as error:
        _log.warning("%s", error)
    try:
        return options.open_engine(replace(settings, device="auto"))
    except Exception as error:
        _log.warning("%s", error)
        return options.open_engine(replace(settings, device="cpu"))


def _serve(app: App) -> None:
    """Switch the page on, and say where it is.

    Raises:
        ConfigError: if it cannot be served.
    """
    from sgview.state.commands import ToggleOutput
    from sgview.state.recording import PAGE

    app.execute(ToggleOutput(PAGE))
    page = next(output for output in app.outgoing.outputs.status() if output.name == PAGE)
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


def _first_networks(networks: NetworkSettings) -> dict[Slot, Network]:
    """Return the built-in pair, which plays without an A that is there.

    Raises:
        CheckpointError: if the installation lacks a network.
    """
    from sgview.engine.networks import open_networks

    is_alone = not (networks.a and _is_there(networks.a))
    return open_networks(demo=networks.demo) if is_alone else {}


def _open_networks(
    app: App, networks: NetworkSettings, first: dict[Slot, Network], may_fetch: bool
) -> None:
    """Play those that were read, and open what is named in the background.

    What is named is wanted at once, so that a session left before it is read does not forget it.
    """
    from sgview.state.commands import AskDownload, LoadNetwork

    for slot, network in first.items():
        app.worker.set_network(slot, network)
    for slot, path in options.paths_of(networks).items():
        if is_address(path):
            app.execute(AskDownload(slot, path, is_agreed=may_fetch))
        elif _is_there(path):
            app.worker.want(slot, path)
            app.execute(LoadNetwork(slot, Path(path)))
        else:
            app.remembered.miss(slot, path)


def _is_there(path: str) -> bool:
    """Whether a network can be read from `path`, a file or the name of a built-in one."""
    return is_built_in(path) or is_file(path)
