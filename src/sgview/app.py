"""The instrument as a whole: who owns what, the frame, and what each command does."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, assert_never

import platformdirs
from msgspec.structs import replace

from sgview.clock import Clock, FrameLimiter, FrameRate
from sgview.dialogs import FileDialog, has_system_dialogs
from sgview.files import Files, commands_for
from sgview.gfx.display import Display
from sgview.gfx.framebuffer import clear
from sgview.gfx.window import Window
from sgview.gui.gui import Gui
from sgview.recent import RecentFiles
from sgview.settings import Settings
from sgview.shown import pixels_of
from sgview.signals import Inputs, Instant, Signals, SignalStatus
from sgview.signals.midi_input import MidiInput
from sgview.signals.osc_input import OscInput
from sgview.signals.osc_output import OscOutput
from sgview.signals.sources import Sources
from sgview.state import commands as c
from sgview.state.history import History
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.status import Status

if TYPE_CHECKING:
    from sgview.engine.picture import Picture
    from sgview.engine.worker import EngineWorker
    from sgview.state.status import NetworkStatus

BACKGROUND = (0.055, 0.055, 0.063)  # around the picture
SOFTWARE_LIMIT = 40.0  # frames a second where the CPU draws: the rest of it is the network's
SOFTWARE_PATIENCE = 0.025  # how much longer a frame then waits for a new picture [s]
MINIMISED_WAIT = 0.1  # [s]
NETWORK_FILTER = ("Networks", "*.pkl *.pt *.pth *.safetensors")
PRESET_FILTER = ("Presets", "*.toml *.json *.png")
SLOTS: tuple[c.Slot, ...] = ("a", "b")


class App:
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
            self.display = self._owned.enter_context(Display())
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
        self._history = History(self.params)
        self._signals = Signals()
        self._sources = self._owned.enter_context(_sources(settings))
        self._instant = Instant(0.0)
        self._instant_time = now()
        self._notices = Notices()
        self._recent = RecentFiles(folder / "recent.json")
        self._dialog = FileDialog(has_system_dialogs())
        self._commands: list[c.Command] = []
        self._limiter = FrameLimiter(now)
        self._rate = FrameRate(now)
        self._files = Files(settings.folders, self._notices, now)
        self._owned.callback(self._files.close)
        self._is_running = True
        self.window.on_drop = self.drop

    def run(self, seconds: float | None = None) -> None:
        """Play until the user leaves, or for `seconds` of real time."""
        end = None if seconds is None else self._now() + seconds
        with _closing_signals(self.stop):
            while self._is_running and not self.window.should_close:
                self.frame()
                if end is not None and self._now() >= end:
                    break

    def stop(self) -> None:
        """Leave after this frame."""
        self._is_running = False

    def frame(self) -> None:
        """Run one frame: time, panel, commands, engine, screen."""
        if self.window.is_minimised:
            self.window.wait(MINIMISED_WAIT)
            self.clock.tick()
            return
        self.window.poll()
        t, _ = self.clock.tick()
        self.params = self.gui.draw(self.params, self.status, self._commands.append)
        inputs = self._hear()
        self._history.record(self.params, self._now(), is_active=_is_widget_held())
        self._run_commands()

        self._instant = self._next_instant(t, inputs)
        resolved, moved = self._signals.resolve(self.params, self._instant)
        self.clock.speed = resolved.playback.speed
        self.worker.submit(resolved, t)
        self._sources.send(resolved)
        self._show(self.worker.latest())
        self._collect_notices()
        self.status = self._snapshot_status(moved)

        framebuffer = self.window.framebuffer_size
        clear(framebuffer, BACKGROUND)
        if self.picture is not None:
            view = resolved.view
            self.display.draw(self.gui.picture_rect, framebuffer[1], view.fit, view.filter)
        self.gui.present()
        self.window.swap()
        self._limiter.wait(self._frame_limit())
        self._await_picture()

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
                self._set_params(self._files.load_preset(path))
            case c.LoadPreset():
                folder = self._files.preset_folder
                self._dialog.ask_open("Open preset", folder, PRESET_FILTER, c.LoadPreset)
            case c.AnswerPathPrompt(path):
                self._queue(self._dialog.answer(path))
            case c.Undo():
                self.params = self._history.undo()
            case c.Redo():
                self.params = self._history.redo()
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

    def __enter__(self) -> App:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _queue(self, command: c.Command | None) -> None:
        if command is not None:
            self._commands.append(command)

    def _run_commands(self) -> None:
        self._queue(self._dialog.poll())
        while self._commands:
            self.execute(self._commands.pop(0))

    def _set_params(self, params: Params | None) -> None:
        """Take parameters from a file as one change that can be undone."""
        if params is not None:
            self.params = params
            self._history.record(params, self._now())

    def _show(self, picture: Picture | None) -> None:
        """Bring the engine's newest picture to the screen; None when nothing plays."""
        if picture is self.picture:
            return
        self.picture = picture
        if picture is not None:
            try:
                self.display.show(pixels_of(picture))
            except ValueError as error:  # larger than this graphics card can hold
                self._notices.add("error", str(error), "Pick a smaller layer.", now=self._now())

    def _collect_notices(self) -> None:
        self._files.poll()
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

    def _hear(self) -> Inputs:
        """Take what came in from outside since the last frame."""
        playing = self.status.networks.get("a") or self.status.networks.get("b")
        x, y, is_down = self.gui.mouse_over_picture()
        heard = self._sources.hear(
            self.params,
            playing.layers if playing is not None else (),
            mouse=(x, y),
            is_mouse_down=is_down,
        )
        self.params = heard.params
        self._commands += heard.commands
        for problem in heard.problems:
            self._notices.add("warning", problem, now=self._now())
        return heard.inputs

    def _next_instant(self, t: float, inputs: Inputs) -> Instant:
        """Return the moment that expressions see now."""
        now, before = self._now(), self._instant_time
        self._instant_time = now
        return Instant(t, dt=t - self._instant.t, elapsed=now - before, inputs=inputs)

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
            is_fullscreen=self.window.is_fullscreen,
            vsync=self.window.vsync,
        )
        return status if picture is None else _with_picture(status, picture)

    def _network_folder(self) -> Path:
        recent = [Path(name).parent for name in self._recent.paths]
        return next((folder for folder in recent if folder.is_dir()), Path.cwd())

    def _await_picture(self) -> None:
        """Leave the processor to the network instead of drawing the same picture again with it.

        Twice as many pictures where both share two cores. A widget that is held does not wait.
        """
        if not self.window.graphics.is_software or self.picture is None or _is_widget_held():
            return
        steps = 10
        for _ in range(steps):
            if self.worker.latest() is not self.picture:
                break
            time.sleep(SOFTWARE_PATIENCE / steps)

    def _frame_limit(self) -> float:
        """Return the most frames a second to draw; 0: as many as there are."""
        if self.window.graphics.is_software:
            return SOFTWARE_LIMIT
        if self.window.vsync:
            # Not to hold back a screen, but for those that do not make `swap` wait.
            return 1.25 * self.window.refresh_rate
        return self._settings.window.fps_limit


def _sources(settings: Settings) -> Sources:
    """Return what listens and sends, as the settings want it."""
    osc, midi = settings.osc, settings.midi
    return Sources(
        OscInput(osc.interface, osc.port) if osc.enabled else None,
        OscOutput(osc.send_to) if osc.enabled else None,
        MidiInput(midi.devices) if midi.enabled else None,
        picks_up=midi.pick_up,
    )


def _with_picture(status: Status, picture: Picture) -> Status:
    """Add what the engine says of the picture on the screen."""
    edits = status.edits
    if len(edits) == len(picture.edits):  # else it still shows other edits
        edits = tuple(
            edit if edit.error else replace(edit, error=shown.error)
            for edit, shown in zip(edits, picture.edits, strict=True)
        )
    return replace(
        status,
        blend_groups=picture.blend_groups,
        latent=picture.latent,
        edits=edits,
        picture=picture.status,
        timings=picture.timings,
    )


def _is_widget_held() -> bool:
    """Return whether the user is dragging or typing into a widget of the panel."""
    from imgui_bundle import imgui  # after glfw, whose library it shares

    return imgui.is_any_item_active()


@contextmanager
def _closing_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Leave cleanly on Ctrl+C and on the system's request to end."""
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
