"""What moves parameters: expressions in time, OSC, MIDI, sound, the mouse."""

from __future__ import annotations

from sgview.signals.bound_values import Signals, SignalStatus
from sgview.signals.expressions.context import ExpressionError
from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Inputs, Instant

__all__ = ["Expression", "ExpressionError", "Inputs", "Instant", "SignalStatus", "Signals"]
