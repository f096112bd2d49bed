"""Fully connected layers against float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import leaky_relu

from stylegan3.fast.kernels.dense.launcher import Dense, FullyConnected
from tests.support.kernels import generator
from tools.published import relative_error


def test_layers_of_many_shapes_in_one_launch(device: torch.device) -> None:
    rng = generator(1)
    layers, expected = [], []
    for rows, columns in ((4, 512), (13, 37), (100, 64), (8, 1), (1, 20)):
        weight, bias, x = (
            torch.randn(*shape, generator=rng) for shape in ((rows, columns), (rows,), (columns,))
        )
        normalise, activate = rows % 2 == 1, rows > 10
        y = x.double()
        if normalise:
            y = y * (y.square().mean() + 1e-8).rsqrt()
        y = weight.double() @ y * 0.3 + (0 if rows == 8 else bias.double() * 0.7)
        expected.append(leaky_relu(y, 0.2) * 2**0.5 if activate else y)
        layers.append(
            Dense(
                weight.to(device),
                None if rows == 8 else bias.to(device),
                x.to(device),
                torch.full((rows,), torch.nan, device=device),
                weight_gain=0.3,
                bias_gain=0.7,
                normalise=normalise,
                activate=activate,
            )
        )
    # what is brought to L2 beside them is read at the ends of these, not beyond
    prefetched = [torch.zeros(n, device=device) for n in (1, 1024, 5000)]
    FullyConnected(layers, device, prefetched)()
    for layer, y in zip(layers, expected, strict=True):
        assert relative_error(layer.y, y) < 1e-6


def test_copies_at_distances_from_an_average(device: torch.device) -> None:
    rng = generator(2)
    weight, average, x = (torch.randn(*s, generator=rng) for s in ((24, 516), (24,), (516,)))
    psi = torch.randn(37, 1, generator=rng)
    y = torch.full((37, 24), torch.nan, device=device)
    dense = Dense(
        weight.to(device),
        None,
        x.to(device),
        y,
        weight_gain=0.1,
        activate=True,
        average=average.to(device),
        psi=psi.to(device),
    )
    FullyConnected([dense], device)()
    expected = leaky_relu(weight.double() @ x.double() * 0.1, 0.2) * 2**0.5
    expected = average.double() + psi.double() * (expected - average.double())
    assert relative_error(y, expected) < 1e-6


def test_pieces_of_what_is_read_soon_stay_within() -> None:
    v = torch.zeros(5000)
    prefetched = FullyConnected([], torch.device("cpu"), [v, v[:1023], v[1:1025]])._pieces
    start = v.data_ptr()
    offsets = [0, 4096, 8192, 12288, 20000 - 4096, 4]
    assert prefetched.tolist() == [start + offset for offset in offsets]
    many = torch.zeros(2**18)  # as much as the emulator's L2
    assert len(FullyConnected([], torch.device("cpu"), [many])._pieces) == 2**20 // 2 // 4096


def test_shapes_are_checked(device: torch.device) -> None:
    v = torch.zeros(4, device=device)
    with pytest.raises(ValueError, match="does not fit"):
        FullyConnected([Dense(torch.zeros(4, 5, device=device), None, v, v, 1.0)], device)
    with pytest.raises(ValueError, match="float32"):
        FullyConnected([Dense(torch.zeros(4, 4, device=device), None, v, v.half(), 1.0)], device)
    with pytest.raises(ValueError, match="go together"):
        dense = Dense(torch.zeros(4, 4, device=device), None, v, v, 1.0, average=v)
        FullyConnected([dense], device)
