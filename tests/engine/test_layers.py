"""Which layer a name means: the same for what is shown and for the library."""

import pytest

from sgview.state.networks import LayerInfo, portable_name, resolve_layer
from stylegan3.layers import LayerSpec
from stylegan3.layers import resolve_layer as resolve_spec

THREE = tuple(
    LayerInfo(name, name.partition("_")[0], 36, 8)
    for name in ("input", "L0_36_8", "L1_36_8", "L6_36_16", "L10_64_8", "L14_64_3")
)
TWO = tuple(
    LayerInfo(name, name.partition(".")[0], 8, 8)
    for name in ("input", "b4.conv1", "b4", "b8.conv0", "b8.torgb", "b8")
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", ""),
        ("input", "input"),
        ("L6", "L6_36_16"),
        ("L6_36_16", "L6_36_16"),
        ("L6_148_512", "L6_36_16"),  # the same place in a network of other sizes
        ("L1", "L1_36_8"),
        ("L14", "L14_64_3"),
        ("L2", None),
        ("L", None),
        ("6", None),
        ("L6_", None),
        ("36", None),
        ("l6", None),
        ("b8.conv0", None),
        ("L6_36_16.weight", None),
    ],
)
def test_stylegan3(name, found):
    assert resolve_layer(name, THREE) == found
    check_library(name, THREE, found)


@pytest.mark.parametrize(
    ("name", "found"),
    [("b8", "b8"), ("b8.conv0", "b8.conv0"), ("b8.conv", None), ("conv0", None), ("L6", None)],
)
def test_stylegan2(name, found):
    assert resolve_layer(name, TWO) == found
    check_library(name, TWO, found)


def check_library(name: str, layers: tuple[LayerInfo, ...], found: str | None) -> None:
    if not name:
        return  # the library says None for the image
    specs = tuple(LayerSpec(x.name, x.group, x.size, x.channels) for x in layers)
    if found is not None:
        assert resolve_spec(name, specs) == found
        return
    with pytest.raises(ValueError, match="no layer is called"):
        resolve_spec(name, specs)


def test_what_describes_a_network_and_what_names_its_layers_agree(sg3, sg2) -> None:
    for network in (sg3, sg2):
        specs, infos = network.generator.synthesis.layers, network.status.layers
        assert [spec.name for spec in specs] == [info.name for info in infos]
        for info in infos:
            name = portable_name(info)
            assert name == (info.group if info.name.startswith("L") else info.name)
            assert resolve_layer(name, infos) == resolve_spec(name, specs) == info.name


def test_suggestions_name_layers_without_their_sizes() -> None:
    specs = tuple(LayerSpec(x.name, x.group, x.size, x.channels) for x in THREE)
    with pytest.raises(ValueError, match=r"no layer is called 'L66'; try L6, "):
        resolve_spec("L66", specs)
