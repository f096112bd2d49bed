"""The networks A and B: what they hold, which of them plays, and which layer a name means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sgview.state.params import Params

Slot = Literal["a", "b"]
SLOTS: tuple[Slot, Slot] = ("a", "b")
OTHER: Mapping[Slot, Slot] = {"a": "b", "b": "a"}

BUILT_IN_NETWORKS = ("blooms", "planets", "sg3-blooms", "sg3-planets")
BUILT_IN = "built-in:"
"""Begins the path of a network that came with the program and was opened by its name."""

IMAGE = ""
"""`Layer.name` of the finished picture."""

EVERY_GROUP = "all"
"""In `Blend.amounts`, as people write it: each group that has no amount of its own."""

# A layer of StyleGAN3 without or with its sizes, as in stylegan3/layers.py, which nothing in state
# may import; and what a script may call a blend group.
_INDEXED = re.compile(r"(L\d{1,4})(?:_\d{1,6}_\d{1,6})?", re.ASCII)
_GROUP = re.compile(r"(?:synthesis\.)?(mapping|input|L\d+|b\d+)(?:[._].*)?", re.ASCII)
_SIZED = re.compile(r"(\d{1,6})x\1(?:/.*)?", re.ASCII)  # a layer of StyleGAN1: "8x8/Conv1"


def is_built_in(path: str) -> bool:
    """Return whether a network of this path came with the program."""
    name = path.removeprefix(BUILT_IN)
    return not path or (name != path and name in BUILT_IN_NETWORKS)


class LayerInfo(Struct, frozen=True):
    """One synthesis layer that can be shown."""

    name: str  # "L6_36_16", "b16.conv0", "input"
    group: str  # blend group it belongs to: "L6", "b16", "input"
    size: int  # height of its output [px]
    channels: int
    width: int | None = None  # of its output [px]; None: as its height

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of its output [px]."""
        return (self.size if self.width is None else self.width), self.size


class TensorInfo(Struct, frozen=True):
    """One parameter or buffer that can be edited."""

    name: str  # "synthesis.L6_36_16.weight"
    group: str  # "mapping", "input", "L6", "b16"
    shape: tuple[int, ...]
    is_scale_invariant: bool  # multiplying it by a positive number leaves the picture as it is


