"""OSC addresses of the leaves of `Params`: "/sgview/noise/amplitude", "/sgview/edit/1/amount".

An address is the path with slashes, after "/sgview". A leaf may have a shorter one (`Field.osc`);
the long one is understood too. Edits count from 1, as they do on the panel.
"""

from __future__ import annotations

from functools import cache

from sgview.state.params import Params
from sgview.state.paths import Leaf, leaf_at, leaves, whole_number

ROOT = "/sgview/"
PRESET = "/sgview/preset"  # recalls a preset by its number or name; no leaf

_BLEND_FIELDS = ("source", "master", "amounts")


def address_of(leaf: Leaf) -> str:
    """Return the shortest address of a leaf."""
    words = [str(part) for part in leaf.parts]
    if words[0] == "edits":
        words[:2] = ["edit", str(int(words[1]) + 1)]
    elif words[:2] == ["blend", "amounts"]:
        del words[1]
    elif words[0] == "sliders":
        words[0] = "slider"
    elif leaf.axis:
        words[-1] = leaf.axis
    return ROOT + (leaf.field.osc or "/".join(words))


def leaf_of(address: str) -> Leaf | None:
    """Return the leaf that an address names, None if there is none."""
    if not address.startswith(ROOT):
        return None
    joined = address.removeprefix(ROOT)
    words = _long_forms().get(joined, joined).split("/")
    row = whole_number(words[1]) if words[0] == "edit" and len(words) > 1 else None
    if row is not None:
        words[:2] = ["edits", str(row - 1)]
    elif words[0] == "blend" and len(words) == 2 and words[1] not in _BLEND_FIELDS:
        words.insert(1, "amounts")
    elif words[0] == "slider":
        words[0] = "sliders"
    return None if any("." in word for word in words) else leaf_at(".".join(words))


@cache
def _long_forms() -> dict[str, str]:
    return {
        leaf.field.osc: "/".join(map(str, leaf.parts))
        for leaf in leaves(Params())
        if leaf.field.osc
    }
