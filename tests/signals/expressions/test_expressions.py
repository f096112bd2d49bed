import ast
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpleeval import SimpleEval

from sgview.signals.expressions.context import NAMES, EvaluationContext
from sgview.signals.expressions.expressions import Expression, ExpressionError
from sgview.signals.expressions.functions import FUNCTIONS
from sgview.signals.incoming import Instant


def at(text: str, t: float) -> float:
    return Expression(text).evaluate(EvaluationContext(Instant(t)))


@pytest.mark.parametrize(
    ("text", "t", "value"),
    [
        ("sin(t)", 1.25, math.sin(1.25)),
        ("math.sin(absTime.seconds)", 1.25, math.sin(1.25)),
        ("me.time.seconds * 2", 1.25, 2.5),
        ("absTime.frame + frame", 0.5, 60.0),
        ("0.5 + 0.5 * math.cos(2 * math.pi * t)", 0.25, 0.5),
        ("2 ** 0.5", 0.0, math.sqrt(2)),
        ("-t if t > 1 else t", 2.0, -2.0),
        ("0 < t < 1", 0.5, 1.0),
        ("t and 0 or 3", 1.0, 3.0),
        ("not t", 0.0, 1.0),
        ("7 // 2 + 7 % 4", 0.0, 6.0),
        ("min(3, t, 2) + max(1, t)", 1.5, 3.0),
        ("clamp(t)", 3.0, 1.0),
        ("clamp(t, -2, 2)", -3.0, -2.0),
        ("lerp(10, 20, t)", 0.25, 12.5),
        ("remap(t, 0, 1, -1, 1)", 0.75, 0.5),
        ("smoothstep(0, 1, t)", 0.25, 0.15625),
        ("saw(t)", 1.75, 0.5),
        ("tri(t)", 0.25, 1.0),
        ("tri(t)", 0.5, 0.0),
        ("tri(t)", 1.75, -1.0),
        ("square(t)", 0.75, -1.0),
        ("pulse(t, 0.2)", 3.1, 1.0),
        ("pulse(t)", 3.6, 0.0),
        ("floor(t) + ceil(t) + round(t)", 1.6, 5.0),
        ("sign(-t) * abs(-t)", 2.0, -2.0),
        ("sqrt(exp(log(4)))", 0.0, 2.0),
        (" tau / e ", 0.0, math.tau / math.e),
        ("True", 0.0, 1.0),
        ("clamp(t, high=2)", 3.0, 2.0),
        ("pulse(x=t, width=0.2)", 0.3, 0.0),
        ("lerp(amount=0.5, b=4, a=t)", 2.0, 3.0),
        ("remap(t, -1, 1, to_high=2, to_low=0)", 0.0, 1.0),
        ("log(t, base=2)", 8.0, 3.0),
        ("math.factorial(t)", 5.0, 120.0),
        ("math.comb(5, t) + math.perm(5, t)", 2.0, 30.0),
        ("math.gcd(12, t) + math.lcm(4, t)", 18.0, 42.0),
        ("math.isqrt(t)", 17.0, 4.0),
        ("math.ldexp(t, 3)", 0.5, 4.0),
        ("math.isclose(t, 1) + math.isfinite(t)", 1.0, 2.0),
        ("math.isinf(t) + math.isnan(t)", 1.0, 0.0),
        ("min(math.inf, t)", 2.0, 2.0),
        ("math.ulp(t) + math.nextafter(t, 2)", 1.0, 1.0),
    ],
)
def test_value(text, t, value):
    assert at(text, t) == pytest.approx(value, abs=1e-12)


def test_everything_of_math_that_takes_and_returns_numbers_is_there():
    of_sequences = {"dist", "fsum", "prod", "sumprod", "frexp", "modf"}
    names = {f"math.{name}" for name in dir(math) if name[0] != "_" and name not in of_sequences}
    later = {"math.fma"}  # than the oldest Python there is to run on
    assert names - later <= FUNCTIONS.keys() | NAMES.keys() | {"math.pi", "math.e", "math.tau"}


