"""Learning: the controller or message that moves most is bound to a value."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from sgview.signals.expressions.expressions import MAX_LENGTH
from sgview.signals.incoming import Inputs
from sgview.state.commands import Learn
from sgview.state.paths import leaf_at
from sgview.state.status import Learning

LISTEN = 0.5  # after the first movement, until the control with the most of it is taken [s]
JITTER = 0.02  # movement of a worn knob that nobody touches
TOUCH = 0.025  # that a first message counts as
STRIKE = 2.0  # and a note, which the pressure on its key shall not outdo
PARAMETERS = (38, 98, 99, 100, 101)  # controllers that only say which number is meant, or its rest


@dataclass
class _Movement:
    """How far one control has gone since the first movement."""

    low: float
    high: float
    least: float = 0.0  # counts as so much, wherever it went

    @property
    def amount(self) -> float:
        """The way it went, as a share of its range: 0..1, or as far as it was seen."""
        return max(self.least, (self.high - self.low) / max(1.0, abs(self.low), abs(self.high)))


class Learner:
    """Compares the inputs with what they were, and takes the control that moves most.

    Args:
        now: the source of real time [s].
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wish: Learn | None = None
        self._before = Inputs()
        self._moved: dict[tuple[str, int], _Movement] = {}  # by key, or by address and index
        self._began: float | None = None  # when something first moved [s]

    @property
    def status(self) -> Learning | None:
        """Return the value that is being learned, None if there is none."""
        return None if self._wish is None else Learning(self._wish.path, self._wish.source)

    def begin(self, wish: Learn, inputs: Inputs) -> None:
        """Wait for something to move from where it is now."""
        self._wish, self._before, self._moved = wish, inputs, {}
        self._began = None

    def cancel(self) -> None:
        """Wait no longer."""
        self._wish = None

    def poll(self, inputs: Inputs, *, picks_up: bool) -> tuple[str, str] | None:
        """Return the path and its new expression once something has moved.

        Args:
            inputs: what there is now.
            picks_up: a controller shall take over only once it passes the hand-set value.
        """
        wish = self._wish
        if wish is None:
            return None
        if wish.source == "osc":
            self._follow_osc(inputs.osc)
        else:
            self._follow_midi(inputs.midi)
        self._before = inputs
        if self._began is None:
            if all(movement.amount < JITTER for movement in self._moved.values()):
                return None
            self._began = self._now()
        if self._now() - self._began < LISTEN:
            return None
        call, lowest, highest = self._osc() if wish.source == "osc" else self._midi()
        leaf = leaf_at(wish.path)
        is_switch = leaf is not None and leaf.kind == "bool"
        if is_switch and call.startswith("note"):
            call = f"{call} > 0"  # however softly it is struck
        text = call if is_switch else _scaled(call, lowest, highest, wish.low, wish.high)
        if picks_up and call.startswith("midi") and not is_switch:
            text = f"pickup({text})"
        if len(text) > MAX_LENGTH:
            self._moved, self._began = {}, None
            return None
        self._wish = None
        return wish.path, text

    def _follow_osc(self, table: dict[str, tuple[float, ...]]) -> None:
        if table is self._before.osc:
            return
        for address, numbers in table.items():
            before = self._before.osc.get(address, ())
            for index, number in enumerate(numbers):
                self._follow((address, index), number, before[index : index + 1])

    def _follow_midi(self, table: dict[str, float]) -> None:
        if table is self._before.midi:
            return
        for key, value in table.items():
            kind, channel, *number = key.split("/")
            if channel == "0" or (kind == "cc" and int(number[0]) in PARAMETERS):
                continue
            before = self._before.midi.get(key)
            is_struck = kind == "note" and value > 0.0 and value != before
            if kind != "note" or is_struck:
                self._follow((key, 0), value, () if before is None else (before,))
            if is_struck:
                self._moved[key, 0].least = STRIKE

    def _follow(self, key: tuple[str, int], value: float, before: tuple[float, ...]) -> None:
        """Note that a control is at `value`, where it was at `before` or not known."""
        if before == (value,):
            return
        movement = self._moved.setdefault(key, _Movement(*(before or (value,)) * 2))
        movement.least = movement.least if before else TOUCH
        movement.low, movement.high = min(movement.low, value), max(movement.high, value)

    def _most(self) -> tuple[str, int]:
        return max(self._moved, key=lambda key: self._moved[key].amount)

    def _osc(self) -> tuple[str, float, float]:
        """Return the call that reads what moved, and its range; none if it is not about 0..1."""
        address, index = self._most()
        movement = self._moved[address, index]
        quoted = json.dumps(address, ensure_ascii=False)
        call = f"osc({quoted})" if index == 0 else f"osc({quoted}, value, {index})"
        is_share = movement.low >= 0.0 and movement.high <= 1.0
        return (call, 0.0, 1.0) if is_share else (call, 0.0, 0.0)

    def _midi(self) -> tuple[str, float, float]:
        """Return the call that reads what moved, and its range."""
        kind, channel, *number = self._most()[0].split("/")
        if kind == "cc":
            controller = int(number[0])
            # Of a 14-bit pair the low part moves most; the high part is the value.
            if 32 <= controller < 64 and (f"cc/{channel}/{controller - 32}", 0) in self._moved:
                controller -= 32
            return f"midi({controller}, {channel})", 0.0, 1.0
        arguments = ", ".join((*number, channel))
        return f"{kind}({arguments})", -1.0 if kind == "bend" else 0.0, 1.0


def _scaled(call: str, lowest: float, highest: float, low: float, high: float) -> str:
    """Return the text that maps what was heard to the usual range of the value."""
    if lowest == highest or (lowest, highest) == (low, high):
        return call
    if (lowest, highest) == (0.0, 1.0):
        return f"lerp({low:g}, {high:g}, {call})"
    return f"remap({call}, {lowest:g}, {highest:g}, {low:g}, {high:g})"
