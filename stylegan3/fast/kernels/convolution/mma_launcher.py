"""Convolution of one picture on any GPU's tensor cores: the launcher of `conv_mma.cu`.

For compute capability 7.5 and later. Where it is faster than cuDNN is measured on the user's card.
"""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.convolution.epilogue import (
    Epilogue,
    epilogue_arguments,
    epilogue_defines,
    epilogue_numbers,
)
from stylegan3.fast.kernels.convolution.laid_out import LaidOutConvolution
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

EMULATED = (8, 6)
"""The capability that a CPU stands in for."""


class MmaConvolution(LaidOutConvolution):
    """A `LaidOutConvolution`, with float32 sums or, in short runs, float16 ones.

    Args:
        shape: of the convolution.
        device: of weights and launches; compute capability 7.5 or later.
        epilogue: what is done with the sums, in float32; None to store them as they are.
        is_blocked: True to write pictures as [ceil(C / 16), H', W', 16], zeros beyond the channels,
            instead of [H', W', P'].
        tiling: None for the one that is estimated to be best.

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
        tiling: MmaTiling | None = None,
    ) -> None:
        capability = capability_of(device)
        if tiling is None:
            tiling = candidates(shape, capability, multiprocessors(device).count)[0]
        if not tiling.fits(shape, capability):
            raise ValueError(f"{tiling} does not fit {shape}")
        super().__init__(shape, device, tiling.n_tile, epilogue, is_blocked)
        self.tiling = tiling
        # not at the first launch: that may be captured in a graph, whose memory is not kept
        places, values = tiling.shares(shape)
        self._shares = torch.empty(values, device=device)
        self._arrivals = torch.zeros(places, dtype=torch.int32, device=device)
        self.spec = mma_spec(shape, tiling, capability, epilogue=epilogue, is_blocked=is_blocked)

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
        nvrtc.load(self.spec, self._device)(
            tiling.tiles(shape) * tiling.split,
            tiling.threads,
            x,
            weight,
            out,
            *epilogue_arguments(vectors, rgb, taps),
            *x.shape,
            *weight.shape[2:],
            *shape.out_size,
            0 if out is None or self.is_blocked else out.shape[2],
            shape.columns,
            tiling.strips(shape)[0],
            *epilogue_numbers(self._epilogue, rgb),
            self._shares,
            self._arrivals,
            shared=tiling.shared_bytes(shape),
        )

    def behind(self, epilogue: Epilogue) -> MmaConvolution:
        """Return the same with its sums going through `epilogue`, on the same weights."""
        return MmaConvolution(self.shape, self._device, epilogue=epilogue, tiling=self.tiling)


def mma_spec(
    shape: ConvolutionShape,
    tiling: MmaTiling,
    capability: tuple[int, int],
    *,
    epilogue: Epilogue | None = None,
    is_blocked: bool = False,
) -> nvrtc.KernelSpec:
    """Return the kernel to compile for a GPU of a compute capability."""
    defines = (
        ("BLOCKED", int(is_blocked)),
        *epilogue_defines(epilogue, tiling.columns(shape), shape.columns),
        *tiling.defines(shape, capability),
    )
    source = cuda_source(__file__, "conv_mma.cu")
    return nvrtc.KernelSpec("conv_mma", source, tuple(sorted(defines)))


def capability_of(device: torch.device) -> tuple[int, int]:
    """Return the compute capability of a device; on a CPU that of the GPU it stands in for."""
    return torch.cuda.get_device_capability(device) if device.type == "cuda" else EMULATED
