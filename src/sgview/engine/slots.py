"""The two slots as other threads see them: what plays there, is read, is wanted, was unloaded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from sgview.engine.engine import Engine
from sgview.engine.loader_thread import Load, LoaderThread
from sgview.engine.network import Network
from sgview.engine.wanted import WantedNetworks
from sgview.state import commands as c
from sgview.state.networks import OTHER, NetworkStatus, Slot
from sgview.state.places import is_there
from sgview.state.status import EngineStatus, Notice, Offer
from stylegan3.cuda import is_out_of_memory

_log = logging.getLogger(__name__)


class Slots:
    """Puts networks into the engine's slots and takes them out.

    Methods may be called on any thread and do not wait: files are read on a thread of their own,
    and the engine is changed by tasks that its thread runs between two frames. What plays stays
    until the new network is there, and where that cannot be read or has no room.

    Args:
        engine: whose networks these are.
        load: reads a file into a network.
        post: has the engine's thread run a task.
        tell: is given what the user should know.
        on_change: called on the engine's thread after its networks have changed.
    """

    def __init__(
        self,
        engine: Engine,
        load: Load,
        *,
        post: Callable[[Callable[[], None]], None],
        tell: Callable[[Notice], None],
        on_change: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._post, self._tell, self._on_change = post, tell, on_change
        self._lock = threading.Lock()  # of what follows
        self._networks: dict[Slot, NetworkStatus] = {}
        self._wanted = WantedNetworks()
        self._unloaded: dict[Slot, Network | str] = {}  # built-in networks are kept, paths reread
        self._loader = LoaderThread(load, self._arrive, self._report_failed_load)

    def execute(self, command: c.NetworkCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.LoadNetwork(slot, path):
                self.load(slot, path)
            case c.UnloadNetwork(slot):
                self.unload(slot)
            case c.ReloadNetwork(slot):
                self.reload(slot)
            case c.SwapNetworks():
                self.swap()
            case _:
                assert_never(command)

    def want(self, slot: Slot, path: str | Path) -> None:
        """Note that `path` is wanted in `slot`, whatever plays there; nothing is read."""
        with self._lock:
            self._wanted = self._wanted.want(slot, str(path))

    def load(self, slot: Slot, path: str | Path) -> None:
        """Read `path` in the background and play it in `slot`; if it fails the old one stays."""
        self._loader.request(slot, Path(path))

    def set_network(self, slot: Slot, network: Network | None) -> None:
        """Play `network` in `slot`; None empties the slot."""
        self._loader.cancel(slot)
        self._arrive(slot, network)

    def unload(self, slot: Slot) -> None:
        """Free the network of `slot` and remember it for `reload`."""
        self._loader.cancel(slot)
        with self._lock:
            self._wanted = self._wanted.unload(slot)
        self._post(lambda: self._unload(slot))

    def reload(self, slot: Slot) -> None:
        """Load what was last unloaded from `slot`."""
        with self._lock:
            self._wanted = self._wanted.reload(slot)
        self._post(lambda: self._reload(slot))

    def swap(self) -> None:
        """Exchange A and B."""
        self._loader.swap(then=self._begin_swap)

    def status(self) -> EngineStatus:
        """Return the status of an engine as far as it concerns its slots."""
        loading = self._loader.statuses()
        with self._lock:
            return EngineStatus(
                networks=dict(self._networks),
                wanted=self._wanted.beside({load.slot: load.path for load in loading}),
                unloaded={slot: _name_of(what) for slot, what in self._unloaded.items()},
                loading=loading,
            )

    def close(self) -> None:
        """Stop reading."""
        self._loader.close()

    # -- on whichever thread a network comes from ------------------------------------------------

    def _arrive(self, slot: Slot, network: Network | None) -> None:
        with self._lock:
            self._wanted = (
                self._wanted.empty(slot)
                if network is None
                else self._wanted.want(slot, network.status.path)
            )
        self._post(lambda: self._set_network(slot, network))

    def _report_failed_load(self, slot: Slot, path: Path, error: Exception) -> None:
        # The readers' own errors are one sentence with the file in it; others are bugs.
        is_known = isinstance(error, (_checkpoint_error(), OSError))
        text = str(error) if is_known else f"{path} cannot be read: {error or type(error).__name__}"
        if is_out_of_memory(error):
            text = f"This machine's memory is full: there is no room to read {path}."
        _log.error("%s", text, exc_info=None if is_known else error)
        is_away = not is_there(path)
        with self._lock:
            if is_away:
                self._wanted = self._wanted.miss(slot, str(path))
            hint = "The network that played before stays." if slot in self._networks else ""
        self._tell(Notice(0, "error", text.splitlines()[0], hint))

    def _begin_swap(self) -> None:
        with self._lock:
            self._wanted = self._wanted.swap()
        self._post(self._swap)

    # -- on the engine's thread ------------------------------------------------------------------

    def _set_network(self, slot: Slot, network: Network | None) -> None:
        try:
            self._engine.set_network(slot, network)
            with self._lock:
                if network is not None:
                    self._unloaded.pop(slot, None)
        except Exception as error:
            if network is None:
                raise
            self._note_refused(slot, network)
            if not is_out_of_memory(error):
                raise
            self._tell_no_room(slot, network, error)
        finally:
            self._note_networks()

    def _note_refused(self, slot: Slot, network: Network) -> None:
        present = self._engine.networks.get(slot)
        if present is not None:
            with self._lock:
                self._wanted = self._wanted.refuse(slot, network.status.path, present.status.path)

    def _tell_no_room(self, slot: Slot, network: Network, error: Exception) -> None:
        """Say that a network has no room on the device, and offer to make some."""
        device = self._engine.device_description.partition(",")[0]
        text = f"The memory of {device} is full: there is no room for {network.status.name}."
        _log.error("%s", text, exc_info=error)
        networks, other = self._engine.networks, OTHER[slot]
        hint, offer = "Close what else uses it, or open a smaller network.", None
        if other in networks:
            offer = Offer(f"Unload {other.upper()}", c.UnloadNetwork(other))
            hint = f"Unload {other.upper()}, then open it again."
        stays = f"{networks[slot].status.name} plays on. " if slot in networks else ""
        self._tell(Notice(0, "error", text, stays + hint, offer=offer))

    def _unload(self, slot: Slot) -> None:
        network = self._engine.networks.get(slot)
        if network is not None:
            self._set_network(slot, None)
            with self._lock:
                self._unloaded[slot] = network.status.path or network

    def _reload(self, slot: Slot) -> None:
        what = self._unloaded.get(slot)
        if isinstance(what, Network):
            self._set_network(slot, what)
        elif what is not None:
            self._loader.request(slot, Path(what))

    def _swap(self) -> None:
        self._engine.swap_networks()
        with self._lock:
            self._unloaded = {OTHER[slot]: what for slot, what in self._unloaded.items()}
        self._note_networks()

    def _note_networks(self) -> None:
        networks = self._engine.networks
        with self._lock:
            self._networks = {slot: network.status for slot, network in networks.items()}
        self._on_change()


def _name_of(what: Network | str) -> str:
    return what.status.name if isinstance(what, Network) else what


def _checkpoint_error() -> type[Exception]:
    from stylegan3 import CheckpointError

    return CheckpointError
