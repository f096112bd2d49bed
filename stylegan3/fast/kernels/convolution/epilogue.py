"""What Hopper's convolution does with its sums before they are stored: `epilogue.cuh`.

StyleGAN2's activation and ToRGB, as `modulated_act.cu` does them in a pass of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan3.cuda.kernel import Argument
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands, check_noise
from stylegan3.fast.kernels.channels_last import check_vectors
from stylegan3.fast.kernels.torgb.layer import MAX_COLOURS


@dataclass(frozen=True)
class Epilogue:
    """The activation behind a convolution, and its ToRGB."""

    clamp: float | None = None  # None for none
    store: bool = True  # False where only ToRGB reads the result
    colours: int = 0  # of ToRGB, up to MAX_COLOURS; 0 for none
    has_phases: bool = False  # True: channels are four phases of a picture twice as large

    def __post_init__(self) -> None:
        """Check what can be together."""
        if self.has_phases and (self.colours or not self.store):
            raise ValueError("phases are stored, without ToRGB")
        if not 0 <= self.colours <= MAX_COLOURS:
            raise ValueError(f"ToRGB has up to {MAX_COLOURS} colours here, not {self.colours}")


def epilogue_defines(
    epilogue: Epilogue | None, parts: int, channels: int
) -> tuple[tuple[str, int], ...]:
    """Return the macros of an epilogue, None for plain sums.

    Args:
        epilogue: the epilogue.
        parts: columns of tiles.
        channels: of the convolution.

    Raises:
        ValueError: if the channels are no four phases of whole groups of 8 where they should be.
    """
    colours = epilogue.colours if epilogue else 0
    has_phases = epilogue is not None and epilogue.has_phases
    if has_phases and channels % 32:
        raise ValueError(f"{channels} channels are not four phases of whole groups of 8")
    return (
        ("ACTIVATE", int(epilogue is not None)),
        ("PARTIAL_RGB", int(colours > 0 and parts > 1)),
        ("PHASE_CHANNELS", channels // 4 if has_phases else 0),
        ("RGB", colours),
        ("STORE", int(epilogue is None or epilogue.store)),
    )


def epilogue_arguments(
    vectors: ActVectors | None, rgb: TorgbOperands | None, taps: Tensor | None
) -> tuple[Argument, ...]:
    """Return the kernel's pointers of an epilogue, in its order."""
    return (
        vectors and vectors.demodulation,
        vectors and vectors.bias,
        vectors and vectors.next,
        vectors and vectors.noise,
        vectors and vectors.strength,
        rgb and rgb.weight,
        rgb and rgb.styles,
        rgb and rgb.bias,
        rgb and rgb.previous,
        taps,
        rgb and rgb.out,
    )


def epilogue_numbers(
    epilogue: Epilogue | None, rgb: TorgbOperands | None
) -> tuple[int, float, float]:
    """Return the kernel's numbers of an epilogue: ToRGB's channels, clamp and ToRGB's gain."""
    clamp = math.inf if epilogue is None or epilogue.clamp is None else float(epilogue.clamp)
    return (len(rgb.styles), clamp, rgb.gain) if rgb else (0, clamp, 0.0)


def check_epilogue(
    epilogue: Epilogue | None,
    vectors: ActVectors | None,
    rgb: TorgbOperands | None,
    taps: Tensor | None,
    *,
    size: tuple[int, int],  # height and width of the picture
    channels: int,
    parts: int,  # columns of tiles
) -> None:
    """Raise ValueError if what a launch is given does not suit its epilogue."""
    if (epilogue is None) != (vectors is None):
        raise ValueError("vectors go with an epilogue, both or none")
    if epilogue is None or vectors is None:
        return
    if epilogue.has_phases:
        size, channels = (2 * size[0], 2 * size[1]), channels // 4
    check_vectors(channels, bias=vectors.bias, demodulation=vectors.demodulation, next=vectors.next)
    check_noise(vectors, *size)
    if rgb is None:
        if not epilogue.store:
            raise ValueError("nothing would be written: neither a picture nor ToRGB")
        return
    if epilogue.colours == 0:
        raise ValueError("this kernel was built without ToRGB")
    shape = (epilogue.colours, *size) if parts == 1 else (parts, epilogue.colours, *size)
    if rgb.out.shape != shape or rgb.out.dtype != torch.float32:
        raise ValueError(f"rgb must be float32 {shape}, not {rgb.out.dtype} {tuple(rgb.out.shape)}")
    if len(rgb.styles) != channels or rgb.weight.shape[:2] != (epilogue.colours, channels):
        raise ValueError(
            f"ToRGB must read {channels} channels,"
            f" not {tuple(rgb.weight.shape)} scaled by {tuple(rgb.styles.shape)}"
        )
    if any(t.data_ptr() % 16 or not t.is_contiguous() for t in (rgb.weight, rgb.styles)):
        raise ValueError("ToRGB's weight and styles must be contiguous and aligned to 16 bytes")
    if rgb.previous is None:
        return
    if parts > 1:
        raise ValueError("the previous picture is added by TorgbSkipSums where tiles share a pixel")
    expected = (epilogue.colours, size[0] // 2, size[1] // 2)
    if rgb.previous.shape != expected or taps is None:
        raise ValueError(f"the previous picture must be {expected}, with taps")
