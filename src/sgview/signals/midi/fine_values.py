"""Controllers of more than seven bits: pairs of 14 bits, and non-registered parameters (NRPN).

MIDI 1.0, "Control Change": controllers 0 to 31 are the high halves of values whose low halves are
32 to 63. A non-registered parameter is named by controllers 99 and 98, its value follows in 6 and
38, and 96 and 97 move it by one.
"""

from __future__ import annotations

LOW_HALVES = range(32, 64)
DATA_HIGH, DATA_LOW, INCREMENT, DECREMENT = 6, 38, 96, 97
NUMBER_LOW, NUMBER_HIGH = 98, 99  # of a non-registered parameter
REGISTERED = (100, 101)  # numbers of registered ones, such as the range of the pitch wheel
LARGEST, LARGEST_HALF = 16383, 127
MOST_PARAMETERS = 256  # that are remembered, of all that controllers may name

Player = tuple[str, int]  # a device and a channel, 0..15


class FineValues:
    """Puts the halves together, for each device and channel; not for two threads at a time."""

    def __init__(self) -> None:
        self._high: dict[tuple[Player, int], int] = {}  # high halves of pairs, by controller
        self._pairs: set[tuple[Player, int]] = set()  # those whose low half was heard
        self._chosen: dict[Player, dict[int, int]] = {}  # halves of a parameter's number
        self._values: dict[tuple[Player, int], int] = {}  # of parameters, 0..LARGEST
        self._is_fine: set[tuple[Player, int]] = set()  # parameters whose low half was heard

    def receive(self, control: int, value: int, player: Player) -> tuple[str, float] | None:
        """Take a controller; return a key with "{}" for the channel, and its value in 0..1.

        None: it does not complete a value of more than seven bits.
        """
        if control in (NUMBER_LOW, NUMBER_HIGH):
            self._chosen.setdefault(player, {})[control] = value
            return None
        if control in REGISTERED:
            self._chosen.pop(player, None)  # what follows is not for a parameter that we know
            return None
        number = self._number(player)
        if number is not None and control in (DATA_HIGH, DATA_LOW, INCREMENT, DECREMENT):
            return self._set_parameter(number, control, value, player)
        return self._set_pair(control, value, player)

    def _number(self, player: Player) -> int | None:
        """Return the parameter that is chosen; the largest number means none."""
        halves = self._chosen.get(player, {})
        if len(halves) < 2:
            return None
        number = halves[NUMBER_HIGH] << 7 | halves[NUMBER_LOW]
        return number if number != LARGEST else None

    def _set_parameter(
        self, number: int, control: int, value: int, player: Player
    ) -> tuple[str, float] | None:
        key = player, number
        if key not in self._values and len(self._values) >= MOST_PARAMETERS:
            return None
        before = self._values.get(key, 0)
        if control == DATA_HIGH:
            new = value << 7  # its low half follows, if it has one
        elif control == DATA_LOW:
            new = before & ~LARGEST_HALF | value
            self._is_fine.add(key)
        else:
            new = before + (1 if control == INCREMENT else -1)
            self._is_fine.add(key)
        new = self._values[key] = min(max(new, 0), LARGEST)
        share = new / LARGEST if key in self._is_fine else (new >> 7) / LARGEST_HALF
        return f"nrpn/{{}}/{number}", share

    def _set_pair(self, control: int, value: int, player: Player) -> tuple[str, float] | None:
        if control < LOW_HALVES.start:
            self._high[player, control] = value
            is_pair = (player, control) in self._pairs
            return (f"cc14/{{}}/{control}", (value << 7) / LARGEST) if is_pair else None
        high = self._high.get((player, control - LOW_HALVES.start))
        if control not in LOW_HALVES or high is None:
            return None
        control -= LOW_HALVES.start
        self._pairs.add((player, control))
        return f"cc14/{{}}/{control}", (high << 7 | value) / LARGEST
