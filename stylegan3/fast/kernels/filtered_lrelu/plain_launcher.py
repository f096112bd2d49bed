"""CUDA launcher of filtered leaky ReLU in plain float32 arithmetic: every shape, every GPU."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.sources import cuda_source, storage_class
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.launcher import check_operands

_CHANNELS = 8  # of a block
_SHARED_LIMIT = 64 * 1024  # [bytes] what every GPU since sm_75 has


class PlainFilteredLrelu:
    """The kernel of `filtered_lrelu_plain.cu`; the same call as `TensorCoreFilteredLrelu`.

    Args:
        geometry: any.
        device: of the filters and launches.
        in_dtype: float16 or float32.
        out_dtype: float16 or float32.

    Raises:
        ValueError: if the filters are too long for shared memory.
    """

    dc_correction = 1.0  # filters are not rounded

    def __init__(
        self,
        geometry: FilterGeometry,
        device: torch.device,
        *,
        in_dtype: torch.dtype = torch.float32,
        out_dtype: torch.dtype = torch.float32,
    ) -> None:
        self.geometry = geometry
        self._device = device
        self._in_dtype, self._out_dtype = in_dtype, out_dtype
        up, down = geometry.up_filter, geometry.down_filter
        up = np.ones(1) if up is None else up
        down = np.ones(1) if down is None else down
        self._up = torch.from_numpy((up[::-1] * geometry.up).astype(np.float32)).to(device)
        self._down = torch.from_numpy(np.flip(down).astype(np.float32)).to(device)
        self._tile, self._shared = _tile(geometry, len(up), len(down))
        self.spec = nvrtc.KernelSpec(
            "filtered_lrelu_plain",
            cuda_source(__file__, "filtered_lrelu_plain.cu"),
            (
                ("DOWN", geometry.down),
                ("DOWN_TAPS", len(down)),
                ("IN_TYPE", storage_class(in_dtype)),
                ("IS_2D", int(down.ndim == 2)),
                ("OUT_TYPE", storage_class(out_dtype)),
                ("TILE", self._tile),
                ("UP", geometry.up),
                ("UP_TAPS", len(up)),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P] in_dtype
        y: Tensor,  # [H', W', P'] out_dtype, written
        channels: int,
        bias: Tensor,
        clamp: Tensor,
        scale: Tensor,
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        check_operands(self.geometry, x, y, channels, bias, clamp, scale)
        if (x.dtype, y.dtype) != (self._in_dtype, self._out_dtype):
            raise ValueError(
                f"x and y must be {self._in_dtype} and {self._out_dtype},"
                f" not {x.dtype} and {y.dtype}"
            )
        grid = (
            -(-y.shape[2] // _CHANNELS),
            -(-y.shape[1] // self._tile),
            -(-y.shape[0] // self._tile),
        )
        nvrtc.load(self.spec, self._device)(
            grid,
            256,
            x,
            y,
            bias,
            clamp,
            scale,
            self._up,
            self._down,
            channels,
            *x.shape,
            *y.shape,
            self.geometry.padding[0],
            self.geometry.padding[2],
            float(self.geometry.gain),
            float(self.geometry.slope),
            shared=self._shared,
        )


def _tile(geometry: FilterGeometry, up_taps: int, down_taps: int) -> tuple[int, int]:
    """Return the largest tile side [px] that fits shared memory, and the bytes it takes."""
    for tile in (16, 12, 8, 6, 4, 2, 1):
        span = (tile - 1) * geometry.down + down_taps
        rows = max((span + up_taps - 2) // geometry.up + 1, tile)
        size = (rows * span + span * span) * _CHANNELS * 4
        if size <= _SHARED_LIMIT:
            return tile, size
    raise ValueError(f"filters of {up_taps} and {down_taps} taps are too long for this GPU path")
