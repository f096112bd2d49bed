"""Remembering what was derived from tensors that change rarely."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Memo:
    """Values computed from tensors, kept until one of those is replaced or changed in place.

    A change in place is noticed by the tensor's version counter, a swap of its storage by its
    address. Nothing is kept where gradients would have to flow through the value.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[tuple[Tensor, ...], tuple[Any, ...], Any]] = {}

    def get(self, name: str, sources: tuple[Tensor, ...], make: Callable[[], T]) -> T:
        """The value called `name`, made anew by `make` where a source changed."""
        if torch.is_grad_enabled() and any(s.requires_grad for s in sources):
            return make()
        if any(s.is_inference() for s in sources):  # these carry no version
            return make()
        key = tuple((s._version, s.data_ptr()) for s in sources)
        if name in self._entries:
            old_sources, old_key, value = self._entries[name]
            if old_key == key and all(map(operator.is_, old_sources, sources)):
                return value
        value = make()
        # holding the sources keeps their addresses from being given to other tensors
        self._entries[name] = (sources, key, value)
        return value
