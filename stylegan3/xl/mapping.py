"""StyleGAN-XL's mapping network: class embeddings, and an average w for every class."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from stylegan3.mapping import FullyConnected, MappingNetwork
from stylegan3.xl.config import StyleGANXLConfig


class StyleGANXLMapping(MappingNetwork):
    """`z`, `c` to `ws`: Sauer et al. 2022, section 3.

    A label says how much of each class there is. One class alone gives what the published network
    gives, which looks at the largest entry only; between classes, embeddings and average w are
    mixed in the label's proportions, so that a morph moves.
    """

    w_avg: Tensor  # [w_dim], with classes [c_dim, w_dim]: running mean of w, of each class

    def __init__(self, config: StyleGANXLConfig) -> None:
        self._embedding_shape = (config.embed_classes, config.embed_features)
        super().__init__(
            config.z_dim,
            config.c_dim,
            config.w_dim,
            config.num_ws,
            embed_features=config.z_dim,
            **config.mapping_arguments(),
        )
        if config.embed_classes and not config.c_dim:
            self._add_embedding()  # published networks carry it without using it
        if config.c_dim:
            self.w_avg = torch.zeros(config.c_dim, config.w_dim)

    @classmethod
    def of(cls, config: Any) -> StyleGANXLMapping:
        """Return the mapping network of a configuration."""
        return cls(config)

    def embedding(self, c: Tensor) -> Tensor:  # [N, c_dim] -> [N, z_dim]
        """Class embeddings in the proportions of the labels, projected."""
        classes = self.embed.weight[: self.c_dim].to(c.dtype)
        return self.embed_proj(shares(c) @ classes)

    def average(self, c: Tensor | None) -> Tensor:  # [N, c_dim] -> [N, w_dim], without [w_dim]
        """What truncation moves w towards."""
        return self.w_avg if c is None else shares(c) @ self.w_avg

    def _add_label(self, features: int) -> None:
        self._add_embedding()
        self.embed_proj = FullyConnected(self._embedding_shape[1], features, activation="lrelu")

    def _add_embedding(self) -> None:
        self.embed = nn.Embedding(*self._embedding_shape)

    def _update_average(self, w: Tensor, c: Tensor | None) -> None:
        if c is None:
            super()._update_average(w, c)
            return
        classes = c.argmax(1)
        for k in classes.unique():
            mean = w[classes == k].mean(0)
            self.w_avg[k] = mean.lerp(self.w_avg[k], self.w_avg_beta)


def shares(c: Tensor) -> Tensor:  # [N, c_dim] -> [N, c_dim], rows of sum 1
    """Proportions of the classes; what is below zero counts as zero.

    A label without any positive entry is the class of its largest, as in the published network.
    """
    positive = c.clamp_min(0)
    total = positive.sum(1, keepdim=True)
    largest = torch.zeros_like(c).scatter_(1, c.argmax(1, keepdim=True), 1.0)
    return torch.where(total > 0, positive / total.clamp_min(1e-30), largest)
