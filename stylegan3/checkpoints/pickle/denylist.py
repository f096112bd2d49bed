"""Which names have no place in a checkpoint.

Nothing that a pickle names is imported or called in any case; refusing these says plainly that the
file is hostile, where an inert stub would let it pass in silence.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from stylegan3.checkpoints.errors import UnusableError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Parts of the standard library whose pickled values are data.
DATA_MODULES = _words(
    "argparse array collections copy_reg copyreg datetime decimal enum fractions itertools "
    "pathlib pathlib._local random uuid"
)
DATA_NAMES = _words(
    "_codecs.encode functools.partial io.BytesIO io.StringIO logging.Logger "
    "logging.getLogger re._compile time.struct_time types.SimpleNamespace"
)
DATA_BUILTINS = _words(
    "bool bytearray bytes complex dict Ellipsis float frozenset int list long NoneType "
    "NotImplemented object range set slice str tuple unicode xrange"
)
BUILTIN_MODULES = ("builtins", "__builtin__")
# What dill adds, all of which `dill` reads as data.
DILL_NAMES = _words(
    "builtins.getattr dill._dill._create_array dill._dill._create_cell dill._dill._create_code "
    "dill._dill._create_function dill._dill._get_attr dill._dill._import_module "
    "dill._dill._load_type"
)
# Packages that load, install or run code, beside the standard library.
CODE_PACKAGES = _words(
    "IPython cloudpickle commands dill exceptions joblib nt paramiko pip pkg_resources "
    "requests setuptools"
)
# Functions of torch and NumPy that read files, write files or build code.
CODE_FUNCTIONS = _words(
    "compile download download_url_to_file eval exec execfile fromfile fromregex "
    "genfromtxt import_module load load_inline load_library load_state_dict_from_url loads "
    "loadtxt memmap popen runstring save savetxt savez system tofile"
)


def check_global(module: str, name: str) -> None:
    """Refuse what no checkpoint needs: functions of the standard library, loaders, builders.

    Raises:
        UnusableError: naming it.
    """
    if f"{module}.{name}" not in DILL_NAMES and not _is_data(module, name):
        refuse_global(module, name)


def refuse_global(module: str, name: str) -> NoReturn:
    """Refuse the file for a name in it.

    Raises:
        UnusableError: naming it.
    """
    raise UnusableError(
        f"it refers to {module[:80]}.{name[:80]}, which has no place in a checkpoint;"
        " nothing in it was run"
    )


def _is_data(module: str, name: str) -> bool:
    package = module.partition(".")[0]
    if module in BUILTIN_MODULES:
        return name in DATA_BUILTINS
    if module in DATA_MODULES:
        return name.isidentifier() and not name.startswith("__")
    if f"{module}.{name}" in DATA_NAMES or module == "__main__":
        return True
    if package in ("torch", "numpy"):
        return CODE_FUNCTIONS.isdisjoint(name.split("."))
    return package not in sys.stdlib_module_names and package not in CODE_PACKAGES
