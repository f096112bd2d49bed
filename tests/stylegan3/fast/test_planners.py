"""The fast path of each family."""

from typing import Any, cast

import pytest
import torch

from stylegan3 import Generator
from stylegan3.families import FAMILIES
from stylegan3.fast import FastSynthesis, UnsupportedNetworkError
from stylegan3.fast import synthesis as fast_synthesis
from stylegan3.fast.planners import PLANNERS
from tests.support.networks import SMALL1, SMALL2


def test_planners_are_for_families_that_there_are() -> None:
    assert PLANNERS.keys() <= FAMILIES.keys()


def test_a_family_without_a_planner_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {name: planner for name, planner in PLANNERS.items() if name != "stylegan2"}
    monkeypatch.setattr(fast_synthesis, "PLANNERS", others)
    generator = Generator(SMALL2).requires_grad_(False)
    assert generator.mapping.w_avg.device == torch.device("cpu")
    with pytest.raises(UnsupportedNetworkError, match="no fast path for StyleGAN2 yet"):
        FastSynthesis(generator, operations=cast(Any, object()))


def test_stylegan1_says_why_it_plays_without() -> None:
    generator = Generator(SMALL1).requires_grad_(False)
    with pytest.raises(UnsupportedNetworkError, match="no fast path for StyleGAN1 yet"):
        FastSynthesis(generator, operations=cast(Any, object()))
