"""Bind leaves of `Params` to expressions and read what they are bound to.

The amount of an edit keeps its expression in the edit itself, so that it moves with its row;
everything else is in `Params.bindings`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from sgview.state.params import Params
from sgview.state.paths import whole_number


def bound_text(params: Params, path: str) -> str:
    """Return the expression that the leaf at `path` follows, "" if it follows none."""
    index = _edit_index(params, path)
    if index is not None:
        return params.edits[index].expression
    return params.bindings.get(path, "")


def bind(params: Params, path: str, text: str) -> Params:
    """Return `params` with the leaf at `path` bound to an expression; "" clears it."""
    index = _edit_index(params, path)
    if index is not None:
        edits = list(params.edits)
        edits[index] = replace(edits[index], expression=text)
        return replace(params, edits=tuple(edits))
    bindings = {key: bound for key, bound in params.bindings.items() if key != path}
    if text.strip():
        # In its old place, for the list on the panel not to jump while one is typed.
        bindings = {**params.bindings, path: text}
    return replace(params, bindings=bindings)


def follow_edits(bindings: dict[str, str], order: Sequence[int]) -> dict[str, str]:
    """Return `bindings` after edits were moved or removed.

    Args:
        bindings: as they were, some of them of leaves of edits by their old places.
        order: the old place of each edit that remains, in the new order.
    """
    if not any(path.startswith("edits.") for path in bindings):
        return bindings
    places = {str(old): str(new) for new, old in enumerate(order)}
    moved: dict[str, str] = {}
    for path, text in bindings.items():
        words = path.split(".")
        if words[0] == "edits" and len(words) > 1:
            if words[1] not in places:
                continue
            words[1] = places[words[1]]
        moved[".".join(words)] = text
    return moved


def _edit_index(params: Params, path: str) -> int | None:
    """Return the place of the edit whose amount `path` names."""
    words = path.split(".")
    if len(words) != 3 or words[0] != "edits" or words[2] != "amount":
        return None
    index = whole_number(words[1])
    return index if index is not None and index < len(params.edits) else None
