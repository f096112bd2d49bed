"""Messages that set parameters: "/sgview/noise/amplitude 0.8", "/sgview/preset 3"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sgview.signals.osc.packets import Value, number_of
from sgview.state.addresses import PRESET, ROOT, leaf_of
from sgview.state.commands import Command, RecallLook
from sgview.state.networks import NetworkStatus, Slot, shown_network
from sgview.state.params import Params
from sgview.state.paths import get_leaf, set_leaf

_LAYER = ROOT + "layer"


class RemoteError(ValueError):
    """A message that sets nothing; one sentence."""


def apply_message(
    params: Params,
    address: str,
    values: Sequence[Value],
    networks: Mapping[Slot, NetworkStatus],
) -> Params:
    """Return `params` as a message wants them.

    Several values set neighbours: "/sgview/noise/translate 0 1 0".

    Args:
        params: as they are.
        address: under "/sgview/".
        values: at least one.
        networks: the loaded ones, for "/sgview/layer" with a number: 0 is the image, 1 the
            first layer of the network that plays.

    Raises:
        RemoteError: if there is no such value, or it cannot be that.
    """
    if not values:
        raise RemoteError(f"{address} comes without a value.")
    if address == _LAYER and isinstance(values[0], float):
        network = shown_network(params, networks)
        layers = () if network is None else network.layers
        index = min(max(round(values[0]), 0), len(layers))
        values = [layers[index - 1].name if index else ""]
    targets = [address]
    if leaf_of(address) is None:
        targets = [f"{address}/{index}" for index in range(len(values))]
    for target, value in zip(targets, values, strict=False):
        leaf = leaf_of(target)
        if leaf is None:
            raise RemoteError(f"Nothing listens to {address}.")
        number = number_of(value) if leaf.is_number else None
        try:
            value = value if number is None else number  # "0.5" and "true" for numbers
            if get_leaf(params, leaf) != value:
                params = set_leaf(params, leaf, value)
        except (LookupError, ValueError) as error:
            raise RemoteError(f"{address}: {error.args[0]}") from None
    return params


def recall_of(address: str, values: Sequence[Value]) -> Command | None:
    """Return the command that a message to "/sgview/preset" gives, None for other addresses.

    A number recalls the look of that key, a text the look of that name; a second number is the
    time of the fade [s].

    Raises:
        RemoteError: if it names no look.
    """
    if address != PRESET:
        return None
    seconds = values[1] if len(values) > 1 and isinstance(values[1], float) else None
    if values and isinstance(values[0], str):
        return RecallLook(name=values[0], seconds=seconds)
    if values and isinstance(values[0], float) and 1 <= values[0] <= 9:
        return RecallLook(key=round(values[0]), seconds=seconds)
    raise RemoteError(f"{PRESET} takes the name of a look, or its key from 1 to 9.")
