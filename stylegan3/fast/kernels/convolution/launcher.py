"""Convolution of one picture on Hopper's tensor cores: the launcher of `conv_wgmma.cu`.

For compute capability 9.0 only, and there for the shapes where it was measured to be faster than
cuDNN and cuBLAS (`beats_cudnn`).
"""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from stylegan3.cuda import nvrtc, tensor_map
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution.epilogue import (
    Epilogue,
    epilogue_arguments,
    epilogue_defines,
    epilogue_numbers,
)
from stylegan3.fast.kernels.convolution.laid_out import LaidOutConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling
from stylegan3.fast.kernels.convolution.tuning import choose_tiling
from stylegan3.fast.kernels.convolution.wgmma_source import wgmma_source

HOPPER = "wgmma"


class HopperConvolution(LaidOutConvolution):
    """A `LaidOutConvolution` with float32 sums.

    Args:
        shape: of the convolution.
        device: of weights and launches; compute capability 9.0.
        epilogue: what is done with the sums, in float32; None to store them as they are.
        is_blocked: True to write pictures as [ceil(C / 16), H', W', 16], zeros beyond the channels,
            instead of [H', W', P'].
        tiling: None for the best known.

    Raises:
        ValueError: if the tiling does not suit the shape.
    """

    def __init__(
        self,
        shape: ConvolutionShape,
        device: torch.device,
        *,
        epilogue: Epilogue | None = None,
        is_blocked: bool = False,
        tiling: Tiling | None = None,
    ) -> None:
        self._processors = _processors(device)
        self.tiling = tiling or choose_tiling(shape, self._processors)
        if not self.tiling.fits(shape):
            raise ValueError(f"{self.tiling} does not fit {shape}")
        super().__init__(shape, device, self.tiling.n_tile, epilogue, is_blocked)
        # not at the first launch: that may be captured in a graph, whose memory is not kept
        places, values = self.tiling.shares(shape)
        self._shares = torch.empty(values, device=device)
        self._arrivals = torch.zeros(places, dtype=torch.int32, device=device)
        self._maps: dict[tuple[int, int], ctypes.Array] = {}
        self.spec = nvrtc.KernelSpec(
            "conv_wgmma",
            wgmma_source(self.tiling.n_tile, self.tiling.in_registers)
            + cuda_source(__file__, "conv_wgmma.cu"),
            tuple(sorted(self._defines())),
            needs_exact_architecture=True,
        )

    def _defines(self) -> tuple[tuple[str, int], ...]:
        return (
            ("BLOCKED", int(self.is_blocked)),
            *epilogue_defines(self._epilogue, self.torgb_parts, self.shape.columns),
            *self.tiling.defines(self.shape),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P] float16
        weight: Tensor,  # [kH, kW, rows, I'] float16, in `weight_layout`
        out: Tensor | None,  # [H', W', P'], blocked or of phases, float16, written; None for none
        vectors: ActVectors | None = None,  # with an epilogue
        rgb: TorgbOperands | None = None,  # out [parts, colours, H', W'] if several; None: unwanted
        taps: Tensor | None = None,  # [2, 4], see resampling_taps; with rgb.previous
    ) -> None:
        """Launch on torch's current stream; capturable.

        Raises:
            ValueError: if shapes or types disagree.
        """
        shape, tiling = self.shape, self.tiling
        self._check(x, weight, out, vectors, rgb, taps)
        height, width = shape.out_size
        per_column, tiles = tiling.tiles(shape)
        parts = tiles * tiling.split
        nvrtc.load(self.spec, self._device)(
            min(parts, self._processors),
            tiling.threads,
            self._picture_map(x),
            self._weight_map(weight),
            out,
            *epilogue_arguments(vectors, rgb, taps),
            height,
            width,
            0 if out is None or self.is_blocked else out.shape[2],
            shape.columns,
            tiling.strips(shape)[0],
            per_column,
            parts,
            *epilogue_numbers(self._epilogue, rgb),
            self._shares,
            self._arrivals,
            shared=tiling.shared_bytes(shape),
        )

    def behind(self, epilogue: Epilogue) -> HopperConvolution:
        """Return the same with its sums going through `epilogue`, on the same weights."""
        return HopperConvolution(self.shape, self._device, epilogue=epilogue, tiling=self.tiling)

    def _picture_map(self, x: Tensor) -> ctypes.Array:
        key = (x.data_ptr(), x.shape[2])
        if key not in self._maps:
            height, width, pitch = x.shape
            self._maps[key] = tensor_map.encode(
                x,
                (padded_channels(self.shape.in_channels), width, height),
                (2 * pitch, 2 * pitch * width),
                (64, *self.tiling.box(self.shape)),
            )
        return self._maps[key]

    def _weight_map(self, weight: Tensor) -> ctypes.Array:
        key = (weight.data_ptr(), 0)
        if key not in self._maps:
            rows, pitch = weight.shape[2:]
            self._maps[key] = tensor_map.encode(
                weight,
                (pitch, rows, self.shape.kernel**2),
                (2 * pitch, 2 * pitch * rows),
                (64, self.tiling.n_tile, 1),
            )
        return self._maps[key]


def _processors(device: torch.device) -> int:
    if device.type != "cuda":
        return 3  # the emulator's: few, so that blocks are persistent there too
    return torch.cuda.get_device_properties(device).multi_processor_count
