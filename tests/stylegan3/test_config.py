"""Configurations of all families: they survive JSON, and refuse what no network can have."""

import dataclasses
import json

import pytest

from stylegan3 import StyleGAN2Config, StyleGAN3Config
from stylegan3.families import config_from_dict


@pytest.mark.parametrize(
    "config",
    [
        StyleGAN2Config(img_resolution=64, architecture="resnet", resample_filter=(1, 2, 1)),
        StyleGAN3Config(img_resolution=64, conv_clamp=None, num_layers=8),
    ],
    ids=["stylegan2", "stylegan3"],
)
def test_a_configuration_survives_json(config):
    assert config_from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert hash(config) == hash(dataclasses.replace(config))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StyleGAN2Config(img_resolution=48), "img_resolution must be a power of two"),
        (lambda: StyleGAN2Config(architecture="unet"), "architecture must be skip, resnet or orig"),  # pyright: ignore
        (lambda: StyleGAN2Config(channel_base=512), "channel_base must be at least img_resolution"),
        (lambda: StyleGAN2Config(resample_filter=(1, -1)), "resample_filter must be finite taps"),
        (lambda: StyleGAN2Config(activation="mish"), "activation must be one of"),
        (lambda: StyleGAN3Config(num_critical=14), "num_critical must be below num_layers"),
        (lambda: StyleGAN3Config(img_resolution=4), "img_resolution must exceed"),
        (lambda: StyleGAN3Config(channel_base=1), "channel_base is too small"),
        (lambda: StyleGAN3Config(num_layers=10**9), "num_layers must be an integer of 1 to 256"),
        (lambda: StyleGAN3Config(z_dim=True), "z_dim must be an integer"),
        (lambda: StyleGAN3Config(w_dim=0), "w_dim must be an integer of 1"),
        (lambda: StyleGAN3Config(conv_clamp=float("nan")), "conv_clamp must be a number above 0"),
        (
            lambda: config_from_dict({"family": "biggan"}),
            "family must be one of stylegan-xl, stylegan1, stylegan2, stylegan3",
        ),
        (lambda: config_from_dict({"family": "stylegan2", "zdim": 3}), "no option 'zdim'"),
    ],
)
def test_impossible_values_are_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()
