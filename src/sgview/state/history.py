"""Undo and redo of `Params`.

One undo takes back what the user sees as one change: a whole drag of a slider, a word typed, a
burst of key presses that move the same value. Every change has a name, for the menu.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from sgview.state.descriptions import name_of
from sgview.state.params import Params, on_stage_of
from sgview.state.paths import get_leaf, leaf_at

LONGEST = 24  # of a text in the name of a change [characters]
BURST = 0.5  # changes of the same values at most this far apart are one change [s]


@dataclass(frozen=True)
class _Change:
    """From one state to the next."""

    before: Params
    name: str


class History:
    """The past and future of `Params`, at most `limit` changes back."""

    def __init__(self, params: Params, limit: int = 200) -> None:
        self._current = params
        self._past: list[_Change] = []
        self._future: list[tuple[Params, str]] = []  # the state after it, its name; next one last
        self._limit = limit
        self._is_held = False  # the group grows while a widget is held
        self._changed: frozenset[str] = frozenset()  # leaves changed by the last group
        self._time = float("-inf")  # of the last change [s]

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a change that was taken back can be made again."""
        return bool(self._future)

    def undo_names(self, count: int = 20) -> tuple[str, ...]:
        """Return what the next `count` undos take back, newest first."""
        return tuple(change.name for change in self._past[: -count - 1 : -1])

    def redo_names(self, count: int = 20) -> tuple[str, ...]:
        """Return what the next `count` redos make again, next first."""
        return tuple(name for _, name in self._future[: -count - 1 : -1])

    def record(
        self, params: Params, now: float, *, is_active: bool = False, name: str = ""
    ) -> None:
        """Note the parameters of a frame; call it every frame.

        Args:
            params: what they are now; equal to the last ones when nothing changed.
            now: real time [s].
            is_active: a widget is being dragged or typed into: all changes until it is released
                are one.
            name: of the change; "": after the values that changed. A named change stands alone.
        """
        current = self._current
        if params is not current and on_stage_of(params, current) != current:
            changed = frozenset(_changed_leaves(self._current, params))
            is_burst = changed == self._changed and now - self._time <= BURST
            if name or not (self._is_held or is_burst) or not self._past:
                named = name or _name_with_values(changed, self._current, params)
                self._past.append(_Change(self._current, named))
                del self._past[: -self._limit]
            else:
                changed |= self._changed
                before = self._past[-1].before
                named = _name_with_values(changed, before, params)
                self._past[-1] = replace(self._past[-1], name=named)
            self._future.clear()
            self._current, self._time = params, now
            self._changed = frozenset() if name else changed
            self._is_held = is_active and not name
        else:
            self._current = params  # what an audience sees is no part of the history
            self._is_held = self._is_held and is_active

    def amend(self, params: Params) -> None:
        """Take `params` for what is now, as another way to write the same: no change."""
        self._current = params

    def undo(self, count: int = 1) -> Params:
        """Return the parameters `count` changes ago; the oldest there are, if there are fewer."""
        for _ in range(min(count, len(self._past))):
            change = self._past.pop()
            self._future.append((self._current, change.name))
            self._current = on_stage_of(change.before, self._current)
        self._end_group()
        return self._current

    def redo(self, count: int = 1) -> Params:
        """Return the parameters that the last `count` undos left; the newest, if fewer were."""
        for _ in range(min(count, len(self._future))):
            after, name = self._future.pop()
            self._past.append(_Change(self._current, name))
            self._current = on_stage_of(after, self._current)
        self._end_group()
        return self._current

    def _end_group(self) -> None:
        self._is_held = False
        self._changed = frozenset()


def name_of_change(leaves: frozenset[str]) -> str:
    """Return what to call a change of these leaves: "Noise amplitude", "Blend L12", "Edits"."""
    paths = [leaf.removeprefix(".").split(".") for leaf in sorted(leaves)]
    common = paths[0]
    for path in paths[1:]:
        same = [a == b for a, b in zip(common, path, strict=False)]
        common = common[: same.index(False) if False in same else len(same)]
    if not common:
        return "Several values"
    if common[0] == "bindings" and len(common) > 1:
        name = name_of(".".join(common[1:]))
        return f"Binding of {name[:1].lower()}{name[1:]}"
    return name_of(".".join(common))


def _name_with_values(leaves: frozenset[str], before: Params, after: Params) -> str:
    """Return the name of a change, with both values where one number or text was changed."""
    name = name_of_change(leaves)
    leaf = leaf_at(next(iter(leaves)).removeprefix(".")) if len(leaves) == 1 else None
    if leaf is None:
        return name
    try:
        old, new = get_leaf(before, leaf), get_leaf(after, leaf)
    except LookupError:
        return name
    return f"{name} {_as_text(old)} to {_as_text(new)}"


def _as_text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.4g}" if value % 1 or abs(value) >= 1e4 else f"{value:.1f}"
    text = str(value)
    return (text if len(text) <= LONGEST else f"{text[:LONGEST]}\u2026") or "none"


def _changed_leaves(old: Params, new: Params) -> list[str]:
    return _differences(msgspec.to_builtins(old), msgspec.to_builtins(new), "")


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        pairs = [(key, old.get(key), new.get(key)) for key in keys]
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        pairs = [(str(i), a, b) for i, (a, b) in enumerate(zip(old, new, strict=True))]
    else:
        return [path]
    return [leaf for key, a, b in pairs for leaf in _differences(a, b, f"{path}.{key}")]
