"""Formulas in time, as artists type them: `sin(t)`, `0.5 + 0.5 * math.sin(absTime.seconds)`.

A text is parsed by Python's own parser, never executed: its tree is turned into nested functions by
`compiler`. There are no loops, and length and depth are limited, so an evaluation takes
microseconds.
"""

from __future__ import annotations

import ast
import math
import warnings

from sgview.signals.expressions.arguments import SliderRange
from sgview.signals.expressions.compiler import Compiler, shorten
from sgview.signals.expressions.context import EvaluationContext, ExpressionError, WaitingError
from sgview.state.status import SignalSource

__all__ = ["Expression", "ExpressionError", "WaitingError"]

MAX_LENGTH = 500  # characters
MAX_DEPTH = 40  # of nesting


class Expression:
    """A formula, compiled once and evaluated at any instant.

    `source` says where its movement comes from, `sliders` which of the user's sliders it names.
    Functions such as `smooth` are stateful: evaluate once a frame, and give each value that is
    driven an expression of its own.

    Raises:
        ExpressionError: if `text` is not such a formula.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        compiler = Compiler(text)
        self._code = compiler.code(_parse(text))
        self.sliders: tuple[SliderRange, ...] = tuple(compiler.sliders)
        self.source: SignalSource = compiler.source

    def evaluate(self, context: EvaluationContext) -> float:
        """Return the value at `context`, a finite number.

        Raises:
            WaitingError: if its source has not been heard of yet.
            ExpressionError: if it has no value, as for 1 / 0 or log(-1).
        """
        try:
            value = float(self._code(context))
        except ZeroDivisionError:
            raise self._without_value("it divides by zero") from None
        except OverflowError:
            raise self._without_value("a number grows too large") from None
        except ExpressionError:
            raise
        except (ValueError, ArithmeticError):
            raise self._without_value("a function is undefined there") from None
        except TypeError:  # a complex number, or what a function makes of too few
            raise self._without_value("a function is given what it does not take") from None
        if not math.isfinite(value):
            raise self._without_value("the result is not finite")
        return value

    def _without_value(self, reason: str) -> ExpressionError:
        return ExpressionError(f"'{shorten(self.text)}' has no value now: {reason}.")


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"The expression has {len(text)} characters and may have {MAX_LENGTH}."
        )
    if not text.strip():
        raise ExpressionError("The expression is empty.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser's advice on style
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"'{shorten(text)}' is not a formula that can be read.") from None
    if _depth(tree) > MAX_DEPTH:
        raise ExpressionError(f"'{shorten(text)}' is nested too deeply.")
    return tree


def _depth(tree: ast.AST) -> int:
    depth = 0
    level = [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth
