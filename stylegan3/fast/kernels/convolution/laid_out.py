"""What our own convolutions have in common: how weights and pictures lie, and what is checked."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from stylegan3.cuda.nvrtc import KernelSpec
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.channels_last import check_picture, padded_channels
from stylegan3.fast.kernels.convolution.epilogue import Epilogue, check_epilogue
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, channel_order
from stylegan3.fast.kernels.weights.prepared_weight import WeightLayout


class LaidOutConvolution(ABC):
    """A stride-1 convolution, float16, of pictures [H, W, P] (`channels_last`).

    Padding channels of the input must be finite; of the output, `shape.columns` channels are
    written (zeros beyond the channels), further padding is left alone.

    Args:
        shape: of the convolution.
        device: of weights and launches.
        n_tile: output channels of a tile.
        epilogue: what is done with the sums, in float32; None to store them as they are.
        is_blocked: True to write pictures as [ceil(C / 16), H', W', 16], zeros beyond the channels,
            instead of [H', W', P'].

    Raises:
        ValueError: if phases are to be stored in blocks.
    """

    spec: KernelSpec

    def __init__(
        self,
        shape: ConvolutionShape,
        device: torch.device,
        n_tile: int,
        epilogue: Epilogue | None,
        is_blocked: bool,
    ) -> None:
        self.shape = shape
        self._device = device
        self._n_tile = n_tile
        self._epilogue = epilogue
        self.is_blocked = is_blocked
        if is_blocked and epilogue is not None and epilogue.has_phases:
            raise ValueError("phases are not stored in blocks")
        order = channel_order(n_tile)
        rows = padded_channels(shape.columns, n_tile)
        channel_of = [i - i % len(order) + order[i % len(order)] for i in range(rows)]
        row_of = torch.empty(rows, dtype=torch.int32)
        row_of[torch.tensor(channel_of)] = torch.arange(rows, dtype=torch.int32)
        self.weight_layout = WeightLayout(
            rows, padded_channels(shape.in_channels), is_tap_first=True, row_of=row_of.to(device)
        )
        """How the kernel reads weights: rows permuted, padded with zeros, float16."""

    @abstractmethod
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

    @abstractmethod
    def behind(self, epilogue: Epilogue) -> LaidOutConvolution:
        """Return the same with its sums going through `epilogue`, on the same weights."""

    @property
    def torgb_parts(self) -> int:
        """Sums that ToRGB comes as, each over some of the channels: 1 where it is complete."""
        return -(-self.shape.columns // self._n_tile)

    @property
    def blocked_shape(self) -> tuple[int, int, int, int]:
        """What is written with `is_blocked`."""
        return (-(-self.shape.out_channels // 16), *self.shape.out_size, 16)

    def prepare(
        self,
        weight: Tensor,  # [O, I, kH, kW]
        out: Tensor | None = None,
    ) -> Tensor:  # [kH, kW, rows, I'] float16
        """Return weights in `weight_layout`, by plain torch: what `WeightPreparation` does at once.

        Args:
            weight: of any strides and type; O and I may include padding channels that are zero.
            out: of an earlier call, overwritten, so that its address stays. Capturable in a CUDA
                graph.

        Raises:
            ValueError: if shapes disagree.
        """
        shape, layout = self.shape, self.weight_layout
        pitch, kernel = layout.pitch, (shape.kernel, shape.kernel)
        rows, depth = weight.shape[:2]
        if weight.shape[2:] != kernel or rows < shape.out_channels or depth < shape.in_channels:
            raise ValueError(f"weight {list(weight.shape)} does not fit {shape}")
        if out is None:
            size = layout.shape(kernel)
            out = torch.zeros(size, dtype=torch.float16, device=self._device)
        rows, depth = min(rows, shape.columns), min(depth, pitch)
        source = weight[:rows, :depth].permute(2, 3, 0, 1).to(out.dtype)
        assert layout.row_of is not None
        out[..., :depth].index_copy_(2, layout.row_of[:rows].long(), source)
        return out

    def _check(
        self,
        x: Tensor,
        weight: Tensor,
        out: Tensor | None,
        vectors: ActVectors | None,
        rgb: TorgbOperands | None,
        taps: Tensor | None,
    ) -> None:
        """Raise ValueError if what a launch is given does not suit the kernel."""
        shape = self.shape
        _check_half("x", x, shape.in_channels, (shape.height, shape.width))
        expected = self.weight_layout.shape((shape.kernel, shape.kernel))
        if weight.dtype != torch.float16 or weight.shape != expected:
            raise ValueError(
                f"weight must be in weight_layout, float16 {expected},"
                f" not {weight.dtype} {tuple(weight.shape)}"
            )
        if (out is not None) != (self._epilogue is None or self._epilogue.store):
            raise ValueError("out must be there where the kernel stores, and only there")
        if out is not None:
            self._check_out(out)
        check_epilogue(
            self._epilogue,
            vectors,
            rgb,
            taps,
            size=shape.out_size,
            channels=shape.columns,
            parts=self.torgb_parts,
        )

    def _check_out(self, out: Tensor) -> None:
        shape = self.shape
        if self._epilogue is not None and self._epilogue.has_phases:
            height, width = shape.out_size
            _check_half("out", out, shape.columns // 4, (2 * height, 2 * width))
        elif not self.is_blocked:
            _check_half("out", out, shape.out_channels, shape.out_size)
        elif out.shape != self.blocked_shape or out.dtype != torch.float16:
            raise ValueError(
                f"out must be float16 {self.blocked_shape}, not {out.dtype} {tuple(out.shape)}"
            )


def _check_half(name: str, x: Tensor, channels: int, size: tuple[int, int]) -> None:
    check_picture(name, x, channels)
    if x.dtype != torch.float16 or tuple(x.shape[:2]) != size:
        raise ValueError(f"{name} must be float16 of {size} pixels, not {x.dtype} {tuple(x.shape)}")
