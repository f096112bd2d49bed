"""Messages that set parameters: "/sgview/noise/amplitude 0.8", "/sgview/preset 3"."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from sgview.signals.osc.packets import Value, number_of
from sgview.state.addresses import PRESET, ROOT, leaf_of
from sgview.state.class_names import MOST_CLASSES, class_numbered, only
from sgview.state.commands import Command, RecallLook
from sgview.state.networks import (
    NetworkStatus,
    Slot,
    blend_groups,
    group_named,
    shown_network,
)
from sgview.state.params import Params
from sgview.state.paths import Leaf, get_leaf, set_leaf
from sgview.state.text import one_line
from sgview.state.updates import Part

_LAYER = ROOT + "layer"
_CLASS = ROOT + "class"  # one class alone, by number or name


MOST_NAMES = 256  # in a table of names that messages may bring in, such as the user's own sliders
LONGEST_NAME = 64  # of a slider of the user's own [characters]
LONGEST_FILE = 255  # of a direction, which may name a file [characters]
_TABLES: dict[tuple[Part, ...], tuple[str, str, int]] = {
    ("sliders",): ("slider", "sliders of your own", LONGEST_NAME),
    ("directions", "amounts"): ("direction", "directions", LONGEST_FILE),
    ("ground", "noise", "layers"): ("layer", "strengths of layers", LONGEST_NAME),
}
"""What a name in them is called, what all of them are, and how long a name may be."""


class RemoteError(ValueError):
    """A message that sets nothing; one sentence.

    Args:
        text: the sentence.
        key: what is said once, however many addresses it happens to; "": the address.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(one_line(text))
        self.key = key


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
            first layer of the network that plays; and for "/sgview/class", by number or name.

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
    if address == _CLASS:
        return _with_class(params, values[0], networks)
    targets = [address]
    if leaf_of(address) is None:
        targets = [f"{address}/{index}" for index in range(len(values))]
    for target, value in zip(targets, values, strict=False):
        leaf = leaf_of(target)
        if leaf is None:
            raise RemoteError(f"Nothing listens to {address[:200]}.")
        _check_name(target, leaf, params, networks)
        number = number_of(value) if leaf.is_number else None
        try:
            value = value if number is None else number  # "0.5" and "true" for numbers
            if get_leaf(params, leaf) != value:
                params = set_leaf(params, leaf, value)
        except (LookupError, ValueError) as error:
            raise RemoteError(f"{address}: {error.args[0]}") from None
    return params


def _with_class(params: Params, value: Value, networks: Mapping[Slot, NetworkStatus]) -> Params:
    network = shown_network(params, networks)
    count = network.c_dim if network else MOST_CLASSES
    try:
        if isinstance(value, str):
            number = class_numbered(value, network.class_names if network else ())
        else:
            number = round(value)
    except (ValueError, OverflowError) as error:
        raise RemoteError(f"{_CLASS}: {error.args[0]}") from None
    if not 0 <= number < count:
        kind = f"of {count} classes" if count else "without classes"
        raise RemoteError(f"{_CLASS} {value}: the network that plays is one {kind}.")
    weights = only(number)
    if params.mapping.class_weights == weights:
        return params
    return replace(params, mapping=replace(params.mapping, class_weights=weights))


def _check_name(
    address: str, leaf: Leaf, params: Params, networks: Mapping[Slot, NetworkStatus]
) -> None:
    """Refuse names that a message would bring in: what nobody has, or too many, or too long.

    Raises:
        RemoteError: saying which.
    """
    name = str(leaf.parts[-1])
    if leaf.parts[:-1] in _TABLES:
        one, all_of_them, longest = _TABLES[leaf.parts[:-1]]
        held: Any = params
        for part in leaf.parts[:-1]:
            held = getattr(held, str(part))
        if name in held:
            return
        if len(name) > longest:
            text = f"The name of a {one} has at most {longest} characters."
            raise RemoteError(f"{text} {name[:20]}... has {len(name)}.", f"long {one}")
        if len(held) >= MOST_NAMES:
            text = f"There are {MOST_NAMES} {all_of_them}: more that come by OSC are ignored."
            raise RemoteError(text, all_of_them)
    elif leaf.parts[:2] == ("blend", "amounts"):
        groups = blend_groups(networks)
        is_known = name in groups if groups else group_named(name) == name
        if not is_known and name not in params.blend.amounts:
            near = difflib.get_close_matches(name[:LONGEST_NAME], groups, n=1)
            advice = f"; did you mean {near[0]}?" if near else "."
            raise RemoteError(f"{address[:200]}: no network has that blend group{advice}")


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
