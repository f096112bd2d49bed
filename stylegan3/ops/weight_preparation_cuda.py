"""CUDA launcher that derives a convolution's fast weights from the live tensor."""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.ops import nvrtc
from stylegan3.ops.channels_last import storage, vector_length
from stylegan3.ops.sources import cuda_source


class PreparedWeight:
    """Normalised weights and their energies, in buffers whose addresses never change.

    Args:
        weight: [O, I, kH, kW] float32, the live tensor.
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
        weight: Tensor,
        *,
        in_pitch: int,
        out_pitch: int,
        dtype: torch.dtype,
        phases: bool = False,
        taps: Tensor | None = None,
    ) -> None:
        out_channels, in_channels, height, width = weight.shape
        if weight.dtype != torch.float32 or not weight.is_contiguous():
            raise ValueError("weight must be contiguous float32")
        if in_pitch < in_channels or out_pitch < out_channels:
            raise ValueError(f"pitches {in_pitch}, {out_pitch} are below {tuple(weight.shape)}")
        if phases and (height, width) != (3, 3):
            raise ValueError(f"phases are of a 3x3 kernel, not {height}x{width}")
        if taps is not None and (not phases or taps.shape != (2, 4)):
            raise ValueError(f"taps must be [2, 4] and go with phases, not {tuple(taps.shape)}")
        kernel = (2, 2) if phases and taps is None else (height, width)
        rows = 4 * out_pitch if phases else out_pitch
        self._source = weight
        self.taps = taps
        self._out_pitch = out_pitch
        new = {"device": weight.device, "dtype": torch.float32}
        self.in_channels, self.out_channels = in_channels, out_channels
        self.fan_in = in_channels * height * width
        self.storage = torch.zeros(rows, *kernel, in_pitch, device=weight.device, dtype=dtype)
        self.energy = torch.zeros(out_channels, in_pitch, **new)  # sum over taps of (w / rms)^2
        self.row_rms = torch.zeros(vector_length(out_pitch), **new)
        self.spec = nvrtc.KernelSpec(
            "weight_preparation",
            cuda_source("weight_preparation.cu"),
            (
                ("OUT_TYPE", storage(dtype)),
                ("PHASES", int(phases) + int(taps is not None)),
                ("TAPS", height * width),
            ),
        )

    @property
    def weight(self) -> Tensor:
        """The weights as torch's convolution takes them: [O', I', kH, kW], channels last."""
        return self.storage.permute(0, 3, 1, 2)

    def refresh(self) -> None:
        """Launch: derive again from the live tensor."""
        weight = self._source
        out_channels, in_channels = weight.shape[:2]
        nvrtc.load(self.spec, weight.device)(
            self._out_pitch,
            256,
            weight,
            self.taps,
            self.storage,
            self.energy,
            self.row_rms,
            out_channels,
            in_channels,
            self._out_pitch,
            self.storage.shape[-1],
            shared=weight[0].numel() * 4,
        )
