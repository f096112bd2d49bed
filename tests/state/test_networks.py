import pytest

from sgview.state.networks import (
    IMAGE,
    SLOTS,
    LayerInfo,
    NetworkStatus,
    Slot,
    find_layer,
    group_named,
    has_part,
    portable_name,
    resolve_layer,
    shown_network,
    shown_slot,
    spread_blend,
    step_layer,
)
from sgview.state.params import Blend, Layer, Params

SOURCES = ("mix", "a", "b")


def network(*names: str) -> NetworkStatus:
    layers = tuple(LayerInfo(name, name.partition("_")[0], 36, 64) for name in names)
    return NetworkStatus(names[0], "", "StyleGAN3-T", 8, 0, 8, 9, 64, 3, 1000, layers, ())


A, B = network("input", "L0_36_64", "L1_36_64"), network("input", "L0_16_8", "L1_16_8", "L2_64_3")
BOTH: dict[Slot, NetworkStatus] = {"a": A, "b": B}


@pytest.mark.parametrize(
    ("source", "loaded", "playing", "parts"),
    [
        ("mix", "ab", "a", "ab"),
        ("a", "ab", "a", "a"),
        ("b", "ab", "b", "b"),
        ("mix", "a", "a", "a"),
        ("mix", "b", "b", "b"),
        ("a", "b", "b", "b"),  # what is wanted is not there: the other plays
        ("b", "a", "a", "a"),
        *((source, "", None, "") for source in SOURCES),
    ],
)
def test_which_network_plays(source, loaded, playing, parts) -> None:
    params = Params(blend=Blend(source=source))
    networks = {slot: BOTH[slot] for slot in SLOTS if slot in loaded}
    assert shown_slot(params, networks) == playing
    assert shown_network(params, networks) is (None if playing is None else BOTH[playing])
    assert "".join(slot for slot in SLOTS if has_part(slot, params, networks)) == parts


def walk(name: str, step: int, source: str = "mix") -> str:
    params = Params(layer=Layer(name=name), blend=Blend(source=source))
    return step_layer(params, BOTH, step).layer.name


def test_steps_go_through_the_network_that_plays() -> None:
    assert [walk(name, 1) for name in ("", "input", "L0", "L1")] == ["input", "L0", "L1", IMAGE]
    assert [walk("", -1, source) for source in SOURCES] == ["L1", "L1", "L2"]
    assert walk("L1", 1, "b") == "L2"
    params = Params(layer=Layer(name="L1"))
    assert step_layer(params, {}, 1) is params


def test_steps_begin_where_the_picture_is() -> None:
    assert walk("L0_148_512", 1) == "L1"  # another network's name of the layer that is shown
    assert walk("L7", 1) == "input"  # no layer here, so the image is shown
    assert walk("L0_", -1) == "L1"


def test_a_name_means_the_same_layer_for_all() -> None:
    for name in ("L1", "L1_36_64", "L1_148_512"):
        assert resolve_layer(name, A.layers) == "L1_36_64"
        assert find_layer(name, A.layers) is A.layers[2]
    for name in ("L", "L10", "L1_", "L1_36", "l1", "L1_36_64.weight", "L١", "L1\n"):
        assert resolve_layer(name, A.layers) is None
        assert find_layer(name, A.layers) is None
    assert resolve_layer(IMAGE, A.layers) == IMAGE
    assert find_layer(IMAGE, A.layers) is None


def test_portable_names_leave_sizes_out() -> None:
    assert [portable_name(layer) for layer in A.layers] == ["input", "L0", "L1"]
    for name in ("b16.conv0", "b16"):
        assert portable_name(LayerInfo(name, "b16", 16, 64)) == name


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("L12", "L12"),
        ("L1_36_64", "L1"),
        ("synthesis.L1_36_64.weight", "L1"),
        ("b16.conv0", "b16"),
        ("synthesis.b16.conv0.weight", "b16"),
        ("mapping.fc0.weight", "mapping"),
        ("input", "input"),
        ("8x8", "b8"),
        ("8x8/Conv0_up", "b8"),
        ("8x16/Conv1", None),
        ("", None),
        ("L", None),
        ("L1x", None),
        ("xL1", None),
        ("all", None),
    ],
)
def test_groups_by_name(name, group) -> None:
    assert group_named(name) == group


def test_all_is_each_group_that_has_no_amount_of_its_own() -> None:
    params = Params(blend=Blend(amounts={"all": 0.5, "L1": 0.0}))
    spread = spread_blend(params, BOTH)
    assert spread.blend.amounts == {"input": 0.5, "L0": 0.5, "L1": 0.0}  # A has no L2
    assert spread_blend(spread, BOTH) is spread
    assert spread_blend(params, {"a": A}) is params  # B may still be read
