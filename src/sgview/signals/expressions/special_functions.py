"""The functions of expressions that read inputs or keep state: a closed table."""

from __future__ import annotations

from dataclasses import dataclass

from sgview.signals.expressions import easing, inputs, stateful
from sgview.signals.expressions.arguments import CodeBuilder


@dataclass(frozen=True)
class Signature:
    """A special function, and how many arguments it takes."""

    build: CodeBuilder
    least: int
    most: int


SPECIAL_FUNCTIONS: dict[str, Signature] = {
    "slider": Signature(inputs.slider, 1, 4),
    "osc": Signature(inputs.osc, 1, 3),
    "midi": Signature(inputs.midi, 1, 3),
    "note": Signature(inputs.note, 1, 2),
    "bend": Signature(inputs.bend, 0, 1),
    "aftertouch": Signature(inputs.aftertouch, 0, 1),
    "polytouch": Signature(inputs.polytouch, 1, 2),
    "midi14": Signature(inputs.midi14, 1, 3),
    "nrpn": Signature(inputs.nrpn, 1, 3),
    "encoder": Signature(stateful.encoder, 1, 5),
    "audio": Signature(inputs.audio, 1, 1),
    "lfo": Signature(stateful.lfo, 1, 3),
    "env": Signature(stateful.env, 3, 3),
    "smooth": Signature(stateful.smooth, 2, 2),
    "pickup": Signature(stateful.pickup, 1, 1),
    "ease": Signature(easing.ease, 1, 2),
}
