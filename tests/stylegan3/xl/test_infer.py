"""StyleGAN-XL's options from names and shapes."""

from dataclasses import replace

import pytest

from stylegan3 import StyleGANXLConfig
from stylegan3.checkpoints.completeness import expected_shapes
from stylegan3.xl.infer import infer_stylegan_xl
from tests.support.networks import SMALL_XL

SMALL = {"z_dim": 8, "w_dim": 8, "channel_base": 512, "channel_max": 16, "embed_features": 4}
SMALL |= {"embed_classes": 9}
CONFIGS = {
    "stem": StyleGANXLConfig(**SMALL),
    "stem of 64 px": StyleGANXLConfig(**SMALL, img_resolution=64, num_layers=14, c_dim=3),
    "one stage": StyleGANXLConfig(
        **SMALL, img_resolution=32, head_layers=(7,), up_factors=(2,), c_dim=9
    ),
    "x 16": StyleGANXLConfig(**SMALL, img_resolution=256, head_layers=(7,), up_factors=(16,)),
    "three stages": StyleGANXLConfig(
        **SMALL, img_resolution=128, num_layers=10, head_layers=(7, 6, 5), up_factors=(2, 2, 2)
    ),
    "as published, 1024 px": StyleGANXLConfig(
        z_dim=64,
        c_dim=1000,
        img_resolution=1024,
        channel_max=512,
        head_layers=(7, 5, 5, 5),
        up_factors=(2, 4, 4, 2),
    ),
    "a width between two bases": StyleGANXLConfig(
        z_dim=8,
        w_dim=8,
        img_resolution=128,
        num_layers=5,
        channel_base=700,
        channel_max=24,
        head_layers=(7,),
        up_factors=(8,),
    ),
    "R": replace(SMALL_XL, conv_kernel=1, use_radial_filters=True),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_same_layers_come_back(name: str) -> None:
    config = CONFIGS[name]
    shapes = expected_shapes(config)
    found = StyleGANXLConfig(**infer_stylegan_xl(shapes))
    assert expected_shapes(found) == shapes
    steps = [(g.up_factor, g.down_factor, g.padding) for g in config.layers]
    assert [(g.up_factor, g.down_factor, g.padding) for g in found.layers] == steps


@pytest.mark.parametrize("name", CONFIGS)
def test_with_frequencies_the_same_configuration_comes_back(name: str) -> None:
    config = CONFIGS[name]
    cutoffs = {layer.name: layer.out_cutoff for layer in config.layers}
    found = StyleGANXLConfig(**infer_stylegan_xl(expected_shapes(config), cutoffs))
    assert (found.head_layers, found.up_factors) == (config.head_layers, config.up_factors)
    assert [g.in_half_width for g in found.layers] == [g.in_half_width for g in config.layers]


def test_missing_layers_are_told() -> None:
    shapes = expected_shapes(CONFIGS["one stage"])
    for layer in ("L3_", "L12_"):
        rest = {name: shape for name, shape in shapes.items() if f".{layer}" not in name}
        with pytest.raises(ValueError, match="do not count from L0 upwards"):
            infer_stylegan_xl(rest)


def test_layers_of_no_network_are_refused_soon() -> None:
    shapes = expected_shapes(CONFIGS["three stages"])
    wrong = {name.replace("_148_", "_150_"): shape for name, shape in shapes.items()}
    with pytest.raises(ValueError, match="no published configuration"):
        infer_stylegan_xl(wrong)
    alike = {f"synthesis.L{i + (i > 7)}_36_8.weight": (8, 8, 3, 3) for i in range(64)}
    alike |= {"synthesis.L65_4096_3.weight": (3, 8, 1, 1), "mapping.embed.weight": (9, 4)}
    alike |= {"mapping.fc0.weight": (8, 8), "mapping.w_avg": (8,)}
    with pytest.raises(ValueError, match="no published configuration"):
        infer_stylegan_xl(alike)
