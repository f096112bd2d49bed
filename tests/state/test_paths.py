import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgview.state.addresses import address_of, leaf_of
from sgview.state.bindings import bind, bound_text
from sgview.state.descriptions import name_of
from sgview.state.params import Blend, Edit, Mapping, Params
from sgview.state.paths import (
    Leaf,
    get_leaf,
    leaf_at,
    leaves,
    nearest_path,
    set_leaf,
    whole_number,
)

FULL = Params(
    edits=(Edit(tensor="a.b", channels=(0, 4)), Edit(tensor="c", channels=(1, 2))),
    blend=Blend(amounts={"L1": 0.5}),
    mapping=Mapping(class_weights=(0.0, 1.0), truncation_cutoff=3),
    sliders={"energy": 0.25},
)


def leaf(path: str) -> Leaf:
    found = leaf_at(path)
    assert found is not None
    return found


def test_every_number_and_switch_of_the_tree_is_a_leaf() -> None:
    def count(node) -> int:
        if isinstance(node, dict):
            return sum(count(item) for key, item in node.items() if key not in skipped)
        if isinstance(node, list | tuple):
            return sum(map(count, node))
        return 1

    skipped = ("bindings", "osc_out")
    assert len(list(leaves(FULL))) == count(msgspec.to_builtins(FULL))


@pytest.mark.parametrize("one", list(leaves(FULL)), ids=lambda one: one.path)
def test_every_leaf_has_an_address_and_can_be_read_and_set(one: Leaf) -> None:
    assert leaf_of(address_of(one)) == one
    value = get_leaf(FULL, one)
    assert set_leaf(FULL, one, value) == FULL
    other = {"float": 0.75, "int": 5, "bool": not value}.get(one.kind)
    if other is not None:
        if one.minimum is not None and other < one.minimum:
            other = one.minimum + 1.0
        changed = set_leaf(FULL, one, float(other))
        assert get_leaf(changed, one) == other and changed != FULL
        msgspec.convert(msgspec.to_builtins(changed), Params)  # as legal as from a file


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/sgview/noise/amplitude", "noise.amplitude"),
        ("/sgview/noise/translate/y", "noise.translate.1"),
        ("/sgview/noise/translate/1", "noise.translate.1"),
        ("/sgview/psi", "mapping.truncation_psi"),
        ("/sgview/mapping/truncation_psi", "mapping.truncation_psi"),
        ("/sgview/blend/L12", "blend.amounts.L12"),
        ("/sgview/blend/amounts/L12", "blend.amounts.L12"),
        ("/sgview/blend/master", "blend.master"),
        ("/sgview/edit/1/amount", "edits.0.amount"),
        ("/sgview/layer", "layer.name"),
        ("/sgview/layer/base_channel", "layer.base_channel"),
        ("/sgview/slider/energy", "sliders.energy"),
        ("/sgview/speed", "playback.speed"),
    ],
)
def test_addresses(address: str, path: str) -> None:
    found = leaf_of(address)
    assert found is not None and found.path == path


@pytest.mark.parametrize(
    "path",
    ["", ".", "noise", "noise.", "noise.nope", "noise.translate", "noise.translate.3", "edits.0",
     "noise.translate.-1", "edits.x.amount", "bindings.a", "osc_out.0", "blend.amounts", "a.b.c",
     "noise.amplitude.real", "edits.99999.amount", "__class__", "noise.__class__"],
)  # fmt: skip
def test_no_leaf(path: str) -> None:
    assert leaf_at(path) is None
    assert leaf_of("/sgview/" + path.replace(".", "/")) is None or path == "a.b.c"


@pytest.mark.parametrize(
    ("path", "value", "held"),
    [
        ("noise.harmonics", 99, 8),
        ("noise.harmonics", -3, 0),
        ("noise.harmonics", 2.6, 3),
        ("noise.period", -1.0, 1e-6),
        ("noise.seed", 1e300, 2**31 - 1),
        ("layer.base_channel", 1e300, 2**31 - 1),
        ("noise.offset", -1e300, -1e9),
        ("layer.gain_db", 1e300, 200.0),
        ("noise.monochrome", 0.49, False),
        ("noise.monochrome", 1, True),
        ("noise.amplitude", 3, 3.0),
        ("mapping.class_weights.4", 0.5, 0.5),
    ],
)
def test_values_are_held_to_the_range(path: str, value: float, held: float) -> None:
    changed = set_leaf(FULL, leaf(path), value)
    assert get_leaf(changed, leaf(path)) == held
    assert isinstance(get_leaf(changed, leaf(path)), type(held))


@pytest.mark.parametrize(
    ("path", "value"),
    [("noise.amplitude", math.nan), ("noise.amplitude", math.inf), ("noise.amplitude", "1"),
     ("noise.type", 1.0), ("noise.type", "perlin9d"), ("noise.seed", math.nan)],
)  # fmt: skip
def test_what_a_leaf_cannot_be_is_refused(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"noise\."):
        set_leaf(FULL, leaf(path), value)


def test_an_item_that_is_gone_is_refused() -> None:
    for path in ("edits.5.amount", "edits.2.channels.0"):
        with pytest.raises(LookupError):
            set_leaf(FULL, leaf(path), 1.0)


def test_nearest_path() -> None:
    assert nearest_path("noise.ampltude", Params()) == "noise.amplitude"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("noise.translate/edits0123456789blendamounts_x"), max_size=30))
def test_any_path_is_a_leaf_or_none(path: str) -> None:
    found = leaf_at(path)
    if found is not None:
        try:
            get_leaf(FULL, found)
        except LookupError:
            return


@pytest.mark.parametrize("digit", ["²", "٣", "１", "-1", "+1", "1_0", " 1", "", "99999", "0x1"])
def test_places_are_a_few_digits_and_nothing_else(digit: str) -> None:
    assert whole_number(digit) is None
    params = Params(edits=(Edit(tensor="a"), Edit(tensor="b")))
    path = f"edits.{digit}.amount"
    assert leaf_at(path) is None
    assert leaf_of(f"/sgview/edit/{digit}/amount") is None
    assert bound_text(params, path) == ""
    assert bind(params, path, "t").edits == params.edits
    assert name_of(path)


def test_a_path_has_an_end() -> None:
    assert leaf_at("sliders." + "x" * 1000) is None
