"""Where a film is made, how large and how much: `--workers`, `--size` and `--range`."""

from __future__ import annotations

import argparse
import re

from sgview.state.output_frame import SIZES

REMOTE = "ray://"
"""How the address of a Ray cluster begins."""

MOST_WORKERS = 1024


def workers(text: str) -> str:
    """Read `--workers`: a number, or the address of a cluster.

    Raises:
        argparse.ArgumentTypeError: if it is neither.
    """
    if text.startswith(REMOTE) and len(text) > len(REMOTE):
        return text
    if text.isdecimal() and 1 <= int(text) <= MOST_WORKERS:
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r}: give a number of 1 to {MOST_WORKERS}, or the address of a cluster as"
        f" {REMOTE}HOST:PORT"
    )


def size(text: str) -> str:
    """Read `--size`: a name of `SIZES`, or width and height.

    Raises:
        argparse.ArgumentTypeError: if it is neither.
    """
    if text in SIZES or re.fullmatch(r"[1-9]\d{0,3}x[1-9]\d{0,3}", text, re.ASCII):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r}: give WIDTHxHEIGHT with at most four digits each, or one of {', '.join(SIZES)}"
    )


def span(text: str) -> tuple[int, int | None]:
    """Read `--range`: the first picture, and the one after the last; None: to the end.

    Raises:
        argparse.ArgumentTypeError: if it is no range.
    """
    match = re.fullmatch(r"(\d{0,9}):(\d{0,9})", text, re.ASCII)
    if match is None or text == ":":
        raise argparse.ArgumentTypeError(f"{text!r}: give FIRST:END, e.g. 100:200, 100: or :200")
    return int(match[1] or 0), int(match[2]) if match[2] else None
