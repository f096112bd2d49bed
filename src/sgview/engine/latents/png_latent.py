"""The latent that a snapshot carries in its metadata."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from sgview.state.embedded_latent import KEY, MOST_TEXT, EmbeddedLatent, read_embedded

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 64  # before the pixels
_PIXELS = (b"IDAT", b"IEND")


def read_png_latent(path: Path) -> tuple[EmbeddedLatent, Tensor] | None:  # [rows, width] float32
    """Return the latent in the metadata of a PNG, None if there is none; pixels are not read.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if the latent is damaged.
    """
    with path.open("rb") as file:
        text = _find_text(file)
    if text is None:
        return None
    latent = read_embedded(text)
    values = torch.frombuffer(bytearray(latent.numbers()), dtype=torch.float32)
    return latent, values.view(latent.rows, latent.width)


def _find_text(file: BinaryIO) -> str | None:
    """Return the international text of that name (PNG specification, 11.3.3.4)."""
    if file.read(len(_SIGNATURE)) != _SIGNATURE:
        raise ValueError("it is no PNG")
    start = KEY.encode() + b"\0\0\0"  # not compressed
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        length, kind = struct.unpack(">I4s", head)
        if kind in _PIXELS:
            return None
        if kind != b"iTXt" or length > MOST_TEXT + 1024:
            file.seek(length + 4, 1)
            continue
        data = file.read(length)
        file.seek(4, 1)  # the checksum
        if data.startswith(start):
            return data[len(start) :].split(b"\0", 2)[-1].decode("utf-8", "replace")
    return None
