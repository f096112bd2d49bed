"""The list of public networks: facts that can be asked, and no more."""

from __future__ import annotations

from sgview.downloads.addresses import normalised
from sgview.downloads.catalogue import catalogue, known
from stylegan3.families import FAMILIES


def test_every_address_and_page_can_be_asked() -> None:
    for network in catalogue():
        assert normalised(network.address).startswith("https://")
        assert normalised(network.page) == network.page


def test_every_family_is_one_that_opens() -> None:
    assert {network.family for network in catalogue()} <= FAMILIES.keys() | {"stylegan-xl"}


def test_names_and_addresses_are_told_apart() -> None:
    networks = catalogue()
    assert len({n.name for n in networks}) == len(networks)
    assert len({normalised(n.address) for n in networks}) == len(networks)


def test_an_address_finds_its_licence_as_page_or_as_file() -> None:
    for network in catalogue():
        assert known(normalised(network.address)) == network
    assert known("https://example.org/x.pkl") is None
