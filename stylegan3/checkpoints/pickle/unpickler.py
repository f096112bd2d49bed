"""Reading a pickle as inert data, which is all that this unpickler can do.

Python's own unpickler imports what a file names and calls it. This one interprets the opcodes of
protocols 0 to 5 itself: `machine` has what they act on, `opcodes` what each of them does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.machine import Machine
from stylegan3.checkpoints.pickle.opcodes import OPERATIONS
from stylegan3.checkpoints.source import Cursor

MOST_OPERATIONS = 1_000_000  # published checkpoints need 10,000 to 100,000


class Unpickler:
    """Reads one pickle from a cursor."""

    def __init__(
        self,
        cursor: Cursor,
        persistent_load: Callable[[Any], Any] | None = None,
        most_operations: int = MOST_OPERATIONS,
    ) -> None:
        self._cursor = cursor
        self._machine = Machine(cursor, persistent_load, most_operations)

    def load(self) -> Any:
        """The pickle's value; the cursor then stands behind it.

        Raises:
            UnusableError: if the pickle is damaged, hostile or too large.
        """
        cursor, machine, operations = self._cursor, self._machine, OPERATIONS
        while True:
            opcode = cursor.take(1)
            if opcode == b".":
                return machine.pop()
            operation = operations.get(opcode)
            if operation is None:
                raise UnusableError(
                    f"it is damaged: no pickle has the operation {opcode!r}"
                    f" (at byte {cursor.position - 1})"
                )
            machine.charge(1)
            operation(machine)
