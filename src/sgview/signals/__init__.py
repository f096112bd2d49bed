"""What moves parameters: expressions in time, and later OSC, MIDI and audio."""

from __future__ import annotations

from sgview.signals.expressions import Expression, ExpressionError
from sgview.signals.resolve import ExpressionSignals

__all__ = ["Expression", "ExpressionError", "ExpressionSignals"]
