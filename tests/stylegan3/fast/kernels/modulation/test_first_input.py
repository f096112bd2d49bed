"""What the first convolution of a network reads, against float64."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor

from stylegan3.fast.kernels.modulation.first_input import ConstantInput, FourierInput
from stylegan3.fast.kernels.modulation.launcher import Modulation, ModulationVectors
from tests.support.kernels import empty, generator, planes
from tools.published import relative_error

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float16])


def fourier_input(
    device: torch.device, dtype: torch.dtype, size: tuple[int, int], channels: int
) -> FourierInput:
    """Return one that turns, moves, fades and scales."""
    rng = generator(2)
    freqs, phases = torch.randn(channels, 2, generator=rng) * 3, torch.rand(channels, generator=rng)
    weight, styles = (torch.randn(*s, generator=rng) for s in ((channels, channels), (channels,)))
    angle = 0.3
    transform = torch.tensor(
        [
            [math.cos(angle), math.sin(angle), 0.2],
            [-math.sin(angle), math.cos(angle), -0.1],
            [0, 0, 1],
        ]
    )
    pitch = -(-channels // 8) * 8
    return FourierInput(
        affine=torch.tensor([1.2, 0.4, 0.3, -0.2]).to(device),
        freqs=freqs.to(device),
        phases=phases.to(device),
        transform=transform.to(device),
        weight=weight.to(device),
        sampling_rate=16,
        bandwidth=2,
        features=empty(*size, pitch, dtype, device),
        scaled=torch.zeros(pitch, 1, 1, pitch, dtype=dtype, device=device),
        next_styles=styles.to(device),
        next_power=torch.tensor(4.0, device=device),
    )


def waves(b: FourierInput) -> Tensor:  # [1, C, H, W]
    affine, transform, freqs, phases = (
        v.cpu().double() for v in (b.affine, b.transform, b.freqs, b.phases)
    )
    t = affine / affine[:2].norm()
    rotation = torch.tensor([[t[0], -t[1], 0], [t[1], t[0], 0], [0, 0, 1]])
    move = torch.tensor([[1, 0, -t[2]], [0, 1, -t[3]], [0, 0, 1]])
    m = rotation.double() @ move.double() @ transform
    p = phases + freqs @ m[:2, 2]
    f = freqs @ m[:2, :2]
    amplitude = (1 - (f.norm(dim=1) - 2) / (16 / 2 - 2)).clamp(0, 1)
    y, x = (
        ((2 * torch.arange(side).double() + 1) / side - 1) * 0.5 * side / 16
        for side in b.features.shape[:2]
    )
    turns = x[None, :, None] * f[:, 0] + y[:, None, None] * f[:, 1] + p
    return (torch.sin(2 * math.pi * turns) * amplitude).permute(2, 0, 1)[None]


@DTYPES
@pytest.mark.parametrize(
    ("size", "channels"),
    [((36, 36), 21), ((13, 13), 200), ((3, 3), 540), ((36, 17), 21), ((5, 31), 300)],
)
def test_fourier_features_and_their_weights(
    device: torch.device, dtype: torch.dtype, size: tuple[int, int], channels: int
) -> None:
    first_input = fourier_input(device, dtype, size, channels)
    ModulationVectors([], device, first_input)()
    bound = 1e-5 if dtype == torch.float32 else 4e-4
    assert relative_error(planes(first_input.features, channels), waves(first_input)) < bound
    assert not first_input.features[..., channels:].any()
    assert first_input.next_styles is not None
    styles = first_input.next_styles.cpu().double()
    scale = styles * (styles.square().mean() + 1e-8).rsqrt() / 2 / channels**0.5
    expected = first_input.weight.cpu().double() * scale[:, None]
    scaled = first_input.scaled[:, 0, 0]
    bound = 1e-6 if dtype == torch.float32 else 4e-4
    assert relative_error(scaled[:channels, :channels], expected) < bound
    assert not scaled[channels:].any() and not scaled[:, channels:].any()


@pytest.mark.parametrize("size", [(5, 37), (36, 7), (1, 90)], ids=str)
def test_grids_that_are_not_square(device: torch.device, size: tuple[int, int]) -> None:
    first_input = fourier_input(device, torch.float32, size, 21)
    ModulationVectors([], device, first_input)()
    assert relative_error(planes(first_input.features, 21), waves(first_input)) < 1e-5


@pytest.mark.parametrize("next_gain", [None, 0.25])
def test_weights_for_nobody_and_by_a_gain(device: torch.device, next_gain: float | None) -> None:
    first_input = fourier_input(device, torch.float32, (3, 3), 21)
    scale = torch.ones(21).double()
    if next_gain is None:
        first_input = dataclasses.replace(first_input, next_styles=None, next_power=None)
    else:
        assert first_input.next_styles is not None
        scale = first_input.next_styles.cpu().double() * next_gain / 2
        first_input = dataclasses.replace(first_input, next_gain=next_gain)
    ModulationVectors([], device, first_input)()
    expected = first_input.weight.cpu().double() * scale[:, None] / 21**0.5
    assert relative_error(first_input.scaled[:21, 0, 0, :21], expected) < 1e-6


@DTYPES
@pytest.mark.parametrize("channels", [21, 300])
def test_constants_beside_vectors(device: torch.device, dtype: torch.dtype, channels: int) -> None:
    rng, pitch = generator(channels), -(-channels // 16) * 16
    constant, styles = (torch.randn(*s, generator=rng) for s in ((channels, 4, 4), (channels,)))
    y = empty(4, 4, pitch, dtype, device)
    first_input = ConstantInput(constant.to(device), styles.to(device), y)
    bias = torch.randn(9, generator=rng)
    layer = Modulation(9, *(torch.zeros(16, device=device) for _ in range(3)), bias=bias.to(device))
    ModulationVectors([layer], device, first_input)()
    s = styles.double() * (styles.double().square().mean() + 1e-8).rsqrt()
    expected = (constant.double() * s[:, None, None])[None]
    assert relative_error(planes(y, channels), expected) < (
        1e-6 if y.dtype == torch.float32 else 4e-4
    )
    assert not y[..., channels:].any()
    assert torch.equal(layer.first[:9].cpu(), bias)


def test_shapes_are_checked() -> None:
    cpu = torch.device("cpu")
    constant, styles, y = torch.zeros(5, 4, 4), torch.zeros(5), torch.zeros(4, 4, 8)
    with pytest.raises(ValueError, match="does not fit"):
        ConstantInput(constant, styles[:4], y)
    with pytest.raises(ValueError, match="contiguous float32"):
        ConstantInput(constant.half(), styles, y)
    first_input = fourier_input(cpu, torch.float32, (3, 3), 21)
    with pytest.raises(ValueError, match="affine must be of 4 values"):
        dataclasses.replace(first_input, affine=styles)
    with pytest.raises(ValueError, match="weight must be"):
        dataclasses.replace(first_input, weight=torch.zeros(21, 20))
    with pytest.raises(ValueError, match="scaled must be"):
        dataclasses.replace(first_input, scaled=first_input.scaled.half())
    with pytest.raises(ValueError, match="next_styles must have"):
        dataclasses.replace(first_input, next_styles=styles)
