"""StyleGAN2's picture (skip architecture): ToRGB of every block, added up from block to block."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from stylegan3.fast.kernels.activation.launcher import TorgbOperands
from stylegan3.fast.kernels.torgb.launcher import SkipLevel
from stylegan3.fast.operations import Operations, step
from stylegan3.fast.plan import Step
from stylegan3.fast.stylegan2.convolutions import separable_taps, size_of
from stylegan3.stylegan2.layers import ToRGBLayer
from stylegan3.stylegan2.synthesis import SynthesisBlock


class TorgbBlock:
    """ToRGB of a block, and the buffers that it fills.

    Raises:
        ValueError: if the block's resampling filter is not supported.
    """

    def __init__(self, block: SynthesisBlock, device: torch.device) -> None:
        layer = block.torgb
        assert isinstance(layer, ToRGBLayer)
        self.name, self.layer = block.name, layer
        colours, channels = layer.weight.shape[:2]
        self.picture = torch.zeros(colours, *size_of(block), device=device)
        self.styles = torch.zeros(channels, device=device)
        self.taps = separable_taps(block.resample_filter)
        self._parts: Tensor | None = None

    def rgb(self, out: Tensor, previous: Tensor | None) -> TorgbOperands:
        """Return what an activation needs to write ToRGB to `out`."""
        weight, bias, gain = self.layer.weight, self.layer.bias, self.layer.weight_gain
        return TorgbOperands(weight, self.styles, bias, gain, out, previous)

    def parts(self, count: int) -> Tensor:  # [count, colours, H, W]
        """Return the buffer for sums over some of the channels each."""
        if self._parts is None or len(self._parts) != count:
            self._parts = self.picture.new_zeros(count, *self.picture.shape)
        return self._parts


class TorgbPicture:
    """The picture of one plan, as its blocks add to it.

    Args:
        operations: what to compute with.
        blocks: of the network.
        first: the block that the picture begins with.
    """

    def __init__(self, operations: Operations, blocks: list[TorgbBlock], first: int) -> None:
        self._ops, self._blocks, self._first = operations, blocks, first
        self._previous: Tensor | None = None  # the picture so far
        self._waiting: list[tuple[TorgbBlock, SkipLevel]] = []  # what is not yet part of it

    def has(self, block: int) -> bool:
        """Whether a block is part of the picture."""
        return block >= self._first

    def add(
        self, block: int, parts: int, clamp: float | None
    ) -> tuple[list[Step], TorgbOperands, Tensor | None]:
        """Add the next block; returns steps to run before it, its ToRGB and taps.

        Args:
            block: number of the block.
            parts: sums that its ToRGB comes as, each over some of the channels.
            clamp: of its ToRGB.
        """
        colours = self._blocks[block]
        if parts > 1:
            sums = colours.parts(parts)
            level = SkipLevel(sums, colours.layer.bias, colours.taps, clamp)
            self._waiting.append((colours, level))
            return [], colours.rgb(sums, None), None
        steps, previous = self.complete(is_on_side_stream=True), self._previous
        self._previous = colours.picture
        return steps, colours.rgb(colours.picture, previous), colours.taps

    @property
    def waiting(self) -> int:
        """Blocks that are not yet part of the picture."""
        return len(self._waiting)

    def complete(self, *, is_on_side_stream: bool = False) -> list[Step]:
        """Return the step that adds what waits to the picture, if anything does.

        Args:
            is_on_side_stream: whether other steps follow that do not need the picture.
        """
        if not self._waiting:
            return []
        last, levels = self._waiting[-1][0], [level for _, level in self._waiting]
        add = self._ops.torgb_skip_sums(levels, last.picture, self._previous)
        self._previous, self._waiting = last.picture, []
        return [replace(step(f"{last.name} picture", add), is_on_side_stream=is_on_side_stream)]
