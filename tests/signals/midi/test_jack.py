"""MIDI through a real JACK server: devices that come and go, soft pads, taps, slow controllers."""

import os
import time
from collections.abc import Iterator
from functools import partial

import mido
import pytest

from sgview.signals.midi import devices
from sgview.signals.midi.devices import MidoBackend, is_jack_running
from sgview.signals.midi.input import MidiInput
from tests.support.real_parts import jack_server
from tests.support.until import until

SERVER = f"sgview-{os.getpid()}"  # runs beside those of other tests


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", SERVER)
    monkeypatch.setattr("sgview.signals.midi.input.SCAN", 0.1)
    with jack_server(SERVER):
        yield


def plug(name: str):
    """A device of JACK's on which a test plays."""
    return mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output(
        name, virtual=True, client_name=name
    )


def control(number: int, value: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value)


def test_what_a_device_plays_is_heard_and_it_may_come_and_go(jack, request) -> None:
    assert is_jack_running()
    midi = MidiInput(("pads",), partial(MidoBackend, "jack"))
    request.addfinalizer(midi.close)
    midi.start()
    with plug("pads") as pads:
        until(lambda: midi.status().devices)

        def turn(value: int) -> None:
            pads.send(control(7, value))  # again: a JACK that comes too late loses what was sent
            time.sleep(0.05)

        for value in range(100, 120):  # slowly, each heard by itself
            heard = partial(lambda value: midi.snapshot().get("cc/1/7") == value / 127, value)
            until(heard, partial(turn, value))
        seen = set()
        pads.send(mido.Message("note_on", note=36, velocity=5))  # a soft pad
        pads.send(mido.Message("note_off", note=36))
        pads.send(control(8, 127))  # and a tap
        pads.send(control(8, 0))

        def look() -> bool:
            table = midi.snapshot()
            seen.update((key, table.get(key, 0.0)) for key in ("note/1/36", "cc/1/8"))
            return len(seen) == 4

        until(look)
        assert ("note/1/36", 5 / 127) in seen
        assert ("cc/1/8", 1.0) in seen
        pads.send(mido.Message("note_on", note=40, velocity=90))
        until(lambda: midi.snapshot().get("note/1/40"))
    until(lambda: midi.snapshot()["note/1/40"] == 0.0)  # who held it is gone
    assert not midi.status().devices
    (problem,) = midi.take_problems()
    assert "pads" in problem and "is gone" in problem
    with plug("pads") as pads:
        until(lambda: midi.status().devices)
        pads.send(control(7, 3))
        until(lambda: midi.snapshot().get("cc/1/7") == 3 / 127)


def test_without_the_systems_own_midi_jack_is_taken_where_it_runs(jack, monkeypatch) -> None:
    with plug("keys") as keys:
        monkeypatch.setattr(devices, "has_sequencer", lambda: False)
        backend = MidoBackend()
        names = [name for name in backend.names() if "keys" in name]
        port = backend.open(names[0])
        keys.send(control(1, 64))
        until(lambda: port.messages() == [control(1, 64)])
        port.close()
