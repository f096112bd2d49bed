"""Inputs made from other inputs: damage of every kind, from a seed."""

from __future__ import annotations

import random
import re
import struct

LARGEST = 300_000  # of an input [bytes]
_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_NUMBERS = (
    b"0", b"-1", b"1e308", b"-1e308", b"1e999", b"nan", b"inf", b"-inf", b"1e-320", b"9" * 400,
    b"2147483648", b"9223372036854775808", b"-9223372036854775809", b"0.1", b"1_0", b"0x10", b"",
)  # fmt: skip
_WHOLE = (0, 1, -1, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**62)


class Mutator:
    """Makes inputs.

    Args:
        seed: of all choices.
        seeds: whole inputs to begin with.
        tokens: pieces that mean something to the reader.
    """

    def __init__(self, seed: int, seeds: list[bytes], tokens: tuple[bytes, ...] = ()) -> None:
        self._random = random.Random(seed)
        self._seeds, self._tokens = seeds or [b""], tokens or (b"\0",)
        self._ways = (
            self._set, self._flip, self._delete, self._insert, self._repeat, self._splice,
            self._overwrite, self._put_token, self._cut, self._swap, self._renumber, self._many,
        )  # fmt: skip

    def make(self) -> bytes:
        """Return a new input."""
        if self._random.random() < 0.08:
            return self._program()
        return self.mutate(self._random.choice(self._seeds))

    def mutate(self, data: bytes) -> bytes:
        """Return `data` with one to six changes."""
        changed = bytearray(data)
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 6))):
            self._random.choice(self._ways)(changed)
        return bytes(changed[:LARGEST])

    def _program(self) -> bytes:
        """Return tokens alone, one after the other."""
        return b"".join(self._random.choices(self._tokens, k=self._random.randrange(60)))

    def _at(self, data: bytearray) -> int:
        """Return a place: anywhere, or near the beginning, where headers are."""
        if self._random.random() < 0.3:
            return self._random.randrange(min(len(data), 512) + 1)
        return self._random.randrange(len(data) + 1)

    def _set(self, data: bytearray) -> None:
        at = self._at(data)
        data[at : at + 1] = self._random.randbytes(1)

    def _flip(self, data: bytearray) -> None:
        at = self._at(data)
        if at < len(data):
            data[at] ^= 1 << self._random.randrange(8)

    def _delete(self, data: bytearray) -> None:
        at = self._at(data)
        del data[at : at + self._random.choice((1, 2, 4, 8, 50, 1000))]

    def _insert(self, data: bytearray) -> None:
        at = self._at(data)
        data[at:at] = self._random.randbytes(self._random.choice((1, 2, 4, 8, 50)))

    def _repeat(self, data: bytearray) -> None:
        at, length = self._at(data), self._random.choice((1, 2, 8, 30, 300))
        piece = bytes(data[at : at + length])
        data[at:at] = piece * self._random.choice((1, 1, 2, 10, 100, 1000))
        del data[LARGEST:]

    def _splice(self, data: bytearray) -> None:
        other = self._random.choice(self._seeds)
        at, start = self._at(data), self._random.randrange(len(other) + 1)
        length = self._random.choice((4, 16, 64, 256, 2000))
        data[at : at + self._random.choice((0, length))] = other[start : start + length]

    def _overwrite(self, data: bytearray) -> None:
        at, value = self._at(data), self._random.choice(_WHOLE)
        size = self._random.choice((1, 2, 4, 8))
        order = self._random.choice(("<", ">"))
        value &= (1 << 8 * size) - 1
        data[at : at + size] = struct.pack(f"{order}{'_BH_I___Q'[size]}", value)

    def _put_token(self, data: bytearray) -> None:
        at, token = self._at(data), self._random.choice(self._tokens)
        data[at : at + self._random.choice((0, 0, len(token)))] = token

    def _many(self, data: bytearray) -> None:
        at, token = self._at(data), self._random.choice(self._tokens)
        data[at:at] = token * self._random.choice((5, 50, 500, 5000))
        del data[LARGEST:]

    def _cut(self, data: bytearray) -> None:
        if self._random.random() < 0.5:
            del data[self._at(data) :]

    def _swap(self, data: bytearray) -> None:
        a, b = sorted((self._at(data), self._at(data)))
        length = self._random.choice((1, 4, 20))
        data[a : a + length], data[b : b + length] = data[b : b + length], data[a : a + length]

    def _renumber(self, data: bytearray) -> None:
        """Replace one of the numbers near a place, as text has them."""
        at = self._at(data)
        if found := _NUMBER.search(data, at, at + 2000):
            data[found.start() : found.end()] = self._random.choice(_NUMBERS)
