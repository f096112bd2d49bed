"""`sgview cache`: the networks that were fetched from addresses."""

from __future__ import annotations

import argparse

from sgview.cli.tables import format_table, show
from sgview.state.text import format_bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview cache`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--clear", action="store_true", help="delete all of them")
    what.add_argument("--remove", metavar="NAME", help="delete one, by its name or address")


def run(args: argparse.Namespace) -> int:
    """List what is kept, or delete it.

    Raises:
        DownloadError: if there is nothing of the name to remove.
    """
    from sgview.downloads.addresses import DownloadError
    from sgview.downloads.cache import LIMIT, Cache

    cache = Cache()
    if args.clear:
        freed = cache.size()
        cache.clear()
        print(f"{format_bytes(freed)} freed in {cache.folder}")
        return 0
    if args.remove is not None:
        found = [e for e in cache.entries() if args.remove in (e[0].name, e[0].address)]
        if not found:
            raise DownloadError(f"{args.remove}: no network of that name or address was fetched")
        for kept, place in found:
            cache.remove(place)
            print(f"{kept.name}: removed, {format_bytes(kept.size)} freed")
        return 0
    entries = cache.entries()
    if entries:
        rows = [
            (kept.name, format_bytes(kept.size), kept.sha256[:12], kept.address)
            for kept, _ in entries
        ]
        show(format_table(("name", "size", "sha256", "address"), rows, right=(1,)))
    size, limit = format_bytes(cache.size()), format_bytes(LIMIT)
    show(f"{len(entries)} networks, {size} of at most {limit}, in {cache.folder}")
    return 0
