"""What a script plays with: the values of this instant, and how it changes them.

Every change is noted as plain data, so that a take can hold what a script did without the script.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from sgview.signals.incoming import Instant
from sgview.state.networks import (
    NetworkStatus,
    Slot,
    blend_groups,
    blend_problem,
    group_named,
    shown_network,
    tensor_problem,
)
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit, Params
from sgview.state.paths import get_leaf, leaf_at, nearest_path, set_leaf
from sgview.state.text import drawable, writable
from sgview.state.validation import ConfigError, build, problem_of

Change = tuple[str, str, Any]
"""("set", path, value), ("edit OPERATION", tensor, amount), ("blend", group, amount), or
("node", field of Params, its content as plain data)."""


class Problem(NamedTuple):
    """Something in a frame that does nothing, though nothing failed."""

    text: str
    file: str
    line: int


class ScriptFrame:
    """One frame, as `def frame(play)` sees it.

    Changes hold for this frame alone: the panel's values stay, and what a script no longer does is
    undone by itself.
    """

    def __init__(
        self,
        params: Params,
        instant: Instant,
        networks: Mapping[Slot, NetworkStatus] | None = None,  # the loaded ones; none: not known
    ) -> None:
        self._params = params
        self._instant = instant
        self._networks = networks or {}
        self._changes: list[Change] = []
        self.problem: Problem | None = None
        """The first name in this frame that nothing has."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed so far."""
        return tuple(self._changes)

    @property
    def params(self) -> Params:
        """All values at this instant, bindings included; assign a changed copy to set them."""
        return self._params

    @params.setter
    def params(self, params: Params) -> None:
        if not isinstance(params, Params):
            raise TypeError(f"play.params takes Params, not {type(params).__name__}")
        for name in params.__struct_fields__:
            new = getattr(params, name)
            if new != getattr(self._params, name):
                change: Change = ("node", name, writable(msgspec.to_builtins(new)))
                self._params = apply_changes(self._params, [change])
                self._changes.append(change)

    @property
    def tensors(self) -> Sequence[str]:
        """Names of the tensors that can be edited: those of the network that plays."""
        network = shown_network(self._params, self._networks)
        return () if network is None else tuple(tensor.name for tensor in network.tensors)

    @cached_property
    def groups(self) -> Sequence[str]:
        """Names of what can be blended: "mapping", "input", "L6", "b16"."""
        return blend_groups(self._networks)

    @property
    def t(self) -> float:
        """Time [s]."""
        return self._instant.t

    @property
    def dt(self) -> float:
        """Time since the last frame [s]; 0 while paused."""
        return self._instant.dt

    @property
    def frame(self) -> float:
        """Frames of 1/60 s since t = 0."""
        return self._instant.frame

    @property
    def beat(self) -> float:
        """Beats since the start, with their fraction."""
        return self._instant.beat

    @property
    def bar(self) -> float:
        """Bars since the start, with their fraction."""
        return self._instant.bar

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return self._instant.bpm

    @property
    def mouse(self) -> tuple[float, float]:
        """The mouse over the picture: x to the right, y up, 0..1."""
        return self._instant.inputs.mouse

    @property
    def bands(self) -> Sequence[float]:
        """Levels of the sound's spectrum, low to high, about 0..1."""
        return self._instant.inputs.bands

    def audio(self, name: str) -> float:
        """Return a level of the sound: "low", "mid", "high", "rms" or "onset", about 0..1."""
        return self._instant.inputs.audio.get(name, 0.0)

    def osc(self, address: str, default: float = 0.0) -> float:
        """Return the first number of the newest message to `address`."""
        numbers = self._instant.inputs.osc.get(address)
        return numbers[0] if numbers else default

    def midi(self, controller: int, channel: int = 0) -> float:
        """Return a controller's position, 0..1; channel 0 is any."""
        return self._instant.inputs.midi.get(f"cc/{channel}/{controller}", 0.0)

    def slider(self, name: str, default: float = 0.0) -> float:
        """Return the position of a slider of the user's own."""
        return self._params.sliders.get(name, default)

    def get(self, path: str) -> Any:
        """Return one value, e.g. `play.get("noise.amplitude")`."""
        return get_leaf(self._params, self._leaf(path))

    def set(self, path: str, value: Any) -> None:
        """Set one value for this frame, e.g. `play.set("mapping.truncation_psi", 0.7)`."""
        path, value = drawable(path), writable(value)
        leaf = self._leaf(path)
        self._params = set_leaf(self._params, leaf, value)
        self._changes.append(("set", path, get_leaf(self._params, leaf)))

    def edit_layer_by_name(self, name: str, value: float, operation: str = "multiply") -> None:
        """Multiply the tensor of that published name by `value`, after the edits of the panel.

        `name` is a tensor such as "synthesis.input.weight"; `operation` any of an edit's.
        """
        if operation not in OPERATIONS:
            nearest = difflib.get_close_matches(str(operation), OPERATIONS, n=1)
            advice = f"did you mean {nearest[0]!r}?" if nearest else ", ".join(OPERATIONS)
            raise ValueError(f"there is no operation {operation!r}; {advice}")
        change: Change = (f"edit {operation}", drawable(str(name)), _finite(value))
        network = shown_network(self._params, self._networks)
        if network is not None:
            self._note(tensor_problem(change[1], network))
        self._params = apply_changes(self._params, [change])
        self._changes.append(change)

    def blend_layer_by_name(self, name: str, value: float) -> None:
        """Blend a layer towards network B: 0 is A, 1 is B, beyond is beyond.

        `name` is a group ("L12", "b16", "input", "mapping"), or a layer or tensor of it.
        """
        group = group_named(str(name))
        if group is None:
            raise ValueError(
                f"{name!r} is no layer that can blend: write L12, b16, input or mapping"
            )
        change: Change = ("blend", group, _finite(value))
        if self._networks:
            self._note(blend_problem(group, self.groups, is_pair=len(self._networks) > 1))
        self._params = apply_changes(self._params, [change])
        self._changes.append(change)

    def _note(self, problem: str) -> None:
        """Keep the first problem of this frame, with the line of the script's call."""
        if problem and self.problem is None:
            caller = sys._getframe(2)
            self.problem = Problem(problem, caller.f_code.co_filename, caller.f_lineno)

    def _leaf(self, path: str) -> Any:
        leaf = leaf_at(path)
        if leaf is None:
            nearest = nearest_path(path, self._params)
            advice = f"; did you mean {nearest}?" if nearest else ""
            raise LookupError(f"there is no value {path!r}{advice}")
        return leaf


def apply_changes(params: Params, changes: Sequence[Change]) -> Params:
    """Return `params` with what a script did, in the same order.

    Raises:
        ValueError, LookupError: if a change is none that `ScriptFrame` notes.
    """
    for kind, name, value in changes:
        operation = kind.removeprefix("edit ")
        if kind == "set":
            leaf = leaf_at(name)
            if leaf is None:
                raise LookupError(f"there is no value {name!r}")
            params = set_leaf(params, leaf, value)
        elif kind == "node":
            try:
                made = build({name: value}, Params, "a change")
            except ConfigError as error:
                raise ValueError(str(error)) from None
            params = replace(params, **{name: getattr(made, name)})
        elif kind == "blend":
            amounts = {**params.blend.amounts, name: _finite(value)}
            params = replace(params, blend=replace(params.blend, amounts=amounts))
        elif operation in OPERATIONS:
            edit = Edit(tensor=name, operation=operation, amount=_finite(value))
            params = replace(params, edits=(*params.edits, edit))
        else:
            raise ValueError(f"there is no change {kind!r}")
    return params


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"expected a number, not {str(value)[:40]!r}") from None
    if problem := problem_of(number):
        raise ValueError(problem)
    return number
