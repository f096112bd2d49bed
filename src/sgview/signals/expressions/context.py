"""What an expression sees while it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sgview.signals.incoming import Instant


class ExpressionError(ValueError):
    """An expression that cannot be read or has no value; the message is one sentence."""


class WaitingError(ExpressionError):
    """An expression that has no value yet, because nothing has been heard of its source."""


class Moment:
    """An instant and the hand-set value of what is driven; reused from one to the next.

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


Code = Callable[[Moment], float]
"""A part of an expression, ready to be evaluated."""

NAMES: dict[str, Code] = {
    "t": lambda moment: moment.t,
    "absTime.seconds": lambda moment: moment.t,
    "me.time.seconds": lambda moment: moment.t,
    "frame": lambda moment: moment.frame,
    "absTime.frame": lambda moment: moment.frame,
    "me.time.frame": lambda moment: moment.frame,
    "dt": lambda moment: moment.dt,
    "beat": lambda moment: moment.beat,
    "bar": lambda moment: moment.bar,
    "bpm": lambda moment: moment.bpm,
    "value": lambda moment: moment.value,
    "mouse.x": lambda moment: moment.mouse_x,
    "mouse.y": lambda moment: moment.mouse_y,
    "mouse.down": lambda moment: moment.mouse_down,
}
