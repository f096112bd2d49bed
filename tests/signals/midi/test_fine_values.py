"""Controllers of 14 bits, NRPN and endless knobs: heard, written and learned."""

import mido
import pytest
from msgspec.structs import replace

from sgview.signals.expressions.context import EvaluationContext
from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Inputs, Instant
from sgview.signals.learning import LISTEN, Learner
from sgview.signals.midi.fine_values import MOST_PARAMETERS
from sgview.signals.midi.values import MidiValues
from sgview.state.commands import Learn
from sgview.state.params import Noise, Params


def play(values: MidiValues, *pairs: tuple[int, int], channel: int = 0) -> dict[str, float]:
    for number, value in pairs:
        values.receive(
            mido.Message("control_change", control=number, value=value, channel=channel), "d"
        )
    return values.snapshot()


def choose(number: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (99, number >> 7), (98, number & 127)


def test_a_controller_of_14_bits_is_put_together() -> None:
    values = MidiValues()
    assert "cc14/1/1" not in play(values, (1, 64))  # seven bits until a low half is heard
    assert play(values, (33, 3))["cc14/1/1"] == (64 << 7 | 3) / 16383
    table = play(values, (1, 127), (33, 127), channel=2)
    assert (table["cc14/3/1"], table["cc14/0/1"], table["cc14/1/1"]) == (1.0, 1.0, 8195 / 16383)
    assert play(values, (1, 65))["cc14/1/1"] == (65 << 7) / 16383  # its low half follows


def test_a_low_half_alone_is_a_controller() -> None:
    table = play(MidiValues(), (40, 127))
    assert table["cc/1/40"] == 1.0
    assert not [key for key in table if key.startswith("cc14")]


def test_nrpn_of_seven_and_of_fourteen_bits() -> None:
    values = MidiValues()
    assert play(values, *choose(300), (6, 127))["nrpn/1/300"] == 1.0
    assert play(values, *choose(301), (6, 64), (38, 1))["nrpn/1/301"] == (64 << 7 | 1) / 16383
    assert play(values, (96, 0))["nrpn/1/301"] == (64 << 7 | 2) / 16383
    assert play(values, (97, 0), (97, 0))["nrpn/0/301"] == (64 << 7) / 16383
    assert play(values, *choose(300), (97, 0))["nrpn/1/300"] == (127 * 128 - 1) / 16383


@pytest.mark.parametrize("end", [((99, 127), (98, 127)), ((101, 0), (100, 0))])
def test_data_after_another_number_is_not_for_the_parameter(end) -> None:
    values = MidiValues()
    before = play(values, *choose(5), (6, 10))["nrpn/1/5"]
    assert play(values, *end, (6, 99))["nrpn/1/5"] == before


def test_parameters_are_bounded_in_number() -> None:
    values = MidiValues()
    for number in range(MOST_PARAMETERS + 50):
        play(values, *choose(number), (6, 10))
    known = [key for key in values.snapshot() if key.startswith("nrpn/1/")]
    assert len(known) == MOST_PARAMETERS


ENCODINGS = {"twos": (1, 127), "offset": (65, 63), "sign": (1, 65)}


@pytest.mark.parametrize("kind", ENCODINGS)
def test_an_endless_knob_moves_from_where_it_starts_and_stops_at_the_ends(kind: str) -> None:
    up, down = ENCODINGS[kind]
    values = MidiValues()
    values.counts_turns = True
    expression = Expression(f'encoder(16, 1, "{kind}", 0.2, 0.01)')

    def value(*pairs: tuple[int, int]) -> float:
        play(values, *pairs)
        for _ in range(5):  # a tap may wait its turn
            context = EvaluationContext(Instant(0.0, inputs=Inputs(midi=values.snapshot())))
            result = expression.evaluate(context)
        return result

    assert value() == pytest.approx(0.2)
    assert value(*[(16, up)] * 10) == pytest.approx(0.3)
    assert value(*[(16, down)] * 5) == pytest.approx(0.25)
    assert value(*[(16, down)] * 500) == 0.0
    assert value(*[(16, up)] * 3) == pytest.approx(0.03)  # at once, from the end


def test_turns_are_counted_only_while_somebody_reads_them() -> None:
    table = play(MidiValues(), (16, 1), (16, 1))
    assert set(table) == {"cc/1/16", "cc/0/16"}


def learn(course: list[list[tuple[int, int]]], before: tuple[tuple[int, int], ...] = ()) -> str:
    """Return what is learned for the amplitude, 0 to 2, while a device plays `course`."""
    now = [0.0]
    learner = Learner(lambda: now[0])
    values = MidiValues()
    inputs = Inputs(midi=play(values, *before))
    learner.begin(Learn("noise.amplitude", "midi", 0.0, 2.0), inputs)
    values.counts_turns = True
    params = replace(Params(), noise=Noise(amplitude=0.5))
    for pairs in course:
        inputs = replace(inputs, midi=play(values, *pairs))
        assert learner.poll(inputs, picks_up=True, params=params) is None
    now[0] += LISTEN
    found = learner.poll(inputs, picks_up=True, params=params)
    assert found is not None
    Expression(found[1])
    return found[1]


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("is_known", [True, False])
def test_an_endless_knob_is_learned_with_its_encoding(kind: str, is_known: bool) -> None:
    up, down = ENCODINGS[kind]
    course = [[(16, up)] * 3, [(16, up)] * 2, [(16, down)] * 4, [(16, up)] * 2]
    before = ((16, up), (7, 90)) if is_known else ()
    text = learn(course, before)
    assert text == f'lerp(0, 2, encoder(16, 1, "{kind}", 0.25))'


@pytest.mark.parametrize(("value", "kind"), [(1, "twos"), (127, "twos"), (65, "offset")])
def test_a_knob_turned_one_way_is_taken_for_the_usual_encoding(value: int, kind: str) -> None:
    assert f'"{kind}"' in learn([[(16, value)] * 3, [(16, value)] * 3])


def test_a_fader_is_no_endless_knob_and_wins_over_one_that_jitters() -> None:
    fader = [[(7, value)] for value in range(1, 60)]
    assert learn(fader) == "pickup(lerp(0, 2, midi(7, 1)))"
    jitter = [[(7, value), (16, 64), (16, 64), (16, 65), (16, 65)] for value in range(1, 60)]
    assert learn(jitter) == "pickup(lerp(0, 2, midi(7, 1)))"


def test_14_bits_and_nrpn_are_learned_as_such() -> None:
    pair = [[(1, value), (33, value * 3 % 128)] for value in range(20, 60)]
    assert learn(pair) == "pickup(lerp(0, 2, midi14(1, 1)))"
    parameter = [[*choose(300), (6, value), (38, value)] for value in range(20, 60)]
    assert learn(parameter) == "pickup(lerp(0, 2, nrpn(300, 1)))"


@pytest.mark.parametrize(
    "text", ["encoder(200)", "encoder(1, 17)", 'encoder(1, 1, "x")', "midi14(32)", "nrpn(16384)"]
)
def test_numbers_that_there_are_not_are_refused(text: str) -> None:
    from sgview.signals.expressions.context import ExpressionError

    with pytest.raises(ExpressionError):
        Expression(text)
