"""Where a film is made: what `--workers` names."""

from __future__ import annotations

import argparse

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
