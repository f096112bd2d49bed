import pytest

from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Inputs
from sgview.signals.learning import Learner
from sgview.state.commands import Learn
from sgview.state.status import Learning


def learned(
    wish: Learn, before: Inputs, after: Inputs, picks_up: bool = False
) -> tuple[str, str] | None:
    learner = Learner()
    learner.begin(wish, before)
    assert learner.poll(before, picks_up=picks_up) is None
    assert learner.status == Learning(wish.path, wish.source)
    found = learner.poll(after, picks_up=picks_up)
    assert (learner.status is None) == (found is not None)
    if found is not None:
        Expression(found[1])
    return found


@pytest.mark.parametrize(
    ("wish", "key", "value", "text"),
    [
        (Learn("noise.amplitude", "midi"), "cc/3/21", 0.5, "midi(21, 3)"),
        (Learn("noise.amplitude", "midi", 0.0, 2.0), "cc/3/21", 0.5, "lerp(0, 2, midi(21, 3))"),
        (Learn("noise.monochrome", "midi", 0.0, 2.0), "note/1/60", 0.5, "note(60, 1)"),
        (Learn("noise.offset", "midi", -1.0, 1.0), "bend/2", 0.5, "bend(2)"),
        (Learn("noise.offset", "midi", 0, 4), "bend/2", 0.5, "remap(bend(2), -1, 1, 0, 4)"),
        (Learn("noise.offset", "midi"), "note/1/60", 0.0, None),
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
