"""Addresses on the command line: one question, then a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from tqdm import tqdm

from sgview.downloads.addresses import DownloadError, is_address
from sgview.settings import NetworkSettings
from sgview.state.text import format_bytes

if TYPE_CHECKING:
    import argparse

    from sgview.downloads.client import Offer
    from sgview.downloads.fetch import Downloads


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add the consent to fetch."""
    parser.add_argument(
        "--yes", action="store_true", help="fetch networks from addresses without asking"
    )


def local_file(text: str, *, is_agreed: bool) -> Path:
    """Return the file that `text` names; one of an address is fetched, or was before.

    Raises:
        DownloadError: if it cannot be had, or nobody agrees to fetch it.
    """
    if not is_address(text):
        return Path(text)
    from sgview.downloads.fetch import Downloads

    with Downloads() as downloads:
        return downloads.find(text) or _fetch(downloads, downloads.ask(text), is_agreed)


def with_files(networks: NetworkSettings, *, is_agreed: bool) -> NetworkSettings:
    """Return `networks` with files in place of addresses.

    Raises:
        DownloadError: as `local_file` does.
    """
    a, b = (
        str(local_file(text, is_agreed=is_agreed)) if is_address(text) else text
        for text in (networks.a, networks.b)
    )
    return replace(networks, a=a, b=b)


def _fetch(downloads: Downloads, offer: Offer, is_agreed: bool) -> Path:
    from sgview.downloads.catalogue import known

    size = "size unknown" if offer.size is None else format_bytes(offer.size)
    way = "" if offer.is_private else ", unencrypted"
    print(f"{offer.name}, {size}, from {offer.host}{way}", file=sys.stderr)
    if network := known(offer.address):
        print(f"licence: {network.licence} ({network.page})", file=sys.stderr)
    if not is_agreed and not _agrees():
        raise DownloadError(f"{offer.name} is not fetched: add --yes to fetch it from {offer.host}")
    with tqdm(total=offer.size, unit="B", unit_scale=True, desc=offer.name, disable=None) as bar:

        def show(received: int, size: int | None) -> None:
            bar.update(received - bar.n)

        return downloads.fetch(offer, show)


def _agrees() -> bool:
    if not sys.stdin.isatty():
        return False
    print("Fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
