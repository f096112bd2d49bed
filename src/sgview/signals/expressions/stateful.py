"""The functions of expressions that keep state: lfo, env, smooth, pickup, encoder.

Each is built once for each place where it is written and keeps what it remembers there. The same
instants in the same order give the same values.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from sgview.signals.expressions.arguments import Arguments, choose
from sgview.signals.expressions.context import Code, EvaluationContext, ExpressionError
from sgview.signals.expressions.functions import clamp, noise, pulse, random_step, saw, square, tri
from sgview.signals.expressions.inputs import channel_of
from sgview.signals.midi.encoders import ENCODINGS

LARGEST_TURN = 10_000.0  # between two looks [steps]
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
FOLLOW = 3.0  # `smooth` covers 1 - exp(-3), 95 % of the way, in its seconds


def lfo(arguments: Arguments) -> Code:
    """`lfo(rate, shape, phase)`: of a constant rate the phase is rate * t, otherwise it adds up."""
    shape = choose(arguments, 1, "sin", SHAPES)
    offset = arguments.code(2, 0.0)
    steady = arguments.constant(0)
    if steady is not None:
        rate = steady
        return lambda context: shape(rate * context.t + offset(context))
    code = arguments.code(0)
    phase = 0.0

    def run(context: EvaluationContext) -> float:
        nonlocal phase
        moved = phase + code(context) * context.dt
        phase = moved % 1048576.0 if math.isfinite(moved) else phase
        return shape(phase + offset(context))

    return run


def env(arguments: Arguments) -> Code:
    """`env(trigger, attack, release)`: rises when the trigger passes 0.5, and falls.

    A note is on however softly it is struck: a trigger of notes has to pass 0.
    """
    trigger, attack, release = (arguments.code(index) for index in range(3))
    threshold = 0.0 if arguments.has_call(0, "note") else 0.5
    level, is_rising, was_on = 0.0, False, False

    def run(context: EvaluationContext) -> float:
        nonlocal level, is_rising, was_on
        is_on = trigger(context) > threshold
        is_rising = is_rising or (is_on and not was_on)  # to the top, however short the trigger
        was_on = is_on
        if is_rising:
            seconds = attack(context)
            level = level + context.elapsed / seconds if seconds > 0.0 else 1.0
            is_rising = level < 1.0
        elif not is_on:
            seconds = release(context)
            level = level - context.elapsed / seconds if seconds > 0.0 else 0.0
        level = clamp(level)
        return level

    return run


def smooth(arguments: Arguments) -> Code:
    """`smooth(x, seconds)`: x through a low-pass of first order."""
    source, seconds = arguments.code(0), arguments.code(1)
    last: float | None = None

    def run(context: EvaluationContext) -> float:
        nonlocal last
        x, time = source(context), seconds(context)
        if not math.isfinite(x):
            return x
        if last is None or time <= 0.0:
            last = x
        else:
            last += (x - last) * (1.0 - math.exp(-FOLLOW * context.elapsed / time))
        return last

    return run


def pickup(arguments: Arguments) -> Code:
    """`pickup(x)`: soft takeover; lets go when the hand-set value changes, as presets do."""
    source = arguments.code(0)
    target: float | None = None  # the hand-set value that is to be met
    last: float | None = None  # where the source was
    is_caught = False

    def run(context: EvaluationContext) -> float:
        nonlocal target, last, is_caught
        x = source(context)
        if context.value != target:
            target, last, is_caught = context.value, None, False
        if not is_caught:
            before = x if last is None else last
            is_caught = min(before, x) <= context.value <= max(before, x)
            last = x
        return x if is_caught else context.value

    return run


def encoder(arguments: Arguments) -> Code:
    """`encoder(cc, channel, kind, start, step)`: an endless knob, from where it starts."""
    number = arguments.constant(0)
    if number is None or not 0 <= number <= 127:
        raise ExpressionError("The number of an encoder is a plain one, 0 to 127.")
    channel = channel_of(arguments, 1)
    kind = arguments.text(2, "twos")
    if kind not in ENCODINGS:
        raise ExpressionError(f"'{kind[:20]}' is not one of {', '.join(ENCODINGS)}.")
    start, step = arguments.code(3, 0.5), arguments.code(4, 0.01)
    arguments.note_source("midi")
    name = f"turn/{kind}/{channel}/{int(number)}"
    level: float | None = None
    count: float | None = None  # of steps, at the last look

    def run(context: EvaluationContext) -> float:
        nonlocal level, count
        if level is None:
            level = clamp(start(context))
        now = context.midi.get(name)
        turned = now - count if now is not None and count is not None else 0.0
        if abs(turned) > LARGEST_TURN:
            turned = 0.0  # the count began anew
        count = now if now is not None else (0.0 if count is None else count)
        moved = level + turned * step(context)
        level = clamp(moved) if math.isfinite(moved) else level
        return level

    return run
