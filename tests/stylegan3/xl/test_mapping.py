"""StyleGAN-XL's mapping: one class as published, a mix of classes in between."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from stylegan3 import Generator
from stylegan3.xl.mapping import StyleGANXLMapping, shares
from tests.support.networks import SMALL_XL, latent, lively

pytestmark = pytest.mark.usefixtures("no_grad")


@pytest.fixture(scope="module")
def generator() -> Generator:
    return lively(SMALL_XL)


@pytest.fixture(scope="module")
def mapping(generator: Generator) -> StyleGANXLMapping:
    assert isinstance(generator.mapping, StyleGANXLMapping)
    return generator.mapping


def label(*weights: float) -> Tensor:
    return torch.tensor([weights])


def test_one_class_is_itself_whatever_its_weight(
    generator: Generator, mapping: StyleGANXLMapping
) -> None:
    z = latent(generator)
    one = mapping(z, label(0, 0, 1, 0), truncation_psi=0.5)
    for weight in (0.25, 3.0, 1e-6):
        torch.testing.assert_close(mapping(z, label(0, 0, weight, 0), truncation_psi=0.5), one)
    torch.testing.assert_close(mapping(z, label(0, -2, 1, 0), truncation_psi=0.5), one)


def test_no_label_and_no_weight_are_class_0(
    generator: Generator, mapping: StyleGANXLMapping
) -> None:
    z = latent(generator)
    zero = mapping(z, label(1, 0, 0, 0), truncation_psi=0.5)
    assert torch.equal(mapping(z, truncation_psi=0.5), zero)
    assert torch.equal(mapping(z, label(0, 0, 0, 0), truncation_psi=0.5), zero)


def test_a_mix_lies_between_its_classes(mapping: StyleGANXLMapping) -> None:
    c = label(0, 0.5, 0, 1.5)
    torch.testing.assert_close(shares(c), label(0, 0.25, 0, 0.75))
    wanted = mapping.w_avg[1].lerp(mapping.w_avg[3], 0.75)
    torch.testing.assert_close(mapping.average(c)[0], wanted)


def test_a_morph_between_classes_moves_without_a_jump(
    generator: Generator, mapping: StyleGANXLMapping
) -> None:
    z = latent(generator)
    steps = torch.linspace(0, 1, 33)
    rows = [mapping(z, label(1 - x, x, 0, 0), truncation_psi=0.7)[0, 0] for x in steps.tolist()]
    moves = torch.stack([(b - a).norm() for a, b in pairwise(rows)])
    assert moves.min() > 0
    assert moves.max() < 0.2 * (rows[-1] - rows[0]).norm()


def test_every_class_has_its_average(generator: Generator, mapping: StyleGANXLMapping) -> None:
    z, c = latent(generator).expand(4, -1), torch.eye(4)
    assert torch.equal(mapping(z, c, truncation_psi=0)[:, 0], mapping.w_avg)


def test_running_means_move_for_the_classes_there_are() -> None:
    mapping = lively(SMALL_XL).mapping
    before = mapping.w_avg.clone()
    z, c = torch.randn(3, SMALL_XL.z_dim), torch.eye(4)[[1, 1, 2]]
    w = mapping(z, c, update_emas=True)[:, 0]
    assert torch.equal(mapping.w_avg[[0, 3]], before[[0, 3]])
    torch.testing.assert_close(mapping.w_avg[2], w[2].lerp(before[2], mapping.w_avg_beta))
    torch.testing.assert_close(mapping.w_avg[1], w[:2].mean(0).lerp(before[1], mapping.w_avg_beta))
