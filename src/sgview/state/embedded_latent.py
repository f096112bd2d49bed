"""A latent as text, for the metadata of a picture."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from sgview.state.validation import decode_json

KEY = "sgview:latent"
"""Name of the text chunk in a PNG."""
MOST_TEXT = 900_000  # [characters]; readers of PNG refuse chunks of more than a megabyte
_FLOAT = 4  # [bytes]


class EmbeddedLatent(Struct, frozen=True):
    """A z, or the rows of w before truncation, with the network that they were played on."""

    kind: Literal["z", "w"]
    rows: Annotated[int, Meta(ge=1, le=1024)]
    width: Annotated[int, Meta(ge=1, le=65536)]
    data: str  # base64 of zlib of float32 [rows, width], little endian
    network: str = ""
    network_hash: str = ""

    def numbers(self) -> bytes:
        """Return float32 [rows, width], little endian.

        Raises:
            ValueError: if they are damaged.
        """
        size = self.rows * self.width * _FLOAT
        try:
            unpacked = zlib.decompressobj().decompress(base64.b64decode(self.data), size + 1)
        except (binascii.Error, zlib.error) as error:
            raise ValueError(f"the latent is damaged: {error}") from error
        if len(unpacked) != size:
            raise ValueError(f"the latent is damaged: {len(unpacked)} bytes, not {size}")
        return unpacked


def embed(
    kind: Literal["z", "w"],
    numbers: bytes,  # float32 [rows, width], little endian
    width: int,
    *,
    network: str = "",
    network_hash: str = "",
) -> str:
    """Return a latent as text, equal rows once; "" if it is too long for a PNG."""
    row = width * _FLOAT
    rows = [numbers[start : start + row] for start in range(0, len(numbers), row)]
    if all(other == rows[0] for other in rows):
        rows = rows[:1]
    data = base64.b64encode(zlib.compress(b"".join(rows), 6)).decode()
    latent = EmbeddedLatent(kind, len(rows), width, data, network, network_hash)
    text = msgspec.json.encode(latent).decode()
    return text if len(text) <= MOST_TEXT else ""


def read_embedded(text: str) -> EmbeddedLatent:
    """Return the latent in a text that `embed` made.

    Raises:
        ValueError: if there is none.
    """
    try:
        return decode_json(text[: MOST_TEXT + 1], EmbeddedLatent)
    except ValueError as error:
        raise ValueError(f"it holds no latent: {error}") from error
