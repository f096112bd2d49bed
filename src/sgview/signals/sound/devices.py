"""The inputs of this machine, through the optional library sounddevice (PortAudio)."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sgview.signals.sound.input import SoundInput
from sgview.signals.sound.tap import SoundTaps
from sgview.state.sound import Sound

MISSING = "Hearing an input takes the library sounddevice: pip install 'sgview[audio]'"

STUCK = "The sound system does not let go of an input that is gone. Start sgview anew to hear one."
CLOSES_IN = 3.0  # at most, where an input is gone [s]

Names = tuple[tuple[str, ...], str]  # of the inputs, and why there are none


class SoundDevices:
    """Opens and lists inputs. All calls of the library are made here, on one thread of its own.

    PortAudio knows the devices that were there when it was initialised, so it is initialised anew
    for each look, unless an input is open.

    Args:
        now: the source of real time [s].
        taps: of those who keep the samples of inputs.
    """

    def __init__(
        self, now: Callable[[], float] = time.perf_counter, taps: SoundTaps | None = None
    ) -> None:
        self._now = now
        self._taps = taps
        self._thread = ThreadPoolExecutor(1, "sgview sound devices")
        self._open_inputs = 0
        self._is_initialised = False
        self._is_stuck = False

    def open(self, sound: Sound) -> Future[SoundInput]:
        """Open the input that `sound` names; OSError, in one sentence, if it cannot be heard."""
        return self._thread.submit(self._open, sound)

    def close_input(self, opening: Future[SoundInput]) -> None:
        """Close an input, or one that is being opened."""
        self._thread.submit(self._close, opening)

    def names(self) -> Future[Names]:
        """List the inputs; those of one name under several host APIs carry the API's name."""
        return self._thread.submit(self._names)

    def close(self) -> None:
        """Wait until all inputs are closed."""
        self._thread.shutdown()

    def _open(self, sound: Sound) -> SoundInput:
        library = self._library()
        name = sound.device or "The system's sound input"
        try:
            device = _device_of(library, sound.device)
            opened = SoundInput(library, device, sound, self._now, self._taps)
        except (library.PortAudioError, ValueError, KeyError) as error:
            raise OSError(f"{name} cannot be heard: {error}") from error
        self._open_inputs += 1
        return opened

    def _close(self, opening: Future[SoundInput]) -> None:
        if opening.exception() is not None:
            return
        source = opening.result()
        if source.is_alive:
            source.close()
        else:
            # PortAudio waits for ever for a JACK that was killed: on this thread, nothing would be
            # heard again, and the program could not end.
            closing = threading.Thread(target=_close_gone, args=(source,), daemon=True)
            closing.start()
            closing.join(CLOSES_IN)
            if closing.is_alive():
                self._is_stuck = True
                library = importlib.import_module("sounddevice")
                atexit.unregister(getattr(library, "_exit_handler", _close_gone))
                return
        self._open_inputs -= 1

    def _names(self) -> Names:
        try:
            library = self._library()
            inputs = _inputs(library)
        except OSError as error:
            return (), str(error)
        except Exception as error:  # PortAudio's own, whose type is only known once it is loaded
            return (), f"The sound system does not answer: {error}"
        return tuple(inputs), "" if inputs else "This machine has no sound input."

    def _library(self) -> Any:
        """Return the library, which knows the devices of now unless an input is open."""
        if self._is_stuck:
            raise OSError(STUCK)
        try:
            library = importlib.import_module("sounddevice")
        except ImportError as error:
            raise OSError(MISSING) from error
        except OSError as error:  # the package is there, the system's PortAudio is not
            raise OSError(
                f"Hearing an input takes the system library PortAudio: {error}"
            ) from error
        if self._is_initialised and not self._open_inputs:
            with contextlib.suppress(library.PortAudioError):
                library._terminate()
            library._initialize()
        self._is_initialised = True
        return library


def _close_gone(source: SoundInput) -> None:
    with contextlib.suppress(Exception):  # whatever is left of a device that was pulled out
        source.close()


def _inputs(library: Any) -> dict[str, int]:
    """Return the index of each input by its name."""
    inputs = [
        (index, str(device["name"]), int(device["hostapi"]))
        for index, device in enumerate(library.query_devices())
        if device["max_input_channels"] > 0
    ]
    count = Counter(name for _, name, _ in inputs)
    named: dict[str, int] = {}
    for index, name, api in inputs:
        if count[name] > 1:
            name = f"{name}, {library.query_hostapis(api)['name']}"
        named.setdefault(name, index)
    return named


def _device_of(library: Any, name: str) -> int | str | None:
    """Return the index of an input; None for the system's choice.

    A name without its host API is that of the first one, as the system lists them. Anything else
    is left to the library, which knows parts of names.
    """
    if not name:
        return None
    inputs = _inputs(library)
    if name in inputs:
        return inputs[name]
    return next((inputs[full] for full in inputs if full.startswith(f"{name}, ")), name)
