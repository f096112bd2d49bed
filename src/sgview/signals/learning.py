"""Learning: the next controller or message that moves is bound to a value."""

from __future__ import annotations

import json

from sgview.signals.expressions.expressions import MAX_LENGTH
from sgview.signals.incoming import Inputs
from sgview.state.commands import Learn
from sgview.state.paths import leaf_at
from sgview.state.status import Learning


class Learner:
    """Compares the inputs with what they were when learning began."""

    def __init__(self) -> None:
        self._wish: Learn | None = None
        self._before = Inputs()

    @property
    def status(self) -> Learning | None:
        """Return the value that is being learned, None if there is none."""
        return None if self._wish is None else Learning(self._wish.path, self._wish.source)

    def begin(self, wish: Learn, inputs: Inputs) -> None:
        """Wait for something to move from where it is now."""
        self._wish, self._before = wish, inputs

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
        heard = self._osc(inputs) if wish.source == "osc" else self._midi(inputs)
        if heard is None:
            return None
        call, lowest, highest = heard
        leaf = leaf_at(wish.path)
        is_switch = leaf is not None and leaf.kind == "bool"
        text = call if is_switch else _scaled(call, lowest, highest, wish.low, wish.high)
        if picks_up and call.startswith("midi") and not is_switch:
            text = f"pickup({text})"
        if len(text) > MAX_LENGTH:
            return None
        self._wish = None
        return wish.path, text

    def _osc(self, inputs: Inputs) -> tuple[str, float, float] | None:
        """Return the call that reads what moved, and its range; none if it is not about 0..1."""
        if inputs.osc is self._before.osc:
            return None
        for address, numbers in inputs.osc.items():
            before = self._before.osc.get(address, ())
            for index, number in enumerate(numbers):
                if index < len(before) and before[index] == number:
                    continue
                quoted = json.dumps(address, ensure_ascii=False)
                call = f"osc({quoted})" if index == 0 else f"osc({quoted}, value, {index})"
                return (call, 0.0, 1.0) if 0.0 <= number <= 1.0 else (call, 0.0, 0.0)
        return None

    def _midi(self, inputs: Inputs) -> tuple[str, float, float] | None:
        if inputs.midi is self._before.midi:
            return None
        for key, value in inputs.midi.items():
            kind, channel, *number = key.split("/")
            if channel == "0" or self._before.midi.get(key) == value:
                continue
            if kind == "bend":
                return f"bend({channel})", -1.0, 1.0
            if kind == "cc":
                return f"midi({number[0]}, {channel})", 0.0, 1.0
            if value > 0.0:
                return f"note({number[0]}, {channel})", 0.0, 1.0
        return None


def _scaled(call: str, lowest: float, highest: float, low: float, high: float) -> str:
    """Return the text that maps what was heard to the usual range of the value."""
    if lowest == highest or (lowest, highest) == (low, high):
        return call
    if (lowest, highest) == (0.0, 1.0):
        return f"lerp({low:g}, {high:g}, {call})"
    return f"remap({call}, {lowest:g}, {highest:g}, {low:g}, {high:g})"
