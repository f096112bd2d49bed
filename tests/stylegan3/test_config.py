import dataclasses
import json

import pytest

from stylegan3 import StyleGAN2Config, StyleGAN3Config
from stylegan3.families import config_from_dict

PUBLISHED_T_1024 = """
L0_36_512 L1_36_512 L2_52_512 L3_52_512 L4_84_512 L5_148_512 L6_148_512 L7_276_323
L8_276_203 L9_532_128 L10_1044_81 L11_1044_51 L12_1044_32 L13_1024_32 L14_1024_3
"""


def test_published_layers_of_stylegan3_t_1024():
    config = StyleGAN3Config()
    assert [layer.name for layer in config.layers] == PUBLISHED_T_1024.split()
    assert config.num_ws == 16
    assert [config.is_fp16(i) for i in (0, 4, 5, 6)] == [False, False, True, True]


def test_stylegan3_r_has_radial_filters_except_at_the_end():
    config = StyleGAN3Config(
        conv_kernel=1, use_radial_filters=True, channel_base=65536, channel_max=1024
    )
    radial = [layer.is_down_radial for layer in config.layers]
    assert radial == [True] * 12 + [False] * 3
    assert [layer.conv_kernel for layer in config.layers] == [1] * 15
    assert config.layers[0].out_channels == 1024


def test_stylegan3_paddings_and_factors():
    first, rising, last = (StyleGAN3Config(img_resolution=256).layers[i] for i in (0, 3, 14))
    assert (first.up_factor, first.down_factor, first.padding) == (2, 2, (9, 8))
    assert (rising.up_factor, rising.up_taps, rising.padding) == (4, 24, (-6, -9))
    assert (last.up_factor, last.up_taps, last.down_taps, last.padding) == (1, 1, 1, (0, 0))


def test_stylegan2_1024():
    config = StyleGAN2Config()
    assert config.block_resolutions == (4, 8, 16, 32, 64, 128, 256, 512, 1024)
    channels = [config.channels(r) for r in config.block_resolutions]
    assert channels == [512, 512, 512, 512, 512, 256, 128, 64, 32]
    assert config.num_ws == 18
    assert [r for r in config.block_resolutions if config.is_fp16(r)] == [128, 256, 512, 1024]
    small = StyleGAN2Config(img_resolution=16)
    assert [r for r in small.block_resolutions if small.is_fp16(r)] == [8, 16]


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
        (lambda: config_from_dict({"family": "biggan"}), "family must be one of stylegan2"),
        (lambda: config_from_dict({"family": "stylegan2", "zdim": 3}), "no option 'zdim'"),
    ],
)
def test_impossible_values_are_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()
