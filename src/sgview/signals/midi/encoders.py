"""Endless knobs: controllers that say how far they were turned, not where they are.

There are three usual ways to write a turn in seven bits. A message does not say which of them it
is, so each is counted, and whoever reads a count says which one is meant.
"""

from __future__ import annotations

from collections.abc import Callable

ENCODINGS: dict[str, Callable[[int], int]] = {
    "twos": lambda value: value - 128 if value >= 64 else value,  # 1 up, 127 down
    "offset": lambda value: value - 64,  # 65 up, 63 down
    "sign": lambda value: 64 - value if value >= 64 else value,  # 1 up, 65 down
}
"""Steps that a value stands for, by the name of the encoding."""

LIMIT = 2**20  # of a count, which then begins anew

Player = tuple[str, int]  # a device and a channel, 0..15


class TurnCounts:
    """How far each controller was turned, if it is an endless knob, in each encoding.

    Not for two threads at a time.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int, int], int] = {}  # by encoding, channel, controller
        self._repeats: dict[tuple[int, int], int] = {}  # by channel and controller
        self._last: dict[tuple[Player, int], int] = {}  # the newest value

    def receive(self, control: int, value: int, player: Player) -> list[tuple[str, float]]:
        """Take a controller; return keys and what they count from now on.

        "turn/ENCODING/CHANNEL/NUMBER" counts steps, "repeat/CHANNEL/NUMBER" how often a value came
        twice, which a knob with a position does not send; channel 0 is any.
        """
        found: list[tuple[str, float]] = []
        is_again = self._last.get((player, control)) == value
        self._last[player, control] = value
        for channel in (player[1] + 1, 0):
            for encoding, steps in ENCODINGS.items():
                key = encoding, channel, control
                count = self._counts.get(key, 0) + steps(value)
                self._counts[key] = count if abs(count) < LIMIT else 0
                found.append((f"turn/{encoding}/{channel}/{control}", float(self._counts[key])))
            if is_again:
                count = self._repeats[channel, control] = (
                    self._repeats.get((channel, control), 0) + 1
                )
                found.append((f"repeat/{channel}/{control}", float(count)))
        return found
