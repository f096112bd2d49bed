"""What the published names of layers and tensors say."""

import pytest

import stylegan3
from stylegan3.layers import (
    AliasFreeName,
    BlockName,
    alias_free_name,
    block_name,
    group_of,
    is_alias_free,
    place_of,
    scale_invariant,
)


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("synthesis.L6_36_512", AliasFreeName(6, 36, 512, "L6_36_512")),
        ("synthesis.L10_36_512.weight", AliasFreeName(10, 36, 512, "L10_36_512", "weight")),
        ("synthesis.L1_8_4.affine.bias", AliasFreeName(1, 8, 4, "L1_8_4", "affine.bias")),
        ("synthesis.L1_8_4.", None),
        ("synthesis.L1_8.weight", None),
        ("synthesis.L1.weight", None),
        ("L1_8_4.weight", None),
        ("a.synthesis.L1_8_4.weight", None),
        ("synthesis.L١_8_4.weight", None),
        (f"synthesis.L{10**6}_8_4.weight", None),
    ],
)
def test_stylegan3(name, parsed) -> None:
    assert alias_free_name(name) == parsed
    assert block_name(name) is None
    assert is_alias_free([name]) == (parsed is not None and bool(parsed.tensor))


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("synthesis.b16", BlockName(16, "b16")),
        ("synthesis.b16.conv0.weight", BlockName(16, "b16", "conv0.weight")),
        ("synthesis.b4.const", BlockName(4, "b4", "const")),
        ("synthesis.b.const", None),
        ("synthesis.b16x.const", None),
        ("b16.fromrgb.weight", None),
        (f"synthesis.b{10**6}.const", None),
    ],
)
def test_stylegan2(name, parsed) -> None:
    assert block_name(name) == parsed
    assert alias_free_name(name) is None


def test_places_leave_sizes_out() -> None:
    assert place_of("synthesis.L6_36_512.weight") == "synthesis.L6.weight"
    for name in ("synthesis.b16.conv0.weight", "synthesis.input.weight", "mapping.w_avg"):
        assert place_of(name) == name


@pytest.mark.parametrize("file", ["sg3-t-64-a.pkl", "sg2-64-a.pkl", "sg2-cond-resnet-32.pkl"])
def test_names_of_generators(reference, file) -> None:
    generator: stylegan3.Generator = reference(file)[0]
    tensors = generator.state_dict()
    layers = generator.synthesis.layers
    groups = {"mapping", "input"} if is_alias_free(tensors) else {"mapping"}
    assert set(map(group_of, tensors)) == {layer.group for layer in layers} | groups
    invariant = scale_invariant(tensors)
    for name in tensors:
        is_convolution = name.endswith(("conv0.weight", "conv1.weight"))
        layer = alias_free_name(name)
        if layer is not None:
            is_convolution = layer.tensor == "weight" and layer.name != layers[-1].name
        assert (name in invariant) == is_convolution
