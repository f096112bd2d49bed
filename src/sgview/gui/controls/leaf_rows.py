"""The row of a value of `Params`: everything about it is read at its leaf, see `Field`.

A panel names the values it shows, in their order; what kind of control each gets follows from what
it may be: a bar, a whole number, a switch, words in sight or in a list, three numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import rows
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.value_bar import integer_bar
from sgview.state.idle import idle_reason
from sgview.state.params import Params, Vec3
from sgview.state.paths import Leaf, get_leaf, leaf_at, set_leaf

_MOST_IN_SIGHT = 3  # words; more of them are in a drop-down list


def leaf_row(
    params: Params,
    controls: Controls,
    path: str,
    *,
    usual: tuple[float, float] | None = None,
    maximum: int | None = None,
    more_help: str = "",
) -> Params:
    """Draw the row of one value; returns `params` with what came of it.

    One that does nothing as things are set is dimmed, and its help says why.

    Args:
        params: as they are.
        controls: of all leaves, without a prefix.
        path: of a leaf, or of a vector.
        usual: the usual range, where it depends on the network.
        maximum: of a whole number, likewise.
        more_help: follows the help of the field.
    """
    leaf = leaf_at(path)
    reason = idle_reason(params, path)
    alpha = imgui.get_style().alpha
    imgui.push_style_var(imgui.StyleVar_.alpha, alpha * theme.IDLE if reason else alpha)
    try:
        more_help = " ".join(filter(None, (more_help, reason)))
        if leaf is None:
            return _vector_row(params, controls, path, more_help)
        value = get_leaf(params, leaf)
        control = controls(path, usual)
        new = value_row(control, value, maximum=maximum, more_help=more_help)
        return params if new == value else set_leaf(params, leaf, new)
    finally:
        imgui.pop_style_var()


def value_row(
    control: Control, value: Any, *, maximum: int | None = None, more_help: str = ""
) -> Any:
    """Draw the row of a leaf that holds `value`; returns its new value. Arguments as above."""
    leaf = leaf_at(control.path)
    assert leaf is not None, control.path
    field, default = leaf.field, leaf.default
    low, high = control.usual
    help = f"{field.help} {more_help}" if more_help else field.help
    if leaf.kind == "text":
        return _word_row(leaf, value)
    if leaf.kind == "bool":
        return rows.toggle(field.label, value, default, help, control)
    if leaf.is_optional:
        return _optional_row(field.label, value, round(high), field.none, help, control)
    if leaf.kind == "int":
        return rows.integer(
            field.label,
            value,
            default,
            round(low),
            round(high),
            minimum=_whole(leaf.minimum),
            maximum=_whole(leaf.maximum) if maximum is None else maximum,
            is_filled=not field.is_name,
            help=help,
            control=control,
        )
    return rows.number(
        field.label,
        value,
        default,
        low,
        high,
        minimum=_shown_minimum(leaf),
        maximum=leaf.maximum,
        digits=field.digits,
        unit=field.suffix,
        help=help,
        control=control,
    )


def _word_row(leaf: Leaf, value: str) -> str:
    field = leaf.field
    options = [(option.value, option.label) for option in field.options]
    if len(options) > _MOST_IN_SIGHT:
        return rows.combo(field.label, value, leaf.default, options, field.help)
    notes = [option.help for option in field.options]
    return rows.choice(field.label, value, leaf.default, options, field.help, notes)


def _optional_row(
    name: str, value: int | None, high: int, none: str, help: str, control: Control
) -> int | None:
    """A whole number from 0 to `high`, or None, called `none`: all the way up."""
    is_reset = rows.label(name, value is None, help, f"Right-click resets to {none}.")
    shown = round(control.shown(high if value is None else value))
    new = integer_bar(
        f"##{name}",
        shown,
        0,
        high,
        minimum=0,
        maximum=max(high, 1),
        format=none if value is None and not control.is_bound else f"%d of {high}",
        **rows.driven(control),
    )
    if rows.end_row(control) or is_reset:
        return None
    if control.is_bound or new == shown:
        return value
    return None if new >= high else new


def _vector_row(params: Params, controls: Controls, path: str, more_help: str) -> Params:
    x, y, z = _axes(path)
    value: Vec3 = (get_leaf(params, x), get_leaf(params, y), get_leaf(params, z))
    new = rows.vector(
        x.field.label,
        value,
        (x.default, y.default, z.default),
        speed=x.field.step,
        digits=x.field.digits,
        unit=x.field.suffix,
        help=f"{x.field.help} {more_help}" if more_help else x.field.help,
        controls=controls.below(f"{path}."),
    )
    if new == value:
        return params
    for leaf, after in zip((x, y, z), new, strict=True):
        params = set_leaf(params, leaf, after)
    return params


@cache
def _axes(path: str) -> tuple[Leaf, Leaf, Leaf]:
    x, y, z = (leaf_at(f"{path}.{axis}") for axis in "xyz")
    assert x is not None and y is not None and z is not None, path
    return x, y, z


def _whole(limit: float | None) -> int | None:
    return None if limit is None else round(limit)


def _shown_minimum(leaf: Leaf) -> float | None:
    """What a bar goes down to: of a number above 0 the smallest that does not read as 0."""
    if leaf.minimum is None or leaf.minimum <= 0.0:
        return leaf.minimum
    return max(leaf.minimum, 10.0**-leaf.field.digits)
