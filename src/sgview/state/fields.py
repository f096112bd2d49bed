"""What people see of a value of `Params`: its label, its usual range, its help.

A `Field` stands in the annotation of each leaf. Rows and tooltips of the panels, names of changes,
OSC addresses, the range of what is learned, fades and the documentation read it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_type_hints


@dataclass(frozen=True)
class Option:
    """One word that a leaf may be, of a few."""

    value: str  # in files and messages
    label: str  # on its panel
    help: str = ""


@dataclass(frozen=True)
class Field:
    """What people see of one leaf.

    Of a vector, a list or a table it describes each item.
    """

    label: str  # on its panel
    help: str  # sentences, for tooltips and the documentation
    usual: tuple[float, float] = (0.0, 1.0)
    """Range of its bar, which a learned controller is mapped to; what is allowed says `Meta`."""
    unit: str = ""  # shown after the number: "dB", "/s", "°"
    digits: int = 3  # after the point
    step: float = 0.01  # of a vector, for each pixel dragged
    neutral: float | None = None
    """What an item counts as that a table or list does not name; None: it is not such an item."""
    is_name: bool = False  # a number such as a seed: between two of them there is no third
    options: tuple[Option, ...] = ()  # of a text that is one of a few words, in their order
    none: str = ""  # what None is called, where the leaf may be None
    name: str = ""  # away from its panel: "Truncation psi"; "": the words of its path
    osc: str = ""  # OSC address after "/sgview/"; "": its path with slashes

    @property
    def suffix(self) -> str:
        """The unit as it follows a number."""
        return self.unit if self.unit in ("", "°") else f" {self.unit}"


@cache
def fields_of(node: type) -> Mapping[str, Field]:
    """Return the `Field` of each leaf of a struct by its name; branches have none."""
    hints = get_type_hints(node, include_extras=True)
    return {
        name: found
        for name, hint in hints.items()
        for found in getattr(hint, "__metadata__", ())
        if isinstance(found, Field)
    }
