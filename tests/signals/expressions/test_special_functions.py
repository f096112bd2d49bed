"""The functions that listen or remember."""

import contextlib
import itertools
import math

import pytest

from sgview.signals.expressions.context import NAMES, EvaluationContext, WaitingError
from sgview.signals.expressions.easing import EASINGS
from sgview.signals.expressions.expressions import Expression, ExpressionError
from sgview.signals.expressions.functions import FUNCTIONS
from sgview.signals.expressions.special_functions import SPECIAL_FUNCTIONS
from sgview.signals.expressions.stateful import SHAPES
from sgview.signals.incoming import Inputs, Instant
from sgview.state.language import WORDS

HEARD = Inputs(
    osc={"/fader/1": (0.25,), "/xy": (0.1, 0.9), "/bang": ()},
    midi={"cc/0/21": 0.5, "cc/3/21": 0.5, "note/0/60": 0.8, "note/1/60": 0.8, "bend/0": -0.5},
    audio={"low": 0.4, "rms": 0.2},
    bands=(0.1, 0.2, 0.3),
    mouse=(0.25, 0.75),
    is_mouse_down=True,
)


def at(text: str, t: float = 1.0, **more: float) -> float:
    instant = Instant(t, dt=0.1, elapsed=0.1, beat=6.5, bpm=120.0, inputs=HEARD)
    return Expression(text).evaluate(EvaluationContext(instant, **more))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("beat + bar + bpm", 6.5 + 6.5 / 4 + 120),
        ("dt", 0.1),
        ("value * 2", 0.6),
        ("mouse.x + mouse.y + mouse.down", 2.0),
        ('osc("/fader/1")', 0.25),
        ('osc("/xy", 0, 1)', 0.9),
        ('osc("/nope", 0.7)', 0.7),
        ('osc("/bang", value)', 0.3),
        ("midi(21)", 0.5),
        ("midi(21, 3)", 0.5),
        ("midi(21, 4, 0.9)", 0.9),
        ("midi(20 + 1)", 0.5),
        ("midi(22, default=.4)", 0.4),
        ("midi(cc=21, channel=3)", 0.5),
        ('osc("/xy", index=1)', 0.9),
        ('osc("/nope", index=1, default=0.3)', 0.3),
        ('slider("energy", high=4, low=2)', 2.0),
        ('slider("energy", start=0.5)', 0.5),
        ("note(number=60)", 0.8),
        ("bend(channel=0)", -0.5),
        ("lfo(1, phase=0.25)", 1.0),
        ("encoder(16, start=0.7)", 0.7),
        ("note(60)", 0.8),
        ("note(61)", 0.0),
        ("bend()", -0.5),
        ('audio("low")', 0.4),
        ('audio("high")', 0.0),
        ("audio(2)", 0.3),
        ("audio(9)", 0.0),
        ('slider("energy")', 0.0),
        ('slider("energy", 2, 4)', 2.0),
        ('slider("energy", -1, 1, 0.5)', 0.5),
        ("lfo(0.25)", 1.0),
        ('lfo(1, "saw", 0.25)', -0.5),
        ('lfo(1, "square")', 1.0),
        ('ease(0.5)', 0.5),
        ('ease(2, "out")', 1.0),
    ],
)  # fmt: skip
def test_value(text: str, value: float) -> None:
    assert at(text, value=0.3) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("text", ['osc("/nope")', "midi(99)", "lerp(0, 2, midi(99))"])
def test_what_has_not_been_heard_is_waited_for(text: str) -> None:
    with pytest.raises(WaitingError, match="Waiting for"):
        at(text)


def test_without_sound_audio_waits() -> None:
    for text in ('audio("low")', "audio(0)"):
        with pytest.raises(WaitingError, match="No sound"):
            Expression(text).evaluate(EvaluationContext(Instant(0.0)))


