"""A live tensor that the ground writes to, beside what it holds without the ground."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor


class HeldTensor:
    """Keeps what blends and edits have made of a live tensor while the ground changes it.

    Others go on writing to the tensor as if nobody held it: torch counts what is written, and what
    is not the ground's own is taken over.

    Args:
        live: written in place, so that its address stays.
    """

    def __init__(self, live: Tensor) -> None:
        self.live = live.detach()  # the same memory and the same counter
        self.base = self.live.clone()
        self._version: int | None = self.live._version

    def follow(self) -> bool:
        """Take over what others have written since `settle`; returns whether they have."""
        if self._version == self.live._version:
            return False
        self.base.copy_(self.live)
        self._version = self.live._version
        return True

    def settle(self) -> None:
        """Note that the tensor holds what the ground has written."""
        self._version = self.live._version

    def release(self) -> None:
        """Let the tensor be what it is without the ground, bit for bit."""
        if not self.follow():
            self.live.copy_(self.base)


def follow(held: Iterable[HeldTensor]) -> bool:
    """Take over what others have written to any of `held`; returns whether they have."""
    changed = [tensor.follow() for tensor in held]  # all of them: `any` would stop at the first
    return any(changed)
