"""The functions of expressions that listen to a source or remember: osc, midi, lfo, smooth ...

Each is built once for each place where it is written, from its arguments as they stand in the
text, and keeps what it remembers there. The same instants in the same order give the same values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sgview.signals.functions import clamp, noise, pulse, random_step, saw, square, tri
from sgview.signals.moment import Code, ExpressionError, Moment, WaitingError
from sgview.state.status import SignalSource

SHAPES: dict[str, Callable[[float], float]] = {
    "sin": lambda x: math.sin(math.tau * x),
    "cos": lambda x: math.cos(math.tau * x),
    "tri": tri,
    "saw": saw,
    "square": square,
    "pulse": lambda x: 2.0 * pulse(x, 0.1) - 1.0,
    "noise": noise,
    "random": random_step,
}
LEVELS = ("low", "mid", "high", "rms", "onset")
SLIDER_NAME_LENGTH = 32
FOLLOW = 3.0  # `smooth` covers 1 - exp(-3), 95 % of the way, in its seconds


@dataclass(frozen=True)
class SliderRange:
    """What `slider("energy", 0, 1)` says of its slider."""

    name: str
    low: float
    high: float
    start: float


class Arguments(Protocol):
    """The arguments of one call, as the expression's text gives them."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def code(self, index: int, default: float | None = None) -> Code:
        """A number, evaluated each time; ExpressionError if it is missing without a default."""
        ...

    def constant(self, index: int) -> float | None:
        """The number that is written there; None if it is missing or has to be evaluated."""
        ...

    def text(self, index: int, default: str | None = None) -> str:
        """A text in quotes; ExpressionError if there is something else."""
        ...

    def is_text(self, index: int) -> bool:
        """Whether a text in quotes is written there."""
        ...

    def note_source(self, source: SignalSource) -> None:
        """Say where the expression gets its movement from."""
        ...

    def note_slider(self, slider: SliderRange) -> None:
        """Say that there is such a slider."""
        ...


Form = Callable[[Arguments], Code]


def _slider(arguments: Arguments) -> Code:
    name = arguments.text(0).strip()
    if not name or len(name) > SLIDER_NAME_LENGTH or "." in name or "/" in name:
        raise ExpressionError(
            f"A slider's name has 1 to {SLIDER_NAME_LENGTH} letters, without '.' and '/'."
        )
    given = [arguments.constant(index) for index in range(1, len(arguments))]
    if None in given:
        raise ExpressionError(f'The range of slider("{name}") must be plain numbers.')
    low, high, *start = [*(n for n in given if n is not None), *(0.0, 1.0)[len(given) :]]
    if low >= high:
        raise ExpressionError(f'The range of slider("{name}") must go from low to high.')
    slider = SliderRange(name, low, high, start[0] if start else low)
    arguments.note_source("slider")
    arguments.note_slider(slider)
    return lambda moment: moment.sliders.get(name, slider.start)


def _osc(arguments: Arguments) -> Code:
    address = arguments.text(0)
    if not address.startswith("/"):
        raise ExpressionError(f"An OSC address begins with a slash: '/{address[:40]}'.")
    default = arguments.code(1) if len(arguments) > 1 else None
    index = int(arguments.constant(2) or 0.0) if len(arguments) > 2 else 0
    arguments.note_source("osc")

    def read(moment: Moment) -> float:
        numbers = moment.osc.get(address)
        if numbers is not None and 0 <= index < len(numbers):
            return numbers[index]
        if default is None:
            raise WaitingError(f"Waiting for an OSC message {address[:60]}.")
        return default(moment)

    return read


def _midi(arguments: Arguments) -> Code:
    default = arguments.code(2) if len(arguments) > 2 else None
    key = _key("cc", arguments, 0, 1)
    arguments.note_source("midi")

    def read(moment: Moment) -> float:
        name = key(moment)
        number = moment.midi.get(name)
        if number is not None:
            return number
        if default is None:
            raise WaitingError(f"Waiting for MIDI controller {name.rpartition('/')[2]}.")
        return default(moment)

    return read


def _note(arguments: Arguments) -> Code:
    key = _key("note", arguments, 0, 1)
    arguments.note_source("midi")
    return lambda moment: moment.midi.get(key(moment), 0.0)


def _bend(arguments: Arguments) -> Code:
    channel = int(arguments.constant(0) or 0.0)
    arguments.note_source("midi")
    name = f"bend/{channel}"
    return lambda moment: moment.midi.get(name, 0.0)


def _key(kind: str, arguments: Arguments, number: int, channel: int) -> Callable[[Moment], str]:
    """Return what names a controller or note in `Inputs.midi`."""
    known = arguments.constant(number)
    on = arguments.constant(channel) if len(arguments) > channel else 0.0
    if on is None or not 0 <= on <= 16:
        raise ExpressionError("A MIDI channel is a plain number, 1 to 16, or 0 for any.")
    if known is not None:
        if not 0 <= known <= 127:
            raise ExpressionError("MIDI numbers go from 0 to 127.")
        name = f"{kind}/{int(on)}/{int(known)}"
        return lambda moment: name
    code = arguments.code(number)
    return lambda moment: f"{kind}/{int(on)}/{int(clamp(code(moment), 0.0, 127.0))}"


