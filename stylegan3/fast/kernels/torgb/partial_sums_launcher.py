"""CUDA launcher of `colour_sums.cu`: StyleGAN3's picture from parts of ToRGB's sums."""

from __future__ import annotations

from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.torgb.partial_sums import AliasFreeRgb

_THREADS = 256
_VECTORS = 2  # of the kernel
_AT_ONCE = 4  # blocks of a multiprocessor


class ColourSums:
    """`picture = output_scale * clamp(sum of parts + bias, +-clamp)`.

    Args:
        torgb: whose bias, clamp and scale these are.
        size: of the picture, height and width [px].
    """

    def __init__(self, torgb: AliasFreeRgb, size: tuple[int, int]) -> None:
        self._torgb, self._size = torgb, size
        self._width = 1 if size[0] * size[1] % 4 else 4
        self.spec = nvrtc.KernelSpec(
            "colour_sums", cuda_source(__file__, "colour_sums.cu"), (("WIDTH", self._width),)
        )

    def __call__(
        self,
        parts: Tensor,  # [parts, colours, H, W] float32, as the filter leaves them
        picture: Tensor,  # [colours, H, W] float32, written
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        self._torgb.check_parts(parts, self._size)
        self._torgb.check_picture(picture, self._size)
        vectors = picture[0].numel() // self._width
        blocks = _AT_ONCE * multiprocessors(parts.device).count // len(picture)
        nvrtc.load(self.spec, parts.device)(
            (max(min(-(-vectors // (_VECTORS * _THREADS)), blocks), 1), len(picture)),
            _THREADS,
            parts,
            picture,
            self._torgb.bias,
            len(parts),
            vectors,
            self._torgb.clamp_limit,
            float(self._torgb.output_scale),
        )
