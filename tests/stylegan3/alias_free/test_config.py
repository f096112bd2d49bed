"""The sizes, rates and filters that follow from StyleGAN3's options."""

from stylegan3 import StyleGAN3Config

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
