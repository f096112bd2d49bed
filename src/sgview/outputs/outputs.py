"""The outputs that are on: each new picture is offered to all, and none can stop the show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, assert_never

from msgspec.structs import replace

from sgview.closing import Closing
from sgview.outputs.output import OUTPUTS, Output, OutputKind
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state import commands as c
from sgview.state.notices import Notices
from sgview.state.status import OutputStatus

log = logging.getLogger(__name__)

P = TypeVar("P")
"""Pictures as whoever plays them has them; two are the same picture if they are one object."""


class Outputs(Closing, Generic[P]):
    """Owns the outputs that are on; one that is off costs nothing.

    Args:
        settings: of all outputs.
        notices: told what cannot be opened, and what went wrong.
        now: the source of real time [s].
        view: makes of a picture what outputs take; asked once for each.
        kinds: the outputs there are.
    """

    def __init__(
        self,
        settings: Settings,
        notices: Notices,
        now: Callable[[], float],
        view: Callable[[P], OutputPicture],
        kinds: Sequence[OutputKind] = OUTPUTS,
    ) -> None:
        self._settings = settings
        self._notices = notices
        self._now = now
        self._view = view
        self._kinds = {kind.name: kind for kind in kinds}
        self._on: dict[str, Output] = {}
        self._offered: dict[str, P] = {}  # the newest picture that each has had
        self._off = {kind.name: OutputStatus(kind.name, kind.help) for kind in kinds}

    def execute(self, command: c.OutputCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.ToggleOutput(name):
                if name in self._on:
                    self._close(name)
                elif name in self._kinds:
                    self._open(self._kinds[name])
                else:
                    text = f"There is no output of the name {name}."
                    self._notices.add("warning", text, now=self._now())
            case _:
                assert_never(command)

    def offer(self, picture: P | None) -> None:
        """Hand `picture` to those that have not had it; None while nothing plays. Never waits."""
        if not self._on or picture is None:
            return
        new = [name for name in self._on if self._offered.get(name) is not picture]
        if not new:
            return
        view = self._view(picture)
        for name in new:
            self._offered[name] = picture
            try:
                self._on[name].offer(view)
            except Exception as error:  # whatever it is: the frame goes on
                self._fail(name, error)

    def status(self) -> tuple[OutputStatus, ...]:
        """Return how each output is, in the order of the table."""
        return tuple(self._status(kind) for kind in self._kinds.values())

    def close(self) -> None:
        """Close those that are on; idempotent."""
        for name in list(self._on):
            self._close(name)

    def _open(self, kind: OutputKind) -> None:
        try:
            self._on[kind.name] = kind.open(self._settings)
        except Exception as error:
            self._fail(kind.name, error)

    def _close(self, name: str, problem: str = "") -> None:
        output = self._on.pop(name, None)
        self._offered.pop(name, None)
        self._off[name] = replace(self._off[name], problem=problem)
        if output is not None:
            try:
                output.close()
            except Exception:
                log.exception("the output %s cannot be closed", name)

    def _fail(self, name: str, error: Exception) -> None:
        """Go on without an output, and say why."""
        extra = self._kinds[name].extra
        if isinstance(error, OutputError):
            problem = str(error)
            log.error("%s: %s", name, problem)
        elif isinstance(error, ImportError) and extra:
            problem = f"It takes more packages: pip install 'sgview[{extra}]'"
            log.error("%s: %s (%s)", name, problem, error)
        else:
            problem = f"{type(error).__name__}: {error}"
            log.error("the output %s failed", name, exc_info=error)
        self._close(name, problem)
        hint = "It is off now, everything else plays on."
        self._notices.add("error", f"{name}: {problem}", hint, now=self._now())

    def _status(self, kind: OutputKind) -> OutputStatus:
        output = self._on.get(kind.name)
        if output is not None:
            try:
                return replace(output.status(), name=kind.name, help=kind.help, is_on=True)
            except Exception as error:
                self._fail(kind.name, error)
        return self._off[kind.name]
