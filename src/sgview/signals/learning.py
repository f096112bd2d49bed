"""Learning: the controller or message that moves most is bound to a value."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from sgview.signals.expressions.expressions import MAX_LENGTH
from sgview.signals.incoming import Inputs
from sgview.signals.midi.encoders import ENCODINGS
from sgview.state.commands import Learn
from sgview.state.params import Params
from sgview.state.paths import get_leaf, leaf_at
from sgview.state.status import Learning

LISTEN = 0.5  # after the first movement, until the control with the most of it is taken [s]
JITTER = 0.02  # movement of a worn knob that nobody touches
TOUCH = 0.025  # that a first message counts as
STRIKE = 2.0  # and a note, which the pressure on its key shall not outdo
LEAST_REPEATS = 2  # of one value, as an endless knob sends it
MOST_STEPS = 10  # of such a knob for each repeat
MOVED_MORE = 0.25  # of its range: a control that is moved while a knob is still
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
        self._turned: dict[str, float] = {}  # steps and repeats of endless knobs, by key
        self._began: float | None = None  # when something first moved [s]

    @property
    def status(self) -> Learning | None:
        """Return the value that is being learned, None if there is none."""
        return None if self._wish is None else Learning(self._wish.path, self._wish.source)

    def begin(self, wish: Learn, inputs: Inputs) -> None:
        """Wait for something to move from where it is now."""
        self._wish, self._before, self._moved, self._turned = wish, inputs, {}, {}
        self._began = None

    def cancel(self) -> None:
        """Wait no longer."""
        self._wish = None

    def poll(
        self, inputs: Inputs, *, picks_up: bool, params: Params | None = None
    ) -> tuple[str, str] | None:
        """Return the path and its new expression once something has moved.

        Args:
            inputs: what there is now.
            picks_up: a controller shall take over only once it passes the hand-set value.
            params: that value, from which an endless knob begins.
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
            is_moved = any(movement.amount >= JITTER for movement in self._moved.values())
            if not is_moved and not self._endless_knobs():
                return None
            self._began = self._now()
        if self._now() - self._began < LISTEN:
            return None
        begin = _share_of(wish, params)
        call, lowest, highest = self._osc() if wish.source == "osc" else self._midi(begin)
        leaf = leaf_at(wish.path)
        is_switch = leaf is not None and leaf.kind == "bool"
        if is_switch and call.startswith("note"):
            call = f"{call} > 0"  # however softly it is struck
        text = call if is_switch else _scaled(call, lowest, highest, wish.low, wish.high)
        if picks_up and call.startswith(("midi", "nrpn")) and not is_switch:
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
            if kind in ("turn", "repeat"):
                step = abs(value - self._before.midi.get(key, 0.0))
                self._turned[key] = self._turned.get(key, 0.0) + step
                continue
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

    def _forget_halves(self) -> None:
        """Leave out the halves of values that were put together."""
        for key, _ in list(self._moved):
            kind, channel, *number = key.split("/")
            if kind == "cc14":
                halves = (int(number[0]), int(number[0]) + 32)
            elif kind == "nrpn":
                halves = (6, 38, 96, 97)
            else:
                continue
            for half in halves:
                self._moved.pop((f"cc/{channel}/{half}", 0), None)

    def _endless_knobs(self) -> dict[tuple[str, str], str]:
        """Return how the controllers write a turn that seem to be endless knobs.

        By channel and number. They send one value again and again, and in their own encoding that
        is a few steps each time.
        """
        found: dict[tuple[str, str], str] = {}
        for key, repeats in self._turned.items():
            kind, channel, number = key.split("/")[0], *key.split("/")[-2:]
            if kind != "repeat" or channel == "0" or repeats < LEAST_REPEATS:
                continue
            steps = {
                encoding: self._turned.get(f"turn/{encoding}/{channel}/{number}", 0.0)
                for encoding in ENCODINGS
            }
            encoding = min(steps, key=lambda name: steps[name])
            if 0.0 < steps[encoding] <= MOST_STEPS * repeats:
                found[channel, number] = encoding
        return found

    def _endless_knob(self) -> tuple[str, str, str] | None:
        """Return number, channel and encoding of the knob that is turned, None if there is none."""
        knobs = self._endless_knobs()
        if not knobs:
            return None
        others = {
            key: movement
            for key, movement in self._moved.items()
            if tuple(key[0].split("/")[1:]) not in knobs
        }
        if any(movement.amount > MOVED_MORE for movement in others.values()):
            return None
        channel, number = max(knobs, key=lambda knob: self._turned[f"repeat/{'/'.join(knob)}"])
        return number, channel, knobs[channel, number]

    def _osc(self) -> tuple[str, float, float]:
        """Return the call that reads what moved, and its range; none if it is not about 0..1."""
        address, index = self._most()
        movement = self._moved[address, index]
        quoted = json.dumps(address, ensure_ascii=False)
        call = f"osc({quoted})" if index == 0 else f"osc({quoted}, value, {index})"
        is_share = movement.low >= 0.0 and movement.high <= 1.0
        return (call, 0.0, 1.0) if is_share else (call, 0.0, 0.0)

    def _midi(self, begin: float) -> tuple[str, float, float]:
        """Return the call that reads what moved, and its range; an endless knob is at `begin`."""
        if (knob := self._endless_knob()) is not None:
            number, channel, encoding = knob
            return f'encoder({number}, {channel}, "{encoding}", {begin:g})', 0.0, 1.0
        self._forget_halves()
        kind, channel, *number = self._most()[0].split("/")
        if kind == "cc":
            controller = int(number[0])
            # Of a 14-bit pair the low part moves most; the high part is the value.
            if 32 <= controller < 64 and (f"cc/{channel}/{controller - 32}", 0) in self._moved:
                controller -= 32
            return f"midi({controller}, {channel})", 0.0, 1.0
        arguments = ", ".join((*number, channel))
        kind = "midi14" if kind == "cc14" else kind
        return f"{kind}({arguments})", -1.0 if kind == "bend" else 0.0, 1.0


def _share_of(wish: Learn, params: Params | None) -> float:
    """Return where the value set by hand lies in the usual range, 0..1; the middle if unknown."""
    leaf = leaf_at(wish.path) if params is not None else None
    if params is None or leaf is None or wish.high == wish.low:
        return 0.5
    try:
        value = get_leaf(params, leaf)
    except LookupError:
        return 0.5
    if not isinstance(value, int | float):
        return 0.5
    return round(min(max((value - wish.low) / (wish.high - wish.low), 0.0), 1.0), 3)


def _scaled(call: str, lowest: float, highest: float, low: float, high: float) -> str:
    """Return the text that maps what was heard to the usual range of the value."""
    if lowest == highest or (lowest, highest) == (low, high):
        return call
    if (lowest, highest) == (0.0, 1.0):
        return f"lerp({low:g}, {high:g}, {call})"
    return f"remap({call}, {lowest:g}, {highest:g}, {low:g}, {high:g})"
