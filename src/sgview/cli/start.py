"""The start of the window program: its engine is made on a thread while the window opens.

To import torch takes longer than all else together. So the window is there first, and says what it
waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sgview.cli.warm_up import start_driver
from sgview.state.commands import Slot

if TYPE_CHECKING:
    from sgview.engine.engine import Engine
    from sgview.engine.network import Network
    from sgview.engine.worker import EngineWorker

_STEP = 0.05  # between two looks at whether it is there [s]


class EngineStart:
    """Begins at once to import torch, and to make an engine and the first networks.

    Args:
        open_engine: makes the engine, by which its errors are raised.
        read_networks: reads the networks that play from the first picture on.
        device: as options name it, whose driver is started meanwhile.
        is_told: whether the window says what it waits for; on a stage it stays dark.
    """

    def __init__(
        self,
        open_engine: Callable[[], Engine],
        read_networks: Callable[[], dict[Slot, Network]],
        device: str,
        *,
        is_told: bool,
    ) -> None:
        self._open_engine, self._read_networks = open_engine, read_networks
        self._is_told = is_told
        self._waits_for = "Loading PyTorch…"
        self._engine: Engine | None = None
        self._error: BaseException | None = None
        self._done = threading.Event()
        self.networks: dict[Slot, Network] = {}
        start_driver(device)
        # Waited for at the end of the program: a library that is being loaded does not stand that.
        threading.Thread(target=self._run, name="sgview start").start()

    def worker(self, meanwhile: Callable[[str], object]) -> EngineWorker:
        """Return the engine's thread once there is one.

        Args:
            meanwhile: called again and again until then, with what is waited for.

        Raises:
            ConfigError: if the device is not there.
            CheckpointError: if a network cannot be read.
        """
        while not self._done.wait(_STEP):
            meanwhile(self._waits_for if self._is_told else "")
        if self._error is not None:
            raise self._error
        from sgview.engine.worker import EngineWorker

        assert self._engine is not None
        return EngineWorker(self._engine)

    def _run(self) -> None:
        try:
            import sgview.engine.worker  # noqa: F401  # which the other thread needs next

            engine = self._open_engine()
            self._waits_for = "Reading the networks…"
            self.networks = self._read_networks()
            self._engine = engine
        except BaseException as error:  # raised again where it is waited for
            self._error = error
        finally:
            self._done.set()
