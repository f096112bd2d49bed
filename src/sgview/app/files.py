"""Snapshots, presets and dropped files, with a notice for what became of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import numpy as np

from sgview.app.fetching import Fetching
from sgview.app.pictures import host_pixels
from sgview.app.recent import RecentFiles
from sgview.outputs.snapshot import Latent, Snapshot, dated_name, load_snapshot, save_snapshot
from sgview.outputs.video import OutputError
from sgview.settings import FolderSettings, holds_settings
from sgview.show.latent_folder import save_latent
from sgview.state import commands as c
from sgview.state.motion import Motion
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.presets import load_preset, save_preset
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture

log = logging.getLogger(__name__)

Export = Callable[[Params, Motion, Callable[[dict[str, np.ndarray]], None]], None]
"""As `EngineWorker.export`."""


class Files:
    """Writes and reads what the user saves; snapshots on a thread, so that the window plays on.

    Args:
        folders: for files that are saved without a path of their own.
        notices: told what was written, and what could not be.
        now: the source of real time [s].
        recent: the networks opened lately.
    """

    def __init__(
        self,
        folders: FolderSettings,
        notices: Notices,
        now: Callable[[], float],
        recent: RecentFiles,
    ) -> None:
        self._folders = folders
        self.recent = recent
        self._notices = notices
        self._now = now
        self.fetching = Fetching(notices, now)
        self._thread = ThreadPoolExecutor(1, "sgview snapshot")
        self._writing: list[tuple[Path, Future[None]]] = []
        self._saved: list[Path] = []

    @property
    def preset_folder(self) -> Path:
        """Where presets are looked for and written first."""
        return Path(self._folders.presets)

    def execute(
        self,
        command: c.FileCommand,
        params: Params,
        picture: Picture | None,
        export: Export | None = None,
    ) -> None:
        """Run `command` on the parameters as they are set, or on the picture on the screen."""
        match command:
            case c.SaveSnapshot(path):
                self.save_snapshot(picture, path, export)
            case c.SavePreset(path):
                self.save_preset(params, path)
            case c.AskDownload() | c.AgreeDownload() | c.CancelDownload():
                self.fetching.execute(command)
            case _:
                assert_never(command)

    def save_snapshot(
        self, picture: Picture | None, path: Path | None = None, export: Export | None = None
    ) -> None:
        """Begin to write a picture with its parameters.

        Args:
            picture: to write.
            path: of the file; None: a dated name in the folder.
            export: asks for the latent of a picture; None: the file is to carry none.
        """
        if picture is None:
            self._notices.add("warning", "There is no picture to save yet.", now=self._now())
            return
        path = path or Path(self._folders.snapshots) / dated_name(datetime.now())
        pixels = host_pixels(picture).copy()
        latent: Future[Latent] | None = None
        if export is not None:
            latent = Future()
            export(picture.params, picture.motion, latent.set_result)
        task = self._thread.submit(
            save_snapshot,
            path,
            pixels,
            picture.params,
            t=picture.t,
            motion=picture.motion,
            latent=latent,
        )
        self._writing.append((path, task))

    def save_latent(self, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
        """Begin to write a latent to the library; any thread may call it."""
        self._writing.append((path, self._thread.submit(save_latent, path, arrays)))

    def save_preset(self, params: Params, path: Path) -> None:
        """Write a preset."""
        try:
            save_preset(params, path)
        except ConfigError as error:
            self._fail(str(error), "Choose another folder.")
        else:
            self._notices.add("info", f"Saved {path}", now=self._now())

    def load_preset(self, path: Path) -> Snapshot | None:
        """Read a preset, or what a snapshot tells; None if it cannot be used."""
        is_snapshot = path.suffix.lower() == ".png"
        try:
            loaded = load_snapshot(path) if is_snapshot else Snapshot(load_preset(path))
        except ConfigError as error:
            if holds_settings(path):
                hint = f"They count from the start: sgview --config {path}"
                self._fail(f"{path} holds settings, and is no preset", hint)
            else:
                self._fail(str(error), "Everything stays as it was.")
            return None
        self._notices.add("info", f"Loaded {path}", now=self._now())
        return loaded

    def poll(self) -> c.Command | None:
        """Add a notice for each snapshot finished since the last call; return what to load now."""
        for entry in [entry for entry in self._writing if entry[1].done()]:
            self._writing.remove(entry)
            path, task = entry
            try:
                task.result()
            except OutputError as error:
                self._fail(str(error), "Choose another folder for snapshots.")
            except OSError as error:
                text = f"{path} cannot be written: {error.strerror or error}"
                self._fail(text, "Choose another folder for latents.")
            else:
                self._saved.append(path)
                self._notices.add("info", f"Saved {path}", now=self._now())
        return self.fetching.poll()

    def take_saved(self) -> list[Path]:
        """Return what was written since the last call."""
        saved, self._saved = self._saved, []
        return saved

    def close(self) -> None:
        """Finish what is being written, and leave what is being fetched for another time."""
        self.fetching.close()
        self._thread.shutdown()

    def _fail(self, text: str, hint: str) -> None:
        log.error("%s", text)
        self._notices.add("error", text, hint, now=self._now())
