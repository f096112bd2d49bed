"""The session: what is played now, written every few seconds, so that a crash costs little.

The file is replaced whole by a thread; whoever kills the program finds the last complete one.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from sgview.state.places import is_file
from sgview.state.presets import VERSION, decode
from sgview.state.session import Session
from sgview.state.validation import ConfigError, build, read_data
from sgview.state.whole_file import write_whole

log = logging.getLogger(__name__)

SAVE_EVERY = 2.0  # [s]
BEFORE = "-before"
"""Ends the name of the previous session: a start without `--resume` begins a new one."""


class SessionFile:
    """Writes the session on a thread, at most every `SAVE_EVERY` seconds and only when it changed.

    Args:
        path: the file; its folder is made.
        now: the source of real time [s].
    """

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._thread = ThreadPoolExecutor(1, "sgview session")
        self._task: Future[None] | None = None
        self._written: Session | None = None
        self._keep_last()
        self._due = now() + SAVE_EVERY
        self.problem = ""  # why the session could not be written

    def _keep_last(self) -> None:
        """Copy the previous session to its backup, so that a start without `--resume` keeps it."""
        if is_file(self._path):
            try:
                shutil.copyfile(self._path, before(self._path))
            except OSError as error:
                log.warning("the last session cannot be kept: %s", error)

    def poll(self, make: Callable[[], Session]) -> None:
        """Begin to write what `make` returns, if it is time; call it every frame."""
        if self._now() < self._due or (self._task is not None and not self._task.done()):
            return
        self._due = self._now() + SAVE_EVERY
        self._save(make())

    def close(self, last: Session | None = None) -> None:
        """Write what is left, and wait until it lies on the disk."""
        if last is not None:
            self._save(last)
        self._thread.shutdown()

    def _save(self, session: Session) -> None:
        if session != self._written or not is_file(self._path):  # or somebody cleaned up
            self._task = self._thread.submit(self._write, session)

    def _write(self, session: Session) -> None:
        try:
            write_whole(self._path, encode(session))
        except OSError as error:
            if not self.problem:
                log.warning("the session cannot be written: %s", error)
            # Not remembered as written: the next turn tries again.
            self.problem = f"{self._path} cannot be written: {error.strerror or error}"
        else:
            self._written = session
            self.problem = ""


def before(path: Path) -> Path:
    """Return where the session lies that `path` had when the program started."""
    return path.with_stem(f"{path.stem}{BEFORE}")


def encode(session: Session) -> str:
    """Return the text of the file."""
    data = {"version": VERSION, **msgspec.to_builtins(session)}
    return json.dumps(data, indent=1) + os.linesep


def load_session(path: Path) -> Session:
    """Read what `SessionFile` wrote.

    Raises:
        ConfigError: if there is none, or it is damaged.
    """
    data: dict[str, Any] = read_data(path)
    version = data.pop("version", VERSION)
    params = data.pop("params", {})
    if not isinstance(params, dict):
        raise ConfigError(f"{path}: params: expected a table, got {type(params).__name__}")
    decoded = decode({**params, "version": version}, str(path)).params
    return msgspec.structs.replace(build(data, Session, str(path)), params=decoded)
