"""A layer's output to pixels and statistics by CUDA kernels, the same as `picture.py` computes.

What depends on the memory alone is prepared once; a frame sets what moves and launches.
"""

from __future__ import annotations

import ctypes
from functools import cache

import torch
from torch import Tensor

from sgview import resources
from sgview.engine.picture.picture import STATISTICS, select_channels
from sgview.state.params import Layer, View
from stylegan3 import cuda

_BLOCK = 256  # threads
_MOST_BLOCKS = 528


class _Pixels(ctypes.Structure):
    """`Source` of `to_rgba8.cu`."""

    _fields_ = (
        ("x", ctypes.c_void_p),
        ("channel_stride", ctypes.c_longlong),
        ("row_stride", ctypes.c_longlong),
        ("column_stride", ctypes.c_longlong),
        ("height", ctypes.c_int),
        ("width", ctypes.c_int),
        ("channels", ctypes.c_int * 3),
        ("alpha", ctypes.c_int),  # its channel; -1: opaque
    )


class _Values(ctypes.Structure):
    """`Source` of `statistics.cu`."""

    _fields_ = (
        ("x", ctypes.c_void_p),
        ("pixel_stride", ctypes.c_longlong),
        ("channel_stride", ctypes.c_longlong),
        ("pixels", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("first_shown", ctypes.c_int),
        ("shown", ctypes.c_int),
    )


class PixelKernel:
    """Draws the same memory again and again, on torch's current stream and without waiting.

    Args:
        shown: [3, H, W] or [1, H, W], any strides, float32 or float16; the caller keeps it alive.
        has_alpha: a fourth channel lies behind the three.

    Raises:
        KernelError: if a kernel cannot be compiled.
    """

    def __init__(self, shown: Tensor, *, has_alpha: bool = False) -> None:
        assert len(shown) == 3 or not has_alpha
        count, height, width = shown.shape
        channels = (0, 1, 2) if count == 3 else (0, 0, 0)
        source = _Pixels(
            shown.data_ptr(),
            *shown.stride(),
            height,
            width,
            (ctypes.c_int * 3)(*channels),
            3 if has_alpha else -1,
        )
        self._like = torch.empty(height, width, 4, dtype=torch.uint8, device=shown.device)
        self._peaks = torch.zeros(3, dtype=torch.int32, device=shown.device)
        self._look: tuple[Layer, View] | None = None
        self._rgba8, self._last = ctypes.c_void_p(), ctypes.c_void_p()
        self._used_peaks, self._is_finite = ctypes.c_void_p(), ctypes.c_void_p()
        self._scale = ctypes.c_float()
        self._flips = ctypes.c_int32(), ctypes.c_int32()
        blocks = -(-height * width // _BLOCK)
        self._find_peaks = _kernel("to_rgba8.cu", "channel_peaks", shown).prepare(
            (min(blocks, _MOST_BLOCKS), 3), _BLOCK, source, self._peaks
        )
        self._launch = _kernel("to_rgba8.cu", "to_rgba8", shown).prepare(
            blocks,
            _BLOCK,
            source,
            self._rgba8,
            self._used_peaks,
            self._is_finite,
            self._last,
            self._scale,
            *self._flips,
        )

    def __call__(
        self,
        layer: Layer,
        view: View,
        *,
        is_finite: Tensor | None = None,  # its first number: 0 or 1; None: not asked
        last: Tensor | None = None,  # [H, W, 4] uint8; None: black
    ) -> Tensor:  # [H, W, 4] uint8, contiguous, new
        """Apply normalisation, gain and flips, and round down to 8 bits: clamp(x * 127.5 + 128).

        Where `is_finite` is 0, `last` is returned in its place, as the device decides.
        """
        if self._look is None or self._look[0] is not layer or self._look[1] is not view:
            self._look = (layer, view)
            self._used_peaks.value = self._peaks.data_ptr() if layer.normalise else None
            self._scale.value = 10.0 ** (layer.gain_db / 20.0)
            self._flips[0].value, self._flips[1].value = view.flip_horizontal, view.flip_vertical
        rgba8 = torch.empty_like(self._like)
        self._rgba8.value = rgba8.data_ptr()
        self._is_finite.value = None if is_finite is None else is_finite.data_ptr()
        self._last.value = None if last is None else last.data_ptr()
        if layer.normalise:
            self._peaks.zero_()
            self._find_peaks()
        self._launch()
        return rgba8


class StatisticsKernel:
    """Measures the same memory again and again, on torch's current stream and without waiting.

    Args:
        features: [1, C, H, W], float32 or float16, planar or channels last; the caller keeps it
            alive.
        shown: [n, H, W], a view of n consecutive channels of it.
        length: of the latents that come with the statistics.

    Raises:
        KernelError: if a kernel cannot be compiled.
    """

    def __init__(self, features: Tensor, shown: Tensor, length: int = 0) -> None:
        _, channels, height, width = features.shape
        _, channel_stride, row_stride, pixel_stride = features.stride()
        assert row_stride == width * pixel_stride, "rows must follow each other"
        source = _Values(
            features.data_ptr(),
            pixel_stride,
            channel_stride,
            height * width,
            channels,
            (shown.storage_offset() - features.storage_offset()) // max(channel_stride, 1),
            len(shown),
        )
        self.length = length
        self._values = torch.zeros(STATISTICS + length, device=features.device)
        self._latent, self._copy = ctypes.c_void_p(), ctypes.c_void_p()
        blocks = max(1, min(_MOST_BLOCKS, features.numel() // (4 * _BLOCK)))
        partial = torch.zeros(blocks, 6, device=features.device)
        self._sum = _kernel("statistics.cu", "partial_statistics", features).prepare(
            blocks, _BLOCK, source, partial
        )
        self._launch = _kernel("statistics.cu", "statistics", features).prepare(
            1, 192, source, partial, blocks, self._latent, length, self._values, self._copy
        )

    def __call__(
        self,
        latent: Tensor | None = None,  # [>= 1, length] float32, rows contiguous; the first is read
        copy: Tensor | None = None,  # [7 + length] float32, also written: pinned host memory
    ) -> Tensor:  # [7 + length] float32: is finite; mean, std, max abs of all, of the shown; latent
        """Return the statistics on the device, in memory that the next call overwrites.

        The latent comes with them, so that both are read back as one.
        """
        assert (latent is None) == (self.length == 0)
        self._latent.value = None if latent is None else latent.data_ptr()
        self._copy.value = None if copy is None else copy.data_ptr()
        self._sum()
        self._launch()
        return self._values


class PictureKernels:
    """Draws and measures a network's output; both are prepared anew where it lies elsewhere."""

    def __init__(self) -> None:
        self._place: tuple[object, ...] = ()
        self._kernels: tuple[PixelKernel, StatisticsKernel] | None = None

    def draw(
        self,
        output: Tensor,  # [1, C, H, W], float32 or float16, planar or channels last
        latent: Tensor,  # [rows, n] float32, on the device
        layer: Layer,
        view: View,
        *,
        last: Tensor | None = None,  # [H, W, 4] uint8, shown where `output` is not finite
        copy: Tensor | None = None,  # [7 + n] float32 of the host: takes statistics and latent
        has_alpha: bool = False,  # the fourth channel is the picture's alpha
    ) -> Tensor:  # [H, W, 4] uint8, new
        """Return the picture.

        Raises:
            KernelError: if a kernel cannot be compiled or launched.
        """
        place = (
            output.data_ptr(),
            output.shape,
            output.stride(),
            output.dtype,
            latent.shape[1],
            layer.mode,
            layer.base_channel,
            has_alpha,
        )
        kernels = self._kernels
        if kernels is None or place != self._place:
            shown = select_channels(output, layer)
            pixels = PixelKernel(shown, has_alpha=has_alpha)
            kernels = pixels, StatisticsKernel(output, shown, latent.shape[1])
            self._kernels, self._place = kernels, place
        pixels, statistics = kernels
        values = statistics(latent, copy)
        return pixels(layer, view, is_finite=values, last=last)


def _kernel(file: str, name: str, x: Tensor) -> cuda.Kernel:
    return cuda.load(_spec(file, name, cuda.storage_class(x.dtype)), x.device)


@cache
def _spec(file: str, name: str, type_name: str) -> cuda.KernelSpec:
    return cuda.KernelSpec(name, cuda.resolve(resources.shader(file)), (("TYPE", type_name),))
