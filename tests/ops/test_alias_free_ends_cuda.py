"""Fourier features and StyleGAN3's ToRGB against float64."""

from __future__ import annotations

import math

import pytest
import torch
from kernel_reference import empty, generator, picture, planes, relative_error

from stylegan3.ops.alias_free_ends_cuda import AliasFreeToRgb, InputFeatures


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize(("size", "channels"), [(36, 21), (13, 200)])
def test_input_features(device: torch.device, dtype: torch.dtype, size: int, channels: int) -> None:
    rng = generator(2)
    freqs, phases = torch.randn(channels, 2, generator=rng) * 3, torch.rand(channels, generator=rng)
    angle = 0.3
    transform = torch.tensor(
        [
            [math.cos(angle), math.sin(angle), 0.2],
            [-math.sin(angle), math.cos(angle), -0.1],
            [0, 0, 1],
        ]
    )
    affine = torch.tensor([1.2, 0.4, 0.3, -0.2])
    live = [v.to(device) for v in (freqs, phases, transform)]
    op = InputFeatures(*live, sampling_rate=16, bandwidth=2, dtype=dtype)
    pitch = -(-channels // 8) * 8
    y = empty(size, size, pitch, dtype, device)
    op(affine.to(device), y)
    t = affine.double() / affine[:2].double().norm()
    rotation = torch.tensor([[t[0], -t[1], 0], [t[1], t[0], 0], [0, 0, 1]])
    move = torch.tensor([[1, 0, -t[2]], [0, 1, -t[3]], [0, 0, 1]])
    m = rotation.double() @ move.double() @ transform.double()
    p = phases.double() + freqs.double() @ m[:2, 2]
    f = freqs.double() @ m[:2, :2]
    amplitude = (1 - (f.norm(dim=1) - 2) / (16 / 2 - 2)).clamp(0, 1)
    grid = ((2 * torch.arange(size).double() + 1) / size - 1) * 0.5 * size / 16
    turns = grid[None, :, None] * f[:, 0] + grid[:, None, None] * f[:, 1] + p
    expected = (torch.sin(2 * math.pi * turns) * amplitude).permute(2, 0, 1)[None]
    bound = 1e-5 if dtype == torch.float32 else 4e-4
    assert relative_error(planes(y, channels), expected) < bound
    assert not y[..., channels:].any()


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
    op = AliasFreeToRgb(
        weight.to(device), bias.to(device), pitch=pitch, dtype=dtype, clamp=4.0, output_scale=0.25
    )
    y = torch.full((colours, 9, 7), torch.nan, device=device)
    op(x.to(device), y)
    expected = torch.nn.functional.conv2d(planes(x, channels), weight.double(), bias.double())
    assert relative_error(y, expected[0].clamp(-4, 4) * 0.25) < 1e-6
