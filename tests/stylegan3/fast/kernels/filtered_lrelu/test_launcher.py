"""The streaming float16 kernel against float64, on the emulator and on a GPU."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np
import pytest
import torch

from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.filtered_lrelu.matrices import LEAK, filter_matrices
from stylegan3.fast.kernels.filtered_lrelu.strips import strip_steps
from stylegan3.ops.upfirdn2d import upfirdn2d_ref
from tests.support.kernels import (
    columns,
    empty,
    filtered_lrelu_reference,
    generator,
    picture,
    planes,
    run_filtered_lrelu,
    vector,
)
from tools.published import published_geometry, relative_error

# Four passes rounded to float16, and a channel's scale, which alone may be off by 4.9e-4; white
# noise is the worst input.
BOUND = 1.2e-3


@pytest.mark.parametrize("radial", [False, True], ids=["t", "r"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_published_layers(device: torch.device, layer: int, radial: bool) -> None:
    geometry = published_geometry(layer, radial=radial)
    op = TensorCoreFilteredLrelu(geometry, device)
    actual, expected, padding = run_filtered_lrelu(op, geometry, device, 8, (38, 38))
    assert relative_error(actual, expected) < BOUND
    assert not padding.any()


@pytest.mark.parametrize("channels", [1, 3, 13, 16, 21])
@pytest.mark.parametrize("multiples", [(8, 8), (8, 16), (32, 32)], ids=str)
def test_any_channel_count_and_pitch(
    device: torch.device, channels: int, multiples: tuple[int, int]
) -> None:
    geometry = published_geometry(0, radial=False)
    op = TensorCoreFilteredLrelu(geometry, device)
    actual, expected, padding = run_filtered_lrelu(
        op,
        geometry,
        device,
        channels,
        (14, 15),
        in_multiple=multiples[0],
        out_multiple=multiples[1],
    )
    assert relative_error(actual, expected) < BOUND
    assert torch.equal(padding, torch.zeros_like(padding))


@pytest.mark.parametrize("layer", [0, 2], ids=["up 2", "up 4"])
@pytest.mark.parametrize("size", [(21, 40), (45, 29), (33, 77)], ids=str)
def test_any_size_and_strip(device: torch.device, layer: int, size: tuple[int, int]) -> None:
    geometry = published_geometry(layer, radial=False)
    op = TensorCoreFilteredLrelu(geometry, device)
    for strip_height in (16, 48):
        actual, expected, _ = run_filtered_lrelu(
            op, geometry, device, 5, size, strip_height=strip_height
        )
        assert relative_error(actual, expected) < BOUND


@pytest.mark.parametrize("layer", [0, 2], ids=["up 2", "up 4"])
@pytest.mark.parametrize("shift", [(4, -8), (-12, 0), (0, -24)], ids=str)
def test_rows_and_columns_with_paddings_of_their_own(
    device: torch.device, layer: int, shift: tuple[int, int]
) -> None:
    square = published_geometry(layer, radial=False)
    x0, x1, y0, y1 = square.padding
    padding = (x0 + shift[0], x1 + shift[0], y0 + shift[1], y1 + shift[1])
    geometry = replace(square, padding=padding)
    assert geometry.suits_tensor_cores(torch.float16, (9, 0))
    op = TensorCoreFilteredLrelu(geometry, device)
    actual, expected, _ = run_filtered_lrelu(op, geometry, device, 5, (33, 46))
    assert relative_error(actual, expected) < BOUND


@pytest.mark.parametrize("layer", [0, 2], ids=["up 2", "up 4"])
@pytest.mark.parametrize("pads", [(7, 9, 12, 5), (12, 6, 5, 12), (-3, 11, 8, -2)], ids=str)
def test_rows_and_columns_padded_differently(
    device: torch.device, layer: int, pads: tuple[int, int, int, int]
) -> None:
    """As where pictures are not square: columns before and after, rows before and after."""
    geometry = replace(published_geometry(layer, radial=False), padding=pads)
    assert geometry.suits_tensor_cores(torch.float16, (9, 0))
    op = TensorCoreFilteredLrelu(geometry, device)
    actual, expected, _ = run_filtered_lrelu(op, geometry, device, 5, (33, 21))
    assert relative_error(actual, expected) < BOUND


def test_clamp_acts_per_channel(device: torch.device) -> None:
    geometry = published_geometry(1, radial=False)
    op = TensorCoreFilteredLrelu(geometry, device)
    actual, expected, _ = run_filtered_lrelu(
        op, geometry, device, 8, (20, 20), scale=300.0, clamp=100.0
    )
    assert relative_error(actual, expected) < BOUND
    unclamped = TensorCoreFilteredLrelu(geometry, device, has_clamp=False)
    actual, _, _ = run_filtered_lrelu(
        unclamped, geometry, device, 8, (20, 20), scale=300.0, clamp=100.0
    )
    assert relative_error(actual, expected) > 0.1


@pytest.mark.parametrize("at_once", [1, 2, 4])
@pytest.mark.parametrize("layer", [0, 2], ids=["up 2", "up 4"])
def test_channels_side_by_side_or_in_turn(device: torch.device, layer: int, at_once: int) -> None:
    geometry = published_geometry(layer, radial=False)
    op = TensorCoreFilteredLrelu(geometry, device)
    defines = dict(op.spec.defines) | {"AT_ONCE": at_once}
    op.spec = replace(op.spec, defines=tuple(sorted(defines.items())))
    actual, expected, padding = run_filtered_lrelu(
        op, geometry, device, 21, (20, 23), out_multiple=16, junk=float("nan")
    )
    assert relative_error(actual, expected) < BOUND
    assert not padding.any()


@pytest.mark.parametrize("layer", [0, 2], ids=["up 2", "up 4"])
def test_blocks_without_a_channel_hand_over_many_steps(device: torch.device, layer: int) -> None:
    geometry = published_geometry(layer, radial=False)
    op, tall = TensorCoreFilteredLrelu(geometry, device), {"strip_height": 96}
    actual, expected, padding = run_filtered_lrelu(
        op, geometry, device, 3, (90, 20), out_multiple=32, junk=float("nan"), **tall
    )
    assert relative_error(actual, expected) < BOUND
    assert not padding.any()


@pytest.mark.parametrize("layer", [0, 2], ids=["up 2", "up 4"])
def test_input_in_blocks_of_channels(device: torch.device, layer: int) -> None:
    geometry = published_geometry(layer, radial=False)
    plain = TensorCoreFilteredLrelu(geometry, device)
    blocked = TensorCoreFilteredLrelu(geometry, device, blocked_input=True)
    x = picture(20, 23, 21, 32, torch.float16, seed=4).to(device)
    bias, clamp, scale = (vector(21, 48, seed).to(device) for seed in (1, 2, 3))
    y = [empty(*geometry.out_size(20, 23), 48, torch.float16, device) for _ in range(2)]
    plain(x, y[0], 21, bias, clamp, scale)
    blocks = x.view(20, 23, 2, 16).permute(2, 0, 1, 3).contiguous()
    blocked(blocks, y[1], 21, bias, clamp, scale)
    assert torch.equal(y[0], y[1])
    with pytest.raises(ValueError, match="16"):
        blocked(x, y[1], 21, bias, clamp, scale)
    with pytest.raises(ValueError, match="16"):
        blocked(blocks[:1], y[1], 21, bias, clamp, scale)


def test_a_clamp_that_acts_in_few_places_is_found(device: torch.device) -> None:
    """Most steps see that no clamp can act: the others must not be missed."""
    geometry = published_geometry(0, radial=False)
    op = TensorCoreFilteredLrelu(geometry, device)
    for seed in range(4):
        x = picture(36, 40, 16, 16, torch.float16, seed=seed)
        rows = torch.randint(36, (3,), generator=generator(seed))
        x[rows, 5 + 7 * seed, 4 * seed] = 500.0
        bias, clamp, scale = vector(16, 16, 1), torch.full((16,), 100.0), torch.ones(16)
        y = empty(*geometry.out_size(36, 40), 16, torch.float16, device)
        gains = (scale * op.dc_correction).to(device)
        op(x.to(device), y, 16, bias.to(device), clamp.to(device), gains)
        of_channels = (columns(v, 16) for v in (bias, clamp, scale))
        expected = filtered_lrelu_reference(geometry, planes(x, 16), *of_channels)
        assert relative_error(planes(y, 16), expected) < BOUND


@pytest.mark.parametrize("layer", [8, 11, 13])
def test_rank_leaves_the_radial_filter_close_enough(layer: int) -> None:
    """Truncation alone, on the signal the filter sees: noise, upsampled, through lrelu."""
    geometry = published_geometry(layer, radial=True)
    noise = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(5)).double()
    up = torch.from_numpy(geometry.up_filter)
    z = upfirdn2d_ref(noise, up, up=geometry.up, gain=geometry.up**2)
    z = torch.nn.functional.leaky_relu(z, 0.2)
    exact = upfirdn2d_ref(z, torch.from_numpy(geometry.down_filter), down=2)
    terms = geometry.terms()
    assert len(terms) <= 3
    total = sum(torch.outer(torch.from_numpy(c), torch.from_numpy(r)) for c, r in terms)
    if geometry.down_filter is not None and geometry.down_filter.ndim == 2:
        assert relative_error(upfirdn2d_ref(z, total, down=2), exact) < 5e-4


@pytest.mark.parametrize("layer", [0, 2, 6])
def test_dc_correction_restores_the_gain_of_the_rounded_filters(layer: int) -> None:
    geometry = published_geometry(layer, radial=True)
    _, _, correction = filter_matrices(geometry)
    assert geometry.up_filter is not None
    up = geometry.up_filter * geometry.up

    def gain(taps: np.ndarray) -> float:
        return float(taps.astype(np.float16).astype(np.float64).sum())

    leaky = gain(up * geometry.gain / (1 + LEAK)) * (1 + LEAK)  # both factors of the kernel
    rounded = gain(up) * leaky / geometry.up**2
    rounded *= sum(gain(column) * gain(row) for column, row in geometry.terms())
    assert abs(rounded * correction / geometry.gain - 1) < 1e-5 < abs(correction - 1)


@pytest.mark.parametrize("at_once", [3, 20, 264])
@pytest.mark.parametrize(("steps", "columns"), [(1, 1), (5, 32), (35, 117), (131, 66)])
def test_strips_keep_the_gpu_busy(steps: int, columns: int, at_once: int) -> None:
    def duration(share: int) -> float:  # of blocks that start whenever one ends
        ends = [0.0] * at_once
        for block in range(columns * -(-steps // share)):
            first = block % -(-steps // share) * share
            heapq.heapreplace(ends, ends[0] + min(share, steps - first) + 2.5)
        return max(ends)

    chosen = strip_steps(steps, columns, at_once, tallest=steps)
    best = min(duration(share) for share in range(1, steps + 1))
    assert duration(chosen) < 1.25 * best
    assert strip_steps(steps, columns, at_once, tallest=1) == 1


def test_shapes_are_checked(device: torch.device) -> None:
    geometry = published_geometry(0, radial=False)
    op = TensorCoreFilteredLrelu(geometry, device)
    x = torch.zeros(14, 14, 8, dtype=torch.float16, device=device)
    v = torch.zeros(16, device=device)
    with pytest.raises(ValueError, match="pixels"):
        op(x, x, 8, v, v, v)
    y = torch.zeros(*geometry.out_size(14, 14), 8, dtype=torch.float16, device=device)
    with pytest.raises(ValueError, match="bias"):
        op(x, y, 8, v[:8], v, v)
    with pytest.raises(ValueError, match="pitch"):
        op(x, y, 9, v, v, v)
    with pytest.raises(ValueError, match="strip_height"):
        op(x, y, 8, v, v, v, strip_height=12)