@pytest.mark.parametrize(
    "text",
    [
        "osc(1)", 'osc("no slash")', "osc()", 'osc("/a", 1, 2, 3)', "midi()", "midi(200)",
        "midi(1, t)", "midi(1, 17)", 'midi("x")', 'audio("nope")', "audio()", "slider()",
        "slider(1)", 'slider("", 0, 1)', 'slider("a", 1, 0)', 'slider("a", 0, t)',
        'slider("a.b")', 'slider("' + "x" * 99 + '")', 'lfo(1, "nope")', 'lfo(1, t)', "lfo()",
        'env(1, 2)', "smooth(t)", 'ease(t, "nope")', "pickup()", "bend(1, 2)", "lerp(1)",
        "bend(1e999)", "aftertouch(-1)", 'osc("/a", 0, 1e999)',
        "sin()", "sin(1, 2)", "min(1)", "clamp()", "smooth(t, *[1])", "smooth(x=1, second=2)",
        'sin("a")', '"text"', 'osc("/a").real', "osc(b'/a')", "noise()", "math.hypot",
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_when_read(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression(text)
    assert str(caught.value).endswith((".", "?")) and len(str(caught.value)) < 250


def play(text: str, inputs: list[float], step: float = 0.1, value: float = 0.0) -> list[float]:
    """Evaluate at every frame, with what is heard at "/x"."""
    expression = Expression(text)
    out = []
    for index, x in enumerate(inputs):
        heard = Inputs(osc={"/x": (x,)})
        instant = Instant(index * step, dt=step, elapsed=step, inputs=heard)
        out.append(expression.evaluate(EvaluationContext(instant, value)))
    return out


def test_smooth_follows_in_its_time_at_any_frame_rate() -> None:
    fast = play('smooth(osc("/x"), 1)', [0.0] + [1.0] * 100, 0.01)
    slow = play('smooth(osc("/x"), 1)', [0.0] + [1.0] * 10, 0.1)
    assert fast[-1] == pytest.approx(slow[-1], abs=1e-9) == pytest.approx(0.95, abs=0.01)
    assert fast == sorted(fast)
    assert play('smooth(osc("/x"), 0)', [0.0, 1.0]) == [0.0, 1.0]


def test_env_rises_to_the_top_even_of_a_short_trigger() -> None:
    levels = play('env(osc("/x"), 0.4, 0.2)', [0, 1, 0, 0, 0, 0, 0, 0])
    assert levels == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.0, 0.0])
    assert play('env(osc("/x"), 0, 0.2)', [0, 1, 1, 0]) == pytest.approx([0, 1, 1, 0.5])


def test_pickup_waits_for_the_value_and_lets_go_when_it_changes() -> None:
    text = 'pickup(osc("/x"))'
    assert play(text, [0.0, 0.2, 0.4, 0.6, 0.1], value=0.5) == [0.5, 0.5, 0.5, 0.6, 0.1]
    expression = Expression(text)

    def hear(x: float, value: float) -> float:
        return expression.evaluate(
            EvaluationContext(Instant(0.0, inputs=Inputs(osc={"/x": (x,)})), value)
        )

    assert [hear(0.5, 0.5), hear(0.9, 0.5)] == [0.5, 0.9]
    assert [hear(0.9, 0.2), hear(0.8, 0.2), hear(0.1, 0.2)] == [0.2, 0.2, 0.1]


def test_lfo_of_a_changing_rate_does_not_jump() -> None:
    phases = play('lfo(osc("/x"), "saw")', [1.0] * 5 + [3.0] * 5, 0.01)
    steps = [b - a for a, b in itertools.pairwise(phases)]
    assert steps == pytest.approx([0.02] * 4 + [0.06] * 5)


def test_each_place_remembers_for_itself() -> None:
    both = play('smooth(osc("/x"), 1) - smooth(osc("/x"), 1)', [0, 1, 1, 0])
    assert both == [0.0] * 4


@pytest.mark.parametrize("name", EASINGS)
def test_easings_go_from_zero_to_one(name: str) -> None:
    ease = EASINGS[name]
    assert ease(0.0) == pytest.approx(0.0, abs=1e-12)
    assert ease(1.0) == pytest.approx(1.0, abs=1e-12)
    steps = [ease(n / 1000) for n in range(1001)]
    assert max(abs(b - a) for a, b in itertools.pairwise(steps)) < 0.03


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_stay_within_one(name: str) -> None:
    values = [SHAPES[name](n / 97) for n in range(-500, 500)]
    assert -1.0 <= min(values) < -0.4 and 0.4 < max(values) <= 1.0


def test_noise_is_smooth_and_differs_by_seed() -> None:
    values = [at(f"noise({n / 50}, 1)") for n in range(500)]
    assert max(abs(b - a) for a, b in itertools.pairwise(values)) < 0.1
    assert values != [at(f"noise({n / 50}, 2)") for n in range(500)]
    assert math.fabs(sum(values) / len(values)) < 0.5


def test_sources_and_sliders_are_known_from_the_text() -> None:
    assert Expression("sin(t)").source == "expression"
    assert Expression("mouse.x + midi(1, 0, 0)").source == "midi"
    assert Expression('audio("low") * mouse.x').source == "audio"
    energy = Expression('slider("energy", 0, 2) * slider("other")').sliders
    assert [(s.name, s.low, s.high) for s in energy] == [("energy", 0, 2), ("other", 0, 1)]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.usage)
def test_every_word_of_the_list_can_be_written(word) -> None:
    with contextlib.suppress(WaitingError):
        assert math.isfinite(at(word.example))


def test_the_list_leaves_nothing_out() -> None:
    listed = {word.name for word in WORDS} | {"math.NAME"}
    plain = {
        name for name in [*FUNCTIONS, *SPECIAL_FUNCTIONS, *NAMES] if not name.startswith("math.")
    }
    assert plain | {"pi", "tau", "e", "math.NAME"} == listed


@pytest.mark.parametrize("text", ["lfo(value)", "encoder(16, step=value)"])
def test_a_moment_that_is_not_finite_spoils_nothing_later(text: str) -> None:
    expression = Expression(text)
    for count, number in enumerate((1.0, math.inf, math.nan, 1.0)):
        heard = Inputs(midi={"turn/twos/0/16": float(count)})
        instant = Instant(1.0, dt=0.1, elapsed=0.1, inputs=heard)
        with contextlib.suppress(ExpressionError):
            expression.evaluate(EvaluationContext(instant, number))
    assert math.isfinite(expression.evaluate(EvaluationContext(instant, 1.0)))
