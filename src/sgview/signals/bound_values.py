"""The values of this instant: what is bound to an expression takes its value from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from sgview.signals.expressions.context import EvaluationContext, ExpressionError, WaitingError
from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Instant
from sgview.state.params import Params
from sgview.state.paths import Leaf, get_leaf, leaf_at, nearest_path
from sgview.state.status import BindingStatus, EditStatus, SignalSource, SliderStatus
from sgview.state.updates import Updates, add_update, apply_updates

_SLIDERS = "sliders."
_State = tuple[object, ...]  # the identity of a driven value from frame to frame


class SignalStatus(Struct, frozen=True):
    """The results of all expressions at one instant."""

    bindings: dict[str, BindingStatus] = {}  # by leaf path, expressions of edits included
    edits: tuple[EditStatus, ...] = ()  # in the order of `Params.edits`
    sliders: tuple[SliderStatus, ...] = ()  # every slider that an expression names


@dataclass
class _Drive:
    """One value that follows an expression, and what it has to remember."""

    path: str
    text: str
    leaf: Leaf | None
    expression: Expression | None = None
    obstacle: str = ""  # why there is no expression
    last_good: Any = None

    @property
    def source(self) -> SignalSource:
        return self.expression.source if self.expression is not None else "expression"


class Signals:
    """Evaluates every binding, and the expression of every edit, once a frame.

    Where an expression has no value, at one instant (`1 / t` at 0) or while it is being typed, the
    last good one stays, or the hand-set one if there was none, and its status says why. Apart from
    what `smooth` and its like remember, the result depends on `params` and `instant` alone.
    """

    def __init__(self) -> None:
        self._drives: dict[_State, _Drive] = {}
        self._planned: tuple[object, object] | None = None  # bindings and edits
        self._undriven = SignalStatus()  # where nothing follows an expression

    def resolve(self, params: Params, instant: Instant) -> tuple[Params, SignalStatus]:
        """Return `params` as they are at `instant`, and the status of each expression."""
        drives = self._plan(params)
        if not drives:
            return params, self._undriven
        context = EvaluationContext(instant, sliders=params.sliders)
        statuses: dict[str, BindingStatus] = {}
        updates: Updates = {}
        for drive in drives:
            status = _drive(drive, params, context, updates)
            statuses[drive.path] = status
            if drive.path.startswith(_SLIDERS):
                name = drive.path.removeprefix(_SLIDERS)
                context.sliders = {**context.sliders, name: status.value}
        resolved = apply_updates(params, updates) if updates else params
        return resolved, SignalStatus(
            bindings=statuses,
            edits=_edit_statuses(resolved, statuses),
            sliders=_sliders(drives, context),
        )

    def _plan(self, params: Params) -> list[_Drive]:
        """Return what is to be driven, sliders first, keeping what is driven already."""
        planned = (params.bindings, params.edits)
        known = self._planned
        if known is not None and known[0] is params.bindings and known[1] is params.edits:
            return list(self._drives.values())
        drives: dict[_State, _Drive] = {}
        for path in sorted(params.bindings, key=lambda path: not path.startswith(_SLIDERS)):
            self._keep(drives, (path,), path, params.bindings[path], params)
        for index, edit in enumerate(params.edits):
            if edit.expression.strip():
                state = (index, edit.tensor, edit.operation)
                self._keep(drives, state, f"edits.{index}.amount", edit.expression, params)
        self._drives, self._planned = drives, planned
        amounts = tuple(EditStatus(amount=edit.amount) for edit in params.edits)
        self._undriven = SignalStatus(edits=amounts)
        return list(drives.values())

    def _keep(
        self, drives: dict[_State, _Drive], state: _State, path: str, text: str, params: Params
    ) -> None:
        if not text.strip():
            return
        drive = self._drives.get(state)
        if drive is None or (drive.text, drive.path) != (text, path):
            last_good = drive.last_good if drive is not None else None
            drive = _read(path, text, params)
            drive.last_good = last_good
        drives[state] = drive


def _read(path: str, text: str, params: Params) -> _Drive:
    leaf = leaf_at(path)
    drive = _Drive(path, text, leaf)
    if leaf is None:
        nearest = nearest_path(path, params)
        advice = f"; did you mean {nearest}?" if nearest else "."
        drive.obstacle = f"There is no value '{path[:60]}'{advice}"
    elif not leaf.is_number:
        drive.obstacle = f"{path} is a text: only numbers and switches can follow an expression."
    else:
        try:
            drive.expression = Expression(text)
        except ExpressionError as error:
            drive.obstacle = str(error)
    return drive


def _drive(
    drive: _Drive, params: Params, context: EvaluationContext, updates: Updates
) -> BindingStatus:
    """Enter the value of this instant into `updates`, unless there never was one."""
    by_hand = 0.0
    error, is_waiting = drive.obstacle, False
    leaf = drive.leaf
    if leaf is not None and leaf.is_number:
        try:
            by_hand = float(get_leaf(params, leaf) or 0.0)
        except LookupError as problem:
            return BindingStatus(0.0, drive.source, str(problem.args[0]))
        if drive.expression is not None:
            context.value = by_hand
            try:
                drive.last_good = leaf.fit(drive.expression.evaluate(context))
            except WaitingError as problem:
                error, is_waiting = str(problem), True
            except ExpressionError as problem:
                error = str(problem)
        if drive.last_good is not None:
            add_update(updates, leaf.parts, drive.last_good)
    value = by_hand if drive.last_good is None else float(drive.last_good)
    return BindingStatus(value, drive.source, error, is_waiting)


def _edit_statuses(params: Params, statuses: dict[str, BindingStatus]) -> tuple[EditStatus, ...]:
    found: list[EditStatus] = []
    for index, edit in enumerate(params.edits):
        status = statuses.get(f"edits.{index}.amount") if edit.expression.strip() else None
        error = status.error if status is not None and not status.is_waiting else ""
        found.append(EditStatus(amount=edit.amount, error=error))
    return tuple(found)


def _sliders(drives: list[_Drive], context: EvaluationContext) -> tuple[SliderStatus, ...]:
    """Return the sliders that expressions name, by their first mention, in its range."""
    found: dict[str, SliderStatus] = {}
    for drive in drives:
        for slider in drive.expression.sliders if drive.expression is not None else ():
            if slider.name not in found:
                value = context.sliders.get(slider.name, slider.start)
                found[slider.name] = SliderStatus(slider.name, slider.low, slider.high, value)
    return tuple(found.values())
