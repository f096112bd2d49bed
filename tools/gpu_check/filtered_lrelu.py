"""Times of the filtered leaky ReLU, layer by layer."""

from __future__ import annotations

from functools import partial

import torch

from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.fast.kernels.channels_last import padded_channels, vector_length
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.filtered_lrelu.plain_launcher import PlainFilteredLrelu
from tools.gpu_check.rows import BYTES_PER_US, DEVICE, Rows
from tools.gpu_timing import median_us
from tools.published import published_geometry, published_layers, relative_error


def run_flrelu(sweep: bool) -> Rows:
    """Time and check the filtered leaky ReLU of every layer, against the plain float32 kernel.

    Args:
        sweep: time several strip heights too, and name the best.
    """
    rows: Rows = []
    for radial in (False, True):
        for layer in published_layers(radial):
            row = _time_layer(layer, radial, sweep)
            rows.append(row)
            print(row)
    for kind in "TR":
        total: dict[str, object] = {"name": f"{kind} sum"}
        mine = [r for r in rows if str(r["name"]).startswith(kind)]
        keys = ("us", "blocked_us", "floor_us")
        total |= {k: sum(float(r[k]) for r in mine) for k in keys}  # type: ignore[arg-type]
        rows.append(total)
    return rows


def _time_layer(layer: AliasFreeLayer, radial: bool, sweep: bool) -> dict[str, object]:
    geometry = published_geometry(layer.index, radial=radial)
    size, channels = layer.in_size + layer.conv_kernel - 1, layer.out_channels
    pitch = padded_channels(channels, 16)
    x = torch.randn(size, size, pitch, device=DEVICE, dtype=torch.float16)
    blocks = x.view(size, size, -1, 16).permute(2, 0, 1, 3).contiguous()
    y = torch.zeros(*geometry.out_size(size, size), pitch, device=DEVICE, dtype=x.dtype)
    bias, scale = (torch.randn(vector_length(pitch), device=DEVICE) for _ in range(2))
    clamp = torch.full_like(bias, 256.0)
    op = TensorCoreFilteredLrelu(geometry, DEVICE)
    blocked = TensorCoreFilteredLrelu(geometry, DEVICE, blocked_input=True)
    gains = scale * op.dc_correction
    reference = torch.zeros(y.shape, device=DEVICE)
    plain = PlainFilteredLrelu(geometry, DEVICE, in_dtype=torch.float16)
    plain(x, reference, channels, bias, clamp, scale)
    op(x, y, channels, bias, clamp, gains)
    of_channels = (v[..., :channels].cpu() for v in (y, reference))
    row: dict[str, object] = {
        "name": ("R " if radial else "T ") + layer.name,
        "rank": op.rank,
        "rel": relative_error(next(of_channels), next(of_channels).double()),
        "us": median_us(partial(op, x, y, channels, bias, clamp, gains)),
        "blocked_us": median_us(partial(blocked, blocks, y, channels, bias, clamp, gains)),
        "floor_us": (x.nbytes + y.nbytes) / BYTES_PER_US,
        "plain_us": median_us(
            partial(plain, x, reference, channels, bias, clamp, scale), calls=2, replays=3
        ),
    }
    if sweep:
        step, rows = 4 * geometry.up, y.shape[0]
        heights = {-(-rows // (step * parts)) * step for parts in (1, 2, 3, 4, 5, 6, 8, 10, 12)}
        times = {
            h: median_us(partial(op, x, y, channels, bias, clamp, gains, h), 5, 5)
            for h in sorted(heights)
        }
        best = min(times, key=times.__getitem__)
        row |= {"best_strip": best, "best_us": times[best]}
    return row
