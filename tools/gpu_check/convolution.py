"""Times of cuDNN's and cuBLAS' convolutions, layer by layer."""

from __future__ import annotations

from functools import partial

import torch

from stylegan3.fast.kernels.channels_last import padded_channels
from tools.gpu_check.rows import DEVICE, Rows
from tools.gpu_timing import median_us
from tools.published import published_layers


def run_conv() -> Rows:
    """Time cuDNN's and cuBLAS' convolutions, channels last, by padding of the channel counts."""
    rows: Rows = []
    shapes = [
        (
            f"{'R' if radial else 'T'} {g.name}",
            g.in_size,
            g.in_channels,
            g.out_channels,
            g.conv_kernel,
        )
        for radial in (False, True)
        for g in published_layers(radial)
    ]
    for size in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
        channels = min(32768 // size, 512)
        shapes.append((f"SG2 b{size}.conv1", size, channels, channels, -3))
        if size > 4:
            shapes.append(
                (f"SG2 b{size}.conv0", size // 2, min(65536 // size, 512), 4 * channels, 2)
            )
    for name, size, ins, outs, kernel in shapes:
        row: dict[str, object] = {"name": name}
        k, padding = abs(kernel), {3: 2, 1: 0, -3: 1, 2: 1}[kernel]
        for multiple in (8, 16, 32, 64):
            p, q = padded_channels(ins, multiple), padded_channels(outs, multiple)
            x = (
                torch.randn(1, p, size, size, device=DEVICE)
                .half()
                .to(memory_format=torch.channels_last)
            )
            w = torch.randn(q, p, k, k, device=DEVICE).half().to(memory_format=torch.channels_last)
            with torch.backends.cudnn.flags(enabled=True, benchmark=True):
                convolve = partial(torch.nn.functional.conv2d, x, w, padding=padding)
                row[f"cudnn_{multiple}"] = median_us(convolve)
            if k == 1:
                pixels, matrix = x.permute(0, 2, 3, 1).reshape(-1, p), w.reshape(q, p).t()
                row[f"mm_{multiple}"] = median_us(partial(torch.mm, pixels, matrix))
        rows.append(row)
        print(row)
    return rows
