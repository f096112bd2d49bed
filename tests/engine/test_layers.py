import pytest

from sgview.state.networks import LayerInfo, resolve_layer

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


@pytest.mark.parametrize(
    ("name", "found"),
    [("b8", "b8"), ("b8.conv0", "b8.conv0"), ("b8.conv", None), ("conv0", None), ("L6", None)],
)
def test_stylegan2(name, found):
    assert resolve_layer(name, TWO) == found
