"""The table of operations that plans are made of: a row each, by the field's word for it.

A new kernel is a folder of `kernels/`, a row here, and its place in a planner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from stylegan3.cuda.nvrtc import KernelSpec
from stylegan3.fast.kernels.activation.launcher import ModulatedAct, PhaseUpsample
from stylegan3.fast.kernels.convolution.convolution import (
    Convolution,
    Kernels,
    choose_convolution,
    fuses_upsampling,
)
from stylegan3.fast.kernels.dense.chain_launcher import chain_of
from stylegan3.fast.kernels.dense.launcher import FullyConnected
from stylegan3.fast.kernels.filtered_lrelu.choice import (
    FilteredLrelu,
    accepts_blocked_input,
    can_fuse_torgb,
    choose_filtered_lrelu,
)
from stylegan3.fast.kernels.modulation.launcher import ModulationVectors
from stylegan3.fast.kernels.torgb.launcher import (
    TorgbConvolution,
    TorgbPartialSums,
    TorgbSkipSums,
)
from stylegan3.fast.kernels.weights.launcher import WeightPreparation
from stylegan3.fast.plan import Preparation, Step

Launch = Callable[..., None]
"""An operation on prepared buffers; what a kernel of ours does has its `spec`."""


@dataclass(frozen=True)
class Operations:
    """What makes each operation's launch: on a GPU our kernels and cuDNN.

    The class named in a row has the arguments; a `reference.py` beside it computes the same in
    plain torch.
    """

    fully_connected: Callable[..., Launch] = FullyConnected
    dense_chain: Callable[..., Launch | None] = chain_of  # None: launch layers one by one
    weight_preparation: Callable[..., Preparation] = WeightPreparation
    modulation: Callable[..., Launch] = ModulationVectors
    convolution: Callable[..., Convolution] = choose_convolution
    activation: Callable[..., Launch] = ModulatedAct
    phase_upsample: Callable[..., Launch] = PhaseUpsample
    filtered_lrelu: Callable[..., FilteredLrelu] = choose_filtered_lrelu
    torgb: Callable[..., Launch] = TorgbConvolution
    torgb_partial_sums: Callable[..., Launch] = TorgbPartialSums
    torgb_skip_sums: Callable[..., Launch] = TorgbSkipSums

    # what a planner asks before it decides
    accepts_blocked_input: Callable[..., bool] = accepts_blocked_input  # of filtered_lrelu
    can_fuse_torgb: Callable[..., bool] = can_fuse_torgb  # into filtered_lrelu
    fuses_upsampling: Callable[..., bool] = fuses_upsampling  # into the convolution's weights


def cuda_operations(
    kernels: Kernels = "auto", *, float16_sums: bool = False, heeds_choices: bool = True
) -> Operations:
    """Return the operations of a GPU.

    Args:
        kernels: which of its instructions may be used.
        float16_sums: whether convolutions may sum in float16, in short runs.
        heeds_choices: whether convolutions are those that were measured to be the fastest here.
    """
    return Operations(
        convolution=partial(
            choose_convolution,
            kernels=kernels,
            float16_sums=float16_sums,
            heeds_choices=heeds_choices,
        ),
        fuses_upsampling=partial(fuses_upsampling, kernels=kernels),
    )


def step(name: str, operation: Callable[..., object], *arguments: Any) -> Step:
    """Return the step that calls `operation` with `arguments`."""
    made_by = getattr(operation, "made_by", "")
    return Step(name, lambda: operation(*arguments), spec_of(operation), made_by=made_by)


def spec_of(operation: object) -> KernelSpec | None:
    """Return the kernel that an operation launches, None if it needs none of ours."""
    return getattr(operation, "spec", None)
