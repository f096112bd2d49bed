from pathlib import Path

import pytest
from imgui_bundle import imgui

from sgview.gui.panels import networks as panel
from sgview.state.commands import (
    ChooseNetwork,
    LoadNetwork,
    ReloadNetwork,
    SwapNetworks,
    UnloadNetwork,
)
from sgview.state.networks import BUILT_IN_NETWORKS, SLOTS, has_part
from sgview.state.params import Blend, Params
from sgview.state.status import LoadStatus, Status


@pytest.mark.parametrize(("nth", "slot"), [(0, "a"), (1, "b")])
@pytest.mark.parametrize(
    ("button", "command"), [("choose", ChooseNetwork), ("unload", UnloadNetwork)]
)
def test_buttons_of_a_slot(make_stage, nth, slot, button, command) -> None:
    stage = make_stage()
    stage.click(button, nth)
    assert stage.commands == [command(slot)]


@pytest.mark.parametrize(
    ("source", "loaded", "lit"),
    [("mix", "ab", "ab"), ("b", "ab", "b"), ("b", "a", "a"), ("a", "b", "b"), ("mix", "a", "a")],
)
def test_badges_are_lit_of_what_plays(make_stage, fakes, monkeypatch, source, loaded, lit) -> None:
    answers: dict[str, bool] = {}

    def asked(slot, params, networks) -> bool:
        answers[slot] = has_part(slot, params, networks)
        return answers[slot]

    monkeypatch.setattr(panel, "has_part", asked)
    status = fakes.status(networks={slot: fakes.network() for slot in loaded})
    make_stage(params=Params(blend=Blend(source=source)), status=status)
    assert [slot for slot in SLOTS if answers[slot]] == list(lit)


@pytest.mark.parametrize("name", BUILT_IN_NETWORKS)
def test_built_in_networks_can_be_opened_again(make_stage, name: str) -> None:
    stage = make_stage()
    stage.click("recent", 1)
    stage.click(f"built in {name}")
    assert stage.commands == [LoadNetwork("b", Path(f"built-in:{name}"))]


def test_swap(make_stage) -> None:
    stage = make_stage()
    stage.click("swap")
    assert stage.commands == [SwapNetworks()]


def test_swap_needs_a_network(make_stage) -> None:
    stage = make_stage(status=Status())
    stage.click("swap")
    assert stage.commands == []


def test_unloaded_network_is_loaded_again(make_stage, fakes) -> None:
    status = fakes.status(networks={"a": fakes.network()}, unloaded={"b": "/networks/cats.pkl"})
    stage = make_stage(status=status)
    assert stage.reads("cats.pkl")
    stage.click("reload")
    assert stage.commands == [ReloadNetwork("b")]


def test_nothing_to_load_again_in_a_fresh_slot(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(networks={"a": fakes.network()}))
    stage.click("reload")
    assert stage.commands == []


def test_recent_file_is_loaded_into_the_slot(make_stage) -> None:
    stage = make_stage()
    stage.click("recent", 1)
    stage.click("recent 1")
    assert stage.commands == [LoadNetwork("b", Path("/networks/old/cats.pkl"))]
    assert not stage.has("path")


@pytest.mark.parametrize("typed", ["/new/file.pkl", "  '/new/file.pkl' ", '"/new/file.pkl"'])
def test_typed_path_is_loaded(make_stage, typed) -> None:
    stage = make_stage()
    stage.click("recent")
    stage.write("path", typed)
    assert stage.commands == [LoadNetwork("a", Path("/new/file.pkl"))]


def test_typed_path_is_loaded_by_the_button(make_stage) -> None:
    stage = make_stage()
    stage.click("recent")
    stage.click("path")
    stage.type("~/file.pkl")
    stage.click("Load")
    assert stage.commands == [LoadNetwork("a", Path.home() / "file.pkl")]


def test_empty_path_loads_nothing_and_escape_closes(make_stage) -> None:
    stage = make_stage()
    stage.click("recent")
    stage.click("Load")
    stage.key(imgui.Key.escape)
    stage.key(imgui.Key.escape)
    assert not stage.has("path")
    assert stage.commands == []


def test_progress_takes_the_place_of_the_facts(make_stage) -> None:
    stage = make_stage()
    assert stage.reads("StyleGAN3-T")
    height = stage.find("choose", 1).low[1]
    stage.change(
        loading=(LoadStatus("a", "/x/next.pkl", 0.43), LoadStatus("b", "/x/other.pkl", 0.0))
    )
    assert stage.reads("Reading next.pkl")
    assert stage.reads("43%")
    assert stage.reads("Reading other.pkl")
    assert not stage.reads("StyleGAN3-T")
    assert stage.find("choose", 1).low[1] == height, "the second slot jumps"


def test_classes_are_shown_for_conditional_networks(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(networks={"a": fakes.network(c_dim=10)}))
    assert stage.reads("10 classes")
