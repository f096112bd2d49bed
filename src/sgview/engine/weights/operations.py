"""What an edit does to a tensor.

A tensor's first axis counts its channels: the outputs of a convolution or of a fully connected
layer, the entries of a bias. A single number is one channel. `Edit.channels` limits an operation to
a range of them. What `amount` means:

========  ==========================================================================================
multiply  the factor
add       what is added
noise     standard normal noise, times `amount`, times the tensor's spread
zero      the share of channels set to 0; which ones is drawn by `seed`, more join as it grows
sign      the share of values whose sign changes; drawn and growing likewise
roll      channels move on by `amount`, rounded, the last ones coming first
shuffle   the share of channels that change places among each other; drawn and growing likewise
quantise  values are rounded to steps of `amount` times the tensor's spread; 0 leaves them
========  ==========================================================================================

A share is the amount without its sign, at most 1. The spread is the standard deviation of the
channels in the range; of equal values their size; of zeros 1.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable

import torch
from torch import Tensor

from sgview.state.params import Edit


class Draws:
    """Random numbers of edits, drawn on the CPU so that every device sees the same, and kept."""

    def __init__(self):
        self._drawn: dict[tuple[str, int, str, int], Tensor] = {}

    def normal(self, edit: Edit, like: Tensor) -> Tensor:
        """Return standard normal noise of the shape of `like`, float32."""
        return self._draw(edit, "normal", like.numel(), like.device).view(like.shape)

    def uniform(self, edit: Edit, like: Tensor) -> Tensor:
        """Return numbers in [0, 1) of the shape of `like`, float32."""
        return self._draw(edit, "uniform", like.numel(), like.device).view(like.shape)

    def order(self, edit: Edit, like: Tensor) -> Tensor:
        """Return the channel numbers of `like` in random order, int64."""
        return self._draw(edit, "order", like.shape[0], like.device)

    def keep(self, edits: Iterable[Edit]) -> None:
        """Free what was drawn for other edits than these."""
        wanted = {(edit.tensor, edit.seed) for edit in edits}
        self._drawn = {key: value for key, value in self._drawn.items() if key[:2] in wanted}

    def _draw(self, edit: Edit, kind: str, count: int, device: torch.device) -> Tensor:
        key = (edit.tensor, edit.seed, kind, count)
        if key not in self._drawn:
            # A seed of its own for every tensor, so that tensors of one shape differ; 32 bits,
            # for torch's CPU generator looks at no more.
            seed = zlib.crc32(f"{edit.tensor} {edit.seed}".encode())
            generator = torch.Generator().manual_seed(seed)
            if kind == "normal":
                drawn = torch.randn(count, generator=generator)
            elif kind == "uniform":
                drawn = torch.rand(count, generator=generator)
            else:
                drawn = torch.randperm(count, generator=generator)
            if device.type == "cuda":
                drawn = drawn.pin_memory()  # so that the copy does not wait for the device
            self._drawn[key] = drawn.to(device, non_blocking=True)
        return self._drawn[key]


def obstacle(edit: Edit, tensor: Tensor) -> str:
    """Return why `edit` cannot act on `tensor` in one sentence, "" if it can."""
    if not tensor.is_floating_point():
        return f"{edit.tensor} holds whole numbers, which cannot be edited."
    if not math.isfinite(edit.amount):
        return f"The amount for {edit.tensor} is not finite."
    if edit.channels is not None:
        start, stop = edit.channels
        count = tensor.shape[0] if tensor.ndim else 1
        if not 0 <= start < min(stop, count):
            return f"{edit.tensor} has channels 0 to {count - 1}, none of them in {start}:{stop}."
    return ""


def apply(
    edit: Edit,
    tensor: Tensor,  # any shape; floating point
    draws: Draws,
) -> Tensor:
    """Return `tensor` as `edit` makes it; the input is left as it is.

    The edit must be one without an `obstacle`.
    """
    channels = tensor.reshape(tensor.shape[0] if tensor.ndim else 1, -1)
    if edit.channels is None:
        return _operate(edit, channels, draws).reshape(tensor.shape)
    start, stop = edit.channels
    result = channels.clone()
    result[start:stop] = _operate(edit, channels[start:stop], draws)
    return result.reshape(tensor.shape)


def _operate(
    edit: Edit,
    x: Tensor,  # [channels, values of each]
    draws: Draws,
) -> Tensor:
    amount = edit.amount
    share = min(abs(amount), 1.0)
    drawn = round(share * x.shape[0])
    match edit.operation:
        case "multiply":
            return x * amount
        case "add":
            return x + amount
        case "noise":
            return x + draws.normal(edit, x).to(x.dtype) * (amount * _spread(x))
        case "zero":
            return x.index_fill(0, draws.order(edit, x)[:drawn], 0.0)
        case "sign":
            return torch.where(draws.uniform(edit, x) < share, -x, x)
        case "roll":
            return x.roll(round(amount), 0)
        case "shuffle":
            places = draws.order(edit, x)[:drawn]
            return x.index_copy(0, places, x.index_select(0, places.roll(1)))
        case "quantise":
            if amount == 0.0:
                return x
            step = (abs(amount) * _spread(x)).clamp_min(1e-30)
            return torch.round(x / step) * step


def _spread(x: Tensor) -> Tensor:  # [] above 0
    std, mean = torch.std_mean(x, correction=0)
    size = torch.where(mean != 0, mean.abs(), torch.ones_like(mean))
    return torch.where(std > 1e-6 * size, std, size)
