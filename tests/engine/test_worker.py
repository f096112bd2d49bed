import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from sgview.engine import worker as worker_module
from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.engine.worker import EngineWorker
from sgview.state.params import Blend, Edit, Layer, Params
from stylegan3 import CheckpointError, Generator
from tests.support.until import LIMIT, until


class Gate(torch.nn.Module):
    """A generator that waits for permission before every picture, or fails."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.__dict__["inner"] = generator
        self.synthesis = Synthesis(generator.synthesis)
        for name in ("z_dim", "c_dim", "w_dim", "num_ws", "img_width", "img_height"):
            setattr(self, name, getattr(generator, name))
        self.img_resolution = generator.img_resolution
        self.img_channels = generator.img_channels
        self.config, self.mapping = generator.config, generator.mapping

    def __deepcopy__(self, memo: object) -> "Gate":
        return self  # the test keeps hold of the one that plays


class Synthesis(torch.nn.Module):
    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.layers, self.layer_names = inner.layers, inner.layer_names
        self.permits = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.made = self.failed = 0

    def forward(self, ws, noise_mode="const", **kwargs):
        self.started.release()
        assert self.permits.acquire(timeout=LIMIT)
        if self.failure is not None:
            self.failed += 1
            raise self.failure
        self.made += 1
        return self.inner(ws, noise_mode=noise_mode, **kwargs)


def timed(call, *arguments):
    start = time.perf_counter()
    result = call(*arguments)
    assert time.perf_counter() - start < LIMIT / 2, "it waited for the engine"  # at a closed gate
    return result


@pytest.fixture
def gate(sg3):
    return Gate(sg3.generator)


@pytest.fixture
def make_worker():
    workers = []

    def make(load=None):
        workers.append(EngineWorker(Engine("cpu"), load=load))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


def play(worker, params=None, t=0.0):
    """Submit until a picture of these arrives, as the frame loop does."""
    params = params or Params()

    def arrived():
        worker.submit(params, t)
        picture = worker.latest()
        return picture if picture and picture.params is params and picture.t == t else None

    return until(arrived)


def test_plays(make_worker, sg3):
    worker = make_worker()
    assert worker.latest() is None and worker.status().networks == {}
    worker.set_network("a", sg3)
    picture = play(worker, t=1.0)
    assert picture.rgba8.shape == (16, 16, 4)
    status = worker.status()
    assert status.networks == {"a": sg3.status}
    assert status.device.startswith("CPU") and status.loading == ()
    moments = map(float, itertools.count())
    until(lambda: play(worker, t=next(moments)) and worker.status().picture_fps > 5)


def test_nothing_blocks_and_the_latest_wins(make_worker, gate):
    worker = make_worker()
    synthesis = gate.synthesis
    worker.set_network("a", Network.of(gate, "slow"))
    worker.submit(Params(), 0.0)
    assert synthesis.started.acquire(timeout=LIMIT)  # it is at work on the first picture
    for t in range(1, 100):
        timed(worker.submit, Params(), float(t))
    assert timed(worker.latest) is None
    timed(worker.status)
    timed(worker.take_notices)
    synthesis.permits.release(2)
    assert until(lambda: worker.latest() and worker.latest().t == 99.0)
    assert synthesis.started.acquire(timeout=LIMIT)
    assert not synthesis.started.acquire(blocking=False)  # two pictures, not a hundred


def test_one_may_wait_for_a_newer_picture(make_worker, gate):
    worker = make_worker()
    gate.synthesis.permits.release(1)
    worker.set_network("a", Network.of(gate, "slow"))
    first = play(worker)
    worker.submit(Params(), 1.0)
    start = time.perf_counter()
    worker.await_newer(first, 0.05)
    assert time.perf_counter() - start > 0.04 and worker.latest() is first
    threading.Timer(0.05, gate.synthesis.permits.release).start()
    worker.await_newer(first, LIMIT)
    assert worker.latest().t == 1.0
    assert time.perf_counter() - start < LIMIT / 2
    worker.await_newer(first, LIMIT)  # there is one already
    worker.unload("a")
    assert until(lambda: worker.latest() is None)


def test_quick_pictures_are_asked_for_ahead(make_worker, gate, monkeypatch):
    monkeypatch.setattr(worker_module, "_QUICK", 1000.0)
    worker = make_worker()
    gate.synthesis.permits.release(3)
    worker.set_network("a", Network.of(gate, "slow"))
    for t in range(3):
        shown = play(worker, t=float(t))
    worker.submit(Params(), 3.0)
    worker.await_newer(shown, LIMIT)  # begun is enough
    assert worker.latest() is shown
    worker.submit(Params(), 4.0)
    start = time.perf_counter()
    worker.await_newer(shown, 0.05)  # not begun: the one before it is still at work
    assert time.perf_counter() - start > 0.04
    gate.synthesis.permits.release(10)
    worker.await_newer(shown, LIMIT)
    assert until(lambda: worker.latest().t == 4.0)
    worker.submit(worker.latest().params, 4.0)  # the same again: nothing is begun
    start = time.perf_counter()
    worker.await_newer(worker.latest(), 0.05)
    assert time.perf_counter() - start > 0.04


def test_requests_do_not_wait_for_the_picture_in_hand(make_worker, gate, sg2, tmp_path):
    worker = make_worker(load=lambda path, progress: sg2)
    worker.set_network("a", Network.of(gate, "slow"))
    worker.submit(Params(), 0.0)
    assert gate.synthesis.started.acquire(timeout=LIMIT)
    timed(worker.load, "b", tmp_path / "two.pkl")
    timed(worker.set_network, "b", sg2)
    timed(worker.swap)
    timed(worker.unload, "a")
    timed(worker.reload, "a")
    gate.synthesis.permits.release(1000)


def test_an_unchanged_frame_is_made_once(make_worker, gate):
    worker = make_worker()
    gate.synthesis.permits.release(1000)
    worker.set_network("a", Network.of(gate, "counted"))
    params = Params()
    play(worker, params, 1.0)
    for _ in range(20):
        worker.submit(params, 1.0)
        time.sleep(0.005)
    assert gate.synthesis.made == 1
    play(worker, params, 1.1)
    assert gate.synthesis.made == 2


def test_a_failing_picture_is_one_notice_and_the_thread_lives_on(make_worker, gate, caplog):
    worker = make_worker()
    gate.synthesis.permits.release(1000)
    gate.synthesis.failure = RuntimeError("the sky fell\nsecond line")
    worker.set_network("a", Network.of(gate, "broken"))
    moments = map(float, itertools.count())

    def fails_again() -> bool:
        worker.submit(Params(), next(moments))
        return gate.synthesis.failed >= 5

    until(fails_again)
    (notice,) = until(worker.take_notices)
    assert notice.level == "error" and "the sky fell" in notice.text
    assert "second line" not in notice.text
    assert len([r for r in caplog.records if r.exc_info]) == 1
    gate.synthesis.failure = None
    assert play(worker, t=-1.0) is not None
    gate.synthesis.failure = RuntimeError("the sky fell")
    worker.submit(Params(), -2.0)
    assert until(worker.take_notices)  # it happened again after pictures were good


def test_full_memory_says_what_to_do(make_worker, gate, sg3):
    worker = make_worker()
    gate.synthesis.permits.release(1000)
    gate.synthesis.failure = torch.OutOfMemoryError("CUDA out of memory: 12 pages of text")
    worker.set_network("a", Network.of(gate, "big"))
    worker.submit(Params(), 0.0)
    (notice,) = until(worker.take_notices)
    assert "is full" in notice.text and "lower resolution" in notice.hint
    assert notice.offer is None  # there is nothing else to unload
    worker.set_network("b", sg3)
    worker.submit(Params(), 1.0)
    until(lambda: gate.synthesis.failed > 2)  # a picture that has no room is tried twice


def test_loading_shows_progress_and_the_old_one_plays_on(make_worker, sg3, sg2):
    go = threading.Event()

    def load(path, progress):
        progress(0.5)
        assert go.wait(LIMIT)
        return sg2

    worker = make_worker(load)
    worker.set_network("a", sg3)
    play(worker)
    worker.load("a", "/networks/two.pkl")
    (loading,) = until(lambda: [s for s in worker.status().loading if s.progress == 0.5])
    assert (loading.slot, loading.path) == ("a", "/networks/two.pkl")
    assert play(worker, t=3.0) and worker.status().networks["a"] == sg3.status
    go.set()
    until(lambda: worker.status().networks["a"] == sg2.status)
    assert worker.status().loading == ()
    play(worker, t=4.0)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CheckpointError(Path("bad.pkl"), "it is a web page"), "bad.pkl: it is a web page"),
        (FileNotFoundError(2, "No such file or directory", "gone.pkl"), "gone.pkl"),
        (KeyError("boom"), "x.pkl cannot be read: 'boom'"),
    ],
)
def test_a_network_that_cannot_be_read_leaves_the_old_one(make_worker, sg3, error, text):
    def load(path, progress):
        raise error

    worker = make_worker(load)
    worker.set_network("a", sg3)
    play(worker)
    worker.load("a", "x.pkl")
    (notice,) = until(worker.take_notices)
    assert notice.level == "error" and text in notice.text and "stays" in notice.hint
    assert worker.status().networks["a"] == sg3.status and worker.status().loading == ()
    assert play(worker, t=5.0)


def test_a_newer_request_for_a_slot_replaces_the_older(make_worker, sg3, sg2):
    go, reading = threading.Event(), threading.Event()

    def load(path, progress):
        if path.name == "old.pkl":
            reading.set()
            assert go.wait(LIMIT)
            return sg2
        return sg3

    worker = make_worker(load)
    worker.load("a", "old.pkl")
    assert reading.wait(LIMIT)
    worker.load("a", "new.pkl")
    assert [s.path for s in worker.status().loading] == ["new.pkl"]
    go.set()
    until(lambda: worker.status().networks)
    assert worker.status().networks["a"] == sg3.status
    time.sleep(0.05)
    assert worker.status().networks["a"] == sg3.status


def test_unload_while_loading_cancels(make_worker, sg3):
    reading, cancelled = threading.Event(), threading.Event()

    def load(path, progress):
        reading.set()
        try:
            while True:
                progress(0.1)
                time.sleep(0.002)
        except Exception:
            cancelled.set()
            raise

    worker = make_worker(load)
    worker.load("a", "big.pkl")
    assert reading.wait(LIMIT)
    worker.unload("a")
    assert cancelled.wait(LIMIT)
    assert worker.status().loading == () and worker.take_notices() == []


def test_unload_and_reload(make_worker, sg3):
    asked = []

    def load(path, progress):
        asked.append(str(path))
        return sg3

    worker = make_worker(load)
    worker.set_network("a", sg3)
    play(worker)
    worker.unload("a")
    until(lambda: not worker.status().networks)
    assert worker.status().unloaded == {"a": sg3.status.path}
    assert worker.latest() is None
    worker.reload("a")
    until(lambda: worker.status().networks)
    assert asked == [sg3.status.path] and worker.status().unloaded == {}


def test_built_in_networks_reload_without_a_file(make_worker, sg3):
    network = Network.of(sg3.generator, "petals")
    worker = make_worker()
    worker.set_network("b", network)
    worker.unload("b")
    until(lambda: worker.status().unloaded)
    assert worker.status().unloaded == {"b": "petals"}
    worker.reload("b")
    until(lambda: worker.status().networks)
    assert worker.status().networks == {"b": network.status}


def test_unloading_frees_the_generator(make_worker, make_sg3):
    import gc
    import weakref

    network = make_sg3(7)
    alive = weakref.ref(network.generator)
    worker = make_worker()
    worker.set_network("a", network)
    play(worker)
    del network
    worker.unload("a")
    until(lambda: not worker.status().networks)
    until(lambda: gc.collect() is not None and alive() is None)


def test_swap_takes_loads_and_unloaded_along(make_worker, sg3, sg2):
    go = threading.Event()

    def load(path, progress):
        assert go.wait(LIMIT)
        return sg2

    worker = make_worker(load)
    worker.set_network("a", sg3)
    until(lambda: worker.status().networks)
    worker.load("b", "two.pkl")
    worker.swap()
    assert [s.slot for s in worker.status().loading] == ["a"]
    go.set()
    until(lambda: worker.status().networks == {"a": sg2.status, "b": sg3.status})


def test_kinds_may_change_under_one_set_of_parameters(make_worker, sg3, sg2):
    params = Params(
        edits=(Edit(tensor="synthesis.input.weight"),),
        layer=Layer(name="L2"),
        blend=Blend(amounts={"L1": 0.5, "b4": 0.5}),
    )
    worker = make_worker()
    for a, b in ((sg3, sg2), (sg2, sg3), (None, sg2), (sg2, None)):
        worker.set_network("a", a)
        worker.set_network("b", b)
        wanted = {slot: n.status for slot, n in (("a", a), ("b", b)) if n}
        until(lambda wanted=wanted: worker.status().networks == wanted)
        play(worker, params, t=time.perf_counter())
    assert all("has no layer" in notice.text for notice in worker.take_notices())


STILL_READING = """
import atexit, threading, time
from pathlib import Path
from sgview.engine.loader_thread import LoaderThread

reading, go = threading.Event(), threading.Event()

def load(path, progress):
    reading.set()
    go.wait()
    time.sleep(1.0)
    print("read to its end")

loader = LoaderThread(load, lambda *_: None, lambda *_: None)
loader.request("a", Path("slow.pkl"))
reading.wait()
loader.close()
print("closed")
atexit.register(go.set)
"""


def test_a_file_that_shows_no_progress_holds_up_the_end_of_the_program_alone():
    command = [sys.executable, "-c", STILL_READING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "closed\nread to its end\n", "")


def test_closing_twice_and_while_loading(sg3):
    reading = threading.Event()

    def load(path, progress):
        reading.set()
        while True:
            progress(0.0)
            time.sleep(0.002)

    before = set(threading.enumerate())  # others may have left some that hang
    worker = EngineWorker(Engine("cpu"), load=load)
    worker.set_network("a", sg3)
    worker.load("b", "endless.pkl")
    assert reading.wait(LIMIT)
    worker.close()
    worker.close()
    assert set(threading.enumerate()) <= before
