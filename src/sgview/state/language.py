"""The language of expressions as people see it: what there is to write, and an example of each.

The panel lists it and the documentation follows it; `sgview.signals` gives it its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One name or function."""

    group: str
    usage: str  # "lerp(a, b, amount)"; its name is what stands before the bracket
    help: str
    example: str

    @property
    def name(self) -> str:
        """What is written before the bracket."""
        return self.usage.partition("(")[0]


WORDS: tuple[Word, ...] = (
    Word("Time", "t", "Time since the start [s]", "sin(t)"),
    Word("Time", "dt", "Time since the last frame [s]; 0 while paused", "value + dt"),
    Word("Time", "frame", "Frames of 1/60 s since the start", "frame % 60 / 60"),
    Word("Time", "absTime.seconds", "The same as t", "math.sin(absTime.seconds)"),
    Word("Time", "absTime.frame", "The same as frame", "absTime.frame * 0.01"),
    Word("Time", "me.time.seconds", "The same as t", "me.time.seconds * 0.1"),
    Word("Time", "me.time.frame", "The same as frame", "me.time.frame % 120"),
    Word("Tempo", "beat", "Beats since the start, with their fraction", "pulse(beat, 0.2)"),
    Word("Tempo", "bar", "Bars since the start, with their fraction", "saw(bar)"),
    Word("Tempo", "bpm", "Beats a minute", "lfo(bpm / 60)"),
    Word("By hand", "value", "The value set by hand", "value + 0.1 * sin(t)"),
    Word(
        "By hand",
        "slider(name, low = 0, high = 1, start = low)",
        "A slider of your own, shown under Signals; one name is one slider",
        'slider("energy", 0, 2)',
    ),
    Word("By hand", "mouse.x", "Mouse over the picture, 0 left to 1 right", "mouse.x * 2"),
    Word("By hand", "mouse.y", "Mouse over the picture, 0 bottom to 1 top", "0.5 + mouse.y / 2"),
    Word("By hand", "mouse.down", "1 while pressed on the picture", "smooth(mouse.down, 0.5)"),
    Word(
        "Signals",
        "osc(address, default, index = 0)",
        "Newest number of an OSC message; without a default it waits for one",
        'osc("/fader/1", 0.5)',
    ),
    Word(
        "Signals",
        "midi(cc, channel = any, default)",
        "MIDI controller, 0 to 1; without a default it waits for the first turn",
        "midi(21)",
    ),
    Word("Signals", "note(number, channel = any)", "Velocity while held, 0 to 1", "note(60)"),
    Word("Signals", "midi14(cc, channel = any, default)",
         "MIDI controller of 14 bits, by the number of its high half, 0 to 31", "midi14(1)"),
    Word("Signals", "nrpn(number, channel = any, default)",
         "MIDI parameter (NRPN), 0 to 1, of number 0 to 16383", "nrpn(300)"),
    Word("Signals", "encoder(cc, channel = any, kind = \"twos\", start = 0.5, step = 0.01)",
         'Endless MIDI knob, 0 to 1: "twos" (1, 127), "offset" (65, 63) or "sign" (1, 65)',
         'encoder(16)'),
    Word("Signals", "bend(channel = any)", "MIDI pitch wheel, -1 to 1", "bend() * 0.2"),
    Word("Signals", "aftertouch(channel = any)", "MIDI pressure on held keys, 0 to 1",
         "aftertouch()"),
    Word("Signals", "polytouch(number, channel = any)", "MIDI pressure on one key, 0 to 1",
         "polytouch(60)"),
    Word(
        "Signals",
        "audio(level)",
        'Sound, 0 to 1: "low" "mid" "high" "rms" "onset", or the number of a band from 0',
        'audio("low")',
    ),
    Word(
        "Signals",
        "pickup(x)",
        "x once it has met the value set by hand, so that nothing jumps",
        "pickup(midi(21))",
    ),
    Word("Shapes", "lfo(rate, shape = \"sin\", phase = 0)",
         "-1 to 1, rate times a second: sin cos tri saw square noise random, or pulse: 1 for a "
         "tenth of the time, else -1 (pulse(x) is 1 and 0)",
         'lfo(0.5, "tri")'),
    Word("Shapes", "env(trigger, attack, release)",
         "Rises to 1 in attack seconds when the trigger passes 0.5, or a note is struck, "
         "falls in release seconds",
         "env(note(36), 0.01, 0.8)"),
    Word("Shapes", "smooth(x, seconds)", "x, following in about that time", "smooth(midi(1), 0.5)"),
    Word("Shapes", "noise(x, seed = 0)", "Smooth random walk over x, -1 to 1", "noise(t * 0.5, 3)"),
    Word("Shapes", "tri(x)", "Triangle, -1 to 1, once a unit of x", "tri(t / 8)"),
    Word("Shapes", "saw(x)", "Ramp, -1 to 1, once a unit of x", "saw(beat)"),
    Word("Shapes", "square(x)", "1, then -1, once a unit of x", "square(bar)"),
    Word("Shapes", "pulse(x, width = 0.5)", "1 for the width, then 0, once a unit of x",
         "pulse(beat, 0.1)"),
    Word("Shapes", "ease(x, kind = \"in-out\")",
         '0 to 1 with a soft start and end; "in" "out" "in-out" "bounce" "elastic"',
         'ease(beat % 1, "out")'),
    Word("Ranges", "clamp(x, low = 0, high = 1)", "x within a range", "clamp(t / 10)"),
    Word("Ranges", "lerp(a, b, amount)", "From a (0) to b (1)", "lerp(0.2, 0.9, midi(21))"),
    Word("Ranges", "remap(x, low, high, to_low, to_high)", "One range to another",
         "remap(sin(t), -1, 1, 0, 2)"),
    Word("Ranges", "smoothstep(low, high, x)", "0 below low, 1 above high, soft between",
         "smoothstep(0.3, 0.7, mouse.x)"),
    Word("Mathematics", "sin(x)", "Sine of x in radians", "sin(2 * pi * t)"),
    Word("Mathematics", "cos(x)", "Cosine of x in radians", "cos(t)"),
    Word("Mathematics", "tan(x)", "Tangent of x in radians", "clamp(tan(t), -1, 1)"),
    Word("Mathematics", "abs(x)", "x without its sign", "abs(sin(t))"),
    Word("Mathematics", "sign(x)", "-1, 0 or 1", "sign(sin(t))"),
    Word("Mathematics", "min(a, b, ...)", "The smallest", "min(t, 1)"),
    Word("Mathematics", "max(a, b, ...)", "The largest", "max(0, sin(t))"),
    Word("Mathematics", "floor(x)", "Down to a whole number", "floor(beat)"),
    Word("Mathematics", "ceil(x)", "Up to a whole number", "ceil(t)"),
    Word("Mathematics", "round(x)", "To the nearest whole number", "round(mouse.x * 8)"),
    Word("Mathematics", "sqrt(x)", "Square root", "sqrt(mouse.x)"),
    Word("Mathematics", "pow(x, y)", "x to the power of y, as x ** y", "pow(mouse.x, 2)"),
    Word("Mathematics", "exp(x)", "e to the power of x", "exp(-(t % 4))"),
    Word("Mathematics", "log(x, base = e)", "Logarithm", "log(1 + t)"),
    Word("Mathematics", "pi", "3.14159...", "sin(pi * t)"),
    Word("Mathematics", "tau", "2 pi", "sin(tau * beat)"),
    Word("Mathematics", "e", "2.71828...", "e ** -t"),
    Word("Mathematics", "math.NAME(x)",
         "Python's mathematics: math.sin, math.hypot, math.pi, math.inf ...",
         "math.hypot(mouse.x, mouse.y)"),
)  # fmt: skip
