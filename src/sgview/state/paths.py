"""Leaves of `Params` by path: "noise.amplitude", "noise.translate.0", "blend.amounts.L12".

A path names fields, places in a list from 0, and keys of a table. What a leaf may hold comes from
the annotations of the tree, so a value set through a path is as legal as one from a file.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any, Literal

import msgspec
from msgspec.inspect import (
    BoolType,
    DictType,
    FloatType,
    IntType,
    LiteralType,
    NoneType,
    StrType,
    StructType,
    TupleType,
    UnionType,
    VarTupleType,
)

from sgview.state.fields import Field, fields_of
from sgview.state.params import Params
from sgview.state.updates import Part, Updates, add_update, apply_updates
from sgview.state.validation import LARGEST, LARGEST_INT

Kind = Literal["float", "int", "bool", "text"]

SMALLEST = 1e-6  # what "greater than 0" is held to
MOST_ITEMS = 4096  # of a list that may grow, such as class weights
LONGEST_PATH = 512  # [characters]
_AXES = {"x": 0, "y": 1, "z": 2}
_NOT_LEAVES = ("bindings", "osc_out")  # they say where values come from and go


@dataclass(frozen=True)
class Leaf:
    """One value of the tree: where it is and what it may be."""

    path: str
    parts: tuple[Part, ...]
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()  # of a text; (): any
    is_optional: bool = False  # it may be None
    axis: str = ""  # "x", "y" or "z" of a vector
    default: Any = field(default=None, compare=False)  # where nothing else is set
    field: Field = field(kw_only=True, compare=False)  # what people see of it

    @property
    def is_number(self) -> bool:
        """Whether a number can drive it: numbers and switches."""
        return self.kind != "text"

    def fit(self, value: float) -> float | int | bool:
        """Return `value` as this leaf holds it: within its range, rounded, or on from 0.5.

        Raises:
            ValueError: if it is not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"{self.path} cannot be {value}")
        if self.kind == "bool":
            return value >= 0.5
        if self.minimum is not None and value < self.minimum:
            value = self.minimum
        if self.maximum is not None and value > self.maximum:
            value = self.maximum
        if self.kind == "int":
            return round(min(max(value, -LARGEST_INT), LARGEST_INT))
        return min(max(float(value), -LARGEST), LARGEST)


@lru_cache(maxsize=4096)
def leaf_at(path: str) -> Leaf | None:
    """Return the leaf that `path` names, None if the tree has none there.

    Whether a list is long enough is up to each `Params`: see `get_leaf`.
    """
    if len(path) > LONGEST_PATH:
        return None
    node: Any = _tree()
    parts: list[Part] = []
    seen: Field | None = None
    default: Any = None
    axis = ""
    for word in path.split("."):
        node, axis = _inner(node), ""
        if isinstance(node, StructType):
            member = next((f for f in node.fields if f.name == word), None)
            if member is None or (not parts and word in _NOT_LEAVES):
                return None
            seen, default = fields_of(node.cls).get(word), member.default
            node, part = member.type, word
        elif isinstance(node, DictType) and word:
            node, part, default = node.value_type, word, None
        elif isinstance(node, TupleType | VarTupleType):
            index = _index(word, node)
            if index is None:
                return None
            is_there = isinstance(default, tuple) and index < len(default)
            default = default[index] if is_there else None
            axis = "xyz"[index] if _is_vector(node) else ""
            node = node.item_types[index] if isinstance(node, TupleType) else node.item_type
            part = index
        else:
            return None
        parts.append(part)
    if seen is None:
        return None
    if default is None or default is msgspec.NODEFAULT:
        default = seen.neutral
    found = _leaf(node, tuple(parts), seen)
    return None if found is None else replace(found, axis=axis, default=default)


def get_leaf(params: Params, leaf: Leaf) -> Any:
    """Return the value at `leaf`: what a table or list does not name is neutral, see `Field`.

    Raises:
        LookupError: if `params` has no such item, such as an edit that is gone.
    """
    node: Any = params
    last = len(leaf.parts) - 1
    for place, part in enumerate(leaf.parts):
        if node is None:
            raise LookupError(f"{leaf.path} is not set.")
        if isinstance(part, int):
            if part >= len(node) and place == last and leaf.field.neutral is not None:
                return leaf.field.neutral
            if part >= len(node):
                raise LookupError(f"{leaf.path} is not there: the list ends at {len(node)}.")
            node = node[part]
        elif isinstance(node, dict):
            node = node.get(part, leaf.field.neutral)
        else:
            node = getattr(node, part)
    return node


