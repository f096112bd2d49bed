"""Combines compiled parts of an expression: operators, comparisons, calls."""

from __future__ import annotations

from collections.abc import Callable

from sgview.signals.expressions.context import Code, EvaluationContext


def binary(apply: Callable[[float, float], float], left: Code, right: Code) -> Code:
    """Two parts and an operator."""
    return lambda context: apply(left(context), right(context))


def boolean(is_and: bool, codes: list[Code]) -> Code:
    """`and` or `or`: the first part that decides."""

    def run(context: EvaluationContext) -> float:
        value = 0.0
        for code in codes:
            value = code(context)
            if bool(value) != is_and:
                break
        return value

    return run


def comparison(
    first: Code, compare: list[Callable[[float, float], bool]], others: list[Code]
) -> Code:
    """Return a chain of comparisons, `0 < t < 1`: 1 where all hold, else 0."""
    pairs = list(zip(compare, others, strict=True))

    def run(context: EvaluationContext) -> float:
        left = first(context)
        for holds, other in pairs:
            right = other(context)
            if not holds(left, right):
                return 0.0
            left = right
        return 1.0

    return run


def application(function: Callable[..., float], codes: list[Code]) -> Code:
    """Return a call of a pure function; the usual counts of arguments without a list."""
    match codes:
        case [one]:
            return lambda context: function(one(context))
        case [one, two]:
            return lambda context: function(one(context), two(context))
        case [one, two, three]:
            return lambda context: function(one(context), two(context), three(context))
    return lambda context: function(*[code(context) for code in codes])
