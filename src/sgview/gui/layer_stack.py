"""Which network is looked into, and the order of its layers: the image on top, the input below."""

from __future__ import annotations

from msgspec.structs import replace

from sgview.state.params import Params
from sgview.state.status import LayerInfo, NetworkStatus, Status

IMAGE = ""
"""`Layer.name` of the finished picture."""


def shown_network(params: Params, status: Status) -> NetworkStatus | None:
    """The network whose layers and tensors the panels list: A, or B where B plays alone."""
    first, second = ("b", "a") if params.blend.source == "b" else ("a", "b")
    return status.networks.get(first) or status.networks.get(second)


def find_layer(name: str, network: NetworkStatus) -> LayerInfo | None:
    """The layer that `Layer.name` means: its full name, or its group ("L6" for "L6_36_16")."""
    for layer in network.layers:
        if layer.name == name:
            return layer
    for layer in network.layers:
        if layer.name.startswith(f"{name}_"):
            return layer
    return None


def portable_name(layer: LayerInfo) -> str:
    """The name that also fits networks of another size: "L6" for "L6_36_16"."""
    return layer.group if layer.name.startswith(f"{layer.group}_") else layer.name


def step_layer(params: Params, status: Status, step: int) -> Params:
    """Show the layer `step` places towards the image; from the image on to the input."""
    network = shown_network(params, status)
    if network is None:
        return params
    names = [portable_name(layer) for layer in network.layers] + [IMAGE]
    current = find_layer(params.layer.name, network)
    present = names.index(portable_name(current)) if current else len(names) - 1
    return show_layer(params, names[(present + step) % len(names)])


def show_layer(params: Params, name: str) -> Params:
    """`params` with another layer on the screen."""
    return replace(params, layer=replace(params.layer, name=name))
