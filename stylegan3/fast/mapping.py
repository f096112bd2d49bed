"""The mapping network as launches on prepared buffers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from stylegan3.fast.kernels.dense.launcher import Dense
from stylegan3.fast.operations import Operations, step
from stylegan3.fast.plan import Step
from stylegan3.mapping import FullyConnected, MappingNetwork


class MappingPlan:
    """`z`, a label and truncation, all in device memory, to `ws`.

    A moving psi or label is a copy into a buffer: what was captured stays.

    Args:
        mapping: whose live tensors are read.
        operations: what to compute with.
        ws: [num_ws, w_dim], written.
    """

    def __init__(self, mapping: MappingNetwork, operations: Operations, ws: Tensor) -> None:
        self._mapping = mapping
        self._ws = ws
        device = ws.device
        self.z = torch.zeros(mapping.z_dim, device=device)
        """[z_dim], read by the steps; `set_input` copies nothing where this is its `z`."""
        self._label = torch.zeros(1, mapping.c_dim, device=device) if mapping.c_dim else None
        self._w = torch.zeros(mapping.w_dim, device=device)
        self._psi = torch.ones(mapping.num_ws, 1, device=device)
        self._psi_is: tuple[float, int | None] = (1.0, None)
        self.steps = tuple(self._layers(operations))

    def set_input(
        self,
        z: Tensor,  # [1, z_dim]
        c: Tensor | None,  # [1, c_dim]; None: class 0
        truncation_psi: float,
        truncation_cutoff: int | None,
    ) -> None:
        """Copy the inputs of a frame to where the steps read them, without waiting.

        Raises:
            ValueError: if `z` or `c` have the wrong shape.
        """
        if z.shape != (1, self._mapping.z_dim):
            raise ValueError(f"z must have shape [1, {self._mapping.z_dim}], not {list(z.shape)}")
        if z.data_ptr() != self.z.data_ptr():
            self.z.copy_(z[0], non_blocking=True)
        if self._label is not None:
            if c is None:
                self._label.zero_()
                self._label[0, :1].fill_(1.0)
            elif c.shape == self._label.shape:
                self._label.copy_(c, non_blocking=True)
            else:
                raise ValueError(
                    f"c must have shape {list(self._label.shape)}, not {list(c.shape)}"
                )
        if self._psi_is != (truncation_psi, truncation_cutoff):
            self._psi.fill_(truncation_psi)
            if truncation_cutoff is not None:
                self._psi[truncation_cutoff:].fill_(1.0)
            self._psi_is = (truncation_psi, truncation_cutoff)

    def _layers(self, operations: Operations) -> list[Step]:
        mapping = self._mapping
        layers = [_layer(mapping, i) for i in range(mapping.num_layers)]
        if self._label is not None or any(layer.activation != "lrelu" for layer in layers):
            # no methods of this object: what refers to itself is not freed at once
            truncate = partial(_truncate, mapping, self._label, self._w, self._psi, self._ws)
            return [
                Step("mapping", partial(_run, mapping, self.z, self._label, self._w)),
                Step("mapping truncation", truncate),
            ]
        denses = self._denses(layers)
        chain = operations.dense_chain(denses, self._ws.device)
        if chain is not None:
            return [step("mapping", chain)]
        return [
            step(f"mapping fc{i}", operations.fully_connected([dense], self._ws.device))
            for i, dense in enumerate(denses)
        ]

    def _denses(self, layers: Sequence[FullyConnected]) -> list[Dense]:
        """Return the layers; each reads what the one before writes, the last truncates."""
        mapping, denses, x = self._mapping, [], self.z
        for i, layer in enumerate(layers):
            is_last = i == len(layers) - 1
            y = self._ws if is_last else torch.zeros_like(layer.bias)
            dense = Dense(
                layer.weight,
                layer.bias,
                x,
                y,
                layer.weight_gain,
                layer.bias_gain,
                normalise=i == 0,
                activate=True,
                average=mapping.w_avg if is_last else None,
                psi=self._psi if is_last else None,
            )
            denses.append(dense)
            x = y
        return denses


def _run(mapping: MappingNetwork, z: Tensor, label: Tensor | None, w: Tensor) -> None:
    w.copy_(mapping(z[None], label)[0, 0])


def _truncate(
    mapping: MappingNetwork, label: Tensor | None, w: Tensor, psi: Tensor, ws: Tensor
) -> None:
    """Write `w_avg + psi (w - w_avg)` to every row: Karras et al. 2019, appendix B."""
    average = mapping.average(label)
    torch.lerp(average.expand(ws.shape), w.expand(ws.shape), psi, out=ws)


def _layer(mapping: MappingNetwork, index: int) -> FullyConnected:
    layer = mapping.get_submodule(f"fc{index}")
    assert isinstance(layer, FullyConnected)
    return layer
