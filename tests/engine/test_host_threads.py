"""Cores are left to the window as long as pictures are quick."""

import math
from collections.abc import Iterator

import pytest
import torch

from sgview.engine.host_threads import HostThreads


@pytest.fixture
def threads() -> Iterator[HostThreads]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield HostThreads()
    torch.set_num_threads(before)


def chosen(threads: HostThreads, *seconds: float) -> list[int]:
    counts = []
    for each in seconds:
        threads.choose(each)
        counts.append(torch.get_num_threads())
    return counts


def test_all_compute_where_a_card_draws(threads: HostThreads) -> None:
    assert chosen(threads, math.inf, 0.01, 1.0) == [4, 4, 4]


def test_one_is_left_to_the_window_while_pictures_are_quick(threads: HostThreads) -> None:
    threads.leave_one = True
    assert chosen(threads, math.inf, 0.05) == [3, 3]
    assert chosen(threads, 0.2, 0.3) == [3, 4]
    assert chosen(threads, 0.2, 0.1) == [4, 3]  # what all make quicker does not swing to and fro
    threads.leave_one = False
    assert chosen(threads, 0.1) == [4]


def test_one_alone_stays() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    threads = HostThreads()
    threads.leave_one = True
    assert chosen(threads, 0.05, 1.0) == [1, 1]
    torch.set_num_threads(before)
