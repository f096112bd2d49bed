"""The instrument as a whole: who owns what, the frame, and what each command does."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, assert_never

import platformdirs

from sgview.clock import Clock, FrameLimiter, FrameRate
from sgview.dialogs import FileDialog, has_system_dialogs
from sgview.gfx.display import Display
from sgview.gfx.framebuffer import clear
from sgview.gfx.window import Window
from sgview.gui.gui import Gui
from sgview.outputs.snapshot import dated_name, load_snapshot_params, save_snapshot
from sgview.outputs.video import OutputError
from sgview.recent import RecentFiles
from sgview.settings import Settings
from sgview.shown import host_pixels, pixels_of
from sgview.signals.resolve import ExpressionSignals
from sgview.state import commands as c
from sgview.state.history import History
from sgview.state.notices import Level, Notices
from sgview.state.params import Params
from sgview.state.presets import load_preset, save_preset
from sgview.state.status import EditStatus, Status
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.network import Network
    from sgview.engine.picture import Picture
    from sgview.engine.worker import EngineStatus
    from sgview.state.status import Notice

log = logging.getLogger(__name__)

BACKGROUND = (0.055, 0.055, 0.063)  # around the picture
SOFTWARE_LIMIT = 40.0  # frames a second where the CPU draws: the rest of it is the network's
MINIMISED_WAIT = 0.1  # [s]
NETWORK_FILTER = ("Networks", "*.pkl *.pt *.pth *.safetensors")
PRESET_FILTER = ("Presets", "*.toml *.json *.png")
PRESET_SUFFIXES = (".toml", ".json", ".png")


class Worker(Protocol):
    """What the window asks of the engine's thread; nothing here blocks."""

    def submit(self, params: Params, t: float) -> None: ...  # noqa: D102
    def latest(self) -> Picture | None: ...  # noqa: D102
    def status(self) -> EngineStatus: ...  # noqa: D102
    def take_notices(self) -> list[Notice]: ...  # noqa: D102
    def load(self, slot: c.Slot, path: Path) -> None: ...  # noqa: D102
    def set_network(self, slot: c.Slot, network: Network | None) -> None: ...  # noqa: D102
    def unload(self, slot: c.Slot) -> None: ...  # noqa: D102
    def reload(self, slot: c.Slot) -> None: ...  # noqa: D102
    def swap(self) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


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
        worker: Worker,
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
            folder.mkdir(parents=True, exist_ok=True)
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
        self._signals = ExpressionSignals()
        self._notices = Notices()
        self._recent = RecentFiles(folder / "recent.json")
        self._dialog = FileDialog(has_system_dialogs())
        self._commands: list[c.Command] = []
        self._limiter = FrameLimiter(now)
        self._rate = FrameRate(now)
        self._writer = ThreadPoolExecutor(1, "sgview-snapshot")
        self._owned.callback(self._writer.shutdown)
        self._writing: list[tuple[Path, Future[None]]] = []
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
        self.clock.speed = self.params.playback.speed
        t, _ = self.clock.tick()
        self.params = self.gui.draw(self.params, self.status, self._commands.append)
        self._history.record(self.params, self._now(), is_active=_is_widget_held())
        self._run_commands()

        resolved, edits = self._signals.resolve(self.params, t)
        self.worker.submit(resolved, t)
        picture = self.worker.latest()
        if picture is not None and picture is not self.picture:
            self.picture = picture
            self.display.show(pixels_of(picture))
        self._collect_notices()
        self.status = self._snapshot_status(edits)

        framebuffer = self.window.framebuffer_size
        clear(framebuffer, BACKGROUND)
        view = self.params.view
        self.display.draw(self.gui.picture_rect, framebuffer[1], view.fit, view.filter)
        self.gui.present()
        self.window.swap()
        self._limiter.wait(self._frame_limit())

    def execute(self, command: c.Command) -> None:
        """Do what `command` asks; the one place where commands become deeds."""
        match command:
            case c.LoadNetwork(slot, path):
                self._recent.add(path)
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
                self._save_snapshot(path)
            case c.SavePreset(None):
                suggestion = Path(self._settings.folders.presets) / "preset.toml"
                self._dialog.ask_save("Save preset", suggestion, PRESET_FILTER, c.SavePreset)
            case c.SavePreset(path):
                self._save_preset(path)
            case c.LoadPreset(None):
                folder = Path(self._settings.folders.presets)
                self._dialog.ask_open("Open preset", folder, PRESET_FILTER, c.LoadPreset)
            case c.LoadPreset(path):
                self._load_preset(path)
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
            case c.DismissNotice(notice_id):
                self._notices.dismiss(notice_id)
            case c.Quit():
                self.stop()
            case _:
                assert_never(command)

    def drop(self, paths: list[Path]) -> None:
        """Take files dropped on the window.

        A preset or snapshot sets the parameters. One network goes to A, with Shift or on the slot
        of B to B; the second of a pair goes to B.
        """
        networks = [path for path in paths if path.suffix.lower() not in PRESET_SUFFIXES]
        presets = [path for path in paths if path.suffix.lower() in PRESET_SUFFIXES]
        slots: tuple[c.Slot, ...] = ("b",) if self._is_drop_for_b() else ("a", "b")
        if len(networks) > 1:
            slots = ("a", "b")
        for slot, path in zip(slots, networks, strict=False):
            self._queue(c.LoadNetwork(slot, path))
        for path in presets[:1]:
            self._queue(c.LoadPreset(path))

    def notify(self, level: Level, text: str, hint: str = "") -> None:
        """Show a notice in the window."""
        log.log(logging.ERROR if level == "error" else logging.INFO, "%s", text)
        self._notices.add(level, text, hint, now=self._now())

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

    def _snapshot_status(self, edits: tuple[EditStatus, ...]) -> Status:
        engine, picture, now = self.worker.status(), self.picture, self._now()
        status = Status(
            t=self.clock.t,
            is_paused=self.clock.is_paused,
            networks=engine.networks,
            unloaded=engine.unloaded,
            recent=self._recent.paths,
            loading=engine.loading,
            edits=edits,
            picture_fps=engine.picture_fps,
            gui_fps=self._rate.tick(),
            device=engine.device,
            display=self.display.description,
            notices=self._notices.shown(now),
            path_prompt=self._dialog.prompt,
            can_undo=self._history.can_undo,
            can_redo=self._history.can_redo,
            is_fullscreen=self.window.is_fullscreen,
            vsync=self.window.vsync,
        )
        if picture is None:
            return status
        from msgspec.structs import replace

        return replace(
            status,
            blend_groups=picture.blend_groups,
            latent=picture.latent,
            edits=_with_engine_errors(edits, picture),
            picture=picture.status,
            timings=picture.timings,
        )

    def _collect_notices(self) -> None:
        now = self._now()
        for notice in self.worker.take_notices():
            self._notices.add(
                notice.level, notice.text, notice.hint, now=now, repeats=notice.repeats
            )
        done = [entry for entry in self._writing if entry[1].done()]
        for path, future in done:
            self._writing.remove((path, future))
            error = future.exception()
            if isinstance(error, OutputError):
                self.notify("error", str(error), "choose another folder for snapshots")
            elif error is not None:
                raise error
            else:
                self.notify("info", f"Saved {path}")

    def _save_snapshot(self, path: Path | None) -> None:
        picture = self.picture
        if picture is None:
            self.notify("warning", "There is no picture to save yet")
            return
        path = path or Path(self._settings.folders.snapshots) / dated_name(datetime.now())
        pixels = host_pixels(picture).copy()
        task = self._writer.submit(save_snapshot, path, pixels, picture.params, t=picture.t)
        self._writing.append((path, task))

    def _save_preset(self, path: Path) -> None:
        try:
            save_preset(self.params, path)
        except ConfigError as error:
            self.notify("error", str(error), "choose another folder")
        else:
            self.notify("info", f"Saved {path}")

    def _load_preset(self, path: Path) -> None:
        read = load_snapshot_params if path.suffix.lower() == ".png" else load_preset
        try:
            self.params = read(path)
        except ConfigError as error:
            self.notify("error", str(error), "the parameters stay as they were")
        else:
            self._history.record(self.params, self._now())
            self.notify("info", f"Loaded {path}")

    def _network_folder(self) -> Path:
        recent = [Path(name).parent for name in self._recent.paths]
        return next((folder for folder in recent if folder.is_dir()), Path.cwd())

    def _is_drop_for_b(self) -> bool:
        return self.window.is_shift_down

    def _frame_limit(self) -> float:
        """Return the most frames a second to draw; 0: as many as there are."""
        if self.window.graphics.is_software:
            return SOFTWARE_LIMIT
        if self.window.vsync:
            # Not to hold back a screen, but for those that do not make `swap` wait.
            return 1.25 * self.window.refresh_rate
        return self._settings.window.fps_limit


def _with_engine_errors(edits: tuple[EditStatus, ...], picture: Picture) -> tuple[EditStatus, ...]:
    """Add to the values of this instant what the engine says of the same edits."""
    if len(edits) != len(picture.edits):
        return edits
    return tuple(
        edit if edit.error or not shown.error else EditStatus(edit.amount, shown.error)
        for edit, shown in zip(edits, picture.edits, strict=True)
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
