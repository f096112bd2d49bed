"""Opening a file: quick, and by a name that stays a function."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from tests.support import DATA


@pytest.mark.parametrize("name", ["sg3-t-64-a.pkl", "sg3-r-64.pkl", "sg2-64-a.pkl"])
def test_loading_imports_neither_the_compiler_nor_scipy(name: str) -> None:
    """Only training needs the one, and only designing filters the other."""
    code = (
        "import sys, stylegan3; stylegan3.load(sys.argv[1])\n"
        "slow = {'torch._dynamo', 'sympy', 'scipy.signal'} & set(sys.modules)\n"
        "sys.exit(f'imported {slow}' if slow else 0)"
    )
    command = [sys.executable, "-c", code, str(DATA / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_no_module_takes_the_place_of_a_public_name() -> None:
    """Importing `stylegan3.NAME` as a module would make it the attribute `stylegan3.NAME`."""
    for package in ("stylegan3", "stylegan3.checkpoints", "stylegan3.fast"):
        module = importlib.import_module(package)
        assert not set(module.__all__) & {m.name for m in pkgutil.iter_modules(module.__path__)}


def test_load_stays_a_function_whatever_is_imported() -> None:
    code = (
        "import sys, stylegan3.loading as anything\n"
        "from stylegan3.loading import load\n"
        "import stylegan3, stylegan3.checkpoints.reading\n"
        "from stylegan3.checkpoints import read\n"
        "assert stylegan3.load is load and callable(read)\n"
        "assert stylegan3.load(sys.argv[1]).img_resolution == 64\n"
    )
    command = [sys.executable, "-c", code, str(DATA / "sg2-64-a.pkl")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
