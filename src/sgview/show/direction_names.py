"""Names that the user gave to directions, beside the fingerprint of their network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from sgview.state.whole_file import write_whole

log = logging.getLogger(__name__)

MOST = 500  # of one network
LONGEST = 60  # [characters]


def direction_in(entry: str) -> str:
    """Return the direction that an entry of their folder is: of "ages.npy#2" it is "ages#2"."""
    file, mark, number = entry.rpartition("#")
    is_one_of_several = bool(mark and number.isascii() and number.isdigit())
    return f"{Path(file).stem}#{number}" if is_one_of_several else Path(entry).stem


class DirectionNames:
    """Names by network and direction; a file for each network.

    Args:
        folder: of those files; None: names are not kept.
        shipped: a file of names that came with the program, by fingerprint.
    """

    def __init__(self, folder: Path | None = None, shipped: Path | None = None) -> None:
        self._folder = folder
        self._shipped = _read(shipped, dict[str, dict[str, str]]) or {}
        self._own: dict[str, dict[str, str]] = {}

    def of(self, network: str) -> Mapping[str, str]:
        """Return the names of a network's directions."""
        if not network:
            return {}
        own = self._of_own(network)
        return {**self._shipped.get(network, {}), **own}

    def rename(self, network: str, direction: str, name: str) -> None:
        """Give a direction a name; "": its own."""
        if not network:
            return
        own = dict(self._of_own(network))
        own[direction] = name.strip()[:LONGEST] or direction
        self._own[network] = own
        if self._folder is None:
            return
        path = self._folder / f"{network}.json"
        try:
            write_whole(path, msgspec.json.encode(own).decode())
        except OSError as error:
            log.warning("%s cannot be written: %s", path, error)

    def _of_own(self, network: str) -> dict[str, str]:
        if network not in self._own:
            path = None if self._folder is None else self._folder / f"{network}.json"
            held = _read(path, dict[str, str]) or {}
            kept = list(held.items())[:MOST]
            self._own[network] = {name[:LONGEST]: text[:LONGEST] for name, text in kept}
        return self._own[network]


def _read(path: Path | None, kind: type) -> dict | None:
    """Return what a file holds; one that is damaged holds nothing."""
    try:
        if path is None:
            return None
        return _decoder(kind).decode(path.read_bytes()[:1_000_000])
    except (OSError, ValueError, msgspec.DecodeError):
        return None


@cache
def _decoder(kind: type) -> msgspec.json.Decoder:
    return msgspec.json.Decoder(kind)
