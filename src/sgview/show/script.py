"""The user's script: a Python file with `def frame(play)`, called every frame, reloaded when saved.

It is the one thing that sgview executes, and only because the user names it. Nothing that it does
ends the show: live it runs on a thread of its own, and what takes too long there is interrupted.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sgview.closing import Closing
from sgview.show.script_frame import Change, ScriptFrame, apply_changes
from sgview.show.script_thread import OverrunError, ScriptThread
from sgview.signals.incoming import Instant
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.places import absolute
from sgview.state.status import ScriptStatus
from sgview.state.text import drawable, sentence_of

log = logging.getLogger(__name__)

LARGEST = 1_000_000  # [bytes]
SETTLE = 30  # for which a file must rest before it is read again [ms]
LIMIT = 0.25  # of a live frame; it is interrupted by then [s]
START_LIMIT = 10.0  # of what a script does before its first frame, such as imports [s]
REST = 1.0  # after a frame that took too long [s]
FORGIVEN = 60.0  # after so long, a frame that took too long does not count any more [s]
MOST_OVERRUNS = 3  # then it rests until it is saved
MOST_TOLD = 20  # places of mistakes that a version tells of


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
    time: AbsTime = field(default_factory=AbsTime)
    overruns: int = 0  # frames that took too long
    rests_until: float = 0.0  # [s]


class Script(Closing):
    """Runs a script; while it is wrong, the last version that was good plays on.

    Args:
        path: the file.
        is_watched: read it again whenever it is saved.
        limit: how long a frame may take, on a thread of its own [s]; None: as long as it takes.
        now: the source of real time [s].
    """

    def __init__(
        self,
        path: Path,
        *,
        is_watched: bool = True,
        limit: float | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.path = path
        self.status = ScriptStatus(path=str(path))
        self.troubles = 0  # mistakes that were found so far, each place of one counted once
        self._limit = limit
        self._now = now
        self._thread = ScriptThread()
        self._starter = ScriptThread()  # executes a new version up to its first frame
        self._starting_since: float | None = None  # [s]; None: it does not
        self._told: set[tuple[str, str, int]] = set()
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

    def run(
        self,
        params: Params,
        instant: Instant,
        networks: Mapping[Slot, NetworkStatus] | None = None,
    ) -> tuple[Params, tuple[Change, ...]]:
        """Call `frame` and return what plays, and the changes that made it.

        Args:
            params: the values of this instant, signals resolved.
            instant: time, beat and inputs.
            networks: the loaded ones, whose names a script may say; None: they are not known.
        """
        if self._is_saved.is_set():
            self._is_saved.clear()
            self._load()
        if self._starting_since is not None:
            self._finish_starting(0.0)
        if self._version is not None:
            play = self._call(self._version, params, instant, networks)
            if play is not None:
                if not self._version.is_good:
                    self._version.is_good, self._good = True, None
                self._clear_error()
                if play.problem is not None:
                    self._fail(*play.problem, plays=True)
                return self._keep(play)
        if self._good is not None:
            play = self._call(self._good, params, instant, networks, is_quiet=True)
            if play is not None:
                return self._keep(play)
        try:
            return apply_changes(params, self._last), self._last
        except (ValueError, LookupError):  # what it changed is not there any more
            return params, ()

    def close(self) -> None:
        """Stop watching the file; closing again does nothing."""
        self._stop.set()
        self._thread.close()
        self._starter.close()
        if self._watcher is not None:
            self._watcher.join(timeout=10)

    def _keep(self, play: ScriptFrame) -> tuple[Params, tuple[Change, ...]]:
        self._last = play.changes
        return play.params, self._last

    def _call(
        self,
        version: _Version,
        params: Params,
        instant: Instant,
        networks: Mapping[Slot, NetworkStatus] | None,
        *,
        is_quiet: bool = False,
    ) -> ScriptFrame | None:
        if self._now() < version.rests_until:
            return None
        play = ScriptFrame(params, instant, networks)
        names = version.namespace
        version.time.seconds, version.time.frame = instant.t, instant.frame
        names["edit_layer_by_name"] = play.edit_layer_by_name
        names["blend_layer_by_name"] = play.blend_layer_by_name
        try:
            self._run(lambda: version.frame(play), self._limit)
        except OverrunError as overrun:
            self._rest(version, overrun.line)
            return None
        except BaseException as error:
            if self._is_interrupt(error):
                raise
            if not is_quiet:
                self._report(error)
            return None
        return play

    def _run(self, task: Callable[[], Any], limit: float | None) -> Any:
        """Do something of the script's; on its thread where there is a limit."""
        if limit is None:
            return task()
        return self._thread.run(task, limit, str(self.path))

    def _is_interrupt(self, error: BaseException) -> bool:
        """Whether it is the user's Ctrl+C: on a thread of its own, it is the script's."""
        return isinstance(error, KeyboardInterrupt) and self._limit is None

    def _rest(self, version: _Version, line: int) -> None:
        """Let a version that took too long rest, after three times until it is saved."""
        now = self._now()
        if now - version.rests_until > FORGIVEN:
            version.overruns = 0
        version.overruns += 1
        is_out = version.overruns >= MOST_OVERRUNS
        version.rests_until = math.inf if is_out else now + REST
        then = "it rests until the file is saved" if is_out else "it is tried again"
        message = f"A frame took longer than {self._limit} s and was interrupted; {then}"
        self._fail(message, str(self.path), line or self.status.line)

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
            self._told.clear()
            self._fail(f"It cannot be read: {reason or error}", str(self.path), 0)
            return
        if source == self._source:
            return
        self._source = source
        self._retire()
        self._told.clear()
        execute = partial(_execute, source, str(self.path))
        if self._limit is None:
            self._take(execute)
        else:
            self._starter.begin(execute)
            self._starting_since = self._now()
            self._finish_starting(self._limit)

    def _finish_starting(self, patience: float) -> None:
        """Take the version that was begun, if it is there after `patience` seconds."""
        if self._starter.is_done(patience):
            self._starting_since = None
            self._take(self._starter.take)
        elif self._now() - (self._starting_since or 0.0) > START_LIMIT:
            self._starting_since = None
            line = self._starter.leave(str(self.path))
            message = f"It took longer than {START_LIMIT:.0f} s to begin and was interrupted"
            self._fail(message, str(self.path), line)

    def _take(self, execute: Callable[[], _Version]) -> None:
        """Make what `execute` returns the version that plays, unless it is wrong."""
        try:
            self._version = execute()
        except BaseException as error:
            if self._is_interrupt(error):
                raise
            self._report(error)
        else:
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
        is_new = self._fail(sentence_of(error), file, line, type(error).__name__)
        if is_new and (own or isinstance(error, SyntaxError)):  # else it would show our own lines
            try:
                text = "".join(traceback.format_exception(error, limit=-8)).rstrip()
            except BaseException:  # of an exception of the script's own
                text = sentence_of(error)
            log.warning("%s", drawable(text))

    def _fail(
        self, message: str, file: str, line: int, kind: str = "", *, plays: bool = False
    ) -> bool:
        """Show an error; return whether it is at a new place, or of a new kind.

        Args:
            message: what went wrong.
            file, line: where.
            kind: what makes it the same mistake with other words; "": `message`.
            plays: whether the frame plays in spite of it.
        """
        self.status = ScriptStatus(str(self.path), message, line, file, plays)
        place = (kind or message, file, line)
        if place in self._told or len(self._told) >= MOST_TOLD:
            return False
        self._told.add(place)
        self.troubles += 1
        return True

    def _clear_error(self) -> None:
        if self.status.error:
            self.status = ScriptStatus(path=str(self.path))

    def _watch(self) -> None:
        import watchfiles  # which a film does without

        name = self.path.name

        def is_ours(change: watchfiles.Change, path: str) -> bool:
            return Path(path).name == name

        try:
            # The folder, not the file: editors put a new file in the place of the old one.
            for _ in watchfiles.watch(
                absolute(self.path).parent,
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


def _execute(source: str, file: str) -> _Version:
    """Run the text of a script and return what it defines.

    Raises:
        BaseException: whatever it raises.
    """
    clock = AbsTime()
    namespace: dict[str, Any] = {
        "__name__": "sgview_script",
        "__file__": file,
        "math": math,
        "absTime": clock,
        "me": SimpleNamespace(time=clock),  # as in TouchDesigner: `me.time.seconds`
        "edit_layer_by_name": _outside,
        "blend_layer_by_name": _outside,
    }
    exec(compile(source, file, "exec"), namespace)
    frame = namespace.get("frame")
    if not callable(frame):
        raise NameError("there is no function frame(play)")
    return _Version(namespace, frame, time=clock)


def _outside(*_: object) -> Sequence[object]:
    raise RuntimeError("call this inside of frame(play)")
