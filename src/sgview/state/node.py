"""What the nodes of the tree of parameters have in common, and the types of its numbers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=0)]
Seed = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
Vec3 = tuple[float, float, float]
Range = tuple[int, int]  # [start, stop)


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every node of the tree: immutable, named fields only, unknown keys refused."""
