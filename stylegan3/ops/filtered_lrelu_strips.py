"""How `filtered_lrelu.cu` divides a picture into strips, a block each, and what that costs.

Costs are in steps of a block: 8 output rows, 16 where it upsamples by 4, of 32 pixels, 16 channels.
"""

from __future__ import annotations

from functools import cache

import torch

from stylegan3.ops.multiprocessors import multiprocessors

STRIP_WIDTH = 32  # [px]

_START = 2.5  # of a block, before its first output
_PASS = 1.3  # of every further pass: a step more than its outputs, and its channels' vectors
_TORGB = 0.45  # of a pass of its own over a step's outputs: 24 us at 1024 px with 32 channels
_LAUNCH = 1.0


@cache
def strip_steps(steps: int, columns: int, at_once: int, tallest: int, passes: int = 1) -> int:
    """Return how many of a column's steps a block takes.

    Args:
        steps: of a column.
        columns: in all, over all channels that blocks divide among them.
        at_once: blocks that the GPU runs at once.
        tallest: most steps of a block: in tall strips, blocks that read the same sectors of memory
            drift apart.
        passes: over its strip that a block makes, one for each 16 channels.
    """
    shares = {-(-steps // parts) for parts in range(1, steps + 1)}
    return min(
        (share for share in shares if share <= tallest),
        key=lambda share: _cost(share, steps, columns, at_once, passes),
    )


def blocks_at_once(device: torch.device) -> int:
    """Return how many blocks a GPU runs at once."""
    return 2 * multiprocessors(device).count


def torgb_pays(size: tuple[int, int], up: int, channels: int, at_once: int) -> bool:
    """Whether filtering and ToRGB are faster in one launch than in two.

    In one, a block passes over its strip for all channels in turn, so that strips are shorter and
    each pass has a start: the smaller the picture and the more channels it has, the more that is.

    Args:
        size: of the picture, height and width [px].
        up: factor of upsampling.
        channels: that ToRGB reads.
        at_once: `blocks_at_once`.
    """
    steps, across, passes = -(-size[0] // (4 * up)), -(-size[1] // STRIP_WIDTH), -(-channels // 16)

    def least(columns: int, passes: int) -> float:
        share = strip_steps(steps, columns, at_once, steps, passes)
        return _cost(share, steps, columns, at_once, passes)

    torgb = _TORGB * steps * across * passes / at_once + _LAUNCH
    return least(across, passes) < least(across * passes, 1) + torgb


def _cost(share: int, steps: int, columns: int, at_once: int, passes: int) -> float:
    """Return how long blocks of `share` steps take for all columns.

    A block costs its steps and its starts. What counts lies between two extremes: blocks run in
    whole waves, or they share the processors perfectly but for a tail. Fitted to times of the
    published layers on an H200 with one pass, within 1 % of the best heights.
    """
    parts = -(-steps // share)
    waves = -(-columns * parts // at_once)
    starts = _START + (passes - 1) * _PASS
    block = passes * share + starts
    shared = columns * (passes * steps + parts * starts) / at_once + 0.3 * block
    return 0.3 * waves * block + 0.7 * shared
