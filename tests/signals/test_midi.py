"""MIDI with mido's message objects, and with devices that come and go."""

import time
from collections.abc import Callable

import mido
import pytest

from sgview.signals.midi import MidiInput, MidoBackend
from tests.support.until import until


class Devices:
    """A system with the devices that a test plugs in."""

    def __init__(self, *names: str) -> None:
        self.plugged = list(names)
        self.open_ports: dict[str, Callable] = {}
        self.held: set[str] = set()

    def names(self) -> list[str]:
        return list(self.plugged)

    def open(self, name: str, receive: Callable):
        if name in self.held:
            raise OSError("held by another program")
        self.open_ports[name] = receive
        devices = self

        class Port:
            def close(self) -> None:
                del devices.open_ports[name]

        return Port()


def test_controllers_notes_and_wheels() -> None:
    midi = MidiInput()
    midi.receive(mido.Message("control_change", channel=2, control=21, value=127))
    midi.receive(mido.Message("control_change", channel=3, control=21, value=0))
    midi.receive(mido.Message("note_on", channel=0, note=60, velocity=127))
    midi.receive(mido.Message("pitchwheel", channel=0, pitch=-8192))
    midi.receive(mido.Message("aftertouch", value=3))
    midi.receive(mido.Message("clock"))
    assert midi.snapshot() == {
        "cc/3/21": 1.0,
        "cc/4/21": 0.0,
        "cc/0/21": 0.0,
        "note/1/60": 1.0,
        "note/0/60": 1.0,
        "bend/1": -1.0,
        "bend/0": -1.0,
    }
    assert midi.snapshot() is midi.snapshot()


@pytest.mark.parametrize(
    "off",
    [mido.Message("note_off", note=60), mido.Message("note_on", note=60, velocity=0)],
)
def test_a_tap_between_two_frames_is_seen_for_one(off: mido.Message) -> None:
    midi = MidiInput()
    midi.receive(mido.Message("note_on", note=60, velocity=64))
    midi.receive(off)
    assert midi.snapshot()["note/1/60"] == pytest.approx(64 / 127)
    assert midi.snapshot()["note/1/60"] == 0.0
    midi.receive(mido.Message("note_on", note=60, velocity=64))
    assert midi.snapshot()["note/0/60"] > 0
    assert midi.snapshot()["note/0/60"] > 0
    midi.receive(off)
    assert midi.snapshot()["note/0/60"] == 0.0


def test_program_changes_are_handed_out_once() -> None:
    midi = MidiInput()
    for program in range(40):
        midi.receive(mido.Message("program_change", program=program))
    assert midi.take_programs() == list(range(25, 41))
    assert midi.take_programs() == []


def test_devices_are_opened_as_they_come_and_let_go_as_they_leave(monkeypatch) -> None:
    monkeypatch.setattr("sgview.signals.midi.SCAN", 0.01)
    devices = Devices("nanoKONTROL", "Keystation")
    devices.held.add("Keystation")
    midi = MidiInput(backend=lambda: devices)
    midi.start()
    until(lambda: midi.status().devices == ("nanoKONTROL",))
    devices.open_ports["nanoKONTROL"](mido.Message("note_on", note=1, velocity=127))
    assert midi.snapshot()["note/0/1"] == 1.0
    devices.plugged.append("Launchpad")
    until(lambda: midi.status().devices == ("Launchpad", "nanoKONTROL"))
    devices.plugged.remove("nanoKONTROL")
    until(lambda: midi.status().devices == ("Launchpad",))
    assert midi.snapshot()["note/0/1"] == 0.0  # nobody holds it any more
    devices.plugged.remove("Keystation")
    time.sleep(0.05)
    devices.held.clear()
    devices.plugged.append("Keystation")
    until(lambda: midi.status().devices == ("Keystation", "Launchpad"))
    midi.close()
    midi.close()
    assert devices.open_ports == {}


def test_only_the_devices_of_the_settings_are_opened() -> None:
    devices = Devices("nanoKONTROL2 MIDI 1", "Midi Through")
    midi = MidiInput(("nanokontrol",), backend=lambda: devices)
    midi.start()
    until(lambda: bool(midi.status().devices))
    assert midi.status().devices == ("nanoKONTROL2 MIDI 1",)
    midi.close()


@pytest.mark.parametrize("error", [ImportError("rtmidi"), OSError("no sequencer")])
def test_a_system_without_midi_says_so(error: Exception) -> None:
    def backend():
        class Broken(Devices):
            def names(self) -> list[str]:
                raise error

        return Broken()

    midi = MidiInput(backend=backend)
    midi.start()
    until(lambda: bool(midi.status().reason))
    assert "MIDI" in midi.status().reason
    assert midi.snapshot() == {}
    midi.close()


def test_a_real_virtual_port() -> None:
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed")
    try:
        out = mido.open_output("sgview test", virtual=True)  # type: ignore[attr-defined]
    except Exception as error:
        pytest.skip(f"the system has no virtual ports: {error}")
    with out:
        midi = MidiInput(("sgview test",), backend=MidoBackend)
        midi.start()
        until(lambda: bool(midi.status().devices))
        out.send(mido.Message("control_change", control=7, value=127))
        until(lambda: midi.snapshot().get("cc/1/7") == 1.0)
        midi.close()
