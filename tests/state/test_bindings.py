from sgview.state.bindings import bind, bound_text, follow_edits
from sgview.state.params import Edit, Params

TWO = Params(edits=(Edit(tensor="a"), Edit(tensor="b")))


def test_bind_and_clear() -> None:
    bound = bind(TWO, "noise.amplitude", "sin(t)")
    assert bound_text(bound, "noise.amplitude") == "sin(t)"
    assert bind(bound, "noise.amplitude", "") == TWO


def test_the_amount_of_an_edit_keeps_its_expression_in_the_edit() -> None:
    bound = bind(TWO, "edits.1.amount", "t")
    assert bound.edits[1].expression == "t" and not bound.bindings
    assert bound_text(bound, "edits.1.amount") == "t"
    assert bound_text(bound, "edits.7.amount") == ""


def test_typing_keeps_the_order_of_bindings() -> None:
    bound = bind(bind(TWO, "noise.amplitude", "t"), "noise.offset", "t")
    assert list(bind(bound, "noise.amplitude", "t +").bindings) == list(bound.bindings)


def test_bindings_follow_edits_that_move_and_go() -> None:
    bindings = {"edits.0.seed": "t", "edits.1.enabled": "pulse(t)", "noise.offset": "1"}
    assert follow_edits(bindings, [1, 0]) == {
        "edits.1.seed": "t",
        "edits.0.enabled": "pulse(t)",
        "noise.offset": "1",
    }
    assert follow_edits(bindings, [1]) == {"edits.0.enabled": "pulse(t)", "noise.offset": "1"}
    assert follow_edits(bindings, [0, 1]) == bindings
