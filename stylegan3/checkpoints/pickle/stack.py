"""The stack of a pickle machine, with marks where lists of values begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stylegan3.checkpoints.errors import UnusableError

MARK = object()  # start of a list of values on the stack


class Stack:
    """Values and marks; UnusableError where a damaged pickle takes what is not there."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self.push: Callable[[Any], None] = self._stack.append
        """Puts a value on the stack."""

    def pop(self) -> Any:
        """Take the topmost value, which may be no mark, off the stack."""
        value = self.top()
        del self._stack[-1]
        return value

    def top(self) -> Any:
        """The topmost value, which may be no mark."""
        if not self._stack or self._stack[-1] is MARK:
            raise UnusableError("it is damaged: its pickle takes more values than it holds")
        return self._stack[-1]

    def pop_to_mark(self) -> list[Any]:
        """Take the values above the topmost mark, and the mark."""
        values = []
        while self._stack:
            value = self._stack.pop()
            if value is MARK:
                values.reverse()
                return values
            values.append(value)
        raise UnusableError("it is damaged: its pickle has no start of a list")

    def pop_tuple(self, length: int) -> None:
        """Replace the `length` topmost values by a tuple of them."""
        values = [self.pop() for _ in range(length)]
        self.push(tuple(reversed(values)))

    def pop_or_mark(self) -> None:
        """Take whatever is topmost off the stack."""
        if not self._stack:
            raise UnusableError("it is damaged: its pickle takes more values than it holds")
        self._stack.pop()
