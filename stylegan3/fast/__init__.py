"""Synthesis as fast as the GPU allows: prepared weights, our kernels, whole frames as CUDA graphs.

`FastSynthesis` plays a `Generator` whose tensors may change in place between frames. The generator
itself stays the specification, and plays what the fast path does not support.
"""

from stylegan3.fast.synthesis import FastSynthesis, Precision, UnsupportedNetworkError

__all__ = ["FastSynthesis", "Precision", "UnsupportedNetworkError"]
