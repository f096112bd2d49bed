"""Simplex noise by the CUDA kernel `simplex_noise.cu`, the same numbers as `noise.py`."""

from __future__ import annotations

import ctypes
import math
from functools import cache, lru_cache

import torch
from torch import Tensor

from sgview import resources
from sgview.engine.noise import place_strip
from sgview.state.params import Noise
from stylegan3.ops import nvrtc

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


def kernel_parameters(
    noise: Noise,
    t: float,  # [s]
    count: int,
    *,
    rows: int = 1,
    is_independent: bool = False,
    quantile_steps: int = 0,
) -> SimplexNoise:
    """Return what the kernel needs to know for the frame of time `t`."""
    strip = place_strip(noise, t)
    return SimplexNoise(
        origin=strip.origin,
        direction=strip.direction,
        spread=noise.harmonic_spread,
        gain=noise.harmonic_gain,
        norm=_norm(noise.harmonics, noise.harmonic_gain),
        exponent=noise.exponent,
        amplitude=noise.amplitude,
        offset=noise.offset,
        seed=noise.seed & 0xFFFFFFFF,
        harmonics=noise.harmonics,
        count=count,
        rows=rows,
        is_independent=is_independent,
        is_monochrome=noise.monochrome,
        quantile_steps=quantile_steps,
    )


@lru_cache(maxsize=64)
def _norm(harmonics: int, gain: float) -> float:
    """Return what brings the sum of the octaves back to the spread of one."""
    return 1.0 / math.sqrt(sum(gain ** (2 * k) for k in range(harmonics + 1)))


@cache
def _kernel_spec(dimensions: int) -> nvrtc.KernelSpec:
    source = resources.shader("simplex_noise.cu")
    return nvrtc.KernelSpec("simplex_noise", source, (("DIMENSIONS", dimensions),))


def sample_noise_cuda(
    noise: Noise,  # of a simplex type
    t: float,  # [s]
    count: int,
    *,
    device: torch.device,
    rows: int = 1,
    is_independent: bool = False,
    quantiles: Tensor | None = None,  # on the device
    out: Tensor | None = None,  # [rows, count] float32, written; None: a new one
) -> Tensor:  # [rows, count] float32 on the device
    """Return what `sample_noise` returns, made on the GPU without waiting for it.

    Raises:
        KernelError: if the kernel cannot be compiled or launched.
    """
    kernel = nvrtc.load(_kernel_spec(dimensions_of(noise) or 0), device)
    parameters = kernel_parameters(
        noise,
        t,
        count,
        rows=rows,
        is_independent=is_independent,
        quantile_steps=0 if quantiles is None else len(quantiles),
    )
    if out is None:
        out = torch.empty(rows, count, device=device)
    kernel(-(-rows * count // _BLOCK), _BLOCK, out, quantiles, parameters)
    return out
