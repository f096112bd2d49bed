"""What the names that dill adds to a pickle mean as data.

dill writes functions, modules and types that Python's own pickler refuses. Here a module is never
imported, a function never fetched, code never looked at: `_get_attr` of a module gives the name
that an ordinary pickle would have written, and whatever makes code gives a stub that has forgotten
its arguments. StyleGAN-XL's networks need the first; only the discriminators beside them have the
rest.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.arrays import set_state
from stylegan3.checkpoints.pickle.denylist import DILL_NAMES, check_global, refuse_global
from stylegan3.checkpoints.pickle.values import ArrayRef, Global, Stub, TensorRef

MODULE = "dill._dill"
ARRAY_MODULES = ("multiarray", "_multiarray_umath")  # of numpy.core, numpy._core
_TYPES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))
_OBJECTS = (Stub, TensorRef, ArrayRef, dict, list)  # what stands for objects of the file


@dataclass(frozen=True, slots=True)
class ModuleName:
    """The name of a module; only ever compared."""

    name: str


def is_array_module(module: str) -> bool:
    """Whether NumPy keeps the constructors of arrays and numbers in a module of that name."""
    package, _, name = module.rpartition(".")
    return package in ("numpy.core", "numpy._core") and name in ARRAY_MODULES


def _load_type(name: Any) -> Global:
    """A builtin type, or one that `types` names."""
    if not isinstance(name, str) or not name.isidentifier():
        raise UnusableError("it is damaged: a type in it has no name")
    if name not in _TYPES and not name.endswith("Type"):
        check_global("builtins", name)
    return Global("builtins", name)


def _import_module(name: Any, *_: Any) -> ModuleName:
    if not isinstance(name, str):
        raise UnusableError("it is damaged: a module in it has no name")
    return ModuleName(name)


def _get_attr(module: Any, name: Any) -> Global:
    if not isinstance(module, ModuleName) or not isinstance(name, str):
        raise UnusableError("it is damaged: a name in it is of no module")
    if f"{module.name}.{name}" in DILL_NAMES:  # which no file needs to reach in this way
        refuse_global(module.name, name)
    check_global(module.name, name)
    return Global(module.name, name)


def _getattr(target: Any, name: Any = None, *_: Any) -> Stub:
    """A method of an object in the file, or of a class that a checkpoint may name."""
    if isinstance(name, str) and isinstance(target, Global):
        check_global(target.module, f"{target.name}.{name}")
    elif not isinstance(name, str) or not isinstance(target, _OBJECTS):
        refuse_global("builtins", "getattr")
    return Stub(Global("builtins", "getattr"))


def _create_array(constructor: Any, args: Any, state: Any = None, *_: Any) -> ArrayRef:
    is_known = isinstance(constructor, Global) and is_array_module(constructor.module)
    if not is_known or constructor.name != "_reconstruct" or not isinstance(args, tuple):
        raise UnusableError("it is damaged: a NumPy array in it has no known constructor")
    array = ArrayRef()
    set_state(array, state)
    return array


def _unread(name: str) -> Callable[..., Stub]:
    return lambda *_: Stub(Global(MODULE, name))


CONSTRUCTORS: dict[tuple[str, str], Callable[..., Any]] = {
    (MODULE, "_load_type"): _load_type,
    (MODULE, "_import_module"): _import_module,
    (MODULE, "_get_attr"): _get_attr,
    (MODULE, "_create_array"): _create_array,
    **{(MODULE, n): _unread(n) for n in ("_create_function", "_create_code", "_create_cell")},
    ("builtins", "getattr"): _getattr,
}
