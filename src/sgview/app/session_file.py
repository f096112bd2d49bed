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

from sgview.state.presets import VERSION, decode, write_atomically
from sgview.state.session import Session
from sgview.state.validation import ConfigError, build, read_data

log = logging.getLogger(__name__)

SAVE_EVERY = 2.0  # [s]
NAME = "session.json"
BEFORE = "session-before.json"
"""Backup of the previous session: a start without `--resume` begins a new one."""


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
        if self._path.is_file():
            try:
                shutil.copyfile(self._path, self._path.with_name(BEFORE))
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
        if session != self._written:
            self._written = session
            self._task = self._thread.submit(self._write, session)

    def _write(self, session: Session) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, encode(session), is_durable=True)
        except OSError as error:
            if not self.problem:
                log.warning("the session cannot be written: %s", error)
            self.problem = str(error)
        else:
            self.problem = ""


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
