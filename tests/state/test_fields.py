"""Every value of `Params` says what people see of it, and everything reads it there."""

import inspect
import math
from typing import get_args, get_origin, get_type_hints

import pytest

from sgview import resources
from sgview.state import params as tree
from sgview.state.addresses import address_of
from sgview.state.descriptions import default_of, name_of, usual_range
from sgview.state.fields import fields_of
from sgview.state.morph import morph
from sgview.state.operations import OPERATIONS
from sgview.state.params import Blend, Edit, Mapping, Node, Params
from sgview.state.paths import Leaf, get_leaf, leaf_at, leaves, set_leaf
from tools import controls_page

FULL = Params(
    edits=(Edit(tensor="a.b", channels=(0, 4)), Edit(tensor="c", operation="roll")),
    blend=Blend(amounts={"L1": 0.5}),
    mapping=Mapping(class_weights=(0.0, 1.0), truncation_cutoff=3),
    sliders={"energy": 0.25},
)
LEAVES = list(leaves(FULL))
NUMBERS = [leaf for leaf in LEAVES if leaf.kind in ("int", "float")]
NODES = [node for _, node in inspect.getmembers(tree, inspect.isclass) if issubclass(node, Node)]
NO_CONTROLS = {"bindings", "osc_out"}  # they say where values come from and go


def leaf(path: str) -> Leaf:
    found = leaf_at(path)
    assert found is not None
    return found


def by_path(one: Leaf) -> str:
    return one.path


@pytest.mark.parametrize("node", NODES)
def test_every_member_of_the_tree_is_a_branch_or_has_a_field(node: type) -> None:
    for name, hint in get_type_hints(node).items():
        items = get_args(hint) if get_origin(hint) is tuple else (hint,)
        is_branch = any(inspect.isclass(item) and issubclass(item, Node) for item in items)
        if not name.startswith("__") and not (node is Params and name in NO_CONTROLS):
            assert is_branch != (name in fields_of(node)), name


@pytest.mark.parametrize("one", LEAVES, ids=by_path)
def test_every_leaf_has_label_help_and_a_usual_range(one: Leaf) -> None:
    field = one.field
    assert field.label.strip() == field.label != ""
    assert field.help.strip() == field.help != ""
    low, high = field.usual
    assert math.isfinite(low) and math.isfinite(high) and low < high
    assert field.digits >= 0 and field.step > 0


@pytest.mark.parametrize("one", NUMBERS, ids=by_path)
def test_usual_range_default_and_neutral_value_are_allowed(one: Leaf) -> None:
    low, high = one.field.usual
    least = -math.inf if one.minimum is None else one.minimum
    most = math.inf if one.maximum is None else one.maximum
    # "Greater than 0" may be shown from 0.
    assert least <= low or (low == 0.0 and 0.0 < least < 1e-5)
    assert high <= most
    if one.default is not None:
        assert low <= one.default <= high
    if one.field.neutral is not None:
        assert least <= one.field.neutral <= most


@pytest.mark.parametrize("one", [one for one in LEAVES if one.choices], ids=by_path)
def test_every_word_that_is_allowed_has_a_label(one: Leaf) -> None:
    if one.parts[-1] == "operation":
        assert set(one.choices) == set(OPERATIONS)
        return
    assert sorted(option.value for option in one.field.options) == sorted(one.choices)
    labels = [option.label for option in one.field.options]
    assert all(labels) and len(set(labels)) == len(labels)


def test_addresses_and_names_are_unique() -> None:
    addresses = [address_of(one) for one in LEAVES]
    assert len(set(addresses)) == len(addresses)
    names = [name_of(one.path) for one in LEAVES if "channels" not in one.parts]
    assert len(set(names)) == len(names)


def test_default_is_what_the_tree_holds_at_first() -> None:
    for one in leaves(Params()):
        assert one.default == get_leaf(Params(), one)
    absent = ("blend.amounts.L3", "sliders.energy", "mapping.class_weights.7")
    assert [get_leaf(Params(), leaf(path)) for path in absent] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("noise.amplitude", "Noise amplitude"),
        ("noise.translate.1", "Noise translate y"),
        ("noise.translate", "Noise translate"),
        ("noise", "Noise"),
        ("mapping.truncation_psi", "Truncation psi"),
        ("mapping.class_weights.3", "Class 3"),
        ("mapping.class_weights", "Class"),
        ("blend.amounts.L12", "Blend L12"),
        ("blend.amounts", "Blend"),
        ("blend.master", "Blend master"),
        ("edits.0.amount", "Edit 1 amount"),
        ("edits.0", "Edit 1"),
        ("edits", "Edits"),
        ("sliders.energy", "Slider energy"),
        ("playback.speed", "Speed"),
        ("view.fit", "Size of the picture"),
    ],
)
def test_names(path: str, name: str) -> None:
    assert name_of(path) == name


def test_the_amount_of_an_edit_is_described_by_its_operation() -> None:
    first, second = leaf("edits.0.amount"), leaf("edits.1.amount")
    assert usual_range(FULL, first) == (-2.0, 2.0) == first.field.usual
    assert usual_range(FULL, second) == (0.0, 64.0)
    assert (default_of(FULL, first), default_of(FULL, second)) == (1.0, 0.0)
    assert usual_range(FULL, leaf("noise.amplitude")) == (0.0, 2.0)
    assert usual_range(Params(), first) == first.field.usual  # an edit that is gone


@pytest.mark.parametrize("one", NUMBERS, ids=by_path)
def test_numbers_slide_but_those_that_are_names(one: Leaf) -> None:
    if one.parts[0] in ("edits", "sliders") or one.path == "mapping.class_weights.0":
        return
    is_narrow = one.maximum is not None and one.maximum < 6.0
    low, high = (0.0, one.maximum) if is_narrow else (2.0, 6.0)
    if one.minimum is not None and one.minimum > low:
        low, high = one.minimum, one.minimum + 4.0
    start, end = set_leaf(FULL, one, low), set_leaf(FULL, one, high)
    between = get_leaf(morph(start, end, 0.25), one)
    assert between == (low if one.field.is_name else low + (high - low) / 4.0)


def test_what_may_be_left_to_the_network_can_be_set_to_none() -> None:
    cutoff = leaf("mapping.truncation_cutoff")
    assert cutoff.is_optional and cutoff.field.none
    assert set_leaf(FULL, cutoff, None).mapping.truncation_cutoff is None
    with pytest.raises(ValueError, match="not None"):
        set_leaf(FULL, leaf("noise.amplitude"), None)


def test_the_page_of_controls_is_of_today() -> None:
    text = controls_page.PAGE.read_text(encoding="utf-8")
    assert text == controls_page.page(), "run tools/controls_page.py"


def test_the_default_file_names_every_word() -> None:
    text = resources.config("default.toml").read_text(encoding="utf-8")
    for one in leaves(Params()):
        section = f"[{'.'.join(['params', *map(str, one.parts[:-1])])}]"
        if not one.choices:
            continue
        lines = text[text.index(section) :].partition("\n[")[0].splitlines()
        line = next(line for line in lines if line.startswith(f"{one.parts[-1]} ="))
        assert not [choice for choice in one.choices if choice not in line], line
    assert f"# {' '.join(OPERATIONS)}" in text
