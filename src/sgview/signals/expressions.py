"""Formulas in time, as artists type them: `sin(t)`, `0.5 + 0.5 * math.sin(absTime.seconds)`.

A text is parsed by Python's own parser, never executed: its tree is turned into nested functions,
and only what is listed here and in the tables of names, functions and forms has a translation.
Dotted names such as `math.sin` are entries of a table, not attributes of Python objects, and every
number is a float, so there is no object to climb out from and no integer to grow without bound.
There are no loops, and length and depth are limited, so an evaluation takes microseconds.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import operator
import warnings
from collections.abc import Callable, Iterable

from sgview.signals.forms import FORMS, SliderRange
from sgview.signals.functions import CONSTANTS, FUNCTIONS
from sgview.signals.moment import NAMES, Code, ExpressionError, Moment, WaitingError
from sgview.state.language import WORDS
from sgview.state.status import SignalSource

__all__ = ["Expression", "ExpressionError", "WaitingError"]

MAX_LENGTH = 500  # characters
MAX_DEPTH = 40  # of nesting

_CONSTANTS = CONSTANTS | {f"math.{name}": value for name, value in CONSTANTS.items()}
_KNOWN_NAMES = NAMES.keys() | _CONSTANTS.keys()
_KNOWN_FUNCTIONS = FUNCTIONS.keys() | FORMS.keys()
_USAGE = {word.name: word.usage for word in WORDS}

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


class Expression:
    """A formula, read once and evaluated at any moment.

    `source` says where its movement comes from, `sliders` which of the user's sliders it names.
    Forms such as `smooth` remember: evaluate once a frame, and give each value that is driven an
    expression of its own.

    Raises:
        ExpressionError: if `text` is not such a formula.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        compiler = _Compiler(text)
        self._code = compiler.code(_parse(text))
        self.sliders: tuple[SliderRange, ...] = tuple(compiler.sliders)
        self.source: SignalSource = compiler.source

    def evaluate(self, moment: Moment) -> float:
        """Return the value at `moment`, a finite number.

        Raises:
            WaitingError: if its source has not been heard of yet.
            ExpressionError: if it has no value, as for 1 / 0 or log(-1).
        """
        try:
            value = float(self._code(moment))
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
        return ExpressionError(f"'{_shorten(self.text)}' has no value now: {reason}.")


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
        raise ExpressionError(f"'{_shorten(text)}' is not a formula that can be read.") from None
    if _depth(tree) > MAX_DEPTH:
        raise ExpressionError(f"'{_shorten(text)}' is nested too deeply.")
    return tree


class _Compiler:
    """Translates what the tables name, and refuses the rest by name."""

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
            return lambda moment: constant
        match node:
            case ast.Name() | ast.Attribute():
                return self._name(dotted_name(node) or ast.unparse(node))
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                return _binary(_BINARY[type(op)], self.code(left), self.code(right))
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.code(operand)
            case ast.UnaryOp(ast.USub(), operand):
                positive = self.code(operand)
                return lambda moment: -positive(moment)
            case ast.UnaryOp(ast.Not(), operand):
                denied = self.code(operand)
                return lambda moment: 0.0 if denied(moment) else 1.0
            case ast.BoolOp(op, values):
                return _boolean(isinstance(op, ast.And), [self.code(value) for value in values])
            case ast.Compare(left, ops, others) if all(type(op) in _COMPARISONS for op in ops):
                compare = [_COMPARISONS[type(op)] for op in ops]
                return _comparison(self.code(left), compare, [self.code(node) for node in others])
            case ast.IfExp(test, body, orelse):
                condition, then, otherwise = self.code(test), self.code(body), self.code(orelse)
                return lambda moment: then(moment) if condition(moment) else otherwise(moment)
            case ast.Call():
                return self._call(node)
            case ast.Constant(str()):
                raise ExpressionError(
                    f"'{_shorten(self.text)}' holds a text where a number belongs."
                )
            case ast.Constant():
                raise ExpressionError(
                    f"'{_shorten(self.text)}' holds a value that is not a real number."
                )
        raise ExpressionError(
            f"'{_shorten(self.text)}' uses '{_shorten(ast.unparse(node))}': only numbers, names, "
            "arithmetic and functions can be used."
        )

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
            raise ExpressionError(f"'{name}' is a function: write {_usage(name)}.")
        raise ExpressionError(_unknown("name", name, _KNOWN_NAMES))

    def _call(self, node: ast.Call) -> Code:
        name = dotted_name(node.func)
        if name is None or name not in _KNOWN_FUNCTIONS:
            raise ExpressionError(
                _unknown("function", name or ast.unparse(node.func), _KNOWN_FUNCTIONS)
            )
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ExpressionError(f"{name} takes plain values, separated by commas.")
        if name in FORMS:
            form = FORMS[name]
            if not form.least <= len(node.args) <= form.most:
                raise ExpressionError(f"Write {_usage(name)}.")
            return form.build(_Arguments(self, name, node.args))
        function = FUNCTIONS[name]
        if not _takes(function, len(node.args)):
            raise ExpressionError(f"Write {_usage(name)}.")
        return _application(function, [self.code(argument) for argument in node.args])

    def note_source(self, source: SignalSource) -> None:
        """Remember the source that says most about where the movement comes from."""
        if _SOURCES.index(source) > _SOURCES.index(self.source):
            self.source = source


