import pytest

from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Inputs
from sgview.signals.learning import LISTEN, Learner
from sgview.state.commands import Learn
from sgview.state.status import Learning


def learned(
    wish: Learn, before: Inputs, after: Inputs, picks_up: bool = False
) -> tuple[str, str] | None:
    return learned_of(wish, [before, after], picks_up)


def learned_of(wish: Learn, course: list[Inputs], picks_up: bool = False) -> tuple[str, str] | None:
    """Return what is learned where these inputs follow each other, and time goes on."""
    now = [0.0]
    learner = Learner(lambda: now[0])
    learner.begin(wish, course[0])
    for inputs in course:
        assert learner.poll(inputs, picks_up=picks_up) is None
        assert learner.status == Learning(wish.path, wish.source)
    now[0] += LISTEN
    found = learner.poll(course[-1], picks_up=picks_up)
    assert (learner.status is None) == (found is not None)
    if found is not None:
        Expression(found[1])
    return found


@pytest.mark.parametrize(
    ("wish", "key", "value", "text"),
    [
        (Learn("noise.amplitude", "midi"), "cc/3/21", 0.5, "midi(21, 3)"),
        (Learn("noise.amplitude", "midi", 0.0, 2.0), "cc/3/21", 0.5, "lerp(0, 2, midi(21, 3))"),
        (Learn("noise.monochrome", "midi", 0.0, 2.0), "note/1/60", 0.1, "note(60, 1) > 0"),
        (Learn("noise.offset", "midi", -1.0, 1.0), "bend/2", 0.5, "bend(2)"),
        (Learn("noise.offset", "midi", 0, 4), "bend/2", 0.5, "remap(bend(2), -1, 1, 0, 4)"),
        (Learn("noise.offset", "midi"), "note/1/60", 0.0, None),
        (Learn("noise.offset", "midi"), "aftertouch/2", 0.5, "aftertouch(2)"),
        (Learn("noise.offset", "midi"), "polytouch/2/60", 0.5, "polytouch(60, 2)"),
        (Learn("noise.offset", "midi"), "cc/1/99", 0.5, None),
        (Learn("noise.offset", "midi"), "cc/0/21", 0.5, None),
    ],
)
def test_midi(wish: Learn, key: str, value: float, text: str | None) -> None:
    before = Inputs(midi={"cc/1/7": 0.2})
    after = Inputs(midi={"cc/1/7": 0.2, key: value})
    assert learned(wish, before, after) == (None if text is None else (wish.path, text))


def test_pick_up_is_for_controllers() -> None:
    after = Inputs(midi={"cc/1/21": 0.5})
    wish = Learn("noise.amplitude", "midi", 0.0, 2.0)
    assert learned(wish, Inputs(), after, True) == (
        "noise.amplitude",
        "pickup(lerp(0, 2, midi(21, 1)))",
    )
    switch = Learn("noise.monochrome", "midi")
    assert learned(switch, Inputs(), after, True) == ("noise.monochrome", "midi(21, 1)")


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.5,), 'lerp(0, 2, osc("/x"))'),
        ((64.0,), 'osc("/x")'),
        ((0.1, 0.7), 'lerp(0, 2, osc("/x", value, 1))'),
    ],
)
def test_osc(numbers: tuple[float, ...], text: str) -> None:
    before = Inputs(osc={"/still": (0.3,), "/x": (0.1, 0.1) if len(numbers) > 1 else (0.0,)})
    after = Inputs(osc={**before.osc, "/x": numbers})
    wish = Learn("noise.amplitude", "osc", 0.0, 2.0)
    assert learned(wish, before, after) == ("noise.amplitude", text)


def test_an_address_cannot_break_out_of_its_quotes() -> None:
    for address in ('/a", 0) + osc("/b', "/a\\", '/a"\\"', "/ü"):
        found = learned(Learn("noise.amplitude", "osc"), Inputs(), Inputs(osc={address: (0.5,)}))
        assert found is not None
        assert Expression(found[1]).source == "osc"


def test_cancelling() -> None:
    learner = Learner()
    learner.begin(Learn("noise.amplitude", "midi"), Inputs())
    learner.cancel()
    assert learner.status is None
    assert learner.poll(Inputs(midi={"cc/1/1": 1.0}), picks_up=True) is None


def midi_course(**moves: list[float]) -> list[Inputs]:
    """Return inputs in which controllers go through their values; all were heard before."""
    steps = max(len(values) for values in moves.values())
    return [
        Inputs(
            midi={
                f"cc/1/{name.removeprefix('cc')}": values[min(step, len(values) - 1)] / 127
                for name, values in moves.items()
            }
        )
        for step in range(steps)
    ]


@pytest.mark.parametrize(
    ("moves", "text"),
    [
        ({"cc1": [60, 61, 60, 61, 60], "cc21": [10, 10, 12, 20, 40]}, "midi(21, 1)"),  # jitters
        ({"cc1": [60, 61, 62, 60, 61], "cc2": [5, 5, 5, 5, 5]}, None),
        ({"cc1": [10, 12, 14, 16], "cc2": [10, 10, 60, 127]}, "midi(2, 1)"),
        ({"cc3": [10, 11, 12, 14], "cc35": [0, 127, 3, 90]}, "midi(3, 1)"),  # 14 bits
        ({"cc99": [0, 1], "cc98": [0, 20], "cc6": [10, 100], "cc38": [0, 127]}, "midi(6, 1)"),
    ],
)
def test_the_control_that_moves_most_is_learned(moves: dict, text: str | None) -> None:
    found = learned_of(Learn("noise.amplitude", "midi"), midi_course(**moves))
    assert found == (None if text is None else ("noise.amplitude", text))


def test_a_struck_key_is_learned_and_not_the_pressure_on_it() -> None:
    before = {"aftertouch/1": 0.0}
    course = [Inputs(midi=before), Inputs(midi={**before, "note/1/60": 0.1})]
    course.append(Inputs(midi={"aftertouch/1": 1.0, "note/1/60": 0.1}))
    found = learned_of(Learn("noise.amplitude", "midi"), course)
    assert found == ("noise.amplitude", "note(60, 1)")


def test_the_fader_that_moves_most_is_learned() -> None:
    steps = [(0.5, 100.0, 0.1), (0.51, 101.0, 0.5), (0.52, 102.0, 0.9)]
    course = [Inputs(osc={"/a": (a,), "/counter": (n,), "/b": (b,)}) for a, n, b in steps]
    found = learned_of(Learn("noise.amplitude", "osc"), course)
    assert found == ("noise.amplitude", 'osc("/b")')
