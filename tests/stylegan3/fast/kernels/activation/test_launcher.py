"""StyleGAN2's activation, ToRGB with skip and upsampling filter against float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, leaky_relu

from stylegan3.fast.kernels.activation.launcher import (
    ActVectors,
    ModulatedAct,
    PhaseUpsample,
    TorgbOperands,
    resampling_taps,
)
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.upfirdn2d import upfirdn2d_ref, upsample2d
from tests.support.kernels import columns, empty, generator, picture, planes, vector
from tools.published import relative_error

HALF, FLOAT = torch.float16, torch.float32
CLAMP = 2.0


def make_vectors(
    device: torch.device, channels: int, pitch: int, size: tuple[int, int] | None
) -> ActVectors:
    noise = None if size is None else torch.randn(*size, generator=generator(7)).to(device)
    strength = None if size is None else torch.tensor(0.3, device=device)
    values = [vector(channels, pitch, seed).to(device) for seed in (4, 5, 6)]
    return ActVectors(*values, noise=noise, strength=strength)


def act_reference(x: Tensor, v: ActVectors, channels: int, *, activate: bool = True) -> Tensor:
    y = x * columns(v.demodulation, channels) + columns(v.bias, channels)
    if v.noise is not None and v.strength is not None:
        y = y + (v.noise * v.strength).cpu().double()
    if activate:
        y = leaky_relu(y, 0.2) * 2**0.5
    return y.clamp(-CLAMP, CLAMP)


@pytest.mark.parametrize("dtype", [HALF, FLOAT])
@pytest.mark.parametrize(("channels", "pitch"), [(3, 8), (21, 32), (40, 40), (300, 304)])
@pytest.mark.parametrize("noisy", [True, False])
def test_activation(
    device: torch.device, dtype: torch.dtype, channels: int, pitch: int, noisy: bool
) -> None:
    x = picture(5, 6, channels, pitch, dtype, seed=1)
    v = make_vectors(device, channels, pitch, (5, 6) if noisy else None)
    op = ModulatedAct(pitch=pitch, dtype=dtype, clamp=CLAMP, activate=noisy)
    y = empty(5, 6, pitch, dtype, device)
    op(x.to(device), y, channels, v)
    expected = act_reference(planes(x, channels), v, channels, activate=noisy)
    expected = expected * columns(v.next, channels)
    assert relative_error(planes(y, channels), expected) < (4e-4 if dtype == HALF else 1e-6)
    assert not y[..., channels:].any()


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize(("channels", "pitch"), [(5, 8), (32, 32), (280, 288)])
@pytest.mark.parametrize("colours", [1, 3])
def test_torgb_with_skip(
    device: torch.device, channels: int, pitch: int, colours: int, store: bool
) -> None:
    rng = generator(3)
    x = picture(6, 8, channels, pitch, HALF, seed=1)
    v = make_vectors(device, channels, pitch, (6, 8))
    f = resample_filter([1, 3, 3, 1])
    weight = torch.randn(colours, channels, 1, 1, generator=rng)
    styles, bias = torch.randn(channels, generator=rng), torch.randn(colours, generator=rng)
    previous = torch.randn(colours, 3, 4, generator=rng)
    out = torch.full((colours, 6, 8), torch.nan, device=device)
    rgb = TorgbOperands(
        *(t.to(device) for t in (weight, styles, bias)), 0.2, out, previous.to(device)
    )
    taps = resampling_taps(f)
    assert taps is not None
    op = ModulatedAct(pitch=pitch, dtype=HALF, clamp=CLAMP, store=store, colours=colours)
    y = empty(6, 8, pitch, HALF, device) if store else None
    op(x.to(device), y, channels, v, rgb, taps.to(device))
    a = act_reference(planes(x, channels), v, channels)
    w = weight.double() * styles.double()[:, None, None] * 0.2
    expected = conv2d(a, w, bias.double()).clamp(-CLAMP, CLAMP)
    expected = expected + upsample2d(previous[None].double(), f.double())
    assert relative_error(out, expected[0]) < 1e-6
    if y is not None:
        assert relative_error(planes(y, channels), a * columns(v.next, channels)) < 4e-4


@pytest.mark.parametrize("dtype", [HALF, FLOAT])
@pytest.mark.parametrize("size", [(4, 4), (8, 5), (17, 16)], ids=str)
@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 2, 5, 4)], ids=str)
def test_phase_upsample(
    device: torch.device, dtype: torch.dtype, size: tuple[int, int], taps: tuple[float, ...]
) -> None:
    channels, pitch, (h, w) = 21, 24, size
    f = resample_filter(taps)
    pair = resampling_taps(f)
    assert pair is not None
    full = picture(2 * h + 1, 2 * w + 1, channels, pitch, dtype, seed=2)
    # the phases hold junk where the transposed convolution has no sample
    z = torch.full((h + 1, 2, w + 1, 2, pitch), 9.0, dtype=dtype)
    padded = torch.full((2 * h + 2, 2 * w + 2, pitch), 9.0, dtype=dtype)
    padded[:-1, :-1] = full
    z = padded.reshape(h + 1, 2, w + 1, 2, pitch).permute(0, 2, 1, 3, 4).reshape(h + 1, w + 1, -1)
    v = make_vectors(device, channels, pitch, (2 * h, 2 * w))
    y = empty(2 * h, 2 * w, pitch, dtype, device)
    PhaseUpsample(dtype=dtype, clamp=CLAMP)(
        z.contiguous().to(device), y, channels, v, pair.to(device)
    )
    x = upfirdn2d_ref(planes(full, channels), f.double(), padding=(1, 1, 1, 1), gain=4)
    expected = act_reference(x, v, channels) * columns(v.next, channels)
    assert relative_error(planes(y, channels), expected) < (4e-4 if dtype == HALF else 1e-6)
    assert not y[..., channels:].any()


def test_a_filter_that_is_no_outer_product_is_refused() -> None:
    f = torch.rand(4, 4, generator=generator(1))
    assert resampling_taps(f) is None
    assert resampling_taps(torch.ones(3, 3)) is None
