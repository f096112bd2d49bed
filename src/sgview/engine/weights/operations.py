"""What an edit does to a tensor.

A tensor's first axis counts its channels: the outputs of a convolution or of a fully connected
layer, the entries of a bias. A single number is one channel. `Edit.channels` limits an operation to
a range of them. `sgview.state.operations` lists the operations as people see them; `FUNCTIONS` has
what each does.

A share is the amount without its sign, at most 1. The spread is the standard deviation of the
channels in the range; of equal values their size; of zeros 1.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable

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
    operate = FUNCTIONS[edit.operation]
    if edit.channels is None:
        return operate(edit, channels, draws).reshape(tensor.shape)
    start, stop = edit.channels
    result = channels.clone()
    result[start:stop] = operate(edit, channels[start:stop], draws)
    return result.reshape(tensor.shape)


def multiply(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """The amount is the factor."""
    return x * edit.amount


def add(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """The amount is added."""
    return x + edit.amount


def noise(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """Standard normal noise, times the amount, times the spread, is added."""
    return x + draws.normal(edit, x).to(x.dtype) * (edit.amount * _spread(x))


def zero(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """A share of the channels is set to 0: drawn by `seed`, more join as it grows."""
    return x.index_fill(0, draws.order(edit, x)[: _count(edit, x)], 0.0)


def sign(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """The sign of a share of the values changes; drawn and growing likewise."""
    return torch.where(draws.uniform(edit, x) < _share(edit), -x, x)


def roll(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """Channels move on by the amount, rounded, the last ones coming first."""
    return x.roll(round(edit.amount), 0)


def shuffle(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """A share of the channels change places among each other; drawn and growing likewise."""
    places = draws.order(edit, x)[: _count(edit, x)]
    return x.index_copy(0, places, x.index_select(0, places.roll(1)))


def quantise(edit: Edit, x: Tensor, draws: Draws) -> Tensor:
    """Values are rounded to steps of the amount times the spread; 0 leaves them."""
    if edit.amount == 0.0:
        return x
    step = (abs(edit.amount) * _spread(x)).clamp_min(1e-30)
    return torch.round(x / step) * step


Function = Callable[[Edit, Tensor, Draws], Tensor]
"""Takes and returns `x`: [channels, values of each]."""

FUNCTIONS: dict[str, Function] = {
    function.__name__: function
    for function in (multiply, add, noise, zero, sign, roll, shuffle, quantise)
}
"""By the names of `sgview.state.operations.OPERATIONS`."""


def _share(edit: Edit) -> float:  # 0..1
    return min(abs(edit.amount), 1.0)


def _count(edit: Edit, x: Tensor) -> int:
    """Return how many channels a share of them is."""
    return round(_share(edit) * x.shape[0])


def _spread(x: Tensor) -> Tensor:  # [] above 0
    std, mean = torch.std_mean(x, correction=0)
    size = torch.where(mean != 0, mean.abs(), torch.ones_like(mean))
    return torch.where(std > 1e-6 * size, std, size)
