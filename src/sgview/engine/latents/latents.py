"""The vector that drives the network."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sgview.engine.latents.cuda_noise import NoiseKernel, dimensions_of
from sgview.engine.latents.gaussian import normal_quantiles
from sgview.engine.latents.library import Library
from sgview.engine.latents.noise import moved, playing, sample_noise
from sgview.state.latent_paths import whereabouts
from sgview.state.latent_places import (
    Between,
    FilePlace,
    NoisePlace,
    Place,
    PlanePlace,
    SeedPlace,
    Sum,
    Whereabouts,
)
from sgview.state.motion import Motion
from sgview.state.params import Latents, Noise, NoiseType, Params
from stylegan3 import cuda

ROW = 1000  # seeds from one row of the plane to the next
_MOST_SEEDS = 64  # kept


class LatentSource:
    """Makes latent vectors from parameters and time, the same for the same arguments.

    On CUDA, simplex noise comes from a kernel, if kernels can be compiled; all else is made on the
    CPU, a few hundred numbers.
    """

    def __init__(self, device: torch.device | None = None, library: Library | None = None):
        """Make vectors for `device`; None is the CPU."""
        self.library = library or Library()
        self._others: dict[str, LatentSource] = {}
        self._device = device or torch.device("cpu")
        self._has_kernel = self._device.type == "cuda" and cuda.unavailable_reason() is None
        self._quantiles: dict[NoiseType, Tensor] = {}
        self._wanted: tuple[object, ...] = ()  # of the kernel used last
        self._last_kernel: NoiseKernel | None = None
        self._looped: tuple[Noise, Noise] | None = None  # as set, and as sampled
        self._seeds: dict[tuple[int, int], Tensor] = {}  # lately used, by (seed, length)

    def other(self, name: str) -> LatentSource:
        """Return another source beside this one, with memory of its own, always the same one."""
        if name not in self._others:
            self._others[name] = LatentSource(self._device, self.library)
        return self._others[name]

    def vector(
        self,
        params: Params,
        motion: Motion,
        length: int,
        *,
        rows: int = 1,
        out: Tensor | None = None,  # [rows, length] float32, on the device
    ) -> Tensor:  # [rows, length] float32, on the CPU or the device
        """Return the vector of one frame.

        From noise: a strip of a smooth field (neighbouring numbers are alike, values are bounded:
        part of the look), or a track for each number; normally distributed if asked for. Several
        rows differ only where `noise.monochrome` is off. From seeds, plane, path and
        library: normal vectors of whole numbers, and the ways between them. What is made on the
        device is written to `out`, or to memory that the next call overwrites.
        """
        latents = params.latents
        if (where := whereabouts(params, motion)) is not None:
            return self.at(where, length).expand(rows, length)
        noise = self._playing(params.noise)
        if self._has_kernel and dimensions_of(noise) is not None:
            return self._kernel(noise, latents, rows, length, out)(noise, moved(noise, motion))
        return sample_noise(
            noise,
            moved(noise, motion),
            length,
            rows=rows,
            is_independent=latents.mode == "independent",
            quantiles=self._quantiles_of(noise.type) if latents.gaussianise else None,
        )

    def _playing(self, noise: Noise) -> Noise:
        """Return the noise that is sampled, the same object for the same one."""
        if self._looped is None or self._looped[0] is not noise:
            self._looped = (noise, playing(noise))
        return self._looped[1]

    def leads_through_w(self, where: Whereabouts) -> bool:
        """Return whether rows of w are what is joined at `where`: no z has the same picture."""
        if isinstance(where, Between):
            return self.leads_through_w(where.a) or self.leads_through_w(where.b)
        if isinstance(where, FilePlace):
            return self.library.kind(where) == "w"
        return isinstance(where, Sum)

    def at(self, where: Whereabouts, length: int) -> Tensor:  # [length] float32, on the CPU
        """Return the vector at `where`, great circles between places."""
        if isinstance(where, Between):
            ends = self.at(where.a, length), self.at(where.b, length)
            return slerp(*ends, where.amount)
        if isinstance(where, Sum):  # as z, where it is used as w: a sum of vectors is what it is
            parts = [self.place(place, length) * weight for place, weight in where.parts]
            return torch.stack(parts).sum(0)
        return self.place(where, length)

    def place(self, place: Place, length: int) -> Tensor:  # [length] float32, on the CPU
        """Return the vector of a place; of a file that cannot be used, that of seed 0."""
        if isinstance(place, SeedPlace):
            return self._walk(place.number, length)
        if isinstance(place, NoisePlace):  # it has no one vector
            return self._seeded(place.seed, length)
        if isinstance(place, PlanePlace):
            return self._over(place, length)
        held = self.library.entry(place, length)
        return self._seeded(0, length) if held is None else held[0]

    def _over(self, place: PlanePlace, length: int) -> Tensor:
        """Return the vector over a lattice of seeds, as long as its corners in the middle too.

        Normal vectors of many numbers are at right angles to each other, and so are the weights.
        """
        column, row = math.floor(place.x), math.floor(place.y)
        right = (place.x - column) * math.pi / 2
        up = (place.y - row) * math.pi / 2
        total: Tensor | None = None
        for step_y, weight_y in enumerate((math.cos(up), math.sin(up))):
            for step_x, weight_x in enumerate((math.cos(right), math.sin(right))):
                weight = weight_x * weight_y
                if weight:
                    seed = place.seed + column + step_x + ROW * (row + step_y)
                    corner = self._seeded(seed, length)
                    total = corner * weight if total is None else total.add_(corner, alpha=weight)
        assert total is not None
        return total

    def _kernel(
        self, noise: Noise, latents: Latents, rows: int, length: int, out: Tensor | None
    ) -> NoiseKernel:
        """Return what makes the noise; it is the same as long as only numbers of it move."""
        kind = noise.type
        wanted = (kind, latents.mode, latents.gaussianise, rows, length)
        kernel = self._last_kernel
        if wanted != self._wanted or kernel is None or not _is_same(out, kernel.out):
            kernel = self._last_kernel = NoiseKernel(
                dimensions_of(noise) or 0,
                torch.empty(rows, length, device=self._device) if out is None else out,
                is_independent=latents.mode == "independent",
                quantiles=self._quantiles_of(kind) if latents.gaussianise else None,
            )
            self._wanted = wanted
        return kernel

    def _quantiles_of(self, noise_type: NoiseType) -> Tensor:
        if noise_type not in self._quantiles:
            table = normal_quantiles(noise_type)
            is_on_device = self._has_kernel and noise_type.startswith("simplex")
            self._quantiles[noise_type] = table.to(self._device) if is_on_device else table
        return self._quantiles[noise_type]

    def _walk(self, position: float, length: int) -> Tensor:
        """Return the vector at `position`, whole numbers being seeds."""
        first = math.floor(position)
        step = position - first
        start = self._seeded(first, length)
        return slerp(start, self._seeded(first + 1, length), step) if step else start

    def _seeded(self, seed: int, length: int) -> Tensor:
        known = self._seeds.get((seed, length))
        if known is None:
            if len(self._seeds) >= _MOST_SEEDS:
                self._seeds.pop(next(iter(self._seeds)))
            generator = torch.Generator().manual_seed(seed % 2**63)
            known = self._seeds[seed, length] = torch.randn(length, generator=generator)
        return known


def _is_same(out: Tensor | None, memory: Tensor) -> bool:
    return out is None or out.data_ptr() == memory.data_ptr()


def slerp(
    a: Tensor,  # [n]
    b: Tensor,  # [n]
    step: float,  # 0..1
) -> Tensor:  # [n]
    """Interpolate on the great circle from `a` to `b` (Shoemake 1985), lengths included.

    A straight line would pass nearer to the origin than normal vectors lie.
    """
    cosine = torch.dot(a, b) / (a.norm() * b.norm()).clamp_min(1e-12)
    angle = torch.acos(cosine.clamp(-1.0, 1.0))
    sine = torch.sin(angle)
    if sine < 1e-6:
        return torch.lerp(a, b, step)
    return (torch.sin((1.0 - step) * angle) * a + torch.sin(step * angle) * b) / sine


def class_label(
    weights: tuple[float, ...],
    c_dim: int,
) -> Tensor | None:  # [1, c_dim] float32
    """Return the label of `weights`, cut or padded with zeros; class 0 if there are none.

    None for a network without classes.
    """
    if c_dim == 0:
        return None
    values = (weights or (1.0,))[:c_dim]
    return torch.tensor([[*values, *[0.0] * (c_dim - len(values))]], dtype=torch.float32)
