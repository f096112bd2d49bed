"""The functions of expressions that read inputs: slider, osc, midi, note, bend and the like."""

from __future__ import annotations

from collections.abc import Callable

from sgview.signals.expressions.arguments import Arguments, SliderRange
from sgview.signals.expressions.context import (
    Code,
    EvaluationContext,
    ExpressionError,
    WaitingError,
)
from sgview.signals.expressions.functions import clamp

LEVELS = ("low", "mid", "high", "rms", "onset")
SLIDER_NAME_LENGTH = 32
_MOST_NUMBERS = 1000  # of an OSC message that are read


def slider(arguments: Arguments) -> Code:
    """`slider(name, low, high, start)`: one of the user's own."""
    name = arguments.text(0).strip()
    if not name or len(name) > SLIDER_NAME_LENGTH or "." in name or "/" in name:
        raise ExpressionError(
            f"A slider's name has 1 to {SLIDER_NAME_LENGTH} letters, without '.' and '/'."
        )
    numbers: list[float | None] = [0.0, 1.0, None]
    for index in range(3):
        if arguments.has(index + 1):
            numbers[index] = arguments.constant(index + 1)
            if numbers[index] is None:
                raise ExpressionError(f'The range of slider("{name}") must be plain numbers.')
    low, high, start = numbers
    if low is None or high is None or low >= high:
        raise ExpressionError(f'The range of slider("{name}") must go from low to high.')
    slider = SliderRange(name, low, high, low if start is None else start)
    arguments.note_source("slider")
    arguments.note_slider(slider)
    return lambda context: context.sliders.get(name, slider.start)


def osc(arguments: Arguments) -> Code:
    """`osc(address, default, index)`: a number of the newest message."""
    address = arguments.text(0)
    if not address.startswith("/"):
        raise ExpressionError(f"An OSC address begins with a slash: '/{address[:40]}'.")
    default = arguments.code(1) if arguments.has(1) else None
    wanted = arguments.constant(2) or 0.0
    if not 0 <= wanted < _MOST_NUMBERS:
        raise ExpressionError(f"A message has numbers 0 to {_MOST_NUMBERS - 1}.")
    index = int(wanted)
    arguments.note_source("osc")

    def read(context: EvaluationContext) -> float:
        numbers = context.osc.get(address)
        if numbers is not None and 0 <= index < len(numbers):
            return numbers[index]
        if default is None:
            raise WaitingError(f"Waiting for an OSC message {address[:60]}.")
        return default(context)

    return read


def midi(arguments: Arguments) -> Code:
    """`midi(cc, channel, default)`: a controller."""
    return _controller("cc", arguments, "MIDI controller")


def midi14(arguments: Arguments) -> Code:
    """`midi14(cc, channel, default)`: a controller of 14 bits, by the number of its high half."""
    return _controller("cc14", arguments, "MIDI controller of 14 bits", 31)


def nrpn(arguments: Arguments) -> Code:
    """`nrpn(number, channel, default)`: a non-registered parameter."""
    return _controller("nrpn", arguments, "NRPN", 16383)


def _controller(kind: str, arguments: Arguments, title: str, largest: int = 127) -> Code:
    """Read what waits for its first message where no default is given."""
    default = arguments.code(2) if arguments.has(2) else None
    key = _key(kind, arguments, 0, 1, largest)
    arguments.note_source("midi")

    def read(context: EvaluationContext) -> float:
        name = key(context)
        number = context.midi.get(name)
        if number is not None:
            return number
        if default is None:
            raise WaitingError(f"Waiting for {title} {name.rpartition('/')[2]}.")
        return default(context)

    return read


def note(arguments: Arguments) -> Code:
    """`note(number, channel)`: velocity while held."""
    key = _key("note", arguments, 0, 1)
    arguments.note_source("midi")
    return lambda context: context.midi.get(key(context), 0.0)


def bend(arguments: Arguments) -> Code:
    """`bend(channel)`: the pitch wheel."""
    return _of_channel("bend", arguments)


def aftertouch(arguments: Arguments) -> Code:
    """`aftertouch(channel)`: how hard keys are pressed after they were struck."""
    return _of_channel("aftertouch", arguments)


def polytouch(arguments: Arguments) -> Code:
    """`polytouch(note, channel)`: the same of one key."""
    key = _key("polytouch", arguments, 0, 1)
    arguments.note_source("midi")
    return lambda context: context.midi.get(key(context), 0.0)


def _of_channel(kind: str, arguments: Arguments) -> Code:
    channel = channel_of(arguments, 0)
    arguments.note_source("midi")
    name = f"{kind}/{channel}"
    return lambda context: context.midi.get(name, 0.0)


def _key(
    kind: str, arguments: Arguments, number: int, channel: int, largest: int = 127
) -> Callable[[EvaluationContext], str]:
    """Return what names a controller or note in `Inputs.midi`."""
    known = arguments.constant(number)
    on = channel_of(arguments, channel)
    if known is not None:
        if not 0 <= known <= largest:
            raise ExpressionError(f"These MIDI numbers go from 0 to {largest}.")
        name = f"{kind}/{on}/{int(known)}"
        return lambda context: name
    code = arguments.code(number)
    return lambda context: f"{kind}/{on}/{int(clamp(code(context), 0.0, float(largest)))}"


def channel_of(arguments: Arguments, index: int) -> int:
    """Return the channel that an argument names, 0 for any.

    Raises:
        ExpressionError: if it is none.
    """
    channel = arguments.constant(index) if arguments.has(index) else 0.0
    if channel is None or not 0 <= channel <= 16:
        raise ExpressionError("A MIDI channel is a plain number, 1 to 16, or 0 for any.")
    return int(channel)


def audio(arguments: Arguments) -> Code:
    """`audio(level)`: a level of the sound, or a band of its spectrum."""
    arguments.note_source("audio")
    if arguments.is_text(0):
        level = arguments.text(0)
        if level not in LEVELS:
            raise ExpressionError(f"audio knows {', '.join(LEVELS)}, or the number of a band.")

        def read_level(context: EvaluationContext) -> float:
            if not context.audio:
                raise WaitingError("No sound is listened to.")
            return context.audio.get(level, 0.0)

        return read_level
    band = arguments.code(0)

    def read_band(context: EvaluationContext) -> float:
        if not context.bands:
            raise WaitingError("No sound is listened to.")
        index = int(band(context))
        return context.bands[index] if 0 <= index < len(context.bands) else 0.0

    return read_band
