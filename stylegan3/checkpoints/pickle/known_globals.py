"""The few constructors of a pickle that mean data, and the inert values they become.

Every other class or function becomes a `Stub`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle import arrays, dill
from stylegan3.checkpoints.pickle.values import (
    ArrayRef,
    EncodedText,
    Global,
    NestedStorage,
    Storage,
    Stub,
    TensorRef,
)
from stylegan3.checkpoints.source import Span

STORAGE_DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "UntypedStorage": torch.uint8,
}


def construct(function: Global, args: tuple[Any, ...]) -> Any:
    """The inert value of `function(*args)`.

    Raises:
        UnusableError: if a known constructor has arguments that make no sense.
    """
    container = _container(function, args)
    if container is not None:
        return container
    constructor = _CONSTRUCTORS.get((function.module, function.name))
    if constructor is None:
        return Stub(function, args)
    try:
        return constructor(*args)
    except TypeError as error:
        raise UnusableError(f"it is damaged: {function} has wrong arguments") from error


def safe_key(key: Any) -> Any:
    """A dictionary key that hashes quickly; others keep their place under an inert stand-in."""
    if isinstance(key, str | bytes | bool | Global) or key is None:
        return key
    if isinstance(key, int) and -(1 << 31) <= key < 1 << 31:
        return key
    return Stub(None, (key,))


def copy_cost(value: Any) -> int:
    """Work and memory that a constructor may spend on copying an argument, in small objects."""
    if isinstance(value, list | dict):
        return 2 * len(value)
    if isinstance(value, tuple):  # the arguments of a constructor that calls another one
        return len(value) + sum(copy_cost(item) for item in value if not isinstance(item, tuple))
    return len(value) >> 5 if isinstance(value, str | bytes) else 0


def _container(function: Global, args: tuple[Any, ...]) -> dict[Any, Any] | list[Any] | None:
    """A plain container, or None if `function` is none."""
    if function.name in ("OrderedDict", "defaultdict", "EasyDict", "dict"):
        pairs = args[0] if args else ()
        if isinstance(pairs, dict) and function.name != "defaultdict":
            return dict(pairs)
        if not isinstance(pairs, list):
            return {}
        if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
            raise UnusableError("it is damaged: a dictionary in it is none")
        return {safe_key(key): value for key, value in pairs}
    if function.module in ("copyreg", "copy_reg") and len(args) == 3 and isinstance(args[2], dict):
        return dict(args[2])  # a subclass of dict as protocols 0 and 1 write it
    if function.name in ("set", "frozenset", "list") and len(args) < 2:
        return args[0] if args and isinstance(args[0], list) else []
    return None


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *rest: Any) -> TensorRef:
    if isinstance(storage, TensorRef):  # torch < 0.4 wrapped storages in tensors
        storage = storage.storage
    if not isinstance(storage, Storage | NestedStorage):
        raise UnusableError("it is damaged: a tensor in it has no storage")
    if not isinstance(shape, tuple) or not isinstance(stride, tuple):
        raise UnusableError("it is damaged: a tensor in it has no shape")
    return TensorRef(storage, offset, shape, stride)


def _tensor_v3(storage: Any, offset: Any, shape: Any, stride: Any, _g: Any, _h: Any, dtype: Any,
               *_: Any) -> TensorRef:  # fmt: skip
    if not isinstance(storage, Storage) or not isinstance(dtype, Global):
        raise UnusableError("it is damaged: a tensor in it has no storage")
    kind = getattr(torch, dtype.name, None) if dtype.name.isidentifier() else None
    if dtype.module != "torch" or not isinstance(kind, torch.dtype):
        raise UnusableError(f"a tensor in it has the unknown type {dtype}")
    nbytes = storage.numel * storage.dtype.itemsize
    return _tensor(Storage(kind, storage.data, nbytes // kind.itemsize), offset, shape, stride)


def _nested_storage(data: Any) -> NestedStorage:
    if isinstance(data, EncodedText | bytes):
        raise UnusableError("it was pickled with protocol 2, in which networks are not supported")
    if not isinstance(data, Span):
        raise UnusableError("it is damaged: a tensor in it has no data")
    return NestedStorage(data)


def _first(value: Any, *_: Any) -> Any:
    return value


def _encode(text: Any, encoding: Any = "latin1") -> Any:
    if isinstance(text, EncodedText) or not isinstance(text, str):
        return text
    return text.encode("latin-1", "replace") if encoding in ("latin1", "latin-1") else b""


def _bytes(data: Any = b"", *_: Any) -> Any:
    return data if isinstance(data, bytes | Span | EncodedText) else b""


def _call(function: Any, _type: Any, args: Any, *_: Any) -> Any:
    if not isinstance(function, Global) or not isinstance(args, tuple):
        raise UnusableError("it is damaged: a tensor in it cannot be rebuilt")
    if function == Global("torch._tensor", "_rebuild_from_type_v2"):
        raise UnusableError("it is damaged: a tensor in it is wrapped without end")
    return construct(function, args)


_CONSTRUCTORS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_v3,
    ("torch._utils", "_rebuild_parameter"): _first,
    ("torch._utils", "_rebuild_parameter_with_state"): _first,
    ("torch._tensor", "_rebuild_from_type_v2"): _call,
    ("torch.nn.parameter", "Parameter"): _first,
    ("torch.storage", "_load_from_bytes"): _nested_storage,
    ("numpy", "dtype"): arrays.dtype,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): _bytes,
    ("builtins", "bytearray"): _bytes,
    ("__builtin__", "bytes"): _bytes,
    ("__builtin__", "bytearray"): _bytes,
    **dill.CONSTRUCTORS,
}
for _core in ("numpy.core", "numpy._core"):
    for _module in dill.ARRAY_MODULES:
        _CONSTRUCTORS[f"{_core}.{_module}", "_reconstruct"] = lambda *_: ArrayRef()
        _CONSTRUCTORS[f"{_core}.{_module}", "scalar"] = arrays.scalar
    _CONSTRUCTORS[f"{_core}.numeric", "_frombuffer"] = arrays.array
