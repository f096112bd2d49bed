"""Reference networks: checkpoints beside what the published programs compute from them."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

import stylegan3
from tests.support import DATA


@pytest.fixture(scope="session")
def reference() -> Callable[[str], tuple[stylegan3.Generator, dict[str, Tensor]]]:
    """`reference("sg3-r-64.pkl")` is a network and its recorded outputs; leave both unchanged."""

    @cache
    def load(name: str) -> tuple[stylegan3.Generator, dict[str, Tensor]]:
        recorded = np.load((DATA / name).with_suffix(".npz"))
        return stylegan3.load(DATA / name), {k: torch.from_numpy(recorded[k]) for k in recorded}

    return load


@pytest.fixture
def no_grad() -> Iterator[None]:
    """For modules that play networks; what trains them turns gradients on again."""
    with torch.no_grad():
        yield
