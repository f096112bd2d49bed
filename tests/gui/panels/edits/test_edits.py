import pytest
from imgui_bundle import imgui

from sgview.gui.panels.edits.card import is_dead
from sgview.gui.panels.edits.edits import new_edit
from sgview.state.networks import TensorInfo
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit, Params
from sgview.state.status import EditStatus, Status

INPUT = "synthesis.input.weight"
CONV = "synthesis.L2_52_64.weight"
EMA = "synthesis.L0_36_64.magnitude_ema"


def stage_with(make_stage, *edits: Edit, **changes):
    stage = make_stage(params=Params(edits=edits))
    stage.show("Edits")
    if changes:
        stage.change(**changes)
    return stage


def only(stage) -> Edit:
    (edit,) = stage.params.edits
    return edit


def test_adding_an_edit_from_the_searched_list(make_stage) -> None:
    stage = stage_with(make_stage)
    stage.click("Add edit")
    stage.type("L0 ema")
    assert stage.has(EMA)
    assert not stage.has(CONV)
    stage.click(EMA)
    assert stage.params.edits == (Edit(tensor=EMA),)
    assert not stage.has("search"), "the list stays open"


def test_adding_by_the_keyboard_alone(make_stage) -> None:
    stage = stage_with(make_stage)
    stage.click("Add edit")
    stage.type("l2_52")
    stage.key(imgui.Key.down_arrow)
    stage.key(imgui.Key.enter)
    assert only(stage).tensor == "synthesis.L2_52_64.magnitude_ema"


def test_new_edit_changes_nothing_but_could(make_stage) -> None:
    stage = stage_with(make_stage)
    stage.click("Add edit")
    stage.type(CONV)
    stage.key(imgui.Key.enter)
    assert only(stage) == Edit(tensor=CONV, operation="noise", amount=0.0)


def test_escape_leaves_the_list_without_an_edit(make_stage) -> None:
    stage = stage_with(make_stage)
    stage.click("Add edit")
    stage.type("nothing like this")
    stage.key(imgui.Key.enter)
    stage.key(imgui.Key.escape)
    stage.key(imgui.Key.escape)
    assert not stage.has("search")
    assert stage.params == Params()


def test_list_marks_scale_invariant_tensors_with_an_explanation(make_stage) -> None:
    stage = stage_with(make_stage)
    stage.click("Add edit")
    marks = stage.texts.count("\uf071")
    assert marks == 6  # all convolutions but the last
    stage.point(CONV)
    stage.frame(60)
    assert stage.reads("a factor does not change the picture")


def test_nothing_to_edit_without_a_network(make_stage) -> None:
    stage = make_stage(status=Status())
    stage.show("Edits")
    stage.click("Add edit")
    assert not stage.has("search")


def test_amount(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT))
    stage.drag("amount", 40)
    assert only(stage).amount > 1.0
    stage.drag("amount", 900)
    assert only(stage).amount > 2.0, "clamped to the bar"
    stage.click("amount", button=1)
    assert only(stage) == Edit(tensor=INPUT)


@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_every_operation_can_be_picked(make_stage, operation: str) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT, amount=1.5))
    stage.click("operation")
    stage.click(OPERATIONS[operation].label)
    # Another operation begins where it changes nothing.
    amount = 1.5 if operation == "multiply" else 0.0
    assert only(stage) == Edit(tensor=INPUT, operation=operation, amount=amount)


def test_on_off_solo_remove(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT), Edit(tensor=CONV))
    stage.click("on", 1)
    stage.click("solo", 0)
    first, second = stage.params.edits
    assert (first.solo, first.enabled, second.solo, second.enabled) == (True, True, False, False)
    stage.click("remove", 0)
    assert only(stage) == second


def test_remove_all(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT), Edit(tensor=CONV))
    stage.click("Remove all")
    assert stage.params == Params()


