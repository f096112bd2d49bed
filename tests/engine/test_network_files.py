"""A network's file that is replaced, cut or taken away, while it is read and while it plays."""

import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.engine.networks import load_network
from sgview.engine.picture.picture import Picture
from sgview.engine.worker import EngineWorker
from sgview.state.params import Params
from tests.support import DATA
from tests.support.until import LIMIT, until

A, B = DATA / "sg3-t-64-a.pkl", DATA / "sg3-t-64-b.pkl"

_numbers = map(float, itertools.count())


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace(path: Path) -> None:
    """As programs do that write a file whole: another one takes its name."""
    new = path.with_suffix(".new")
    shutil.copy(B, new)
    new.replace(path)


def overwrite(path: Path) -> None:
    """As programs do that begin at its start, and are not done yet."""
    with path.open("r+b") as file:
        file.write(b"\xff" * (path.stat().st_size - 1000))


def lock(path: Path) -> None:
    """A folder that may not be entered, or a disk that is away: the same for who reads."""
    path.parent.rename(path.parent.with_name("away"))


class Reading:
    """Reads networks, and does something to the file when its numbers begin to be read."""

    def __init__(self) -> None:
        self.deed: Callable[[Path], None] | None = None
        self.did = threading.Event()

    def __call__(self, path: Path, progress: Callable[[float], None]) -> Network:
        def report(share: float) -> None:
            if self.deed is not None and share > 0:
                deed, self.deed = self.deed, None
                deed(path)
                self.did.set()
            progress(share)

        return load_network(path, report)


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
def worker(reading: Reading) -> Iterator[EngineWorker]:
    with EngineWorker(Engine("cpu"), load=reading) as worker:
        yield worker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "networks"
    folder.mkdir()
    return Path(shutil.copy(A, folder / "net.pkl"))


def picture(worker: EngineWorker, t: float) -> torch.Tensor:
    """Return the picture of time `t`, made anew."""
    params = Params(sliders={"anew": next(_numbers)})  # which moves nothing

    def arrived() -> Picture | None:
        worker.submit(params, t)
        made = worker.latest()
        return made if made is not None and made.params is params else None

    picture = until(arrived)
    assert picture is not None
    return picture.rgba8


@pytest.mark.parametrize("deed", [delete, cut, empty, replace, overwrite, lock])
def test_while_it_is_read(
    worker: EngineWorker, reading: Reading, path: Path, deed: Callable[[Path], None], sg2: Network
) -> None:
    worker.set_network("a", sg2)
    before = picture(worker, 0.0)
    reading.deed = deed
    worker.load("a", path)
    assert reading.did.wait(LIMIT)
    until(lambda: not worker.status().loading)
    notices = until(
        lambda: worker.take_notices() or worker.status().networks["a"].path == str(path)
    )
    if notices is True:  # what was opened is read to its end, whatever has its name
        assert (picture(worker, 0.0).shape) == (64, 64, 4)
        assert worker.take_notices() == []
    else:
        (notice,) = notices
        assert notice.level == "error"
        assert str(path) in notice.text and len(notice.text) < 400
        assert "stays" in notice.hint
        assert (picture(worker, 0.0) == before).all()
    if deed in (cut, empty):
        assert notices is not True and "became shorter while it was read" in notices[0].text


@pytest.mark.parametrize("deed", [delete, cut, empty, replace, overwrite, lock])
def test_while_it_plays(worker: EngineWorker, path: Path, deed: Callable[[Path], None]) -> None:
    worker.load("a", path)
    until(lambda: worker.status().networks)
    before = picture(worker, 0.7)
    deed(path)
    assert (picture(worker, 0.7) == before).all()
    assert worker.status().wanted == {"a": str(path)}  # which the session remembers
    assert worker.take_notices() == []
    worker.load("a", path)  # opened once more, from the list of recent files say
    if deed is replace:
        until(lambda: not worker.status().loading)
        until(lambda: (picture(worker, 0.7) != before).any())
    else:
        (notice,) = until(worker.take_notices)
        assert str(path) in notice.text and "stays" in notice.hint
        assert (picture(worker, 0.7) == before).all()
        assert worker.status().wanted == {"a": str(path)}
