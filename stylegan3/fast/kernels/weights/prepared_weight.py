"""What is derived from live tensors for the fast path's convolutions, and how it lies in memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan3.cuda.sources import storage_class
from stylegan3.fast.kernels.channels_last import vector_length


@dataclass(frozen=True)
class WeightLayout:
    """Where a convolution reads the weight of each output row, tap and input channel.

    Rows are output channels; of four phases, those of one after those of the other.
    """

    rows: int  # stored, padding included
    pitch: int  # input channels stored
    is_tap_first: bool = False  # [kH, kW, rows, pitch] instead of [rows, kH, kW, pitch]
    row_of: Tensor | None = None  # int32, where each row is stored; None in order

    def shape(self, kernel: tuple[int, int]) -> tuple[int, int, int, int]:
        """Of the stored weight, for a kernel's height and width."""
        height, width = kernel
        if self.is_tap_first:
            return height, width, self.rows, self.pitch
        return self.rows, height, width, self.pitch

    def strides(self, taps: int) -> tuple[int, int]:
        """From row to row and from tap to tap [values]."""
        if self.is_tap_first:
            return self.pitch, self.rows * self.pitch
        return taps * self.pitch, self.pitch


class PreparedWeight:
    """Normalised weights and their energies, in buffers whose addresses never change.

    The convolution that reads the weights says in which layout (`lay_out`); `WeightPreparation`
    fills them. Padding is zero.

    Args:
        source: [O, I, kH, kW] float32, the live tensor.
        in_pitch: channels of the convolution's input, padded.
        out_pitch: channels of its output (of one phase), padded.
        dtype: of the convolution.
        phases: True for StyleGAN2's stride-2 transposed 3x3 as a 2x2 with 4 output phases.
        taps: [2, 4] of the resampling filter behind that, see resampling_taps: both become one 3x3
            with 4 output phases. None to leave the filter out.

    Raises:
        ValueError: if shapes or types disagree.
    """

    def __init__(
        self,
        source: Tensor,
        *,
        in_pitch: int,
        out_pitch: int,
        dtype: torch.dtype,
        phases: bool = False,
        taps: Tensor | None = None,
    ) -> None:
        out_channels, in_channels, height, width = source.shape
        if source.dtype != torch.float32 or not source.is_contiguous():
            raise ValueError("weight must be contiguous float32")
        if in_pitch < in_channels or out_pitch < out_channels:
            raise ValueError(f"pitches {in_pitch}, {out_pitch} are below {tuple(source.shape)}")
        if in_pitch % 2:
            raise ValueError(f"channels are stored in pairs, in_pitch {in_pitch} is odd")
        if phases and (height, width) != (3, 3):
            raise ValueError(f"phases are of a 3x3 kernel, not {height}x{width}")
        if taps is not None and (not phases or taps.shape != (2, 4)):
            raise ValueError(f"taps must be [2, 4] and go with phases, not {tuple(taps.shape)}")
        storage_class(dtype)  # raises for others than float16 and float32
        self.source, self.taps, self.phases = source, taps, phases
        self.in_channels, self.out_channels = in_channels, out_channels
        self.out_pitch, self.dtype = out_pitch, dtype
        self.fan_in = in_channels * height * width
        self.kernel = (2, 2) if phases and taps is None else (height, width)
        self.energy = source.new_zeros(out_channels, in_pitch)  # sum over taps of (w / rms)^2
        self.row_rms = source.new_zeros(vector_length(out_pitch))
        self.layout = WeightLayout(self.rows, in_pitch)
        self._storage: Tensor | None = None

    @property
    def rows(self) -> int:
        """Output channels of the convolution: of all phases, padded."""
        return self.out_pitch * (4 if self.phases else 1)

    @property
    def storage(self) -> Tensor:
        """The weights as they lie in memory: [O', kH, kW, I'] unless laid out otherwise."""
        if self._storage is None:
            shape = self.layout.shape(self.kernel)
            self._storage = self.source.new_zeros(shape, dtype=self.dtype)
        return self._storage

    @property
    def weight(self) -> Tensor:
        """The weights as torch's convolution takes them: [O', I', kH, kW], channels last.

        Raises:
            ValueError: if they are laid out otherwise.
        """
        if self.layout.is_tap_first or self.layout.row_of is not None:
            raise ValueError("the weights are laid out for another convolution")
        return self.storage.permute(0, 3, 1, 2)

    def lay_out(self, layout: WeightLayout) -> Tensor:
        """Take the memory in this layout, and return it; before `storage` is asked for.

        Raises:
            ValueError: if the weights do not fit, or the memory is taken.
        """
        if self._storage is not None:
            raise ValueError("the weights are laid out already")
        last = self.rows - self.out_pitch + self.out_channels
        known = layout.rows if layout.row_of is None else len(layout.row_of)
        if min(known, layout.rows) < last or layout.pitch < self.in_channels or layout.pitch % 2:
            raise ValueError(f"{last} rows of {self.in_channels} channels do not fit {layout}")
        if layout.row_of is not None and layout.row_of.dtype != torch.int32:
            raise ValueError("row_of must be int32")
        self.layout = layout
        return self.storage
