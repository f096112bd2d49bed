"""StyleGAN2's activation and ToRGB in our own convolutions, against float64."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, leaky_relu

from stylegan3.fast.kernels.activation.launcher import (
    ActVectors,
    ModulatedAct,
    TorgbOperands,
    resampling_taps,
)
from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution.epilogue import Epilogue
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling
from stylegan3.fast.kernels.torgb.launcher import SkipLevel, TorgbSkipSums
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.upfirdn2d import upsample2d
from tests.support.kernels import columns, empty, generator, picture, planes, vector
from tools.published import relative_error

CLAMP = 2.0
ROUNDED, EXACT = 4e-4, 2e-6  # stored as float16; float32 sums
REGISTERS = Tiling(32, 4, 3, ping_pong=True, resident=True, in_registers=True)
TILINGS = {
    "4 channels a lane": Tiling(16, 1, 1),
    "8, 4 and 2 channels a lane": Tiling(56, 1, 2),
    "three blocks": Tiling(64, 3, 2, ping_pong=True),
    "resident": Tiling(64, 2, 2, ping_pong=True, resident=True),
    "in registers": replace(REGISTERS, n_tile=48, consumers=2),
    "in registers, three": REGISTERS,
    "any GPU": MmaTiling(48, 1, 2),
    "any GPU, narrow": MmaTiling(32, 2, 1, strip_width=8),
    "any GPU, four blocks": MmaTiling(16, 4, 2, weight_stages=2),
}


class Layer:
    """A convolution with all that follows it, on a device, and its float64 references."""

    def __init__(
        self, device: torch.device, channels: int, *, noisy: bool = True, size: int = 10
    ) -> None:
        self.shape = ConvolutionShape(size, size + 8, 24, channels, 3, 1)
        height, width = self.shape.out_size
        self.device = device
        self.x = picture(height, width, 24, 24, torch.float16, 1)
        self.weight = torch.randn(channels, 24, 3, 3, generator=generator(2)).half()
        values = [vector(channels, channels, seed).to(device) for seed in (3, 4, 5)]
        self.vectors = ActVectors(*values)
        if noisy:
            noise = torch.randn(height, width, generator=generator(6)).to(device)
            self.vectors = replace(
                self.vectors, noise=noise, strength=torch.tensor(0.7, device=device)
            )
        taps = resampling_taps(resample_filter([1, 3, 3, 1]))
        assert taps is not None
        self.taps = taps.to(device)

    def rgb(self, parts: int, *, has_previous: bool, colours: int = 3) -> TorgbOperands:
        """Return ToRGB, its result not yet written."""
        height, width = self.shape.out_size
        channels, rng = self.shape.out_channels, generator(7)
        out = (colours, height, width) if parts == 1 else (parts, colours, height, width)
        previous = torch.randn(colours, height // 2, width // 2, generator=rng)
        return TorgbOperands(
            torch.randn(colours, channels, 1, 1, generator=rng).to(self.device),
            torch.randn(channels, generator=rng).to(self.device),
            torch.randn(colours, generator=rng).to(self.device),
            0.3,
            torch.full(out, torch.nan, device=self.device),
            previous.to(self.device) if has_previous else None,
        )

    def activated(self) -> Tensor:  # [1, C, H, W] float64
        """Return what the picture is before the next layer's styles."""
        channels, v = self.shape.out_channels, self.vectors
        y = conv2d(planes(self.x, 24), self.weight.double(), padding=1)
        y = y * columns(v.demodulation, channels) + columns(v.bias, channels)
        if v.noise is not None and v.strength is not None:
            y = y + (v.noise * v.strength).cpu().double()
        return (leaky_relu(y, 0.2) * 2**0.5).clamp(-CLAMP, CLAMP)

    def run(
        self, tiling: Tiling | MmaTiling, epilogue: Epilogue, rgb: TorgbOperands | None
    ) -> Tensor | None:
        """Launch; returns the stored picture."""
        op = convolution(self.shape, self.device, tiling, epilogue)
        out = None
        if epilogue.store:
            pitch = self.shape.columns
            out = empty(*self.shape.out_size, pitch, torch.float16, self.device)
        weight = op.prepare(self.weight.to(self.device))
        op(self.x.to(self.device), weight, out, self.vectors, rgb, self.taps)
        return out


