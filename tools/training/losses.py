"""Losses: non-saturating with R1, as StyleGAN2 trains."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.training.discriminator import Discriminator


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:  # logits [N], [N] -> []
    """Cross entropy of telling real from generated: Goodfellow et al. 2014."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:  # logits [N] -> []
    """Non-saturating: Goodfellow et al. 2014, section 3."""
    return F.softplus(-fake).mean()


def r1_penalty(discriminator: Discriminator, real: Tensor, dtype: torch.dtype) -> Tensor:  # []
    """Mean squared length of the gradient at real pictures: Mescheder et al. 2018, equation 9.

    Multiply by gamma / 2, and by the interval where it is not applied at every step (lazy
    regularisation: Karras et al. 2020, section 3.1).
    """
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(
        discriminator(real, dtype, is_plain=True).sum(), real, create_graph=True
    )
    return gradient.square().sum([1, 2, 3]).mean()


def penalty_weight(gamma: float, resolution: int) -> float:
    """Weight of R1 at a resolution, from its weight `gamma` at 256 px.

    The squared length of a gradient sums over pixels, each of which counts less the more there are.
    """
    return gamma * (resolution / 256) ** 2
