"""The convolution for every GPU from 7.5 on against float64: on the emulator, and on a GPU."""

from __future__ import annotations

import pytest
import torch

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution, capability_of
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from tests.support.kernels import empty, generator, picture, planes
from tools.published import relative_error

EXACT = 3e-4  # rounding to float16 is 2.1e-4
SHORT_RUNS = {1: 4.5e-4, 2: 5e-4, 4: 6e-4}  # by the stages of a run, of 32 products each


def check(
    device: torch.device,
    shape: ConvolutionShape,
    tiling: MmaTiling | None = None,
    *,
    multiple: int = 8,
    bound: float = EXACT,
) -> float:
    """Compare one convolution with float64; its padding channels must be zero, or untouched."""
    ins, outs = shape.in_channels, shape.out_channels
    x = picture(shape.height, shape.width, ins, padded_channels(ins, multiple), torch.float16, 1)
    weight = torch.randn(outs, ins, shape.kernel, shape.kernel, generator=generator(2)).half()
    op = MmaConvolution(shape, device, tiling=tiling)
    out = empty(*shape.out_size, padded_channels(outs, multiple), torch.float16, device)
    op(x.to(device), op.prepare(weight.to(device)), out)
    target = device if device.type == "cuda" else "cpu"
    expected = torch.nn.functional.conv2d(
        planes(x, ins).to(target), weight.to(target).double(), padding=shape.padding
    )
    error = relative_error(planes(out, outs), expected.cpu())
    assert error < bound
    assert not out[..., outs : shape.columns].any()
    assert out[..., shape.columns :].isnan().all()
    return error


TILINGS = {
    "one warp": MmaTiling(16, 1, 1),
    "narrow": MmaTiling(48, 2, 2, strip_width=8),
    "wide": MmaTiling(32, 2, 4),
    "many channels": MmaTiling(96, 1, 2, weight_stages=3),
    "four blocks": MmaTiling(16, 4, 2, weight_stages=2),
    "a deep ring": MmaTiling(48, 1, 4, weight_stages=10),
}


@pytest.mark.parametrize("tiling", TILINGS.values(), ids=TILINGS.keys())
@pytest.mark.parametrize("padding", [1, 2])
def test_every_tiling(device: torch.device, tiling: MmaTiling, padding: int) -> None:
    check(device, ConvolutionShape(19, 33, 70, 43, 3, padding), tiling)


@pytest.mark.parametrize("kernel", [1, 2])
@pytest.mark.parametrize("channels", [(8, 5), (40, 96), (129, 64)], ids=str)
def test_other_kernels(device: torch.device, kernel: int, channels: tuple[int, int]) -> None:
    shape = ConvolutionShape(11, 26, *channels, kernel, kernel - 1)
    check(device, shape, MmaTiling(32, 2, 2), multiple=16)
    check(device, shape, MmaTiling(48, 1, 4, strip_width=8, weight_stages=2))


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (8, 64), (35, 17)], ids=str)
def test_sizes_chosen_by_itself(device: torch.device, size: tuple[int, int]) -> None:
    check(device, ConvolutionShape(*size, 24, 13, 3, 1))
    check(device, ConvolutionShape(*size, 24, 13, 3, 2), multiple=32)


