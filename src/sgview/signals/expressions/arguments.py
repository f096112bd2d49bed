"""The arguments of a call in an expression, as special functions take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sgview.signals.expressions.context import Code, ExpressionError
from sgview.state.status import SignalSource


@dataclass(frozen=True)
class SliderRange:
    """Name, range and start of a slider, from `slider("energy", 0, 1)`."""

    name: str
    low: float
    high: float
    start: float


class Arguments(Protocol):
    """The arguments of one call, as the expression's text gives them."""

    def has(self, index: int) -> bool:
        """Whether one is written there."""
        ...

    def code(self, index: int, default: float | None = None) -> Code:
        """A number, evaluated each time; ExpressionError if it is missing without a default."""
        ...

    def constant(self, index: int) -> float | None:
        """The number that is written there; None if it is missing or has to be evaluated."""
        ...

    def text(self, index: int, default: str | None = None) -> str:
        """A text in quotes; ExpressionError if there is something else."""
        ...

    def is_text(self, index: int) -> bool:
        """Whether a text in quotes is written there."""
        ...

    def has_call(self, index: int, name: str) -> bool:
        """Whether a function of that name is called in an argument."""
        ...

    def note_source(self, source: SignalSource) -> None:
        """Say where the expression gets its movement from."""
        ...

    def note_slider(self, slider: SliderRange) -> None:
        """Say that there is such a slider."""
        ...


CodeBuilder = Callable[[Arguments], Code]
"""Builds the code of a call, once for each place where the call is written."""


def choose(
    arguments: Arguments, index: int, default: str, table: dict[str, Callable[[float], float]]
) -> Callable[[float], float]:
    """Return the entry of `table` that a text argument names.

    Raises:
        ExpressionError: if there is none of that name.
    """
    name = arguments.text(index, default)
    if name not in table:
        raise ExpressionError(f"'{name[:20]}' is not one of {', '.join(table)}.")
    return table[name]
