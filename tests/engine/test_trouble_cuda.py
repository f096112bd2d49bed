"""Full memory and a lost device on an NVIDIA GPU, as the driver has them."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.rescue import Rescue
from sgview.state.params import Layer, Params
from stylegan3.fast.graphs import GraphCache
from tests.support.until import LIMIT

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]


@pytest.fixture
def full_memory() -> Iterator[list[torch.Tensor]]:
    """Let torch have a little more than it has, and fill that; what is in the list can be freed."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (64 << 20)) / total)
    filling: list[torch.Tensor] = []
    fill(filling)
    try:
        yield filling
    finally:
        filling.clear()
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()


def fill(filling: list[torch.Tensor]) -> None:
    """Take all that is left."""
    size = 32 << 20
    while size >= 1 << 9:
        try:
            filling.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
        except torch.OutOfMemoryError:
            size //= 2


@pytest.fixture
def engine(sg3) -> Iterator[Engine]:
    with Engine("cuda") as engine:
        engine.set_network("a", sg3)
        picture = engine.render(Params(), 0.5)
        assert picture is not None and picture.ready is not None
        picture.ready.synchronize()
        yield engine


def pixels(engine: Engine, params: Params = Params()) -> torch.Tensor:  # noqa: B008
    picture = Rescue(engine).render(params, 0.5)
    assert picture is not None and picture.ready is not None
    picture.ready.synchronize()
    return picture.rgba8.cpu()


def test_without_room_the_old_network_plays_on(engine: Engine, full_memory: list, sg2) -> None:
    before = pixels(engine)
    engine.free_spare()  # which the engine does before it gives up
    fill(full_memory)
    with pytest.raises(torch.OutOfMemoryError):
        engine.set_network("b", sg2)
    assert (pixels(engine) == before).all()
    full_memory.clear()
    engine.set_network("b", sg2)
    assert (pixels(engine) == before).all()


def test_graphs_are_dropped_and_captured_again(engine: Engine) -> None:
    layers = [Params(layer=Layer(name=name)) for name in ("L0", "L1", "L2")]
    before = [pixels(engine, params) for params in (Params(), *layers)]
    held = torch.cuda.memory_reserved()
    engine.free_spare()
    assert torch.cuda.memory_reserved() <= held
    for _ in range(2):  # captured, and replayed
        for params, expected in zip((Params(), *layers), before, strict=True):
            assert (pixels(engine, params) == expected).all()


def test_another_precision_plays_from_the_next_picture_on(engine: Engine) -> None:
    fast = pixels(engine).int()
    assert engine.precision == "fast"
    engine.set_precision("fp32")
    exact = pixels(engine).int()
    assert "fp32" in engine.device_description
    assert (fast - exact).abs().max() <= 3
    engine.set_precision("fast")
    assert (pixels(engine).int() == fast).all()


def test_what_cannot_be_captured_is_launched_directly(full_memory: list) -> None:
    """The first capture asks for memory that is not there; later ones find some."""
    cache, runs = GraphCache(), []
    stream = torch.cuda.Stream()
    full_memory.pop()
    total = torch.zeros(1, device="cuda")

    def frame() -> None:
        runs.append(torch.cuda.is_current_stream_capturing())
        total.add_(1)
        if runs[-1]:
            torch.empty(48 << 20, dtype=torch.uint8, device="cuda")

    with torch.cuda.stream(stream):
        for _ in range(3):
            cache.run("frame", frame)
        stream.synchronize()
    assert runs.count(True) == 2  # it was tried, and once more without other graphs
    assert total.item() == 3
    full_memory.clear()
    torch.cuda.empty_cache()
    with torch.cuda.stream(stream):
        cache.clear()
        for _ in range(3):
            cache.run("frame", frame)
        stream.synchronize()
    assert total.item() == 6


# In a process of its own: nothing computes in it any more afterwards.
LOSING = """
import os, sys, time, torch
from sgview.engine.engine import Engine
from sgview.engine.networks import open_networks
from sgview.engine.worker import EngineWorker
from sgview.state.params import Params

worker = EngineWorker(Engine("cuda"))
for slot, network in open_networks().items():
    worker.set_network(slot, network)
def play_until(is_so):
    t, end = 0.0, time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        worker.submit(Params(), t)
        t += 0.01
        time.sleep(0.001)
play_until(worker.latest)
render, once = Engine.render, []
def lose(self, *arguments):
    if not once:
        once.append(1)
        torch.zeros(4, device="cuda")[torch.tensor([100], device="cuda")] += 1
    return render(self, *arguments)
Engine.render = lose
play_until(lambda: worker.lost)
print(worker.lost, flush=True)
begin = time.monotonic()
worker.close()
print(f"closed in {time.monotonic() - begin:.2f} s", flush=True)
os.execv(sys.executable, [sys.executable, "-c", "import torch; print(torch.ones(1).cuda().item())"])
"""


def test_a_context_that_is_lost_is_noticed_and_another_process_computes() -> None:
    result = subprocess.run(
        [sys.executable, "-c", LOSING], capture_output=True, text=True, timeout=LIMIT
    )
    assert result.returncode == 0, result.stderr
    lost, closed, after = result.stdout.splitlines()
    assert "does not answer any more" in lost
    assert closed.startswith("closed in ")
    assert after == "1.0"
