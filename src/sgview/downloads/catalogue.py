"""Public networks and where they lie: facts from `configs/networks.toml`, nothing else."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from sgview import resources
from sgview.downloads.addresses import normalised


class PublicNetwork(Struct, frozen=True):
    """One network as its page describes it."""

    name: str
    address: str
    family: str
    size: str  # of its pictures, e.g. "1024 × 1024"
    licence: str  # as `page` says
    page: str  # where author and licence are to be read


class _Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    network: tuple[PublicNetwork, ...]


def catalogue() -> tuple[PublicNetwork, ...]:
    """Return all that are listed, in the order of the file."""
    text = resources.config("networks.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=_Catalogue).network


def known(address: str) -> PublicNetwork | None:
    """Return what the catalogue says of an address, None if nothing."""
    asked = normalised(address)
    return next((n for n in catalogue() if normalised(n.address) == asked), None)
