"""Weights prepared for convolutions, against float64 convolutions and the plain-torch reference."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d, pad

from stylegan3.cuda import nvrtc
from stylegan3.fast.kernels.activation.launcher import resampling_taps
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling
from stylegan3.fast.kernels.weights import reference as reference_weights
from stylegan3.fast.kernels.weights.launcher import MOST, WeightPreparation
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight, WeightLayout
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.modulated_conv2d import normalise_weight
from stylegan3.ops.upfirdn2d import upfirdn2d_ref
from tests.support.kernels import generator
from tools.published import relative_error


def noise(outs: int, ins: int, kernel: int, seed: int = 1) -> Tensor:
    return torch.randn(outs, ins, kernel, kernel, generator=generator(seed)) * 3


def filter_taps() -> Tensor:
    """Return taps that differ from axis to axis, and back to front."""
    pair = resampling_taps(resample_filter((1, 2, 5, 4)))
    assert pair is not None
    pair[1] = pair[1].flip(0)
    return pair


def prepare(*items: PreparedWeight) -> None:
    WeightPreparation(items, items[0].source.device)(range(len(items)))


def reference_of(item: PreparedWeight) -> PreparedWeight:
    """Return the same, by plain torch on the CPU, as cuDNN reads it."""
    expected = PreparedWeight(
        item.source.cpu(),
        in_pitch=item.energy.shape[1],
        out_pitch=item.out_pitch,
        dtype=item.dtype,
        phases=item.phases,
        taps=None if item.taps is None else item.taps.cpu(),
    )
    reference_weights.WeightPreparation([expected], torch.device("cpu"))([0])
    return expected


def as_torch_takes_it(item: PreparedWeight) -> Tensor:  # [O', I', kH, kW]
    """Return the stored weights in the order of their rows, whatever their layout."""
    layout, stored = item.layout, item.storage.cpu()
    rows = stored.permute(2, 3, 0, 1) if layout.is_tap_first else stored.permute(0, 3, 1, 2)
    return rows if layout.row_of is None else rows[layout.row_of.cpu().long()]


# ---- what is computed ----------------------------------------------------------------------------


def test_phases_are_the_transposed_convolution(device: torch.device) -> None:
    weight = noise(5, 6, 3)
    item = PreparedWeight(
        weight.to(device), in_pitch=8, out_pitch=8, dtype=torch.float32, phases=True
    )
    prepare(item)
    x = torch.randn(1, 6, 4, 5, generator=generator(4)).double()
    z = conv2d(pad(x, (0, 0, 0, 0, 0, 2)), item.weight.cpu().double(), padding=1)
    z = z.reshape(2, 2, 8, 5, 6)[:, :, :5].permute(2, 3, 0, 4, 1).reshape(5, 10, 12)[:, :9, :11]
    w = normalise_weight(weight.double()) / (6 * 9) ** 0.5
    expected = conv_transpose2d(x, w.transpose(0, 1), stride=2)[0]
    assert relative_error(z, expected) < 1e-6


def test_phases_with_the_filter_behind_them(device: torch.device) -> None:
    pair = filter_taps()
    weight = noise(5, 6, 3)
    item = PreparedWeight(
        weight.to(device),
        in_pitch=8,
        out_pitch=8,
        dtype=torch.float32,
        phases=True,
        taps=pair.to(device),
    )
    prepare(item)
    x = torch.randn(1, 6, 4, 5, generator=generator(4)).double()
    y = conv2d(pad(x, (0, 0, 0, 0, 0, 2)), item.weight.cpu().double(), padding=1)
    y = y.reshape(2, 2, 8, 4, 5)[:, :, :5].permute(2, 3, 0, 4, 1).reshape(5, 8, 10)
    w = normalise_weight(weight.double()) / (6 * 9) ** 0.5
    z = conv_transpose2d(x, w.transpose(0, 1), stride=2)
    f = (pair[0].outer(pair[1]) / 4).flip(0, 1)
    expected = upfirdn2d_ref(z, f.double(), padding=(1, 1, 1, 1), gain=4)
    assert relative_error(y, expected[0]) < 1e-6


KINDS = ["plain", "phases", "fused"]
# output and input channels: odd, of several rounds of a block, rows that begin anywhere in 16 bytes
SIZES = [(1, 1), (5, 27), (16, 32), (3, 323), (2, 520)]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32], ids=str)
@pytest.mark.parametrize("is_tap_first", [False, True], ids=["row first", "tap first"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_layout(
    device: torch.device, kind: str, is_tap_first: bool, dtype: torch.dtype
) -> None:
    items = []
    for outs, ins in SIZES:
        item = PreparedWeight(
            noise(outs, ins, 3, seed=ins).to(device),
            in_pitch=-(-ins // 16) * 16,
            out_pitch=16,
            dtype=dtype,
            phases=kind != "plain",
            taps=filter_taps().to(device) if kind == "fused" else None,
        )
        if is_tap_first:
            rows = item.rows + 8
            row_of = torch.randperm(rows, generator=generator(2)).int().to(device)
            item.lay_out(WeightLayout(rows, -(-ins // 8) * 8, is_tap_first=True, row_of=row_of))
        items.append(item)
    prepare(*items)
    for item in items:
        expected, ins = reference_of(item), item.in_channels
        weight = as_torch_takes_it(item)
        tolerance = 1e-6 if dtype == torch.float32 else 1e-4  # of halves, few round the other way
        assert (
            relative_error(weight[: item.rows, :ins], expected.weight[:, :ins].double()) < tolerance
        )
        assert not weight[item.rows :].any() and not weight[:, ins:].any()
        assert relative_error(item.energy, expected.energy.double()) < 1e-6
        assert relative_error(item.row_rms, expected.row_rms.double()) < 1e-6


@pytest.mark.parametrize("kernel", [1, 2, 5])
def test_kernels_of_other_sizes(device: torch.device, kernel: int) -> None:
    items = [
        PreparedWeight(
            noise(outs, ins, kernel).to(device), in_pitch=304, out_pitch=16, dtype=torch.float16
        )
        for outs, ins in ((7, 33), (4, 300))
    ]
    prepare(*items)
    for item in items:
        expected = reference_of(item)
        assert relative_error(item.weight, expected.weight.double()) < 1e-4
        assert relative_error(item.energy, expected.energy.double()) < 1e-6


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_tensors_that_begin_anywhere(device: torch.device, offset: int) -> None:
    memory = torch.full((offset + 4 * 9 * 9 + 5,), torch.inf)
    memory[offset:-5] = noise(4, 9, 3).flatten()
    source = memory.to(device)[offset:-5].view(4, 9, 3, 3)
    item = PreparedWeight(source, in_pitch=16, out_pitch=8, dtype=torch.float32)
    prepare(item)
    assert relative_error(item.weight, reference_of(item).weight.double()) < 1e-6


def test_the_layout_of_hoppers_kernel(device: torch.device) -> None:
    shape = ConvolutionShape(9, 9, 21, 40, 3, 1)
    op = HopperConvolution(shape, device, tiling=Tiling(24, 1, 1))
    item = PreparedWeight(
        noise(37, 21, 3).to(device), in_pitch=32, out_pitch=64, dtype=torch.float16
    )
    assert item.lay_out(op.weight_layout).shape == (3, 3, 48, 24)
    prepare(item)
    expected = op.prepare(reference_of(item).weight.to(device))
    assert relative_error(item.storage, expected.cpu().double()) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_zeros_stay_finite(device: torch.device, kind: str) -> None:
    item = PreparedWeight(
        torch.zeros(8, 5, 3, 3, device=device),
        in_pitch=8,
        out_pitch=8,
        dtype=torch.float16,
        phases=kind != "plain",
        taps=filter_taps().to(device) if kind == "fused" else None,
    )
    prepare(item)
    assert not item.weight.any() and not item.energy.any()
    assert torch.isfinite(item.row_rms).all()


# ---- which, and where ----------------------------------------------------------------------------


class Launches:
    """Counts what is launched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.grids: list[int] = []
        load = nvrtc.load

        def counting(spec: nvrtc.KernelSpec, device: torch.device) -> object:
            kernel = load(spec, device)

            def launch(grid: int, *arguments: object, **options: object) -> None:
                self.grids.append(grid)
                kernel(grid, *arguments, **options)  # type: ignore[arg-type]

            return launch

        monkeypatch.setattr(nvrtc, "load", counting)


