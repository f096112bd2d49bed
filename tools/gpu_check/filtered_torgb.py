"""Times of StyleGAN3's last filter and ToRGB: the filter storing ToRGB's sums, or its output."""

from __future__ import annotations

from functools import partial

import torch

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.torgb.launcher import TorgbConvolution, TorgbPartialSums
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from tools.gpu_check.rows import BYTES_PER_US, DEVICE, Rows
from tools.gpu_timing import median_us
from tools.published import published_config, published_geometry, relative_error


def run_torgb(sweep: bool) -> Rows:
    """Time and compare both ways at several resolutions, input in blocks of channels.

    Args:
        sweep: time several strip heights of the filter with sums too, and name the best.
    """
    return [
        _time(radial, resolution, sweep)
        for radial in (False, True)
        for resolution in (1024, 512, 256)
    ]


def _time(radial: bool, resolution: int, sweep: bool) -> dict[str, object]:
    config = published_config(radial, resolution)
    layer = config.layers[config.num_layers - 1]
    geometry = published_geometry(layer.index, radial=radial, resolution=resolution)
    channels, size = layer.out_channels, layer.in_size + layer.conv_kernel - 1
    pitch, out_size = padded_channels(channels, 16), geometry.out_size(size, size)
    x = torch.randn(pitch // 16, size, size, 16, device=DEVICE, dtype=torch.float16)
    between = torch.zeros(*out_size, pitch, device=DEVICE, dtype=torch.float16)
    pictures = torch.zeros(2, 3, *out_size, device=DEVICE)
    bias, scale = (torch.randn(pitch, device=DEVICE) for _ in range(2))
    bias[channels:] = scale[channels:] = 0
    clamp = torch.full_like(bias, 256.0)
    rgb = TorgbLayer(
        torch.randn(3, channels, 1, 1, device=DEVICE), torch.randn(3, device=DEVICE), 256.0, 0.25
    )
    parts = torch.zeros(rgb.parts_shape(out_size), device=DEVICE)
    fused = TensorCoreFilteredLrelu(geometry, DEVICE, blocked_input=True, torgb=rgb)
    sums = TorgbPartialSums(rgb, out_size)
    alone = TensorCoreFilteredLrelu(geometry, DEVICE, blocked_input=True)
    torgb = TorgbConvolution(rgb, pitch=pitch, dtype=torch.float16)
    run_fused = partial(fused, x, parts, channels, bias, clamp, scale)
    run_sums = partial(sums, parts, pictures[0])
    run_alone = partial(alone, x, between, channels, bias, clamp, scale)
    run_torgb = partial(torgb, between, pictures[1])

    def by_parts() -> None:
        run_fused()
        run_sums()

    def in_turn() -> None:
        run_alone()
        run_torgb()

    by_parts()
    in_turn()
    row: dict[str, object] = {
        "name": f"{'R' if radial else 'T'} {resolution}",
        "channels": channels,
        "rel": relative_error(pictures[0], pictures[1].cpu().double()),
        "us": median_us(by_parts),
        "in_turn_us": median_us(in_turn),
        "fused_us": median_us(run_fused),
        "sums_us": median_us(run_sums),
        "filter_us": median_us(run_alone),
        "torgb_us": median_us(run_torgb),
        "floor_us": (x.nbytes + 2 * parts.nbytes + pictures[0].nbytes) / BYTES_PER_US,
    }
    if sweep:
        step = 4 * geometry.up
        steps = -(-out_size[0] // step)
        heights = {-(-steps // share) * step for share in (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32)}
        times = {h: median_us(partial(run_fused, h), 5, 5) for h in sorted(heights)}
        best = min(times, key=times.__getitem__)
        row |= {"best_strip": best, "best_us": times[best], "times": str(times)}
    return row
