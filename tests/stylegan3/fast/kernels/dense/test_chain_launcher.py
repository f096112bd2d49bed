"""Mapping networks in one launch, against float64; their blocks wait for each other."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from stylegan3.cuda import nvrtc
from stylegan3.cuda.multiprocessors import Multiprocessors
from stylegan3.fast.kernels.dense import chain_launcher as dense_chain_cuda
from stylegan3.fast.kernels.dense.chain_launcher import DenseChain, can_chain
from stylegan3.fast.kernels.dense.launcher import Dense, FullyConnected
from tests.support.kernels import generator
from tools.published import relative_error

WIDTHS = [(24, 40, 40, 36), (8, 8, 12), (132, 20, 24, 28, 20, 16)]


def chain(device: torch.device, widths: tuple[int, ...], copies: int = 3) -> list[Dense]:
    """Return layers of these widths, the results full of NaN."""
    rng, layers = generator(sum(widths)), []

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng).to(device)

    x = randn(widths[0]) * 3
    for columns, rows in itertools.pairwise(widths):
        is_last = len(layers) == len(widths) - 2
        y = torch.full((copies, rows) if is_last else (rows,), torch.nan, device=device)
        layer = Dense(
            randn(rows, columns),
            randn(rows),
            x,
            y,
            weight_gain=columns**-0.5,
            bias_gain=0.1,
            normalise=not layers,
            activate=True,
            average=randn(rows) if is_last else None,
            psi=torch.linspace(-0.5, 1.5, copies).view(-1, 1).to(device) if is_last else None,
        )
        layers.append(layer)
        x = y
    return layers


def expected(layers: list[Dense]) -> Tensor:  # [copies, rows] float64
    x = layers[0].x.cpu().double()
    x = x * (x.square().mean() + 1e-8).rsqrt()
    for d in layers:
        assert d.bias is not None
        y = d.weight.cpu().double() @ x * d.weight_gain + d.bias.cpu().double() * d.bias_gain
        x = leaky_relu(y, 0.2) * 2**0.5
    last = layers[-1]
    assert last.average is not None and last.psi is not None
    average = last.average.cpu().double()
    return average + last.psi.cpu().double() * (x - average)


def run_with(monkeypatch: pytest.MonkeyPatch, count: int, *, cooperative: bool = True) -> None:
    """Divide work as for a GPU of `count` multiprocessors."""
    processors = Multiprocessors(count, 64 * 1024, cooperative, 2**20)
    monkeypatch.setattr(dense_chain_cuda, "multiprocessors", lambda device: processors)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("count", [3, 1])
def test_chains_again_and_again(
    device: torch.device, monkeypatch: pytest.MonkeyPatch, widths: tuple[int, ...], count: int
) -> None:
    run_with(monkeypatch, count)
    layers = chain(device, widths)
    launch = DenseChain(layers, device)
    for _ in range(3):  # whatever the launch before has left behind
        launch()
        assert relative_error(layers[-1].y, expected(layers)) < 1e-6
        layers[-1].y.fill_(torch.nan)
        layers[0].x.mul_(-0.7).add_(1)
        layers[1].weight.mul_(-1)
    assert torch.isnan(layers[0].y).all()  # what lies between goes another way


def test_more_copies_than_lanes(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    run_with(monkeypatch, 2)
    layers = chain(device, (12, 16, 20), copies=37)
    DenseChain(layers, device)()
    assert relative_error(layers[-1].y, expected(layers)) < 1e-6


@pytest.mark.parametrize("count", [1, 4])
def test_blocks_pass_on_the_same_numbers_however_many_they_are(
    device: torch.device, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    layers = chain(device, (16, 24, 24))
    run_with(monkeypatch, count)
    DenseChain(layers, device)()
    results = layers[-1].y.clone()
    run_with(monkeypatch, 5 - count)
    DenseChain(layers, device)()
    assert torch.equal(layers[-1].y, results)


def test_where_layers_are_launched_one_by_one(
    device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = chain(device, (8, 512, 512))
    run_with(monkeypatch, 11)  # 22 blocks of 8 warps with 3 rows each
    assert can_chain(layers, device)
    run_with(monkeypatch, 10)
    assert not can_chain(layers, device)
    with pytest.raises(ValueError, match="do not suit"):
        DenseChain(layers, device)
    run_with(monkeypatch, 100, cooperative=False)
    assert not can_chain(layers, device)
    run_with(monkeypatch, 100)
    assert can_chain(layers, device)
    assert not can_chain(layers[-1:], device)
    assert not can_chain(chain(device, (8, 10, 8)), device)  # rows that cannot be read by 16 bytes


def test_layers_of_a_chain_are_checked(
    device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_with(monkeypatch, 4)
    layers = chain(device, (8, 8, 8))
    with pytest.raises(ValueError, match="reads what the one before"):
        DenseChain([layers[0], dataclasses.replace(layers[1], x=layers[1].x.clone())], device)
    with pytest.raises(ValueError, match="normalises its input"):
        DenseChain([dataclasses.replace(layers[0], normalise=False), layers[1]], device)
    with pytest.raises(ValueError, match="are activated"):
        DenseChain([dataclasses.replace(layers[0], activate=False), layers[1]], device)


def test_it_lets_the_next_start_early_and_waits_for_all_before() -> None:
    # it is the first of a frame: nothing that it reads could be read early
    spec = DenseChain(chain(torch.device("cpu"), (8, 8, 8)), torch.device("cpu")).spec
    assert spec.is_cooperative and not spec.is_dependent_launch
    assert "let_next_start();" in spec.source


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize("layers", [8, 2])
def test_ten_thousand_launches_beside_others(layers: int) -> None:
    device = torch.device("cuda", 0)
    widths = (512,) * (layers + 1)
    busy, streams = torch.randn(2048, 2048, device=device), [torch.cuda.Stream() for _ in range(3)]
    torch.cuda.synchronize()
    chains, mistakes = [chain(device, widths, copies=18) for _ in range(2)], []
    for denses, stream in zip(chains, streams, strict=False):  # two that wait, on one GPU
        with torch.cuda.stream(stream):
            launch = DenseChain(denses, device)
            launch()
            first = denses[-1].y.clone()
            assert relative_error(first, expected(denses)) < 1e-6
            graph = torch.cuda.CUDAGraph()
            graph.capture_begin(capture_error_mode="thread_local")
            for _ in range(10):
                launch()
            graph.capture_end()
            mistakes.append((denses[-1].y, first, graph, stream))
    wrong = torch.zeros(2, dtype=torch.int64, device=device)
    torch.cuda.synchronize()
    for turn in range(500):
        with torch.cuda.stream(streams[2]):
            if turn % 10 == 0:
                busy = busy @ busy / busy.norm()  # takes all multiprocessors meanwhile
        for i, (y, first, graph, stream) in enumerate(mistakes):
            with torch.cuda.stream(stream):
                y.fill_(torch.nan)
                graph.replay()
                wrong[i] += (y != first).sum()
    torch.cuda.synchronize()
    assert not wrong.any()


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_the_division_fits_this_gpu() -> None:
    device = torch.device("cuda", 0)
    layers = chain(device, (512,) * 9, copies=18)
    launch = DenseChain(layers, device)  # a refused launch is an error
    launch()
    apart = chain(device, (512,) * 9, copies=18)
    for dense in apart:
        FullyConnected([dense], device)()
    assert relative_error(layers[-1].y, apart[-1].y.cpu().double()) < 1e-6
    assert nvrtc.load(launch.spec, device).name == "dense_chain"
