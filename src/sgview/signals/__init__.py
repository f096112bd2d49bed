"""What moves parameters: expressions in time, OSC, MIDI, sound, the mouse."""

from __future__ import annotations

from sgview.signals.expressions import Expression
from sgview.signals.inputs import Inputs, Instant
from sgview.signals.moment import ExpressionError
from sgview.signals.signals import Signals, SignalStatus

__all__ = ["Expression", "ExpressionError", "Inputs", "Instant", "SignalStatus", "Signals"]