def convolution(
    shape: ConvolutionShape, device: torch.device, tiling: Tiling | MmaTiling, epilogue: Epilogue
) -> HopperConvolution | MmaConvolution:
    """Return the operation that such a tiling is of."""
    if isinstance(tiling, MmaTiling):
        return MmaConvolution(shape, device, epilogue=epilogue, tiling=tiling)
    return HopperConvolution(shape, device, epilogue=epilogue, tiling=tiling)


def torgb(activated: Tensor, rgb: TorgbOperands) -> Tensor:  # [colours, H, W] float64
    weight = rgb.weight.cpu().double() * rgb.styles.cpu().double()[:, None, None] * rgb.gain
    return conv2d(activated, weight)[0]


@pytest.mark.parametrize("tiling", TILINGS.values(), ids=TILINGS.keys())
@pytest.mark.parametrize("noisy", [True, False])
def test_activation(hopper: torch.device, tiling: Tiling | MmaTiling, noisy: bool) -> None:
    channels = min(tiling.n_tile, 61)
    layer = Layer(hopper, channels, noisy=noisy)
    out = layer.run(tiling, Epilogue(CLAMP), None)
    assert out is not None
    expected = layer.activated() * columns(layer.vectors.next, channels)
    assert relative_error(planes(out, channels), expected) < ROUNDED
    assert not out[..., channels:].any()


@pytest.mark.parametrize("tiling", TILINGS.values(), ids=TILINGS.keys())
@pytest.mark.parametrize("store", [True, False])
def test_torgb_where_a_tile_has_all_channels(
    hopper: torch.device, tiling: Tiling | MmaTiling, store: bool
) -> None:
    layer = Layer(hopper, tiling.n_tile)
    rgb = layer.rgb(1, has_previous=store)
    out = layer.run(tiling, Epilogue(CLAMP, store=store, colours=3), rgb)
    activated = layer.activated()
    expected = torgb(activated, rgb) + rgb.bias.cpu().double()[:, None, None]
    expected = expected.clamp(-CLAMP, CLAMP)
    if rgb.previous is not None:
        f = resample_filter([1, 3, 3, 1]).double()
        expected = expected + upsample2d(rgb.previous[None].cpu().double(), f)[0]
    assert relative_error(rgb.out, expected) < EXACT
    if out is not None:
        expected = activated * columns(layer.vectors.next, tiling.n_tile)
        assert relative_error(planes(out, tiling.n_tile), expected) < ROUNDED


@pytest.mark.parametrize("in_registers", [True, False])
def test_turns_that_come_back_soon(hopper: torch.device, in_registers: bool) -> None:
    """A warp that still stores must not miss its turn, however far the others are."""
    layer = Layer(hopper, 64, size=26)
    tiling = Tiling(
        64,
        2 if in_registers else 1,
        3 if in_registers else 2,
        ping_pong=True,
        resident=True,
        in_registers=in_registers,
        in_turn=False,
    )
    out = layer.run(tiling, Epilogue(CLAMP, colours=3), layer.rgb(1, has_previous=True))
    assert out is not None
    expected = layer.activated() * columns(layer.vectors.next, 64)
    assert relative_error(planes(out, 64), expected) < ROUNDED


@pytest.mark.parametrize("tiling", [Tiling(16, 1, 2), Tiling(32, 1, 2), MmaTiling(16, 1, 2)])
def test_a_frame_may_do_without_torgb(hopper: torch.device, tiling: Tiling | MmaTiling) -> None:
    layer = Layer(hopper, 32)
    out = layer.run(tiling, Epilogue(CLAMP, colours=3), None)
    without = layer.run(tiling, Epilogue(CLAMP), None)
    assert out is not None
    assert without is not None
    assert out.isfinite().all()
    assert out.equal(without)
    with pytest.raises(ValueError, match="nothing would be written"):
        layer.run(tiling, Epilogue(CLAMP, store=False, colours=3), None)


