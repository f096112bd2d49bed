"""How a convolution is cut into tiles for `conv_wgmma.cu`: shapes, shared memory, channel order."""

from __future__ import annotations

from dataclasses import dataclass

from stylegan3.fast.kernels.channels_last import padded_channels

_SHARED_LIMIT = 227 * 1024  # of a block on Hopper [bytes]
_ROW_BYTES = 128  # of a pixel or an output channel in shared memory: 64 input channels
_MAX_STAGES = 8
# Registers of the copying and of each multiplying warpgroup, by the number of the latter: the
# register file has 512 for every four threads that share a lane of it.
_REGISTERS = {1: (40, 240), 2: (40, 232), 3: (32, 160), 4: (24, 112)}
# The same where two blocks share a multiprocessor, and the shared memory that each then has.
_REGISTERS_OF_TWO = {1: (40, 216), 2: (24, 104)}
_SHARED_OF_TWO = 113 * 1024


@dataclass(frozen=True)
class ConvolutionShape:
    """A stride-1 convolution of one picture."""

    height: int  # of the input [px], as is width
    width: int
    in_channels: int
    out_channels: int
    kernel: int
    padding: int

    @property
    def out_size(self) -> tuple[int, int]:
        """Output height and width [px]."""
        grown = 2 * self.padding - self.kernel + 1
        return self.height + grown, self.width + grown

    @property
    def columns(self) -> int:
        """Output channels that are computed: whole groups of 8, as pictures are stored."""
        return padded_channels(self.out_channels)

    @property
    def k_blocks(self) -> int:
        """Blocks of 64 input channels."""
        return -(-padded_channels(self.in_channels) // 64)

    @property
    def last_steps(self) -> int:
        """Steps of 16 input channels in the last of those blocks."""
        return -(-(padded_channels(self.in_channels) - 64 * (self.k_blocks - 1)) // 16)

    @property
    def flops(self) -> float:
        """Floating-point operations."""
        rows, columns = self.out_size
        return 2.0 * rows * columns * self.in_channels * self.out_channels * self.kernel**2


@dataclass(frozen=True)
class Tiling:
    """Compile-time choices of `conv_wgmma.cu`, which explains them."""

    n_tile: int  # output channels of a tile, a multiple of 8 up to 256
    blocks: int  # 8x8 blocks of pixels that a consumer warpgroup takes at once
    consumers: int = 2
    ping_pong: bool = False
    resident: bool = False
    in_registers: bool = False
    in_turn: bool = True
    split: int = 1  # thread blocks that share the input channels of a tile

    @property
    def team(self) -> int:
        """Consumers that share a tile."""
        return 1 if self.ping_pong else self.consumers

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return 128 * (1 + self.consumers)

    @property
    def strip(self) -> tuple[int, int]:
        """Width and height [px] of a strip."""
        return (16, 4 * self.blocks) if self.in_registers else (8, 8 * self.blocks)

    def box(self, shape: ConvolutionShape) -> tuple[int, int]:
        """Width and height [px] of the input of a strip, its halo included."""
        width, height = self.strip
        return width + shape.kernel - 1, height + shape.kernel - 1

    def strips(self, shape: ConvolutionShape) -> tuple[int, int]:
        """How many strips cover the output, across and down."""
        height, width = shape.out_size
        return -(-width // self.strip[0]), -(-height // self.strip[1])

    def tiles(self, shape: ConvolutionShape) -> tuple[int, int]:
        """Tiles: of one column of channels, and in all."""
        across, down = self.strips(shape)
        per_column = -(-across * down // self.team)
        return per_column, per_column * -(-shape.columns // self.n_tile)

    def shares(self, shape: ConvolutionShape) -> tuple[int, int]:
        """Warpgroups that share sums with others, and the values of all their shares."""
        if self.split == 1:
            return 0, 0
        places = self.tiles(shape)[1] * self.consumers
        return places, places * self.split * self.blocks * 64 * self.n_tile

    def stages(self, shape: ConvolutionShape) -> tuple[int, int]:
        """Stages of the rings of pictures and of weights, (0, 0) if nothing fits."""
        width, height = self.box(shape)
        picture = self.team * padded_channels(width * height * _ROW_BYTES, 1024)
        weight = self.n_tile * _ROW_BYTES
        room = _SHARED_LIMIT - 2048  # alignment, and barriers
        taps = shape.kernel**2
        if self.resident:
            count = min((room - shape.k_blocks * taps * weight) // picture, _MAX_STAGES)
            return (count, 1) if count > 1 else (0, 0)
        if taps == 1:
            count = min(room // (picture + weight), _MAX_STAGES)
            return (count, count) if count > 1 else (0, 0)
        for pictures in (3, 2):
            count = min((room - pictures * picture) // weight, _MAX_STAGES)
            if count >= (6 if pictures == 3 else 2):
                return pictures, count
        return 0, 0

    def shared_bytes(self, shape: ConvolutionShape) -> int:
        """Dynamic shared memory of a block."""
        width, height = self.box(shape)
        pictures, weights = self.stages(shape)
        rooms = shape.k_blocks * shape.kernel**2 if self.resident else weights
        picture = self.team * padded_channels(width * height * _ROW_BYTES, 1024)
        return pictures * picture + rooms * self.n_tile * _ROW_BYTES + 2048

    def at_a_time(self, shape: ConvolutionShape) -> int:
        """Blocks that a multiprocessor has room for: two, where that costs nothing.

        One of the next layer then starts while one of this still runs.
        """
        _, consumer = _REGISTERS_OF_TWO.get(self.consumers, (0, 0))
        is_small = self.shared_bytes(shape) <= _SHARED_OF_TWO and not self.resident
        return 2 if is_small and self.blocks * self.n_tile // 2 + 40 <= consumer else 1

    def fits(self, shape: ConvolutionShape) -> bool:
        """Whether the kernel can be built: shared memory, registers, rules of its modes."""
        sums = self.blocks * self.n_tile // 2
        stages, _ = self.stages(shape)
        pixels = 8 * (self.blocks + shape.kernel - 1) if self.in_registers else 0
        return (
            stages > 0
            and self.n_tile % 8 == 0
            and 8 <= self.n_tile <= 256
            and self.n_tile // 2 + 28 <= 65536 // self.threads  # operands of one instruction
            and sums + pixels + 40 <= _REGISTERS[self.consumers][1]
            and (not self.resident or self.n_tile >= shape.columns)
            and (self.split == 1 or self._splits(shape))
            and (self.in_turn or (self.ping_pong and self.resident))
            and (not self.in_registers or (self.resident and self.ping_pong and shape.kernel > 1))
        )

    def _splits(self, shape: ConvolutionShape) -> bool:
        is_whole = shape.k_blocks % self.split == 0 and shape.last_steps == 4
        return is_whole and not self.ping_pong and not self.resident

    def defines(self, shape: ConvolutionShape) -> tuple[tuple[str, int], ...]:
        """Macros of the kernel, sorted."""
        pictures, weights = self.stages(shape)
        at_a_time = self.at_a_time(shape)
        registers = _REGISTERS if at_a_time == 1 else _REGISTERS_OF_TWO
        producer, consumer = registers[self.consumers]
        return (
            ("AT_A_TIME", at_a_time),
            ("BLOCKS", self.blocks),
            ("CONSUMERS", self.consumers),
            ("CONSUMER_REGISTERS", consumer),
            ("IN_REGISTERS", int(self.in_registers)),
            ("IN_TURN", int(self.ping_pong and self.in_turn)),
            ("KERNEL_SIZE", shape.kernel),
            ("K_BLOCKS", shape.k_blocks),
            ("LAST_STEPS", shape.last_steps),
            ("N_TILE", self.n_tile),
            ("PADDING", shape.padding),
            ("PICTURE_STAGES", pictures),
            ("PING_PONG", int(self.ping_pong)),
            ("PRODUCER_REGISTERS", producer),
            ("RESIDENT", int(self.resident)),
            ("SPLIT", self.split),
            ("WEIGHT_STAGES", weights),
        )


def channel_order(n_tile: int) -> list[int]:
    """Return the output channel, within a tile, of each row of its weights.

    The tensor cores give lane 4 g + t the columns 8 j + 2 t and 8 j + 2 t + 1 of a product. Rows
    are permuted in groups of 32 (at the end 16, 8) so that these are 8 (4, 2) consecutive
    channels, stored by one instruction.
    """
    order, first = [], 0
    while first < n_tile:
        count = next(n for n in (4, 2, 1) if 8 * n <= n_tile - first)
        for j in range(count):
            for column in range(8):
                t, i = divmod(column, 2)
                order.append(first + 2 * count * t + 2 * j + i)
        first += 8 * count
    return order
