"""The containers that `torch.save` writes: the zip archive (torch >= 1.6) and the older stream.

Both hold a pickle whose storages are persistent identifiers, and the storages' bytes beside it.
Only positions are noted here; `tensors.read_tensor` reads the bytes.
"""

from __future__ import annotations

import struct
import zipfile
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.known_globals import STORAGE_DTYPES
from stylegan3.checkpoints.pickle.unpickler import MOST_OPERATIONS, Unpickler
from stylegan3.checkpoints.pickle.values import Global, NestedStorage, Storage
from stylegan3.checkpoints.source import Cursor, Source, Span

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # that number as a pickle
_I8 = struct.Struct("<q")
NESTED_OPERATIONS = 1000  # a storage wrapped in its own file needs about 60


def load_zip(source: Source) -> Any:
    """The value in a zip archive of `torch.save`.

    Raises:
        UnusableError: if it is damaged or is some other zip archive.
    """
    spans = _zip_spans(source)
    pickles = [name for name in spans if name.split("/")[-1] == "data.pkl"]
    if any(name.split("/")[-1] == "constants.pkl" for name in spans):
        raise UnusableError("it is a TorchScript program, not a checkpoint with tensors by name")
    if not pickles and spans and all(name.endswith(".npy") for name in spans):
        raise UnusableError("it holds arrays of NumPy, such as saved latents, and no network")
    if len(pickles) != 1:
        raise UnusableError("it is a zip archive without a torch checkpoint in it: unpack it first")
    root = pickles[0].removesuffix("data.pkl")
    order = spans.get(root + "byteorder")
    if order and source.read(order.start, min(order.length, 16)) != b"little":
        raise UnusableError("it was saved on a big-endian machine, which is not supported")
    storages: dict[str, Storage] = {}

    def load_storage(identity: Any) -> Any:
        storage, key = _storage(identity)
        if isinstance(storage, Storage):
            storage = storages.setdefault(key, storage)
            storage.data = spans.get(f"{root}data/{key}")
            if storage.data is None:
                raise UnusableError(f"it is damaged: the data of storage {key[:20]} are missing")
        return storage

    return Unpickler(Cursor(source, spans[pickles[0]]), load_storage).load()


def load_legacy(source: Source, span: Span, most_operations: int = MOST_OPERATIONS) -> Any:
    """The value in a stream that `torch.save` wrote before torch 1.6, or on request.

    Raises:
        UnusableError: if it is damaged.
    """
    cursor = Cursor(source, span)
    magic, version, info = (Unpickler(cursor, None, 100).load() for _ in range(3))
    if magic != LEGACY_MAGIC or version != 1001 or not isinstance(info, dict):
        raise UnusableError("it is no file of torch.save that this version can read")
    if info.get("little_endian") is not True:
        raise UnusableError("it was saved on a big-endian machine, which is not supported")
    storages: dict[str, Storage] = {}

    def load_storage(identity: Any) -> Any:
        storage, key = _storage(identity)
        return storages.setdefault(key, storage) if isinstance(storage, Storage) else storage

    value = Unpickler(cursor, load_storage, most_operations).load()
    keys = Unpickler(cursor, None, most_operations).load()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise UnusableError("it is damaged: its list of storages is none")
    for key in keys:
        numel = cursor.take_number(_I8)
        storage = storages.get(key)
        if storage is None or numel < 0:
            raise UnusableError("it is damaged: its list of storages is wrong")
        storage.data = cursor.skip(numel * storage.dtype.itemsize)
        storage.numel = numel
    return value


def open_storage(source: Source, storage: Storage | NestedStorage) -> Storage:
    """The storage itself, out of its own `torch.save` file where it is wrapped in one.

    Raises:
        UnusableError: if there is no storage in it.
    """
    if isinstance(storage, Storage):
        return storage
    start = source.read(storage.data.start, min(len(LEGACY_START), storage.data.length))
    if start != LEGACY_START:
        raise UnusableError("it is damaged: the data of a tensor are no torch storage")
    value = load_legacy(source, storage.data, NESTED_OPERATIONS)
    if not isinstance(value, Storage):
        raise UnusableError("it is damaged: the data of a tensor are no torch storage")
    return value


def _storage(identity: Any) -> tuple[Storage | Global | None, str]:
    """What a persistent identifier stands for, and its key."""
    if isinstance(identity, tuple) and len(identity) >= 2 and identity[0] == "module":
        return (identity[1] if isinstance(identity[1], Global) else None), ""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise UnusableError("it is damaged: a reference in it is none to a storage")
    kind, key, numel = identity[1], identity[2], identity[4]
    if not isinstance(kind, Global) or kind.module.partition(".")[0] != "torch":
        raise UnusableError("it is damaged: a storage in it has no type")
    if kind.name not in STORAGE_DTYPES:
        raise UnusableError(f"it holds a {kind}, which is not supported")
    if not isinstance(key, str) or type(numel) is not int or not 0 <= numel < 1 << 48:
        raise UnusableError("it is damaged: a storage in it has no name or size")
    if len(identity) > 5 and identity[5] is not None:
        raise UnusableError("it was saved by a very old torch: load and save it with a newer one")
    return Storage(STORAGE_DTYPES[kind.name], None, numel), key


def _zip_spans(source: Source) -> dict[str, Span]:
    """Where the content of every file of the archive lies."""
    try:
        with zipfile.ZipFile(source.file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise UnusableError(
            "the file is truncated or damaged: its zip archive has no end"
        ) from error
    spans = {}
    for entry in entries:
        if not entry.filename:
            raise UnusableError("it is damaged: a file in its zip archive has no name")
        if entry.is_dir():
            continue
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise UnusableError(
                "it is a compressed zip archive, which torch never writes: unpack it first"
            )
        header = source.read(entry.header_offset, 30)
        if header[:4] != b"PK\x03\x04":
            raise UnusableError("it is damaged: its zip archive does not point at its files")
        lengths = struct.unpack("<HH", header[26:30])
        spans[entry.filename] = Span(entry.header_offset + 30 + sum(lengths), entry.file_size)
    return spans