@pytest.mark.parametrize("tiling", [Tiling(16, 1, 2), Tiling(40, 1, 2), MmaTiling(48, 1, 2)])
@pytest.mark.parametrize("colours", [1, 4])
def test_torgb_in_parts(hopper: torch.device, tiling: Tiling | MmaTiling, colours: int) -> None:
    layer, n_tile = Layer(hopper, 88), tiling.n_tile
    parts = -(-88 // n_tile)
    rgb = layer.rgb(parts, has_previous=False, colours=colours)
    layer.run(tiling, Epilogue(CLAMP, store=False, colours=colours), rgb)
    activated = layer.activated()
    for part in range(parts):
        own = activated.clone()
        own[:, : part * n_tile] = 0
        own[:, (part + 1) * n_tile :] = 0
        assert relative_error(rgb.out[part], torgb(own, rgb)) < EXACT


@pytest.mark.parametrize("tiling", TILINGS.values(), ids=TILINGS.keys())
@pytest.mark.parametrize("channels", [8, 13, 32])
def test_four_phases_of_a_larger_picture(
    hopper: torch.device, tiling: Tiling | MmaTiling, channels: int
) -> None:
    pitch = padded_channels(channels)
    shape = ConvolutionShape(9, 13, 24, 4 * pitch, 3, 1)
    tiling = replace(tiling, n_tile=min(tiling.n_tile, 4 * pitch))
    if isinstance(tiling, Tiling) and tiling.resident and tiling.n_tile < 4 * pitch:
        tiling = replace(tiling, resident=False, in_registers=False)
    weight = torch.randn(4, pitch, 24, 3, 3, generator=generator(1)).half()
    weight[:, channels:] = 0
    noise = torch.randn(18, 26, generator=generator(2))
    v = [vector(channels, pitch, seed) for seed in (3, 4, 5)]
    strength = torch.tensor(0.7)
    x = picture(9, 13, 24, 24, torch.float16, 6)
    op = convolution(shape, hopper, tiling, Epilogue(CLAMP, has_phases=True))
    out = empty(18, 26, pitch, torch.float16, hopper)
    on_device = [t.to(hopper) for t in (*v, noise, strength)]
    prepared = op.prepare(weight.flatten(0, 1).to(hopper))
    op(x.to(hopper), prepared, out, ActVectors(*on_device))
    y = conv2d(planes(x, 24), weight.flatten(0, 1).double(), padding=1)[0]
    y = y.reshape(2, 2, pitch, 9, 13).permute(2, 3, 0, 4, 1).reshape(1, pitch, 18, 26)[:, :channels]
    y = y * columns(v[1], channels) + columns(v[0], channels) + noise.double() * 0.7
    y = (leaky_relu(y, 0.2) * 2**0.5).clamp(-CLAMP, CLAMP) * columns(v[2], channels)
    assert relative_error(planes(out, channels), y) < ROUNDED
    assert not out[..., channels:].any()


def test_infinite_clamp_and_a_sum_that_is_no_number(hopper: torch.device) -> None:
    layer = Layer(hopper, 16)
    layer.x[3, 4, 5] = torch.nan
    out = layer.run(Tiling(16, 1, 1), Epilogue(None), None)
    assert out is not None
    assert out[2:5, 3:6].isnan().all()
    layer.x[3, 4, 5] = 0.0
    again = layer.run(Tiling(16, 1, 1), Epilogue(None), None)
    clamped = layer.run(Tiling(16, 1, 1), Epilogue(CLAMP), None)
    assert again is not None
    assert clamped is not None
    assert torch.isfinite(again).all()
    assert again.abs().max() > 2 * clamped.abs().max()


def test_what_does_not_fit_is_refused(hopper: torch.device) -> None:
    layer = Layer(hopper, 32)
    with pytest.raises(ValueError, match="colours"):
        Epilogue(colours=5)
    with pytest.raises(ValueError, match="built without ToRGB"):
        layer.run(Tiling(32, 1, 1), Epilogue(CLAMP), layer.rgb(1, has_previous=True))
    coloured = Epilogue(CLAMP, colours=3)
    with pytest.raises(ValueError, match="rgb must be float32"):
        layer.run(Tiling(16, 1, 1), coloured, layer.rgb(1, has_previous=False))
    with pytest.raises(ValueError, match="TorgbSkipSums"):
        layer.run(Tiling(16, 1, 1), coloured, layer.rgb(2, has_previous=True))
    rgb = layer.rgb(1, has_previous=True)
    with pytest.raises(ValueError, match="must read 32 channels"):
        layer.run(Tiling(32, 1, 1), coloured, replace(rgb, styles=rgb.styles[:24]))
    with pytest.raises(ValueError, match="aligned"):
        shifted = torch.zeros(33, device=hopper)[1:]
        layer.run(Tiling(32, 1, 1), coloured, replace(rgb, styles=shifted))
    with pytest.raises(ValueError, match="without ToRGB"):
        Epilogue(colours=3, has_phases=True)
    with pytest.raises(ValueError, match="not four phases"):
        phases = ConvolutionShape(9, 9, 24, 40, 3, 1)
        HopperConvolution(phases, hopper, epilogue=Epilogue(has_phases=True))
    layer.vectors = replace(layer.vectors, noise=torch.zeros(3, 3, device=hopper))
    with pytest.raises(ValueError, match="noise"):
        layer.run(Tiling(32, 1, 1), Epilogue(CLAMP), None)


@pytest.mark.parametrize("size", [4, 8, 16, 32, 64, 128, 256, 512, 1024])
def test_published_layers_are_as_the_separate_passes(hopper: torch.device, size: int) -> None:
    if hopper.type != "cuda":
        pytest.skip("too slow on the emulator")
    channels = min(32768 // size, 512)
    shape = ConvolutionShape(size, size, channels, channels, 3, 1)
    x = torch.randn(size, size, channels, device=hopper).half()
    weight = torch.randn(channels, channels, 3, 3, device=hopper) / (9 * channels) ** 0.5
    noise = torch.randn(size, size, device=hopper)
    vectors = ActVectors(
        *(torch.randn(channels, device=hopper) for _ in range(3)),
        noise=noise,
        strength=torch.tensor(0.3, device=hopper),
    )
    taps = torch.rand(2, 4, device=hopper)
    pictures = torch.zeros(2, 3, size, size, device=hopper)
    rgb = TorgbOperands(
        torch.randn(3, channels, 1, 1, device=hopper),
        torch.randn(channels, device=hopper),
        torch.randn(3, device=hopper),
        channels**-0.5,
        pictures[0],
        torch.randn(3, size // 2, size // 2, device=hopper),
    )
    plain = HopperConvolution(shape, hopper)
    y = torch.empty_like(x)
    plain(x, plain.prepare(weight), y)
    act = ModulatedAct(pitch=channels, dtype=torch.float16, clamp=CLAMP, colours=3)
    act(y, y, channels, vectors, rgb, taps)
    op = HopperConvolution(shape, hopper, epilogue=Epilogue(CLAMP, colours=3))
    parts = torch.full((op.torgb_parts, 3, size, size), torch.nan, device=hopper)
    out = empty(size, size, channels, torch.float16, hopper)
    whole = replace(rgb, out=pictures[1])
    mine = whole if op.torgb_parts == 1 else replace(rgb, out=parts, previous=None)
    op(x, op.prepare(weight), out, vectors, mine, taps)
    if op.torgb_parts > 1:
        TorgbSkipSums([SkipLevel(parts, rgb.bias, taps, CLAMP)], pictures[1], rgb.previous)()
    assert relative_error(planes(out, channels), planes(y, channels)) < 1e-3
    assert relative_error(pictures[1], pictures[0].cpu().double()) < 1e-3
