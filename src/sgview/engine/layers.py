"""Which layer a name means."""

from __future__ import annotations

import re

from sgview.state.status import LayerInfo

_INDEXED = re.compile(r"(L\d+)(?:_\d+_\d+)?")


def resolve_layer(
    name: str,
    layers: tuple[LayerInfo, ...],
) -> str | None:
    """Return the full name of the layer that `name` means, "" for the image, None if there is none.

    A name is matched whole; of StyleGAN3's layers the index alone counts, so that "L6" and a
    "L6_36_512" from another network both find L6 here. "L1" never means L10.
    """
    if not name:
        return ""
    if any(layer.name == name for layer in layers):
        return name
    match = _INDEXED.fullmatch(name)
    if match:
        return next((layer.name for layer in layers if layer.group == match[1]), None)
    return None
