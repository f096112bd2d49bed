"""How the worker keeps a device busy that works behind the host, on a stand-in for CUDA."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch

from sgview.engine import worker as worker_module
from sgview.engine.picture.picture import Picture
from sgview.engine.worker import EngineWorker
from sgview.state.params import Params
from sgview.state.status import PictureStatus
from tests.support.until import LIMIT, until


@dataclass
class Ready:
    """An event of a device that finishes pictures when the test says so."""

    done: threading.Event = field(default_factory=threading.Event)

    def query(self) -> bool:
        return self.done.is_set()

    def synchronize(self) -> None:
        assert self.done.wait(LIMIT)


class DeviceEngine:
    """Begins pictures at once, as an engine on CUDA does."""

    device = SimpleNamespace(type="cuda")
    device_description = "a device"
    found = SimpleNamespace(analyses=SimpleNamespace(waits=True, is_busy=lambda: False))
    canvases = SimpleNamespace(waits=True)
    tunes = False

    def __init__(self) -> None:
        self.begun: list[Picture] = []
        self.may_launch = threading.Event()
        self.may_launch.set()
        self.networks: dict = {}

    def shown_now(self, params: Params) -> Params:
        return params

    def render(self, params: Params, t: float, motion: object = None) -> Picture:
        picture = Picture(
            torch.zeros(1, 1, 4, dtype=torch.uint8), t, params, PictureStatus(), ready=Ready()
        )
        assert self.may_launch.wait(LIMIT)
        self.begun.append(picture)
        return picture

    def set_network(self, slot, network) -> None:
        self.networks = {slot: network} if network else {}

    def on_stream(self) -> AbstractContextManager[None]:
        return nullcontext()

    def take_notices(self) -> list:
        return []

    def close(self) -> None:
        pass


@pytest.fixture
def engine() -> DeviceEngine:
    return DeviceEngine()


@pytest.fixture
def worker(engine: DeviceEngine) -> Iterator[EngineWorker]:
    worker = EngineWorker(engine)  # type: ignore[arg-type]
    yield worker
    for picture in engine.begun:
        picture.ready.done.set()
    worker.close()


def begin(worker: EngineWorker, engine: DeviceEngine, t: float) -> None:
    count = len(engine.begun)
    worker.submit(Params(), t)
    until(lambda: len(engine.begun) > count)


def test_an_unfinished_picture_is_not_handed_out(worker, engine) -> None:
    begin(worker, engine, 1.0)
    time.sleep(0.05)
    assert worker.latest() is None
    engine.begun[0].ready.done.set()
    until(lambda: worker.latest() is engine.begun[0])


def test_one_picture_at_most_is_begun_ahead_of_the_device(worker, engine) -> None:
    begin(worker, engine, 0.0)
    for t in range(1, 20):
        worker.submit(Params(), float(t))
        time.sleep(0.002)
    until(lambda: len(engine.begun) == 2)
    time.sleep(0.02)
    assert len(engine.begun) == 2
    assert worker.latest() is None
    engine.begun[0].ready.done.set()
    until(lambda: worker.latest() is engine.begun[0])
    until(lambda: len(engine.begun) == 3)
    assert engine.begun[2].t == 19.0


def test_two_very_quick_pictures_are_begun_ahead(
    worker, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_VERY_QUICK", 1000.0)
    for t in range(2):  # how quick they are has to be seen first
        begin(worker, engine, float(t))
        engine.begun[t].ready.done.set()
        until(lambda t=t: worker.latest() is engine.begun[t])
    for t in range(2, 5):
        begin(worker, engine, float(t))
    worker.submit(Params(), 5.0)
    time.sleep(0.05)
    assert len(engine.begun) == 5
    assert worker.latest() is engine.begun[1]
    engine.begun[2].ready.done.set()
    until(lambda: len(engine.begun) == 6)
    assert worker.latest() is engine.begun[2]
    for picture in engine.begun[3:]:
        picture.ready.done.set()
    until(lambda: worker.latest() is engine.begun[5])


def test_the_next_picture_is_asked_for_once_the_one_before_is_launched(
    worker, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_QUICK", 1000.0)
    for t in range(2):
        begin(worker, engine, float(t))
        engine.begun[t].ready.done.set()
        until(lambda t=t: worker.latest() is engine.begun[t])
    shown = worker.latest()
    engine.may_launch.clear()
    worker.submit(Params(), 2.0)
    start = time.monotonic()
    worker.await_newer(shown, 0.05)
    assert time.monotonic() - start > 0.04  # it is at work: the interpreter is left to it
    threading.Timer(0.05, engine.may_launch.set).start()
    worker.await_newer(shown, LIMIT)
    assert time.monotonic() - start < LIMIT / 2
    assert len(engine.begun) == 3  # launched,
    assert worker.latest() is shown  # and not finished
