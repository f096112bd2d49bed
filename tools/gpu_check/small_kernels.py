"""Times of the memory-bound kernels."""

from __future__ import annotations

from functools import partial

import torch

from stylegan3.fast.kernels.activation.launcher import (
    ActVectors,
    ModulatedAct,
    PhaseUpsample,
    TorgbOperands,
)
from stylegan3.fast.kernels.channels_last import vector_length
from stylegan3.fast.kernels.dense.launcher import Dense, FullyConnected
from stylegan3.fast.kernels.torgb.launcher import SkipLevel, TorgbConvolution, TorgbSkipSums
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from stylegan3.fast.kernels.weights.blend_edit_launcher import BlendEdit, BlendJob
from tools.gpu_check.rows import BYTES_PER_US, DEVICE, Rows
from tools.gpu_timing import median_us


def run_small() -> Rows:
    """Time the memory-bound kernels at the largest sizes of the published networks."""
    rows: Rows = []
    for size, channels in ((1024, 32), (512, 64), (256, 128), (64, 512), (8, 512)):
        x = torch.randn(size, size, channels, device=DEVICE).half()
        z = torch.randn(size // 2 + 1, size // 2 + 1, 4 * channels, device=DEVICE).half()
        image = torch.zeros(3, size, size, device=DEVICE)
        previous = torch.zeros(3, size // 2, size // 2, device=DEVICE)
        v = [torch.randn(vector_length(channels), device=DEVICE) for _ in range(3)]
        noise = torch.randn(size, size, device=DEVICE)
        vectors = ActVectors(*v, noise=noise, strength=torch.ones((), device=DEVICE))
        weight = torch.randn(3, channels, 1, 1, device=DEVICE)
        rgb = TorgbOperands(weight, v[0][:channels], v[1][:3], 0.1, image, previous)
        taps = torch.ones(2, 4, device=DEVICE)
        upsample = PhaseUpsample(dtype=torch.float16, clamp=256.0)
        plain = ModulatedAct(pitch=channels, dtype=torch.float16, clamp=256.0)
        act = ModulatedAct(pitch=channels, dtype=torch.float16, clamp=256.0, colours=3)
        last = ModulatedAct(
            pitch=channels, dtype=torch.float16, clamp=256.0, colours=3, store=False
        )
        alias_free = TorgbLayer(weight, v[1][:3], clamp=256.0, output_scale=0.25)
        torgb = TorgbConvolution(alias_free, pitch=channels, dtype=x.dtype)
        jobs = {
            "phase_upsample": (partial(upsample, z, x, channels, vectors, taps), 2 * x.nbytes),
            "act": (partial(plain, x, x, channels, vectors), 2 * x.nbytes),
            "act + torgb": (partial(act, x, x, channels, vectors, rgb, taps), 2 * x.nbytes),
            "torgb alone": (partial(last, x, None, channels, vectors, rgb, taps), x.nbytes),
            "torgb_convolution": (partial(torgb, x, image), x.nbytes),
        }
        for name, (run, size_bytes) in jobs.items():
            floor = (size_bytes + image.nbytes) / BYTES_PER_US
            rows.append({"name": f"{name} {size}", "us": median_us(run), "floor_us": floor})
    levels = [
        SkipLevel(
            torch.randn(parts, 3, size, size, device=DEVICE),
            torch.randn(3, device=DEVICE),
            torch.ones(2, 4, device=DEVICE),
        )
        for size, parts in ((4, 32), (8, 32), (16, 32), (32, 16), (64, 8), (128, 2))
    ]
    run = TorgbSkipSums(levels, torch.zeros(3, 128, 128, device=DEVICE))
    floor = sum(level.sums.nbytes for level in levels) / BYTES_PER_US
    rows.append({"name": "skip sums, 4 to 128", "us": median_us(run), "floor_us": floor})
    for columns, counts in ((512, [512]), (512, [512] * 8 + [323, 203, 128, 81, 51, 32, 32])):
        layers = [
            Dense(
                torch.randn(n, columns, device=DEVICE),
                torch.randn(n, device=DEVICE),
                torch.randn(columns, device=DEVICE),
                torch.zeros(n, device=DEVICE),
                1.0,
            )
            for n in counts
        ]
        run = FullyConnected(layers, DEVICE)
        floor = sum(counts) * columns * 4 / BYTES_PER_US
        rows.append(
            {"name": f"fully connected x{len(counts)}", "us": median_us(run), "floor_us": floor}
        )
    tensors = [torch.randn(512, 512, 3, 3, device=DEVICE) for _ in range(3)]
    blend = BlendEdit([BlendJob(*tensors)] * 10, DEVICE)
    floor = 30 * tensors[0].nbytes / BYTES_PER_US
    rows.append({"name": "blend of 10 x 2.4 M", "us": median_us(blend), "floor_us": floor})
    return rows
