"""Stages of StyleGAN-XL: their layers, names and rates."""

from dataclasses import replace

import numpy as np
import pytest

from stylegan3 import Generator, StyleGAN3Config, StyleGANXLConfig
from stylegan3.families import config_from_dict
from tests.support.networks import SMALL_XL


def names(config: StyleGANXLConfig) -> list[str]:
    return [layer.name.partition("_")[0] for layer in config.layers]


def test_a_stem_alone_is_stylegan3() -> None:
    stem = StyleGANXLConfig(img_resolution=32, num_layers=7)
    assert stem.layers == StyleGAN3Config(img_resolution=32, num_layers=7).layers
    assert stem.num_ws == 9


def test_numbers_have_a_gap_before_the_first_stage_and_none_after() -> None:
    once = StyleGANXLConfig(img_resolution=32, head_layers=(7,), up_factors=(2,))
    assert names(once) == [f"L{i}" for i in range(17) if i != 8]
    assert once.num_ws == 17
    twice = StyleGANXLConfig(img_resolution=64, num_layers=7, head_layers=(4, 5), up_factors=(2, 2))
    assert names(twice) == [f"L{i}" for i in range(14) if i != 5]
    assert twice.num_ws == 14


@pytest.mark.parametrize("factors", [(64,), (4, 16), (2, 2, 2, 2, 2, 2), (16, 4)])
def test_stages_continue_the_features_below(factors: tuple[int, ...]) -> None:
    config = StyleGANXLConfig(
        img_resolution=1024, head_layers=(7,) * len(factors), up_factors=factors
    )
    assert config.stem_resolution == 16
    for below, layer in zip(config.layers, config.layers[1:], strict=False):
        assert layer.in_channels == below.out_channels
        assert layer.in_size == below.out_size
        assert layer.in_sampling_rate == below.out_sampling_rate
        assert layer.in_cutoff == below.out_cutoff
        assert np.isclose(layer.in_half_width, below.out_half_width)
        assert layer.up_factor * layer.in_sampling_rate == layer.tmp_sampling_rate
    critical = [layer.is_critically_sampled for layer in config.layers]
    assert critical == [False] * (len(critical) - 3) + [True] * 3
    last = config.layers[-1]
    assert (last.is_torgb, last.out_size, last.out_channels) == (True, 1024, 3)


def test_rates_may_rise_by_more_than_2_at_once() -> None:
    config = StyleGANXLConfig(img_resolution=1024, head_layers=(5,), up_factors=(64,))
    assert max(layer.up_factor for layer in config.layers) > 4


def test_float16_is_judged_stage_by_stage() -> None:
    config = StyleGANXLConfig(img_resolution=1024, head_layers=(7,), up_factors=(64,))
    is_fp16 = [config.is_fp16(i) for i in range(len(config.layers))]
    assert all(is_fp16[:8]) and not is_fp16[8] and is_fp16[-1]


def test_values_survive_the_way_through_json() -> None:
    assert config_from_dict(SMALL_XL.to_dict()) == SMALL_XL


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head_layers": (5,)}, "same number of stages"),
        ({"head_layers": (5, 2)}, "head_layers must be integers of 3"),
        ({"up_factors": (2, 1)}, "up_factors must be integers of 2"),
        ({"up_factors": (2, 2.0)}, "up_factors must be integers"),
        ({"up_factors": [2, 2]}, "up_factors must be at most 8 integers"),
        ({"head_layers": (5,) * 9, "up_factors": (2,) * 9}, "at most 8"),
        ({"img_resolution": 66}, "multiple of 4 px"),
        ({"num_layers": 3}, "num_layers must exceed 3"),
        ({"num_critical": 1}, "num_critical must be 2"),
        ({"c_dim": 7}, "embed_classes must be at least c_dim = 7"),
        ({"embed_features": 0}, "embed_features"),
    ],
)
def test_impossible_values_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SMALL_XL, **changes)


def test_a_network_without_embedding() -> None:
    config = replace(SMALL_XL, c_dim=0, embed_classes=0)
    assert not [name for name in Generator(config).state_dict() if "embed" in name]
