"""StyleGAN2's modulated convolutions, prepared: weights, styles, vectors, filters, noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan3.fast.kernels.activation.launcher import resampling_taps
from stylegan3.fast.kernels.channels_last import pitch_of, vector_length
from stylegan3.fast.kernels.convolution.convolution import Convolution
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.operations import Operations
from stylegan3.fast.precision import Precision, block_dtype
from stylegan3.stylegan2.config import StyleGAN2Config
from stylegan3.stylegan2.layers import SynthesisLayer
from stylegan3.stylegan2.synthesis import StyleGAN2Synthesis, SynthesisBlock

Vectors = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class StyleConvolution:
    """A convolution of the network and what belongs to it."""

    name: str  # "b16.conv0"
    layer: SynthesisLayer
    block: SynthesisBlock
    row: int  # of ws; also the number of the convolution
    is_upsampling: bool
    dtype: torch.dtype
    out_pitch: int
    weight: PreparedWeight
    convolution: Convolution
    styles: Tensor  # [C_in]
    vectors: Vectors  # of the output channels
    taps: Tensor  # [2, 4] of the layer's resampling filter, which may be in the weight
    fresh_noise: Tensor  # [H, W], filled where noise is random

    @property
    def is_apart(self) -> bool:
        """Whether the filter of an upsampling convolution is a pass of its own."""
        return self.is_upsampling and self.weight.taps is None

    @property
    def convolved_shape(self) -> tuple[int, int, int]:
        """What the convolution alone writes; phases of half the size where it upsamples."""
        height, width = size_of(self.block)
        if self.is_upsampling:
            return (height // 2 + 1, width // 2 + 1, 4 * self.out_pitch)
        return (height, width, self.out_pitch)

    @property
    def activated_shape(self) -> tuple[int, int, int]:
        """What the activation behind it writes."""
        return (*size_of(self.block), self.out_pitch)


def prepare_convolutions(
    synthesis: StyleGAN2Synthesis,
    operations: Operations,
    precision: Precision,
    noise: Tensor,  # flat, room for a value of each output pixel of all convolutions
) -> list[StyleConvolution]:
    """Return the convolutions in the order they run.

    Raises:
        ValueError: if a resampling filter is not supported.
    """
    made: list[StyleConvolution] = []
    config, offset = synthesis.config, 0
    for resolution in config.block_resolutions:
        block = block_of(synthesis, resolution)
        for name in ("conv1",) if block.is_first else ("conv0", "conv1"):
            layer = block.get_submodule(name)
            assert isinstance(layer, SynthesisLayer)
            is_upsampling = name == "conv0"
            height, width = size_of(block)
            in_size = (height // 2, width // 2) if is_upsampling else (height, width)
            out_channels, in_channels = layer.weight.shape[:2]
            in_pitch, out_pitch = input_pitch(config, len(made)), input_pitch(config, len(made) + 1)
            dtype = block_dtype(config, resolution, precision)
            taps = separable_taps(layer.resample_filter)
            is_fused = is_upsampling and operations.fuses_upsampling(
                in_size, in_channels, out_pitch, dtype, noise.device
            )
            weight = PreparedWeight(
                layer.weight,
                in_pitch=in_pitch,
                out_pitch=out_pitch,
                dtype=dtype,
                phases=is_upsampling,
                taps=taps if is_fused else None,
            )
            convolution = StyleConvolution(
                name=f"{block.name}.{name}",
                layer=layer,
                block=block,
                row=len(made),
                is_upsampling=is_upsampling,
                dtype=dtype,
                out_pitch=out_pitch,
                weight=weight,
                convolution=operations.convolution(weight, in_size, 1, weight.rows),
                styles=noise.new_zeros(in_channels),
                vectors=vectors_for(out_channels, noise.device),
                taps=taps,
                fresh_noise=noise[offset : offset + height * width].view(height, width),
            )
            offset += height * width
            made.append(convolution)
    return made


def input_pitch(config: StyleGAN2Config, index: int) -> int:
    """Pitch of the input of convolution `index`; behind the last, of its output."""
    resolution = 4 << (index // 2)
    return pitch_of(config.channels(resolution), resolution)


def vectors_for(channels: int, device: torch.device) -> Vectors:
    """Return three vectors that suit every pitch of that many channels, of zeros."""
    length = vector_length(pitch_of(channels, 0))
    first, second, third = torch.zeros(3, length, device=device)
    return first, second, third


def separable_taps(resample_filter: Tensor) -> Tensor:  # [2, 4]
    """Return the taps of a resampling filter; raises ValueError if there are none such."""
    taps = resampling_taps(resample_filter)
    if taps is None:
        raise ValueError("its resampling filter is not an outer product of 4 taps")
    return taps


def size_of(block: SynthesisBlock) -> tuple[int, int]:
    """Return height and width of what a block makes [px]."""
    layer = block.get_submodule("conv1")
    assert isinstance(layer, SynthesisLayer)
    return layer.size


def block_of(synthesis: StyleGAN2Synthesis, resolution: int) -> SynthesisBlock:
    """Return the block of a resolution."""
    block = synthesis.get_submodule(f"b{resolution}")
    assert isinstance(block, SynthesisBlock)
    return block
