"""A pickle machine that builds inert data and can do nothing else.

Python's own unpickler imports what a file names and calls it. This one interprets the opcodes of
protocols 0 to 5 itself: classes become `Global` names, calls become `Stub`s or, for the few
constructors in `known_globals`, references to tensors still in the file. Its work and memory are
bounded by a number of operations and by the size of the file; nothing in it recurses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.denylist import check_global
from stylegan3.checkpoints.pickle.known_globals import construct, copy_cost, safe_key, set_state
from stylegan3.checkpoints.pickle.opcodes import MARK, OPERATIONS
from stylegan3.checkpoints.pickle.values import ArrayRef, DTypeRef, EncodedText, Global, Stub
from stylegan3.checkpoints.source import Cursor

MOST_OPERATIONS = 1_000_000  # published checkpoints need 10,000 to 100,000
LONGEST_INLINE = 64  # bytes; longer runs stay in the file
LONGEST_TEXT = 1 << 20  # bytes; longer text is data in disguise and stays in the file
LONGEST_INTEGER = 64  # bytes


class Unpickler:
    """Reads one pickle from a cursor."""

    def __init__(
        self,
        cursor: Cursor,
        persistent_load: Callable[[Any], Any] | None = None,
        most_operations: int = MOST_OPERATIONS,
    ) -> None:
        self._cursor = cursor
        self._persistent_load = persistent_load
        self._left = most_operations
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The pickle's value; the cursor then stands behind it.

        Raises:
            UnusableError: if the pickle is damaged, hostile or too large.
        """
        cursor, operations = self._cursor, OPERATIONS
        while True:
            opcode = cursor.take(1)
            if opcode == b".":
                return self._pop()
            operation = operations.get(opcode)
            if operation is None:
                raise UnusableError(
                    f"it is damaged: no pickle has the operation {opcode!r}"
                    f" (at byte {cursor.position - 1})"
                )
            self._charge(1)
            operation(self)

    def _charge(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise UnusableError("it holds far more objects than a checkpoint has")

    # -- the stack -------------------------------------------------------------------------------

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is MARK:
            raise UnusableError("it is damaged: its pickle takes more values than it holds")
        return self._stack.pop()

    def _top(self) -> Any:
        if not self._stack or self._stack[-1] is MARK:
            raise UnusableError("it is damaged: its pickle takes more values than it holds")
        return self._stack[-1]

    def _pop_to_mark(self) -> list[Any]:
        values = []
        while self._stack:
            value = self._stack.pop()
            if value is MARK:
                values.reverse()
                return values
            values.append(value)
        raise UnusableError("it is damaged: its pickle has no start of a list")

    def _pop_tuple(self, length: int) -> None:
        values = [self._pop() for _ in range(length)]
        self._push(tuple(reversed(values)))

    def _pop_or_mark(self) -> None:
        if not self._stack:
            raise UnusableError("it is damaged: its pickle takes more values than it holds")
        self._stack.pop()

    # -- the memo --------------------------------------------------------------------------------

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise UnusableError("it is damaged: its pickle refers to a value that it lacks")
        self._push(self._memo[index])

    # -- numbers and text ------------------------------------------------------------------------

    def _line(self) -> str:
        return self._cursor.take_line().decode("latin-1").strip()

    def _line_number(self, kind: type[int] | type[float]) -> Any:
        return _parse(kind, self._line().rstrip("L"))

    def _int_line(self) -> None:
        text = self._line()
        self._push(text == "01" if text in ("00", "01") else _parse(int, text))

    def _long(self, length: int) -> None:
        if not 0 <= length <= LONGEST_INTEGER:
            raise UnusableError("it holds an integer larger than any checkpoint has")
        self._push(int.from_bytes(self._cursor.take(length), "little", signed=True))

    def _text(self, length: int) -> None:
        if length > LONGEST_TEXT:
            self._push(EncodedText(self._cursor.skip(length)))
        else:
            self._push(self._cursor.take(length).decode("utf-8", "replace"))

    def _bytes(self, length: int) -> None:
        if length < 0:
            raise UnusableError("it is damaged: a text in it has a negative length")
        if length > LONGEST_INLINE:
            self._push(self._cursor.skip(length))
        else:
            self._push(self._cursor.take(length))

    def _native_string(self, length: int) -> None:
        # Python 2 wrote text and the bytes of arrays alike; arrays are long.
        if 0 <= length <= LONGEST_INLINE:
            self._push(self._cursor.take(length).decode("latin-1"))
        else:
            self._bytes(length)

    def _string_line(self) -> None:
        text = self._line()
        if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
            raise UnusableError("it is damaged: a text in it has no end")
        self._push(text[1:-1])

    # -- containers ------------------------------------------------------------------------------

    def _extend(self, values: list[Any]) -> None:
        target = self._top()
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, Stub):
            target.items = target.items or []
            target.items.extend(values)
        else:
            raise UnusableError("it is damaged: its pickle appends to what is no list")

    def _append(self) -> None:
        value = self._pop()
        self._extend([value])

    def _set_items(self, flat: list[Any]) -> None:
        target = self._top()
        if len(flat) % 2:
            raise UnusableError("it is damaged: a dictionary in it has a key without a value")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if isinstance(target, dict):
                target[safe_key(key)] = value
            elif isinstance(target, Stub):
                if target.pairs is None:
                    target.pairs = []
                target.pairs.append((key, value))
            else:
                raise UnusableError("it is damaged: its pickle sets keys of what is no dictionary")

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _dict(self) -> None:
        flat = self._pop_to_mark()
        self._push({})
        self._set_items(flat)

    # -- names and calls -------------------------------------------------------------------------

    def _global(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise UnusableError("it is damaged: a class in it has no name")
        check_global(module, name)
        self._push(Global(module, name))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._global(module, name)

    def _reduce(self) -> None:
        args, function = self._pop(), self._pop()
        self._call(function, args)

    def _call(self, function: Any, args: Any, kwargs: Any = None) -> None:
        if not isinstance(args, tuple):
            raise UnusableError("it is damaged: a call in it has no arguments")
        # What a constructor copies is paid for, or one byte could double the memory in use.
        self._charge(sum(copy_cost(value) for value in args))
        if isinstance(function, Global) and not kwargs:
            self._push(construct(function, args))
        else:
            self._push(Stub(function, args, kwargs))

    def _new_with_kwargs(self) -> None:
        kwargs, args, cls = self._pop(), self._pop(), self._pop()
        self._call(cls, args, kwargs)

    def _object(self) -> None:
        values = self._pop_to_mark()
        if not values:
            raise UnusableError("it is damaged: an object in it has no class")
        self._call(values[0], tuple(values[1:]))

    def _instance(self) -> None:
        self._global(self._line(), self._line())
        cls = self._pop()
        self._call(cls, tuple(self._pop_to_mark()))

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, ArrayRef | DTypeRef):
            set_state(target, state)
        elif isinstance(target, Stub):
            target.state = state
        # Attributes on a dictionary, list or number carry nothing that a generator needs.

    def _persistent(self, identity: Any) -> None:
        if self._persistent_load is None:
            raise UnusableError("it refers to data in another file")
        self._push(self._persistent_load(identity))

    def _refuse_extension(self) -> None:
        raise UnusableError("it uses pickle's extension registry, which no checkpoint does")

    def _refuse_buffers(self) -> None:
        raise UnusableError("it keeps its data outside the file, which no checkpoint does")


def _parse(kind: type[int] | type[float], text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise UnusableError(f"it is damaged: {text[:20]!r} is no number") from None
