"""`sgview networks`: public networks and where they lie; fetches nothing."""

from __future__ import annotations

import argparse
import json

from msgspec.structs import asdict

from sgview.cli.tables import show
from sgview.state.validation import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview networks`."""
    parser.add_argument("word", nargs="?", default="", help="only those with this in their facts")
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")


def run(args: argparse.Namespace) -> int:
    """Print the catalogue.

    Raises:
        ConfigError: if nothing is found.
    """
    from sgview.downloads.cache import Cache
    from sgview.downloads.catalogue import catalogue

    word = args.word.lower()
    found = [n for n in catalogue() if any(word in str(v).lower() for v in asdict(n).values())]
    if not found:
        raise ConfigError(f"{args.word}: none of the networks has that in its facts")
    if args.json:
        show(json.dumps([asdict(network) for network in found], indent=2))
        return 0
    cache = Cache()
    lines: list[str] = []
    for n in found:
        here = ", fetched" if cache.find(n.address) else ""
        lines.append(f"{n.name}{here}\n    {n.address}\n    licence: {n.licence} ({n.page})\n")
    lines.append(
        "sgview ADDRESS asks, fetches and plays one; licences are as their pages give them."
    )
    show("\n".join(lines))
    return 0