def test_expression_is_typed_and_drives_the_amount(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT), edits=(EditStatus(0.25),))
    stage.write("expression", "sin(t)")
    assert only(stage) == Edit(tensor=INPUT, expression="sin(t)")
    stage.drag("amount", 100)
    stage.click("amount", button=1)
    assert only(stage) == Edit(tensor=INPUT, expression="sin(t)"), "the slider is not driven"
    stage.key(imgui.Key.escape)  # the editor that the click opened
    stage.write("expression", " ")
    stage.drag("amount", 40)
    assert only(stage).amount > 1.0


def test_error_is_shown_below_its_expression(make_stage) -> None:
    edits = (Edit(tensor=INPUT, expression="sinn(t)"), Edit(tensor=CONV, operation="add"))
    statuses = (EditStatus(1.0, "sinn is not known: do you mean sin?"), EditStatus(1.0))
    stage = stage_with(make_stage, *edits, edits=statuses)
    assert stage.reads("sinn is not known")


def test_multiplying_a_scale_invariant_tensor_warns(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=CONV, amount=2.0))
    assert stage.reads("A factor does not change this one")
    stage.click("operation")
    stage.click("Add")
    assert not stage.reads("A factor does not change this one")


def test_tensor_of_another_network_warns_and_stays(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor="synthesis.b64.torgb.weight"))
    assert stage.reads("This network has no such tensor.")
    assert only(stage).tensor == "synthesis.b64.torgb.weight"


def test_tensor_is_exchanged(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT, expression="t"))
    stage.click("tensor")
    stage.type("w_avg")
    stage.key(imgui.Key.enter)
    assert only(stage) == Edit(tensor="mapping.w_avg", expression="t")


def test_unfolded_card_has_channels_seed_and_order(make_stage) -> None:
    edits = (Edit(tensor=INPUT, operation="noise"), Edit(tensor=CONV, operation="add"))
    stage = stage_with(make_stage, *edits)
    assert not stage.has("down")
    stage.click("unfold", 0)
    stage.click("##limited")
    assert stage.params.edits[0].channels == (0, 64)
    stage.drag("##start", 20)
    stage.drag("##stop", -10)
    start, stop = stage.params.edits[0].channels
    assert 0 < start < stop < 64
    stage.drag("##Seed", 100)
    assert stage.params.edits[0].seed > 0
    stage.click("down")
    assert [edit.tensor for edit in stage.params.edits] == [CONV, INPUT]
    assert stage.has("down"), "the card folded as it moved"
    stage.click("Reset")
    assert stage.params.edits[1] == Edit(tensor=INPUT, operation="noise", amount=0.0)
    stage.click("up")
    assert [edit.tensor for edit in stage.params.edits] == [INPUT, CONV]
    stage.click("up")
    assert [edit.tensor for edit in stage.params.edits] == [INPUT, CONV]


def test_channel_range_is_never_reversed(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT, channels=(30, 40)))
    stage.click("unfold")
    stage.drag("##start", 3000)
    channels = only(stage).channels
    assert channels is not None
    assert channels[0] <= channels[1]
    stage.click("##limited")
    assert only(stage).channels is None


def test_single_numbers_have_one_channel(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=EMA))
    stage.click("unfold")
    assert stage.reads("the only one")


def test_cards_of_one_tensor_are_apart(make_stage) -> None:
    stage = stage_with(make_stage, Edit(tensor=INPUT), Edit(tensor=INPUT), Edit(tensor=INPUT))
    stage.drag("amount", 30, nth=1)
    amounts = [edit.amount for edit in stage.params.edits]
    assert amounts[0] == amounts[2] == 1.0 < amounts[1]


@pytest.mark.parametrize("is_invariant", [True, False])
def test_new_edits_are_alive(is_invariant) -> None:
    tensor = TensorInfo("t", "L0", (2, 2), is_invariant)
    assert not is_dead(new_edit(tensor), tensor)
    assert is_dead(Edit(tensor="t"), tensor) is is_invariant
