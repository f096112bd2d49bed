"""The cloud of w that z is mapped to: its axes, its clusters, and what styles read of it.

All of it is computed on the CPU from a network as it was loaded, by whoever calls, from fixed
seeds: the same network gives the same directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

SAMPLES = 10_000  # Harkonen et al. 2020 take 10^6; axes are stable to a degree from 10^4 on
FEW = 1_000  # that tell a standard deviation
_BATCH = 500
_ROUNDS = 30  # of k-means

Rest = Callable[[], None]
"""Called between pieces of work; may sleep, and raise to give up."""


def no_rest() -> None:
    """Work on."""


@torch.no_grad()
def sample_w(
    generator: Any,  # a GeneratorLike on the CPU
    count: int = SAMPLES,
    rest: Rest = no_rest,
) -> Tensor:  # [count, w_dim] float32
    """Map normal z; of a network with classes, each to a class by chance."""
    random = torch.Generator().manual_seed(0)
    parts: list[Tensor] = []
    for start in range(0, count, _BATCH):
        rest()
        size = min(_BATCH, count - start)
        z = torch.randn(size, generator.z_dim, generator=random)
        label = None
        if generator.c_dim:
            classes = torch.randint(generator.c_dim, (size,), generator=random)
            label = torch.nn.functional.one_hot(classes, generator.c_dim).to(z)
        parts.append(generator.mapping(z, label)[:, 0].float())
    return torch.cat(parts)


def principal_directions(
    ws: Tensor,  # [N, w_dim]
    count: int,
) -> Tensor:  # [count or w_dim, w_dim] float32
    """Return the principal components of w, each as long as the standard deviation along it.

    Harkonen et al. 2020 (GANSpace), section 2.2.
    """
    variances, axes = torch.linalg.eigh(torch.cov(ws.double().T))
    order = variances.argsort(descending=True)[:count]
    lengths = variances[order].clamp_min(0.0).sqrt()
    return (_upright(axes[:, order].T) * lengths[:, None]).float()


@torch.no_grad()
def sefa_directions(
    generator: Any,  # a GeneratorLike on the CPU
    rows: tuple[int, int] | None,  # the first and the last one; None: all
    ws: Tensor,  # [N, w_dim], that tell how far w reaches
    count: int,
) -> Tensor:  # [count or w_dim, w_dim] float32
    """Return the directions that change styles most: eigenvectors of A^T A of the affine weights.

    Shen and Zhou 2021 (SeFa), section 3.2. Each is as long as the standard deviation of w along it.
    """
    first, last = rows or (0, generator.num_ws - 1)
    last = min(last, generator.num_ws - 1)
    first = min(first, last)
    weights = [weight for row, weight in style_weights(generator) if first <= row <= last]
    a = torch.cat(weights).double()
    values, axes = torch.linalg.eigh(a.T @ a)
    axes = _upright(axes[:, values.argsort(descending=True)[:count]].T)
    return (axes * (ws.double() @ axes.T).std(0)[:, None]).float()


def style_weights(generator: Any) -> Iterator[tuple[int, Tensor]]:
    """Yield the row of ws that each affine layer reads, and its effective weight [out, w_dim]."""
    row = 0
    for name, module in generator.synthesis.named_modules():
        if name.rpartition(".")[2] != "affine":
            continue
        yield min(row, generator.num_ws - 1), module.weight.float() * module.weight_gain
        if not name.endswith("torgb.affine"):  # StyleGAN2's shares its row with the next layer
            row += 1


def k_means(
    ws: Tensor,  # [N, w_dim]
    count: int,
    rest: Rest = no_rest,
) -> tuple[Tensor, float]:  # [count, w_dim] float32, and the mean squared distance to them
    """Cluster w: Lloyd's algorithm from the seeding of Arthur and Vassilvitskii 2007 (k-means++).

    The modes of Mokady et al. 2022 (Self-Distilled StyleGAN), section 4.
    """
    random = torch.Generator().manual_seed(0)
    count = min(count, len(ws))
    chosen = [int(torch.randint(len(ws), (1,), generator=random))]
    nearest = (ws - ws[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        rest()
        weights = nearest.clamp_min(1e-12)
        chosen.append(int(torch.multinomial(weights, 1, generator=random)))
        nearest = torch.minimum(nearest, (ws - ws[chosen[-1]]).square().sum(1))
    centroids = ws[chosen].clone()
    labels: Tensor | None = None
    for _ in range(_ROUNDS):
        rest()
        distances = torch.cdist(ws, centroids)
        new = distances.argmin(1)
        if labels is not None and torch.equal(new, labels):
            break
        labels = new
        sums = torch.zeros_like(centroids).index_add_(0, labels, ws)
        sizes = torch.bincount(labels, minlength=count)
        filled = sizes > 0
        centroids[filled] = sums[filled] / sizes[filled, None]
    spread = float(torch.cdist(ws, centroids).min(1).values.square().mean())
    return centroids, spread


def _upright(axes: Tensor) -> Tensor:  # [n, w_dim] -> the same, or its opposite
    """Let the largest number of each axis be positive: an eigenvector has no sign of its own."""
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    return axes * torch.where(largest < 0.0, -1.0, 1.0)
