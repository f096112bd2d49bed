"""From one state of the instrument to another: numbers slide, what is no number switches halfway.

The ends are exact: amount 0 gives the first state, amount 1 the second, whatever lies between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from sgview.state.fields import fields_of
from sgview.state.ground_params import Ground, PixelNoise
from sgview.state.operations import OPERATIONS
from sgview.state.params import Blend, Edit, Params, Region, Regions
from sgview.state.region_params import NAMES

Easing = Literal["linear", "smooth", "in", "out"]

EASINGS: dict[Easing, Callable[[float], float]] = {
    "linear": lambda x: x,
    "smooth": lambda x: x * x * (3.0 - 2.0 * x),  # no jolt at either end
    "in": lambda x: x**3,
    "out": lambda x: 1.0 - (1.0 - x) ** 3,
}
"""How far a crossfade is, 0..1, after the share 0..1 of its time."""
assert set(EASINGS) == set(get_args(Easing))

_NO_BLEND = fields_of(Blend)["amounts"].neutral or 0.0
_NO_DIRECTION = 0.0
_AS_TRAINED = fields_of(PixelNoise)["layers"].neutral or 0.0
_RowKey = tuple[str, str, int]  # tensor, operation, which of those


def morph(
    a: Params,
    b: Params,
    amount: float,  # 0..1
) -> Params:
    """Return the state between `a` and `b`.

    An amount of a blend, a row or a direction that only one of them names is 0 in the other. An
    edit that only one of them has fades from or to the amount at which its operation does nothing,
    and a region fades where it is.
    """
    if amount <= 0.0:
        return a
    if amount >= 1.0:
        return b
    edits = _morph_edits(a.edits, b.edits, amount)
    blend = replace(
        _morph_node(a.blend, b.blend, amount),
        amounts=_morph_amounts(a.blend.amounts, b.blend.amounts, amount, _NO_BLEND),
    )
    weights = _morph_classes(a.mapping.class_weights, b.mapping.class_weights, amount)
    mapping = replace(_morph_node(a.mapping, b.mapping, amount), class_weights=weights)
    ground = _morph_ground(a.ground, b.ground, amount)
    mixing = replace(
        _morph_node(a.mixing, b.mixing, amount),
        rows=_morph_rows(a.mixing.rows, b.mixing.rows, amount),
    )
    directions = replace(
        _morph_node(a.directions, b.directions, amount),
        amounts=_morph_amounts(a.directions.amounts, b.directions.amounts, amount, _NO_DIRECTION),
    )
    return replace(
        _morph_node(a, b, amount),
        edits=edits,
        blend=blend,
        mapping=mapping,
        mixing=mixing,
        directions=directions,
        ground=ground,
        regions=_morph_regions(a.regions, b.regions, amount),
    )


def _morph_node(a: Any, b: Any, x: float) -> Any:
    fields, described = {}, fields_of(type(a))
    for name in a.__struct_fields__:
        old, new = getattr(a, name), getattr(b, name)
        if old is new or old == new:
            continue
        field = described.get(name)
        if field is not None and field.is_name:  # such as a seed: between two there is no third
            fields[name] = new if x >= 0.5 else old
        else:
            fields[name] = _morph_value(old, new, x)
    return replace(a, **fields) if fields else a


def _morph_value(a: Any, b: Any, x: float) -> Any:
    if isinstance(a, msgspec.Struct) and type(a) is type(b):
        return _morph_node(a, b, x)
    if isinstance(a, bool) or isinstance(b, bool):
        return b if x >= 0.5 else a
    if isinstance(a, int) and isinstance(b, int):
        return round(_lerp(a, b, x))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return _lerp(a, b, x)
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(_morph_value(old, new, x) for old, new in zip(a, b, strict=True))
    return b if x >= 0.5 else a


def _lerp(a: float, b: float, x: float) -> float:
    return a * (1.0 - x) + b * x


def _morph_ground(a: Ground, b: Ground, x: float) -> Ground:
    if a == b:
        return a
    layers = _morph_amounts(a.noise.layers, b.noise.layers, x, _AS_TRAINED)
    ground = _morph_node(a, b, x)
    return replace(ground, noise=replace(ground.noise, layers=layers))


def _morph_regions(a: Regions, b: Regions, x: float) -> Regions:
    if a == b:
        return a
    found = {name: _morph_region(getattr(a, name), getattr(b, name), x) for name in NAMES}
    return replace(_morph_node(a, b, x), **found)


def _morph_region(a: Region, b: Region, x: float) -> Region:
    """One that only one of them has is nowhere else in the other."""
    if a.strength == 0.0 and b.strength != 0.0:
        a = replace(b, strength=0.0)
    elif b.strength == 0.0 and a.strength != 0.0:
        b = replace(a, strength=0.0)
    return _morph_node(a, b, x)


def _morph_amounts(
    a: dict[str, float],
    b: dict[str, float],
    x: float,
    none: float,  # the amount of what is not named
) -> dict[str, float]:
    return {name: _lerp(a.get(name, none), b.get(name, none), x) for name in (a | b)}


def _morph_classes(a: tuple[float, ...], b: tuple[float, ...], x: float) -> tuple[float, ...]:
    """Mix two labels; an empty one is class 0, a short one goes on with zeros."""
    if a == b:
        return a
    return _morph_rows(a or (1.0,), b or (1.0,), x)


def _morph_rows(a: tuple[float, ...], b: tuple[float, ...], x: float) -> tuple[float, ...]:
    """Mix two lists; the shorter one goes on with zeros."""
    if a == b:
        return a
    length = max(len(a), len(b))
    a, b = (row + (0.0,) * (length - len(row)) for row in (a, b))
    return tuple(_lerp(old, new, x) for old, new in zip(a, b, strict=True))


def _morph_edits(a: tuple[Edit, ...], b: tuple[Edit, ...], x: float) -> tuple[Edit, ...]:
    """Pair rows that do the same thing to the same tensor; keep the order of both lists."""
    if a == b:
        return a
    old, new = _keyed(a), _keyed(b)
    order = list(new)
    before: _RowKey | None = None
    for key in old:  # a row that goes stays behind the one it followed
        if key not in new:
            order.insert(order.index(before) + 1 if before is not None else 0, key)
        before = key
    return tuple(_morph_edit(old.get(key), new.get(key), x) for key in order)


def _keyed(edits: tuple[Edit, ...]) -> dict[_RowKey, Edit]:
    rows: dict[_RowKey, Edit] = {}
    for edit in edits:
        nth = sum(key[:2] == (edit.tensor, edit.operation) for key in rows)
        rows[edit.tensor, edit.operation, nth] = edit
    return rows


def _morph_edit(a: Edit | None, b: Edit | None, x: float) -> Edit:
    row = b if a is None or (b is not None and x >= 0.5) else a
    assert row is not None
    amount = _lerp(_acting(a, row), _acting(b, row), x)
    enabled = any(edit is not None and edit.enabled for edit in (a, b))
    return replace(row, amount=amount, enabled=enabled)


def _acting(edit: Edit | None, row: Edit) -> float:
    """Return the edit's amount; where it is off or missing, the one that leaves things alone."""
    if edit is not None and edit.enabled:
        return edit.amount
    return OPERATIONS[row.operation].neutral