def set_leaf(params: Params, leaf: Leaf, value: Any) -> Params:
    """Return `params` with one value changed; numbers are held to the leaf's range.

    Raises:
        LookupError: if `params` has no such item.
        ValueError: if the value is of the wrong kind, not finite, or no choice.
    """
    if value is None and leaf.is_optional:
        pass
    elif leaf.is_number:
        value = leaf.fit(_number(leaf, value))
    elif not isinstance(value, str):
        raise ValueError(f"{leaf.path} is a text, not {value!r}")
    elif leaf.choices and value not in leaf.choices:
        raise ValueError(f"{leaf.path} is one of {', '.join(leaf.choices)}, not {value[:40]!r}")
    get_leaf(params, leaf)
    updates: Updates = {}
    add_update(updates, leaf.parts, value)
    return apply_updates(params, updates)


def _number(leaf: Leaf, value: Any) -> float:
    """Return what is set as a number: Python's, NumPy's or a switch's, and no text.

    Raises:
        ValueError: if it is none.
    """
    try:
        if not isinstance(value, str | bytes):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    given = "None" if value is None else repr(str(value)[:40])
    raise ValueError(f"{leaf.path} is a number, not {given}")


def leaves(params: Params) -> Iterator[Leaf]:
    """Yield every leaf that `params` has, texts included, in the order of the tree."""
    for path in _walk(msgspec.to_builtins(params), ""):
        leaf = leaf_at(path)
        if leaf is not None:
            yield leaf


def nearest_path(path: str, params: Params) -> str:
    """Return the path of a leaf that reads most like `path`, "" if none does."""
    known = [leaf.path for leaf in leaves(params)]
    return next(iter(difflib.get_close_matches(path, known, n=1)), "")


def _walk(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, item in node.items():
            yield from _walk(item, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _walk(item, f"{path}.{index}")
    else:
        yield path


@cache
def _tree() -> Any:
    return msgspec.inspect.type_info(Params)


def _inner(node: Any) -> Any:
    """Return the type of a value that may be None, and of an annotated one."""
    while isinstance(node, msgspec.inspect.Metadata):
        node = node.type
    if isinstance(node, UnionType):
        node = next(t for t in node.types if not isinstance(t, NoneType))
        return _inner(node)
    return node


def whole_number(word: str) -> int | None:
    """Return the place that a word of a path names, None if it is no number of a few digits.

    `str.isdigit` is true of superscripts and digits of other scripts, which `int` may refuse.
    """
    is_number = word.isascii() and word.isdigit() and len(word) <= 4
    return int(word) if is_number else None


def _index(word: str, node: TupleType | VarTupleType) -> int | None:
    size = len(node.item_types) if isinstance(node, TupleType) else MOST_ITEMS
    if _is_vector(node) and word in _AXES:
        return _AXES[word]
    index = whole_number(word)
    return index if index is not None and index < size else None


def _is_vector(node: TupleType | VarTupleType) -> bool:
    return isinstance(node, TupleType) and len(node.item_types) == len(_AXES)


def _leaf(node: Any, parts: tuple[Part, ...], seen: Field) -> Leaf | None:
    is_optional = isinstance(node, UnionType)  # there is no other union than with None
    node, path = _inner(node), ".".join(str(part) for part in parts)
    make = partial(Leaf, path, parts, is_optional=is_optional, field=seen)
    if isinstance(node, BoolType):
        return make("bool")
    if isinstance(node, IntType | FloatType):
        low = node.ge if node.ge is not None else node.gt
        high = node.le if node.le is not None else node.lt
        step = 1 if isinstance(node, IntType) else SMALLEST
        if low is not None and node.ge is None:
            low += step
        if high is not None and node.le is None:
            high -= step
        return make("int" if isinstance(node, IntType) else "float", low, high)
    if isinstance(node, LiteralType):
        return make("text", choices=tuple(str(value) for value in node.values))
    return make("text") if isinstance(node, StrType) else None
