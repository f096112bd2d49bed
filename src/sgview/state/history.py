"""Undo and redo of `Params`.

One undo takes back what the user sees as one change: a whole drag of a slider, a word typed, a
burst of key presses that move the same value.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sgview.state.params import Params

BURST = 0.5  # changes of the same values at most this far apart are one change [s]


class History:
    """The past and future of `Params`, at most `limit` changes back."""

    def __init__(self, params: Params, limit: int = 200) -> None:
        self._current = params
        self._past: list[Params] = []
        self._future: list[Params] = []
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

    def record(self, params: Params, now: float, *, is_active: bool = False) -> None:
        """Note the parameters of a frame; call it every frame.

        Args:
            params: what they are now; equal to the last ones when nothing changed.
            now: real time [s].
            is_active: a widget is being dragged or typed into: all changes until it is released
                are one.
        """
        if params != self._current:
            changed = frozenset(_changed_leaves(self._current, params))
            is_burst = changed == self._changed and now - self._time <= BURST
            if not (self._is_held or is_burst) or not self._past:
                self._past.append(self._current)
                del self._past[: -self._limit]
            self._future.clear()
            self._current, self._changed, self._time = params, changed, now
            self._is_held = is_active
        elif not is_active:
            self._is_held = False

    def undo(self) -> Params:
        """Return the parameters before the last change; the current ones if there is none."""
        self._move(self._past, self._future)
        return self._current

    def redo(self) -> Params:
        """Return the parameters that the last undo left; the current ones if there are none."""
        self._move(self._future, self._past)
        return self._current

    def _move(self, source: list[Params], target: list[Params]) -> None:
        if source:
            target.append(self._current)
            self._current = source.pop()
        self._is_held = False
        self._changed = frozenset()


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
