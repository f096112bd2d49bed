"""MIDI with mido's message objects, and with devices that come and go."""

import sys

import mido
import pytest

from sgview.signals.midi import devices as devices_module
from sgview.signals.midi.devices import MidoBackend, MidoPort, has_sequencer, is_jack_running
from sgview.signals.midi.input import MidiInput
from tests.support.until import until


class Devices:
    """A system with the devices that a test plugs in."""

    def __init__(self, *names: str) -> None:
        self.plugged = list(names)
        self.open_ports: dict[str, FakePort] = {}
        self.held: set[str] = set()

    def names(self) -> list[str]:
        return list(self.plugged)

    def open(self, name: str) -> "FakePort":
        if name in self.held:
            raise OSError("held by another program")
        self.open_ports[name] = FakePort(self, name)
        return self.open_ports[name]


class FakePort:
    """An open device, on which a test plays."""

    def __init__(self, devices: Devices, name: str) -> None:
        self._devices, self._name = devices, name
        self.played: list[mido.Message] = []
        self.error: Exception | None = None

    def messages(self) -> list[mido.Message]:
        if self.error is not None:
            raise self.error
        taken, self.played = self.played, []
        return taken

    def close(self) -> None:
        del self._devices.open_ports[self._name]


def test_controllers_notes_and_wheels() -> None:
    midi = MidiInput()
    midi.receive(mido.Message("control_change", channel=2, control=21, value=127))
    midi.receive(mido.Message("control_change", channel=3, control=21, value=0))
    midi.receive(mido.Message("note_on", channel=0, note=60, velocity=127))
    midi.receive(mido.Message("pitchwheel", channel=0, pitch=-8192))
    midi.receive(mido.Message("aftertouch", value=3))
    midi.receive(mido.Message("polytouch", note=60, value=127))
    midi.receive(mido.Message("clock"))
    assert midi.snapshot() == {
        "cc/3/21": 1.0,
        "cc/4/21": 0.0,
        "cc/0/21": 1.0,  # and then what came on the other channel
        "note/1/60": 1.0,
        "note/0/60": 1.0,
        "bend/1": -1.0,
        "bend/0": -1.0,
        "aftertouch/1": 3 / 127,
        "aftertouch/0": 3 / 127,
        "polytouch/1/60": 1.0,
        "polytouch/0/60": 1.0,
    }
    assert midi.snapshot()["cc/0/21"] == 0.0
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
    monkeypatch.setattr("sgview.signals.midi.input.SCAN", 0.01)
    devices = Devices("nanoKONTROL", "Keystation")
    devices.held.add("Keystation")
    midi = MidiInput(backend=lambda: devices)
    midi.start()
    until(lambda: midi.status().devices == ("nanoKONTROL",))
    devices.open_ports["nanoKONTROL"].played = [mido.Message("note_on", note=1, velocity=127)]
    until(lambda: midi.snapshot().get("note/0/1") == 1.0)
    devices.plugged.append("Launchpad")
    until(lambda: midi.status().devices == ("Launchpad", "nanoKONTROL"))
    devices.plugged.remove("nanoKONTROL")
    until(lambda: midi.status().devices == ("Launchpad",))
    assert midi.snapshot()["note/0/1"] == 0.0  # nobody holds it any more
    gone = "The MIDI device nanoKONTROL is gone: it is heard again once back."
    assert midi.take_problems() == [gone]
    devices.held.clear()  # the other program lets go of it
    until(lambda: midi.status().devices == ("Keystation", "Launchpad"))
    midi.close()
    midi.close()
    assert devices.open_ports == {}
    assert midi.take_problems() == []  # nothing was pulled out


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