def _audio(arguments: Arguments) -> Code:
    arguments.note_source("audio")
    if arguments.is_text(0):
        level = arguments.text(0)
        if level not in LEVELS:
            raise ExpressionError(f"audio knows {', '.join(LEVELS)}, or the number of a band.")

        def read_level(moment: Moment) -> float:
            if not moment.audio:
                raise WaitingError("No sound is listened to.")
            return moment.audio.get(level, 0.0)

        return read_level
    band = arguments.code(0)

    def read_band(moment: Moment) -> float:
        if not moment.bands:
            raise WaitingError("No sound is listened to.")
        index = int(band(moment))
        return moment.bands[index] if 0 <= index < len(moment.bands) else 0.0

    return read_band


def _lfo(arguments: Arguments) -> Code:
    """Of a constant rate the phase is rate * t; otherwise it adds up as time goes by."""
    shape = _choose(arguments, 1, "sin", SHAPES)
    offset = arguments.code(2, 0.0)
    steady = arguments.constant(0)
    if steady is not None:
        rate = steady
        return lambda moment: shape(rate * moment.t + offset(moment))
    code = arguments.code(0)
    phase = 0.0

    def run(moment: Moment) -> float:
        nonlocal phase
        phase = (phase + code(moment) * moment.dt) % 1048576.0
        return shape(phase + offset(moment))

    return run


def _env(arguments: Arguments) -> Code:
    trigger, attack, release = (arguments.code(index) for index in range(3))
    level, is_rising, was_on = 0.0, False, False

    def run(moment: Moment) -> float:
        nonlocal level, is_rising, was_on
        is_on = trigger(moment) > 0.5
        is_rising = is_rising or (is_on and not was_on)  # to the top, however short the trigger
        was_on = is_on
        if is_rising:
            seconds = attack(moment)
            level = level + moment.elapsed / seconds if seconds > 0.0 else 1.0
            is_rising = level < 1.0
        elif not is_on:
            seconds = release(moment)
            level = level - moment.elapsed / seconds if seconds > 0.0 else 0.0
        level = clamp(level)
        return level

    return run


def _smooth(arguments: Arguments) -> Code:
    source, seconds = arguments.code(0), arguments.code(1)
    last: float | None = None

    def run(moment: Moment) -> float:
        nonlocal last
        x, time = source(moment), seconds(moment)
        if not math.isfinite(x):
            return x
        if last is None or time <= 0.0:
            last = x
        else:
            last += (x - last) * (1.0 - math.exp(-FOLLOW * moment.elapsed / time))
        return last

    return run


def _pickup(arguments: Arguments) -> Code:
    """Soft takeover: let go whenever the hand-set value changes, as when a preset is recalled."""
    source = arguments.code(0)
    target: float | None = None  # the hand-set value that is to be met
    last: float | None = None  # where the source was
    is_caught = False

    def run(moment: Moment) -> float:
        nonlocal target, last, is_caught
        x = source(moment)
        if moment.value != target:
            target, last, is_caught = moment.value, None, False
        if not is_caught:
            before = x if last is None else last
            is_caught = min(before, x) <= moment.value <= max(before, x)
            last = x
        return x if is_caught else moment.value

    return run


def _ease(arguments: Arguments) -> Code:
    kind = _choose(arguments, 1, "in-out", EASINGS)
    source = arguments.code(0)
    return lambda moment: kind(clamp(source(moment)))


def _ease_in_out(x: float) -> float:
    return 4.0 * x**3 if x < 0.5 else 1.0 - 4.0 * (1.0 - x) ** 3


def _bounce(x: float) -> float:
    """Fall and bounce three times, each parabola a part of the unit (Penner 2001)."""
    for end, centre, base in ((4, 0, 0.0), (8, 6, 0.75), (10, 9, 0.9375), (11, 10.5, 0.984375)):
        if x * 11.0 <= end:
            return 7.5625 * (x - centre / 11.0) ** 2 + base
    return 1.0


def _elastic(x: float) -> float:
    """Swing past 1 and settle (Penner 2001)."""
    if x in (0.0, 1.0):
        return x
    return 2.0 ** (-10.0 * x) * math.sin((x * 10.0 - 0.75) * math.tau / 3.0) + 1.0


EASINGS: dict[str, Callable[[float], float]] = {
    "in": lambda x: x**3,
    "out": lambda x: 1.0 - (1.0 - x) ** 3,
    "in-out": _ease_in_out,
    "bounce": _bounce,
    "elastic": _elastic,
}


def _choose(
    arguments: Arguments, index: int, default: str, table: dict[str, Callable[[float], float]]
) -> Callable[[float], float]:
    name = arguments.text(index, default)
    if name not in table:
        raise ExpressionError(f"'{name[:20]}' is not one of {', '.join(table)}.")
    return table[name]


@dataclass(frozen=True)
class Signature:
    """A form and how many arguments it takes."""

    build: Form
    least: int
    most: int


FORMS: dict[str, Signature] = {
    "slider": Signature(_slider, 1, 4),
    "osc": Signature(_osc, 1, 3),
    "midi": Signature(_midi, 1, 3),
    "note": Signature(_note, 1, 2),
    "bend": Signature(_bend, 0, 1),
    "audio": Signature(_audio, 1, 1),
    "lfo": Signature(_lfo, 1, 3),
    "env": Signature(_env, 3, 3),
    "smooth": Signature(_smooth, 2, 2),
    "pickup": Signature(_pickup, 1, 1),
    "ease": Signature(_ease, 1, 2),
}
