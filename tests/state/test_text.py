import json

import pytest

from sgview.state.text import drawable, sentence_of, writable


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
