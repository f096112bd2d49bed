"""Reading a pickle as inert data, which is all that this unpickler can do.

Python's own unpickler imports what a file names and calls it. This one interprets the opcodes of
protocols 0 to 5 itself: `machine` has what they act on, `opcodes` what each of them does.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.machine import Machine
from stylegan3.checkpoints.pickle.opcodes import OPERATIONS
from stylegan3.checkpoints.source import Cursor

MOST_OPERATIONS = 1_000_000  # published checkpoints need 10,000 to 100,000

_STOP = ord(".")
_OPERATIONS = [OPERATIONS.get(bytes([opcode])) for opcode in range(256)]  # found by number


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python's collector of cycles rest: a bounded number of objects is made, and all are used.

    It would look through everything else in the program again and again meanwhile, which takes
    longer than the file, and holds up every thread.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
        with _uncollected():
            return self._run()

    def _run(self) -> Any:
        cursor, machine, operations = self._cursor, self._machine, _OPERATIONS
        take_byte, charge = cursor.take_byte, machine.charge
        while (opcode := take_byte()) != _STOP:
            operation = operations[opcode]
            if operation is None:
                raise UnusableError(
                    f"it is damaged: no pickle has the operation {bytes([opcode])!r}"
                    f" (at byte {cursor.position - 1})"
                )
            charge(1)
            operation(machine)
        return machine.pop()
