"""Remembering what was derived from tensors that change rarely."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")

SMALL = 4096  # values of filters that are compared one by one; weights have more


class Memo:
    """Values computed from tensors, kept until one of those is replaced or changed.

    Changes are found by content, since `w.data.mul_(0)`, `w.numpy()[:] = 0` and the like leave no
    other trace: small tensors are compared with a copy, and what follows from large ones is made
    anew at each call, which costs less than looking through them would.

    Nothing is kept where gradients would have to flow through the value. What is kept is made
    outside of inference mode, so that gradients may flow past it later. Copies start empty.

    """

    def __init__(self) -> None:
        self._trusts_counters = False
        self._entries: dict[str, tuple[tuple[Tensor, ...], tuple[Any, ...], Any, Hashable]] = {}

    def __reduce__(self) -> tuple[type[Memo], tuple[()]]:
        return Memo, ()

    @property
    def trusts_counters(self) -> bool:
        """Whether what follows from weights is kept, so that it may take long to make."""
        return self._trusts_counters

    def trust_version_counters(self) -> None:
        """Keep what follows from large tensors too, until torch counts a change of them.

        Then no value is looked at: a change is noticed by the tensor's version counter, a swap of
        its storage by its address.
        """
        self._entries.clear()
        self._trusts_counters = True

    def get(
        self,
        name: str,
        sources: tuple[Tensor, ...],
        make: Callable[[], T],
        options: Hashable = None,  # what else it depends on; only the newest value is kept
    ) -> T:
        """The value called `name`, made anew by `make` where a source or an option changed."""
        if torch.is_grad_enabled() and any(s.requires_grad for s in sources):
            return make()
        if any(s.is_inference() for s in sources):  # these carry no version
            return make()
        if not self._trusts_counters and sum(s.numel() for s in sources) > SMALL:
            return make()
        is_same = _is_counted if self._trusts_counters else _is_equal
        entry = self._entries.get(name)
        if entry is not None and entry[3] == options and is_same(sources, *entry[:2]):
            return entry[2]
        with torch.inference_mode(False), torch.no_grad():
            value = make()
            key = _counters(sources) if self._trusts_counters else tuple(map(_copy, sources))
        # holding the sources keeps their addresses from being given to other tensors
        self._entries[name] = (sources, key, value, options)
        return value


def trust_version_counters(module: nn.Module) -> None:
    """Let `module` keep what follows from its weights until torch counts a change of them.

    For owners who promise to change tensors only by operations on the tensors themselves, such as
    `copy_`, and never through `.data`, NumPy or another library. It spares a few passes over the
    weights at each call, and comparisons of filters, which on a GPU wait for it.
    """
    for part in module.modules():
        for memo in vars(part).values():
            if isinstance(memo, Memo):
                memo.trust_version_counters()


def _counters(sources: tuple[Tensor, ...]) -> tuple[Any, ...]:
    return tuple((s._version, s.data_ptr()) for s in sources)


def _is_counted(
    sources: tuple[Tensor, ...], old: tuple[Tensor, ...], counters: tuple[Any, ...]
) -> bool:
    return counters == _counters(sources) and all(map(operator.is_, old, sources))


def _copy(source: Tensor) -> Tensor:
    return source.detach().clone()


def _is_equal(sources: tuple[Tensor, ...], _: object, copies: tuple[Any, ...]) -> bool:
    return all(
        s.shape == c.shape and s.dtype == c.dtype and s.device == c.device and torch.equal(s, c)
        for s, c in zip(sources, copies, strict=True)
    )
