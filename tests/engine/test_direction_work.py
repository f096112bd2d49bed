"""What is asked of directions while a network plays: pictures, files, differences."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from sgview.engine.direction_work import REACH, SIDE, DirectionWork
from sgview.engine.engine import Engine
from sgview.engine.latents.direction_files import read_directions
from sgview.engine.network import style_fingerprint
from sgview.engine.worker import EngineWorker
from sgview.state import commands as c
from sgview.state.params import Directions, Latents, Params
from sgview.state.status import Notice
from tests.support.until import until

PLAYING = Params(latents=Latents(source="seeds", seed=3))


class Desk:
    """An engine with work that is done at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.told = engine, []
        self.work = DirectionWork(
            engine, lambda task: task(), self.told.append, lambda: (PLAYING, 0.0, None)
        )


@pytest.fixture
def desk(sg2, tmp_path) -> Iterator[Desk]:
    with Engine("cpu", latents=tmp_path) as engine:
        engine.set_network("a", sg2)
        yield Desk(engine)


def save(folder, name: str, **arrays: np.ndarray) -> None:
    np.savez(folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]


def test_glances_show_both_sides(desk, sg2):
    desk.work.execute(c.FindDirections(("sefa1",)))
    assert desk.work.network == style_fingerprint(sg2.generator)
    desk.work.execute(c.GlanceDirection("sefa1"))
    back, forth = desk.work.glances["sefa1"]
    assert back.shape == forth.shape == (SIDE, SIDE, 4) and back.dtype == np.uint8
    assert np.abs(back.astype(int) - forth.astype(int)).mean() > 0.5
    moved = replace(PLAYING, directions=Directions(amounts={"sefa1": REACH}))
    picture = desk.engine.render(moved, 0.0)
    assert picture is not None
    whole = picture.rgba8[..., :3].float().mean((0, 1)).numpy()
    assert np.abs(forth[..., :3].mean((0, 1)) - whole).max() < 2.0


def test_the_network_is_known_by_its_fingerprint_once_that_is_found(desk, sg2):
    """Live nobody waits: it is asked for once, and comes when it is ready."""
    desk.engine.found.analyses.waits = False
    assert desk.work.network == ""
    desk.work.execute(c.FindDirections(("sefa1",)))
    until(lambda: desk.work.network == style_fingerprint(sg2.generator))


def test_a_mouse_that_rests_leaves_the_picture_its_time(sg2, tmp_path, monkeypatch):
    posted, made, now = [], [], [0.0]
    with Engine("cpu", latents=tmp_path) as engine:
        engine.set_network("a", sg2)
        work = DirectionWork(
            engine, posted.append, lambda notice: None, lambda: (PLAYING, 0.0, None), lambda: now[0]
        )

        def glance(params, *rest):
            made.append(next(iter(params.directions.amounts)))
            now[0] += 1.0  # a slow machine: two seconds for both sides
            return np.zeros((SIDE, SIDE, 4), np.uint8)

        monkeypatch.setattr(engine, "glance", glance)

        def ask(name: str) -> None:
            work.execute(c.GlanceDirection(name))

        for name in ("sefa1", "sefa1", "sefa2"):
            ask(name)
        assert len(posted) == 1  # of those that wait, the last one is wanted
        posted.pop()()
        assert made == ["sefa2", "sefa2"] and set(work.glances) == {"sefa2"}
        for pause, name, count in (
            (0.7, "sefa2", 2),
            (18.0, "sefa2", 2),
            (2.0, "sefa2", 4),
            (3.5, "sefa3", 4),
            (1.0, "sefa3", 6),
        ):
            now[0] += pause
            ask(name)
            posted.pop()()
            assert len(made) == count, (pause, name)


def test_a_difference_of_groups_becomes_a_file(desk, sg2, tmp_path):
    generator = torch.Generator().manual_seed(0)
    width, rows = sg2.status.w_dim, sg2.status.num_ws
    ws = torch.randn(3, rows, width, generator=generator)
    for name, held in zip("abc", ws, strict=True):
        save(tmp_path, name, ws=held.numpy())
    desk.work.execute(c.MakeDirection(("a",), ("b", "c"), "smile"))
    found = read_directions(tmp_path / "directions" / "smile.npz")
    assert torch.allclose(found, (ws[1] + ws[2]) / 2 - ws[0], atol=1e-6)
    assert [notice.level for notice in desk.told] == ["info"]
    z = torch.randn(sg2.status.z_dim, generator=generator)
    save(tmp_path, "z", z=z.numpy())
    desk.work.execute(c.MakeDirection(("z",), ("z",), "nothing"))
    assert not read_directions(tmp_path / "directions" / "nothing.npz").any()


def test_what_cannot_be_made_is_told(desk, tmp_path):
    save(tmp_path, "wide", w=np.zeros(999, np.float32))
    desk.work.execute(c.MakeDirection(("wide",), ("gone",), "smile"))
    assert not (tmp_path / "directions").exists()
    assert isinstance(desk.told[0], Notice) and "wide" in desk.told[0].text


def test_an_exported_direction_moves_w_as_it_did(desk, tmp_path):
    desk.work.execute(c.ExportDirection("sefa2:0-1", "bend"))
    one = replace(PLAYING, directions=Directions(amounts={"sefa2:0-1": 1.5}))
    other = replace(PLAYING, directions=Directions(amounts={"bend": 1.5}))
    plain = desk.engine.synthesise(PLAYING)
    moved = desk.engine.synthesise(one)
    assert torch.allclose(moved, desk.engine.synthesise(other), atol=1e-5)
    assert (moved - plain).abs().max() > 1e-3


def test_without_a_network_nothing_happens(tmp_path):
    with Engine("cpu", latents=tmp_path) as engine:
        desk = Desk(engine)
        for command in (
            c.FindDirections(("pca1",)),
            c.GlanceDirection("sefa1"),
            c.ExportDirection("sefa1", "x"),
            c.MakeDirection(("a",), ("b",), "x"),
        ):
            desk.work.execute(command)
        assert not desk.work.glances and not list(tmp_path.iterdir())


def test_the_worker_shows_a_direction_once_it_is_found(sg2):
    """The picture follows, though nothing else is asked for."""
    params = replace(PLAYING, directions=Directions(amounts={"sefa1": 3.0}))
    with Engine("cpu") as engine:
        engine.set_network("a", sg2)
        wanted = engine.render(params, 0.0)
        assert wanted is not None
    with EngineWorker(Engine("cpu")) as worker:
        worker.set_network("a", sg2)

        def is_shown() -> bool:
            worker.submit(params, 0.0)
            picture = worker.latest()
            return picture is not None and torch.equal(picture.rgba8, wanted.rgba8)

        until(is_shown)
        worker.execute(c.GlanceDirection("sefa1"))
        until(lambda: "sefa1" in worker.directions.glances)
