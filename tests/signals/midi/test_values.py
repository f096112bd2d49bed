"""What is held, and who may let go of it."""

import mido
import pytest

from sgview.signals.expressions.context import EvaluationContext
from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Inputs, Instant
from sgview.signals.midi.values import MidiValues


def on(note: int, channel: int = 0, velocity: int = 127) -> mido.Message:
    return mido.Message("note_on", note=note, channel=channel, velocity=velocity)


def off(note: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=note, channel=channel)


def control(number: int, value: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, channel=channel)


def test_a_note_on_another_channel_does_not_release_it() -> None:
    values = MidiValues()
    values.receive(on(60, 0))
    values.receive(on(60, 1, 64))
    assert values.snapshot()["note/0/60"] == pytest.approx(64 / 127)
    values.receive(off(60, 1))
    assert values.snapshot()["note/0/60"] == 1.0
    assert values.snapshot()["note/2/60"] == 0.0
    values.receive(off(60, 5))
    assert values.snapshot()["note/0/60"] == 1.0
    values.receive(off(60, 0))
    assert values.snapshot()["note/0/60"] == 0.0


def test_unplugging_one_device_does_not_silence_another() -> None:
    values = MidiValues()
    values.receive(on(60), "one")
    values.receive(on(60), "other")
    values.receive(on(62), "one")
    values.receive(mido.Message("pitchwheel", pitch=8191), "one")
    values.receive(mido.Message("pitchwheel", pitch=8191, channel=3), "other")
    values.receive(mido.Message("aftertouch", value=127), "one")
    values.snapshot()
    values.release("one")
    table = values.snapshot()
    assert table["note/1/60"] == table["note/0/60"] == 1.0
    assert table["note/1/62"] == table["note/0/62"] == 0.0
    assert (table["bend/1"], table["bend/4"], table["bend/0"]) == (0.0, 1.0, 1.0)
    assert table["aftertouch/1"] == table["aftertouch/0"] == 0.0


@pytest.mark.parametrize("number", [120, 123, 124, 125, 126, 127])
def test_all_notes_off(number: int) -> None:
    values = MidiValues()
    values.receive(on(60, 0), "a")
    values.receive(on(61, 1), "a")
    values.receive(on(62, 0), "b")
    values.snapshot()
    values.receive(control(number), "a")
    table = values.snapshot()
    assert (table["note/1/60"], table["note/2/61"], table["note/1/62"]) == (0.0, 1.0, 1.0)
    assert not any(key.startswith(f"cc/1/{number}") for key in table)


def test_a_reset_of_the_controllers_and_of_the_system() -> None:
    values = MidiValues()
    for message in (control(1, 127), control(11, 0), control(64, 127), control(21, 127), on(60)):
        values.receive(message)
    values.receive(mido.Message("pitchwheel", pitch=-8192))
    values.receive(mido.Message("polytouch", note=60, value=100))
    values.snapshot()
    values.receive(control(121))
    table = values.snapshot()
    assert (table["cc/1/1"], table["cc/1/11"], table["cc/1/64"]) == (0.0, 1.0, 0.0)
    assert (table["bend/1"], table["polytouch/1/60"]) == (0.0, 0.0)
    assert (table["cc/1/21"], table["note/1/60"]) == (1.0, 1.0)
    values.receive(mido.Message("reset"))
    assert values.snapshot()["note/1/60"] == 0.0


def test_a_roll_within_a_frame_and_a_tap_of_a_controller_are_heard() -> None:
    values = MidiValues()
    values.receive(on(36))
    values.snapshot()
    values.receive(off(36))
    values.receive(on(36))
    assert [values.snapshot()["note/0/36"] for _ in range(3)] == [0.0, 1.0, 1.0]
    values.receive(control(80, 127))
    values.receive(control(80, 0))
    assert [values.snapshot()["cc/0/80"] for _ in range(2)] == [1.0, 0.0]


@pytest.mark.parametrize("velocity", [1, 20, 63, 64, 127])
@pytest.mark.parametrize("trigger", ["note(36)", "max(note(36), note(38, 1))"])
def test_soft_pads_are_triggers(velocity: int, trigger: str) -> None:
    values = MidiValues()
    expression = Expression(f"env({trigger}, 0, 1)")

    def evaluate() -> float:
        inputs = Inputs(midi=values.snapshot())
        return expression.evaluate(EvaluationContext(Instant(0.0, elapsed=0.1, inputs=inputs)))

    assert evaluate() == 0.0
    values.receive(on(36, velocity=velocity))
    values.receive(off(36))
    assert evaluate() == 1.0
    assert evaluate() == pytest.approx(0.9)


def test_other_triggers_pass_a_half() -> None:
    expression = Expression('env(osc("/x"), 0, 0)')
    seen = []
    for number in (0.0, 0.4, 0.6):
        inputs = Inputs(osc={"/x": (number,)})
        seen.append(
            expression.evaluate(EvaluationContext(Instant(0.0, elapsed=0.1, inputs=inputs)))
        )
    assert seen == [0.0, 0.0, 1.0]


def test_pressure_in_expressions() -> None:
    midi = {"aftertouch/0": 0.25, "aftertouch/3": 0.5, "polytouch/0/60": 0.75}
    context = EvaluationContext(Instant(0.0, inputs=Inputs(midi=midi)))
    for text, value in (("aftertouch()", 0.25), ("aftertouch(3)", 0.5), ("polytouch(60)", 0.75)):
        expression = Expression(text)
        assert expression.source == "midi"
        assert expression.evaluate(context) == value
    assert Expression("polytouch(61, 2)").evaluate(context) == 0.0
