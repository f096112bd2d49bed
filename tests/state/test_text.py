import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgview.signals import Expression, ExpressionError
from sgview.signals.osc.remote import RemoteError, apply_message
from sgview.state.params import Params
from sgview.state.presets import decode
from sgview.state.text import (
    LONGEST,
    drawable,
    format_bytes,
    one_line,
    sentence_of,
    writable,
)
from sgview.state.validation import ConfigError


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("plain", "plain"),
        ("größer 花 🌸", "größer 花 🌸"),
        ("bad\udcff.pkl", "bad\ufffd.pkl"),
        ("\ud83c\udf38", "\ufffd\ufffd"),
        ("a\0b", "a\ufffdb"),
        ("é\0", "é\ufffd"),
    ],
)
def test_what_is_drawn_is_unicode(text: str, drawn: str) -> None:
    assert drawable(text) == drawn
    drawable(text).encode()


def test_what_is_written_is_unicode_at_any_depth() -> None:
    data = {"\ud800": ["a\udcff", {"x": ("é\0", 1, None, 0.5)}], "n": True}
    assert writable(data) == {"\ufffd": ["a\ufffd", {"x": ("é\0", 1, None, 0.5)}], "n": True}
    json.dumps(writable(data), ensure_ascii=False).encode()


class OddError(Exception):
    def __str__(self) -> str:
        raise ValueError("x")


class WorseError(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("bad \udcff name"), "ValueError: bad \ufffd name"),
        (ValueError(), "ValueError"),
        (OddError(), "OddError"),
        (WorseError(), "WorseError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SyntaxError("expected ':'", ("a.py", 1, 1, "", 1, 1)), "SyntaxError: expected ':'"),
    ],
)
def test_what_an_exception_says(error: BaseException, sentence: str) -> None:
    assert sentence_of(error) == sentence
    assert len(sentence_of(ValueError("x" * 1_000_000))) < 1100


def is_sentence(text: str) -> bool:
    """Whether a notice and a line of a terminal can hold it."""
    text.encode()
    return len(text.splitlines()) == 1 and text.isprintable() and len(text) <= LONGEST


ODD = st.text(st.characters(categories=["L", "N", "Zs", "Cc", "Cs", "P"]), min_size=1)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(ODD, st.integers(1, 2000))
def test_a_sentence_is_one_line_whatever_it_quotes(text: str, times: int) -> None:
    said = one_line(f"file.toml: {text * times}: no such setting")
    assert said.startswith("file.toml: ") and said.endswith(": no such setting")
    assert len(said.splitlines()) == 1 and len(said) <= LONGEST
    said.encode()


LONG = "sca\nle\udcff" + "\0" * 5000


@pytest.mark.parametrize(
    ("refusal", "refuse"),
    [
        (ConfigError, lambda: decode({LONG: 1}, "a.toml")),
        (ConfigError, lambda: decode({"noise": {"type": LONG}}, "a\nb.toml")),
        (ExpressionError, lambda: Expression("1 +\n\udcff")),
        (ExpressionError, lambda: Expression(f"osc('{LONG[:400]}')")),
        (RemoteError, lambda: apply_message(Params(), f"/sgview/{LONG}", (0.5,), {})),
    ],
)
def test_what_is_refused_is_said_in_one_line(refusal, refuse) -> None:
    with pytest.raises(refusal) as caught:
        refuse()
    assert is_sentence(str(caught.value).replace("\ufffd", ""))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (5000, "5.0 kB"),
        (490_251, "490.3 kB"),
        (10**15, "1000000.0 GB"),
    ],
)
def test_sizes_of_files(count: int, text: str) -> None:
    assert format_bytes(count) == text
