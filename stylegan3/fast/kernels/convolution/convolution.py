"""Convolutions with prepared weights on channels-last pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.convolution import choices, tuning
from stylegan3.fast.kernels.convolution.epilogue import Epilogue
from stylegan3.fast.kernels.convolution.laid_out import LaidOutConvolution
from stylegan3.fast.kernels.convolution.launcher import HOPPER, HopperConvolution
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from stylegan3.fast.kernels.torgb.layer import MAX_COLOURS
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight

Kernels = Literal["auto", "generic"]
"""Which GPU instructions may be used: all of this GPU's, or only what every GPU has."""


CUDNN = "cuDNN"


class Convolution(Protocol):
    """Correlation with zero padding on every side, stride 1."""

    @property
    def made_by(self) -> str:
        """The kernel as tables name it."""
        ...

    @property
    def blocked_shape(self) -> tuple[int, ...] | None:
        """[ceil(O / 16), H', W', 16] where that is written, in blocks; None for [H', W', O]."""
        ...

    def __call__(
        self,
        x: Tensor,  # [H, W, I], I the weight's input pitch
        out: Tensor,  # [H', W', O], written
    ) -> None:
        """Launch on torch's current stream."""
        ...

    def activated(
        self, *, clamp: float | None, store: bool, colours: int
    ) -> ActivatedConvolution | None:
        """Return this with StyleGAN2's activation in it, None if that takes a pass of its own.

        Args:
            clamp: None for none.
            store: False where only ToRGB reads the result.
            colours: of ToRGB, 0 for none.
        """
        ...


class ActivatedConvolution(Protocol):
    """A convolution, then the activation, and ToRGB if there is one, from its float32 sums."""

    torgb_parts: int
    """Sums that ToRGB comes as, each over some of the channels; 1 where it is complete."""

    def __call__(
        self,
        x: Tensor,  # [H, W, I]
        y: Tensor | None,  # [H', W', O], written; None without store
        vectors: ActVectors,
        rgb: TorgbOperands | None = None,  # out [parts, colours, H', W'] if several; None: unwanted
        taps: Tensor | None = None,  # [2, 4], with rgb.previous
    ) -> None:
        """Launch on torch's current stream."""
        ...


@dataclass(frozen=True)
class WrittenWeight:
    """A weight that a step of the frame writes as it is convolved with; nothing to prepare."""

    storage: Tensor  # [O, kH, kW, I]
    in_channels: int
    out_channels: int

    @property
    def weight(self) -> Tensor:
        """The weight as torch's convolution takes it: [O, I, kH, kW], channels last."""
        return self.storage.permute(0, 3, 1, 2)


class CudnnConvolution:
    """cuDNN with the fastest of its algorithms, which is measured at the first call of a shape.

    That call must not be captured in a CUDA graph; the choice is kept for each host thread.
    """

    blocked_shape = None
    made_by = CUDNN

    def __init__(self, weight: PreparedWeight | WrittenWeight, padding: int) -> None:
        self._weight = weight
        self._padding = [padding, padding]

    def __call__(self, x: Tensor, out: Tensor) -> None:
        """Launch; float32 is computed in float32, not TF32."""
        torch.ops.aten.cudnn_convolution.out(
            _channels_last(x),
            self._weight.weight,
            self._padding,
            [1, 1],
            [1, 1],
            1,
            True,  # benchmark
            False,  # deterministic
            False,  # allow_tf32
            out=_channels_last(out),
        )

    def activated(
        self, *, clamp: float | None, store: bool, colours: int
    ) -> ActivatedConvolution | None:
        """Return None: activations are passes of their own."""
        return None


class TensorCoreConvolution:
    """One of our own kernels, float16; lays the weight out in the order that it reads.

    Args:
        weight: prepared, and not yet laid out.
        operation: the kernel for a shape, with an epilogue or without.
        made_by: the kernel as tables name it.
    """

    def __init__(self, weight: PreparedWeight, operation: LaidOutConvolution, made_by: str) -> None:
        self._weight = weight
        self._operation = operation
        self.made_by = made_by
        self.blocked_shape = operation.blocked_shape if operation.is_blocked else None
        self.spec = operation.spec
        weight.lay_out(operation.weight_layout)

    def __call__(self, x: Tensor, out: Tensor) -> None:
        """Launch."""
        self._operation(x, self._weight.storage, out)

    def activated(
        self, *, clamp: float | None, store: bool, colours: int
    ) -> ActivatedConvolution | None:
        """Return this with the activation in it, None if it cannot have that ToRGB."""
        shape = self._operation.shape
        if colours > MAX_COLOURS or (colours and self._weight.out_channels != shape.columns):
            return None
        epilogue = Epilogue(clamp, store, colours, has_phases=self._weight.taps is not None)
        operation = self._operation.behind(epilogue)
        return ActivatedTensorCoreConvolution(self._weight, operation, self.made_by)


