"""The networks on the device: one in each slot, and how the tensors of two are paired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sgview.engine.acceleration import Acceleration
from sgview.engine.background import Background
from sgview.engine.device_stream import DeviceStream
from sgview.engine.latents.found import Found
from sgview.engine.live_network import LiveNetwork
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network
from sgview.engine.weights.blending import Pairing, pair
from sgview.state.machine import MemoryOwner
from sgview.state.networks import OTHER, Slot, shown_slot
from sgview.state.params import Params
from sgview.state.status import Notice
from stylegan3.cuda import is_out_of_memory, let_go

_OWNERS: Mapping[Slot, str] = {"a": MemoryOwner.NETWORK_A, "b": MemoryOwner.NETWORK_B}


class LiveNetworks(Mapping[Slot, LiveNetwork]):
    """Owns what plays, by slot; whoever changes it has entered the stream.

    Args:
        stream: to play on.
        acceleration: how to compute on an NVIDIA GPU.
        timers: time the stages of a picture.
        found: what shapes w.
        background: where networks are prepared for other canvases.

    Attributes:
        pairing: partners of A's tensors; empty unless both slots are filled.
    """

    def __init__(
        self,
        stream: DeviceStream,
        acceleration: Acceleration,
        timers: StageTimers,
        found: Found,
        background: Background | None = None,
    ) -> None:
        self._stream, self._acceleration = stream, acceleration
        self._timers, self._found, self._background = timers, found, background
        self._by_slot: dict[Slot, LiveNetwork] = {}
        self.pairing = Pairing()

    def __getitem__(self, slot: Slot) -> LiveNetwork:
        return self._by_slot[slot]

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._by_slot)

    def __len__(self) -> int:
        return len(self._by_slot)

    def shown(self, params: Params) -> LiveNetwork | None:
        """Return what plays, None without a network."""
        slot = shown_slot(params, self._by_slot)
        return None if slot is None else self._by_slot[slot]

    def set(self, slot: Slot, network: Network | None) -> None:
        """Play `network` in `slot`; None frees the slot's memory.

        If this raises (there is no room on the device), the slot plays what it played before.
        """
        old = self._by_slot.pop(slot, None)
        self._pair()
        before = old.network if old else None
        del old  # freed before the new one is copied: there may be no room for both
        try:
            self._place_without_spare(slot, network)
        except Exception as error:
            let_go(error)
            self._place_without_spare(slot, before)
            raise

    def swap(self) -> None:
        """Exchange A and B."""
        self._by_slot = {OTHER[slot]: live for slot, live in self._by_slot.items()}
        self._pair()

    def set_acceleration(self, acceleration: Acceleration) -> None:
        """Compute in another way from the next picture on."""
        self._acceleration = acceleration
        self._stream.wait()
        for live in self._by_slot.values():
            live.set_acceleration(acceleration)
        self._stream.release()

    def free_spare(self) -> None:
        """Free what can be made again: captured graphs, and memory that torch keeps for later."""
        self._stream.wait()
        for live in self._by_slot.values():
            live.free_graphs()
        self._stream.release()

    def clear(self) -> None:
        """Free all networks."""
        self._by_slot.clear()
        self.pairing = Pairing()

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        return [notice for live in self._by_slot.values() for notice in live.take_notices()]

    def memory_owners(self) -> dict[str, object]:
        """Return what holds memory of the device, by the names that people know it by."""
        lives = self._by_slot.values()
        owners: dict[str, object] = {
            _OWNERS[slot]: self._by_slot[slot].pristine for slot in sorted(self._by_slot)
        }
        owners[MemoryOwner.LIVE] = [live.generator for live in lives]
        owners[MemoryOwner.PREPARED] = [live.prepared for live in lives]
        return owners

    def _place_without_spare(self, slot: Slot, network: Network | None) -> None:
        """Place a network; where it has no room, once more without what can be made again."""
        try:
            self._place(slot, network)
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            let_go(error)
        self.free_spare()
        self._place(slot, network)

    def _place(self, slot: Slot, network: Network | None) -> None:
        self._by_slot.pop(slot, None)
        self._stream.release()
        if network is not None:
            self._by_slot[slot] = LiveNetwork(
                network,
                self._stream.device,
                self._acceleration,
                self._timers,
                self._found,
                self._background,
            )
            self._pair()

    def _pair(self) -> None:
        """Make B's tensors the partners of A's; a network that plays alone has none."""
        a, b = self._by_slot.get("a"), self._by_slot.get("b")
        self.pairing = pair(a.network, b.network, a.pristine, b.pristine) if a and b else Pairing()
        if a:
            a.weights.set_partners(self.pairing.partners)
        if b:
            b.weights.set_partners({})
