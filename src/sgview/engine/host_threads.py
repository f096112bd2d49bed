"""How threads that compute on the processor leave room for the window."""

from __future__ import annotations

import math
import os
import sys
import threading

import torch

_QUICK = 0.12  # a time a picture below which one core is left to the window [s]
_SLOW = 0.25  # one above which all cores compute again [s]


class HostThreads:
    """Chooses how many cores compute; of the engine's thread, where pictures are computed on them.

    Where the processor also draws the window, a quick picture that all cores compute waits at each
    of its hundreds of operations for the core that draws: on two cores 9 to 12 pictures a second
    where one core computes 15. One that takes long gains more from all of them.

    Attributes:
        leave_one: whether the window is drawn by the same cores; any thread may set it.
    """

    def __init__(self) -> None:
        self.leave_one = False
        self._most = self._count = torch.get_num_threads()

    def choose(self, seconds_a_picture: float) -> None:
        """Choose for the next picture, from how often they came; infinite: nothing is known."""
        if not self.leave_one or _SLOW < seconds_a_picture < math.inf:
            count = self._most
        elif _QUICK < seconds_a_picture < math.inf:
            count = self._count
        else:
            count = max(1, self._most - 1)
        if count != self._count:
            self._count = count
            torch.set_num_threads(count)


def let_the_window_go_first() -> None:
    """Lower this thread's priority, and with it that of the threads torch starts from it.

    Where a network keeps every core busy, the panel would otherwise wait its turn for each frame.
    Linux alone has a priority a thread.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
