import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.state.params import Mapping, Params


def test_psi_goes_beyond_one_and_resets(make_stage) -> None:
    stage = make_stage()
    stage.drag("##Truncation psi", 300)
    assert stage.params.mapping.truncation_psi > 1.5
    stage.click("##Truncation psi", button=1)
    assert stage.params == Params()


def test_cutoff_counts_the_rows_of_the_network(make_stage) -> None:
    stage = make_stage()
    stage.drag("##Cutoff", -2000)
    assert stage.params.mapping.truncation_cutoff == 0
    stage.drag("##Cutoff", 100)
    assert 0 < stage.params.mapping.truncation_cutoff < 9
    stage.drag("##Cutoff", 2000)
    assert stage.params.mapping.truncation_cutoff is None


def test_classes_only_for_conditional_networks(make_stage, fakes) -> None:
    assert not make_stage().has("##class")
    status = fakes.status(networks={"a": fakes.network(c_dim=10)})
    assert make_stage(status=status).has("##class")


@pytest.fixture
def stage(make_stage, fakes):
    return make_stage(status=fakes.status(networks={"a": fakes.network(c_dim=10)}))


def test_one_class(stage) -> None:
    stage.drag("##class", 2000)
    assert stage.params.mapping.class_weights == (0.0,) * 9 + (1.0,)
    stage.drag("##class", -4000)
    assert stage.params.mapping.class_weights == (1.0,)


def test_mix_of_classes(stage) -> None:
    stage.click("Mix in a class")
    stage.drag("##weight", 40, nth=1)
    first, second = stage.params.mapping.class_weights
    assert first == 1.0
    assert 0.0 < second < 1.0
    # A weight dragged to nothing stays in the list, or it would vanish from under the mouse.
    stage.double_click("##weight", nth=1)
    stage.type("0")
    stage.key(imgui.Key.enter)
    assert stage.params.mapping.class_weights == (1.0,)
    assert len([i for i in stage.items if i.is_called("##weight")]) == 2
    stage.click("remove class", 1)
    assert len([i for i in stage.items if i.is_called("##weight")]) == 1
    assert stage.params.mapping.class_weights == (1.0,)


def test_preset_with_a_mix_is_listed(make_stage, fakes) -> None:
    params = Params(mapping=Mapping(class_weights=(0.0, 0.3, 0.0, 0.7)))
    status = fakes.status(networks={"a": fakes.network(c_dim=10)})
    stage = make_stage(params=params, status=status)
    assert len([i for i in stage.items if i.is_called("##weight")]) == 2
    assert stage.params is params
    stage.click("remove class", 0)
    assert stage.params.mapping.class_weights == (0.0, 0.0, 0.0, 0.7)


def test_last_class_cannot_be_removed(stage) -> None:
    assert not stage.has("remove class")


def test_a_class_is_chosen_by_its_name(make_stage, fakes) -> None:
    network = replace(fakes.network(c_dim=3), class_names=("cat", "owl", "dog"))
    stage = make_stage(status=fakes.status(networks={"a": network}))
    stage.click("cat##class name")
    stage.type("dog")
    stage.key(imgui.Key.enter)
    assert stage.params.mapping.class_weights == (0.0, 0.0, 1.0)
    assert stage.has("dog##class name")


def test_without_names_classes_have_numbers_alone(stage) -> None:
    assert not stage.has("class name")
