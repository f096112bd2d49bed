"""Which networks are wanted: what a session remembers, whatever has been read by now."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sgview.engine import worker as worker_module
from sgview.engine.engine import Engine
from sgview.engine.live_networks import LiveNetworks
from sgview.engine.network import Network
from sgview.engine.wanted import WantedNetworks
from sgview.engine.worker import EngineWorker
from stylegan3 import CheckpointError
from tests.support.until import until

LIMIT = 60.0  # what is waited for comes in a moment, except on a machine that does much else [s]


class Disk:
    """Files that are read only once they are let go; stands in for `load_network`."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self._gate = threading.Semaphore(0)
        self._results: dict[str, Network | Exception] = {}

    def put(self, path: str | Path, result: Network | Exception) -> None:
        self._results[str(path)] = result

    def let_go(self) -> None:
        """Let one file be read to its end."""
        self._gate.release()

    def __call__(self, path: Path, progress: Callable[[float], None]) -> Network:
        self.begun.release()
        while not self._gate.acquire(timeout=0.005):
            progress(0.5)  # raises once nobody waits for the file
        result = self._results[str(path)]
        if isinstance(result, Exception):
            raise result
        return result


def named(network: Network, path: str | Path) -> Network:
    """Return the same network as if it came from `path`."""
    return Network.of(network.generator, Path(path).stem, str(path))


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def worker(disk: Disk) -> Iterator[EngineWorker]:
    worker = EngineWorker(Engine("cpu"), load=disk)
    yield worker
    worker.close()


def wanted(worker: EngineWorker) -> dict:
    return worker.status().wanted


def test_a_network_is_wanted_while_it_is_read_and_afterwards(worker, disk, sg3):
    disk.put("/a.pkl", named(sg3, "/a.pkl"))
    worker.load("a", "/a.pkl")
    worker.load("b", "/b.pkl")
    assert disk.begun.acquire(timeout=LIMIT)
    assert worker.status().networks == {}
    assert wanted(worker) == {"a": "/a.pkl", "b": "/b.pkl"}
    disk.let_go()
    until(lambda: worker.status().networks)
    assert wanted(worker) == {"a": "/a.pkl", "b": "/b.pkl"}


def test_a_wrong_file_does_not_replace_what_plays(worker, disk, sg3, tmp_path):
    wrong = tmp_path / "wrong.pkl"
    wrong.write_text("a web page")
    disk.put(wrong, CheckpointError(wrong, "it is a web page"))
    worker.set_network("a", named(sg3, "/a.pkl"))
    for slot in ("a", "b"):
        worker.load(slot, wrong)
        assert wanted(worker)[slot] == str(wrong)
        disk.let_go()
        until(worker.take_notices)
    assert wanted(worker) == {"a": "/a.pkl"}  # nor is it wanted where nothing plays


def test_a_file_that_is_away_is_wanted_where_nothing_else_is(worker, disk, sg3, tmp_path):
    away = tmp_path / "disk" / "away.pkl"
    disk.put(away, CheckpointError(away, "there is no such file"))
    worker.set_network("a", named(sg3, "/a.pkl"))
    for slot in ("a", "b"):
        worker.load(slot, away)
        disk.let_go()
        until(worker.take_notices)
    assert wanted(worker) == {"a": "/a.pkl", "b": str(away)}


@pytest.mark.parametrize("name", ["x" * 4000, "nul\0.pkl"])
def test_a_name_that_no_file_can_have_is_one_notice(worker, disk, name):
    disk.put(name, CheckpointError(name, "it cannot be opened"))
    worker.load("a", name)
    disk.let_go()
    until(worker.take_notices)
    assert wanted(worker) == {"a": name}


def test_what_stands_in_for_a_wanted_network_does_not_replace_it(worker, disk, sg3, tmp_path):
    worker.set_network("a", Network.of(sg3.generator, "blooms"))
    worker.want("a", "/disk/a.pkl")
    wrong = tmp_path / "wrong.pkl"
    wrong.touch()
    disk.put(wrong, CheckpointError(wrong, "it is empty"))
    worker.load("a", wrong)
    disk.let_go()
    until(worker.take_notices)
    assert wanted(worker) == {"a": "/disk/a.pkl"}
    disk.put("/other.pkl", named(sg3, "/other.pkl"))
    worker.load("a", "/other.pkl")
    disk.let_go()
    until(lambda: "a" in (now := worker.status().networks) and now["a"].path)
    assert wanted(worker) == {"a": "/other.pkl"}


