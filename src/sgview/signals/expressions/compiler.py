"""Turns the tree of an expression into nested functions; what has no translation is refused.

Only what is listed here and in the tables of names and functions can be written. Dotted
names such as `math.sin` are entries of a table, not attributes of Python objects, and every number
is a float, so there is no object to climb out from and no integer to grow without bound.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
from collections.abc import Callable, Iterable

from sgview.signals.expressions import combine
from sgview.signals.expressions.arguments import SliderRange
from sgview.signals.expressions.calls import arguments_in_order, takes, usage_of, with_defaults
from sgview.signals.expressions.context import NAMES, Code, ExpressionError
from sgview.signals.expressions.functions import CONSTANTS, FUNCTIONS
from sgview.signals.expressions.special_functions import SPECIAL_FUNCTIONS
from sgview.state.status import SignalSource

_CONSTANTS = CONSTANTS | {f"math.{name}": value for name, value in CONSTANTS.items()}
_KNOWN_NAMES = NAMES.keys() | _CONSTANTS.keys()
_KNOWN_FUNCTIONS = FUNCTIONS.keys() | SPECIAL_FUNCTIONS.keys()

_SOURCES: tuple[SignalSource, ...] = ("expression", "slider", "mouse", "audio", "osc", "midi")

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,  # of floats: overflows at 1e308 instead of growing
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Compiler:
    """Translates what the tables name, and refuses the rest by name.

    Afterwards `source` says where the movement comes from, `sliders` which sliders are named.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.source: SignalSource = "expression"
        self.sliders: list[SliderRange] = []

    def code(self, node: ast.expr) -> Code:
        """Return the function that evaluates `node`.

        Raises:
            ExpressionError: if there is anything in it that may not be written.
        """
        constant = self.constant(node)
        if constant is not None:
            return lambda context: constant
        match node:
            case ast.Name() | ast.Attribute():
                return self._name(dotted_name(node) or ast.unparse(node))
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                return combine.binary(_BINARY[type(op)], self.code(left), self.code(right))
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.code(operand)
            case ast.UnaryOp(ast.USub(), operand):
                positive = self.code(operand)
                return lambda context: -positive(context)
            case ast.UnaryOp(ast.Not(), operand):
                denied = self.code(operand)
                return lambda context: 0.0 if denied(context) else 1.0
            case ast.BoolOp(op, values):
                return combine.boolean(
                    isinstance(op, ast.And), [self.code(value) for value in values]
                )
            case ast.Compare(left, ops, others) if all(type(op) in _COMPARISONS for op in ops):
                compare = [_COMPARISONS[type(op)] for op in ops]
                return combine.comparison(
                    self.code(left), compare, [self.code(node) for node in others]
                )
            case ast.IfExp(test, body, orelse):
                condition, then, otherwise = self.code(test), self.code(body), self.code(orelse)
                return lambda context: then(context) if condition(context) else otherwise(context)
            case ast.Call():
                return self._call(node)
            case ast.Constant(str()):
                raise ExpressionError(
                    f"'{shorten(self.text)}' holds a text where a number belongs."
                )
            case ast.Constant():
                raise ExpressionError(
                    f"'{shorten(self.text)}' holds a value that is not a real number."
                )
        raise ExpressionError(
            f"'{shorten(self.text)}' uses '{shorten(ast.unparse(node))}': only numbers, names, "
            "arithmetic and functions can be used."
        )

    def _codes(self, nodes: list[ast.expr]) -> list[Code]:
        return [self.code(node) for node in nodes]

    def constant(self, node: ast.expr) -> float | None:
        """Return the number that is written at `node`, None if it has to be evaluated."""
        match node:
            case ast.Constant(bool() | int() | float() as number):
                try:
                    return float(number)
                except OverflowError:
                    raise ExpressionError(
                        "The expression holds a number that is too large."
                    ) from None
            case ast.UnaryOp(ast.USub(), ast.Constant() as operand):
                number = self.constant(operand)
                return None if number is None else -number
            case ast.Name() | ast.Attribute():
                return _CONSTANTS.get(dotted_name(node) or "")
        return None

    def _name(self, name: str) -> Code:
        if name in NAMES:
            if name.startswith("mouse."):
                self.note_source("mouse")
            return NAMES[name]
        if name in _KNOWN_FUNCTIONS:
            raise ExpressionError(f"'{name}' is a function: write {usage_of(name)}.")
        raise ExpressionError(_unknown("name", name, _KNOWN_NAMES))

    def _call(self, node: ast.Call) -> Code:
        name = dotted_name(node.func)
        if name is None or name not in _KNOWN_FUNCTIONS:
            raise ExpressionError(
                _unknown("function", name or ast.unparse(node.func), _KNOWN_FUNCTIONS)
            )
        given = arguments_in_order(node, usage_of(name))
        if given is None:
            raise ExpressionError(f"Write {usage_of(name)}.")
        if name in SPECIAL_FUNCTIONS:
            special = SPECIAL_FUNCTIONS[name]
            is_begun = all(given[: special.least])  # each of the first ones is there
            if not (is_begun and special.least <= len(given) <= special.most):
                raise ExpressionError(f"Write {usage_of(name)}.")
            return special.build(_Arguments(self, name, given))
        function = FUNCTIONS[name]
        nodes = with_defaults(function, given)
        if nodes is None or not takes(function, len(nodes)):
            raise ExpressionError(f"Write {usage_of(name)}.")
        return combine.application(function, self._codes(nodes))

    def note_source(self, source: SignalSource) -> None:
        """Remember the source that says most about where the movement comes from."""
        if _SOURCES.index(source) > _SOURCES.index(self.source):
            self.source = source


class _Arguments:
    """The arguments of one call; see `arguments.Arguments`."""

    def __init__(self, compiler: Compiler, name: str, nodes: list[ast.expr | None]) -> None:
        self._compiler = compiler
        self._name = name
        self._nodes = nodes
        self.note_source = compiler.note_source

    def has(self, index: int) -> bool:
        return self._node(index) is not None

    def _node(self, index: int) -> ast.expr | None:
        return self._nodes[index] if index < len(self._nodes) else None

    def code(self, index: int, default: float | None = None) -> Code:
        if (node := self._node(index)) is not None:
            return self._compiler.code(node)
        if default is None:
            raise ExpressionError(f"Write {usage_of(self._name)}.")
        return lambda context: default

    def constant(self, index: int) -> float | None:
        node = self._node(index)
        return None if node is None else self._compiler.constant(node)

    def text(self, index: int, default: str | None = None) -> str:
        node = self._node(index)
        if node is None and default is not None:
            return default
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        raise ExpressionError(
            f"{self._name} takes a text in quotes there: write {usage_of(self._name)}."
        )

    def has_call(self, index: int, name: str) -> bool:
        inside = self._node(index)
        calls = (node for node in ast.walk(inside or ast.Pass()) if isinstance(node, ast.Call))
        return any(dotted_name(call.func) == name for call in calls)

    def note_slider(self, slider: SliderRange) -> None:
        self._compiler.sliders.append(slider)

    def is_text(self, index: int) -> bool:
        node = self._node(index)
        return isinstance(node, ast.Constant) and isinstance(node.value, str)


def dotted_name(node: ast.expr) -> str | None:
    """Return "math.sin" for such a tree, None where anything but names is in it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted_name(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1)
    advice = f"; did you mean {nearest[0]}?" if nearest else "."
    return f"The {kind} '{shorten(name)}' is not known{advice}"


def shorten(text: str) -> str:
    """Return `text` as a message may hold it."""
    return text if len(text) <= 60 else text[:57] + "..."
