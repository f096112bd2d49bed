"""Synthesis as fast as the GPU allows: prepared weights, our kernels, whole frames as CUDA graphs.

`FastSynthesis` plays a `Generator` whose tensors may change in place between frames. The generator
itself stays the specification, and plays what the fast path does not support. `BlendEdit` writes
many of those tensors in one launch. Names are imported on first use, so that this costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylegan3.fast.idle_tuning import IdleTuning
    from stylegan3.fast.kernels.convolution.convolution import Kernels
    from stylegan3.fast.kernels.weights.blend_edit_launcher import BlendEdit, BlendJob
    from stylegan3.fast.plan import Step
    from stylegan3.fast.precision import Precision
    from stylegan3.fast.profile import time_steps
    from stylegan3.fast.synthesis import (
        FastSynthesis,
        UnsupportedNetworkError,
        filter_versions,
    )
    from stylegan3.fast.tuning import TunedFrame, TunedLayer, forget_failure, prove, tune

__all__ = [
    "BlendEdit",
    "BlendJob",
    "FastSynthesis",
    "IdleTuning",
    "Kernels",
    "Precision",
    "Step",
    "TunedFrame",
    "TunedLayer",
    "UnsupportedNetworkError",
    "filter_versions",
    "forget_failure",
    "prove",
    "time_steps",
    "tune",
]

_HOMES = {
    "BlendEdit": "stylegan3.fast.kernels.weights.blend_edit_launcher",
    "BlendJob": "stylegan3.fast.kernels.weights.blend_edit_launcher",
    "FastSynthesis": "stylegan3.fast.synthesis",
    "IdleTuning": "stylegan3.fast.idle_tuning",
    "Kernels": "stylegan3.fast.kernels.convolution.convolution",
    "Precision": "stylegan3.fast.precision",
    "Step": "stylegan3.fast.plan",
    "TunedFrame": "stylegan3.fast.tuning",
    "TunedLayer": "stylegan3.fast.tuning",
    "UnsupportedNetworkError": "stylegan3.fast.synthesis",
    "filter_versions": "stylegan3.fast.synthesis",
    "forget_failure": "stylegan3.fast.tuning",
    "prove": "stylegan3.fast.tuning",
    "time_steps": "stylegan3.fast.profile",
    "tune": "stylegan3.fast.tuning",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