class _Arguments:
    """The arguments of one call; see `forms.Arguments`."""

    def __init__(self, compiler: _Compiler, name: str, nodes: list[ast.expr]) -> None:
        self._compiler = compiler
        self._name = name
        self._nodes = nodes
        self.note_source = compiler.note_source

    def __len__(self) -> int:
        return len(self._nodes)

    def code(self, index: int, default: float | None = None) -> Code:
        if index < len(self._nodes):
            return self._compiler.code(self._nodes[index])
        if default is None:
            raise ExpressionError(f"Write {_usage(self._name)}.")
        return lambda moment: default

    def constant(self, index: int) -> float | None:
        return self._compiler.constant(self._nodes[index]) if index < len(self._nodes) else None

    def text(self, index: int, default: str | None = None) -> str:
        if index >= len(self._nodes) and default is not None:
            return default
        node = self._nodes[index]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        raise ExpressionError(
            f"{self._name} takes a text in quotes there: write {_usage(self._name)}."
        )

    def note_slider(self, slider: SliderRange) -> None:
        self._compiler.sliders.append(slider)

    def is_text(self, index: int) -> bool:
        node = self._nodes[index]
        return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _binary(apply: Callable[[float, float], float], left: Code, right: Code) -> Code:
    return lambda moment: apply(left(moment), right(moment))


def _boolean(is_and: bool, codes: list[Code]) -> Code:
    def run(moment: Moment) -> float:
        value = 0.0
        for code in codes:
            value = code(moment)
            if bool(value) != is_and:
                break
        return value

    return run


def _comparison(
    first: Code, compare: list[Callable[[float, float], bool]], others: list[Code]
) -> Code:
    pairs = list(zip(compare, others, strict=True))

    def run(moment: Moment) -> float:
        left = first(moment)
        for holds, other in pairs:
            right = other(moment)
            if not holds(left, right):
                return 0.0
            left = right
        return 1.0

    return run


def _application(function: Callable[..., float], codes: list[Code]) -> Code:
    match codes:
        case [one]:
            return lambda moment: function(one(moment))
        case [one, two]:
            return lambda moment: function(one(moment), two(moment))
        case [one, two, three]:
            return lambda moment: function(one(moment), two(moment), three(moment))
    return lambda moment: function(*[code(moment) for code in codes])


def _takes(function: Callable[..., float], count: int) -> bool:
    """Whether `function` takes that many numbers."""
    if function in (min, max):
        return count > 1
    if function is math.log:
        return count in (1, 2)
    if function is math.hypot:
        return True
    try:
        inspect.signature(function).bind(*[0.0] * count)
    except TypeError:
        return False
    return True


def dotted_name(node: ast.expr) -> str | None:
    """Return "math.sin" for such a tree, None where anything but names is in it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted_name(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _usage(name: str) -> str:
    return _USAGE.get(name) or _USAGE.get(name.removeprefix("math."), f"{name}(x)")


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1)
    advice = f"; did you mean {nearest[0]}?" if nearest else "."
    return f"The {kind} '{_shorten(name)}' is not known{advice}"


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _depth(tree: ast.AST) -> int:
    depth = 0
    level = [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth
