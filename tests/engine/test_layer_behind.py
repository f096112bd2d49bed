"""A layer that was never shown is planned behind the pictures, if that is asked for."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.engine.worker import EngineWorker
from sgview.state.params import Layer, Params
from stylegan3.cuda import KernelError
from stylegan3.fast import FastSynthesis
from tests.support.operations import reference_operations
from tests.support.until import LIMIT, until


class Accelerated(Acceleration):
    """Has a fast path on every device."""

    def obstacle(self, device: torch.device) -> str:
        return ""


class Planner:
    """Makes fast paths that plan, on another thread, only where the test lets them."""

    def __init__(self) -> None:
        self.begun: list[str | None] = []
        self.permits = threading.Semaphore(0)
        self.failure: Exception | None = None

    def __call__(self, generator: Any, *_: Any, **__: Any) -> FastSynthesis:
        planner = self

        class Waiting(FastSynthesis):
            def planned(self, layer: str | None, noise_mode: str) -> Callable[[], None]:
                planner.begun.append(layer)
                assert threading.current_thread().name.startswith("sgview canvas")
                assert planner.permits.acquire(timeout=LIMIT)
                if planner.failure is not None:
                    raise planner.failure
                return super().planned(layer, noise_mode)

        return Waiting(generator, "fp32", operations=reference_operations())


@pytest.fixture
def planner(prepare_by) -> Planner:
    planner = Planner()
    prepare_by(planner)
    return planner


@pytest.fixture
def live(planner: Planner, sg3) -> Iterator[Engine]:
    """An engine as the window has it, which has made a picture."""
    with Engine("cpu", Accelerated(layers="background")) as engine:
        engine.set_network("a", sg3)
        engine.canvases.waits = False
        render(engine, Params())
        yield engine
        for _ in range(20):
            planner.permits.release()


def showing(engine: Engine, index: int) -> Params:
    return Params(layer=Layer(name=engine.networks["a"].status.layers[index].name))


def render(engine: Engine, params: Params, t: float = 1.0) -> tuple[str, torch.Tensor]:
    picture = engine.render(engine.shown_now(params), t)
    assert picture is not None and picture.status.made_by.startswith("CUDA graphs")
    assert picture.params.layer.name == picture.status.layer
    return picture.status.layer, picture.rgba8.clone()


def test_the_layer_before_stays_and_moves_until_then(planner: Planner, live: Engine, sg3) -> None:
    wanted = showing(live, 3)
    (first, before), (_, other) = (render(live, Params(), t) for t in (1.0, 2.0))
    for t, picture in ((1.0, before), (2.0, other)):
        layer, shown = render(live, wanted, t)
        assert layer == first == "" and torch.equal(shown, picture)
    planner.permits.release()
    until(lambda: render(live, wanted)[0] == wanted.layer.name)
    with Engine("cpu") as plain:
        plain.set_network("a", sg3)
        expected = plain.render(wanted, 1.0)
    assert expected is not None
    assert (render(live, wanted)[1].int() - expected.rgba8.int()).abs().max() <= 1
    assert render(live, Params())[0] == "" and planner.begun == [wanted.layer.name]


def test_of_layers_that_hurry_by_only_the_last_is_planned(planner: Planner, live: Engine) -> None:
    for index in (1, 2, 3, 4):
        assert render(live, showing(live, index))[0] == ""
    planner.permits.release()
    planner.permits.release()
    last = showing(live, 4)
    until(lambda: render(live, last)[0] == last.layer.name)
    assert planner.begun == [showing(live, 1).layer.name, last.layer.name]


def test_who_goes_back_sees_nothing_of_it(planner: Planner, live: Engine) -> None:
    assert render(live, showing(live, 2))[0] == ""
    assert render(live, Params())[0] == ""
    planner.permits.release()
    assert render(live, Params())[0] == "" and live.take_notices() == []


def test_what_fails_there_is_tried_by_the_engine_itself(planner: Planner, live: Engine) -> None:
    planner.failure = KernelError("ptxas")
    planner.permits.release()
    wanted = showing(live, 2)
    until(lambda: render(live, wanted)[0] == wanted.layer.name)
    assert live.take_notices() == []


def test_another_mode_of_noise_plays_at_once(planner: Planner, live: Engine) -> None:
    picture = live.render(live.shown_now(Params(noise_mode="none")), 0.0)
    assert picture is not None and planner.begun == []


def test_films_and_whoever_does_not_ask_for_it_plan_where_they_play(
    planner: Planner, live: Engine, sg3
) -> None:
    wanted = showing(live, 2)
    live.canvases.waits = True
    assert render(live, wanted)[0] == wanted.layer.name
    with Engine("cpu", Accelerated()) as usual:
        usual.set_network("a", sg3)
        usual.canvases.waits = False
        render(usual, Params())
        assert usual.shown_now(wanted) is wanted
    assert planner.begun == []


def test_the_window_shows_it_once_it_is_planned(planner: Planner, sg3) -> None:
    with EngineWorker(Engine("cpu", Accelerated(layers="background"))) as worker:
        worker.set_network("a", sg3)

        def layer() -> str | None:
            picture = worker.latest()
            return None if picture is None else picture.status.layer

        worker.submit(Params(), 0.0)
        until(lambda: layer() == "")
        name = sg3.status.layers[2].name
        wanted = Params(layer=Layer(name=name))
        worker.submit(wanted, 1.0)
        until(lambda: planner.begun == [name])
        until(lambda: (picture := worker.latest()) is not None and picture.t == 1.0)
        assert layer() == ""
        planner.permits.release()
        # the window asks for what it shows again and again, and nothing moves
        until(lambda: worker.submit(wanted, 1.0) or layer() == name)
        assert worker.take_notices() == []
