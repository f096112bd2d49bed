"""Change many values of a tree at once: updates are collected by path, then applied in one walk."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

Part = str | int  # of a path: a field, a key of a table, a place in a list
Updates = dict[Part, Any]  # part of a path to a value, or to the updates below it


def add_update(updates: Updates, parts: tuple[Part, ...], value: Any) -> None:
    """Enter a value into nested `updates`."""
    for part in parts[:-1]:
        updates = updates.setdefault(part, {})
    updates[parts[-1]] = value


def apply_updates(node: Any, updates: Updates) -> Any:
    """Return a copy of a struct, table or tuple with the values of `updates` in it."""
    if isinstance(node, msgspec.Struct):
        changes: dict[Any, Any] = {
            part: apply_updates(getattr(node, part), value) if type(value) is dict else value  # type: ignore[arg-type]
            for part, value in updates.items()
        }
        return replace(node, **changes)
    if isinstance(node, dict):
        return {**node, **updates}
    items = list(node)
    for index, value in updates.items():
        assert isinstance(index, int)
        if index >= len(items):
            items += [0.0] * (index + 1 - len(items))
        items[index] = apply_updates(items[index], value) if type(value) is dict else value
    return tuple(items)
