"""Curves from 0 to 1: `ease(x, "out")`."""

from __future__ import annotations

import math
from collections.abc import Callable

from sgview.signals.expressions.arguments import Arguments, choose
from sgview.signals.expressions.context import Code
from sgview.signals.expressions.functions import clamp


def ease(arguments: Arguments) -> Code:
    """`ease(x, kind)`."""
    kind = choose(arguments, 1, "in-out", EASINGS)
    source = arguments.code(0)
    return lambda context: kind(clamp(source(context)))


def _ease_in_out(x: float) -> float:
    return 4.0 * x**3 if x < 0.5 else 1.0 - 4.0 * (1.0 - x) ** 3


def _bounce(x: float) -> float:
    """Fall and bounce three times, each parabola a part of the unit (Penner 2001)."""
    for end, centre, base in ((4, 0, 0.0), (8, 6, 0.75), (10, 9, 0.9375), (11, 10.5, 0.984375)):
        if x * 11.0 <= end:
            return 7.5625 * (x - centre / 11.0) ** 2 + base
    return 1.0


def _elastic(x: float) -> float:
    """Swing past 1 and settle (Penner 2001)."""
    if x in (0.0, 1.0):
        return x
    return 2.0 ** (-10.0 * x) * math.sin((x * 10.0 - 0.75) * math.tau / 3.0) + 1.0


EASINGS: dict[str, Callable[[float], float]] = {
    "in": lambda x: x**3,
    "out": lambda x: 1.0 - (1.0 - x) ** 3,
    "in-out": _ease_in_out,
    "bounce": _bounce,
    "elastic": _elastic,
}
