"""The pickle machine: what opcodes do with a stack and a memo. All that it builds is inert.

Classes become `Global` names, calls become `Stub`s or, for the few constructors in
`known_globals`, references to tensors still in the file. Work and memory are bounded by a number
of operations and by the size of the file; nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.arrays import set_state
from stylegan3.checkpoints.pickle.denylist import check_global
from stylegan3.checkpoints.pickle.known_globals import construct, copy_cost, safe_key
from stylegan3.checkpoints.pickle.stack import Stack
from stylegan3.checkpoints.pickle.values import ArrayRef, DTypeRef, EncodedText, Global, Stub
from stylegan3.checkpoints.source import Cursor

LONGEST_INLINE = 64  # bytes; longer runs stay in the file
LONGEST_TEXT = 1 << 20  # bytes; longer text is data in disguise and stays in the file
LONGEST_INTEGER = 64  # bytes


class Machine(Stack):
    """What a pickle's opcodes act on.

    Every method raises UnusableError where the pickle is damaged, hostile or too large.

    Attributes:
        cursor: stands behind the last opcode, where its arguments are.
        memo: remembered values, by number.
    """

    def __init__(
        self,
        cursor: Cursor,
        persistent_load: Callable[[Any], Any] | None,
        most_operations: int,
    ) -> None:
        super().__init__()
        self.cursor = cursor
        self._persistent_load = persistent_load
        self._left = most_operations
        self.memo: dict[int, Any] = {}

    def charge(self, work: int) -> None:
        """Pay for `work` small objects; a pickle may make a bounded number of them."""
        self._left -= work
        if self._left < 0:
            raise UnusableError("it holds far more objects than a checkpoint has")

    # -- the memo --------------------------------------------------------------------------------

    def put(self, index: int) -> None:
        """Remember the topmost value."""
        self.memo[index] = self.top()

    def get(self, index: int) -> None:
        """Push a remembered value."""
        if index not in self.memo:
            raise UnusableError("it is damaged: its pickle refers to a value that it lacks")
        self.push(self.memo[index])

    # -- numbers and text ------------------------------------------------------------------------

    def line(self) -> str:
        """The text up to the next line feed."""
        return self.cursor.take_line().decode("latin-1").strip()

    def line_number(self, kind: type[int] | type[float]) -> Any:
        """The number on the next line."""
        return _parse(kind, self.line().rstrip("L"))

    def push_int_line(self) -> None:
        """Push the integer or truth value on the next line."""
        text = self.line()
        self.push(text == "01" if text in ("00", "01") else _parse(int, text))

    def push_integer(self, length: int) -> None:
        """Push an integer of `length` bytes."""
        if not 0 <= length <= LONGEST_INTEGER:
            raise UnusableError("it holds an integer larger than any checkpoint has")
        self.push(int.from_bytes(self.cursor.take(length), "little", signed=True))

    def push_text(self, length: int) -> None:
        """Push text of `length` bytes; long text stays in the file."""
        if length > LONGEST_TEXT:
            self.push(EncodedText(self.cursor.skip(length)))
        else:
            self.push(self.cursor.take(length).decode("utf-8", "replace"))

    def push_bytes(self, length: int) -> None:
        """Push `length` bytes; long runs stay in the file."""
        if length < 0:
            raise UnusableError("it is damaged: a text in it has a negative length")
        if length > LONGEST_INLINE:
            self.push(self.cursor.skip(length))
        else:
            self.push(self.cursor.take(length))

    def push_native_string(self, length: int) -> None:
        """Push what Python 2 called `str`: short ones are text, long ones bytes."""
        # Python 2 wrote text and the bytes of arrays alike; arrays are long.
        if 0 <= length <= LONGEST_INLINE:
            self.push(self.cursor.take(length).decode("latin-1"))
        else:
            self.push_bytes(length)

    def push_string_line(self) -> None:
        """Push the quoted text on the next line."""
        text = self.line()
        if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
            raise UnusableError("it is damaged: a text in it has no end")
        self.push(text[1:-1])

    # -- containers ------------------------------------------------------------------------------

    def extend(self, values: list[Any]) -> None:
        """Append values to the topmost one."""
        target = self.top()
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, Stub):
            target.items = target.items or []
            target.items.extend(values)
        else:
            raise UnusableError("it is damaged: its pickle appends to what is no list")

    def append(self) -> None:
        """Append the topmost value to the one below."""
        value = self.pop()
        self.extend([value])

    def set_items(self, flat: list[Any]) -> None:
        """Set items of the topmost value: key, value, key, value, .."""
        target = self.top()
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

    def set_item(self) -> None:
        """Set an item: value and key are topmost."""
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def push_dict(self) -> None:
        """Push a dictionary of the values above the topmost mark."""
        flat = self.pop_to_mark()
        self.push({})
        self.set_items(flat)

    # -- names and calls -------------------------------------------------------------------------

    def push_global(self, module: Any, name: Any) -> None:
        """Push the name of a class or function, if a checkpoint may have it."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise UnusableError("it is damaged: a class in it has no name")
        check_global(module, name)
        self.push(Global(module, name))

    def push_stack_global(self) -> None:
        """Push a name whose parts are topmost."""
        name, module = self.pop(), self.pop()
        self.push_global(module, name)

    def reduce(self) -> None:
        """Replace function and arguments by what stands for the call."""
        args, function = self.pop(), self.pop()
        self.call(function, args)

    def call(self, function: Any, args: Any, kwargs: Any = None) -> None:
        """Push what stands for a call."""
        if not isinstance(args, tuple):
            raise UnusableError("it is damaged: a call in it has no arguments")
        # What a constructor copies is paid for, or one byte could double the memory in use.
        self.charge(sum(copy_cost(value) for value in args))
        if isinstance(function, Global) and not kwargs:
            self.push(construct(function, args))
        else:
            self.push(Stub(function, args, kwargs))

    def new_with_kwargs(self) -> None:
        """Replace class, arguments and keyword arguments by what stands for the call."""
        kwargs, args, cls = self.pop(), self.pop(), self.pop()
        self.call(cls, args, kwargs)

    def new_object(self) -> None:
        """Push what stands for a call of the values above the topmost mark."""
        values = self.pop_to_mark()
        if not values:
            raise UnusableError("it is damaged: an object in it has no class")
        self.call(values[0], tuple(values[1:]))

    def new_instance(self) -> None:
        """Push what stands for a call of the class on the next two lines."""
        self.push_global(self.line(), self.line())
        cls = self.pop()
        self.call(cls, tuple(self.pop_to_mark()))

    def build(self) -> None:
        """Give the value below the state that is topmost."""
        state, target = self.pop(), self.top()
        if isinstance(target, ArrayRef | DTypeRef):
            set_state(target, state)
        elif isinstance(target, Stub):
            target.state = state
        # Attributes on a dictionary, list or number carry nothing that a generator needs.

    def push_persistent(self, identity: Any) -> None:
        """Push what a persistent identifier stands for."""
        if self._persistent_load is None:
            raise UnusableError("it refers to data in another file")
        self.push(self._persistent_load(identity))

    def refuse_extension(self) -> None:
        """Refuse codes of the extension registry."""
        raise UnusableError("it uses pickle's extension registry, which no checkpoint does")

    def refuse_buffers(self) -> None:
        """Refuse data outside the file."""
        raise UnusableError("it keeps its data outside the file, which no checkpoint does")


def _parse(kind: type[int] | type[float], text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise UnusableError(f"it is damaged: {text[:20]!r} is no number") from None
