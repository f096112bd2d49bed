"""What is found out about networks in the background: directions, modes; kept on the disk."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
import torch
from torch import Tensor

from sgview.closing import Closing
from sgview.engine.background import give_way
from sgview.engine.latents import cloud
from sgview.engine.network import Network, style_fingerprint
from sgview.state.directions import MOST
from sgview.state.status import Notice
from sgview.state.whole_file import write_whole

_log = logging.getLogger(__name__)

_PAUSE = 0.002  # between pieces of work while something plays [s]


class Want(msgspec.Struct, frozen=True):
    """One thing to be found out about a network."""

    kind: str  # "fingerprint", "pca", "sefa", "modes"
    rows: tuple[int, int] | None = None  # of "sefa"
    count: int = 0  # of "modes"

    @property
    def name(self) -> str:
        """What its file is called, "" if it is not worth one."""
        return {"pca": "pca", "modes": f"modes{self.count}"}.get(self.kind, "")


class Analyses(Closing):
    """Finds each thing once, on one thread, from networks as they were loaded.

    Args:
        folder: where what took seconds is kept, by the fingerprint of the network; None: nowhere.

    Attributes:
        waits: whether `get` waits for what it is asked: offline, so that every frame is the same.
            The window plays on without until it is there.
        on_found: called on that thread when something was found.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.waits = True
        self.on_found: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._jobs: WeakKeyDictionary[Network, dict[Want, Future[object]]] = WeakKeyDictionary()
        self._is_closing = threading.Event()
        self._notices: list[Notice] = []
        self._told: set[str] = set()

    def get(self, network: Network, want: Want) -> object | None:
        """Return what is wanted, None where it is not there yet, or cannot be found."""
        with self._lock:
            jobs = self._jobs.setdefault(network, {})
            job = jobs.get(want)
            if job is None:
                for other in [other for other in jobs if _replaces(want, other)]:
                    if jobs[other].cancel():  # such as a number of modes that a hand passed by
                        del jobs[other]
                job = jobs[want] = self._submit(network, want)
        if not (self.waits or job.done()):
            return None
        try:
            return job.result()
        except CancelledError:
            return None
        except Exception as error:
            self._tell(network, want, error)
            return None

    def directions(self, network: Network, want: Want) -> Tensor | None:  # [n, w_dim]
        """Return directions that were found."""
        found = self.get(network, want)
        return found if isinstance(found, Tensor) else None

    def modes(self, network: Network, count: int) -> tuple[Tensor, float] | None:
        """Return [count, w_dim], and the mean squared distance of w to them."""
        found = self.get(network, Want("modes", count=count))
        if not isinstance(found, Tensor):
            return None
        return found[:-1], float(found[-1, 0])

    def fingerprint(self, network: Network) -> str:
        """Return what names are kept by; "" until it is known."""
        found = self.get(network, Want("fingerprint"))
        return found if isinstance(found, str) else ""

    def is_busy(self) -> bool:
        """Return whether something is being found."""
        with self._lock:
            return any(not job.done() for jobs in self._jobs.values() for job in jobs.values())

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        with self._lock:
            notices, self._notices = self._notices, []
        return notices

    def close(self) -> None:
        """Give up what is being found; idempotent."""
        self._is_closing.set()
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def _submit(self, network: Network, want: Want) -> Future[object]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sgview analyses", initializer=give_way)
        job: Future[object] = self._thread.submit(self._find, network, want)
        job.add_done_callback(lambda _: self.on_found())
        return job

    def _find(self, network: Network, want: Want) -> object:
        if want.kind == "fingerprint":
            return style_fingerprint(network.generator)
        path = None
        if self.folder is not None and want.name:
            name = self.fingerprint_now(network)
            path = self.folder / f"{name}-{want.name}.npy"
            kept = _read(path, network.status.w_dim)
            if kept is not None:
                return kept
        found = self._compute(network, want)
        if path is not None:
            _write(path, found)
        return found

    def fingerprint_now(self, network: Network) -> str:
        """Return the fingerprint, computed here and now if it is not known."""
        with self._lock:
            job = self._jobs.get(network, {}).get(Want("fingerprint"))
        if job is not None and job.done() and not job.cancelled():
            return str(job.result())
        return style_fingerprint(network.generator)

    def _compute(self, network: Network, want: Want) -> Tensor:
        generator = network.generator
        if want.kind == "pca":
            return cloud.principal_directions(cloud.sample_w(generator, rest=self._rest), MOST)
        if want.kind == "sefa":
            ws = cloud.sample_w(generator, cloud.FEW, self._rest)
            return cloud.sefa_directions(generator, want.rows, ws, MOST)
        ws = cloud.sample_w(generator, rest=self._rest)
        centroids, spread = cloud.k_means(ws, want.count, self._rest)
        last = torch.zeros(1, centroids.shape[1])
        last[0, 0] = spread
        return torch.cat([centroids, last])

    def _rest(self) -> None:
        """Let the window go first, and stop when it closes."""
        if self._is_closing.is_set():
            raise CancelledError
        if not self.waits:
            time.sleep(_PAUSE)

    def _tell(self, network: Network, want: Want, error: Exception) -> None:
        text = f"Nothing was found of {want.kind} in {network.status.name}: {error}"
        with self._lock:
            if text not in self._told:
                self._told.add(text)
                _log.error("%s", text, exc_info=error)
                self._notices.append(Notice(0, "warning", text))


def _replaces(want: Want, other: Want) -> bool:
    return want.kind == other.kind == "modes"


def _read(path: Path, width: int) -> Tensor | None:
    try:
        with path.open("rb") as file:
            held = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_good = held.dtype == np.float32 and held.ndim == 2 and held.shape[1] == width and len(held)
    return torch.from_numpy(held) if is_good and np.isfinite(held).all() else None


def _write(path: Path, found: Tensor) -> None:
    data = io.BytesIO()
    np.save(data, found.numpy())
    try:
        write_whole(path, data.getvalue())
    except OSError as error:
        _log.warning("%s cannot be written: %s", path, error)
