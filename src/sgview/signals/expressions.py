"""Formulas in time, as artists type them: `sin(t)`, `0.5 + 0.5 * math.sin(absTime.seconds)`.

Evaluation is by `simpleeval`, behind a list of what may be written: numbers, the names and
functions of a closed table, arithmetic, comparison, and `a if condition else b`. Dotted names such
as `math.sin` are entries of that table, not attributes of Python objects, and every number is a
float, so there is no object to climb out from and no integer to grow without bound.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import warnings
from typing import Any

from simpleeval import InvalidExpression, SimpleEval

from sgview.signals.functions import CONSTANTS, FUNCTIONS

FRAME_RATE = 60.0  # of `frame` and `absTime.frame` [1/s]
MAX_LENGTH = 500  # characters
MAX_DEPTH = 40  # of nesting

_TIME_NAMES = frozenset({"t", "frame", "absTime.seconds", "absTime.frame", "me.time.seconds"})
_CONSTANTS = CONSTANTS | {f"math.{name}": value for name, value in CONSTANTS.items()}

_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,  # of floats: overflows at 1e308 instead of growing
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_STRUCTURE = (
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.Name,
    ast.Constant,
    ast.Load,
    ast.And,
    ast.Or,
    *_OPERATORS,
)


class ExpressionError(ValueError):
    """An expression that cannot be read or has no value; the message is one sentence."""


class Expression:
    """A formula, read once and evaluated at any time.

    Names: `t`, `absTime.seconds` and `me.time.seconds` [s], `frame` and `absTime.frame` (frames of
    1/60 s since 0), `pi`, `tau`, `e`, and the functions of `sgview.signals.functions`, those of
    `math` with and without its name.

    Raises:
        ExpressionError: if `text` is not such a formula.
    """

    def __init__(self, text: str):
        self.text = text
        self._tree = _parse(text)
        self._evaluator = SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names={})

    def evaluate(
        self,
        t: float,  # [s]
    ) -> float:
        """Return the value at time `t`, a finite number.

        Raises:
            ExpressionError: if there is none, as for 1 / 0 or log(-1).
        """
        frame = float(math.floor(t * FRAME_RATE + 1e-6))
        self._evaluator.names = _CONSTANTS | {
            "t": t,
            "absTime.seconds": t,
            "me.time.seconds": t,
            "frame": frame,
            "absTime.frame": frame,
        }
        try:
            value = self._evaluator.eval(self.text, previously_parsed=self._tree)
        except ZeroDivisionError:
            raise self._without_value("it divides by zero", t) from None
        except OverflowError:
            raise self._without_value("a number grows too large", t) from None
        except (ValueError, ArithmeticError):
            raise self._without_value("a function is undefined there", t) from None
        except TypeError:
            raise ExpressionError(
                f"'{self.text}' gives a function too few or too many numbers."
            ) from None
        except (InvalidExpression, RecursionError) as error:
            raise ExpressionError(f"'{self.text}' cannot be evaluated: {error}") from None
        if isinstance(value, bool):
            value = float(value)
        if not isinstance(value, (int, float)):
            raise ExpressionError(f"'{self.text}' is not a number.")
        if not math.isfinite(value):
            raise self._without_value("the result is not finite", t)
        return float(value)

    def _without_value(self, reason: str, t: float) -> ExpressionError:
        return ExpressionError(f"'{self.text}' has no value at t = {t:.3f} s: {reason}.")


def _parse(text: str) -> ast.expr:
    """Return the checked tree of `text`, with dotted names joined and numbers made floats."""
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
        raise ExpressionError(f"'{_shorten(text)}' is not a formula that can be read.") from None
    if _depth(tree) > MAX_DEPTH:
        raise ExpressionError(f"'{_shorten(text)}' is nested too deeply.")
    tree = _Checker(text).visit(tree)
    if isinstance(tree, ast.Name) and tree.id in FUNCTIONS:
        raise ExpressionError(f"'{tree.id}' is a function: write {tree.id}(t).")
    return tree


class _Checker(ast.NodeTransformer):
    """Lets through what the table names, and refuses the rest by name."""

    def __init__(self, text: str):
        self.text = text

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, _STRUCTURE):
            raise ExpressionError(
                f"'{_shorten(self.text)}' uses {_describe(node)}: only numbers, names, arithmetic "
                "and functions can be used."
            )
        return super().generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = _dotted_name(node.func)
        if name not in FUNCTIONS:
            raise ExpressionError(_unknown("function", name or ast.unparse(node.func), FUNCTIONS))
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ExpressionError(f"{name} takes plain numbers, separated by commas.")
        arguments = [self.visit(argument) for argument in node.args]
        return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=arguments, keywords=[])

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._value(_dotted_name(node) or ast.unparse(node))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._value(node.id)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, (bool, int, float)):
            try:
                return ast.Constant(value=float(node.value))
            except OverflowError:
                raise ExpressionError("The expression holds a number that is too large.") from None
        raise ExpressionError(f"'{_shorten(self.text)}' holds a value that is not a real number.")

    def _value(self, name: str) -> ast.AST:
        if name in _TIME_NAMES or name in _CONSTANTS:
            return ast.Name(id=name, ctx=ast.Load())
        if name in FUNCTIONS:
            raise ExpressionError(f"{name} is a function: write {name}(t).")
        raise ExpressionError(_unknown("name", name, _TIME_NAMES | _CONSTANTS.keys()))


def _dotted_name(node: ast.expr) -> str | None:
    """Return "math.sin" for such a tree, None where anything but names is in it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted_name(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _unknown(kind: str, name: str, known: Any) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1)
    advice = f"; did you mean {nearest[0]}?" if nearest else "."
    return f"The {kind} '{_shorten(name)}' is not known{advice}"


def _describe(node: ast.AST) -> str:
    return f"'{_shorten(ast.unparse(node))}'" if isinstance(node, ast.expr) else "an operator"


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _depth(tree: ast.AST) -> int:
    depth = 0
    level = [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth
