"""What comes in while a show plays: OSC datagrams, MIDI bytes, and the expressions people type."""

from __future__ import annotations

import mido

from sgview.signals import Instant, Signals
from sgview.signals.expressions.context import EvaluationContext, ExpressionError
from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Inputs
from sgview.signals.midi.values import MidiValues
from sgview.signals.osc.packets import OscError, number_of, parse, split
from sgview.signals.osc.remote import RemoteError, apply_message, recall_of
from sgview.state.addresses import ROOT
from sgview.state.bindings import bind
from sgview.state.params import Edit, Params

_PARAMS = Params(edits=(Edit(tensor="synthesis.input.weight"),))
_MOMENTS = [
    Instant(
        t, dt=0.1, elapsed=0.1, beat=2 * t, inputs=Inputs(osc={"/a": (0.5,)}, audio={"low": 0.3})
    )
    for t in (0.0, 0.1, -3.0, 1e9)
]


def read_osc(data: bytes) -> Params:
    """Take a datagram as the program does; what is refused in it is one sentence each."""
    params = _PARAMS
    try:
        for _, message in split(data):
            try:
                address, values = parse(message)
                for value in values:
                    number_of(value)
                if address.startswith(ROOT) and recall_of(address, values) is None:
                    params = apply_message(params, address, values, {})
            except (OscError, RemoteError) as error:
                _check_sentence(error)
    except OscError as error:
        _check_sentence(error)
    return params


def read_midi(data: bytes) -> dict[str, float]:
    """Take bytes of a cable; what is no message is passed over."""
    values, parser = MidiValues(), mido.Parser()
    parser.feed(data)
    for number, message in enumerate(parser):
        values.receive(message, f"device {number % 2}")
        if number % 5 == 0:
            values.snapshot()
    values.take_programs()
    values.release("device 0")
    return values.snapshot()


def read_expression(data: bytes) -> float:
    """Compile a text, evaluate it at some moments, and let it drive a value."""
    text = data.decode("utf-8", "surrogateescape")[:2000]
    value = 0.0
    try:
        expression = Expression(text)
        for moment in _MOMENTS:
            value = expression.evaluate(EvaluationContext(moment, 0.5, {"energy": 0.5}))
    except ExpressionError as error:
        _check_sentence(error)
    Signals().resolve(bind(_PARAMS, "noise.amplitude", text), _MOMENTS[1])
    return value


def _check_sentence(error: Exception) -> None:
    text = str(error)
    if not text or "\n" in text or len(text) > 1000:
        raise AssertionError(f"no sentence: {text[:100]!r}")
