"""Where the device's memory is full: what can be made again goes, and nothing ends."""

import itertools
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sgview.engine import engine as engine_module
from sgview.engine.engine import Engine
from sgview.engine.live_network import LiveNetwork
from sgview.engine.live_networks import LiveNetworks
from sgview.engine.rescue import REST, Rescue
from sgview.engine.worker import EngineWorker
from sgview.state.commands import SetPrecision, UnloadNetwork
from sgview.state.params import Layer, Params
from sgview.state.status import Notice, Offer
from stylegan3.cuda import is_out_of_memory
from tests.support.until import until


class Room:
    """Lets `LiveNetwork` run, or copy itself to the device, only while there is room for it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.layers: set[str] = set()  # which have none
        self.networks: set[str] = set()
        self.takes_graphs = False  # there is room once the graphs are dropped
        self.freed = 0
        run, make, free = LiveNetwork.run, LiveNetwork.__init__, LiveNetworks.free_spare

        def run_in_room(
            live: LiveNetwork, latent: Any, params: Params, layer: str, *further: Any
        ) -> Any:
            if layer in self.layers:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
            return run(live, latent, params, layer, *further)

        def make_in_room(live: LiveNetwork, network: Any, *arguments: Any) -> None:
            if network.status.name in self.networks:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
            make(live, network, *arguments)

        def free_spare(live: LiveNetworks) -> None:
            self.freed += 1
            free(live)
            if self.takes_graphs:
                self.layers.clear()
                self.networks.clear()

        patch.setattr(LiveNetwork, "run", run_in_room)
        patch.setattr(LiveNetwork, "__init__", make_in_room)
        patch.setattr(LiveNetworks, "free_spare", free_spare)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(monkeypatch)


@pytest.fixture
def engine(room: Room, sg3) -> Engine:
    engine = Engine("cpu")
    engine.set_network("a", sg3)
    return engine


def layer_of(engine: Engine, index: int) -> str:
    return engine.networks["a"].status.layers[index].name


def showing(layer: str) -> Params:
    return Params(layer=Layer(name=layer))


def test_graphs_go_first_and_the_picture_is_made(engine: Engine, room: Room) -> None:
    rescue = Rescue(engine)
    before = rescue.render(Params(), 0.0)
    room.layers, room.takes_graphs = {""}, True
    picture = rescue.render(Params(), 0.0)
    assert room.freed == 1
    assert before is not None and picture is not None
    assert torch.equal(picture.rgba8, before.rgba8)
    assert rescue.take_notices() == []


def test_a_layer_without_room_leaves_the_one_before_on_the_screen(
    engine: Engine, room: Room
) -> None:
    rescue = Rescue(engine)
    rescue.render(Params(), 0.0)
    name = layer_of(engine, 3)
    room.layers = {name}
    picture = rescue.render(showing(name), 1.0)
    assert picture is not None and picture.params.layer.name == "" and picture.t == 1.0
    (notice,) = rescue.take_notices()
    assert f"no room for {name}" in notice.text and "so the image stays" in notice.text
    assert "pick it again" in notice.hint
    tried = room.freed
    assert rescue.render(showing(name), 2.0) is not None
    assert room.freed == tried and rescue.take_notices() == []  # not tried at every picture
    rescue.render(Params(), 3.0)
    room.layers = set()
    picture = rescue.render(showing(name), 4.0)  # picked again
    assert picture is not None and picture.params.layer.name == name


def test_where_nothing_helps_it_rests_and_is_tried_again(engine: Engine, room: Room) -> None:
    now = 0.0
    rescue = Rescue(engine, lambda: now)
    room.layers = {""}
    with pytest.raises(torch.OutOfMemoryError):
        rescue.render(Params(), 0.0)
    assert rescue.is_resting(Params())
    assert not rescue.is_resting(showing(layer_of(engine, 2)))  # another one may have room
    now = REST
    assert not rescue.is_resting(Params())
    room.layers = set()
    assert rescue.render(Params(), 0.0) is not None


def test_less_precision_is_offered_before_less_networks(engine: Engine, sg3) -> None:
    rescue = Rescue(engine)
    text, offer = rescue.advice(Params())
    assert offer is None and "lower resolution" in text
    engine.set_network("b", sg3)
    assert rescue.advice(Params())[1] == Offer("Unload B", UnloadNetwork("b"))
    on_a_card: Any = SimpleNamespace(precision="fp32", networks=engine.networks)
    text, offer = Rescue(on_a_card).advice(Params())
    assert offer is not None and offer.command == SetPrecision("fast")
    assert "precision" in text


def test_what_failed_is_let_go_before_it_is_tried_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback keeps the tensors of every call in it, which is the memory that is missing."""
    alive: list[bool] = []

    class Buffer:
        count = 0

        def __init__(self) -> None:
            Buffer.count += 1

        def __del__(self) -> None:
            Buffer.count -= 1

    def run(*_: object) -> None:
        alive.append(Buffer.count > 0)
        buffer = Buffer()
        raise torch.OutOfMemoryError(f"no room beside {buffer}")

    monkeypatch.setattr(LiveNetwork, "run", run)
    with pytest.raises(torch.OutOfMemoryError):
        Rescue(engine).render(Params(), 0.0)
    assert alive == [False, False]


