"""The sizes that follow from StyleGAN2's options."""

import pytest

from stylegan3 import StyleGAN2Config
from stylegan3.families import config_from_dict


def test_stylegan2_1024():
    config = StyleGAN2Config()
    assert config.block_resolutions == (4, 8, 16, 32, 64, 128, 256, 512, 1024)
    channels = [config.channels(r) for r in config.block_resolutions]
    assert channels == [512, 512, 512, 512, 512, 256, 128, 64, 32]
    assert config.num_ws == 18
    assert [r for r in config.block_resolutions if config.is_fp16(r)] == [128, 256, 512, 1024]
    small = StyleGAN2Config(img_resolution=16)
    assert [r for r in small.block_resolutions if small.is_fp16(r)] == [8, 16]


def test_widths_of_its_own():
    """As pruned networks have them, and rosinality's with a channel multiplier of 3."""
    config = StyleGAN2Config(img_resolution=32, block_channels=(512, 512, 512, 768))
    assert [config.channels(r) for r in config.block_resolutions] == [512, 512, 512, 768]
    assert config_from_dict(config.to_dict()) == config


def test_widths_that_are_those_of_the_rule():
    rule = StyleGAN2Config(img_resolution=16, channel_base=128, channel_max=16)
    given = StyleGAN2Config(
        img_resolution=16, channel_base=128, channel_max=16, block_channels=(16, 16, 8)
    )
    assert given == rule and given.block_channels is None


@pytest.mark.parametrize("widths", [(8, 8), (8, 8, 8, 8), (8, 8, 0), (8, 8, 1 << 20), (8, 8, 0.5)])
def test_widths_that_no_network_has(widths):
    with pytest.raises(ValueError, match="block_channels must be 3 integers"):
        StyleGAN2Config(img_resolution=16, block_channels=widths)
