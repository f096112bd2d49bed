"""3x3 convolutions on a CPU by Winograd's algorithm: a quarter of the products, in float32.

Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", F(4x4, 3x3): tiles of 4x4
outputs are products of the 36 values that 6x6 inputs and 3x3 weights are transformed to. What
remains are large matrix products, which run at the full rate of the processor, and passes that are
cheap where there are many channels. The error of a layer is about 3e-6 of its norm, where a direct
sum has 3e-7; a picture of 8 bits shows neither.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

TILE = 4  # outputs of a tile along either axis
_TAPS = TILE + 2  # inputs of a tile along either axis
_FEWEST_CHANNELS = 80  # below, the passes cost more than the products that are spared
_FEWEST_TILES = 16  # below, reading four times as many weights does
_WIDTH = 16  # output channels that matrix products like multiples of

# interpolation at 0, 1, -1, 2, -2 and infinity
_INPUT = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
_WEIGHT = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
_OUTPUT = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.0),
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.0),
    (0.0, 1.0, 1.0, 4.0, 4.0, 0.0),
    (0.0, 1.0, -1.0, 8.0, -8.0, 1.0),
)


def suits_winograd(x: Tensor, weight: Tensor, padding: int) -> bool:
    """Whether `convolve` is quicker than a direct convolution of `x` [N, I, H, W]."""
    channels_out, channels_in, *kernel = weight.shape
    if kernel != [3, 3] or min(channels_out, channels_in) < _FEWEST_CHANNELS:
        return False
    return len(x) * _tiles(x.shape[2], padding) * _tiles(x.shape[3], padding) >= _FEWEST_TILES


def transform_weight(weight: Tensor) -> Tensor:  # [O, I, 3, 3] -> [36, I, O' >= O]
    """Return what `convolve` multiplies with; further output channels are zero."""
    channels_out, channels_in = weight.shape[:2]
    width = -(-channels_out // _WIDTH) * _WIDTH
    taps = weight.new_zeros(3, 3, channels_in, width)
    taps[..., :channels_out] = weight.permute(2, 3, 1, 0)
    matrix = weight.new_tensor(_WEIGHT)
    return (torch.kron(matrix, matrix) @ taps.view(9, -1)).view(_TAPS**2, channels_in, width)


def convolve(
    x: Tensor,  # [N, I, H, W], or [1, I, H, W]: the same for all
    transformed: Tensor,  # of `transform_weight`
    channels: int,  # O
    scale: Tensor,  # [N, I] of the input's channels
    factors: Tensor | None = None,  # [N, O] of the output's channels; None: 1
    bias: Tensor | None = None,  # [O], added last
    padding: int = 1,
) -> Tensor:  # [N, O, H + 2 padding - 2, ..], channels-last
    """Convolve with weights of 3x3: `factors * (weight * (scale * x)) + bias`."""
    n, (height, width) = len(scale), x.shape[2:]
    rows, columns = _tiles(height, padding), _tiles(width, padding)
    values = _input_transform(_padded(x, scale, padding, rows, columns), rows, columns)
    products = torch.bmm(values, transformed)  # [36, N rows columns, O']
    tiles = _output_transform(products).view(TILE, TILE, n, rows, columns, -1)[..., :channels]
    out = x.new_empty(n, rows, TILE, columns, TILE, channels)
    target = out.permute(2, 4, 0, 1, 3, 5)
    if factors is not None:
        factors = factors.view(n, 1, 1, channels)
    if bias is not None:
        torch.addcmul(bias, tiles, bias.new_ones(()) if factors is None else factors, out=target)
    elif factors is not None:
        torch.mul(tiles, factors, out=target)
    else:
        target.copy_(tiles)
    image = out.view(n, rows * TILE, columns * TILE, channels).permute(0, 3, 1, 2)
    return image[:, :, : height + 2 * padding - 2, : width + 2 * padding - 2]


def _tiles(size: int, padding: int) -> int:
    """Return how many tiles lie along an axis of the output."""
    return -(-(size + 2 * padding - 2) // TILE)


def _padded(
    x: Tensor, scale: Tensor, padding: int, rows: int, columns: int
) -> Tensor:  # [N, 4 rows + 2, 4 columns + 2, I]
    """Return the scaled input with zeros around it, up to full tiles."""
    n, (_, channels, height, width) = len(scale), x.shape
    padded = x.new_zeros(n, rows * TILE + 2, columns * TILE + 2, channels)
    inside = padded[:, padding : padding + height, padding : padding + width]
    torch.mul(x, scale.view(n, channels, 1, 1), out=inside.permute(0, 3, 1, 2))
    return padded


def _input_transform(padded: Tensor, rows: int, columns: int) -> Tensor:  # [36, N rows columns, I]
    """Gather overlapping tiles and transform them, along y and then along x."""
    n, height, width, channels = padded.shape
    step = width * channels
    matrix = _input_matrix()
    tiles = padded.as_strided(
        (_TAPS, _TAPS, n, rows, columns, channels),
        (step, channels, height * step, TILE * step, TILE * channels, 1),
    )
    gathered = torch.empty(tiles.shape, dtype=padded.dtype)
    gathered.copy_(tiles)
    along_y = torch.mm(matrix, gathered.view(_TAPS, -1)).view(_TAPS, _TAPS, -1)
    return torch.matmul(matrix, along_y, out=gathered.view(_TAPS, _TAPS, -1)).view(
        _TAPS**2, -1, channels
    )


def _output_transform(products: Tensor) -> Tensor:  # [36, .., O'] -> [16, ..]
    return torch.mm(_output_matrix(), products.view(_TAPS**2, -1))


@cache
def _input_matrix() -> Tensor:  # [6, 6]
    with torch.inference_mode(False):  # what is kept may meet gradients later
        return torch.tensor(_INPUT, dtype=torch.float32)


@cache
def _output_matrix() -> Tensor:  # [16, 36], both axes at once
    with torch.inference_mode(False):
        matrix = torch.tensor(_OUTPUT, dtype=torch.float32)
        return torch.kron(matrix, matrix)