def test_a_network_without_room_leaves_the_old_one_playing(engine: Engine, room: Room, sg2) -> None:
    before = engine.render(Params(), 0.0)
    room.networks = {sg2.status.name}
    with pytest.raises(torch.OutOfMemoryError):
        engine.set_network("a", sg2)
    after = engine.render(Params(), 0.0)
    assert before is not None and after is not None
    assert torch.equal(before.rgba8, after.rgba8)
    room.takes_graphs = True
    engine.set_network("a", sg2)
    assert engine.networks["a"] is sg2


@pytest.fixture
def worker(engine: Engine) -> Any:
    with EngineWorker(engine) as worker:
        yield worker


def play(worker: EngineWorker, is_so: Callable[[], Any], params: Params = Params()) -> Any:  # noqa: B008
    moments = itertools.count()

    def submit() -> None:
        worker.submit(params, float(next(moments)))
        time.sleep(0.002)  # a lock that is taken again at once keeps its other thread out

    return until(is_so, submit)


def test_the_worker_says_which_network_had_no_room_and_offers_to_make_some(
    worker: EngineWorker, engine: Engine, room: Room, sg2, sg3
) -> None:
    worker.set_network("a", sg3)
    play(worker, worker.latest)
    room.networks = {sg2.status.name}
    worker.set_network("b", sg2)
    notices: list[Notice] = []
    play(worker, lambda: notices.extend(worker.take_notices()) or notices)
    (notice,) = notices
    assert notice.level == "error"
    assert f"no room for {sg2.status.name}" in notice.text and "is full" in notice.text
    assert notice.offer == Offer("Unload A", UnloadNetwork("a"))
    assert worker.status().networks == {"a": sg3.status}
    last = worker.latest()
    play(worker, lambda: worker.latest() is not last)  # and it plays on


def test_the_worker_plays_on_where_a_picture_had_no_room(worker: EngineWorker, room: Room) -> None:
    play(worker, worker.latest)
    room.layers = {""}
    notices: list[Notice] = []
    play(worker, lambda: notices.extend(worker.take_notices()) or notices)
    assert "is full" in notices[0].text
    assert worker.latest() is not None and not worker.lost
    room.layers = set()
    shown = worker.latest()
    play(worker, lambda: worker.latest() is not shown)


def test_precision_changes_while_it_plays(worker: EngineWorker, engine: Engine) -> None:
    play(worker, worker.latest)
    worker.execute(SetPrecision("fp32"))
    shown = worker.latest()
    play(worker, lambda: worker.latest() is not shown)
    assert engine.precision == ""  # the processor has one
    assert worker.take_notices() == []


class CUDAError(Exception):
    """As the bindings of CUDA call theirs."""


@pytest.mark.parametrize(
    ("error", "is_so"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 1 TB"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"), True),
        (CUDAError("CUDA_ERROR_OUT_OF_MEMORY: The API call failed"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (OSError("out of memory.pkl: there is no such file"), False),
        (ValueError("shapes do not match"), False),
    ],
)
def test_every_way_to_say_that_memory_is_full(error: Exception, is_so: bool) -> None:
    assert is_out_of_memory(error) is is_so


def test_an_error_while_memory_was_full_counts_as_well() -> None:
    with pytest.raises(RuntimeError) as caught:
        try:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")
    assert is_out_of_memory(caught.value)


def test_the_engine_knows_no_precision_without_kernels() -> None:
    with Engine("cpu", engine_module.DEFAULT) as engine:
        assert engine.precision == ""
