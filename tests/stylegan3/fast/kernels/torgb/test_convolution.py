"""StyleGAN3's ToRGB against float64."""

from __future__ import annotations

import pytest
import torch

from stylegan3.fast.kernels.torgb.launcher import TorgbConvolution
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from tests.support.kernels import generator, picture, planes
from tools.published import relative_error


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize(("channels", "pitch"), [(3, 8), (32, 32), (51, 56), (270, 272)])
@pytest.mark.parametrize("colours", [1, 3])
def test_torgb(
    device: torch.device, dtype: torch.dtype, channels: int, pitch: int, colours: int
) -> None:
    rng = generator(channels)
    x = picture(9, 7, channels, pitch, dtype, seed=1)
    weight, bias = (
        torch.randn(colours, channels, 1, 1, generator=rng),
        torch.randn(colours, generator=rng),
    )
    rgb = TorgbLayer(weight.to(device), bias.to(device), clamp=4.0, output_scale=0.25)
    op = TorgbConvolution(rgb, pitch=pitch, dtype=dtype)
    y = torch.full((colours, 9, 7), torch.nan, device=device)
    op(x.to(device), y)
    expected = torch.nn.functional.conv2d(planes(x, channels), weight.double(), bias.double())
    assert relative_error(y, expected[0].clamp(-4, 4) * 0.25) < 1e-6
