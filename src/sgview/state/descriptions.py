"""What a value is called away from its panel, its usual range, and what it is at first.

All of it comes from the `Field` of its leaf; of the amount of an edit, from its operation.
"""

from __future__ import annotations

import re
from typing import Any

from sgview.state.commands import Command
from sgview.state.operations import OPERATIONS, Operation
from sgview.state.params import Edit, Params
from sgview.state.paths import Leaf, leaf_at, whole_number


def name_of(path: str) -> str:
    """Return what people call the value, or the branch, at `path`: "Noise amplitude", "Blend L12".

    Edits count from 1, as they do on the panel.
    """
    words = path.split(".")
    leaf, first = leaf_at(path), leaf_at(f"{path}.0")
    row = whole_number(words[1]) if words[0] == "edits" and len(words) > 1 else None
    if row is not None:
        words = ["edit", str(row + 1), *words[2:3]]
    elif words[0] == "sliders" and len(words) > 1:
        words[0] = "slider"
    elif words[:2] == ["blend", "amounts"]:
        del words[1]
    elif leaf is not None and isinstance(leaf.parts[-1], int):
        words = [leaf.field.name or " ".join(words[:-1]), leaf.axis or words[-1]]
    elif (named := leaf or first) is not None and named.field.name:
        words = [named.field.name]
    name = " ".join(words).replace("_", " ")
    return name[:1].upper() + name[1:]


def usual_range(params: Params, leaf: Leaf) -> tuple[float, float]:
    """Return the range of a value's bar, which a learned controller is mapped to."""
    operation = _operation(params, leaf)
    return leaf.field.usual if operation is None else operation.usual


def default_of(params: Params, leaf: Leaf) -> Any:
    """Return what a value is where nobody has set it; the amount of an edit then does nothing."""
    operation = _operation(params, leaf)
    return leaf.default if operation is None else operation.neutral


def _operation(params: Params, leaf: Leaf) -> Operation | None:
    """Return the operation whose amount a leaf is."""
    if leaf.parts[0] != "edits" or leaf.parts[-1] != "amount":
        return None
    row = leaf.parts[1]
    assert isinstance(row, int)
    return OPERATIONS[params.edits[row].operation] if row < len(params.edits) else None


def names_of_edits(edits: tuple[Edit, ...]) -> str:
    """Return how many there are and of what: "3 edits of a.weight, b.weight and 1 more"."""
    named = ", ".join(edit.tensor or "no tensor yet" for edit in edits[:2])
    rest = f" and {len(edits) - 2} more" if len(edits) > 2 else ""
    count = "the edit" if len(edits) == 1 else f"{len(edits)} edits"
    return f"{count} of {named}{rest}"


def name_of_command(command: Command) -> str:
    """Return what to call a command in a sentence: 'command "load network"'."""
    words = re.sub(r"(?<!^)([A-Z])", r" \1", type(command).__name__).lower()
    return f'command "{words}"'
