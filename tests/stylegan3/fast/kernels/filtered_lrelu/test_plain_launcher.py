"""The plain kernel against float64: any factors, taps, sizes and storage."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from stylegan3 import StyleGANXLConfig
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.plain_launcher import PlainFilteredLrelu
from tests.support.kernels import run_filtered_lrelu
from tools.published import layer_geometry, published_geometry, relative_error

FLOAT, HALF = torch.float32, torch.float16


@pytest.mark.parametrize(("layer", "radial"), [(1, False), (2, True)], ids=["t", "r"])
def test_published_layers(device: torch.device, layer: int, radial: bool) -> None:
    geometry = published_geometry(layer, radial=radial)
    op = PlainFilteredLrelu(geometry, device)
    actual, expected, padding = run_filtered_lrelu(
        op, geometry, device, 11, (20, 17), in_dtype=FLOAT, out_dtype=FLOAT
    )
    assert relative_error(actual, expected) < 1e-6
    assert torch.equal(padding, torch.zeros_like(padding))


@pytest.mark.parametrize(("factor", "up"), [(4, 8), (8, 8), (16, 16)])
@pytest.mark.parametrize("radial", [False, True], ids=["t", "r"])
def test_rates_that_rise_by_more_than_2_at_once(
    device: torch.device, factor: int, up: int, radial: bool
) -> None:
    """As in a superresolution stage of StyleGAN-XL that enlarges much in few layers."""
    config = StyleGANXLConfig(
        img_resolution=16 * factor,
        head_layers=(4,),
        up_factors=(factor,),
        use_radial_filters=radial,
    )
    layer = max(config.layers, key=lambda g: g.up_factor)
    assert layer.up_factor == up
    geometry, size = layer_geometry(layer), layer.in_size + layer.conv_kernel - 1
    op = PlainFilteredLrelu(geometry, device)
    actual, expected, _ = run_filtered_lrelu(
        op, geometry, device, 1, (size, size), in_dtype=FLOAT, out_dtype=FLOAT
    )
    assert relative_error(actual, expected) < 2e-6


@pytest.mark.parametrize(("up", "up_taps"), [(1, 0), (1, 5), (2, 8), (3, 7), (4, 24)])
@pytest.mark.parametrize(("down", "down_taps"), [(1, 0), (2, 12), (3, 5)])
def test_any_factors_and_taps(
    device: torch.device, up: int, up_taps: int, down: int, down_taps: int
) -> None:
    rng = np.random.default_rng(up_taps * 16 + down_taps)
    geometry = FilterGeometry(
        rng.normal(size=up_taps) if up_taps else None,
        rng.normal(size=(down_taps, down_taps) if down == 3 else down_taps) if down_taps else None,
        up,
        down,
        (7, 9, 12, 5),
        slope=0.3,
        gain=1.7,
    )
    op = PlainFilteredLrelu(geometry, device)
    actual, expected, _ = run_filtered_lrelu(
        op, geometry, device, 3, (13, 10), in_dtype=FLOAT, out_dtype=FLOAT, clamp=1.0
    )
    assert relative_error(actual, expected) < 1e-6


@pytest.mark.parametrize(("in_dtype", "out_dtype"), [(HALF, HALF), (FLOAT, HALF), (HALF, FLOAT)])
def test_storage(device: torch.device, in_dtype: torch.dtype, out_dtype: torch.dtype) -> None:
    geometry = published_geometry(0, radial=False)
    op = PlainFilteredLrelu(geometry, device, in_dtype=in_dtype, out_dtype=out_dtype)
    actual, expected, _ = run_filtered_lrelu(
        op, geometry, device, 9, (14, 14), in_dtype=in_dtype, out_dtype=out_dtype
    )
    assert relative_error(actual, expected) < 4e-4


def test_crops(device: torch.device) -> None:
    geometry = FilterGeometry(np.ones(4) / 4, np.ones(4) / 4, 2, 2, (-3, -2, -1, -5))
    op = PlainFilteredLrelu(geometry, device)
    actual, expected, _ = run_filtered_lrelu(
        op, geometry, device, 2, (16, 15), in_dtype=FLOAT, out_dtype=FLOAT
    )
    assert relative_error(actual, expected) < 1e-6
