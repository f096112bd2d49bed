"""How a convolution is cut into tiles for `conv_mma.cu`: shapes, shared memory, registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stylegan3.fast.kernels.channels_last import padded_channels
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

DEPTH = 32
"""Input channels of a stage."""
SHARED_LIMITS = {(7, 5): 64 * 1024, (8, 0): 163 * 1024, (9, 0): 227 * 1024, (10, 0): 227 * 1024}
"""Shared memory of a block from a compute capability on [bytes], where it is not 99 KiB."""
_SHARED_LIMIT = 99 * 1024  # of 8.6, 8.9 and 12.0
_RESERVED = 1024  # of shared memory, for each block of a multiprocessor
_REGISTERS = 64 * 1024  # of a multiprocessor
_ROW_BYTES = 2 * DEPTH


@dataclass(frozen=True)
class MmaTiling:
    """Compile-time choices of `conv_mma.cu`, which explains them."""

    n_tile: int  # output channels of a tile, a multiple of 16 up to 128
    blocks: int  # of 16 pixels that a warp takes
    warps: int
    strip_width: int = 16  # [px], 8 or 16
    weight_stages: int = 4
    run: int = 0  # stages that are summed in float16; 0: sums are float32
    split: int = 1  # thread blocks that share the input channels of a tile

    @property
    def made_by(self) -> str:
        """The kernel as tables name it."""
        sums = f", float16 sums of {DEPTH * self.run}" if self.run else ""
        return f"mma {self.strip[0]}x{self.strip[1]} px, {self.n_tile} channels{sums}"

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return 32 * self.warps

    @property
    def strip(self) -> tuple[int, int]:
        """Width and height [px] of a tile."""
        return self.strip_width, 16 * self.warps * self.blocks // self.strip_width

    def strips(self, shape: ConvolutionShape) -> tuple[int, int]:
        """How many tiles cover the output, across and down."""
        height, width = shape.out_size
        return -(-width // self.strip[0]), -(-height // self.strip[1])

    def tiles(self, shape: ConvolutionShape) -> int:
        """Tiles in all."""
        across, down = self.strips(shape)
        return across * down * self.columns(shape)

    def columns(self, shape: ConvolutionShape) -> int:
        """Tiles of the same pixels."""
        return -(-shape.columns // self.n_tile)

    def k_blocks(self, shape: ConvolutionShape) -> int:
        """Stages of input channels."""
        return -(-padded_channels(shape.in_channels) // DEPTH)

    def shares(self, shape: ConvolutionShape) -> tuple[int, int]:
        """Tiles that are shared, and the values of all their shares."""
        if self.split == 1:
            return 0, 0
        tiles = self.tiles(shape)
        return tiles, tiles * self.split * self.blocks * self.threads * self.n_tile // 2

    def shared_bytes(self, shape: ConvolutionShape) -> int:
        """Dynamic shared memory of a block."""
        width, height = self.strip
        halo = shape.kernel - 1
        pictures = 2 if shape.kernel > 1 else self.weight_stages
        pixels = (width + halo) * (height + halo)
        return (pictures * pixels + self.weight_stages * self.n_tile) * _ROW_BYTES

    def registers(self) -> int:
        """Of a thread, about: sums, those of a run, operands, addresses."""
        sums = self.blocks * self.n_tile // 2
        return sums + (sums // 2 if self.run else 0) + 4 * self.blocks + 48

    def at_a_time(self, shape: ConvolutionShape, capability: tuple[int, int]) -> int:
        """Blocks that a multiprocessor has room for, up to 4; 0 if it has none."""
        limit = shared_limit(capability)
        by_memory = (limit + _RESERVED) // (self.shared_bytes(shape) + _RESERVED)
        by_registers = _REGISTERS // (self.threads * self.registers())
        most_threads = 1024 if capability == (7, 5) else 1536
        return min(4, by_memory, by_registers, most_threads // self.threads)

    def fits(self, shape: ConvolutionShape, capability: tuple[int, int]) -> bool:
        """Whether the kernel can be built: shared memory, registers, rules of its modes."""
        k_blocks = self.k_blocks(shape)
        return (
            self.n_tile % 16 == 0
            and 16 <= self.n_tile <= 128
            and self.strip_width in (8, 16)
            and 16 * self.warps * self.blocks % self.strip_width == 0
            and 2 <= self.weight_stages <= shape.kernel**2 + (1 if shape.kernel > 1 else 3)
            and self.registers() <= 255
            and k_blocks % self.split == 0
            and self.at_a_time(shape, capability) > 0
        )

    def defines(
        self, shape: ConvolutionShape, capability: tuple[int, int]
    ) -> tuple[tuple[str, int], ...]:
        """Macros of the kernel, sorted."""
        k_blocks = self.k_blocks(shape)
        last = padded_channels(shape.in_channels) - DEPTH * (k_blocks - 1)
        return (
            ("AT_A_TIME", self.at_a_time(shape, capability)),
            ("BLOCKS", self.blocks),
            ("COLUMNS", self.columns(shape)),
            ("KERNEL_SIZE", shape.kernel),
            ("K_BLOCKS", k_blocks),
            ("LAST_STEPS", -(-last // 16)),
            ("N_TILE", self.n_tile),
            ("PADDING", shape.padding),
            ("RUN", self.run),
            ("SPLIT", self.split),
            ("STRIP_WIDTH", self.strip_width),
            ("WARPS", self.warps),
            ("WEIGHT_STAGES", self.weight_stages),
        )


def shared_limit(capability: tuple[int, int]) -> int:
    """Return the shared memory that a block may have [bytes]."""
    return SHARED_LIMITS.get(capability, _SHARED_LIMIT)


def candidates(
    shape: ConvolutionShape,
    capability: tuple[int, int],
    processors: int,
    *,
    run: int = 0,
    count: int = 8,
) -> list[MmaTiling]:
    """Return the tilings worth a measurement, the best by `estimate` first.

    Of those that cut a picture alike only one: the estimate is too rough to leave much to it.

    Args:
        shape: of the convolution.
        capability: of the GPU.
        processors: its multiprocessors.
        run: of `MmaTiling`.
        count: how many at most.
    """
    fitting = [tiling for tiling in _all(run) if tiling.fits(shape, capability)]
    fitting.sort(key=lambda tiling: estimate(tiling, shape, capability, processors))
    best: dict[tuple[int, int, int], MmaTiling] = {}
    for tiling in fitting:
        best.setdefault((tiling.n_tile, tiling.warps * tiling.blocks, tiling.split), tiling)
    return list(best.values())[:count]


def estimate(
    tiling: MmaTiling, shape: ConvolutionShape, capability: tuple[int, int], processors: int
) -> float:
    """Return about how long it takes, in units of the products of 16 pixels and 16 channels each.

    It only orders tilings, by what can be counted: products of whole tiles in whole rounds, pixels
    of the halo, operands read from shared memory, and sums that are shared.
    """
    n, blocks, warps = tiling.n_tile, tiling.blocks, tiling.warps
    width, height = tiling.strip
    halo = shape.kernel - 1
    steps = tiling.k_blocks(shape) / tiling.split * shape.kernel**2
    products = steps * 2 * blocks * warps * n / 16
    # an instruction that loads operands moves as many bytes as four clocks allow
    loads = steps * 2 * warps * (blocks + n / 16)
    copied = (
        tiling.k_blocks(shape)
        / tiling.split
        * ((width + halo) * (height + halo) + shape.kernel**2 * n)
    )
    clocks = 8 * products + 2 * loads + copied / 4 + 600
    if tiling.split > 1:
        clocks += 400 + (1 + tiling.split) * tiling.threads * blocks * n / 64
    at_once = tiling.at_a_time(shape, capability)
    rounds = -(-tiling.tiles(shape) * tiling.split // (processors * at_once))
    # few warps leave the tensor cores waiting
    busy = min(1.0, 0.55 + 0.45 * warps * at_once / 8)
    return rounds * at_once * clocks / busy


def _all(run: int) -> Iterator[MmaTiling]:
    for n in (16, 32, 48, 64, 80, 96, 112, 128):
        for blocks in (1, 2, 4):
            for warps in (2, 4, 8):
                for width in (8, 16):
                    for stages in (3, 4):
                        for split in (1, 2, 4, 8):
                            yield MmaTiling(n, blocks, warps, width, stages, run, split)
