"""The sizes that follow from StyleGAN2's options."""

from stylegan3 import StyleGAN2Config


def test_stylegan2_1024():
    config = StyleGAN2Config()
    assert config.block_resolutions == (4, 8, 16, 32, 64, 128, 256, 512, 1024)
    channels = [config.channels(r) for r in config.block_resolutions]
    assert channels == [512, 512, 512, 512, 512, 256, 128, 64, 32]
    assert config.num_ws == 18
    assert [r for r in config.block_resolutions if config.is_fp16(r)] == [128, 256, 512, 1024]
    small = StyleGAN2Config(img_resolution=16)
    assert [r for r in small.block_resolutions if small.is_fp16(r)] == [8, 16]
