"""The panels of what shapes w, by mouse."""

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.panels.shaping.mixing import preset_rows
from sgview.state.commands import (
    ExportDirection,
    FindDirections,
    GlanceDirection,
    MakeDirection,
    NameDirection,
)
from sgview.state.params import Directions, Latents, Mapping, Mixing, Params, Walk
from sgview.state.status import DirectionsStatus, LatentStatus, ShowStatus

MIXED = Params(mixing=Mixing(rows=(0.0, 0.5)))


def test_rows_are_painted_by_dragging(make_stage) -> None:
    stage = make_stage(MIXED)
    stage.show("Latents")
    cells = stage.find("##rows of w")
    width = cells.high[0] - cells.low[0]
    stage.point("##rows of w")
    stage.drag("##rows of w", width / 3)
    rows = stage.params.mixing.rows
    half = [row for row in rows if abs(row - 0.5) < 0.15]
    assert len(half) >= 4, rows  # a quick hand skips no cell
    assert rows[1] == 0.5


def test_presets_and_dice_of_mixing(make_stage) -> None:
    stage = make_stage(MIXED)
    stage.show("Latents")
    stage.click("Coarse##rows")
    coarse = stage.params.mixing.rows
    assert coarse and set(coarse) == {1.0}
    stage.click("Fine##rows")
    fine = stage.params.mixing.rows
    assert not any(fine[: len(coarse)]) and fine[-1] == 1.0
    stage.click("Another seed")
    seed = stage.params.mixing.seed
    stage.click("Another seed")
    assert stage.params.mixing.seed != seed
    stage.click("None##rows")
    assert stage.params.mixing.rows == ()


def test_a_row_is_set_and_bound_in_its_menu(make_stage) -> None:
    stage = make_stage(MIXED)
    stage.show("Latents")
    stage.click("##rows of w", button=1)
    row = next(i.label for i in stage.items if i.label.startswith("bind mixing.rows."))
    stage.drag("##Row", 40)
    assert len(stage.params.mixing.rows) > 2
    stage.click(row)
    assert stage.has("##bound to")  # the editor is open


@pytest.mark.parametrize("family", ["StyleGAN2", "StyleGAN3-T"])
@pytest.mark.parametrize("count", [1, 6, 14, 16, 18])
def test_presets_share_out_all_rows(family, count) -> None:
    parts = [preset_rows(name, count, family) for name in ("coarse", "middle", "fine")]
    assert all(sum(column) == 1.0 for column in zip(*parts, strict=True))
    assert preset_rows("all", count, family) == (1.0,) * count


MOVED = Params(directions=Directions(amounts={"sefa1": 1.0, "smile": 0.5}))


def directions_status(fakes) -> object:
    known = DirectionsStatus(network="abc", names={"sefa2": "petals"}, files=("smile", "a.b"))
    library = (LatentStatus("one.npz"), LatentStatus("two.npz"))
    return replace(fakes.status(), directions=known, show=ShowStatus(library=library))


def test_a_direction_is_moved_named_and_saved(make_stage, fakes) -> None:
    stage = make_stage(MOVED, directions_status(fakes))
    stage.show("Latents")
    assert any(isinstance(command, FindDirections) for command in stage.commands)
    stage.drag("##petals", 30)
    amounts = stage.params.directions.amounts
    assert amounts["sefa2"] > 0.1 and amounts["smile"] == 0.5
    stage.click("##petals", button=1)
    assert stage.params.directions.amounts == {"sefa1": 1.0, "smile": 0.5}
    stage.click("##petals", button=2)
    stage.click("Save as a file")
    assert ExportDirection("sefa2", "petals") in stage.commands
    stage.click("##petals", button=2)
    stage.type("night")
    stage.key(imgui.Key.enter)
    named = [command for command in stage.commands if isinstance(command, NameDirection)]
    assert named == [NameDirection("abc", "sefa2", "night")]


def test_pictures_are_asked_for_where_the_mouse_rests(make_stage, fakes) -> None:
    stage = make_stage(MOVED, directions_status(fakes))
    stage.show("Latents")
    stage.point("##petals")
    for _ in range(40):
        stage.frame()
    assert GlanceDirection("sefa2") in stage.commands
    assert GlanceDirection("sefa1") not in stage.commands


def test_files_are_directions_too(make_stage, fakes) -> None:
    stage = make_stage(MOVED, directions_status(fakes))
    stage.show("Latents")
    stage.click("Files##2")
    stage.drag("##smile", 30)
    assert stage.params.directions.amounts["smile"] > 0.5
    labels = [item.label for item in stage.items]
    assert "##a.b" not in labels  # it has no path among the values


def test_a_direction_is_made_of_latents(make_stage, fakes) -> None:
    stage = make_stage(MOVED, directions_status(fakes))
    stage.show("Latents")
    stage.click("From latents ...")
    stage.click("one.npz##From")
    stage.click("two.npz##To")
    stage.click("##name of difference")
    stage.type("smile")
    stage.click("Make##difference")
    assert MakeDirection(("one.npz",), ("two.npz",), "smile") in stage.commands


def test_the_walk_and_the_centre(make_stage, fakes) -> None:
    library = (LatentStatus("petals.npz"),)
    status = replace(fakes.status(), show=ShowStatus(library=library))
    params = Params(
        latents=Latents(source="seeds"), walk=Walk(reach=0.5), mapping=Mapping(truncation_psi=0.5)
    )
    stage = make_stage(params, status)
    stage.show("Latents")
    stage.drag("##Reach", 20)
    assert stage.params.walk.reach > 0.5
    stage.click("Latent##1")
    stage.click("##mapping.centre_entry")
    stage.click("petals.npz")
    assert stage.params.mapping.centre_entry == "petals.npz"
    stage.click("Modes##2")
    stage.drag("##Softness", 20)
    assert stage.params.mapping.softness > 0.2
