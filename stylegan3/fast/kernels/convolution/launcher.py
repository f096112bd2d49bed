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
from stylegan3.fast.kernels.channels_last import check_picture, padded_channels
from stylegan3.fast.kernels.convolution.epilogue import (
    Epilogue,
    check_epilogue,
    epilogue_arguments,
    epilogue_defines,
    epilogue_numbers,
)
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling, channel_order
from stylegan3.fast.kernels.convolution.tuning import choose_tiling
from stylegan3.fast.kernels.convolution.wgmma_source import wgmma_source
from stylegan3.fast.kernels.weights.prepared_weight import WeightLayout


class HopperConvolution:
    """A stride-1 convolution, float16 with float32 sums, of pictures [H, W, P] (`channels_last`).

    Padding channels of the input must be finite; of the output, `shape.columns` channels are
    written (zeros beyond the channels), further padding is left alone.

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
        self.shape = shape
        self._device = device
        self._epilogue = epilogue
        self._is_blocked = is_blocked
        if is_blocked and epilogue is not None and epilogue.has_phases:
            raise ValueError("phases are not stored in blocks")
        self._processors = _processors(device)
        self.tiling = tiling or choose_tiling(shape, self._processors)
        if not self.tiling.fits(shape):
            raise ValueError(f"{self.tiling} does not fit {shape}")
        order = channel_order(self.tiling.n_tile)
        rows = padded_channels(shape.columns, self.tiling.n_tile)
        channel_of = [i - i % len(order) + order[i % len(order)] for i in range(rows)]
        row_of = torch.empty(rows, dtype=torch.int32)
        row_of[torch.tensor(channel_of)] = torch.arange(rows, dtype=torch.int32)
        self.weight_layout = WeightLayout(
            rows, padded_channels(shape.in_channels), is_tap_first=True, row_of=row_of.to(device)
        )
        """How the kernel reads weights: rows permuted, padded with zeros, float16."""
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
            ("BLOCKED", int(self._is_blocked)),
            *epilogue_defines(self._epilogue, self.torgb_parts, self.shape.columns),
            *self.tiling.defines(self.shape),
        )

    @property
    def torgb_parts(self) -> int:
        """Sums that ToRGB comes as, each over some of the channels: 1 where it is complete."""
        return -(-self.shape.columns // self.tiling.n_tile)

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
        self._check(x, weight, out)
        height, width = shape.out_size
        check_epilogue(
            self._epilogue,
            vectors,
            rgb,
            taps,
            size=(height, width),
            channels=shape.columns,
            parts=self.torgb_parts,
        )
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
            0 if out is None or self._is_blocked else out.shape[2],
            shape.columns,
            tiling.strips(shape)[0],
            per_column,
            parts,
            *epilogue_numbers(self._epilogue, rgb),
            self._shares,
            self._arrivals,
            shared=tiling.shared_bytes(shape),
        )

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

    def _check(self, x: Tensor, weight: Tensor, out: Tensor | None) -> None:
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
        if out is None:
            return
        if self._epilogue is not None and self._epilogue.has_phases:
            height, width = shape.out_size
            _check_half("out", out, shape.columns // 4, (2 * height, 2 * width))
        elif not self._is_blocked:
            _check_half("out", out, shape.out_channels, shape.out_size)
        elif out.shape != self.blocked_shape or out.dtype != torch.float16:
            raise ValueError(
                f"out must be float16 {self.blocked_shape}, not {out.dtype} {tuple(out.shape)}"
            )


def _check_half(name: str, x: Tensor, channels: int, size: tuple[int, int]) -> None:
    check_picture(name, x, channels)
    if x.dtype != torch.float16 or tuple(x.shape[:2]) != size:
        raise ValueError(f"{name} must be float16 of {size} pixels, not {x.dtype} {tuple(x.shape)}")


def _processors(device: torch.device) -> int:
    if device.type != "cuda":
        return 3  # the emulator's: few, so that blocks are persistent there too
    return torch.cuda.get_device_properties(device).multi_processor_count
