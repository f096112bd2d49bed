"""The operations of plans by the references beside the kernels: plain torch, any device.

They take the launchers' arguments and check them likewise, so that the wiring of a plan can be
tested, and run, where there is no GPU.
"""

from __future__ import annotations

from stylegan3.fast.kernels.activation.reference import ModulatedAct, PhaseUpsample
from stylegan3.fast.kernels.convolution.convolution import Convolution, WrittenWeight
from stylegan3.fast.kernels.convolution.reference import FusedConvolution, TorchConvolution
from stylegan3.fast.kernels.dense.reference import FullyConnected
from stylegan3.fast.kernels.filtered_lrelu.reference import FilteredLrelu
from stylegan3.fast.kernels.modulation.reference import ModulationVectors
from stylegan3.fast.kernels.torgb.reference import (
    TorgbConvolution,
    TorgbPartialSums,
    TorgbSkipSums,
)
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.kernels.weights.reference import WeightPreparation
from stylegan3.fast.operations import Operations


def reference_operations(torgb_parts: int = 0) -> Operations:
    """Return the operations for any device.

    Args:
        torgb_parts: 0 for activations and upsampling filters in passes of their own, else
            convolutions include them, and ToRGB comes as this many sums, as with Hopper's kernel,
            and StyleGAN3's as the sums of each 16 channels, as with tensor cores.
    """

    def convolution(
        weight: PreparedWeight | WrittenWeight,
        size: int | tuple[int, int],
        padding: int,
        channels: int,
        *,
        may_block: bool = False,
    ) -> Convolution:
        if torgb_parts and isinstance(weight, PreparedWeight):
            return FusedConvolution(weight, padding, torgb_parts)
        return TorchConvolution(weight, padding)

    return Operations(
        fully_connected=FullyConnected,
        dense_chain=lambda *_: None,
        weight_preparation=WeightPreparation,
        modulation=ModulationVectors,
        convolution=convolution,
        activation=ModulatedAct,
        phase_upsample=PhaseUpsample,
        filtered_lrelu=FilteredLrelu,
        torgb=TorgbConvolution,
        torgb_partial_sums=TorgbPartialSums,
        torgb_skip_sums=TorgbSkipSums,
        accepts_blocked_input=lambda *_: False,
        can_fuse_torgb=lambda *_: torgb_parts > 0,
        fuses_upsampling=lambda *_: torgb_parts > 0,
    )
