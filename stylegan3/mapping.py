"""The mapping network: latent `z` and label `c` to the rows of `ws`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan3.config import Config
from stylegan3.ops.bias_act import bias_act


class FullyConnected(nn.Module):
    """Linear layer with equalised learning rate: effective weight `weight * m / sqrt(in)`.

    Karras et al. 2018 (progressive growing), section 4.1; the multiplier `m` is StyleGAN's.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        activation: str = "linear",
        lr_multiplier: float = 1.0,
        weight_init: float = 1.0,
        bias_init: float | Sequence[float] = 0.0,  # one, or one for each output
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.activation = activation
        self.weight = nn.Parameter(
            torch.randn(out_features, in_features).mul_(weight_init / lr_multiplier)
        )
        biases = [bias_init] * out_features if isinstance(bias_init, float) else bias_init
        self.bias = nn.Parameter(torch.tensor(biases).div_(lr_multiplier))
        self.weight_gain = lr_multiplier / math.sqrt(in_features)
        self.bias_gain = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:  # [N, in] -> [N, out]
        """Linear map, bias, activation with its gain."""
        weight, bias = self.weight, self.bias
        if weight.dtype != x.dtype:
            weight, bias = weight.to(x.dtype), bias.to(x.dtype)
        y = torch.addmm(bias, x, weight.t(), beta=self.bias_gain, alpha=self.weight_gain)
        return y if self.activation == "linear" else bias_act(y, act=self.activation)


def as_tensor(values: Tensor | np.ndarray, like: Tensor, name: str) -> Tensor:
    """Return `values` in the number format of `like`; what is no tensor yet, on its device too.

    Raises:
        ValueError: naming what it is, if there are no numbers in it.
    """
    if isinstance(values, Tensor):
        return values.to(like.dtype)
    try:
        return torch.tensor(np.asarray(values), dtype=like.dtype, device=like.device)
    except (TypeError, ValueError):
        kind = type(values).__name__
        raise ValueError(f"{name} must be a tensor or an array, not {kind}") from None


