"""Opening a file is quick: it must not import what only training or designing filters needs."""

import subprocess
import sys

import pytest

from tests.support import DATA


@pytest.mark.parametrize("name", ["sg3-t-64-a.pkl", "sg3-r-64.pkl", "sg2-64-a.pkl"])
def test_loading_imports_neither_the_compiler_nor_scipy(name: str) -> None:
    code = (
        "import sys, stylegan3; stylegan3.load(sys.argv[1])\n"
        "slow = {'torch._dynamo', 'scipy.signal'} & set(sys.modules)\n"
        "sys.exit(f'imported {slow}' if slow else 0)"
    )
    command = [sys.executable, "-c", code, str(DATA / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
