"""What an expression sees while it is evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sgview.signals.incoming import Instant
from sgview.state.text import one_line


class ExpressionError(ValueError):
    """An expression that cannot be read or has no value; the message is one sentence."""

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


class WaitingError(ExpressionError):
    """An expression that has no value yet, because nothing has been heard of its source."""


class EvaluationContext:
    """An instant, and the hand-set value of the leaf that an expression drives; reused for all.

    Plain attributes, since reading them is most of what evaluating an expression costs.
    """

    __slots__ = (
        *("t", "dt", "elapsed", "frame", "beat", "bar", "bpm"),
        *("audio", "bands", "midi", "osc", "sliders", "value"),
        *("mouse_down", "mouse_x", "mouse_y"),
    )

    def __init__(
        self,
        instant: Instant,
        value: float = 0.0,
        sliders: Mapping[str, float] | None = None,
    ) -> None:
        inputs = instant.inputs
        self.t = instant.t
        self.dt = instant.dt
        self.elapsed = instant.elapsed
        self.frame = instant.frame
        self.beat = instant.beat
        self.bar = instant.bar
        self.bpm = instant.bpm
        self.osc = inputs.osc
        self.midi = inputs.midi
        self.audio = inputs.audio
        self.bands = inputs.bands
        self.mouse_x, self.mouse_y = inputs.mouse
        self.mouse_down = float(inputs.is_mouse_down)
        self.sliders = sliders or {}
        self.value = value


Code = Callable[[EvaluationContext], float]
"""A part of an expression, ready to be evaluated."""

NAMES: dict[str, Code] = {
    "t": lambda context: context.t,
    "absTime.seconds": lambda context: context.t,
    "me.time.seconds": lambda context: context.t,
    "frame": lambda context: context.frame,
    "absTime.frame": lambda context: context.frame,
    "me.time.frame": lambda context: context.frame,
    "dt": lambda context: context.dt,
    "beat": lambda context: context.beat,
    "bar": lambda context: context.bar,
    "bpm": lambda context: context.bpm,
    "value": lambda context: context.value,
    "mouse.x": lambda context: context.mouse_x,
    "mouse.y": lambda context: context.mouse_y,
    "mouse.down": lambda context: context.mouse_down,
    "math.inf": lambda context: math.inf,  # no constants: as a value, or an end of a range, refused
    "math.nan": lambda context: math.nan,
}
