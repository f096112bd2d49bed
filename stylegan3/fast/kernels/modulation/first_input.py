"""The synthesis input, constant or Fourier, written by the modulation launch."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from torch import Tensor

from stylegan3.cuda.launch_table import check_live, pointer
from stylegan3.cuda.sources import storage_class
from stylegan3.fast.kernels.channels_last import check_picture

_FEATURE_STRIPES = 64  # blocks that stride over the pixels, for every 256 channels
_PER_BLOCK = 1024  # values of the constant
_ROWS_PER_BLOCK = 8  # of weights


class NoFirstInput(ctypes.Structure):
    """What the kernel takes where nothing but vectors is wanted."""

    _fields_ = (("blocks", ctypes.c_int32),)


@dataclass(frozen=True)
class ConstantInput:
    """StyleGAN2's learned constant times the normalised styles: `constant_input.cuh`.

    Raises:
        ValueError: if shapes or types disagree.
    """

    constant: Tensor  # [C, H, W] float32, the live tensor
    next_styles: Tensor  # [C] float32, of the convolution that reads it
    y: Tensor  # [H, W, P], written, padding included

    number = 1  # FIRST_INPUT of the kernel

    def __post_init__(self) -> None:
        """Check shapes and types."""
        channels, height, width = self.constant.shape
        check_picture("y", self.y, channels)
        check_live(constant=self.constant, next_styles=self.next_styles)
        if self.y.shape[:2] != (height, width) or self.next_styles.numel() != channels:
            raise ValueError(
                f"a constant {tuple(self.constant.shape)} does not fit"
                f" y {tuple(self.y.shape)} and styles {tuple(self.next_styles.shape)}"
            )

    @property
    def out_type(self) -> str:
        """Storage class of what is written."""
        return storage_class(self.y.dtype)

    def argument(self) -> ctypes.Structure:
        """Return what the kernel takes."""
        channels, height, width = self.constant.shape
        return _Constant(
            -(-self.y.numel() // _PER_BLOCK),
            pointer(self.constant),
            pointer(self.next_styles),
            pointer(self.y),
            height * width,
            channels,
            self.y.shape[2],
        )


@dataclass(frozen=True)
class FourierInput:
    """StyleGAN3's Fourier features and the weights that convolve them: `fourier_input.cuh`.

    Karras et al. 2021, section 3.1, appendix F.

    Raises:
        ValueError: if shapes or types disagree.
    """

    affine: Tensor  # [4] float32: rc, rs, tx, ty
    freqs: Tensor  # [C, 2] float32, live, as are the next three
    phases: Tensor  # [C]
    transform: Tensor  # [3, 3]
    weight: Tensor  # [C, C]
    sampling_rate: float  # samples per picture height
    bandwidth: float  # highest frequency of full amplitude [cycles per picture height]
    features: Tensor  # [height, width, P], written, padding included
    scaled: Tensor  # [C or more, ..., P]: weight / sqrt(C) * next of its row, written up to [C, C]
    next_styles: Tensor | None = None  # [C] of the layer that reads the output; None: next = 1
    next_power: Tensor | None = None  # [] magnitude_ema of that layer
    next_gain: float = 0.0  # 0: next styles by their root-mean-square; else times this

    number = 2  # FIRST_INPUT of the kernel

    def __post_init__(self) -> None:
        """Check shapes and types."""
        channels = len(self.freqs)
        check_picture("features", self.features, channels)
        live = {name: getattr(self, name) for name in ("freqs", "phases", "transform", "weight")}
        check_live(affine=self.affine, next_styles=self.next_styles, **live)
        if self.next_styles is not None and self.next_styles.numel() != channels:
            raise ValueError(f"next_styles must have {channels} values")
        if self.affine.numel() != 4:
            raise ValueError(f"affine must be of 4 values, not {self.affine.numel()}")
        if self.weight.shape != (channels, channels) or self.phases.numel() != channels:
            raise ValueError(f"weight must be {(channels, channels)}, phases {channels} values")
        pitch = self.features.shape[2]
        if (
            self.scaled.dtype != self.features.dtype
            or not self.scaled.is_contiguous()
            or len(self.scaled) < channels
            or self.scaled[0].numel() != pitch
        ):
            raise ValueError(f"scaled must be {self.features.dtype} of [{channels}, {pitch}]")

    @property
    def out_type(self) -> str:
        """Storage class of what is written."""
        return storage_class(self.features.dtype)

    def argument(self) -> ctypes.Structure:
        """Return what the kernel takes."""
        height, width, pitch = self.features.shape
        channels = len(self.freqs)
        feature_blocks = min(height * width, _FEATURE_STRIPES) * -(-pitch // 256)
        return _Fourier(
            feature_blocks + -(-channels // _ROWS_PER_BLOCK),
            feature_blocks,
            pointer(self.affine),
            pointer(self.transform),
            pointer(self.freqs),
            pointer(self.phases),
            pointer(self.weight),
            pointer(self.next_styles),
            pointer(self.next_power),
            pointer(self.features),
            pointer(self.scaled),
            height,
            width,
            channels,
            pitch,
            self.sampling_rate,
            self.bandwidth,
            self.next_gain,
        )


FirstInput = ConstantInput | FourierInput


class _Constant(ctypes.Structure):
    _fields_ = (
        ("blocks", ctypes.c_int32),
        ("constant", ctypes.c_void_p),
        ("next_styles", ctypes.c_void_p),
        ("y", ctypes.c_void_p),
        ("pixels", ctypes.c_int32),
        ("channels", ctypes.c_int32),
        ("pitch", ctypes.c_int32),
    )


class _Fourier(ctypes.Structure):
    _fields_ = (
        ("blocks", ctypes.c_int32),
        ("feature_blocks", ctypes.c_int32),
        ("affine", ctypes.c_void_p),
        ("transform", ctypes.c_void_p),
        ("freqs", ctypes.c_void_p),
        ("phases", ctypes.c_void_p),
        ("weight", ctypes.c_void_p),
        ("next_styles", ctypes.c_void_p),
        ("next_power", ctypes.c_void_p),
        ("features", ctypes.c_void_p),
        ("scaled", ctypes.c_void_p),
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("channels", ctypes.c_int32),
        ("pitch", ctypes.c_int32),
        ("sampling_rate", ctypes.c_float),
        ("bandwidth", ctypes.c_float),
        ("next_gain", ctypes.c_float),
    )
