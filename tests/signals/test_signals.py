from msgspec.structs import replace

from sgview.signals import Instant, Signals
from sgview.state.params import Edit, Params


def params(*expressions: str, amount: float = 0.25) -> Params:
    edits = tuple(
        Edit(tensor=f"synthesis.t{i}", expression=text, amount=amount)
        for i, text in enumerate(expressions)
    )
    return Params(edits=edits)


def test_without_expressions_params_come_back_as_they_are():
    given = Params(edits=(Edit(tensor="mapping.w_avg", amount=0.3),))
    resolved, status = Signals().resolve(given, Instant(2.0))
    assert resolved is given
    assert [(s.amount, s.error) for s in status.edits] == [(0.3, "")]


def test_amounts_follow_time_and_texts_stay():
    given = params("t * 2", "")
    resolved, status = Signals().resolve(given, Instant(1.5))
    assert [edit.amount for edit in resolved.edits] == [3.0, 0.25]
    assert [edit.expression for edit in resolved.edits] == ["t * 2", ""]
    assert [s.amount for s in status.edits] == [3.0, 0.25]
    assert given.edits[0].amount == 0.25


def test_last_good_value_stays_while_an_expression_has_none():
    signals = Signals()
    given = params("1 / t")
    assert (
        signals.resolve(given, Instant(0.0))[1].edits[0].amount == 0.25
    )  # never had one: the edit's own
    assert signals.resolve(given, Instant(0.5))[1].edits[0].amount == 2.0
    resolved, status = signals.resolve(given, Instant(0.0))
    assert resolved.edits[0].amount == status.edits[0].amount == 2.0
    assert "divides by zero" in status.edits[0].error
    assert signals.resolve(given, Instant(0.25))[1].edits[0].error == ""


def test_last_good_value_stays_while_typing():
    signals = Signals()
    signals.resolve(params("t + 1"), Instant(1.0))
    typed = params("t + ")
    for _ in range(3):
        _, status = signals.resolve(typed, Instant(2.0))
        assert status.edits[0].amount == 2.0
        assert "cannot be read" in status.edits[0].error or "formula" in status.edits[0].error


def test_a_bad_row_leaves_the_others_alone():
    _, status = Signals().resolve(params("boom(", "t"), Instant(4.0))
    assert status.edits[0].error and not status.edits[1].error
    assert status.edits[1].amount == 4.0


def test_removed_rows_are_forgotten():
    signals = Signals()
    signals.resolve(params("t"), Instant(9.0))
    signals.resolve(Params(), Instant(9.0))
    given = params("1 / 0")
    assert signals.resolve(given, Instant(1.0))[1].edits[0].amount == 0.25
    moved = replace(given, edits=(replace(given.edits[0], tensor="other"),))
    assert signals.resolve(moved, Instant(1.0))[1].edits[0].amount == 0.25
