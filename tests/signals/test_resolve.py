from msgspec.structs import replace

from sgview.signals.resolve import ExpressionSignals
from sgview.state.params import Edit, Params


def params(*expressions: str, amount: float = 0.25) -> Params:
    edits = tuple(
        Edit(tensor=f"synthesis.t{i}", expression=text, amount=amount)
        for i, text in enumerate(expressions)
    )
    return Params(edits=edits)


def test_without_expressions_params_come_back_as_they_are():
    given = Params(edits=(Edit(tensor="mapping.w_avg", amount=0.3),))
    resolved, statuses = ExpressionSignals().resolve(given, 2.0)
    assert resolved is given
    assert [(s.amount, s.error) for s in statuses] == [(0.3, "")]


def test_amounts_follow_time_and_texts_stay():
    given = params("t * 2", "")
    resolved, statuses = ExpressionSignals().resolve(given, 1.5)
    assert [edit.amount for edit in resolved.edits] == [3.0, 0.25]
    assert [edit.expression for edit in resolved.edits] == ["t * 2", ""]
    assert [s.amount for s in statuses] == [3.0, 0.25]
    assert given.edits[0].amount == 0.25


def test_last_good_value_stays_while_an_expression_has_none():
    signals = ExpressionSignals()
    given = params("1 / t")
    assert signals.resolve(given, 0.0)[1][0].amount == 0.25  # never had one: the edit's own
    assert signals.resolve(given, 0.5)[1][0].amount == 2.0
    resolved, statuses = signals.resolve(given, 0.0)
    assert resolved.edits[0].amount == statuses[0].amount == 2.0
    assert "divides by zero" in statuses[0].error
    assert signals.resolve(given, 0.25)[1][0].error == ""


def test_last_good_value_stays_while_typing():
    signals = ExpressionSignals()
    signals.resolve(params("t + 1"), 1.0)
    typed = params("t + ")
    for _ in range(3):
        _, statuses = signals.resolve(typed, 2.0)
        assert statuses[0].amount == 2.0
        assert "cannot be read" in statuses[0].error or "formula" in statuses[0].error


def test_a_bad_row_leaves_the_others_alone():
    _, statuses = ExpressionSignals().resolve(params("boom(", "t"), 4.0)
    assert statuses[0].error and not statuses[1].error
    assert statuses[1].amount == 4.0


def test_removed_rows_are_forgotten():
    signals = ExpressionSignals()
    signals.resolve(params("t"), 9.0)
    signals.resolve(Params(), 9.0)
    given = params("1 / 0")
    assert signals.resolve(given, 1.0)[1][0].amount == 0.25
    moved = replace(given, edits=(replace(given.edits[0], tensor="other"),))
    assert signals.resolve(moved, 1.0)[1][0].amount == 0.25
