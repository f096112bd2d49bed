"""How `filtered_lrelu.cu` divides a picture into strips, a block each."""

from __future__ import annotations

from functools import cache

STRIP_WIDTH = 32  # [px]


@cache
def strip_steps(steps: int, columns: int, at_once: int, tallest: int) -> int:
    """Return how many of a column's steps a block takes.

    A block costs its steps and a start. What counts lies between two extremes: blocks run in whole
    waves, or they share the processors perfectly but for a tail. Fitted to times of the published
    layers on an H200, within 1 % of the best heights.

    Args:
        steps: of a column, of 8 output rows each, 16 where it upsamples by 4.
        columns: in all, over all channels.
        at_once: blocks that the GPU runs at once.
        tallest: most steps of a block: in tall strips, blocks that read the same sectors of memory
            drift apart.
    """
    start = 2.5

    def cost(share: int) -> float:
        parts = -(-steps // share)
        waves = -(-columns * parts // at_once)
        shared = columns * (steps + parts * start) / at_once + 0.3 * (share + start)
        return 0.3 * waves * (share + start) + 0.7 * shared

    shares = {-(-steps // parts) for parts in range(1, steps + 1)}
    return min((share for share in shares if share <= tallest), key=cost)
