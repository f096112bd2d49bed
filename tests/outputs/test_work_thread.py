"""The thread behind an output: all that was asked for is done, in order, also at the end."""

import subprocess
import sys
import threading

import pytest

from sgview.outputs.work_thread import WorkThread


def test_work_is_done_in_order_and_what_fails_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[int] = []
    thread = WorkThread("work")
    for n in range(100):
        thread.submit(done.append, n)
    thread.submit(lambda: done[1000])
    thread.submit(done.append, 100)
    thread.close(wait=True)
    assert done == [*range(101)]
    assert "IndexError" in caplog.text
    with pytest.raises(RuntimeError, match="was closed"):
        thread.submit(done.append, 1)
    thread.close()


def test_without_work_there_is_no_thread() -> None:
    before = threading.active_count()
    WorkThread("idle").close(wait=True)
    assert threading.active_count() == before


FORGETFUL = """
import time
from sgview.outputs.work_thread import WorkThread
thread = WorkThread("forgotten")
for word in ("one", "two"):
    thread.submit(time.sleep, 0.2)
    thread.submit(print, word)
"""


def test_a_program_that_forgets_to_close_ends_all_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.split()) == (0, ["one", "two"])