@pytest.mark.parametrize("run", SHORT_RUNS)
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_short_runs_of_float16_sums(device: torch.device, run: int, kernel: int) -> None:
    shape = ConvolutionShape(9, 12, 150, 32, kernel, kernel // 2)
    error = check(device, shape, MmaTiling(32, 1, 2, run=run), bound=SHORT_RUNS[run])
    assert error > check(device, shape, MmaTiling(32, 1, 2))


@pytest.mark.parametrize("tiling", [
    MmaTiling(32, 1, 2, split=2), MmaTiling(16, 2, 2, split=4), MmaTiling(48, 1, 1, split=8, run=2),
], ids=str)  # fmt: skip
def test_blocks_that_share_a_tile(device: torch.device, tiling: MmaTiling) -> None:
    shape = ConvolutionShape(9, 14, 256, 43, 3, 1)
    check(device, shape, tiling, bound=SHORT_RUNS.get(tiling.run, EXACT))
    op = MmaConvolution(shape, device, tiling=tiling)
    x = picture(9, 14, 256, 256, torch.float16, 1).to(device)
    weight = op.prepare(torch.randn(43, 256, 3, 3, generator=generator(2)).to(device))
    results = []
    for _ in range(3):  # counters are as before each time, and sums in one order
        results.append(empty(*shape.out_size, 48, torch.float16, device))
        op(x, weight, results[-1])
    assert all(r[..., :43].equal(results[0][..., :43]) for r in results)


@pytest.mark.parametrize("n_tile", [16, 48, 96])
@pytest.mark.parametrize(("kernel", "outs"), [(3, 51), (1, 81), (3, 64)], ids=str)
def test_blocked_output_is_the_plain_one(
    device: torch.device, n_tile: int, kernel: int, outs: int
) -> None:
    shape = ConvolutionShape(11, 18, 24, outs, kernel, kernel // 2)
    x = picture(11, 18, 24, 24, torch.float16, 1).to(device)
    weight = torch.randn(outs, 24, kernel, kernel, generator=generator(2)).to(device)
    ops = [
        MmaConvolution(shape, device, is_blocked=is_blocked, tiling=MmaTiling(n_tile, 1, 2))
        for is_blocked in (False, True)
    ]
    plain = torch.zeros(
        *shape.out_size, padded_channels(outs, 16), dtype=torch.float16, device=device
    )
    ops[0](x, ops[0].prepare(weight), plain)
    blocked = torch.full(ops[1].blocked_shape, torch.nan, dtype=torch.float16, device=device)
    ops[1](x, ops[1].prepare(weight), blocked)
    assert plain.any()
    assert torch.equal(blocked.permute(1, 2, 0, 3).reshape(plain.shape), plain)


def test_what_does_not_fit_is_refused(device: torch.device) -> None:
    shape = ConvolutionShape(9, 10, 16, 16, 3, 1)
    op = MmaConvolution(shape, device)
    x = torch.zeros(9, 10, 16, device=device, dtype=torch.float16)
    weight = op.prepare(torch.zeros(16, 16, 3, 3, device=device))
    with pytest.raises(ValueError, match="x must be float16 of"):
        op(x[:8].contiguous(), weight, x)
    with pytest.raises(ValueError, match="weight_layout"):
        op(x, weight[:, :, :8], x)
    with pytest.raises(ValueError, match="does not fit"):
        MmaConvolution(shape, device, tiling=MmaTiling(24, 1, 2))
    with pytest.raises(ValueError, match="does not fit"):
        MmaConvolution(shape, device, tiling=MmaTiling(128, 4, 4))


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (12, 0)], ids=str)
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_every_gpu_has_candidates(capability: tuple[int, int], kernel: int) -> None:
    for size, ins, outs in ((4, 512, 512), (148, 512, 323), (1044, 81, 51), (1024, 32, 32)):
        shape = ConvolutionShape(size, size, ins, outs, kernel, kernel // 2)
        for run in (0, 2):
            found = candidates(shape, capability, 28, run=run)
            assert 3 <= len(found) <= 8 and len(set(found)) == len(found)
            assert all(tiling.fits(shape, capability) and tiling.run == run for tiling in found)


PUBLISHED = [
    *((size, size, ins, outs, 3, 2) for size, ins, outs in (
        (36, 512, 512), (148, 512, 512), (148, 512, 323), (276, 323, 203), (532, 128, 81),
        (1044, 81, 51), (1044, 32, 32),
    )),
    *((size, size, min(32768 // size, 512), min(32768 // size, 512), 3, 1)
      for size in (4, 16, 64, 256, 1024)),
    *((size, size, ins, outs, 1, 0) for size, ins, outs in ((148, 1024, 1024), (1044, 101, 64))),
]  # fmt: skip


@pytest.mark.parametrize("sizes", PUBLISHED, ids=str)
def test_published_layers(device: torch.device, sizes: tuple[int, ...]) -> None:
    if device.type != "cuda":
        pytest.skip("too slow on the emulator")
    shape = ConvolutionShape(*sizes)
    for run, bound in ((0, EXACT), *SHORT_RUNS.items()):
        for tiling in candidates(shape, capability_of(device), 28, run=run, count=3):
            check(device, shape, tiling, bound=bound)