def test_unloaded_is_not_wanted_and_reloaded_is_again(worker, disk, sg3, sg2):
    worker.set_network("a", Network.of(sg2.generator, "blooms"))
    worker.set_network("b", named(sg3, "/b.pkl"))
    assert wanted(worker) == {"a": "", "b": "/b.pkl"}
    worker.unload("b")
    assert wanted(worker) == {"a": ""}
    worker.reload("b")
    assert wanted(worker) == {"a": "", "b": "/b.pkl"}
    assert disk.begun.acquire(timeout=LIMIT)
    assert wanted(worker) == {"a": "", "b": "/b.pkl"}
    worker.unload("a")
    worker.reload("a")
    worker.set_network("b", None)
    assert wanted(worker) == {"a": ""}


def test_unloading_while_a_successor_is_read_forgets_both(worker, disk, sg3):
    worker.set_network("a", named(sg3, "/a.pkl"))
    worker.load("a", "/next.pkl")
    assert disk.begun.acquire(timeout=LIMIT)
    worker.unload("a")
    assert wanted(worker) == {}
    worker.reload("a")
    assert wanted(worker) == {"a": "/a.pkl"}


def test_swap_takes_what_is_read_and_what_is_wanted_along(worker, disk, sg3):
    worker.set_network("a", named(sg3, "/a.pkl"))
    disk.put("/b.pkl", named(sg3, "/b.pkl"))
    worker.load("b", "/b.pkl")
    assert disk.begun.acquire(timeout=LIMIT)
    worker.swap()
    assert wanted(worker) == {"a": "/b.pkl", "b": "/a.pkl"}
    disk.let_go()
    until(lambda: len(worker.status().networks) == 2)
    assert wanted(worker) == {"a": "/b.pkl", "b": "/a.pkl"}


def test_what_the_device_has_no_room_for_is_wanted_only_where_nothing_plays(
    worker, disk, sg3, sg2, monkeypatch
):
    worker.set_network("a", named(sg3, "/a.pkl"))
    until(lambda: worker.status().networks)
    place = LiveNetworks._place

    def refuse(live, slot, network):
        if network is not None and network.status.path == "/big.pkl":
            raise torch.OutOfMemoryError("CUDA out of memory")
        place(live, slot, network)

    monkeypatch.setattr(LiveNetworks, "_place", refuse)
    disk.put("/big.pkl", named(sg2, "/big.pkl"))
    worker.load("a", "/big.pkl")
    disk.let_go()
    until(worker.take_notices)
    assert wanted(worker) == {"a": "/a.pkl"}
    worker.load("b", "/big.pkl")
    disk.let_go()
    until(lambda: not worker.status().loading)
    assert wanted(worker) == {"a": "/a.pkl", "b": "/big.pkl"}


def test_commands_count_before_the_engine_has_followed(disk, sg3, monkeypatch):
    """A session may be left between a command and the frame in which the engine does it."""
    monkeypatch.setattr(worker_module.EngineWorker, "_run", lambda worker: None)
    worker = EngineWorker(Engine("cpu"), load=disk)
    worker.set_network("a", named(sg3, "/a.pkl"))
    worker.set_network("b", named(sg3, "/b.pkl"))
    worker.unload("a")
    worker.swap()
    worker.reload("b")
    worker.close()
    assert wanted(worker) == {"a": "/b.pkl", "b": "/a.pkl"}


def test_what_was_wanted_before_is_never_changed():
    before = WantedNetworks({"a": "/a.pkl"}, {"b": "/b.pkl"})
    for after in (
        before.want("b", "/c.pkl"), before.unload("a"), before.reload("b"), before.swap(),
        before.empty("a"), before.miss("b", "/c.pkl"), before.refuse("a", "/a.pkl", ""),
    ):  # fmt: skip
        assert after != before
    assert before == WantedNetworks({"a": "/a.pkl"}, {"b": "/b.pkl"})
    for same in (
        before.unload("b"), before.reload("a"), before.miss("a", "/c.pkl"),
        before.refuse("a", "/c.pkl", ""),
    ):  # fmt: skip
        assert same == before
