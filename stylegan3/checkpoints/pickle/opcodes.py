"""What each opcode of a pickle does to the `machine`: protocols 0 to 5.

The comments give the names that the pickle documentation uses, where the call does not say it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from stylegan3.checkpoints.pickle.machine import Machine
from stylegan3.checkpoints.pickle.stack import MARK


def _number(code: str) -> Callable[[Machine], int]:
    layout = struct.Struct("<" + code)
    return lambda machine: machine.cursor.take_number(layout)


def _U1(machine: Machine) -> int:  # noqa: N802  (named as the others)
    return machine.cursor.take_byte()


_U2, _U4, _U8, _I4 = (_number(code) for code in "HIQi")
OPERATIONS: dict[bytes, Callable[[Machine], Any]] = {
    b"\x80": _U1,  # PROTO
    b"\x95": _U8,  # FRAME
    b"(": lambda m: m.push(MARK),
    b"0": lambda m: m.pop_or_mark(),
    b"1": lambda m: m.pop_to_mark(),
    b"2": lambda m: m.push(m.top()),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": lambda m: m.push_int_line(),
    b"L": lambda m: m.push(m.line_number(int)),
    b"F": lambda m: m.push(m.line_number(float)),
    b"J": lambda m: m.push(_I4(m)),
    b"K": lambda m: m.push(_U1(m)),
    b"M": lambda m: m.push(_U2(m)),
    b"G": lambda m: m.push(struct.unpack(">d", m.cursor.take(8))[0]),
    b"\x8a": lambda m: m.push_integer(_U1(m)),
    b"\x8b": lambda m: m.push_integer(_I4(m)),
    b"S": lambda m: m.push_string_line(),
    b"U": lambda m: m.push_native_string(_U1(m)),
    b"T": lambda m: m.push_native_string(_I4(m)),
    b"V": lambda m: m.push(m.cursor.take_line().decode("raw-unicode-escape", "replace")),
    b"\x8c": lambda m: m.push_text(_U1(m)),
    b"X": lambda m: m.push_text(_U4(m)),
    b"\x8d": lambda m: m.push_text(_U8(m)),
    b"C": lambda m: m.push_bytes(_U1(m)),
    b"B": lambda m: m.push_bytes(_U4(m)),
    b"\x8e": lambda m: m.push_bytes(_U8(m)),
    b"\x96": lambda m: m.push_bytes(_U8(m)),
    b")": lambda m: m.push(()),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b"\x8f": lambda m: m.push([]),  # sets are kept as lists: nothing needs hashing
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"\x85": lambda m: m.pop_tuple(1),
    b"\x86": lambda m: m.pop_tuple(2),
    b"\x87": lambda m: m.pop_tuple(3),
    b"l": lambda m: m.push(m.pop_to_mark()),
    b"d": lambda m: m.push_dict(),
    b"a": lambda m: m.append(),
    b"e": lambda m: m.extend(m.pop_to_mark()),
    b"s": lambda m: m.set_item(),
    b"u": lambda m: m.set_items(m.pop_to_mark()),
    b"\x90": lambda m: m.extend(m.pop_to_mark()),
    b"\x91": lambda m: m.push(m.pop_to_mark()),
    b"p": lambda m: m.put(m.line_number(int)),
    b"q": lambda m: m.put(_U1(m)),
    b"r": lambda m: m.put(_U4(m)),
    b"\x94": lambda m: m.put(len(m.memo)),
    b"g": lambda m: m.get(m.line_number(int)),
    b"h": lambda m: m.get(_U1(m)),
    b"j": lambda m: m.get(_U4(m)),
    b"c": lambda m: m.push_global(m.line(), m.line()),
    b"\x93": lambda m: m.push_stack_global(),
    b"R": lambda m: m.reduce(),
    b"\x81": lambda m: m.reduce(),  # NEWOBJ
    b"\x92": lambda m: m.new_with_kwargs(),
    b"o": lambda m: m.new_object(),
    b"i": lambda m: m.new_instance(),
    b"b": lambda m: m.build(),
    b"P": lambda m: m.push_persistent(m.line()),
    b"Q": lambda m: m.push_persistent(m.pop()),
    b"\x82": lambda m: m.refuse_extension(),
    b"\x83": lambda m: m.refuse_extension(),
    b"\x84": lambda m: m.refuse_extension(),
    b"\x97": lambda m: m.refuse_buffers(),
    b"\x98": lambda _: None,
}
