"""Text from outside, made fit to be drawn, written and sent.

Names of files, of networks and of OSC addresses, words in presets and what a script raises may hold
what is no Unicode: a byte that is no UTF-8 becomes a lone surrogate in Python, which neither Dear
ImGui nor a file takes. Names are made drawable where they come in; paths stay as they are, for the
system knows the file by them, and are made drawable where they are shown.
"""

from __future__ import annotations

import re
from typing import Any

REPLACEMENT = "\ufffd"
LONGEST = 1000  # of a sentence that an exception says [characters]

_BROKEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # lines and control characters
_UNDRAWABLE = re.compile("[\ud800-\udfff\x00]")


def drawable(text: str) -> str:
    """Return `text` with U+FFFD for lone surrogates and NUL, at which C would end it."""
    return text if text.isascii() and "\0" not in text else _UNDRAWABLE.sub(REPLACEMENT, text)


def encodable(text: str) -> str:
    """Return `text` as UTF-8 can hold it: halves of surrogate pairs become U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def writable(value: Any) -> Any:
    """Return plain data, as TOML and JSON have it, with each text `encodable`, keys included."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {writable(key): writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(writable(item) for item in value)
    return value


def one_line(text: str) -> str:
    """Return a sentence that quotes what comes from outside: drawable, one line, not too long.

    Control characters become one space; of what is longer than `LONGEST` the middle is left out.
    """
    text = drawable(_BROKEN.sub(" ", text))
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[: half - 5]} ... {text[-half:]}"


def sentence_of(error: BaseException) -> str:
    """Return the kind of an exception and what it says, drawable; even if saying it raises."""
    kind = type(error).__name__
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        text = str(text)[:LONGEST].strip()
    except BaseException:  # an exception of a script's own may do anything here
        text = ""
    return drawable(f"{kind}: {text}" if text else kind)


def format_bytes(count: int) -> str:
    """A file size as people read it: "490.3 kB"."""
    size, units = float(count), ["bytes", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{count:.0f} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"
