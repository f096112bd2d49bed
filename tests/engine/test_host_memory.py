import subprocess
import sys

import pytest

SOURCE = """
import resource
import sys

import torch

from sgview.engine.host_memory import keep_freed_memory

SIZE, TIMES = 4 * 2**20, 40
torch.set_num_threads(1)


def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(TIMES):
        blocks = [torch.zeros(SIZE, dtype=torch.uint8) for _ in range(4)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


if keep_freed_memory():
    faults()
    print(faults())
else:
    print("not to be asked")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is asked")
def test_freed_memory_is_used_again_without_the_system():
    done = subprocess.run(
        [sys.executable, "-c", SOURCE], capture_output=True, text=True, check=True, timeout=300
    )
    answer = done.stdout.strip()
    if answer == "not to be asked":
        pytest.skip("this C library has no mallopt")
    assert int(answer) < 1000  # of the 160,000 pages that were written