def several(device: torch.device, count: int) -> list[PreparedWeight]:
    return [
        PreparedWeight(
            noise(1 + i % 3, 4, 1, seed=i).to(device), in_pitch=8, out_pitch=8, dtype=torch.float16
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("which", [[2], [0, 3], [4, 1, 2], [0, 1, 2, 3, 4]], ids=str)
def test_one_launch_for_any_of_them_and_no_others(
    device: torch.device, monkeypatch: pytest.MonkeyPatch, which: Sequence[int]
) -> None:
    items = several(device, 5)
    launches = Launches(monkeypatch)
    WeightPreparation(items, device)(which)
    assert launches.grids == [sum(items[i].out_channels for i in which)]
    for i, item in enumerate(items):
        if i in which:
            assert relative_error(item.weight, reference_of(item).weight.double()) < 1e-3
        else:
            assert not item.weight.any() and not item.energy.any()


def test_more_than_a_launch_takes(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    items = several(device, MOST + 3)
    launches = Launches(monkeypatch)
    prepare(*items)
    assert len(launches.grids) == 2
    for item in items:
        assert relative_error(item.weight, reference_of(item).weight.double()) < 1e-3


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_weights_keep_their_addresses_and_follow_the_live_tensor(
    device: torch.device, dtype: torch.dtype
) -> None:
    weight = noise(8, 5, 3).to(device)
    item = PreparedWeight(weight, in_pitch=8, out_pitch=16, dtype=dtype)
    preparation = WeightPreparation([item], device)
    address = item.weight.data_ptr()
    preparation([0])
    weight.neg_()
    preparation([0])
    expected = normalise_weight(weight.cpu().double()) / 45**0.5
    assert item.weight.data_ptr() == address
    assert relative_error(item.weight[:8, :5], expected) < 5e-4
    assert not item.weight[8:].any() and not item.weight[:, 5:].any()


def test_a_captured_launch_follows_the_live_tensors(device: torch.device) -> None:
    if device.type != "cuda":
        pytest.skip("needs CUDA graphs")
    items = several(device, 4)
    preparation = WeightPreparation(items, device)
    preparation([1, 3])
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        preparation([1, 3])
    before = [item.weight.clone() for item in items]
    for item in items:
        item.source.neg_()
    preparation([0])  # which of them a graph takes is its own
    graph.replay()
    torch.cuda.synchronize()
    for i in (1, 3):
        assert torch.equal(items[i].weight, -before[i])
    assert not items[2].weight.any()


def test_what_does_not_fit_is_refused(device: torch.device) -> None:
    options = {"in_pitch": 8, "out_pitch": 8, "dtype": torch.float32}
    weight = noise(5, 6, 3).to(device)
    with pytest.raises(ValueError, match="go with phases"):
        PreparedWeight(weight, **options, taps=filter_taps().to(device))
    with pytest.raises(ValueError, match="of a 3x3 kernel"):
        PreparedWeight(noise(5, 6, 1), **options, phases=True)
    with pytest.raises(ValueError, match="below"):
        PreparedWeight(weight, **{**options, "in_pitch": 4})
    with pytest.raises(ValueError, match="stored in pairs"):
        PreparedWeight(weight, **{**options, "in_pitch": 7})
    with pytest.raises(ValueError, match="contiguous float32"):
        PreparedWeight(weight.half(), **options)
    item = PreparedWeight(weight, **options, phases=True)
    for layout in (WeightLayout(28, 8), WeightLayout(32, 4), WeightLayout(32, 7)):
        with pytest.raises(ValueError, match="do not fit"):
            item.lay_out(layout)
    item.lay_out(WeightLayout(32, 8, is_tap_first=True))
    with pytest.raises(ValueError, match="already"):
        item.lay_out(WeightLayout(32, 8))
    with pytest.raises(ValueError, match="another convolution"):
        _ = item.weight
