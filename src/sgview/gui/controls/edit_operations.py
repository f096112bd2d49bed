"""What the edits panel knows of each operation: its name, its neutral amount, its usual range."""

from __future__ import annotations

from dataclasses import dataclass

from sgview.state.networks import TensorInfo
from sgview.state.params import Edit, Operation


@dataclass(frozen=True)
class OperationRow:
    """How one operation is shown."""

    label: str
    neutral: float  # the amount that changes nothing
    low: float  # usual range of the amount
    high: float
    help: str
    is_drawn: bool = False  # `Edit.seed` decides what is hit


OPERATIONS: dict[Operation, OperationRow] = {
    "multiply": OperationRow("Multiply", 1.0, -2.0, 2.0, "Multiply by the amount."),
    "add": OperationRow("Add", 0.0, -1.0, 1.0, "Add the amount."),
    "noise": OperationRow(
        "Noise", 0.0, 0.0, 1.0, "Add normal noise; 1 is as strong as the tensor itself.", True
    ),
    "zero": OperationRow(
        "Zero", 0.0, 0.0, 1.0, "Set a share of the channels to zero; 1 is all of them.", True
    ),
    "sign": OperationRow(
        "Sign", 0.0, 0.0, 1.0, "Turn the sign of a share of the values; 1 is all of them.", True
    ),
    "roll": OperationRow(
        "Roll", 0.0, 0.0, 64.0, "Move the channels on by the amount, rounded; the last come first."
    ),
    "shuffle": OperationRow(
        "Shuffle", 0.0, 0.0, 1.0, "Let a share of the channels change places.", True
    ),
    "quantise": OperationRow(
        "Quantise", 0.0, 0.0, 2.0, "Round to steps of the amount times the tensor's spread."
    ),
}

SCALE_INVARIANT = (
    "The network divides by the size of this tensor, so a factor does not change the picture; "
    "only its sign does. Add, noise, sign, roll or shuffle do."
)


def new_edit(tensor: TensorInfo) -> Edit:
    """An edit of `tensor` that changes nothing yet, of an operation that can change something."""
    operation: Operation = "noise" if tensor.is_scale_invariant else "multiply"
    return Edit(tensor=tensor.name, operation=operation, amount=OPERATIONS[operation].neutral)


def is_dead(edit: Edit, tensor: TensorInfo | None) -> bool:
    """True if the edit cannot change the picture, apart from turning its sign."""
    return edit.operation == "multiply" and tensor is not None and tensor.is_scale_invariant
