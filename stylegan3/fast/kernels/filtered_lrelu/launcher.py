"""CUDA launchers of filtered leaky ReLU: channels last, scale, bias and clamp per channel.

Pictures are [H, W, P] (`channels_last`): padding channels of inputs are ignored, those of outputs
are zero. Per-channel vectors are float32 with `vector_length(P)` values, zero beyond the channels.

    y = scale * down(clamp(lrelu(up(x + bias)) * gain, +-clamp))

A demodulation factor d before the bias is folded by the caller, exactly, as lrelu(d v) = d lrelu(v)
for d > 0: bias / d, clamp / d, scale * d.
"""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.channels_last import check_picture, check_vectors, padded_channels
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.matrices import filter_matrices, peak_gain
from stylegan3.fast.kernels.filtered_lrelu.strips import STRIP_WIDTH, strip_steps
from stylegan3.fast.kernels.torgb.layer import TorgbLayer

_THREADS = 192


class TensorCoreFilteredLrelu:
    """The streaming float16 kernel (`filtered_lrelu.cu`); sm_80 and later.

    Args:
        geometry: where `suits_tensor_cores`.
        device: of the filter matrices and launches.
        has_clamp: False leaves the clamp out.
        blocked_input: x is [channels / 16, H, W, 16], rounded up, which loads faster.
        torgb: y is its partial sums, for `TorgbPartialSums`; the filtered signal is not stored.
    """

    def __init__(
        self,
        geometry: FilterGeometry,
        device: torch.device,
        *,
        has_clamp: bool = True,
        blocked_input: bool = False,
        torgb: TorgbLayer | None = None,
    ) -> None:
        self.geometry = geometry
        self._device = device
        self._blocked_input, self._torgb = blocked_input, torgb
        processors = multiprocessors(device)
        matrices, self.rank, self.dc_correction = filter_matrices(geometry)
        self._matrices = torch.from_numpy(matrices).to(device)
        self._peak_gain = peak_gain(geometry)
        self._first_input = geometry.first_inputs
        self._at_once = 2 * processors.count  # blocks
        # GeForce has 100 KB of shared memory for the two: less room to load ahead
        slots = 2 if geometry.up == 4 and processors.shared_bytes < 160 * 1024 else 3
        columns, step_rows = (42, 8) if geometry.up == 2 else (24, 16)
        self._shared = slots * 8 * columns * 32 + 192 + 2 * step_rows * 1024
        self._shared += 32 + 64 + 128 * geometry.up + 8 * (slots + 4)
        self.spec = nvrtc.KernelSpec(
            "filtered_lrelu",
            cuda_source(__file__, "filtered_lrelu.cu"),
            (
                ("AT_ONCE", 4 if self.rank == 1 else 1),  # on an H200
                ("CLAMP", int(has_clamp)),
                ("COLOURS", 0 if torgb is None else torgb.colours),
                ("RANK", self.rank),
                ("SLOTS", slots),
                ("UP", geometry.up),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P] float16, or [B, H, W, 16] with blocked_input
        y: Tensor,  # [H', W', P'] float16, or with ToRGB parts [.., H', W'] float32, written
        channels: int,
        bias: Tensor,
        clamp: Tensor,
        scale: Tensor,
        strip_height: int | None = None,  # [px], a multiple of 4 up; None: chosen for the GPU
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        if self._blocked_input:
            height, width = _check_blocked(x, channels)
            stored, pitch, block = x.shape[0] * 16, 16, height * width * 16
        else:
            check_picture("x", x, channels)
            (height, width, stored), pitch, block = x.shape, x.shape[2], 16
        if x.dtype != torch.float16:
            raise ValueError(f"x must be float16, not {x.dtype}")
        if self._torgb is None:
            if y.dtype != torch.float16:
                raise ValueError(f"y must be float16, not {y.dtype}")
            check_output(self.geometry, (height, width), y, channels, bias, clamp, scale)
            rows, columns, out_pitch = y.shape
        else:
            out_pitch = padded_channels(channels, 16)
            check_vectors(out_pitch, bias=bias, clamp=clamp, scale=scale)
            self._torgb.check_channels(channels)
            rows, columns = self.geometry.out_size(height, width)
            self._torgb.check_parts(y, (rows, columns))
        step = 4 * self.geometry.up  # rows that a step completes
        across, down = -(-columns // STRIP_WIDTH), -(-rows // step)
        channel_blocks = -(-out_pitch // 16)
        if strip_height is None:
            strip_height = step * strip_steps(
                down, channel_blocks * across, self._at_once, 12 if self.geometry.up == 4 else down
            )
        elif strip_height % step:
            raise ValueError(f"strip_height must be a multiple of {step}")
        nvrtc.load(self.spec, self._device)(
            (-(-rows // strip_height), channel_blocks, across),
            _THREADS,
            x,
            y,
            bias,
            clamp,
            scale,
            self._matrices,
            channels,
            height,
            width,
            stored,
            pitch,
            block,
            rows,
            columns,
            out_pitch,
            *self._first_input,
            self._peak_gain,
            strip_height,
            None if self._torgb is None else self._torgb.weight,
            shared=self._shared,
        )


def check_operands(
    geometry: FilterGeometry,
    x: Tensor,
    y: Tensor,
    channels: int,
    bias: Tensor,
    clamp: Tensor,
    scale: Tensor,
) -> None:
    """Check what a filtered leaky ReLU is given; raises ValueError."""
    check_picture("x", x, channels)
    check_output(geometry, (x.shape[0], x.shape[1]), y, channels, bias, clamp, scale)


def check_output(
    geometry: FilterGeometry,
    in_size: tuple[int, int],
    y: Tensor,
    channels: int,
    bias: Tensor,
    clamp: Tensor,
    scale: Tensor,
) -> None:
    """Check all but the input; raises ValueError."""
    check_picture("y", y, channels)
    expected = geometry.out_size(*in_size)
    if (y.shape[0], y.shape[1]) != expected:
        raise ValueError(f"y must be {expected} pixels for x {in_size}, not {tuple(y.shape)}")
    check_vectors(y.shape[2], bias=bias, clamp=clamp, scale=scale)


def _check_blocked(x: Tensor, channels: int) -> tuple[int, int]:
    if x.ndim != 4 or x.shape[3] != 16 or x.shape[0] * 16 < channels or not x.is_contiguous():
        raise ValueError(
            f"x must be a contiguous [{-(-channels // 16)}, H, W, 16], not {tuple(x.shape)}"
        )
    return x.shape[1], x.shape[2]
