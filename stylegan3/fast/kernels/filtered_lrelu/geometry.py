"""What a layer's filtered leaky ReLU computes, and where the tensor-core kernel can."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from stylegan3.fast.kernels.filtered_lrelu.separable_terms import Array, separable_terms

Padding = tuple[int, int, int, int]

_CORRELATION = {2: 0.9, 4: 0.95}  # of the oversampled signal; see separable_terms
_MAX_RANK = 4


@dataclass(frozen=True)
class FilterGeometry:
    """What a layer's filtered leaky ReLU computes, apart from its per-channel vectors."""

    up_filter: Array | None  # [T] taps, or None: identity
    down_filter: Array | None  # [T], [T, T], or None
    up: int
    down: int
    padding: Padding  # x0, x1, y0, y1 of the upsampled picture
    gain: float = math.sqrt(2)
    slope: float = 0.2
    _taps: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        taps = tuple(1 if f is None else f.shape[0] for f in (self.up_filter, self.down_filter))
        object.__setattr__(self, "_taps", taps)
        if self.up_filter is not None and self.up_filter.ndim != 1:
            raise ValueError("the upsampling filter must be separable, given as 1-D taps")

    def out_size(self, height: int, width: int) -> tuple[int, int]:
        """Output height and width [px] for an input's."""
        x0, x1, y0, y1 = self.padding
        lost = sum(self._taps) - 2
        rows, columns = height * self.up + y0 + y1 - lost, width * self.up + x0 + x1 - lost
        return (rows - 1) // self.down + 1, (columns - 1) // self.down + 1

    @property
    def first_inputs(self) -> tuple[int, int]:
        """Row and column of the input that the first tap of output 0 is on; padding lies before."""
        return math.ceil(-self.padding[2] / self.up), math.ceil(-self.padding[0] / self.up)

    def suits_tensor_cores(self, dtype: torch.dtype, capability: tuple[int, int]) -> bool:
        """Whether `TensorCoreFilteredLrelu` computes this: what published networks use does."""
        return (
            dtype == torch.float16
            and capability >= (8, 0)
            and self.up in (2, 4)
            and self.down == 2
            and self.slope == 0.2
            and self.up_filter is not None
            and self.down_filter is not None
            and self._taps[0] <= 6 * self.up
            and self._taps[1] <= 12
            and len(self.terms()) <= _MAX_RANK
        )

    def terms(self) -> list[tuple[Array, Array]]:
        """The downsampling filter as separable terms."""
        assert self.down_filter is not None
        return separable_terms(self.down_filter, _CORRELATION.get(self.up, 0.9))
