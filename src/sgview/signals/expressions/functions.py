"""The constants and pure functions that an expression may name: a closed table.

Every function takes and returns floats and costs the same whatever its arguments are, so no
expression runs long or fills memory. Functions that keep state or read inputs are in
`sgview.signals.expressions.special_functions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]  # floats to a float


def clamp(x: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return `x`, or the bound that it exceeds."""
    return min(max(x, low), high)


def lerp(a: float, b: float, amount: float) -> float:
    """Return `a` at amount 0, `b` at amount 1, the straight line through both elsewhere."""
    return a + (b - a) * amount


def remap(x: float, low: float, high: float, to_low: float, to_high: float) -> float:
    """Map the range low..high linearly to to_low..to_high, beyond its ends too."""
    return to_low + (x - low) * (to_high - to_low) / (high - low)


def smoothstep(low: float, high: float, x: float) -> float:
    """Rise smoothly from 0 at `low` to 1 at `high` (cubic Hermite), flat outside."""
    s = clamp((x - low) / (high - low))
    return s * s * (3.0 - 2.0 * s)


def saw(x: float) -> float:
    """Rise from -1 to 1 over every unit of `x`, then fall back at once."""
    return 2.0 * (x - math.floor(x)) - 1.0


def tri(x: float) -> float:
    """Triangle wave of period 1: 0 at 0, 1 at 1/4, -1 at 3/4, in phase with sin(2 pi x)."""
    return 1.0 - abs(2.0 - 4.0 * ((x + 0.25) % 1.0))


def square(x: float) -> float:
    """Return 1 over the first half of every unit of `x`, -1 over the second."""
    return 1.0 if x % 1.0 < 0.5 else -1.0


def pulse(x: float, width: float = 0.5) -> float:
    """Return 1 over the first `width` of every unit of `x`, 0 over the rest."""
    return 1.0 if x % 1.0 < width else 0.0


def noise(x: float, seed: float = 0.0) -> float:
    """Smooth random values in -1..1: one at every whole `x`, eased from one to the next."""
    cell = math.floor(x)
    row = math.floor(seed)
    share = x - cell
    blend = share * share * share * (share * (share * 6.0 - 15.0) + 10.0)
    return lerp(_random(cell, row), _random(cell + 1, row), blend)


def random_step(x: float, seed: float = 0.0) -> float:
    """Return another random value in -1..1 for every unit of `x`."""
    return _random(math.floor(x), math.floor(seed))


def _random(cell: int, row: int) -> float:
    """Hash two whole numbers to -1..1 (finaliser of MurmurHash3, Appleby 2011)."""
    h = (cell * 0x9E3779B1 + row * 0x85EBCA77 + 0x165667B1) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return (h ^ (h >> 16)) / 0x7FFFFFFF - 1.0


def _floor(x: float) -> float:
    return float(math.floor(x))


def _ceil(x: float) -> float:
    return float(math.ceil(x))


def _round(x: float) -> float:
    return float(round(x))


def _whole(x: float, largest: float = 2.0**53) -> int:
    """Return a whole number that costs nothing to calculate with.

    Raises:
        ValueError, OverflowError: if `x` is none, or is too large.
    """
    if abs(x) > largest:
        raise OverflowError
    if x != math.floor(x):
        raise ValueError
    return int(x)


def _gcd(*numbers: float) -> float:
    return float(math.gcd(*map(_whole, numbers)))


def _lcm(*numbers: float) -> float:
    return float(math.lcm(*map(_whole, numbers)))


def _comb(n: float, k: float) -> float:
    return float(math.comb(_whole(n, 1000), _whole(k, 1000)))


def _perm(n: float, k: float) -> float:
    return float(math.perm(_whole(n, 1000), _whole(k, 1000)))


def _is_close(a: float, b: float, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> float:
    return float(math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol))


def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x else 0.0


CONSTANTS: dict[str, float] = {"pi": math.pi, "tau": math.tau, "e": math.e}

_MATH_NAMES = (
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "sin", "sinh"),
    *("tan", "tanh", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "pow", "sqrt"),
    *("cbrt", "copysign", "degrees", "radians", "fabs", "fmod", "remainder", "hypot"),
    *("erf", "erfc", "gamma", "lgamma", "nextafter", "ulp"),
)

_MATH_FUNCTIONS: dict[str, Function] = {
    **{name: getattr(math, name) for name in _MATH_NAMES},
    "floor": _floor,
    "ceil": _ceil,
    "trunc": lambda x: float(math.trunc(x)),
    "factorial": lambda x: float(math.factorial(_whole(x, 170))),
    "comb": _comb,
    "perm": _perm,
    "gcd": _gcd,
    "lcm": _lcm,
    "isqrt": lambda x: float(math.isqrt(_whole(x))),
    "ldexp": lambda x, i: math.ldexp(x, _whole(i)),
    "isclose": _is_close,
    "isfinite": lambda x: float(math.isfinite(x)),
    "isinf": lambda x: float(math.isinf(x)),
    "isnan": lambda x: float(math.isnan(x)),
}

_PLAIN_FUNCTIONS: dict[str, Function] = {
    **{
        name: _MATH_FUNCTIONS[name]
        for name in ["sin", "cos", "tan", "sqrt", "exp", "log", "pow", "floor", "ceil"]
    },
    "abs": abs,
    "min": min,
    "max": max,
    "round": _round,
    "sign": _sign,
    "clamp": clamp,
    "lerp": lerp,
    "remap": remap,
    "smoothstep": smoothstep,
    "saw": saw,
    "tri": tri,
    "square": square,
    "pulse": pulse,
    "noise": noise,
}

FUNCTIONS: dict[str, Function] = {
    **_PLAIN_FUNCTIONS,
    **{f"math.{name}": function for name, function in _MATH_FUNCTIONS.items()},
}
