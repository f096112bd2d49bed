import dataclasses

import pytest

from stylegan3 import Generator, StyleGAN1Config
from stylegan3.families import config_from_dict
from stylegan3.stylegan1.infer import infer_stylegan1
from tests.support.networks import SMALL1


def test_published_sizes():
    config = StyleGAN1Config()
    assert [config.channels(r) for r in config.block_resolutions] == [
        *(512, 512, 512, 512, 256, 128, 64, 32, 16)
    ]
    assert config.num_ws == 18


def test_sizes_of_a_network_that_grows():
    config = StyleGAN1Config(img_resolution=64, lod=1.25)
    assert (config.run_resolution, config.block_resolutions) == (32, (4, 8, 16, 32))
    assert config.num_ws == 10
    assert [config.torgb_weight(r) for r in config.block_resolutions] == [0, 0, 0.25, 0.75]
    assert [config.lod_of(r) for r in (4, 32, 64)] == [4, 1, 0]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("img_resolution", 48),
        ("channel_base", 16),
        ("block_channels", (8, 8)),
        ("block_channels", (8, 8, 0, 8)),
        ("block_channels", (8, 8, 8.5, 8)),
        ("blur_filter", (1.0, 1.0)),
        ("blur_filter", (1.0, -2.0, 1.0)),
        ("activation", "tanh"),
        ("mapping_activation", "linear"),
        ("program", "chainer"),
        ("lod", 4),
        ("lod", -0.5),
        ("layer_features", 0),
        ("use_instance_norm", "no"),
    ],
)
def test_impossible_values_are_named(option, value):
    with pytest.raises(ValueError, match=option):
        dataclasses.replace(SMALL1, **{option: value})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"block_channels": (9, 8, 7, 7)},
        {"c_dim": 0, "label_concat": False},
        {"use_noise": False},
    ],
)
def test_shapes_tell_the_options(changes):
    config = dataclasses.replace(SMALL1, **changes)
    shapes = {k: tuple(x.shape) for k, x in Generator(config).state_dict().items()}
    found = StyleGAN1Config(**infer_stylegan1(shapes))
    assert [found.channels(r) for r in found.block_resolutions] == [
        config.channels(r) for r in config.block_resolutions
    ]
    for name in ("z_dim", "c_dim", "w_dim", "img_resolution", "use_noise", "layer_features"):
        assert getattr(found, name) == getattr(config, name), name
    assert config_from_dict(config.to_dict()) == config
