"""The outputs that are on: each new picture is offered to all, and none can stop the show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, assert_never

import numpy as np
from msgspec.structs import replace

from sgview.closing import Closing
from sgview.outputs.output import (
    OUTPUTS,
    Controller,
    Listener,
    Output,
    OutputKind,
    Replays,
    Reporter,
    frame_of,
)
from sgview.outputs.picture import OutputPicture
from sgview.outputs.recording.sound_track import SoundTap
from sgview.outputs.stage import StageState
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state import commands as c
from sgview.state.notices import Notices
from sgview.state.output_frame import OutputFrame, slot_at
from sgview.state.params import Params, Stage
from sgview.state.recording import Recording
from sgview.state.status import OutputStatus, Status
from sgview.state.text import sentence_of

log = logging.getLogger(__name__)

P = TypeVar("P")
"""Pictures as whoever plays them has them; two are the same picture if they are one object."""

View = Callable[[P, OutputFrame, tuple[int, int] | None, float], OutputPicture]
"""Makes of a picture what outputs take: in a frame, of a fixed size [px] if there is one, dimmed
to a level 0..1. It does not wait."""

LIT = Stage()


@dataclass
class _On(Generic[P]):
    """An output that is on, and what it has had."""

    output: Output
    since: float  # [s]
    reporter: Reporter | None  # the same, if it is one: a look at its methods takes its time
    controller: Controller | None
    size: tuple[int, int] | None = None  # that stays as it is [px]
    offered: tuple[P, float] | None = None  # the newest picture, and how bright it was
    slot: int = -1  # of the newest


class Outputs(Closing, Generic[P]):
    """Owns the outputs that are on; one that is off costs nothing.

    Args:
        settings: of all outputs.
        notices: told what cannot be opened, and what went wrong.
        now: the source of real time [s].
        view: asked once for each picture in each different frame.
        listen: opens a tap of the sound that is listened to, None while nothing is.
        kinds: the outputs there are.
    """

    def __init__(
        self,
        settings: Settings,
        notices: Notices,
        now: Callable[[], float],
        view: View[P],
        kinds: Sequence[OutputKind] = OUTPUTS,
        listen: Callable[[], SoundTap | None] = lambda: None,
    ) -> None:
        self._listen = listen
        self.marked = settings.page.controls  # paths of values on the web page
        self._settings = settings
        self._notices = notices
        self._now = now
        self._view = view
        self._kinds = {kind.name: kind for kind in kinds}
        self._on: dict[str, _On[P]] = {}
        self._ending: list[tuple[str, Reporter]] = []  # switched off, and still at work
        self._stage: StageState[P] = StageState()
        self.frames = {kind.name: frame_of(settings, kind) for kind in kinds}
        self._views: dict[
            tuple[object, ...], tuple[P, OutputPicture]
        ] = {}  # of what may be offered again
        self._off = {kind.name: self._describe(kind, OutputStatus()) for kind in kinds}

    @property
    def are_on(self) -> bool:
        """Whether any is on."""
        return bool(self._on)

    @property
    def own_frames(self) -> dict[str, OutputFrame]:
        """The frames that the user chose, by the names of the outputs."""
        return {
            name: frame for name, frame in self.frames.items() if frame != self._kinds[name].frame
        }

    def execute(self, command: c.OutputCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.ToggleOutput(name) | c.SetOutputFrame(name) if name not in self._kinds:
                text = f"There is no output of the name {name}."
                self._notices.add("warning", text, now=self._now())
            case c.ToggleOutput(name):
                if name in self._on:
                    self._close(name)
                else:
                    self._open(self._kinds[name])
            case c.SetOutputFrame(name, frame):
                self._set_frame(self._kinds[name], frame)
            case c.SetRecording(recording):
                self._settings = replace(self._settings, recording=recording)
            case c.MarkControl(path, enabled):
                rest = tuple(other for other in self.marked if other != path)
                self.marked = (*rest, path) if enabled else rest
            case c.SaveReplay():
                self._save_replay()
            case _:
                assert_never(command)

    def offer(self, picture: P | None, stage: Stage = LIT) -> None:
        """Hand `picture` to those that are due for one. Never waits.

        Args:
            picture: the newest; None while nothing plays.
            stage: what is done to pictures for those that an audience sees.
        """
        now = self._now()
        self._stage.follow(picture, stage, now)
        shown = self._stage.picture
        self._views = {
            key: made for key, made in self._views.items() if made[0] is picture or made[0] is shown
        }
        for name, on in list(self._on.items()):
            kind = self._kinds[name]
            seen = (self._stage.picture, self._stage.level) if kind.is_seen else (picture, 1.0)
            try:
                self._offer(kind, on, *seen, now)
                self._tell(on.reporter)
            except Exception as error:  # whatever it is: the frame goes on
                self._fail(name, error)
        if self._ending:
            self._hear_endings()

    def _offer(
        self,
        kind: OutputKind,
        on: _On[P],
        picture: P | None,
        level: float,
        now: float,
    ) -> None:
        """Offer `picture` to one of them, if it is due."""
        if picture is None:
            return
        frame = self.frames[kind.name]
        offered = on.offered
        if frame.rate:
            slot = slot_at(now - on.since, frame.rate)
            time = on.since + slot / frame.rate
            is_due = slot > on.slot
        else:
            slot, time = on.slot + 1, now
            is_due = offered is None or offered[0] is not picture or offered[1] != level
        if not is_due:
            return
        key = (frame.geometry, on.size, level)
        made = self._views.get(key)
        if made is None or made[0] is not picture:
            made = (picture, self._view(picture, frame, on.size, level))
        self._views[key] = made
        view = made[1].at(slot, time, frame)
        if kind.is_fixed:
            on.size = view.size
        on.slot, on.offered = slot, (picture, level)
        on.output.offer(view)

    def exchange(
        self,
        params: Params,
        status: Status,
        thumbnails: Callable[[], Mapping[str, np.ndarray]],
    ) -> tuple[Params, list[c.Command]]:
        """Let those that play along do so.

        Args:
            params: as they are set.
            status: of the last frame.
            thumbnails: gives the pictures of looks by name.

        Returns:
            `params` itself or a changed copy, and commands.
        """
        commands: list[c.Command] = []
        for name, on in list(self._on.items()):
            if on.controller is not None:
                try:
                    params, more = on.controller.exchange(params, status, self.marked, thumbnails())
                    commands += more
                except Exception as error:  # whatever it is: the frame goes on
                    self._fail(name, error)
        return params, commands

    @property
    def recording(self) -> Recording:
        """How the next recording is made."""
        return self._settings.recording

    def status(self) -> tuple[OutputStatus, ...]:
        """Return how each output is, in the order of the table."""
        return tuple(self._status(kind) for kind in self._kinds.values())

    def close(self) -> None:
        """Close those that are on; idempotent."""
        for name in list(self._on):
            self._close(name)

    def _open(self, kind: OutputKind) -> None:
        try:
            output = kind.open(self._settings)
            self._on[kind.name] = _On(
                output,
                self._now(),
                output if isinstance(output, Reporter) else None,
                output if isinstance(output, Controller) else None,
            )
            if isinstance(output, Listener) and self._settings.recording.sound:
                self._let_hear(output)
        except Exception as error:
            self._fail(kind.name, error)

    def _let_hear(self, output: Listener) -> None:
        if (tap := self._listen()) is not None:
            output.listen(tap)

    def _save_replay(self) -> None:
        keeping = [on.output for on in self._on.values() if isinstance(on.output, Replays)]
        for output in keeping:
            output.save()
        if not keeping:
            text = "Nothing was kept to save."
            hint = "Switch on the replay buffer (O: outputs): it keeps the last half minute."
            self._notices.add("warning", text, hint, now=self._now())

    def _tell(self, reporter: Reporter | None) -> None:
        """Tell people what an output has to say."""
        if reporter is not None:
            for text in reporter.take_messages():
                self._notices.add("info", text, now=self._now())

    def _hear_endings(self) -> None:
        """Tell people what becomes of those that were switched off, until they have ended."""
        at_work = []
        for name, reporter in self._ending:
            is_ended = reporter.is_ended  # before it is asked, so that its last word is heard
            try:
                self._tell(reporter)
            except Exception as error:
                self._notices.add("error", f"{name}: {_problem_of(error)}", now=self._now())
                continue
            if not is_ended:
                at_work.append((name, reporter))
        self._ending = at_work

    def _set_frame(self, kind: OutputKind, frame: OutputFrame) -> None:
        on = self._on.get(kind.name)
        if on is not None and kind.is_fixed:
            text = f"{kind.name} keeps its size and rate while it is on."
            self._notices.add("warning", text, now=self._now())
            return
        if on is not None and frame.rate != self.frames[kind.name].rate:
            on.since, on.slot = self._now(), -1  # slots are counted anew
        if on is not None:
            on.offered = None
        self.frames[kind.name] = frame
        self._off[kind.name] = self._describe(kind, self._off[kind.name])

    def _close(self, name: str, problem: str = "") -> None:
        on = self._on.pop(name, None)
        self._off[name] = replace(self._off[name], problem=problem)
        if on is not None:
            try:
                on.output.close()
                if problem:
                    self._tell(on.reporter)
                elif on.reporter is not None:
                    self._ending.append((name, on.reporter))
                    self._hear_endings()
            except Exception:
                log.exception("the output %s cannot be closed", name)

    def _fail(self, name: str, error: Exception) -> None:
        """Go on without an output, and say why."""
        extra = self._kinds[name].extra
        problem = _problem_of(error)
        if isinstance(error, OutputError):
            log.error("%s: %s", name, problem)
        elif isinstance(error, ImportError) and extra:
            problem = f"It takes more packages: pip install 'sgview[{extra}]'"
            log.error("%s: %s (%s)", name, problem, error)
        else:
            log.error("the output %s failed", name, exc_info=error)
        self._close(name, problem)
        hint = "It is off now, everything else plays on."
        self._notices.add("error", f"{name}: {problem}", hint, now=self._now())

    def _status(self, kind: OutputKind) -> OutputStatus:
        on = self._on.get(kind.name)
        if on is not None:
            try:
                return replace(self._describe(kind, on.output.status()), is_on=True)
            except Exception as error:
                self._fail(kind.name, error)
        return self._off[kind.name]

    def _describe(self, kind: OutputKind, status: OutputStatus) -> OutputStatus:
        """Return `status` with what its row says of it."""
        return replace(
            status,
            name=kind.name,
            help=kind.help,
            frame=self.frames[kind.name],
            frame_fields=kind.frame_fields,
            is_fixed=kind.is_fixed,
        )


def _problem_of(error: Exception) -> str:
    """Return what to tell people of it: our own errors are sentences."""
    return str(error) if isinstance(error, OutputError) else sentence_of(error)
