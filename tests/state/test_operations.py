"""The table of operations agrees with what an edit may hold, and with what reads it."""

import math

import pytest

from sgview.state.morph import morph
from sgview.state.operations import OPERATIONS, Operation
from sgview.state.params import Edit, Params
from sgview.state.paths import leaf_at
from sgview.state.validation import ConfigError, build


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=lambda row: row.name)
def test_every_row_is_whole(row: Operation) -> None:
    assert OPERATIONS[row.name] is row
    assert row.label and row.help.endswith(".")
    low, high = row.usual
    assert low <= row.neutral <= high and low < high and math.isfinite(high - low)
    assert set(row.parameters) < set(Edit.__struct_fields__)
    text = {"edits": [{"tensor": "t", "operation": row.name}]}
    assert build(text, Params, "file").edits[0].operation == row.name


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=lambda row: row.name)
def test_an_edit_fades_from_where_it_does_nothing(row: Operation) -> None:
    amount = row.neutral + 4.0
    there = Params(edits=(Edit(tensor="t", operation=row.name, amount=amount),))
    (edit,) = morph(Params(), there, 0.25).edits
    assert edit.amount == row.neutral + 1.0


def test_files_and_messages_know_the_rows_and_no_others() -> None:
    with pytest.raises(ConfigError, match=r"choose one of .*quantise"):
        build({"edits": [{"tensor": "t", "operation": "explode"}]}, Params, "file")
    leaf = leaf_at("edits.0.operation")
    assert leaf is not None and set(leaf.choices) == set(OPERATIONS)
