"""Random gradients at the points of a whole-number lattice, without tables that repeat.

A 32-bit integer hash of the coordinates and a seed picks the gradient. `shaders/simplex_noise.cu`
computes the same hash, so both give the same noise.
"""

from __future__ import annotations

from itertools import permutations, product

import torch
from torch import Tensor

_MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B1  # odd, near 2^32 / golden ratio: spreads consecutive numbers


def _edge_directions(dimensions: int) -> Tensor:
    """Return the directions from the centre of a cube to the middles of its edges, sorted.

    In three dimensions these are the 12 gradients of Perlin's improved noise, in four the 32 of
    Gustavson's simplex noise ("Simplex noise demystified", 2005): one entry 0, the others 1 or -1.
    """
    signs = product((-1.0, 1.0), repeat=dimensions - 1)
    edges = {p for s in signs for p in permutations((0.0, *s))}
    return torch.tensor(sorted(edges), dtype=torch.float32)


_SQUARE = torch.tensor(
    [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)], dtype=torch.float32
)
_SQUARE = _SQUARE / _SQUARE.norm(dim=1, keepdim=True)  # eight directions of equal length

GRADIENTS = {2: _SQUARE, 3: _edge_directions(3), 4: _edge_directions(4)}
"""Gradients by dimension: [8, 2], [12, 3], [32, 4], float32."""


def mix(h: Tensor) -> Tensor:
    """Scramble 32-bit numbers (int64 tensors, 0..2^32-1), one to one.

    Two rounds of xor-shift and multiplication, constants from Wellons' search for low bias.
    """
    h = h ^ (h >> 16)
    h = (h * 0x7FEB352D) & _MASK
    h = h ^ (h >> 15)
    h = (h * 0x846CA68B) & _MASK
    return h ^ (h >> 16)


def lattice_hash(
    points: Tensor,  # [..., D] whole numbers, float64 or int64
    seeds: Tensor,  # [...] int64, 0..2^32-1
) -> Tensor:  # [...] int64, 0..2^32-1
    """Return a random number for every lattice point and seed."""
    h = mix(seeds)
    for coordinate in (points.to(torch.int64) & _MASK).unbind(-1):
        h = mix(h ^ coordinate)
    return h


def gradients_at(
    points: Tensor,  # [..., D] whole numbers
    seeds: Tensor,  # [...]
) -> Tensor:  # [..., D] float32
    """Return the gradient of every lattice point."""
    table = GRADIENTS[points.shape[-1]]
    return table[lattice_hash(points, seeds) % len(table)]
