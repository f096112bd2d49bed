"""The window program: its owners, the frame, and the dispatch of commands to their owners."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import platformdirs

from sgview import resources
from sgview.app.asked import Asked
from sgview.app.devices import Devices
from sgview.app.files import Export, Files
from sgview.app.kept_latents import KeptLatents, shapes_in
from sgview.app.kept_session import KeptSession
from sgview.app.outgoing import Outgoing
from sgview.app.overview import Overview
from sgview.app.parameters import Parameters
from sgview.app.pictures import host_pixels
from sgview.app.process import THREAD_TURN, turns_of
from sgview.app.recent import RecentFiles
from sgview.app.remembered import Remembered
from sgview.app.reports import Reports
from sgview.app.starting import MakeWorker
from sgview.closing import Closing
from sgview.downloads.addresses import is_address
from sgview.settings import Settings
from sgview.show.clock import Clock
from sgview.show.direction_names import DirectionNames
from sgview.show.player import Player, live_sources
from sgview.show.resolver import Resolved
from sgview.show.show import Show
from sgview.state import commands as c
from sgview.state.boundary import Boundary
from sgview.state.notices import Notices
from sgview.state.output_frame import CLEAN_WINDOW
from sgview.state.params import Params
from sgview.state.status import Status

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture
    from sgview.engine.worker import EngineWorker

UNSEEN_FRAME = 1 / 120  # longest frame while only outputs see it [s]
UNSEEN_STATUS = 0.5  # how often their status is looked at then [s]


class App(Closing):
    """Owns the parameters, and through its parts all else: screen, panels, player, engine, files.

    Args:
        settings: how to start.
        worker: the engine's thread, closed with the app; or what makes one while the window is
            open already.
        state_folder: where recent files and the panel's layout are kept; None: the user's own.
        now: the source of real time [s].

    Raises:
        WindowError: if there is no display or no OpenGL 4.1.
        LeftAtStartError: if the user closes the window before `worker` is made.
    """

    def __init__(
        self,
        settings: Settings,
        worker: EngineWorker | MakeWorker,
        *,
        state_folder: Path | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        folder = state_folder or platformdirs.user_state_path("sgview")
        self._now = now
        self._notices = Notices()
        self._reports = Reports(folder / "reports", self._describe_machine, now)
        self._notices.note = self._reports.note
        self._boundary = Boundary(self._notices, self._reports.write, now)
        self.asked = Asked(self._boundary, self._reports.note)
        self._devices = Devices(
            *(settings, worker, folder, self.asked, self._notices, now, self._boundary)
        )
        self.screen, self.gui = self._devices.screen, self._devices.gui
        self.worker = worker = self._devices.worker
        self._owned = ExitStack()  # all else, closed first
        own = self._owned.enter_context
        self.status = Status()
        self.picture: Picture | None = None
        sources = live_sources(settings)
        self.player = own(Player(settings, Clock(now), sources, now, self._boundary))
        looks = resources.looks(settings.networks.demo)
        kept = folder / "kept-places.json"
        names = DirectionNames(folder / "directions", resources.asset("directions.json"))
        self.show = own(
            Show(settings, self.player, self._notices, now, looks, kept, names, shapes_in)
        )
        self.outgoing = own(
            Outgoing(
                *(settings, folder, self.screen, self._notices, now, self._boundary),
                self.player.sound.listen,
            )
        )
        clean = self.outgoing.clean
        clean.on_key, clean.on_character = self.gui.take_key, self.gui.take_character
        self._collect_at = 0.0  # [s], while the window is minimised
        self._mouse = (0.5, 0.5, False)  # over the picture, and the button; read with each panel
        recent = RecentFiles(folder / "recent.json")
        self._files = Files(settings.folders, self._notices, now, recent)
        self._owned.callback(self._files.close)
        self._latents = KeptLatents(worker, self.show, self._files, self._notices, now)
        self._parameters = Parameters(
            settings.params,
            *(self._files, self.player, self.show, self._latents, self._notices, now),
        )
        self._overview = Overview(
            *(worker, self.screen, self.gui, self.player, self.show, self.outgoing),
            *(self._files, self.asked, self._parameters.history, self._notices, now),
        )
        outputs, demo = self.outgoing.outputs, settings.networks.demo
        self.remembered = Remembered(
            *(worker, self.player, self.show, outputs, demo, self._notices, now)
        )
        # Saved first of all: what is closed after it may hang.
        self._session = own(
            KeptSession(folder, lambda: self.remembered.session(self.params), self._notices, now)
        )
        self._is_running = True
        if settings.clean_window.enabled:
            self.asked.add(c.ToggleOutput(CLEAN_WINDOW))

    @property
    def params(self) -> Params:
        """The parameters as they are set now."""
        return self._parameters.value

    @params.setter
    def params(self, params: Params) -> None:
        self._parameters.value = params

    @property
    def loss(self) -> Exception | None:
        """That what computes or what draws is lost for this process; None while both work."""
        return self.worker.lost or self.screen.lost

    def run(self, seconds: float | None = None) -> None:
        """Play until the user leaves, or for `seconds` of real time, or until `loss`."""
        end = None if seconds is None else self._now() + seconds
        with turns_of(THREAD_TURN):
            while self._is_running and not self.screen.window.should_close:
                self.frame()
                if end is not None and self._now() >= end:
                    break
                if (loss := self.loss) is not None:
                    self._reports.write("device", loss)
                    break

    def stop(self) -> None:
        """Leave after this frame."""
        self._is_running = False

    def frame(self) -> None:
        """Run one frame: time, panel, commands, engine, screen.

        What may fail in it is called through the boundary, each part for itself.
        """
        screen, call = self.screen, self._boundary.call
        is_needed = self.outgoing.is_needed  # also while nobody sees this window
        begin = partial(screen.begin_frame, may_sleep=not is_needed)
        if not call("window", begin, otherwise=True):
            if is_needed:
                self._play_unseen()
            else:
                self.player.clock.tick()
            return
        if screen.has_panel:
            call("panel", self._build_panel, otherwise=None)
        resolved = self._ask(screen.has_panel)
        self.picture = self.worker.latest()
        self.outgoing.offer(self.picture, resolved.params.stage)
        if screen.has_panel:
            self._collect_notices()
            call("places", self._latents.note_place, self.picture, otherwise=None)
            networks = self.status.engine.networks
            preview = self._latents.ask_preview
            call("small pictures of places", preview, self.picture, networks, otherwise=None)
            self.status = call(
                "status",
                *(self._overview.status, self.params, resolved, self.picture),
                otherwise=self.status,
            )
            call("session", self._session.poll, otherwise=None)
        screen.show(self.picture, resolved.params.view, self.gui.present)
        self.outgoing.draw()
        screen.wait()
        screen.await_picture(self.picture, self.worker.await_newer)

    def _play_unseen(self) -> None:
        """Play for the outputs alone, while the window is minimised."""
        resolved = self._ask(False)
        self.picture = self.worker.latest()
        self.screen.pictures.newest = self.picture
        self.outgoing.offer(self.picture, resolved.params.stage)
        self.outgoing.draw()
        if self._now() >= self._collect_at:  # what goes wrong is in the reports all the same
            self._collect_at = self._now() + UNSEEN_STATUS
            self._collect_notices()
            self._boundary.call("session", self._session.poll, otherwise=None)
            self.outgoing.outputs.status()
        self.worker.await_newer(self.picture, UNSEEN_FRAME)

    def execute(self, command: c.Command) -> None:
        """Dispatch `command` to its owner; the only place where commands are run."""
        if isinstance(command, c.LoadNetwork) and is_address(command.path):
            command = c.AskDownload(command.slot, str(command.path))
        if isinstance(command, c.EngineCommand):
            self.worker.execute(command)
        elif isinstance(command, c.ParamsCommand):
            self._parameters.execute(command)
        elif isinstance(command, c.FileCommand):
            self._files.execute(command, self.params, self.picture, self._exporter)
        elif isinstance(command, c.DialogCommand):
            folder = self._files.recent.folder
            self.asked.ask(command, self._files.preset_folder, folder)
        elif isinstance(command, c.ShowCommand):
            self.show.execute(command)
        elif isinstance(command, c.PlayerCommand):
            self.player.execute(command)
        elif isinstance(command, c.ScreenCommand):
            self.screen.execute(command)
        elif isinstance(command, c.OutputCommand | c.CleanWindowCommand):
            self.outgoing.execute(command)
        elif isinstance(command, c.GuiCommand):
            self.gui.execute(command)
        else:
            self._execute_own(command)

    def _execute_own(self, command: c.AppCommand) -> None:
        """Run a command that concerns several owners."""
        match command:
            case c.SaveLook(name):
                pixels = host_pixels(self.picture) if self.picture is not None else None
                self.show.save_look(self.params, pixels, name)
            case c.ToggleTake():
                self.show.toggle_take(self.params, self.status.engine.networks)
            case c.SaveLatent(name, is_key):
                self._latents.save(self.picture, name, is_key=is_key)
            case c.TimeLayers():
                if self.picture is not None:
                    picture = self.picture
                    self.worker.time_layers(picture.params, picture.t, picture.motion)
            case c.DismissNotice(notice_id):
                self._notices.dismiss(notice_id)
            case c.WakePart(part):
                self._boundary.wake(part)
            case c.Quit():
                self.stop()
            case _:
                assert_never(command)

    @property
    def _exporter(self) -> Export | None:
        """What hands out the latent of a picture; None where the device is lost."""
        return self.worker.export if self.worker.lost is None else None

    def tell(self, text: str, hint: str = "") -> None:
        """Show a notice that is a warning."""
        self._notices.add("warning", text, hint, now=self._now())

    def close(self) -> None:
        """Stop the engine's thread and free everything; idempotent."""
        try:
            self.save()
        finally:
            self._devices.close()

    def save(self) -> None:
        """Write the session and end what is recorded; engine and window are left as they are.

        For where those are gone and the process ends after it; idempotent.
        """
        self.screen.save()
        self.asked.close()
        self._owned.close()

    def _build_panel(self) -> None:
        """Let the user see and change the parameters."""
        gui, screen = self.gui, self.screen
        if screen.is_hurried:  # a panel takes as long as a few pictures: let the engine begin one
            self._ask(False)
        screen.begin_panel(is_used=gui.is_used)
        self.params = gui.draw(self.params, self.status, self.asked.add)
        self._mouse = gui.mouse_over_picture()
        screen.take_panel(gui.picture_rect, gui.is_picture_free, is_held=gui.is_widget_held)

    def _ask(self, has_panel: bool) -> Resolved:
        """Apply what came in, ask the engine for the picture of now, and return its values."""
        networks = self.status.engine.networks
        x, y, is_down = self._mouse
        incoming = self.player.advance(
            self.params,
            networks,
            mouse=(x, y),
            is_mouse_down=is_down,
            library=self.show.library.entries,
        )
        self._parameters.take(incoming.params, networks)
        self.asked.add(*incoming.commands)
        for problem in incoming.problems:
            self._notices.add("warning", problem, now=self._now())
        pictures = self.show.looks.pictures
        self.params, wishes = self.outgoing.outputs.exchange(self.params, self.status, pictures)
        self.asked.add(*wishes)
        if has_panel:
            self._parameters.record(is_active=self.screen.is_held)
        self.asked.run(self.execute)
        resolved = self.player.resolve(self.params)
        self._boundary.call(
            "take", self.show.record, self.params, resolved, networks, otherwise=None
        )
        self.worker.submit(resolved.params, self.player.instant.t, resolved.motion)
        self.outgoing.note_request(resolved.params, self.player.instant.t)
        return resolved

    def _collect_notices(self) -> None:
        self.asked.add(self._boundary.call("files", self._files.poll, otherwise=None))
        self._boundary.call("latents", self._parameters.add_keys, otherwise=None)
        self._boundary.call("looks", self.show.poll, otherwise=None)
        if self.show.looks.wants_picture and self.picture is not None:
            self.show.looks.add_picture(host_pixels(self.picture))
        self._notices.take(self.worker.take_notices(), self._now())

    def _describe_machine(self) -> list[str]:
        """Return what a report says of the devices that play and draw."""
        device = self.worker.status().device
        return [f"plays on {device}", f"draws on {self.screen.description}"]
