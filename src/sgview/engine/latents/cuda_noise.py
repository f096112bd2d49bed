"""Simplex noise by the CUDA kernel `simplex_noise.cu`, the same numbers as `noise.py`."""

from __future__ import annotations

import ctypes
import math
from functools import cache, lru_cache

from torch import Tensor

from sgview import resources
from sgview.engine.latents.noise import Course, Vec4
from sgview.state.params import Noise
from stylegan3 import cuda

_BLOCK = 128  # threads


class SimplexNoise(ctypes.Structure):
    """The kernel's parameters, field by field as in `simplex_noise.cu`."""

    _fields_ = (
        ("origin", ctypes.c_double * 4),
        ("direction", ctypes.c_double * 4),
        ("spread", ctypes.c_double),
        ("gain", ctypes.c_double),
        ("norm", ctypes.c_float),
        ("exponent", ctypes.c_float),
        ("amplitude", ctypes.c_float),
        ("offset", ctypes.c_float),
        ("seed", ctypes.c_uint32),
        ("harmonics", ctypes.c_int32),
        ("count", ctypes.c_int32),
        ("rows", ctypes.c_int32),
        ("is_independent", ctypes.c_int32),
        ("is_monochrome", ctypes.c_int32),
        ("quantile_steps", ctypes.c_int32),
    )


def dimensions_of(noise: Noise) -> int | None:
    """Return 2, 3 or 4 for simplex noise, None for types that the kernel does not make."""
    return int(noise.type[-2]) if noise.type.startswith("simplex") else None


@lru_cache(maxsize=64)
def _norm(harmonics: int, gain: float) -> float:
    """Return what brings the sum of the octaves back to the spread of one."""
    return 1.0 / math.sqrt(sum(gain ** (2 * k) for k in range(harmonics + 1)))


@cache
def _kernel_spec(dimensions: int) -> cuda.KernelSpec:
    source = resources.shader("simplex_noise.cu")
    return cuda.KernelSpec("simplex_noise", source, (("DIMENSIONS", dimensions),))


class NoiseKernel:
    """Makes simplex noise in the same memory again and again: what moves is all it takes a frame.

    Nothing waits for the device: the driver copies the parameters when it is launched.

    Args:
        dimensions: 2, 3 or 4.
        out: [rows, count] float32, contiguous, on the device; written.
        is_independent: as in `sample_noise`.
        quantiles: on the device.

    Raises:
        KernelError: if the kernel cannot be compiled.
    """

    def __init__(
        self,
        dimensions: int,
        out: Tensor,
        *,
        is_independent: bool = False,
        quantiles: Tensor | None = None,
    ) -> None:
        rows, count = out.shape
        self.out = out
        self._noise: Noise | None = None
        self._parameters = SimplexNoise(
            count=count,
            rows=rows,
            is_independent=is_independent,
            quantile_steps=0 if quantiles is None else len(quantiles),
        )
        kernel = cuda.load(_kernel_spec(dimensions), out.device)
        blocks = -(-rows * count // _BLOCK)
        self._launch = kernel.prepare(blocks, _BLOCK, out, quantiles, self._parameters)

    def __call__(
        self,
        noise: Noise,  # of a type of so many dimensions
        way: Vec4,  # that the strip has moved
    ) -> Tensor:  # `out`
        """Launch for one frame."""
        if noise is not self._noise:
            self._take(noise)
        self._parameters.origin = self._course.origin(way)
        self._launch()
        return self.out

    def _take(self, noise: Noise) -> None:
        """Note what does not move by a speed."""
        self._noise, self._course = noise, Course(noise)
        to = self._parameters
        to.direction = self._course.direction
        to.spread, to.gain = noise.harmonic_spread, noise.harmonic_gain
        to.norm, to.exponent = _norm(noise.harmonics, noise.harmonic_gain), noise.exponent
        to.amplitude, to.offset = noise.amplitude, noise.offset
        to.seed, to.harmonics = noise.seed & 0xFFFFFFFF, noise.harmonics
        to.is_monochrome = noise.monochrome
