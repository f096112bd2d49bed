"""StyleGAN3's input as launches on prepared buffers: Fourier features, convolved."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from stylegan3.alias_free.synthesis import SynthesisInput
from stylegan3.fast.kernels.convolution.convolution import WrittenWeight
from stylegan3.fast.kernels.dense.launcher import Dense
from stylegan3.fast.kernels.modulation.first_input import FourierInput
from stylegan3.fast.operations import Operations, step
from stylegan3.fast.plan import Arena, Step

_PADDING = 0  # its weight convolves single pixels


class AliasFreeInput:
    """The input of one network; its buffers serve all plans.

    The features, and the weights that convolve them, are written beside the vectors of the layers:
    neither waits for anything but styles. So the picture comes out of the convolution with the
    styles of the first layer in it, and an edit of the weights needs no copy.

    Args:
        source: whose live tensors are read.
        operations: what to compute with.
        arena: which has room for the features, as "convolved".
        pitch: channels, padded.
        dtype: of features, weights and picture.
        size: height and width of the sampling grid.
    """

    def __init__(
        self,
        source: SynthesisInput,
        operations: Operations,
        arena: Arena,
        pitch: int,
        dtype: torch.dtype,
        size: tuple[int, int],
    ) -> None:
        self._source = source
        self._features = arena.picture("convolved", (*size, pitch), dtype)
        self._turn = torch.zeros(4, device=arena.device)  # rotation and translation
        storage = torch.zeros(pitch, 1, 1, pitch, dtype=dtype, device=arena.device)
        self._weight = WrittenWeight(storage, source.channels, source.channels)
        self._convolve = operations.convolution(self._weight, size, _PADDING, pitch)

    def affine(self, w: Tensor) -> Dense:  # [w_dim]
        """Return the layer that turns and moves the features."""
        affine = self._source.affine
        return Dense(affine.weight, affine.bias, w, self._turn, affine.weight_gain)

    def fourier_input(self, **following: Any) -> FourierInput:
        """Return what the modulation launch writes beside its vectors.

        Args:
            following: `next_styles`, `next_power`, `next_gain` of the layer that reads the output.
        """
        source = self._source
        return FourierInput(
            affine=self._turn,
            freqs=source.freqs,
            phases=source.phases,
            transform=source.transform,
            weight=source.weight,
            sampling_rate=source.sampling_rate,
            bandwidth=source.bandwidth,
            features=self._features,
            scaled=self._weight.storage,
            **following,
        )

    def step(self, out: Tensor) -> Step:  # [height, width, pitch], written
        """Return what convolves the features."""
        return step("input convolution", self._convolve, self._features, out)
