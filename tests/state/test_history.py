import pytest
from msgspec.structs import replace

from sgview.state.history import LONGEST, History
from sgview.state.params import Blend, Edit, Layer, Mapping, Noise, Params, Stage, View


def psi(value: float) -> Params:
    return Params(mapping=Mapping(truncation_psi=value))


def test_undo_and_redo_walk_the_changes() -> None:
    history = History(psi(1))
    history.record(psi(2), 10.0)
    history.record(psi(3), 20.0)
    assert history.undo() == psi(2)
    assert history.undo() == psi(1)
    assert not history.can_undo
    assert history.undo() == psi(1)
    assert history.redo() == psi(2)
    assert history.redo() == psi(3)
    assert not history.can_redo
    assert history.redo() == psi(3)


def test_frames_without_change_are_no_changes() -> None:
    history = History(psi(1))
    for frame in range(100):
        history.record(psi(1), frame / 60)
    assert not history.can_undo


def test_a_drag_is_one_change_however_long_it_takes() -> None:
    history = History(psi(0))
    for frame in range(1, 300):
        history.record(psi(frame), frame / 60, is_active=True)
        for pause in range(3):  # the hand stands still
            history.record(psi(frame), frame / 60 + pause, is_active=True)
    history.record(psi(299), 400.0, is_active=False)
    assert history.undo() == psi(0)


def test_two_drags_are_two_changes_even_of_the_same_slider_at_once() -> None:
    history = History(psi(0))
    history.record(psi(1), 0.0, is_active=True)
    history.record(psi(1), 1.0, is_active=False)
    history.record(psi(2), 2.0, is_active=True)
    history.record(psi(3), 2.1, is_active=True)
    assert history.undo() == psi(1)
    assert history.undo() == psi(0)


def test_a_burst_of_keys_on_one_value_is_one_change() -> None:
    history = History(Params())
    for n in range(1, 5):
        history.record(Params(layer=Layer(name=f"L{n}")), n * 0.1)
    history.record(Params(layer=Layer(name="L9")), 5.0)
    assert history.undo() == Params(layer=Layer(name="L4"))
    assert history.undo() == Params()


def test_different_values_in_quick_succession_stay_apart() -> None:
    history = History(Params())
    flipped = Params(view=View(flip_horizontal=True))
    both = Params(view=View(flip_horizontal=True, flip_vertical=True))
    history.record(flipped, 1.0)
    history.record(both, 1.1)
    assert history.undo() == flipped
    assert history.undo() == Params()


def test_edits_of_different_rows_stay_apart() -> None:
    one, two = Edit(tensor="a"), Edit(tensor="b")
    start = Params(edits=(one, two))
    first = Params(edits=(replace(one, amount=2.0), two))
    second = Params(edits=(replace(one, amount=2.0), replace(two, amount=3.0)))
    history = History(start)
    history.record(first, 1.0)
    history.record(second, 1.1)
    assert history.undo() == first


def test_a_group_that_enters_the_blend_is_the_same_value_as_it_moves_on() -> None:
    history = History(Params())
    for n in range(1, 4):
        history.record(Params(blend=Blend(amounts={"L6": n / 10})), n * 0.1)
    assert history.undo() == Params()


def test_a_new_change_forgets_what_was_undone() -> None:
    history = History(psi(1))
    history.record(psi(2), 1.0)
    history.undo()
    history.record(psi(1), 1.01)
    assert history.can_redo
    history.record(psi(5), 2.0)
    assert not history.can_redo
    assert history.undo() == psi(1)


def test_undo_in_the_middle_of_a_drag_does_not_swallow_the_rest_of_it() -> None:
    history = History(psi(0))
    history.record(psi(1), 1.0, is_active=True)
    assert history.undo() == psi(0)
    history.record(psi(7), 1.1, is_active=True)
    assert history.undo() == psi(0)


def test_is_bounded() -> None:
    history = History(psi(0), limit=3)
    for n in range(1, 10):
        history.record(psi(n), n * 10.0)
    for _ in range(3):
        last = history.undo()
    assert last == psi(6)
    assert not history.can_undo


