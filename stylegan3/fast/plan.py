"""What a frame is made of: launches on buffers that are there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from stylegan3.cuda.kernel import without_dependent_launch
from stylegan3.cuda.nvrtc import KernelSpec


@dataclass(frozen=True)
class Step:
    """One launch, or a few that belong together."""

    name: str  # layer and operation: "L3_36_512 convolution"
    launch: Callable[[], object]
    spec: KernelSpec | None = None  # what has to be compiled for it
    is_on_side_stream: bool = False  # beside the steps that follow, up to one that joins
    joins_side_stream: bool = False  # it reads what a step on the side stream wrote
    made_by: str = ""  # the kernel, where there is a choice


class Preparation(Protocol):
    """Writes what is derived from live tensors, in place; see `kernels.weights`."""

    @property
    def spec(self) -> KernelSpec | None:
        """What has to be compiled for it."""
        ...

    def __call__(self, which: Sequence[int]) -> None:
        """Launch for these of its items, by their numbers."""
        ...


class Derived:
    """Something computed from a live tensor, made anew where that changed.

    Args:
        source: the live tensor, changed in place.
        item: its number in the plan's preparation.
    """

    def __init__(self, source: Tensor, item: int) -> None:
        self._source = source
        self._version: int | None = None
        self.item = item

    @property
    def is_stale(self) -> bool:
        """Whether the source changed since `settle`."""
        return self._source._version != self._version

    def settle(self) -> None:
        """Note that what is derived follows the source as it is now."""
        self._version = self._source._version


@dataclass(frozen=True)
class Plan:
    """Launches that bring a network from `ws` to a picture or a layer's output."""

    steps: tuple[Step, ...]
    derived: tuple[Derived, ...]
    preparation: Preparation
    output: Tensor  # [1, C, H, W], a view of a buffer that every plan of the network writes to

    @property
    def stale(self) -> tuple[Derived, ...]:
        """What has to be made anew: its live tensor changed."""
        return tuple(derived for derived in self.derived if derived.is_stale)

    def update(self) -> None:
        """Follow what changed in the live tensors since the last frame, by one launch."""
        stale = self.stale
        if stale:
            self.preparation([derived.item for derived in stale])
        for derived in stale:
            derived.settle()

    def run(self) -> None:
        """Launch every step."""
        side: torch.cuda.Stream | None = None
        for step in self.steps:
            if step.is_on_side_stream and self.output.is_cuda:
                side = _side_stream(self.output.device)
                side.wait_stream(torch.cuda.current_stream())
                with torch.cuda.stream(side), without_dependent_launch():
                    step.launch()
            elif step.joins_side_stream and side is not None:
                torch.cuda.current_stream().wait_stream(side)
                side = None
                with without_dependent_launch():
                    step.launch()
            else:
                step.launch()
        if side is not None:
            torch.cuda.current_stream().wait_stream(side)

    @property
    def specs(self) -> set[KernelSpec]:
        """The kernels to compile."""
        parts = (*self.steps, self.preparation)
        return {part.spec for part in parts if part.spec is not None}


@dataclass
class Arena:
    """Memory for pictures of which only the last two are alive: a convolution's input and output.

    Buffers are asked for by `picture` before `allocate`, and again after it to be used.
    """

    device: torch.device
    _sizes: dict[str, int] = field(default_factory=dict)
    _memory: dict[str, Tensor] = field(default_factory=dict)

    def reserve(self, name: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        """Have room for a picture in the part called `name`."""
        self._sizes[name] = max(self._sizes.get(name, 0), _bytes(shape, dtype))

    def allocate(self) -> None:
        """Take the memory."""
        for name, size in self._sizes.items():
            self._memory[name] = torch.zeros(size, dtype=torch.uint8, device=self.device)

    def picture(self, name: str, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return a view of the part called `name`; what was in it is lost once it is written."""
        return self._memory[name][: _bytes(shape, dtype)].view(dtype).view(shape)


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)


def _bytes(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    return torch.Size(shape).numel() * dtype.itemsize
