"""Networks that scripts of this folder play and change, each fresh for its test."""

from collections.abc import Callable
from typing import Any

import pytest

from stylegan3 import Config, Generator
from tests.support.networks import SMALL2, SMALL3, SMALL_XL, lively

CONFIGS: dict[str, Config] = {"stylegan2": SMALL2, "stylegan3": SMALL3, "stylegan-xl": SMALL_XL}


@pytest.fixture(params=CONFIGS)
def G(request: pytest.FixtureRequest) -> Any:  # noqa: N802 - its name in published scripts
    """A small generator of each family, as `load` gives it."""
    return lively(CONFIGS[request.param]).eval()


@pytest.fixture
def fresh() -> Callable[[Generator], Any]:
    """`fresh(G)` is another generator that holds the same numbers and has never been called."""

    def make(generator: Generator) -> Any:
        other = type(generator)(*generator.init_args, **generator.init_kwargs)
        other.load_state_dict({k: v.detach().clone() for k, v in generator.state_dict().items()})
        return other.eval().requires_grad_(False)

    return make
