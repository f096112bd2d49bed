"""Hopper's convolution against float64: on the emulator, and on a GPU of capability 9.0."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling, channel_order
from stylegan3.fast.kernels.convolution.tuning import (
    FUSED_UPSAMPLING,
    MEASURED,
    beats_cudnn,
    candidates,
    choose_tiling,
    fuses_upsampling,
)
from stylegan3.fast.kernels.convolution.wgmma_source import wgmma_source
from tests.support.kernels import empty, generator, picture, planes
from tools.published import relative_error

BOUND = 3e-4  # rounding to float16 is 2.1e-4


def check(
    device: torch.device,
    shape: ConvolutionShape,
    tiling: Tiling | None = None,
    *,
    multiple: int = 8,
) -> None:
    """Compare one convolution with float64; its padding channels must be zero, or untouched."""
    ins, outs = shape.in_channels, shape.out_channels
    x = picture(shape.height, shape.width, ins, padded_channels(ins, multiple), torch.float16, 1)
    weight = torch.randn(outs, ins, shape.kernel, shape.kernel, generator=generator(2)).half()
    pitch = padded_channels(outs, multiple)
    op = HopperConvolution(shape, device, tiling=tiling)
    out = empty(*shape.out_size, pitch, torch.float16, device)
    op(x.to(device), op.prepare(weight.to(device)), out)
    target = device if device.type == "cuda" else "cpu"
    expected = torch.nn.functional.conv2d(
        planes(x, ins).to(target), weight.to(target).double(), padding=shape.padding
    )
    assert relative_error(planes(out, outs), expected.cpu()) < BOUND
    assert not out[..., outs : shape.columns].any()
    assert out[..., shape.columns :].isnan().all()


TILINGS = {
    "together": Tiling(24, 1, 2),
    "together, two blocks": Tiling(40, 2, 2),
    "three together": Tiling(16, 1, 3),
    "alone": Tiling(48, 2, 1),
    "in turn": Tiling(48, 2, 2, ping_pong=True),
    "three in turn": Tiling(24, 1, 3, ping_pong=True),
    "resident": Tiling(48, 2, 2, ping_pong=True, resident=True),
    "resident, together": Tiling(48, 1, 2, resident=True),
    "resident, as they come": Tiling(48, 1, 3, ping_pong=True, resident=True, in_turn=False),
    "in registers": Tiling(48, 4, 2, ping_pong=True, resident=True, in_registers=True),
    "in registers, as they come": Tiling(
        48, 2, 3, ping_pong=True, resident=True, in_registers=True, in_turn=False
    ),
}


@pytest.mark.parametrize("tiling", TILINGS.values(), ids=TILINGS.keys())
@pytest.mark.parametrize("padding", [1, 2])
def test_every_mode(hopper: torch.device, tiling: Tiling, padding: int) -> None:
    check(hopper, ConvolutionShape(19, 33, 70, 43, 3, padding), tiling)


@pytest.mark.parametrize("kernel", [1, 2])
@pytest.mark.parametrize("channels", [(8, 5), (40, 96), (129, 64)], ids=str)
def test_other_kernels(hopper: torch.device, kernel: int, channels: tuple[int, int]) -> None:
    shape = ConvolutionShape(11, 26, *channels, kernel, kernel - 1)
    check(hopper, shape, Tiling(min(32, shape.columns), 1, 2), multiple=16)
    if kernel > 1:
        tiling = Tiling(shape.columns, 2, 2, ping_pong=True, resident=True, in_registers=True)
        if tiling.fits(shape):
            check(hopper, shape, tiling)


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (8, 64), (35, 17)], ids=str)
def test_sizes_chosen_by_itself(hopper: torch.device, size: tuple[int, int]) -> None:
    check(hopper, ConvolutionShape(*size, 24, 13, 3, 1))
    check(hopper, ConvolutionShape(*size, 24, 13, 3, 2), multiple=32)


@pytest.mark.parametrize("tiling", [
    Tiling(24, 1, 1, split=2), Tiling(16, 2, 2, split=4), Tiling(40, 1, 3, split=2),
], ids=str)  # fmt: skip
def test_blocks_that_share_a_tile(hopper: torch.device, tiling: Tiling) -> None:
    shape = ConvolutionShape(9, 14, 256, 43, 3, 1)
    check(hopper, shape, tiling)
    op = HopperConvolution(shape, hopper, tiling=tiling)
    x = picture(9, 14, 256, 256, torch.float16, 1).to(hopper)
    weight = op.prepare(torch.randn(43, 256, 3, 3, generator=generator(2)).to(hopper))
    results = []
    for _ in range(3):  # counters are as before each time, and sums in one order
        results.append(empty(*shape.out_size, 48, torch.float16, hopper))
        op(x, weight, results[-1])
    assert results[0][..., :43].isfinite().all()
    assert all(r[..., :43].equal(results[0][..., :43]) for r in results)
    assert not Tiling(24, 1, 1, split=3).fits(shape)
    assert not Tiling(24, 1, 1, split=2).fits(replace(shape, in_channels=240))


@pytest.mark.parametrize("n_tile", [24, 56, 88, 32])
@pytest.mark.parametrize(("kernel", "outs"), [(3, 51), (1, 81), (3, 64)], ids=str)
def test_blocked_output_is_the_plain_one(
    hopper: torch.device, n_tile: int, kernel: int, outs: int
) -> None:
    shape = ConvolutionShape(11, 18, 24, outs, kernel, kernel // 2)
    x = picture(11, 18, 24, 24, torch.float16, 1).to(hopper)
    weight = torch.randn(outs, 24, kernel, kernel, generator=generator(2)).to(hopper)
    ops = [
        HopperConvolution(shape, hopper, is_blocked=is_blocked, tiling=Tiling(n_tile, 1, 2))
        for is_blocked in (False, True)
    ]
    pitch = padded_channels(outs, 16)
    plain = torch.zeros(*shape.out_size, pitch, dtype=torch.float16, device=hopper)
    ops[0](x, ops[0].prepare(weight), plain)
    blocked = torch.full(ops[1].blocked_shape, torch.nan, dtype=torch.float16, device=hopper)
    ops[1](x, ops[1].prepare(weight), blocked)
    assert plain.any()
    assert torch.equal(blocked.permute(1, 2, 0, 3).reshape(plain.shape), plain)
    with pytest.raises(ValueError, match="out must be float16"):
        ops[1](x, ops[1].prepare(weight), plain)


def test_weights_are_prepared_in_place(hopper: torch.device) -> None:
    shape = ConvolutionShape(9, 9, 12, 20, 3, 1)
    op = HopperConvolution(shape, hopper, tiling=Tiling(24, 1, 2))
    first, second = (torch.randn(20, 12, 3, 3, generator=generator(i)).to(hopper) for i in (1, 2))
    weight = op.prepare(first)
    assert weight.dtype == torch.float16
    assert weight.abs().sum().item() == pytest.approx(first.half().abs().sum().item(), rel=1e-2)
    padded = torch.zeros(24, 16, 3, 3, device=hopper, dtype=torch.float16)
    padded[:20, :12] = second
    again = op.prepare(padded.contiguous(memory_format=torch.channels_last), weight)
    assert again.data_ptr() == weight.data_ptr()
    assert torch.equal(again, op.prepare(second))


def test_shapes_are_checked(hopper: torch.device) -> None:
    shape = ConvolutionShape(9, 10, 16, 16, 3, 1)
    op = HopperConvolution(shape, hopper)
    x = torch.zeros(9, 10, 16, device=hopper, dtype=torch.float16)
    weight = op.prepare(torch.zeros(16, 16, 3, 3, device=hopper))
    with pytest.raises(ValueError, match="x must be float16 of"):
        op(x[:8].contiguous(), weight, x)
    with pytest.raises(ValueError, match="out must be float16"):
        op(x, weight, x.float())
    with pytest.raises(ValueError, match="weight_layout"):
        op(x, weight[:, :, :8], x)
    with pytest.raises(ValueError, match="where the kernel stores"):
        op(x, weight, None)
    with pytest.raises(ValueError, match="does not fit"):
        op.prepare(torch.zeros(16, 16, 1, 1, device=hopper))
    with pytest.raises(ValueError, match="does not fit"):
        HopperConvolution(shape, hopper, tiling=Tiling(16, 8, 2))


# ---- on the GPU alone ----------------------------------------------------------------------------

PUBLISHED = [
    *((size, size, ins, outs, 3, 2) for size, ins, outs in (
        (36, 512, 512), (52, 512, 512), (84, 512, 512), (148, 512, 512), (148, 512, 323),
        (276, 323, 203), (276, 203, 128), (532, 128, 81), (1044, 81, 51), (1044, 51, 32),
        (1044, 32, 32),
    )),
    *((size, size, min(32768 // size, 512), min(32768 // size, 512), 3, 1)
      for size in (4, 8, 16, 32, 64, 128, 256, 512, 1024)),
    *((size, size, min(32768 // size, 512), 4 * min(16384 // size, 512), 2, 1)
      for size in (4, 8, 16, 32, 64, 128, 256, 512)),
]  # fmt: skip


@pytest.mark.parametrize("sizes", PUBLISHED, ids=str)
def test_published_layers(hopper: torch.device, sizes: tuple[int, ...]) -> None:
    if hopper.type != "cuda":
        pytest.skip("too slow on the emulator")
    check(hopper, ConvolutionShape(*sizes))


def test_graph_capture_and_new_weights(hopper: torch.device) -> None:
    if hopper.type != "cuda":
        pytest.skip("needs CUDA graphs")
    shape = ConvolutionShape(36, 36, 64, 64, 3, 2)
    op = HopperConvolution(shape, hopper)
    source = torch.randn(64, 64, 3, 3, generator=generator(1)).to(hopper)
    x = picture(36, 36, 64, 64, torch.float16, 2).to(hopper)
    out = empty(*shape.out_size, 64, torch.float16, hopper)
    weight = op.prepare(source)
    op(x, weight, out)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        op.prepare(source, weight)
        op(x, weight, out)
    source.neg_()
    before = out.clone()
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(out, -before)


# ---- shapes and choices, on any machine ----------------------------------------------------------


def test_suits_only_hopper_and_where_it_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = ConvolutionShape(148, 148, 512, 512, 3, 2)
    assert beats_cudnn(shape, (9, 0))
    assert not beats_cudnn(shape, (8, 9))
    assert not beats_cudnn(shape, (10, 0))
    assert beats_cudnn(ConvolutionShape(50, 60, 33, 44, 3, 1), (9, 0))
    for kernel in (1, 5):
        assert not beats_cudnn(ConvolutionShape(148, 148, 512, 512, kernel, 0), (9, 0))
    assert beats_cudnn(ConvolutionShape(64, 64, 512, 1024, 2, 1), (9, 0))
    slower = MEASURED[2, 64, 32, 128]._replace(cudnn=1.0)
    monkeypatch.setitem(MEASURED, (2, 64, 32, 128), slower)
    assert not beats_cudnn(ConvolutionShape(64, 64, 512, 1024, 2, 1), (9, 0))


def test_upsampling_takes_its_filter_along_where_that_is_faster() -> None:
    def is_fused(size: int, ins: int, outs: int) -> bool:
        return fuses_upsampling(ConvolutionShape(size, size, ins, 4 * outs, 3, 1), (9, 0), 132)

    assert is_fused(4, 512, 512)  # little but launches and weights
    assert is_fused(512, 64, 32)  # many pixels, few channels
    assert not is_fused(64, 512, 256)  # operations
    assert not fuses_upsampling(ConvolutionShape(512, 512, 64, 128, 3, 1), (8, 9), 132)
    assert not fuses_upsampling(ConvolutionShape(512, 512, 64, 4 * 33, 3, 1), (9, 0), 132)
    for (_, size, ins, outs), tiling in FUSED_UPSAMPLING.items():
        shape = ConvolutionShape(size, size, 16 * ins, 8 * outs, 3, 1)
        assert choose_tiling(shape, 132) == tiling
        assert tiling.fits(shape)


@pytest.mark.parametrize("sizes", PUBLISHED, ids=str)
def test_published_layers_take_the_measured_tiling(sizes: tuple[int, ...]) -> None:
    shape = ConvolutionShape(*sizes)
    tiling = choose_tiling(shape, 132)
    assert tiling in [m.tiling for m in MEASURED.values()]
    assert tiling.fits(shape)
    # The same layer with channels padded as cuDNN likes them.
    padded = replace(shape, in_channels=-(-shape.in_channels // 16) * 16)
    assert choose_tiling(padded, 132) == tiling


def test_every_candidate_is_within_the_hardware() -> None:
    for sizes in PUBLISHED[::3]:
        shape = ConvolutionShape(*sizes)
        for tiling in candidates(shape):
            pictures, weights = tiling.stages(shape)
            assert pictures >= 2
            assert weights >= (1 if tiling.resident else 2)
            assert tiling.shared_bytes(shape) <= 227 * 1024
            assert tiling.tiles(shape)[1] * tiling.team * tiling.blocks * 64 * tiling.n_tile >= (
                shape.out_size[0] * shape.out_size[1] * shape.out_channels
            )
            defines = [name for name, _ in tiling.defines(shape)]
            assert defines == sorted(defines)


@pytest.mark.parametrize("n_tile", [8, 16, 24, 56, 104, 256])
def test_channel_order(n_tile: int) -> None:
    order = channel_order(n_tile)
    assert sorted(order) == list(range(n_tile))
    # Rows 8 j + 2 t and 8 j + 2 t + 1, over the j of a group, are consecutive channels.
    first = n_tile // 32 * 32
    for start in range(0, first, 32):
        for t in range(4):
            rows = [start + 8 * j + 2 * t + i for j in range(4) for i in range(2)]
            channels = [order[row] for row in rows]
            assert channels == list(range(start + 8 * t, start + 8 * t + 8))


@pytest.mark.parametrize("in_registers", [False, True])
def test_matrix_instruction_names_all_registers(in_registers: bool) -> None:
    source = wgmma_source(24, in_registers)
    assert "m64n24k16" in source
    assert source.count('"+f"') == 12
    operands = re.findall(r"%(\d+)", source)
    assert sorted({int(i) for i in operands}) == list(range(12 + (6 if in_registers else 3)))