def test_the_thread_goes_on_after_an_error_and_finds_what_comes_later(monkeypatch) -> None:
    monkeypatch.setattr("sgview.signals.midi.input.SCAN", 0.01)
    devices = Devices()
    errors: list[Exception] = [OSError("no sequencer"), RuntimeError("the server is away")]

    def backend() -> Devices:
        if errors:
            raise errors.pop()
        return devices

    midi = MidiInput(backend=backend)
    midi.start()
    until(lambda: not errors)
    devices.plugged.append("Late")
    until(lambda: midi.status().devices == ("Late",))
    assert midi.status().reason == ""
    played = mido.Message("note_on", note=1, velocity=127)
    devices.open_ports["Late"].played = [played]
    until(lambda: midi.snapshot().get("note/0/1") == 1.0)
    broken = devices.open_ports["Late"]
    broken.error = SystemError("pulled out")
    until(lambda: devices.open_ports.get("Late") not in (None, broken))  # and is opened again
    assert len(midi.take_problems()) == 1
    assert midi.snapshot()["note/0/1"] == 0.0
    devices.open_ports["Late"].played = [played]
    until(lambda: midi.snapshot().get("note/0/1") == 1.0)
    midi.close()


def test_a_device_that_cannot_be_opened_is_said() -> None:
    devices = Devices("Keystation")
    devices.held.add("Keystation")
    midi = MidiInput(backend=lambda: devices)
    midi.start()
    until(lambda: "Keystation" in midi.status().reason)
    midi.close()


class FakeLibraryInput:
    """What is used of python-rtmidi: a queue that fills once no callback is set."""

    def __init__(self) -> None:
        self.has_callback, self.queue = True, [([0xB0, 7, 127], 0.0), ([0xB0], 0.0)]
        self.queue += [([0x90, 60, 1], 0.0)]

    def cancel_callback(self) -> None:
        self.has_callback = False

    def get_message(self) -> tuple[list[int], float] | None:
        assert not self.has_callback
        return self.queue.pop(0) if self.queue else None


class FakeMidoPort:
    def __init__(self) -> None:
        self._rt = FakeLibraryInput()

    def close(self) -> None: ...


def test_the_queue_of_the_library_is_read_without_a_callback() -> None:
    port = MidoPort(FakeMidoPort(), mido.Message.from_bytes)
    assert port.messages() == [
        mido.Message("control_change", control=7, value=127),
        mido.Message("note_on", note=60, velocity=1),
    ]
    assert port.messages() == []


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


class Choice:
    """An interface of the system, as mido gives access to it."""

    def __init__(self, *names: str, error: str = "") -> None:
        self._names, self._error = names, error

    def get_input_names(self) -> list[str]:
        if self._error:
            raise RuntimeError(self._error)
        return list(self._names)


def test_where_there_is_no_midi_the_library_is_not_asked(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("MIDO_BACKEND", raising=False)
    assert not has_sequencer(tmp_path / "seq") or sys.platform != "linux"
    monkeypatch.setattr(devices_module, "has_sequencer", lambda: False)
    monkeypatch.setattr(devices_module, "is_jack_running", lambda: False)
    with pytest.raises(OSError, match="ALSA has no sequencer"):
        MidoBackend()
    monkeypatch.setattr(devices_module, "is_jack_running", lambda: True)
    assert len(MidoBackend()._choices) == 1


def test_the_first_interface_that_answers_is_taken(monkeypatch) -> None:
    monkeypatch.setattr(devices_module, "has_sequencer", lambda: True)
    backend = MidoBackend()
    backend._choices = [Choice(error="no ALSA"), Choice("keys", "keys")]
    assert backend.names() == ["keys"]
    backend._choices = [Choice("pads"), Choice("keys")]
    assert backend.names() == ["pads"]
    backend._choices = [Choice(error="no ALSA"), Choice(error="no JACK")]
    with pytest.raises(RuntimeError, match="no JACK"):
        backend.names()


def test_a_jack_server_is_seen_by_its_socket(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("JACK_DEFAULT_SERVER", raising=False)
    assert not is_jack_running(tmp_path)
    (tmp_path / "jack-shm-registry").touch()
    (tmp_path / "jack_sem.0_default_freewheel").touch()  # left by one that ended
    assert not is_jack_running(tmp_path)
    (tmp_path / "jack_other_1000_0").touch()  # is not the one that would be asked
    assert not is_jack_running(tmp_path)
    (tmp_path / "jack_default_1000_0").touch()
    assert is_jack_running(tmp_path)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "studio")
    assert not is_jack_running(tmp_path)


def test_the_interface_of_the_settings_is_asked_for(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(mido, "Backend", lambda name="": asked.append(name))
    MidoBackend("jack")
    assert asked == ["mido.backends.rtmidi/UNIX_JACK"]
