"""The networks of a film: which ones play in each shot, and whether they do what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sgview.settings import NetworkSettings
from sgview.show.takes.take import RecordedNetwork
from sgview.signals import Instant, Signals
from sgview.state.canvas import canvas_size
from sgview.state.networks import (
    EVERY_GROUP,
    SLOTS,
    NetworkStatus,
    Slot,
    resolve_layer,
    shown_network,
    spread_blend,
)
from sgview.state.params import Params
from sgview.state.text import drawable
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.engine import Engine
    from sgview.engine.network import Network

_FAMILIES: dict[Slot, str] = {"a": "blooms", "b": "planets"}
ROUNDED = 2.0  # sides of a canvas are at most so far from what is asked for [px]
SG3_NAMES = ("sg3-blooms", "sg3-planets")


def networks_of(settings: NetworkSettings) -> dict[Slot, RecordedNetwork]:
    """Return what plays as a take names it, which costs no reading."""
    paths: dict[Slot, str] = {"a": settings.a, "b": settings.b}
    networks: dict[Slot, RecordedNetwork] = {}
    if not settings.a:
        prefix = "" if settings.demo == "sg2" else f"{settings.demo}-"
        for slot, family in _FAMILIES.items():
            networks[slot] = RecordedNetwork(path="", name=f"{prefix}{family}")
    for slot, path in paths.items():
        if path:
            networks[slot] = RecordedNetwork(path=path, name=drawable(Path(path).stem))
    return networks


class TakeNetworks:
    """Sets the networks that a take names, each read once.

    Args:
        engine: which plays them.
        find: gives the file to read for a path that a take names.
    """

    def __init__(self, engine: Engine, find: Callable[[str], Path] = Path) -> None:
        self._engine = engine
        self._locate = find
        self._now: dict[Slot, RecordedNetwork] = {}
        self._read: dict[RecordedNetwork, Network] = {}

    def set(self, networks: dict[Slot, RecordedNetwork]) -> None:
        """Play these from the next picture on.

        Raises:
            CheckpointError: if a file cannot be read.
            ConfigError: if a built-in network has another name here.
        """
        if networks == self._now:
            return
        for slot in SLOTS:
            wanted = networks.get(slot)
            if wanted != self._now.get(slot):
                self._engine.set_network(slot, None if wanted is None else self._find(wanted))
        self._now = networks

    def _find(self, wanted: RecordedNetwork) -> Network:
        from sgview.engine.networks import builtin_networks, load_network

        if wanted not in self._read and wanted.path:
            self._read[wanted] = load_network(self._locate(wanted.path))
        elif wanted not in self._read:
            pair = builtin_networks("sg3" if wanted.name in SG3_NAMES else "sg2")
            for network in pair:
                name = network.status.name
                self._read[RecordedNetwork(path="", name=name)] = network
        if wanted not in self._read:
            raise ConfigError(
                f"there is no built-in network {wanted.name}: name networks on the command line"
            )
        return self._read[wanted]


def check(engine: Engine, params: Params) -> list[str]:
    """Refuse what would play live with a notice, but leave a film that nobody wanted.

    Returns:
        what else the user should know of the first picture.

    Raises:
        ConfigError: if the layer, an edit, a blend, the canvas or a file that is named does not fit
            to the networks that are set, or to the memory there is.
    """
    resolved, signals = Signals().resolve(params, Instant(0.0))
    picture = engine.render(resolved, 0.0)
    assert picture is not None  # a network was set
    found = engine.found
    for files in (found.library, found.directions, found.averages, found.masks):
        if troubles := files.take_notices():
            raise ConfigError(troubles[0].text.rstrip("."))
    statuses: dict[Slot, NetworkStatus] = {
        slot: network.status for slot, network in engine.networks.items()
    }
    shown = shown_network(resolved, statuses)
    assert shown is not None
    if resolve_layer(params.layer.name, shown.layers) is None:
        names = ", ".join(layer.name for layer in shown.layers)
        raise ConfigError(f"{shown.name} has no layer {params.layer.name!r}; there is {names}")
    for edit, expression, act in zip(params.edits, signals.edits, picture.edits, strict=True):
        if problem := expression.error or act.error:
            raise ConfigError(f"the edit of {edit.tensor} cannot act: {problem}")
    groups = {group.name: group for group in picture.blend_groups}
    is_spread = spread_blend(params, statuses) is not params  # to what can blend
    for name, amount in params.blend.amounts.items():
        if is_spread and name == EVERY_GROUP:
            continue
        if amount and (name not in groups or not groups[name].is_blendable):
            choices = f"there is {', '.join(groups)}" if groups else "there is no network B"
            cause = groups[name].reason if name in groups else choices
            raise ConfigError(f"group {name} cannot blend: {cause}")
    notices = engine.take_notices()
    size, wanted = picture.status.image_size, canvas_size(resolved.canvas, shown.dimensions)
    if notices and any(abs(a - b) > ROUNDED for a, b in zip(size, wanted, strict=True)):
        raise ConfigError(notices[-1].text.partition(", so ")[0])
    return [f"{notice.text} {notice.hint}" for notice in notices]


def check_class(number: int | None, networks: Mapping[Slot, NetworkStatus]) -> None:
    """Refuse a class that none of the networks has; None: none is asked for.

    Raises:
        ConfigError: saying which there are.
    """
    most = max((status.c_dim for status in networks.values()), default=0)
    if number is not None and number >= most:
        there = f"the last one is {most - 1}" if most else "the network has no classes"
        raise ConfigError(f"--class {number}: there is no such class, {there}")