@pytest.mark.parametrize(
    ("new", "name"),
    [
        (Params(noise=Noise(amplitude=2.0)), "Noise amplitude 0.9 to 2.0"),
        (Params(noise=Noise(translate=(0.0, 1.0, 0.0))), "Noise translate y 0.0 to 1.0"),
        (Params(noise=Noise(amplitude=2.0, seed=4)), "Noise"),
        (Params(blend=Blend(amounts={"L12": 0.5})), "Blend L12 0.0 to 0.5"),
        (Params(blend=Blend(amounts={"L1": 0.5, "L2": 1.0})), "Blend"),
        (Params(view=View(flip_horizontal=True)), "Flip horizontal off to on"),
        (Params(layer=Layer(name="L3")), "Layer shown none to L3"),
        (Params(layer=Layer(name="L" * 99)), f"Layer shown none to {'L' * LONGEST}\u2026"),
        (Params(edits=(Edit(tensor="x"),)), "Edits"),
        (Params(bindings={"noise.amplitude": "sin(t)"}), "Binding of noise amplitude"),
        (Params(sliders={"energy": 1.0}), "Slider energy 0.0 to 1.0"),
        (Params(layer=Layer(name="L3"), view=View(fit="fill")), "Several values"),
    ],
)
def test_changes_are_named_after_what_changed(new: Params, name: str) -> None:
    history = History(Params())
    history.record(new, 1.0)
    assert history.undo_names() == (name,)
    history.undo()
    assert history.undo_names() == ()
    assert history.redo_names() == (name,)


def test_an_edited_row_is_named_by_its_number() -> None:
    rows = (Edit(tensor="a"), Edit(tensor="b"))
    history = History(Params(edits=rows))
    history.record(Params(edits=(rows[0], replace(rows[1], amount=3.0))), 1.0)
    assert history.undo_names() == ("Edit 2 amount 1.0 to 3.0",)


def test_the_menu_lists_newest_first_and_jumps_back_and_forth() -> None:
    history = History(Params())
    one = Params(noise=Noise(seed=2))
    two = replace(one, view=View(fit="fill"))
    three = replace(two, mapping=Mapping(truncation_psi=0.5))
    for n, params in enumerate((one, two, three)):
        history.record(params, 10.0 * n)
    psi, size = "Truncation psi 1.0 to 0.5", "Size of the picture fit to fill"
    assert history.undo_names() == (psi, size, "Noise seed 1 to 2")
    assert history.undo_names(2) == (psi, size)
    assert history.undo(2) == one
    assert history.redo_names() == (size, psi)
    assert history.redo(9) == three
    assert history.undo(9) == Params()


def test_a_named_change_stands_alone() -> None:
    history = History(psi(0))
    history.record(psi(1), 0.0, is_active=True)
    history.record(psi(2), 0.1, is_active=True, name="Look night")
    history.record(psi(3), 0.2)
    assert history.undo_names() == ("Truncation psi 2 to 3", "Look night", "Truncation psi 0 to 1")
    assert [history.undo(), history.undo(), history.undo()] == [psi(2), psi(1), psi(0)]


def test_a_group_is_named_after_all_that_it_came_to_change() -> None:
    history = History(Params())
    history.record(Params(noise=Noise(amplitude=2.0)), 0.0, is_active=True)
    history.record(Params(noise=Noise(amplitude=2.0, offset=1.0)), 0.1, is_active=True)
    assert history.undo_names() == ("Noise",)


def test_a_drag_is_named_from_its_first_to_its_last_value() -> None:
    history = History(Params())
    for n in range(1, 6):
        history.record(Params(noise=Noise(period=1.0 + n * 0.3)), n * 0.1, is_active=True)
    assert history.undo_names() == ("Noise period 1.0 to 2.5",)


def test_what_an_audience_sees_is_no_part_of_the_history() -> None:
    history = History(Params())
    changed = Params(noise=Noise(seed=5))
    history.record(changed, 1.0)
    dark = replace(changed, stage=Stage(blackout=True))
    history.record(dark, 2.0)
    assert len(history.undo_names()) == 1
    assert history.undo() == Params(stage=Stage(blackout=True))
    lit = Params(stage=Stage())
    history.record(lit, 3.0)
    assert history.redo() == changed


def test_another_way_to_write_the_same_is_no_change() -> None:
    short, long = (Params(blend=Blend(amounts={name: 1.0})) for name in ("all", "L0"))
    history = History(short)
    history.amend(long)
    history.record(long, 1.0)
    assert not history.can_undo
    history.record(psi(2), 2.0)
    assert history.undo() == long
