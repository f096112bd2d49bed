"""What each opcode of a pickle does to the machine in `unpickler`: protocols 0 to 5.

The comments give the names that the pickle documentation uses, where the call does not say it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stylegan3.checkpoints.pickle.unpickler import Unpickler

MARK = object()  # start of a list of values on the stack


def _number(code: str) -> Callable[[Unpickler], int]:
    return lambda machine: machine._cursor.take_number(code)


_U1, _U2, _U4, _U8, _I4 = (_number(code) for code in "BHIQi")
OPERATIONS: dict[bytes, Callable[[Unpickler], Any]] = {
    b"\x80": _U1,  # PROTO
    b"\x95": _U8,  # FRAME
    b"(": lambda m: m._push(MARK),
    b"0": lambda m: m._pop_or_mark(),
    b"1": lambda m: m._pop_to_mark(),
    b"2": lambda m: m._push(m._top()),
    b"N": lambda m: m._push(None),
    b"\x88": lambda m: m._push(True),
    b"\x89": lambda m: m._push(False),
    b"I": lambda m: m._int_line(),
    b"L": lambda m: m._push(m._line_number(int)),
    b"F": lambda m: m._push(m._line_number(float)),
    b"J": lambda m: m._push(_I4(m)),
    b"K": lambda m: m._push(_U1(m)),
    b"M": lambda m: m._push(_U2(m)),
    b"G": lambda m: m._push(struct.unpack(">d", m._cursor.take(8))[0]),
    b"\x8a": lambda m: m._long(_U1(m)),
    b"\x8b": lambda m: m._long(_I4(m)),
    b"S": lambda m: m._string_line(),
    b"U": lambda m: m._native_string(_U1(m)),
    b"T": lambda m: m._native_string(_I4(m)),
    b"V": lambda m: m._push(m._cursor.take_line().decode("raw-unicode-escape", "replace")),
    b"\x8c": lambda m: m._text(_U1(m)),
    b"X": lambda m: m._text(_U4(m)),
    b"\x8d": lambda m: m._text(_U8(m)),
    b"C": lambda m: m._bytes(_U1(m)),
    b"B": lambda m: m._bytes(_U4(m)),
    b"\x8e": lambda m: m._bytes(_U8(m)),
    b"\x96": lambda m: m._bytes(_U8(m)),
    b")": lambda m: m._push(()),
    b"]": lambda m: m._push([]),
    b"}": lambda m: m._push({}),
    b"\x8f": lambda m: m._push([]),  # sets are kept as lists: nothing needs hashing
    b"t": lambda m: m._push(tuple(m._pop_to_mark())),
    b"\x85": lambda m: m._pop_tuple(1),
    b"\x86": lambda m: m._pop_tuple(2),
    b"\x87": lambda m: m._pop_tuple(3),
    b"l": lambda m: m._push(m._pop_to_mark()),
    b"d": lambda m: m._dict(),
    b"a": lambda m: m._append(),
    b"e": lambda m: m._extend(m._pop_to_mark()),
    b"s": lambda m: m._set_item(),
    b"u": lambda m: m._set_items(m._pop_to_mark()),
    b"\x90": lambda m: m._extend(m._pop_to_mark()),
    b"\x91": lambda m: m._push(m._pop_to_mark()),
    b"p": lambda m: m._put(m._line_number(int)),
    b"q": lambda m: m._put(_U1(m)),
    b"r": lambda m: m._put(_U4(m)),
    b"\x94": lambda m: m._put(len(m._memo)),
    b"g": lambda m: m._get(m._line_number(int)),
    b"h": lambda m: m._get(_U1(m)),
    b"j": lambda m: m._get(_U4(m)),
    b"c": lambda m: m._global(m._line(), m._line()),
    b"\x93": lambda m: m._stack_global(),
    b"R": lambda m: m._reduce(),
    b"\x81": lambda m: m._reduce(),  # NEWOBJ
    b"\x92": lambda m: m._new_with_kwargs(),
    b"o": lambda m: m._object(),
    b"i": lambda m: m._instance(),
    b"b": lambda m: m._build(),
    b"P": lambda m: m._persistent(m._line()),
    b"Q": lambda m: m._persistent(m._pop()),
    b"\x82": lambda m: m._refuse_extension(),
    b"\x83": lambda m: m._refuse_extension(),
    b"\x84": lambda m: m._refuse_extension(),
    b"\x97": lambda m: m._refuse_buffers(),
    b"\x98": lambda _: None,
}
