"""The controls of the page: the user's sliders, what the user marked, and the speed of time."""

from __future__ import annotations

from sgview.outputs.page.messages import ControlState
from sgview.state.bindings import bound_text
from sgview.state.descriptions import name_of, usual_range
from sgview.state.params import Params
from sgview.state.paths import get_leaf, leaf_at, set_leaf
from sgview.state.status import Status

ALWAYS = ("playback.speed",)
SWITCHES = ("stage.blackout", "stage.freeze")
"""What the page sets by buttons of its own."""


def controls_of(
    params: Params, status: Status, marked: tuple[str, ...]
) -> tuple[ControlState, ...]:
    """Return the controls in the order that they are shown."""
    states = []
    for slider in status.player.sliders:
        path = f"sliders.{slider.name}"
        states.append(ControlState(path, slider.name, slider.value, slider.low, slider.high))
    for path in (*marked, *ALWAYS):
        state = _control(params, status, path)
        if state is not None and all(state.path != other.path for other in states):
            states.append(state)
    return tuple(states)


def set_value(
    params: Params, status: Status, marked: tuple[str, ...], path: str, value: float
) -> Params:
    """Return `params` with one value moved; what the page does not show stays as it is."""
    shown = {control.path: control for control in controls_of(params, status, marked)}
    leaf = leaf_at(path)
    if leaf is None or not leaf.is_number:
        return params
    if path in SWITCHES:
        return set_leaf(params, leaf, value)
    control = shown.get(path)
    if control is None or control.is_driven:
        return params
    try:
        value = min(max(value, control.low), control.high)
        return set_leaf(params, leaf, value)
    except (ValueError, LookupError):  # not a number, or an edit that is gone
        return params


def _control(params: Params, status: Status, path: str) -> ControlState | None:
    """Return one control, None if there is no such value (any more)."""
    leaf = leaf_at(path)
    if leaf is None or not leaf.is_number:
        return None
    try:
        value = get_leaf(params, leaf)
    except LookupError:
        return None
    is_driven = bool(bound_text(params, path))
    bound = status.player.bindings.get(path)
    if is_driven and bound is not None:
        value = bound.value
    low, high = usual_range(params, leaf)
    is_switch = leaf.kind == "bool"
    return ControlState(
        path,
        name_of(path),
        round(float(value or 0.0), 4),
        0.0 if is_switch else low,
        1.0 if is_switch else high,
        is_switch=is_switch,
        is_whole=leaf.kind == "int",
        is_driven=is_driven,
    )
