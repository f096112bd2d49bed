"""Which networks the user wants, whatever has been read by now."""

from __future__ import annotations

from dataclasses import dataclass, field

from sgview.state.commands import Slot


@dataclass(frozen=True)
class WantedNetworks:
    """What should play in each slot, as far as it is settled; "" is a built-in network.

    A file that is being read is wanted too, in place of what is settled: `beside` adds it. How one
    command or event leads to the next:

    - named at start, or by the session: wanted, there or not, until another takes its place;
    - read: wanted from then on; where the device has no room for it, what plays on is instead,
      if anything does;
    - cannot be read: what was wanted before still is. Where nothing was, a file that is away (its
      disk may come back) is wanted; one that is there and holds no network is not;
    - unloaded: nothing is wanted, neither what played nor a file that is away, for which it stood;
    - reloaded: what was wanted when the slot was unloaded;
    - swapped: A and B exchanged, as far as they are wanted.

    Each method gives what is wanted after it. They are called as commands are executed, not when
    the engine has followed, so that a session left in between forgets nothing.
    """

    networks: dict[Slot, str] = field(default_factory=dict)
    unloaded: dict[Slot, str] = field(default_factory=dict)  # wanted again by `reload`

    def beside(self, loading: dict[Slot, str]) -> dict[Slot, str]:
        """Return the path of what is wanted in each slot, while the files in `loading` are read."""
        return self.networks | loading

    def want(self, slot: Slot, path: str) -> WantedNetworks:
        """Settle `path`, whatever plays in its place."""
        return WantedNetworks({**self.networks, slot: path}, _without(self.unloaded, slot))

    def miss(self, slot: Slot, path: str) -> WantedNetworks:
        """Settle a file that is away, unless something else is wanted in `slot`."""
        return self if slot in self.networks else self.want(slot, path)

    def refuse(
        self,
        slot: Slot,
        path: str,  # of the network that the device had no room for
        present: str,  # the path of what plays on in its place
    ) -> WantedNetworks:
        """Settle what plays, if `path` is still what should."""
        return self.want(slot, present) if self.networks.get(slot) == path else self

    def empty(self, slot: Slot) -> WantedNetworks:
        """Want nothing in `slot`."""
        return WantedNetworks(_without(self.networks, slot), self.unloaded)

    def unload(self, slot: Slot) -> WantedNetworks:
        """Want nothing in `slot`, and remember what was."""
        if slot not in self.networks:
            return self
        unloaded: dict[Slot, str] = {**self.unloaded, slot: self.networks[slot]}
        return WantedNetworks(_without(self.networks, slot), unloaded)

    def reload(self, slot: Slot) -> WantedNetworks:
        """Want what was unloaded last."""
        return self.want(slot, self.unloaded[slot]) if slot in self.unloaded else self

    def swap(self) -> WantedNetworks:
        """Exchange A and B."""
        return WantedNetworks(_swapped(self.networks), _swapped(self.unloaded))


def _without(networks: dict[Slot, str], slot: Slot) -> dict[Slot, str]:
    return {other: path for other, path in networks.items() if other != slot}


def _swapped(networks: dict[Slot, str]) -> dict[Slot, str]:
    other: dict[Slot, Slot] = {"a": "b", "b": "a"}
    return {other[slot]: path for slot, path in networks.items()}
