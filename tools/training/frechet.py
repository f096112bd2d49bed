"""Frechet distance between sets of pictures on random convolutional features.

The usual features come from a network trained on photographs: a download, and made for other
pictures. Random features see textures, edges and colours at several scales well enough to rank
networks of one data set (they are not comparable with published FID values). The network is fixed
by its seed: pictures are averaged down to 128 px; four levels of a 5x5 convolution with orthogonal
random weights, absolute value, and halving by averaging; of every level 48 channels, their mean
over the picture and over its centre half, and beside them the mean of each of 4 x 4 tiles of the
picture itself. That makes 432 features, whitened on the reference set's own scale.

Frechet distance of Gaussians: Dowson and Landau 1982; as a score of generators: Heusel et al.
2017.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from scipy import linalg
from torch import Tensor, nn

from tools.training.pool import shrink

_SEED = 256
_LEVELS, _CHANNELS, _SIZE = 4, 48, 128


class RandomFeatures(nn.Module):
    """Pictures to 432 numbers each, the same on every machine up to rounding."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(_SEED)
        self.kernels = nn.ParameterList()
        channels = 3
        for _ in range(_LEVELS):
            flat = torch.randn(_CHANNELS, channels * 25, generator=generator)
            # zero mean, so that even grounds do not drown edges; orthogonal rows
            flat = flat - flat.mean(1, keepdim=True)
            rows = torch.linalg.qr(flat.t())[0].t()
            kernel = rows.reshape(_CHANNELS, channels, 5, 5)
            self.kernels.append(nn.Parameter(kernel, requires_grad=False))
            channels = _CHANNELS

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:  # [N, 3, R, R] in [-1, 1] -> [N, 432]
        """Features of pictures of any resolution."""
        x = shrink(pictures.float().clamp(-1, 1), min(_SIZE, pictures.shape[-1]))
        features = [F.adaptive_avg_pool2d(x, 4).flatten(1)]
        for kernel in self.kernels:
            x = F.conv2d(x, kernel, padding=2).abs()
            quarter = x.shape[-1] // 4
            centre = x[:, :, quarter : x.shape[-1] - quarter, quarter : x.shape[-1] - quarter]
            features += [x.mean([2, 3]), centre.mean([2, 3])]
            x = F.avg_pool2d(x, 2)
        return torch.cat(features, dim=1)


def collect_features(
    batches: Iterable[Tensor], device: torch.device | str
) -> np.ndarray:  # [N, 432] float64
    """Features of all pictures of all batches."""
    network = RandomFeatures().to(device)
    rows = [network(batch.to(device)).double().cpu().numpy() for batch in batches]
    return np.concatenate(rows)


def frechet_distance(reference: np.ndarray, other: np.ndarray) -> float:
    """Squared Frechet distance of two feature sets, each feature in units of its own spread.

    The first set is the yardstick: its standard deviations are the units.
    """
    scale = reference.std(0) + 1e-6 * reference.std() + 1e-12
    a, b = reference / scale, other / scale
    mean = ((a.mean(0) - b.mean(0)) ** 2).sum()
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # tr sqrt(A B) = sum of the roots of the eigenvalues of sqrt(A) B sqrt(A), which is symmetric
    values, vectors = linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    cross = np.sqrt(linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    return float(mean + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)
