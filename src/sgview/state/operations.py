"""What an edit can do to a tensor: one row an operation.

The panel, fades, the command line, scripts and the documentation read it here; what the operation
does is the function of its name in `sgview.engine.weights.operations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


@dataclass(frozen=True)
class Operation:
    """One operation as people see it."""

    name: str  # in files, on the command line, in scripts
    label: str  # on the panel
    help: str
    neutral: float = 0.0  # the amount that changes nothing
    usual: tuple[float, float] = (0.0, 1.0)  # range of its bar; beyond it nothing is clamped
    digits: int = 3  # of the amount, after the point
    parameters: tuple[str, ...] = ()  # further fields of `Edit` that it reads
    is_factor: bool = False  # does nothing, but for the sign, to a tensor divided by its own size


_ROWS = (
    Operation(
        "multiply", "Multiply", "Multiply by the amount.",
        neutral=1.0, usual=(-2.0, 2.0), is_factor=True,
    ),
    Operation("add", "Add", "Add the amount.", usual=(-1.0, 1.0)),
    Operation(
        "noise", "Noise", "Add normal noise; 1 is as strong as the tensor itself.",
        parameters=("seed",),
    ),
    Operation(
        "zero", "Zero", "Set a share of the channels to zero; 1 is all of them.",
        parameters=("seed",),
    ),
    Operation(
        "sign", "Sign", "Turn the sign of a share of the values; 1 is all of them.",
        parameters=("seed",),
    ),
    Operation(
        "roll", "Roll", "Move the channels on by the amount, rounded; the last come first.",
        usual=(0.0, 64.0), digits=1,
    ),
    Operation(
        "shuffle", "Shuffle", "Let a share of the channels change places.",
        parameters=("seed",),
    ),
    Operation(
        "quantise", "Quantise", "Round to steps of the amount times the tensor's spread.",
        usual=(0.0, 2.0),
    ),
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {row.name: row for row in _ROWS}
"""By name, in the order of the panel."""

if TYPE_CHECKING:
    OperationName = str
else:
    OperationName = Literal[tuple(OPERATIONS)]
"""What a file may name: an unknown operation is refused with the list of those there are."""
