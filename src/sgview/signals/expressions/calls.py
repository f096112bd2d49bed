"""How a call is written in an expression: its arguments in order, or by the names in its usage."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable

from sgview.state.language import WORDS

_USAGE = {word.name: word.usage for word in WORDS}


def usage_of(name: str) -> str:
    """Return how the function `name` is written: "midi(cc, channel = any, default)"."""
    return _USAGE.get(name) or _USAGE.get(name.removeprefix("math."), f"{name}(x)")


def arguments_in_order(call: ast.Call, usage: str) -> list[ast.expr | None] | None:
    """Return the arguments of a call as the usage orders them, None for those left out between.

    None instead of a list if it names one that there is not, names one twice, or spreads a list.
    """
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    given: list[ast.expr | None] = list(call.args)
    names = [part.partition("=")[0].strip() for part in _between_brackets(usage).split(",")]
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in names:
            return None
        place = names.index(keyword.arg)
        given += [None] * (place + 1 - len(given))
        if given[place] is not None:
            return None
        given[place] = keyword.value
    return given


def with_defaults(
    function: Callable[..., float], given: list[ast.expr | None]
) -> list[ast.expr] | None:
    """Return `given` with the defaults of `function` where one was left out between.

    None if one without a default is missing.
    """
    nodes = [node for node in given if node is not None]
    if len(nodes) == len(given):
        return nodes
    try:
        defaults = [p.default for p in inspect.signature(function).parameters.values()]
    except ValueError:  # of a function that is not written in Python
        return None
    filled: list[ast.expr] = []
    for node, default in zip(given, defaults, strict=False):
        if node is None and default is inspect.Parameter.empty:
            return None
        filled.append(ast.Constant(default) if node is None else node)
    return filled


def takes(function: Callable[..., float], count: int) -> bool:
    """Return whether `function` takes that many numbers."""
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


def _between_brackets(usage: str) -> str:
    return usage.partition("(")[2].rpartition(")")[0]
