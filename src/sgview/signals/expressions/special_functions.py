"""The functions of expressions that are more than a formula: those that listen or remember."""

from __future__ import annotations

from dataclasses import dataclass

from sgview.signals.expressions import easing
from sgview.signals.expressions import inputs as listening
from sgview.signals.expressions import stateful as remembering
from sgview.signals.expressions.arguments import Form


@dataclass(frozen=True)
class Signature:
    """A form and how many arguments it takes."""

    build: Form
    least: int
    most: int


FORMS: dict[str, Signature] = {
    "slider": Signature(listening.slider, 1, 4),
    "osc": Signature(listening.osc, 1, 3),
    "midi": Signature(listening.midi, 1, 3),
    "note": Signature(listening.note, 1, 2),
    "bend": Signature(listening.bend, 0, 1),
    "aftertouch": Signature(listening.aftertouch, 0, 1),
    "polytouch": Signature(listening.polytouch, 1, 2),
    "audio": Signature(listening.audio, 1, 1),
    "lfo": Signature(remembering.lfo, 1, 3),
    "env": Signature(remembering.env, 3, 3),
    "smooth": Signature(remembering.smooth, 2, 2),
    "pickup": Signature(remembering.pickup, 1, 1),
    "ease": Signature(easing.ease, 1, 2),
}
