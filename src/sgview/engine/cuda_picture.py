"""A layer's output to pixels and statistics by CUDA kernels, the same as `picture.py` computes."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from sgview import resources
from sgview.state.params import Layer, View
from stylegan3.ops import nvrtc
from stylegan3.ops.channels_last import storage
from stylegan3.ops.sources import resolve

_BLOCK = 256  # threads
_MOST_BLOCKS = 528
_STATISTICS = 7  # numbers


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


class PictureKernels:
    """Launches on torch's current stream, without a host synchronisation.

    Raises:
        KernelError: at the first use, if a kernel cannot be compiled.
    """

    def __init__(self, device: torch.device):
        self._device = device
        self._loaded: dict[tuple[str, torch.dtype], nvrtc.Kernel] = {}
        self._peaks = torch.zeros(3, dtype=torch.int32, device=device)
        self._partial = torch.zeros(_MOST_BLOCKS, 6, device=device)
        self._values = torch.zeros(_STATISTICS, device=device)

    def to_rgba8(
        self,
        shown: Tensor,  # [3, H, W] or [1, H, W], any strides, float32 or float16
        layer: Layer,
        view: View,
        *,
        is_finite: Tensor | None = None,  # its first number: 0 or 1; None: not asked
        last: Tensor | None = None,  # [H, W, 4] uint8; None: black
    ) -> Tensor:  # [H, W, 4] uint8, contiguous
        """Apply normalisation, gain and flips, and round down to 8 bits: clamp(x * 127.5 + 128).

        Where `is_finite` is 0, `last` is returned in its place, as the device decides.
        """
        count, height, width = shown.shape
        channels = (0, 1, 2) if count == 3 else (0, 0, 0)
        source = _Pixels(
            shown.data_ptr(), *shown.stride(), height, width, (ctypes.c_int * 3)(*channels)
        )
        rgba8 = torch.empty(height, width, 4, dtype=torch.uint8, device=shown.device)
        blocks = -(-height * width // _BLOCK)
        if layer.normalise:
            self._peaks.zero_()
            grid = (min(blocks, _MOST_BLOCKS), 3)
            self._kernel("to_rgba8.cu", "channel_peaks", shown)(grid, _BLOCK, source, self._peaks)
        self._kernel("to_rgba8.cu", "to_rgba8", shown)(
            blocks,
            _BLOCK,
            source,
            rgba8,
            self._peaks if layer.normalise else None,
            is_finite,
            last,
            10.0 ** (layer.gain_db / 20.0),
            int(view.flip_horizontal),
            int(view.flip_vertical),
        )
        return rgba8

    def measure(
        self,
        features: Tensor,  # [1, C, H, W], float32 or float16, planar or channels last
        shown: Tensor,  # [n, H, W], a view of n consecutive channels of it
        latent: Tensor | None = None,  # [n] float32, contiguous
    ) -> Tensor:  # [7 + n] float32: is finite; mean, std, max abs of all, of the shown; `latent`
        """Return the statistics of a layer on the device, in memory that the next call overwrites.

        The latent comes with them, so that both are read back as one.
        """
        _, channels, height, width = features.shape
        _, channel_stride, row_stride, pixel_stride = features.stride()
        assert row_stride == width * pixel_stride, "rows must follow each other"
        first = (shown.storage_offset() - features.storage_offset()) // max(channel_stride, 1)
        source = _Values(
            features.data_ptr(),
            pixel_stride,
            channel_stride,
            height * width,
            channels,
            first,
            len(shown),
        )
        blocks = max(1, min(_MOST_BLOCKS, features.numel() // (4 * _BLOCK)))
        length = 0 if latent is None else len(latent)
        if len(self._values) != _STATISTICS + length:
            self._values = torch.zeros(_STATISTICS + length, device=features.device)
        values = self._values
        self._kernel("statistics.cu", "partial_statistics", features)(
            blocks, _BLOCK, source, self._partial
        )
        self._kernel("statistics.cu", "statistics", features)(
            1, 192, source, self._partial, blocks, latent, length, values
        )
        return values

    def _kernel(self, file: str, name: str, x: Tensor) -> nvrtc.Kernel:
        kernel = self._loaded.get((name, x.dtype))
        if kernel is None:
            source = resolve(resources.shader(file))
            spec = nvrtc.KernelSpec(name, source, (("TYPE", storage(x.dtype)),))
            kernel = self._loaded[name, x.dtype] = nvrtc.load(spec, self._device)
        return kernel