class NetworkStatus(Struct, frozen=True):
    """A loaded network."""

    name: str
    path: str  # "", or `BUILT_IN` and its name, for a built-in network
    family: str  # "StyleGAN3-T", "StyleGAN3-R", "StyleGAN2"
    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    img_resolution: int
    img_channels: int
    num_parameters: int
    layers: tuple[LayerInfo, ...]  # in the order they run
    tensors: tuple[TensorInfo, ...]
    img_width: int | None = None  # of its pictures [px]; None: img_resolution
    img_height: int | None = None
    class_names: tuple[str, ...] = ()  # from a text beside its file; (): classes have numbers alone

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of its pictures [px]."""
        return self.img_width or self.img_resolution, self.img_height or self.img_resolution


def shown_slot(params: Params, loaded: Container[Slot]) -> Slot | None:
    """Return whose layers are computed: B's where B alone is wanted, else A's with B blended in.

    Where that one is not loaded the other plays; None if neither is.
    """
    wanted: Slot = "b" if params.blend.source == "b" else "a"
    return next((slot for slot in (wanted, OTHER[wanted]) if slot in loaded), None)


def has_part(slot: Slot, params: Params, loaded: Container[Slot]) -> bool:
    """Return whether the network of `slot` has a part in the picture: it plays or is mixed in."""
    is_mixed = params.blend.source == "mix" and slot in loaded
    return is_mixed or slot == shown_slot(params, loaded)


def shown_network(params: Params, networks: Mapping[Slot, NetworkStatus]) -> NetworkStatus | None:
    """Return the network that plays: the one whose layers and tensors are listed and named."""
    slot = shown_slot(params, networks)
    return None if slot is None else networks[slot]


def find_layer(name: str, layers: Sequence[LayerInfo]) -> LayerInfo | None:
    """Return the layer that `Layer.name` means, None for the image and where there is none.

    A name is matched whole; of StyleGAN3's layers the index alone counts, so that "L6" and a
    "L6_36_512" from another network both find L6 here. "L1" never means L10.
    """
    for layer in layers:
        if layer.name == name:
            return layer
    match = _INDEXED.fullmatch(name)
    if match is None:
        return None
    return next((layer for layer in layers if layer.group == match[1]), None)


def resolve_layer(name: str, layers: Sequence[LayerInfo]) -> str | None:
    """Return the full name of the layer `name`, "" for the image, None if there is none."""
    if name == IMAGE:
        return IMAGE
    layer = find_layer(name, layers)
    return None if layer is None else layer.name


def portable_name(layer: LayerInfo) -> str:
    """Return the name that also fits networks of other sizes: "L6" for "L6_36_16"."""
    return layer.group if _INDEXED.fullmatch(layer.name) else layer.name


def show_layer(params: Params, name: str) -> Params:
    """Return `params` with another layer on the screen."""
    return replace(params, layer=replace(params.layer, name=name))


def step_layer(params: Params, networks: Mapping[Slot, NetworkStatus], step: int) -> Params:
    """Show the layer `step` places towards the image; from the image on to the input."""
    network = shown_network(params, networks)
    if network is None:
        return params
    names = [layer.name for layer in network.layers]
    current = resolve_layer(params.layer.name, network.layers)
    present = names.index(current) if current else len(names)  # at the end: the image
    place = (present + step) % (len(names) + 1)
    name = portable_name(network.layers[place]) if place < len(names) else IMAGE
    return show_layer(params, name)


def blend_groups(networks: Mapping[Slot, NetworkStatus]) -> tuple[str, ...]:
    """Return the blend groups of all networks, each once."""
    found = (
        item.group for network in networks.values() for item in (*network.layers, *network.tensors)
    )
    return tuple(dict.fromkeys(found))


def spread_blend(params: Params, networks: Mapping[Slot, NetworkStatus]) -> Params:
    """Return `params` with the amount of "all" given to each blend group that A and B share.

    Groups that have an amount keep it. As long as there are not two networks "all" waits.
    """
    amounts = params.blend.amounts
    if EVERY_GROUP not in amounts or len(networks) < len(SLOTS):
        return params
    of_a, of_b = (blend_groups({slot: networks[slot]}) for slot in SLOTS)
    shared = {group: amounts[EVERY_GROUP] for group in of_a if group in of_b}
    if not shared:
        return params
    own = {name: amount for name, amount in amounts.items() if name != EVERY_GROUP}
    return replace(params, blend=replace(params.blend, amounts=shared | own))


def tensor_problem(name: str, network: NetworkStatus) -> str:
    """Return why no tensor of `network` is called so, with what may be meant; "" where one is."""
    if any(tensor.name == name for tensor in network.tensors):
        return ""
    names = [tensor.name for tensor in network.tensors]
    layer = find_layer(name, network.layers)
    if layer is not None:
        own = [tensor for tensor in names if f".{layer.name}." in f"{tensor}."]
        advice = f"that is a layer; tensors of it are {' and '.join(own[:2])}" if own else ""
    else:
        near = difflib.get_close_matches(name[:200], names, n=1)
        advice = f"did you mean {near[0]}?" if near else ""
    return f"{network.name} has no tensor {name!r}" + (f"; {advice}" if advice else "")


def blend_problem(group: str, groups: Sequence[str], *, is_pair: bool) -> str:
    """Return why nothing blends under the name of `group`, "" where something may.

    Args:
        group: what is to blend.
        groups: of all networks.
        is_pair: whether there are two.
    """
    if group not in groups:
        near = difflib.get_close_matches(group[:200], groups, n=1)
        return f"no network has the layer {group!r} to blend" + (
            f"; did you mean {near[0]}?" if near else f"; there is {', '.join(groups)}"
        )
    if not is_pair:
        return f"{group!r} cannot blend: there is only one network"
    return ""


def group_named(name: str) -> str | None:
    """Return the blend group that a group, layer or tensor is of, None if no name looks so.

    Whether a network has such a group is another question.
    """
    if sized := _SIZED.fullmatch(name):
        return f"b{sized[1]}"
    match = _GROUP.fullmatch(name)
    return None if match is None else match[1]


def noise_layer(tensor: str) -> str:
    """Return what `ground.noise.layers` calls the layer of a tensor: "b16_conv0"."""
    layer = tensor.removeprefix("synthesis.").removesuffix(".noise_strength")
    return layer.replace(".", "_")


def noise_layers(network: NetworkStatus) -> tuple[str, ...]:
    """Return the layers of a network that have noise, as `noise_layer` calls them."""
    names = (tensor.name for tensor in network.tensors)
    return tuple(noise_layer(name) for name in names if name.endswith(".noise_strength"))


def has_input_transform(network: NetworkStatus) -> bool:
    """Whether its pictures can be moved by the sampling grid of its input."""
    return network.family.startswith(("StyleGAN3", "StyleGAN-XL"))
