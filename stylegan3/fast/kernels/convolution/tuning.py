"""Which tiling a convolution takes on Hopper, and where it is faster than cuDNN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling


class Measured(NamedTuple):
    """A tiling and times [us] on an H200, replayed from a CUDA graph."""

    tiling: Tiling
    time: float
    cudnn: float  # with channels padded to 8, 16, 32 or 64: the best of them


_OWN = {"ping_pong": True, "resident": True}
_REGISTERS = {**_OWN, "in_registers": True}

# By kernel, input size [px], input channels / 16 and output channels / 8, both rounded up: layers
# of the published 1024 px networks, of StyleGAN2 also the upsampling ones, as four phases of 2x2.
# StyleGAN3's with blocked output; StyleGAN2's 3x3 with activation and ToRGB, behind cuDNN too.
MEASURED = {
    (3, 36, 32, 64): Measured(Tiling(104, 1, 2, ping_pong=True), 12.1, 16.9),
    (3, 52, 32, 64): Measured(Tiling(104, 1, 2), 21.7, 28.0),
    (3, 84, 32, 64): Measured(Tiling(128, 2, 2), 48.6, 51.7),
    (3, 148, 32, 64): Measured(Tiling(128, 2, 2), 140.1, 146.7),
    (3, 148, 32, 41): Measured(Tiling(168, 1, 3), 93.5, 104.5),
    (3, 276, 21, 26): Measured(Tiling(104, 2, 2), 144.0, 186.7),
    (3, 276, 13, 16): Measured(Tiling(64, 4, 2, ping_pong=True), 56.7, 71.0),
    (3, 532, 8, 11): Measured(Tiling(88, 1, 2, **_OWN), 78.8, 120.8),
    (3, 1044, 6, 7): Measured(Tiling(56, 2, 2, **_OWN), 157.9, 307.5),
    (3, 1044, 4, 4): Measured(Tiling(32, 4, 3, **_REGISTERS, in_turn=False), 74.1, 146.3),
    (3, 1044, 2, 4): Measured(Tiling(32, 3, 3, **_REGISTERS, in_turn=False), 46.4, 94.2),
    (3, 4, 32, 64): Measured(Tiling(16, 1, 1, split=4), 6.0, 21.3),
    (3, 8, 32, 64): Measured(Tiling(32, 1, 1, split=8), 5.9, 22.9),
    (3, 16, 32, 64): Measured(Tiling(64, 1, 1, split=4), 8.1, 22.5),
    (3, 32, 32, 64): Measured(Tiling(64, 1, 2, ping_pong=True), 11.0, 26.6),
    (3, 64, 32, 64): Measured(Tiling(64, 2, 2), 28.3, 42.3),
    (3, 128, 16, 32): Measured(Tiling(128, 2, 2), 30.2, 41.8),
    (3, 256, 8, 16): Measured(Tiling(128, 2, 2, ping_pong=True), 34.2, 50.2),
    (3, 512, 4, 8): Measured(Tiling(64, 2, 3, **_REGISTERS), 44.8, 79.2),
    (3, 1024, 2, 4): Measured(Tiling(32, 4, 3, **_REGISTERS), 63.5, 138.3),
    (2, 4, 32, 256): Measured(Tiling(64, 1, 1), 7.2, 7.6),
    (2, 8, 32, 256): Measured(Tiling(64, 1, 1), 7.4, 8.0),
    (2, 16, 32, 256): Measured(Tiling(160, 1, 1), 9.6, 10.8),
    (2, 32, 32, 256): Measured(Tiling(208, 1, 2), 19.6, 21.1),
    (2, 64, 32, 128): Measured(Tiling(176, 1, 2), 32.0, 37.4),
    (2, 128, 16, 64): Measured(Tiling(128, 1, 3), 29.6, 29.8),
    (2, 256, 8, 32): Measured(Tiling(128, 3, 2, ping_pong=True), 31.7, 35.4),
    (2, 512, 4, 16): Measured(Tiling(128, 3, 2, **_OWN), 35.5, 40.9),
}

# StyleGAN2's upsampling layers with the filter in their weights: 3x3, four phases, activation. Best
# of the tilings of least estimated time [us]: 8.7, 8.4, 11.1, 28.1, 52.1, 53.8, 57.6, 63.8.
FUSED_UPSAMPLING = {
    (3, 4, 32, 256): Tiling(64, 1, 1, split=4),
    (3, 8, 32, 256): Tiling(64, 1, 1, split=4),
    (3, 16, 32, 256): Tiling(64, 1, 2, ping_pong=True),
    (3, 32, 32, 256): Tiling(128, 1, 2),
    (3, 64, 32, 128): Tiling(128, 2, 2),
    (3, 128, 16, 64): Tiling(128, 2, 2, ping_pong=True),
    (3, 256, 8, 32): Tiling(128, 2, 2, ping_pong=True),
    (3, 512, 4, 16): Tiling(128, 1, 4, **_OWN),
}

# Of `estimate`, fitted to 150 measurements of 28 shapes: within 16 % of them; what it would choose
# takes 1 % longer than the best. Clocks of one multiprocessor.
_CLOCKS_PER_US = 1640
_START_CLOCKS = 1000
_TAP_CLOCKS = 56  # to hand over streamed weights
_STORE_CLOCKS, _STORE_CLOCKS_PER_CHANNEL_BLOCK = 1600, 3.5
# Of blocks that share a tile: fences and an atomic; then each writes its sums, one reads them all.
_SHARE_CLOCKS, _SHARE_BYTES_PER_CLOCK = 2500, 48
# From registers one warpgroup cannot keep the pipe full: it waits this long for every instruction,
# while others may run; in turn, less was seen, as turns overlap.
_REGISTER_WAIT_CLOCKS, _REGISTER_WAIT_CLOCKS_IN_TURN = 44, 12.5
_MEMORY_BYTES_PER_US = 3.2e6  # of the whole GPU
# Of phase_upsample.cu, fitted to its times in StyleGAN2: 7 us at 32 px, 63 us at 1024 px.
_FILTER_START_US, _FILTER_BYTES_PER_US = 6.0, 2.3e6


def choose_tiling(shape: ConvolutionShape, processors: int) -> Tiling:
    """Return the tiling that was measured to be best, or else is estimated to be."""
    measured = MEASURED.get(_key(shape))
    if measured is not None and measured.tiling.fits(shape):
        return measured.tiling
    fused = FUSED_UPSAMPLING.get(_key(shape))
    if fused is not None and fused.fits(shape):
        return fused
    # the estimate is not fitted to consumers out of turn, nor to blocks that share a tile
    fitting = [t for t in candidates(shape) if t.in_turn and t.split == 1]
    return min(fitting, key=lambda t: estimate(t, shape, processors))


def beats_cudnn(shape: ConvolutionShape, capability: tuple[int, int]) -> bool:
    """Whether `HopperConvolution` is the faster one for a layer.

    1x1 convolutions are left to cuDNN: those of stylegan3-r are bound by memory, or are large
    square products, where cuBLAS is hard to beat (148 px, 1024 channels: 70 us against 83). At
    1044 px, where the filter behind them would gain 20 us by our blocked output, ours took 491, 387
    and 167 us (101 to 64 channels), cuDNN 162, 100 and 72.
    """
    if capability != (9, 0):
        return False
    measured = MEASURED.get(_key(shape))
    if measured is not None and shape.kernel in (2, 3):
        return measured.time < measured.cudnn
    return shape.kernel == 3


def fuses_upsampling(shape: ConvolutionShape, capability: tuple[int, int], processors: int) -> bool:
    """Whether StyleGAN2's upsampling is faster with its filter in the weights.

    One launch of 3x3 then takes the place of 2x2 and of a pass over the larger picture: 9/4 of the
    operations, and half of the bytes or less. It pays where either is small.

    Args:
        shape: of the 3x3 convolution, four phases of output channels.
        capability: of the GPU.
        processors: multiprocessors of the GPU.
    """
    if capability != (9, 0) or shape.columns % 32:
        return False
    phases = replace(shape, kernel=2)
    measured = MEASURED.get(_key(phases))
    if measured is not None:
        apart = min(measured.time, measured.cudnn)
    else:
        apart = estimate(choose_tiling(phases, processors), phases, processors)
    rows, columns = phases.out_size
    bytes_ = 2 * 2 * rows * columns * shape.columns  # read as phases, written as the picture
    apart += _FILTER_START_US + bytes_ / _FILTER_BYTES_PER_US
    return estimate(choose_tiling(shape, processors), shape, processors) < apart


def candidates(shape: ConvolutionShape) -> Iterator[Tiling]:
    """Yield every tiling worth a measurement that fits."""
    most = min(32, shape.columns // 16) + 1
    tiles = {padded_channels(-(-shape.columns // parts)) for parts in range(1, max(most, 2))}
    for n in sorted(tiles):
        for blocks in (1, 2, 3, 4):
            modes = [
                Tiling(n, blocks, consumers, split=split)
                for consumers in (1, 2, 3)
                for split in (1, 2, 4, 8)
            ]
            for consumers in (2, 3, 4):
                own = Tiling(n, blocks, consumers, ping_pong=True)
                modes.append(own)
                for in_registers in (False, True):
                    for in_turn in (False, True):
                        modes.append(
                            replace(own, resident=True, in_registers=in_registers, in_turn=in_turn)
                        )
            yield from (tiling for tiling in modes if tiling.fits(shape))


def estimate(tiling: Tiling, shape: ConvolutionShape, processors: int) -> float:
    """Predict the time [us]: whole rounds of tiles, each bound by what it needs most of."""
    taps, n, blocks = shape.kernel**2, tiling.n_tile, tiling.blocks
    steps = (4 * (shape.k_blocks - 1) + shape.last_steps) * taps / tiling.split
    products = steps * tiling.team * blocks  # of 64 pixels, 16 and n channels
    width, height = tiling.box(shape)
    strip = tiling.team * width * height
    streamed = 0 if tiling.resident else taps * n
    # Shared memory moves 128 bytes a clock: 16 clocks for the pixels of a product, n / 4 for its
    # weights, one for each row copied in. In registers, rows of pixels serve several products.
    share = (blocks + shape.kernel - 1) / (blocks * shape.kernel) if tiling.in_registers else 1
    moved = products * (16 * share + n / 4) + (strip + streamed) * shape.k_blocks / tiling.split
    product = n / 2
    if tiling.in_registers and tiling.in_turn:
        product += _REGISTER_WAIT_CLOCKS_IN_TURN
    elif tiling.in_registers:
        product = max(product, (product + _REGISTER_WAIT_CLOCKS) / tiling.consumers)
    multiplied = products * product
    handed_over = 0 if tiling.resident else shape.k_blocks * taps / tiling.split
    main = max(multiplied, moved) + handed_over * _TAP_CLOCKS
    store = _STORE_CLOCKS + _STORE_CLOCKS_PER_CHANNEL_BLOCK * blocks * n
    if tiling.split > 1:
        shared = tiling.consumers * blocks * 64 * n * 4 * (1 + tiling.split)
        store += _SHARE_CLOCKS + shared / _SHARE_BYTES_PER_CLOCK
    rounds = -(-tiling.tiles(shape)[1] * tiling.split // processors)
    if tiling.ping_pong:
        clocks = rounds * max(main, (main + store) / tiling.consumers) + store
    else:
        clocks = rounds * (main + store)
    rows, columns = shape.out_size
    pixels_in, pixels_out = shape.height * shape.width, rows * columns
    bytes_ = 2 * (pixels_in * padded_channels(shape.in_channels) + pixels_out * shape.columns)
    return max((_START_CLOCKS + clocks) / _CLOCKS_PER_US, bytes_ / _MEMORY_BYTES_PER_US)


def _key(shape: ConvolutionShape) -> tuple[int, int, int, int]:
    size = shape.height if shape.height == shape.width else 0
    return shape.kernel, size, -(-shape.in_channels // 16), -(-shape.out_channels // 8)