def test_every_function_returns_a_float():
    for name, function in FUNCTIONS.items():
        for count in range(1, 6):
            try:
                value = function(*[0.5] * count)
            except (TypeError, ValueError, ZeroDivisionError):
                continue
            assert isinstance(value, float), name
            break
        else:
            whole = ("factorial", "comb", "perm", "gcd", "lcm", "isqrt", "ldexp")
            assert name.endswith(("acosh", "remap", "smoothstep", *whole)), name


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "t.__class__",
        "math.__dict__",
        "math.sin.__globals__",
        "sin.__self__",
        "me.time.__init__",
        "absTime.seconds.real",
        "eval('1')",
        "exec('1')",
        "open('/etc/passwd')",
        "getattr(t, 'real')",
        "(lambda: 1)()",
        "[x for x in (1, 2)]",
        "{1: 2}[1]",
        "'a' * 1000000000",
        "[0] * 1000000000",
        "f'{t}'",
        "(t := 3)",
        "import os",
        "t = 3",
        "1; 2",
        "sin(t); import os",
        "max(*[1, 2])",
        "round(number=t)",
        "sin(**{'x': 1})",
        "midi(21, defualt=1)",
        "midi(21, cc=3)",
        "midi(channel=3)",
        "lerp(0, amount=1)",
        "slider('a', high=math.inf)",
        "math.comb(1e9, 3)",
        "math.factorial(0.5)",
        "math.ldexp(1, 1e300)",
        "math.inf",
        "math.nan",
        "1 << 99999999",
        "~1",
        "1j",
        "b'1'",
        "None",
        "...",
        "t is 1",
        "t in (1, 2)",
        "math.factorial(999999)",
        "math.prod(1)",
        "print(1)",
        "await t",
        "yield",
        "sin",
        "math.sin",
        "t()",
        "math",
        "x + 1",
        "",
        "   ",
        "sin(",
        "1 +",
        "\0",
        "\ud800",
        "(" * 300 + ")" * 300,
        "-" * 450 + "1",
        "1" * 400,
        "1 + " * 1000 + "1",
    ],
)
def test_refused_with_one_sentence(text):
    with pytest.raises(ExpressionError) as caught:
        at(text, 1.0)
    message = str(caught.value)
    assert message.endswith((".", "?"))
    assert "\n" not in message and len(message) < 250


@pytest.mark.parametrize(
    "text",
    ["1 / t", "log(t)", "sqrt(-1)", "1e999", "9 ** 9 ** 9 ** 9", "exp(1000)", "1e308 * 10 - 1e999",
     "(-8) ** (1 / 3)", "t % 0", "min()", "sin(1, 2)", "gamma(0)", "math.gamma(-1)"],
)  # fmt: skip
def test_no_value(text):
    with pytest.raises(ExpressionError):
        at(text, 0.0)


def test_costly_powers_return_at_once():
    start = time.thread_time()  # of the processor: other programs do not count
    for text in ("9 ** 9 ** 9 ** 9", "10 ** 3999999", "pow(9.0, 99999999)", "(2 ** 1000) ** 1000"):
        with pytest.raises(ExpressionError):
            at(text, 0.0)
    assert time.thread_time() - start < 1.0


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ExpressionError, match="did you mean sin"):
        Expression("sine(t)")


def test_reading_once_serves_every_time():
    wave = Expression("t * t")
    assert [wave.evaluate(EvaluationContext(Instant(t))) for t in (0.0, 2.0, 3.0)] == [
        0.0,
        4.0,
        9.0,
    ]


PIECES = st.sampled_from(
    [
        *("t", "frame", "pi", "math", "sin", "max", "lerp", "absTime", "seconds", "__class__"),
        *("lambda", "if", "else", "and", "not", "for", "in", "import", "x", "1", "0", "1e308"),
        *("2.5", "9", "'a'", "[", "]", "(", ")", "{", "}", ",", ".", ":", "=", ":=", "+", "-"),
        *("*", "**", "/", "//", "%", "<", "==", "@", "&", "|", "~", "^", "<<", "\n", ";", "\\"),
    ]
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=12).map(" ".join) | st.text(max_size=30), st.floats(-1e6, 1e6))
def test_any_text_is_a_finite_number_or_an_expression_error(text, t):
    try:
        value = at(text, t)
    except ExpressionError as error:
        assert len(str(error)) < 250
    else:
        assert isinstance(value, float) and math.isfinite(value)


ARITHMETIC = st.recursive(
    st.sampled_from(["t", "2.5", "pi", "0", "frame"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        )
        | inner.map(lambda part: f"(-{part})")
        | inner.map(lambda part: f"sin({part})")
        | st.tuples(inner, st.sampled_from(["<", ">=", "=="]), inner, inner).map(
            lambda p: f"({p[3]} if {p[0]} {p[1]} {p[2]} else {p[0]})"
        )
        | st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({' '.join(p)})")
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(ARITHMETIC, st.floats(-50, 50))
def test_agrees_with_an_interpreter_of_another_make(text, t):
    names = {"t": t, "pi": math.pi, "frame": float(math.floor(t * 60 + 1e-6))}
    oracle = SimpleEval(functions={"sin": math.sin}, names=names)
    oracle.operators[ast.Pow] = math.pow
    try:
        expected = float(oracle.eval(text))
    except (ArithmeticError, ValueError):
        expected = math.nan
    try:
        value = at(text, t)
    except ExpressionError:
        assert not math.isfinite(expected), (text, t)
    else:
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
