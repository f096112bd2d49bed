"""The instrument as a whole: who owns what, the frame, and what each command does."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import platformdirs
from msgspec.structs import replace

from sgview import resources
from sgview.app.dialogs import FileDialog, has_system_dialogs
from sgview.app.files import Files, commands_for
from sgview.app.pace import FramePace
from sgview.app.pictures import host_pixels, pixels_of, with_picture
from sgview.app.process import THREAD_TURN, closing_signals, turns_of
from sgview.app.recent import RecentFiles
from sgview.app.session_file import NAME, SessionFile
from sgview.closing import Owner
from sgview.gfx.display import Display
from sgview.gfx.draw_timer import DrawTimer
from sgview.gfx.framebuffer import clear
from sgview.gfx.kept_drawing import Layer
from sgview.gfx.thumbnails import Thumbnails
from sgview.gfx.window import DEFAULT_REFRESH_RATE, Window
from sgview.gui.gui import Gui
from sgview.settings import Settings
from sgview.show.clock import Clock, FrameLimiter, FrameRate, Pace
from sgview.show.resolver import Resolved
from sgview.show.show import Performance
from sgview.signals import Inputs, Instant, SignalStatus
from sgview.signals.midi import MidiInput
from sgview.signals.osc.input import OscInput
from sgview.signals.osc.output import OscOutput
from sgview.signals.sources import Sources
from sgview.state import commands as c
from sgview.state.history import History
from sgview.state.machine import MachineStatus, Timing
from sgview.state.networks import SLOTS
from sgview.state.notices import Notices
from sgview.state.params import Params, View
from sgview.state.session import Session, Surroundings
from sgview.state.status import Status

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture
    from sgview.engine.worker import EngineStatus, EngineWorker
    from sgview.state.networks import NetworkStatus

BACKGROUND = (0.055, 0.055, 0.063)  # around the picture
PANEL_RATE = 70.0  # frames a second that the panel is drawn, about; all of a screen of 75 Hz
RESTING_PANEL_RATE = 30.0  # while nobody touches it and pictures want to be as many as they can
MINIMISED_WAIT = 0.1  # [s]
NETWORK_FILTER = ("Networks", "*.pkl *.pt *.pth *.safetensors")
SCRIPT_FILTER = ("Scripts", "*.py")
SOUND_FILTER = ("Sound", "*.wav *.flac *.mp3 *.m4a *.aac *.ogg *.opus *.aif *.aiff *.mp4 *.mov")
PRESET_FILTER = ("Presets", "*.toml *.json *.png")


class App(Owner):
    """Owns the window, what is drawn in it, the engine's thread and the parameters.

    Args:
        settings: how to start.
        worker: the engine's thread; closed with the app.
        state_folder: where recent files and the panel's layout are kept; None: the user's own.
        now: the source of real time [s].

    Raises:
        WindowError: if there is no display or no OpenGL 4.1.
    """

    def __init__(
        self,
        settings: Settings,
        worker: EngineWorker,
        *,
        state_folder: Path | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        folder = state_folder or platformdirs.user_state_path("sgview")
        self._settings = settings
        self._now = now
        self._owned = ExitStack()
        self._owned.callback(worker.close)
        try:
            self.window = self._owned.enter_context(
                Window(
                    "sgview",
                    settings.window.width,
                    settings.window.height,
                    fullscreen=settings.window.fullscreen,
                    vsync=settings.window.vsync,
                )
            )
            self._drawing = self._owned.enter_context(DrawTimer())
            self.display = self._owned.enter_context(Display())
            self._panel = self._owned.enter_context(Layer())
            scale = settings.window.ui_scale or self.window.ui_scale
            self.gui = self._owned.enter_context(Gui(folder / "panels.ini", scale))
            self.gui.attach(self.window.address)
        except BaseException:
            self._owned.close()
            raise
        self.worker = worker
        self.clock = Clock(now)
        self.params = settings.params
        self.status = Status()
        self.picture: Picture | None = None
        self._shown: Picture | None = None  # by the display
        self._history = History(self.params)
        self._sources = self._owned.enter_context(_sources(settings))
        self._instant = Instant(0.0)
        self._frame_time = now()
        self._notices = Notices()
        looks = resources.looks(settings.networks.demo)
        self.performance = Performance(settings, self._notices, now, looks)
        self._owned.callback(self.performance.close)
        self._thumbnails = self._owned.enter_context(Thumbnails())
        self._session = SessionFile(folder / NAME, now)
        self._owned.callback(lambda: self._session.close(self._make_session()))
        self._recent = RecentFiles(folder / "recent.json")
        self._dialog = FileDialog(has_system_dialogs())
        self._commands: list[c.Command] = []
        self._limiter = FrameLimiter(now)
        self._panel_pace = Pace(PANEL_RATE, now)
        self._screen_pace = Pace(DEFAULT_REFRESH_RATE, now)
        self._mouse = (0.5, 0.5, False)  # over the picture; ImGui takes it in once a panel
        self._is_held = False  # a widget, by the user
        self._is_panel_kept = False  # in the layer, to be shown again by the frames in between
        self._hole: tuple[int, int, int, int] | None = None  # [px], where the panel leaves it free
        self._framebuffer = (0, 0)  # [px]
        self._pace = FramePace(self.window, settings.window.fps_limit)
        self._busy = 0.0  # what the window took of the last frame with a panel, on the host [s]
        self._rate = FrameRate(now)
        self._files = Files(settings.folders, self._notices, now)
        self._owned.callback(self._files.close)
        self._is_running = True
        self.window.on_drop = self.drop

    def run(self, seconds: float | None = None) -> None:
        """Play until the user leaves, or for `seconds` of real time."""
        end = None if seconds is None else self._now() + seconds
        with closing_signals(self.stop), turns_of(THREAD_TURN):
            while self._is_running and not self.window.should_close:
                self.frame()
                if end is not None and self._now() >= end:
                    break

    def stop(self) -> None:
        """Leave after this frame."""
        self._is_running = False

    def frame(self) -> None:
        """Run one frame: time, panel, commands, engine, screen.

        Pictures may come faster than a panel is worth drawing: frames in between show the last one.
        They may come faster even than any screen shows them: then some are taken and not drawn.
        """
        has_panel = self._panel_pace.is_due()
        if has_panel and self.window.is_minimised:
            self.window.wait(MINIMISED_WAIT)
            self.clock.tick()
            return
        if has_panel or not self._pace.is_hurried:  # nothing listens before the next panel
            self.window.poll()
        begin = self._now()
        if has_panel:
            self._draw_panel()
        playing = self._ask(has_panel)
        self.picture = self.worker.latest()
        if has_panel:
            self._collect_notices()
            self.status = self._snapshot_status(playing.signals)
            self._session.poll(self._make_session)
        if has_panel or not self._pace.is_hurried or self._screen_pace.is_due():
            self._screen_pace.begin(self._pace.drawing_rate)
            self._draw(playing.params.view, has_panel)
            if has_panel:
                self._busy = self._now() - begin
            self.window.swap()
            self._limiter.wait(self._pace.frame_limit)
        self._await_picture(begin)

    def execute(self, command: c.Command) -> None:
        """Do what `command` asks; the one place where commands become deeds."""
        match command:
            case c.LoadNetwork(slot, path):
                self.worker.load(slot, path)
            case c.UnloadNetwork(slot):
                self.worker.unload(slot)
            case c.ReloadNetwork(slot):
                self.worker.reload(slot)
            case c.SwapNetworks():
                self.worker.swap()
            case c.ChooseNetwork(slot):
                self._dialog.ask_open(
                    f"Open network {slot.upper()}",
                    self._network_folder(),
                    NETWORK_FILTER,
                    lambda path: c.LoadNetwork(slot, path),
                )
            case c.SaveSnapshot(path):
                self._files.save_snapshot(self.picture, path)
            case c.SavePreset(Path() as path):
                self._files.save_preset(self.params, path)
            case c.SavePreset():
                suggestion = self._files.preset_folder / "preset.toml"
                self._dialog.ask_save("Save preset", suggestion, PRESET_FILTER, c.SavePreset)
            case c.LoadPreset(Path() as path):
                if (params := self._files.load_preset(path)) is not None:
                    self.performance.leave_look()
                    self._set_params(params, f"Open {path.stem}")
            case c.LoadPreset():
                folder = self._files.preset_folder
                self._dialog.ask_open("Open preset", folder, PRESET_FILTER, c.LoadPreset)
            case c.AnswerPathPrompt(path):
                self._queue(self._dialog.answer(path))
            case c.SaveLook(name):
                pixels = host_pixels(self.picture) if self.picture is not None else None
                self.performance.save_look(self.params, pixels, name)
            case c.RecallLook() as wish:
                if (recalled := self.performance.recall(wish)) is not None:
                    params, name = recalled
                    self._set_params(params, f"Recall {name}")
            case c.RenameLook(name, new_name):
                self.performance.rename_look(name, new_name)
            case c.DeleteLook(name):
                self.performance.looks.delete(name)
            case c.SetLookKey(name, key):
                self.performance.looks.set_key(name, key)
            case c.SetFade() as wish:
                self.performance.set_fade(wish)
            case c.ToggleTake():
                self.performance.toggle_take(self.params, self.status.networks)
            case c.ChooseScript(Path() as path):
                self.performance.open_script(path)
            case c.ChooseScript():
                folder = Path.cwd()
                self._dialog.ask_open("Open script", folder, SCRIPT_FILTER, c.ChooseScript)
            case c.RemoveScript():
                self.performance.open_script(None)
            case c.TapTempo():
                self.performance.tempo.tap(self._now())
            case c.SetTempo(bpm, is_following):
                self.performance.tempo.set(bpm, is_following=is_following)
            case c.SetSound(sound):
                self.performance.hearing.set(sound)
            case c.ChooseSound():
                self._dialog.ask_open("Open sound", Path.cwd(), SOUND_FILTER, self.sound_file)
            case c.Undo(count):
                self.performance.leave_look()
                self.params = self._history.undo(count)
            case c.Redo(count):
                self.performance.leave_look()
                self.params = self._history.redo(count)
            case c.TogglePause():
                self.clock.toggle_pause()
            case c.Step(frames):
                self.clock.step(frames)
            case c.Rewind():
                self.clock.rewind()
            case c.ToggleFullscreen():
                self.window.set_fullscreen(not self.window.is_fullscreen)
            case c.ToggleGui():
                self.gui.show_panels = not self.gui.show_panels
            case c.SetVsync(enabled):
                self.window.vsync = enabled
            case c.SetFpsLimit(limit):
                self._pace.fps_limit = max(limit, 0.0)
            case c.TimeLayers():
                if self.picture is not None:
                    self.worker.time_layers(self.picture.params, self.picture.t)
            case c.EditBinding(path, low, high):
                self.gui.edit_binding(path, low, high)
            case c.Learn() as wish:
                self._sources.learn(wish)
            case c.CancelLearn():
                self._sources.cancel_learning()
            case c.SetPickUp(enabled):
                self._sources.picks_up = enabled
            case c.DismissNotice(notice_id):
                self._notices.dismiss(notice_id)
            case c.Quit():
                self.stop()
            case _:
                assert_never(command)

    def drop(self, paths: list[Path]) -> None:
        """Take files dropped on the window: with Shift, or on the slot of B, a network is B."""
        slot = "b" if self.window.is_shift_down else self.gui.slot_at(*self.window.cursor)
        self._commands += commands_for(paths, slot)

    def close(self) -> None:
        """Stop the engine's thread and free everything; idempotent."""
        self._dialog.close()
        self._owned.close()

    def _draw_panel(self) -> None:
        """Let the user see and change the parameters."""
        is_hurried = self._pace.is_hurried
        if is_hurried:  # a panel takes as long as a few pictures: the engine has one to make
            self._ask(False)
        is_resting = is_hurried and not self.gui.is_used
        self._panel_pace.begin(RESTING_PANEL_RATE if is_resting else PANEL_RATE)
        self.params = self.gui.draw(self.params, self.status, self._commands.append)
        self._mouse, self._is_held = self.gui.mouse_over_picture(), _is_widget_held()
        self._framebuffer = self.window.framebuffer_size
        self._is_panel_kept = is_hurried and 0 not in self._framebuffer
        is_free = self._is_panel_kept and self.gui.is_picture_free()
        self._hole = self.gui.picture_rect if is_free else None

    def _present_panel(self, is_new: bool) -> None:
        """Bring the panel to the screen, drawn anew or as it is kept."""
        if not self._is_panel_kept:
            self.gui.present()
            return
        if is_new:
            with self._panel.drawn(self._framebuffer):
                self.gui.present()
        self._panel.draw(self._hole)

    def _ask(self, has_panel: bool) -> Resolved:
        """Take what came in, ask the engine for the picture of now, and return what it shows."""
        t, _ = self.clock.tick()
        elapsed = self._next_elapsed()
        inputs = self._hear(elapsed)
        if has_panel:
            self._history.record(self.params, self._now(), is_active=self._is_held)
        self._run_commands()
        beat, bpm = self.performance.tempo.beat, self.performance.tempo.bpm
        dt = t - self._instant.t
        self._instant = Instant(t, dt, elapsed, beat=beat, bpm=bpm, inputs=inputs)
        playing = self.performance.play(self.params, self._instant, self.status.networks)
        self.clock.speed = playing.params.playback.speed
        self.worker.submit(playing.params, t)
        self._sources.send(playing.params)
        return playing

    def _queue(self, command: c.Command | None) -> None:
        if command is not None:
            self._commands.append(command)

    def _run_commands(self) -> None:
        self._queue(self._dialog.poll())
        while self._commands:
            self.execute(self._commands.pop(0))

    def _set_params(self, params: Params, name: str) -> None:
        """Take parameters from a file as one change that can be undone."""
        self.params = params
        self._history.record(params, self._now(), name=name)

    def sound_file(self, path: Path) -> c.Command:
        """Return the command to listen to a file as it is listened now."""
        return c.SetSound(replace(self.performance.hearing.sound, source="file", file=str(path)))

    def resume(self, surroundings: Surroundings) -> None:
        """Go on with what was around the parameters when the last session was saved."""
        self.clock.t = self.clock.position = surroundings.t
        self.clock.is_paused = surroundings.is_paused
        self.performance.resume(surroundings)

    def miss(self, slot: c.Slot, path: str) -> None:
        """Say that the file of a network is not there, and go on wanting it in `slot`."""
        self.worker.want(slot, path)
        hint = "The session remembers it until another network is loaded there."
        self._notices.add("warning", f"{path} is not there any more.", hint, now=self._now())

    def _make_session(self) -> Session:
        """Return what `--resume` restores."""
        surroundings = replace(
            self.performance.surroundings(),
            networks=self.worker.status().wanted,
            demo=self._settings.networks.demo,
            t=self.clock.t,
            is_paused=self.clock.is_paused,
        )
        return Session(params=self.params, surroundings=surroundings)

    def _draw(self, view: View, has_panel: bool) -> None:
        """Draw the window: the picture, and the panel anew or as it is kept."""
        clear(self._framebuffer, BACKGROUND)
        if self.picture is not self._shown:
            self._bring(self.picture)
        if self.picture is not None:
            with self._drawing.stage("draw"):
                self.display.draw(
                    self.gui.picture_rect, self._framebuffer[1], view.fit, view.filter
                )
        with self._drawing.stage("panels"):
            self._present_panel(has_panel)

    def _bring(self, picture: Picture | None) -> None:
        """Bring a new picture to the display; None when nothing plays."""
        self._shown = picture
        if picture is not None:
            try:
                with self._drawing.stage("upload"):
                    self.display.show(pixels_of(picture))
            except ValueError as error:  # larger than this graphics card can hold
                self._notices.add("error", str(error), "Pick a smaller layer.", now=self._now())

    def _collect_notices(self) -> None:
        self._files.poll()
        self.performance.poll()
        for notice in self.worker.take_notices():
            self._notices.add(
                notice.level, notice.text, notice.hint, now=self._now(), repeats=notice.repeats
            )

    def _note_networks(self, networks: dict[c.Slot, NetworkStatus]) -> None:
        """Remember files that turned out to be networks, and put their names in the title."""
        if networks == self.status.networks:
            return
        before = {network.path for network in self.status.networks.values()}
        for network in networks.values():
            if network.path and network.path not in before:
                self._recent.add(Path(network.path))
        names = [networks[slot].name for slot in SLOTS if slot in networks]
        self.window.set_title(" \u2013 ".join(["sgview", *names]))

    def _hear(self, elapsed: float) -> Inputs:
        """Take what came in from outside since the last frame."""
        audio, bands = self.performance.hear(self.clock.position, elapsed)
        x, y, is_down = self._mouse
        heard = self._sources.hear(
            self.params,
            self.status.networks,
            mouse=(x, y),
            is_mouse_down=is_down,
            audio=audio,
            bands=bands,
        )
        self.params = heard.params
        self._commands.extend(heard.commands)
        for problem in heard.problems:
            self._notices.add("warning", problem, now=self._now())
        return heard.inputs

    def _next_elapsed(self) -> float:
        """Return the real time since the last frame [s]."""
        now, before = self._now(), self._frame_time
        self._frame_time = now
        return now - before

    def _snapshot_status(self, moved: SignalStatus) -> Status:
        engine, picture = self.worker.status(), self.picture
        self._note_networks(engine.networks)
        status = Status(
            t=self.clock.t,
            is_paused=self.clock.is_paused,
            networks=engine.networks,
            unloaded=engine.unloaded,
            recent=self._recent.paths,
            loading=engine.loading,
            edits=moved.edits,
            bindings=moved.bindings,
            sliders=moved.sliders,
            osc=self._sources.osc_status(),
            midi=self._sources.midi_status(),
            learning=self._sources.learning,
            picture_fps=engine.picture_fps,
            gui_fps=self._rate.tick(),
            device=engine.device,
            display=self.display.description,
            notices=self._notices.shown(self._now()),
            path_prompt=self._dialog.prompt,
            can_undo=self._history.can_undo,
            can_redo=self._history.can_redo,
            undo_names=self._history.undo_names(),
            redo_names=self._history.redo_names(),
            is_fullscreen=self.window.is_fullscreen,
            vsync=self.window.vsync,
            machine=self._machine_status(engine),
        )
        thumbnails = {
            str(look.path): look.thumbnail
            for look in self.performance.looks.shown
            if look.thumbnail is not None
        }
        status = self.performance.fill(status, self._thumbnails.show(thumbnails))
        return status if picture is None else with_picture(status, picture, self.params)

    def _machine_status(self, engine: EngineStatus) -> MachineStatus:
        """Say how the machine copes; what costs time to know only while it is being looked at."""
        is_shown = self.gui.shows_performance
        self._drawing.is_wanted = is_shown
        self.worker.watch_memory(is_shown)
        screen = tuple(Timing(name, length) for name, length in self._drawing.latest().items())
        return MachineStatus(
            memory=engine.memory,
            layer_times=engine.layer_times,
            clock="GPU" if self.picture is not None and self.picture.ready else "host",
            screen=(*screen, Timing("window", self._busy * 1000)) if screen else (),
            fps_limit=self._pace.fps_limit,
            refresh_rate=self.window.refresh_rate if is_shown else DEFAULT_REFRESH_RATE,
            pace_note=self._pace.note,
        )

    def _network_folder(self) -> Path:
        recent = [Path(name).parent for name in self._recent.paths]
        return next((folder for folder in recent if folder.is_dir()), Path.cwd())

    def _await_picture(self, begin: float) -> None:
        """Sleep for a new picture, where that is better than drawing the same one again.

        A widget that is held does not wait for the network.
        """
        left = self._panel_pace.seconds_left()
        patience = self._pace.patience(self._now() - begin, left, is_held=self._is_held)
        if patience > 0 and (self.picture is not None or self._pace.is_hurried):
            self.worker.await_newer(self.picture, patience)


def _sources(settings: Settings) -> Sources:
    """Return what listens and sends, as the settings want it."""
    osc, midi = settings.osc, settings.midi
    return Sources(
        OscInput(osc.interface, osc.port) if osc.enabled else None,
        OscOutput(osc.send_to) if osc.enabled else None,
        MidiInput(midi.devices) if midi.enabled else None,
        picks_up=midi.pick_up,
    )


def _is_widget_held() -> bool:
    """Return whether the user is dragging or typing into a widget of the panel."""
    from imgui_bundle import imgui

    return imgui.is_any_item_active()