class ActivatedTensorCoreConvolution:
    """The same kernel with the activation in it, on the same prepared weight."""

    def __init__(self, weight: PreparedWeight, operation: LaidOutConvolution, made_by: str) -> None:
        self._weight = weight
        self._operation = operation
        self.made_by = made_by
        self.torgb_parts = operation.torgb_parts
        self.spec = operation.spec

    def __call__(
        self,
        x: Tensor,
        y: Tensor | None,
        vectors: ActVectors,
        rgb: TorgbOperands | None = None,
        taps: Tensor | None = None,
    ) -> None:
        """Launch."""
        self._operation(x, self._weight.storage, y, vectors, rgb, taps)


def _channels_last(x: Tensor) -> Tensor:  # [H, W, P] -> [1, P, H, W]
    # Strides have to be the usual ones, that of the single sample too: torch goes by them, converts
    # where it does not know them, and keeps algorithms by sizes and format alone.
    return x[None].permute(0, 3, 1, 2)


def choose_convolution(
    weight: PreparedWeight | WrittenWeight,
    size: int | tuple[int, int],  # height and width of the input [px]
    padding: int,  # on every side [px]
    channels: int,  # of the output that are read: what lies beyond need not be written
    *,
    may_block: bool = False,
    kernels: Kernels = "auto",
    float16_sums: bool = False,
    heeds_choices: bool = True,
) -> Convolution:
    """Return the fastest convolution that this GPU has for these shapes.

    What was measured on this very card (`choices`) goes first; where nothing was, it is what was
    measured on an H200, else cuDNN. A filter in the weights is Hopper's alone.

    Args:
        weight: as it is convolved with; laid out as the convolution reads it.
        size: of the input.
        padding: zeros around it.
        channels: of the output.
        may_block: whether the output may be in blocks of 16 channels, if that is faster.
        kernels: which instructions may be used.
        float16_sums: whether sums may be float16 for short runs, where that was faster.
        heeds_choices: False to play as where nothing was measured.
    """
    if isinstance(weight, WrittenWeight):
        return CudnnConvolution(weight, padding)
    device = weight.source.device
    if kernels == "auto" and weight.dtype == torch.float16 and device.type == "cuda":
        kernel = weight.kernel[0]
        height, width = (size, size) if isinstance(size, int) else size
        shape = ConvolutionShape(height, width, weight.in_channels, channels, kernel, padding)
        capability = torch.cuda.get_device_capability(device)
        choice = None
        if heeds_choices and weight.taps is None:
            choice = choices.kept(device).find(shape, float16_sums=float16_sums)
            choices.kept(device).want(shape, float16_sums=float16_sums)
        if choice and choice.tiling and choice.tiling.fits(shape, capability):
            operation = MmaConvolution(shape, device, is_blocked=may_block, tiling=choice.tiling)
            return TensorCoreConvolution(weight, operation, choice.tiling.made_by)
        if weight.taps is not None or tuning.beats_cudnn(shape, capability):
            operation = HopperConvolution(shape, device, is_blocked=may_block)
            return TensorCoreConvolution(weight, operation, HOPPER)
    return CudnnConvolution(weight, padding)


def fuses_upsampling(
    size: tuple[int, int],  # height and width of the input [px]
    in_channels: int,
    out_pitch: int,
    dtype: torch.dtype,
    device: torch.device,
    kernels: Kernels = "auto",
) -> bool:
    """Whether an upsampling convolution of StyleGAN2 is to have its filter in the weights."""
    if kernels != "auto" or dtype != torch.float16 or device.type != "cuda":
        return False
    shape = ConvolutionShape(*size, in_channels, 4 * out_pitch, 3, 1)
    capability = torch.cuda.get_device_capability(device)
    return tuning.fuses_upsampling(shape, capability, multiprocessors(device).count)
