"""Small pictures of places, and that they wait for those that are seen."""

import threading
from pathlib import Path

import numpy as np
import pytest

from sgview.engine.engine import Engine
from sgview.engine.picture.preview import preview
from sgview.engine.worker import EngineWorker
from sgview.state.journeys import go_to
from sgview.state.latent_places import FilePlace, SeedPlace, read_place
from sgview.state.motion import Motion
from sgview.state.params import Params, View
from tests.support.until import LIMIT, until


@pytest.fixture
def engine(sg3, tmp_path: Path):
    with Engine("cpu", latents=tmp_path) as engine:
        engine.set_network("a", sg3)
        yield engine


def test_a_preview_is_the_picture_small_and_upright(engine: Engine) -> None:
    params = go_to(Params(view=View(flip_vertical=True)), SeedPlace(3.0)).params
    small = preview(engine, params, SeedPlace(3.0), 8)
    assert small is not None and small.shape == (8, 8, 4) and small.dtype == np.uint8
    picture = engine.render(go_to(Params(), SeedPlace(3.0)).params, 0.0)
    assert picture is not None
    whole = picture.rgba8.numpy()
    cells = whole.reshape(8, whole.shape[0] // 8, 8, whole.shape[1] // 8, 4).mean((1, 3))
    assert np.abs(cells - small)[..., :3].mean() < 12.0  # both average, not by the same weights


def test_a_file_that_cannot_be_played_has_none_and_nothing_is_told(
    engine: Engine, tmp_path
) -> None:
    np.save(tmp_path / "wide.npy", np.zeros(7, np.float32))
    for name in ("wide.npy", "missing"):
        place = FilePlace(name)
        assert preview(engine, go_to(Params(), place).params, place, 8) is None
    assert engine.take_notices() == []
    engine.render(go_to(Params(), FilePlace("missing")).params, 0.0)
    assert len(engine.take_notices()) == 1  # who plays it is told


def test_previews_are_made_while_nothing_moves(engine: Engine) -> None:
    with EngineWorker(engine) as worker:
        found: dict[str, object] = {}
        for name in ("seed 1", "seed 2", "file missing"):
            place, is_there = read_place(name), threading.Event()

            def take(picture: object, name: str = name, is_there=is_there) -> None:
                found[name] = picture
                is_there.set()

            worker.preview(go_to(Params(), place).params, place, 8, take)
            assert is_there.wait(LIMIT)
        assert found["seed 1"] is not None and found["file missing"] is None
        assert (found["seed 1"] != found["seed 2"]).any()  # type: ignore[union-attr]
        assert worker.take_notices() == []


def test_a_preview_waits_while_pictures_move_not_while_time_goes_by(engine: Engine) -> None:
    place, is_there = SeedPlace(1.0), threading.Event()
    with EngineWorker(engine) as worker:
        moves = 0

        def play(params: Params, t: float) -> None:
            worker.submit(params, t, Motion(positions={"seed": 0.0}))
            until(lambda: (picture := worker.latest()) is not None and picture.t == t)

        play(Params(), 0.0)
        worker.preview(go_to(Params(), place).params, place, 8, lambda picture: is_there.set())

        def go_by() -> bool:
            nonlocal moves
            moves += 1
            play(Params(), float(moves))
            return is_there.is_set()

        until(go_by)
