"""How deep keys of a TOML text go, found out before it is parsed.

A key of n parts costs a parser n * n of time and memory; 20 KB of "a.a.a.." took 400 MB.
"""

from __future__ import annotations

import re

DEEPEST_KEY = 8  # parts; settings have five

# The words of TOML, each read once: strings of four kinds and comments, which hold no keys, then
# what a key is made of. A string without an end runs to where its kind must end.
_WORDS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'
    r"|'''(?:[^']|'(?!''))*+(?:''')?"
    r"|(?P<part>\"(?:[^\"\\\n]|\\[^\n])*+\"?|'[^'\n]*+'?|[A-Za-z0-9_-]++)"
    r"|(?P<dot>\.)|(?P<blank>[ \t]++)|#[^\n]*+|[^\"'A-Za-z0-9_.\-\ \t#]++",
    re.DOTALL,
)


def has_deep_key(text: str) -> bool:
    """Return whether a key has more than `DEEPEST_KEY` parts, in time proportional to the text."""
    dots = 0
    for word in _WORDS.finditer(text):
        kind = word.lastgroup
        if kind == "dot":
            dots += 1
            if dots >= DEEPEST_KEY:
                return True
        elif kind is None:
            dots = 0
    return False
