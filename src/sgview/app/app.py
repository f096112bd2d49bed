"""The window program: its owners, the frame, and the dispatch of commands to their owners."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import platformdirs
from msgspec.structs import replace

from sgview import resources
from sgview.app.asked import Asked
from sgview.app.files import Export, Files, commands_for
from sgview.app.kept_latents import KeptLatents
from sgview.app.kept_session import KeptSession, session_of
from sgview.app.outgoing import Outgoing
from sgview.app.overview import history_status, picture_status, player_status
from sgview.app.pictures import host_pixels
from sgview.app.process import THREAD_TURN, turns_of
from sgview.app.recent import RecentFiles
from sgview.app.reports import Reports
from sgview.app.screen import Screen
from sgview.app.starting import MakeWorker, await_worker
from sgview.closing import Closing
from sgview.downloads.addresses import is_address
from sgview.gfx.keyboard import number_row
from sgview.gui.gui import Gui
from sgview.outputs.snapshot import Snapshot
from sgview.settings import Settings
from sgview.show.clock import Clock
from sgview.show.direction_names import DirectionNames
from sgview.show.player import Player, live_sources
from sgview.show.resolver import Resolved
from sgview.show.show import Show
from sgview.state import commands as c
from sgview.state.boundary import Boundary
from sgview.state.descriptions import names_of_edits
from sgview.state.history import History
from sgview.state.journeys import add_key, as_it_is, go_to
from sgview.state.latent_places import FilePlace
from sgview.state.library_files import files_played, find_file
from sgview.state.networks import SLOTS, NetworkStatus, Slot, is_built_in, spread_blend
from sgview.state.notices import Notices
from sgview.state.output_frame import CLEAN_WINDOW
from sgview.state.params import Params, on_stage_of
from sgview.state.places import absolute
from sgview.state.session import Session, Surroundings
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
        self._demo = settings.networks.demo
        self._now = now
        self._devices = ExitStack()  # engine and window
        self._owned = ExitStack()  # all else, closed first
        engine = self._devices.enter_context(ExitStack())  # closed last, whenever it comes
        self._notices = Notices()
        self._reports = Reports(folder / "reports", self._describe_machine, now)
        self._notices.note = self._reports.note
        self._boundary = Boundary(self._notices, self._reports.write, now)
        self.asked = Asked(self._boundary, self._reports.note)
        try:
            own = self._devices.enter_context
            self.screen = own(Screen(settings, self._notices, now, self._boundary, folder))
            scale, keys = self.screen.ui_scale, settings.keys
            self.gui = own(Gui(folder / "panels.ini", scale, self._boundary, keys))
            self._tell_key_problems()
            self.gui.attach(self.screen.window.address, number_row)
            self.screen.window.hear_monitors()
            self.screen.window.on_drop = self.drop
            if callable(worker):
                worker = await_worker(worker, self.screen.window, self.gui)
        except BaseException:
            if not callable(worker):
                engine.callback(worker.close)
            self._devices.close()
            raise
        engine.callback(worker.close)
        own = self._owned.enter_context
        self.worker = worker
        self.params = settings.params
        self.status = Status()
        self.picture: Picture | None = None
        self._history = History(self.params)
        sources = live_sources(settings)
        self.player = own(Player(settings, Clock(now), sources, now, self._boundary))
        looks = resources.looks(self._demo)
        kept = folder / "kept-places.json"
        names = DirectionNames(folder / "directions", resources.asset("directions.json"))
        self.show = own(Show(settings, self.player, self._notices, now, looks, kept, names))
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
        # Saved first of all: what is closed after it may hang.
        self._session = own(KeptSession(folder, self._make_session, self._notices, now))
        self._is_running = True
        if settings.clean_window.enabled:
            self.asked.add(c.ToggleOutput(CLEAN_WINDOW))

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
            self.status = call("status", self._snapshot_status, resolved, otherwise=self.status)
            call("session", self._session.poll, otherwise=None)
        screen.show(self.picture, resolved.params.view, self.gui.present)
        self.outgoing.draw()
        screen.wait()
        screen.await_picture(self.picture, self.worker.await_newer)

    def _play_unseen(self) -> None:
        """Play for the outputs alone, while the window is minimised."""
        resolved = self._ask(False)
        self.picture = self.worker.latest()
        self.screen.note_newest(self.picture)
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
            case c.LoadPreset(path):
                if (loaded := self._files.load_preset(path)) is not None:
                    self._take_snapshot_up(path, loaded)
            case c.SaveLook(name):
                pixels = host_pixels(self.picture) if self.picture is not None else None
                self.show.save_look(self.params, pixels, name)
            case c.RecallLook() as wish:
                if (recalled := self.show.recall(wish)) is not None:
                    params, name = recalled
                    self._set_params(params, f"Recall {name}")
            case c.ToggleTake():
                self.show.toggle_take(self.params, self.status.engine.networks)
            case c.SaveLatent(name, is_key):
                self._latents.save(self.picture, name, is_key=is_key)
            case c.OpenLatent(path):
                self.worker.forget_latents()
                going = go_to(self.params, FilePlace(str(absolute(path))))
                self._set_params(going.params, f"Open {path.stem}")
            case c.RemoveEdits():
                self._remove_edits()
            case c.Undo(count):
                self.show.leave_look()
                self.params = self._history.undo(count)
            case c.Redo(count):
                self.show.leave_look()
                self.params = self._history.redo(count)
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

    def _take_snapshot_up(self, path: Path, loaded: Snapshot) -> None:
        """Go on from what a preset or a snapshot holds, at the very place where that was.

        Where its way there is not at hand (a glide, a file of the library that is not here), the
        latent that it carries plays.
        """
        self.show.leave_look()
        params, motion = loaded.params, loaded.motion
        if motion is not None:
            for name, position in motion.positions.items():
                self.player.execute(c.Restart(name, position))
            needed = files_played(params, motion)
            is_missing = any(find_file(self.show.library.folder, name) is None for name in needed)
            if loaded.has_latent and (motion.trail or is_missing):
                params = as_it_is(go_to(params, FilePlace(str(absolute(path)))).params)
        self._set_params(params, f"Open {path.stem}")

    def _add_keys(self) -> None:
        """Let the path lead to latents that were just written as keys of it."""
        for path in self._latents.take_new_keys():
            latents = self.params.latents
            latents = replace(latents, path=add_key(latents.path, f"file {path.stem}"))
            self._set_params(replace(self.params, latents=latents), "Add a key")

    def _remove_edits(self) -> None:
        if self.params.edits:
            removed = names_of_edits(self.params.edits)
            self._set_params(replace(self.params, edits=()), "Remove all edits")
            hint = "Ctrl+Z brings them back."
            self._notices.add("info", f"Removed {removed}", hint, now=self._now())

    def drop(self, paths: list[Path]) -> None:
        """Open files dropped on the window; with Shift or on the slot of B, a network goes to B."""
        window = self.screen.window
        slot = "b" if window.is_shift_down else self.gui.slot_at(*window.cursor)
        self.asked.add(*commands_for(paths, slot))

    def resume(self, surroundings: Surroundings) -> None:
        """Restore time, sound, tempo and fade as the last session saved them."""
        self.player.resume(surroundings)
        self.outgoing.outputs.marked = surroundings.marked or self.outgoing.outputs.marked
        self.show.resume(surroundings)

    def miss(self, slot: Slot, path: str) -> None:
        """Say that the file of a network is not there, and go on wanting it in `slot`."""
        self.worker.want(slot, path)
        hint = "The session remembers it until another network is loaded there."
        self._notices.add("warning", f"{path} is not there any more.", hint, now=self._now())

    def _tell_key_problems(self) -> None:
        hint = "See [keys] in the settings; F1 shows what there is."
        for problem in self.gui.key_problems:
            self.tell(problem, hint)

    def tell(self, text: str, hint: str = "") -> None:
        """Show a notice of what happened before the window was there."""
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
        incoming = self.player.advance(self.params, networks, mouse=(x, y), is_mouse_down=is_down)
        self.params = spread_blend(incoming.params, networks)
        if self.params is not incoming.params:
            self._history.amend(self.params)
        self.asked.add(*incoming.commands)
        for problem in incoming.problems:
            self._notices.add("warning", problem, now=self._now())
        if self.outgoing.is_needed:
            pictures = self.show.looks.pictures
            self.params, wishes = self.outgoing.outputs.exchange(self.params, self.status, pictures)
            self.asked.add(*wishes)
        if has_panel:
            self._history.record(self.params, self._now(), is_active=self.screen.is_held)
        self.asked.run(self.execute)
        resolved = self.player.resolve(self.params)
        self._boundary.call(
            "take", self.show.record, self.params, resolved, networks, otherwise=None
        )
        self.worker.submit(resolved.params, self.player.instant.t, resolved.motion)
        if self.outgoing.is_needed:
            self.outgoing.requests.note(resolved.params, self.player.instant.t, self._now())
        return resolved

    def _set_params(self, params: Params, name: str) -> None:
        """Take parameters from a file as one change that can be undone."""
        self.params = on_stage_of(params, self.params)
        self._history.record(self.params, self._now(), name=name)

    def _make_session(self) -> Session:
        """Return what `--resume` restores."""
        wanted, marked = self.worker.status().wanted, self.outgoing.outputs.marked
        around = self.show.surroundings(self.player.surroundings())
        return session_of(
            self.params, replace(around, networks=wanted, demo=self._demo, marked=marked)
        )

    def _collect_notices(self) -> None:
        self.asked.add(self._boundary.call("files", self._files.poll, otherwise=None))
        self._boundary.call("latents", self._add_keys, otherwise=None)
        self._boundary.call("looks", self.show.poll, otherwise=None)
        if self.show.looks.wants_picture and self.picture is not None:
            self.show.looks.add_picture(host_pixels(self.picture))
        self._notices.take(self.worker.take_notices(), self._now())

    def _note_networks(self, networks: dict[Slot, NetworkStatus]) -> None:
        """Remember files that turned out to be networks, and put their names in the title."""
        known = self.status.engine.networks
        if networks == known:
            return
        paths = [[network.path for network in slots.values()] for slots in (networks, known)]
        self._files.recent.note(*paths)
        names = [networks[slot].name for slot in SLOTS if slot in networks]
        self.screen.window.set_title(" \u2013 ".join(["sgview", *names]))

    def _snapshot_status(self, resolved: Resolved) -> Status:
        """Return the status of every owner; slow measurements only while their panel is shown."""
        is_watched = self.gui.shows_performance
        self.worker.watch_memory(is_watched, self.outgoing.pictures() if is_watched else ())
        engine = self.worker.status()
        self._note_networks(engine.networks)
        directions, thumbnails = self.worker.directions, self.show.thumbnails
        glances = directions.glances
        for name, (back, forth) in glances.items():
            thumbnails[f"{name} back"], thumbnails[f"{name} forth"] = back, forth
        textures = self.screen.show_thumbnails(thumbnails)
        has_own_networks = all(is_built_in(n.path) for n in engine.networks.values())
        return Status(
            engine=engine,
            player=player_status(self.player, resolved.signals, self.picture, self.params),
            show=self.show.status(textures, has_own_networks=has_own_networks),
            directions=self.show.directions_status(
                directions.network, textures, glances, is_busy=directions.is_busy
            ),
            picture=picture_status(self.picture),
            screen=self.screen.status(is_watched=is_watched),
            outputs=self.outgoing.outputs.status(),
            recording=self.outgoing.outputs.recording,
            marked=self.outgoing.outputs.marked,
            clean_window=self.outgoing.clean_window_status(),
            history=history_status(self._history),
            recent=self._files.recent.paths,
            notices=self._notices.shown(self._now()),
            path_prompt=self.asked.dialog.prompt,
            download=self._files.fetching.status(),
        )

    def _describe_machine(self) -> list[str]:
        """Return what a report says of the devices that play and draw."""
        device = self.worker.status().device
        return [f"plays on {device}", f"draws on {self.screen.description}"]
