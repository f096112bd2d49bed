"""The user's script: a Python file with `def frame(play)`, called every frame, reloaded when saved.

It is the one thing that sgview executes, and only because the user names it.
"""

from __future__ import annotations

import logging
import math
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import watchfiles

from sgview.closing import Closing
from sgview.show.script_frame import Change, ScriptFrame, apply_changes
from sgview.signals.incoming import Instant
from sgview.state.params import Params
from sgview.state.status import ScriptStatus

log = logging.getLogger(__name__)

LARGEST = 1_000_000  # [bytes]
SETTLE = 30  # for which a file must rest before it is read again [ms]


class AbsTime:
    """`absTime`, as in TouchDesigner: the time of the frame that is played."""

    seconds = 0.0  # [s]
    frame = 0.0  # of 1/60 s


@dataclass
class _Version:
    """One saved version of the script."""

    namespace: dict[str, Any]
    frame: Callable[[ScriptFrame], object]
    is_good: bool = False  # has played a frame without an exception


class Script(Closing):
    """Runs a script; while it is wrong, the last version that was good plays on.

    Args:
        path: the file.
        is_watched: read it again whenever it is saved.
    """

    def __init__(self, path: Path, *, is_watched: bool = True) -> None:
        self.path = path
        self.status = ScriptStatus(path=str(path))
        self._source: str | None = None
        self._version: _Version | None = None
        self._good: _Version | None = None  # the one before, as long as the newest is not good
        self._last: tuple[Change, ...] = ()  # what the last good frame did
        self._is_saved = threading.Event()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self._load()
        if is_watched:
            self._watcher = threading.Thread(target=self._watch, name="sgview script", daemon=True)
            self._watcher.start()

    def run(self, params: Params, instant: Instant) -> tuple[Params, tuple[Change, ...]]:
        """Call `frame` and return what plays, and the changes that made it.

        Args:
            params: the values of this instant, signals resolved.
            instant: time, beat and inputs.
        """
        if self._is_saved.is_set():
            self._is_saved.clear()
            self._load()
        if self._version is not None:
            play = self._call(self._version, params, instant)
            if play is not None:
                if not self._version.is_good:
                    self._version.is_good, self._good = True, None
                self._clear_error()
                return self._keep(play)
        if self._good is not None:
            play = self._call(self._good, params, instant, is_quiet=True)
            if play is not None:
                return self._keep(play)
        return apply_changes(params, self._last), self._last

    def close(self) -> None:
        """Stop watching the file; closing again does nothing."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=10)

    def _keep(self, play: ScriptFrame) -> tuple[Params, tuple[Change, ...]]:
        self._last = tuple(play.changes)
        return play.params, self._last

    def _call(
        self, version: _Version, params: Params, instant: Instant, *, is_quiet: bool = False
    ) -> ScriptFrame | None:
        play = ScriptFrame(params, instant)
        names = version.namespace
        time: AbsTime = names["absTime"]
        time.seconds, time.frame = instant.t, instant.frame
        names["edit_layer_by_name"] = play.edit_layer_by_name
        names["blend_layer_by_name"] = play.blend_layer_by_name
        try:
            version.frame(play)
        except (Exception, SystemExit) as error:
            if not is_quiet:
                self._report(error)
            return None
        return play

    def _load(self) -> None:
        """Read the file and make it the version that plays, unless it is wrong."""
        try:
            if self.path.stat().st_size > LARGEST:
                raise ValueError(f"the file has more than {LARGEST} bytes")
            source = self.path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._retire()
            self._source = None
            self._fail(f"It cannot be read: {reason or error}", str(self.path), 0)
            return
        if source == self._source:
            return
        self._source = source
        self._retire()
        namespace: dict[str, Any] = {
            "__name__": "sgview_script",
            "__file__": str(self.path),
            "math": math,
            "absTime": AbsTime(),
            "edit_layer_by_name": _outside,
            "blend_layer_by_name": _outside,
        }
        try:
            exec(compile(source, str(self.path), "exec"), namespace)
            frame = namespace.get("frame")
            if not callable(frame):
                raise NameError("there is no function frame(play)")
        except (Exception, SystemExit) as error:
            self._report(error)
            return
        self._version = _Version(namespace, frame)
        self._clear_error()

    def _retire(self) -> None:
        """Keep the present version, if it is good, as the fallback of the one being read."""
        if self._version is not None and self._version.is_good:
            self._good = self._version
        self._version = None

    def _report(self, error: BaseException) -> None:
        """Say where in the script an exception arose."""
        own = [
            (entry.filename, entry.lineno or 0)
            for entry in traceback.extract_tb(error.__traceback__)
            if entry.filename == str(self.path)
        ]
        file, line = own[-1] if own else (str(self.path), 0)
        if isinstance(error, SyntaxError) and error.filename == str(self.path):
            line = error.lineno or 0
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        message = f"{type(error).__name__}: {text}" if text else type(error).__name__
        if self._fail(message, file, line):
            log.warning("%s", "".join(traceback.format_exception(error)).rstrip())

    def _fail(self, message: str, file: str, line: int) -> bool:
        """Show an error; return whether it is new."""
        status = ScriptStatus(path=str(self.path), error=message, line=line, file=file)
        is_new = status != self.status
        self.status = status
        return is_new

    def _clear_error(self) -> None:
        if self.status.error:
            self.status = ScriptStatus(path=str(self.path))

    def _watch(self) -> None:
        name = self.path.name

        def is_ours(change: watchfiles.Change, path: str) -> bool:
            return Path(path).name == name

        try:
            # The folder, not the file: editors put a new file in the place of the old one.
            for _ in watchfiles.watch(
                self.path.absolute().parent,
                watch_filter=is_ours,
                stop_event=self._stop,
                debounce=200,
                step=SETTLE,
                rust_timeout=200,
                yield_on_timeout=False,
                recursive=False,
                raise_interrupt=False,
            ):
                self._is_saved.set()
        except (OSError, RuntimeError) as error:
            log.warning("%s is not watched, so save and open it again: %s", self.path, error)


def _outside(*_: object) -> Sequence[object]:
    raise RuntimeError("call this inside of frame(play)")
