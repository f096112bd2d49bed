"""NaN passes through every kernel with a clamp: a picture that has one must not be shown."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from stylegan3.fast.kernels.activation.launcher import (
    ActVectors,
    ModulatedAct,
    PhaseUpsample,
    resampling_taps,
)
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.filtered_lrelu.plain_launcher import PlainFilteredLrelu
from stylegan3.fast.kernels.torgb.launcher import TorgbConvolution
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from stylegan3.ops.filters import resample_filter
from tests.support.kernels import empty, picture, vector
from tools.published import published_geometry

HALF = torch.float16


def with_nan(x: Tensor, device: torch.device) -> Tensor:
    x[2, 3, 1] = torch.nan
    return x.to(device)


def vectors(device: torch.device, *, bad_bias: bool) -> list[Tensor]:
    made = [vector(16, 16, seed).abs() + 0.5 for seed in range(3)]
    if bad_bias:
        made[0][1] = torch.nan
    return [v.to(device) for v in made]


@pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "tensor cores"])
@pytest.mark.parametrize("where", ["pixel", "bias"])
def test_filtered_lrelu(device: torch.device, is_plain: bool, where: str) -> None:
    geometry = published_geometry(2, radial=False)
    if is_plain:
        op = PlainFilteredLrelu(geometry, device, in_dtype=HALF, out_dtype=HALF)
    else:
        op = TensorCoreFilteredLrelu(geometry, device)
    x = picture(20, 20, 16, 16, HALF, seed=1)
    x = with_nan(x, device) if where == "pixel" else x.to(device)
    y = empty(*geometry.out_size(20, 20), 16, HALF, device).zero_()
    op(x, y, 16, *vectors(device, bad_bias=where == "bias"))
    assert torch.isnan(y[..., 1]).any()
    assert torch.isfinite(y[..., 2:]).all()


@pytest.mark.parametrize("where", ["pixel", "bias"])
def test_activations(device: torch.device, where: str) -> None:
    x = picture(6, 6, 16, 16, HALF, seed=1)
    x = with_nan(x, device) if where == "pixel" else x.to(device)
    act = ActVectors(*vectors(device, bad_bias=where == "bias"))
    y = empty(6, 6, 16, HALF, device).zero_()
    ModulatedAct(pitch=16, dtype=HALF, clamp=1.0)(x, y, 16, act)
    assert torch.isnan(y[..., 1]).any()
    assert torch.isfinite(y[..., 2:]).all()


@pytest.mark.parametrize("where", ["pixel", "bias"])
def test_upsampling(device: torch.device, where: str) -> None:
    z = picture(5, 5, 64, 64, HALF, seed=1)
    z = with_nan(z, device) if where == "pixel" else z.to(device)
    taps = resampling_taps(resample_filter([1, 3, 3, 1]))
    assert taps is not None
    act = ActVectors(*vectors(device, bad_bias=where == "bias"))
    y = empty(8, 8, 16, HALF, device).zero_()
    PhaseUpsample(dtype=HALF, clamp=1.0)(z, y, 16, act, taps.to(device))
    assert torch.isnan(y[..., 1]).any()
    assert torch.isfinite(y[..., 2:]).all()


def test_torgb(device: torch.device) -> None:
    x = with_nan(picture(6, 6, 16, 16, HALF, seed=1), device)
    weight, bias = torch.ones(3, 16, 1, 1, device=device), torch.zeros(3, device=device)
    rgb = TorgbLayer(weight, bias, clamp=1.0, output_scale=1.0)
    op = TorgbConvolution(rgb, pitch=16, dtype=HALF)
    y = torch.zeros(3, 6, 6, device=device)
    op(x, y)
    assert torch.isnan(y).sum() == 3