def normalise_second_moment(x: Tensor) -> Tensor:  # [N, features]
    """Scale every sample to a mean square of 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class MappingNetwork(nn.Module):
    """`z`, `c` to `ws`: Karras et al. 2019 (StyleGAN), section 2; truncation: appendix B."""

    w_avg: Tensor  # [w_dim] running mean of w

    def __init__(
        self,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        num_ws: int,
        *,
        num_layers: int,
        embed_features: int | None = None,
        layer_features: int | None = None,
        activation: str = "lrelu",
        lr_multiplier: float = 0.01,
        w_avg_beta: float = 0.998,
        label_concat: bool = False,
    ) -> None:
        super().__init__()
        self.z_dim = z_dim
        self.c_dim = c_dim
        self.w_dim = w_dim
        self.num_ws = num_ws
        self.num_layers = num_layers
        self.w_avg_beta = w_avg_beta
        self.label_concat = label_concat
        embed_features = z_dim if label_concat else embed_features or w_dim
        layer_features = layer_features or w_dim
        if c_dim > 0:
            self._add_label(embed_features)
        first = z_dim + (embed_features if c_dim > 0 else 0)
        widths = [first] + [layer_features] * (num_layers - 1) + [w_dim]
        for i in range(num_layers):
            layer = FullyConnected(
                widths[i], widths[i + 1], activation=activation, lr_multiplier=lr_multiplier
            )
            self.add_module(f"fc{i}", layer)
        self.register_buffer("w_avg", torch.zeros(w_dim))

    @classmethod
    def of(cls, config: Config) -> MappingNetwork:
        """Return the mapping network of a configuration."""
        sizes = (config.z_dim, config.c_dim, config.w_dim, config.num_ws)
        return cls(*sizes, **config.mapping_arguments())

    def forward(
        self,
        z: Tensor | np.ndarray,  # [N, z_dim]
        c: Tensor | np.ndarray | None = None,  # [N, c_dim]; None: class 0, if it is conditional
        truncation_psi: float | Tensor | np.ndarray = 1,  # a number, or [N]: one for each sample
        truncation_cutoff: int | None = None,  # rows truncated; None: all; -2: all but the last 2
        update_emas: bool = False,  # move w_avg towards this batch's mean, as training does
        *,
        skip_w_avg_update: bool = False,  # StyleGAN2-ADA's word: w_avg stays, whatever is above
    ) -> Tensor:  # [N, num_ws, w_dim]
        """Map latents to `ws`.

        Raises:
            ValueError: if `z`, `c` or `truncation_psi` have the wrong shape, or the cutoff is no
                whole number.
        """
        z = as_tensor(z, self.w_avg, "z")
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"z must have shape [N, {self.z_dim}], not {list(z.shape)}")
        psi = self._psi(truncation_psi, len(z))
        if truncation_cutoff is not None and not isinstance(truncation_cutoff, int | np.integer):
            raise ValueError(
                f"truncation_cutoff must be a whole number of rows, not {truncation_cutoff!r}"
            )
        label = self._label(c, z)
        x = self._input(z, label)
        for i in range(self.num_layers):
            x = self.get_submodule(f"fc{i}")(x)
        if update_emas and not skip_w_avg_update and len(x):
            self._update_average(x.detach(), label)
        ws = x[:, None, :].expand(-1, self.num_ws, -1)
        if isinstance(psi, float) and psi == 1:
            return ws.contiguous()
        truncated = self.average(label).lerp(x, psi)[:, None, :].expand(-1, self.num_ws, -1)
        if truncation_cutoff is None:
            return truncated.contiguous()
        cutoff = int(truncation_cutoff)
        return torch.cat([truncated[:, :cutoff], ws[:, cutoff:]], dim=1)

    def embedding(self, c: Tensor) -> Tensor:  # [N, c_dim] -> [N, embed_features]
        """What the mapping network reads of labels, beside z."""
        return self.embed(c)

    def average(self, c: Tensor | None) -> Tensor:  # [N, c_dim] -> [w_dim] or [N, w_dim]
        """What truncation moves w towards; here the same for all labels."""
        return self.w_avg

    def _add_label(self, features: int) -> None:
        """Make the layers that read labels."""
        if self.label_concat:
            self.embed = nn.Linear(self.c_dim, features, bias=False)
        else:
            self.embed = FullyConnected(self.c_dim, features)

    def _input(self, z: Tensor, c: Tensor | None) -> Tensor:  # [N, features of z and label]
        if c is None:
            return normalise_second_moment(z)
        label = self.embedding(c)
        if self.label_concat:  # one normalisation over both
            return normalise_second_moment(torch.cat([z, label], dim=1))
        return torch.cat([normalise_second_moment(z), normalise_second_moment(label)], dim=1)

    def _update_average(self, w: Tensor, c: Tensor | None) -> None:
        """Move w_avg towards the mean of `w` [N, w_dim], of which `c` are the labels."""
        self.w_avg.copy_(w.mean(0).lerp(self.w_avg, self.w_avg_beta))

    def _psi(self, psi: float | Tensor | np.ndarray, count: int) -> float | Tensor:  # or [N, 1]
        if isinstance(psi, int | float):
            return float(psi)
        psi = as_tensor(psi, self.w_avg, "truncation_psi").to(self.w_avg.device)
        if psi.ndim == 0 or psi.shape in ((count,), (count, 1), (count, 1, 1)):
            return psi.reshape(-1, 1)
        raise ValueError(
            f"truncation_psi must be a number, or have shape [{count}], not {list(psi.shape)}"
        )

    def _label(self, c: Tensor | np.ndarray | None, x: Tensor) -> Tensor | None:  # [N, c_dim]
        if c is None and self.c_dim:
            return F.one_hot(x.new_zeros(len(x), dtype=torch.int64), self.c_dim).to(x.dtype)
        if c is None:
            return None
        c = as_tensor(c, x, "c")
        if self.c_dim == 0 and c.ndim == 2 and c.shape[1] == 0:
            return None  # as scripts make it that ask for `c_dim` columns, of any number of rows
        if self.c_dim == 0:
            raise ValueError(
                f"the network has no classes: c must be None or [N, 0], not {list(c.shape)}"
            )
        if c.shape != (len(x), self.c_dim):
            raise ValueError(f"c must have shape [{len(x)}, {self.c_dim}], not {list(c.shape)}")
        return c
