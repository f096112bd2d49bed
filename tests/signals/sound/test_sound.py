"""Sound from generated files, and from an input that a stand-in library plays."""

import sys
import threading
import tracemalloc
import types
import wave
from pathlib import Path

import numpy as np
import pytest

from sgview.signals.sound import devices as sound_devices
from sgview.signals.sound import input as sound_input
from sgview.signals.sound.devices import SoundDevices
from sgview.signals.sound.file import RATE, analyse, read_parts
from sgview.signals.sound.sound import QUIET, SILENCE, SoundSource
from sgview.signals.sound.spectrum import BANDS, NAMES, hop_of
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError
from tests.signals.sound import drums
from tests.support.at_once import AtOnce


def write_wav(path: Path, channels: np.ndarray, rate: int = RATE) -> Path:
    """Write float [n, channels] in -1..1."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((channels * 32767).astype("<i2").tobytes())
    return path


def tones(rate: int = RATE) -> np.ndarray:
    """A second of 100 Hz, one of 1 kHz, one of 8 kHz, one of silence; [n, 1]."""
    t = np.arange(rate) / rate
    parts = [np.sin(2 * np.pi * f * t) for f in (100, 1000, 8000)]
    return np.concatenate([*parts, np.zeros(rate)])[:, None]


@pytest.fixture
def open_source():
    opened: list[SoundSource] = []

    def open_source(sound: Sound, **arguments) -> SoundSource:
        opened.append(SoundSource(sound, **arguments))
        return opened[-1]

    yield open_source
    for source in opened:
        source.close()


@pytest.mark.parametrize("rate", [48_000, 44_100, 22_050])
def test_a_file_is_heard_at_the_time_of_the_picture(tmp_path: Path, open_source, rate: int) -> None:
    path = write_wav(tmp_path / "tones.wav", tones(rate), rate)
    source = open_source(Sound(source="file", file=str(path)))
    source.wait()
    for second, name in enumerate(("low", "mid", "high")):
        levels, bands = source.levels(second + 0.9)
        assert levels[name] == pytest.approx(1.0, abs=0.02)
        assert max(levels[other] for other in {"low", "mid", "high"} - {name}) < 0.3
        assert len(bands) == BANDS
    assert source.levels(3.9)[0]["rms"] < 0.1
    assert source.levels(0.9) == source.levels(4.9)  # round and round
    assert source.levels(0.9)[0]["low"] == source.levels(-3.1)[0]["low"]


def test_the_same_instant_is_heard_alike_in_any_order(tmp_path: Path, open_source) -> None:
    path = write_wav(tmp_path / "tones.wav", tones())
    one, other = (open_source(Sound(source="file", file=str(path))) for _ in range(2))
    one.wait()
    other.wait()
    times = np.linspace(0, 3.9, 40)
    assert [one.levels(t) for t in times] == [other.levels(t) for t in times[::-1]][::-1]
    before = one.levels(1.0)
    assert one.levels(1.0 + 1e-4) is before  # nothing new, the same objects


def test_channels_are_mixed_and_settings_act(tmp_path: Path, open_source) -> None:
    stereo = np.concatenate([tones() * 0.2, tones() * 0.0], axis=1)
    path = write_wav(tmp_path / "stereo.wav", stereo)
    source = open_source(Sound(source="file", file=str(path)))
    source.wait()
    assert source.levels(0.9)[0]["low"] == pytest.approx(1 - 20 / 60, abs=0.08)
    quiet = source.levels(0.9)[0]["low"]
    source.set(Sound(source="file", file=str(path), gain_db=12.0))
    source.wait()
    assert source.levels(0.9)[0]["low"] == pytest.approx(quiet + 12 / 60, abs=0.01)
    source.set(Sound())
    assert source.levels(0.9) == SILENCE
    assert source.tempo(0.9) is None


def test_the_beat_of_a_file(tmp_path: Path, open_source) -> None:
    samples = np.zeros((8 * RATE, 1))
    t = np.arange(3000) / RATE
    drum = 0.8 * np.exp(-60 * t) * np.sin(2 * np.pi * 90 * t)
    for at in np.arange(0.2, 7.9, 60 / 100):
        samples[int(at * RATE) : int(at * RATE) + 3000, 0] += drum
    source = open_source(Sound(source="file", file=str(write_wav(tmp_path / "beat.wav", samples))))
    source.wait()
    heard = source.tempo(0.2)
    assert heard is not None
    assert heard.bpm == pytest.approx(100.0, rel=0.005)
    assert (heard.phase + 0.5) % 1.0 == pytest.approx(0.5, abs=0.04)
    later = source.tempo(0.5)
    assert (later.phase - heard.phase) % 1.0 == pytest.approx(0.5, abs=0.01)
    onsets = [n * 0.6 + 0.2 for n in range(10)]
    assert all(
        max(source.levels(at + d)[0]["onset"] for d in (0.02, 0.03, 0.04)) > 0.7 for at in onsets
    )
    assert all(source.levels(at + 0.5)[0]["onset"] < 0.1 for at in onsets)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read as sound: No such file"),
        (b"", "cannot be read as sound"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt nonsense", "cannot be read as sound"),
        (b"<!DOCTYPE html>", "cannot be read as sound"),
    ],
)
def test_files_that_are_no_sound(
    tmp_path: Path, open_source, content: bytes | None, message: str
) -> None:
    path = tmp_path / "x.wav"
    if content is not None:
        path.write_bytes(content)
    source = open_source(Sound(source="file", file=str(path)))
    with pytest.raises(ConfigError, match=message):
        source.wait()
    assert source.levels(0.0) == SILENCE
    assert str(path) in source.status().reason
    assert source.take_problems() == [source.status().reason]  # also where its panel is hidden


def test_a_very_short_file(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "short.wav", np.zeros((10, 1)))
    heard = analyse(read_parts(path), Sound())
    assert heard.at(3.0) == (dict.fromkeys(NAMES, 0.0), (0.0,) * BANDS)


def device(name: str, api: int = 0, channels: int = 2) -> dict:
    return {
        "name": name,
        "hostapi": api,
        "max_input_channels": channels,
        "default_samplerate": 48000.0,
    }


class FakeLibrary(types.ModuleType):
    """What sgview uses of sounddevice."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.streams: list[FakeStream] = []
        self.devices = [device("Line"), device("Speaker", channels=0)]
        self.plugged: list[dict] | None = None  # there since the last look
        self.initialised = 1

    def _terminate(self) -> None:
        assert not any(stream.active for stream in self.streams)
        self.initialised -= 1

    def _initialize(self) -> None:
        self.initialised += 1
        assert self.initialised == 1
        self.devices, self.plugged = self.plugged or self.devices, None

    def query_hostapis(self, index: int) -> dict:
        return {"name": ("MME", "Windows WASAPI")[index]}

    def query_devices(self, device: int | str | None = None, kind: str | None = None):
        if kind is None:
            return self.devices
        if isinstance(device, int):
            return self.devices[device]
        for info in self.devices:
            if info["name"] == (device or "Line"):
                return info
        raise ValueError(f"No input device matching {device!r}")

    def InputStream(self, **arguments):  # noqa: N802
        self.streams.append(FakeStream(**arguments))
        return self.streams[-1]


class FakeStream:
    def __init__(self, **arguments) -> None:
        self.arguments, self.active = arguments, False

    def start(self) -> None:
        self.active = True

    def close(self) -> None:
        self.active = False

    def play(self, samples: np.ndarray, block: int = 700, right: float = 1.0) -> None:
        for start in range(0, len(samples), block):
            part = samples[start : start + block].astype(np.float32)
            both = np.stack([part, right * part], 1)
            self.arguments["callback"](both, len(part), None, None)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    library = FakeLibrary()
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return library


def test_an_input_is_heard_as_a_file_is(library: FakeLibrary, open_source) -> None:
    source = open_source(Sound(source="input"))
    source.wait()
    assert source.levels(0.0) == SILENCE
    samples = tones()[: 2 * RATE, 0].astype(np.float32)
    (stream,) = library.streams
    stream.play(samples)
    levels, bands = source.levels(0.0)
    file = analyse([samples[None]], Sound())
    hop = hop_of(RATE)
    last = 2 * RATE // hop * hop / RATE - 1e-6
    assert levels == pytest.approx(file.at(last)[0], abs=1e-4)
    assert bands == pytest.approx(file.at(last)[1], abs=1e-4)
    assert source.levels(0.0) is source.levels(9.0)
    source.close()
    assert not stream.active


def test_what_an_input_hears_can_be_kept(library: FakeLibrary, open_source) -> None:
    source = open_source(Sound(source="input"))
    source.wait()
    tap = source.listen()
    stream = library.streams[-1]
    samples = tones()[:48_000, 0].astype(np.float32)
    stream.play(samples)
    heard = np.concatenate([block.samples for block in tap.take()], axis=1)
    np.testing.assert_allclose(heard[0], samples[: heard.shape[1]])
    assert heard.shape[1] > 47_000
    tap.close()
    assert open_source(Sound()).listen() is None


def test_what_a_file_plays_can_be_kept(tmp_path: Path, open_source) -> None:
    path = write_wav(tmp_path / "tones.wav", tones())
    now = 0.0
    source = open_source(Sound(source="file", file=str(path)), now=lambda: now)
    source.wait()
    tap = source.listen()
    for frame in range(31):
        now = frame / 60
        source.levels(1.0 + now)
    heard = np.concatenate([block.samples for block in tap.take()], axis=1)
    assert heard.shape == (2, RATE // 2)
    np.testing.assert_allclose(heard[0], tones()[RATE : RATE + RATE // 2, 0], atol=1e-3)
    tap.close()


def test_the_beat_of_an_input(
    library: FakeLibrary, open_source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_input, "ThreadPoolExecutor", AtOnce)
    source = open_source(Sound(source="input", device="Line"))
    source.wait()
    t = np.arange(RATE // 2) / RATE
    beat = 0.8 * np.exp(-60 * t) * np.sin(2 * np.pi * 90 * t)
    (stream,) = library.streams
    stream.play(np.tile(beat, 16), block=512)
    source.tempo(0.0)
    heard = source.tempo(0.0)
    assert heard.bpm == pytest.approx(120.0, rel=0.005)
    assert (heard.phase + 0.5) % 1.0 == pytest.approx(0.5, abs=0.06)
    stream.play(beat[: RATE // 4], block=512)
    assert (source.tempo(0.0).phase - heard.phase) % 1.0 == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("ends", ["pulled out", "stalls"])
def test_an_input_that_goes_away_is_quiet_and_comes_back(
    library: FakeLibrary, open_source, ends: str
) -> None:
    time = [0.0]
    source = open_source(Sound(source="input", device="Line"), now=lambda: time[0])
    source.wait()
    stream = library.streams[0]
    stream.play(tones()[:RATE, 0])
    assert source.levels(0.0)[0]["low"] > 0.9
    assert source.take_problems() == []
    if ends == "pulled out":
        stream.active = False
    else:
        time[0] += 2.5  # nothing comes any more
    assert source.levels(0.0) == QUIET
    assert source.levels(0.0) == QUIET
    (said,) = source.take_problems()
    assert "Line is gone" in said and said == source.status().reason
    for _ in range(3):  # not there, and said no second time
        library.plugged = [device("Speaker", channels=0)]
        time[0] += 10.0
        source.levels(0.0)
        with pytest.raises(ConfigError):
            source.wait()
        assert len(library.streams) == 1 and source.levels(0.0) == QUIET
    assert len(source.take_problems()) == 1
    library.plugged = [device("Speaker", channels=0), device("Line")]
    time[0] += 10.0
    source.levels(0.0)
    source.wait()
    assert len(library.streams) == 2
    assert source.status().reason == ""
    library.streams[1].play(tones()[:RATE, 0])
    assert source.levels(0.0)[0]["low"] > 0.9


def test_stereo_of_opposite_phase_and_an_offset(library: FakeLibrary, open_source) -> None:
    source = open_source(Sound(source="input"))
    source.wait()
    library.streams[0].play(tones()[:RATE, 0], right=-1.0)
    assert source.levels(0.0)[0]["low"] == pytest.approx(1.0, abs=0.02)
    library.streams[0].play(np.full(2 * RATE, 0.01))
    assert source.levels(0.0)[0]["low"] < 0.02


def test_what_is_plugged_in_later_is_listed(library: FakeLibrary) -> None:
    devices = SoundDevices()
    assert devices.names().result() == (("Line",), "")
    library.plugged = [device("Line"), device("Interface")]
    assert devices.names().result() == (("Line", "Interface"), "")
    opening = devices.open(Sound(source="input", device="Interface"))
    assert opening.result().is_alive
    library.plugged = [device("Line")]
    assert devices.names().result()[0] == ("Line", "Interface")  # while one is open
    devices.close_input(opening)
    assert devices.names().result()[0] == ("Line",)
    devices.close()


def test_an_input_that_cannot_be_closed_holds_up_nothing(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PortAudio's of a JACK that was killed."""
    monkeypatch.setattr(sound_devices, "CLOSES_IN", 0.05)
    released = threading.Event()
    devices = SoundDevices()
    opening = devices.open(Sound(source="input"))
    opening.result()
    library.streams[0].active = False
    monkeypatch.setattr(library.streams[0], "close", released.wait)
    devices.close_input(opening)
    assert devices.names().result() == ((), sound_devices.STUCK)
    with pytest.raises(OSError, match="Start sgview anew"):
        devices.open(Sound(source="input")).result()
    devices.close()
    released.set()


def test_inputs_of_one_name_carry_their_host_api(library: FakeLibrary) -> None:
    library.devices = [device("Mic", 0), device("Line"), device("Mic", 1)]
    devices = SoundDevices()
    assert devices.names().result()[0] == ("Mic, MME", "Line", "Mic, Windows WASAPI")
    for name, index in (("Mic, Windows WASAPI", 2), ("Mic, MME", 0), ("Mic", 0), ("Line", 1)):
        opening = devices.open(Sound(source="input", device=name))
        opening.result()
        assert library.streams[-1].arguments["device"] == index
        devices.close_input(opening)
    devices.close()


def test_an_hour_is_read_in_bounded_memory() -> None:
    """20 MB are kept of an hour, and little more is needed while it is read."""
    minute = np.random.default_rng(0).standard_normal((2, 60 * RATE)).astype(np.float32) * 0.1
    sizes: list[int] = []

    def parts(minutes: int):
        for _ in range(minutes):
            for start in range(0, 60 * RATE, 4096):
                yield minute[:, start : start + 4096]
            sizes.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    heard = analyse(parts(2), Sound())
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    kept = heard.levels.nbytes / 2  # a minute
    assert kept * 60 < 20e6
    assert sizes[1] - sizes[0] < 1.5 * (kept + 60 * RATE / hop_of(RATE) * 8)
    assert peak < 30e6


def test_the_tempo_of_a_file_follows_the_music() -> None:
    samples = np.concatenate([drums.house(120, 30.0), drums.house(128, 30.0)])
    heard = analyse([samples[None]], Sound())
    assert heard.tempo_at(5.0).bpm == pytest.approx(120, abs=0.3)
    assert heard.tempo_at(55.0).bpm == pytest.approx(128, abs=0.3)
    for start, bpm in ((0.0, 120), (30.0, 128)):
        for t in np.arange(start + 6.0, start + 24.0, 1.3):
            on_beat = heard.tempo_at(t).phase - (t - start - 0.1) * bpm / 60
            assert (on_beat + 0.5) % 1.0 == pytest.approx(0.5, abs=0.06)


def test_inputs_are_listed_in_the_background(
    library: FakeLibrary, open_source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sgview.signals.sound.devices.ThreadPoolExecutor", AtOnce)
    source = open_source(Sound())
    assert source.status(lists_inputs=True).devices == ()
    assert source.status().devices == ("Line",)


def test_an_unknown_input_is_one_sentence(library: FakeLibrary, open_source) -> None:
    source = open_source(Sound(source="input", device="Nothing"))
    with pytest.raises(ConfigError, match="Nothing cannot be heard: No input device"):
        source.wait()
    assert source.status().reason.startswith("Nothing cannot be heard: No input device")
    assert source.take_problems() == [source.status().reason]
    assert source.take_problems() == []


@pytest.mark.parametrize(
    ("error", "message"), [(ImportError, "sgview[audio]"), (OSError, "PortAudio")]
)
def test_without_the_library(
    monkeypatch: pytest.MonkeyPatch, open_source, error, message: str
) -> None:
    def refuse(name: str):
        raise error("no")

    monkeypatch.setattr(sound_devices.importlib, "import_module", refuse)
    source = open_source(Sound(source="input"))
    with pytest.raises(ConfigError):
        source.wait()
    assert message in source.status().reason
    assert source.levels(0.0) == SILENCE
    devices = SoundDevices()
    names, reason = devices.names().result()
    devices.close()
    assert names == ()
    assert message in reason


def test_sound_of_an_unknown_kind_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(2000))
    data = bytearray(path.read_bytes())
    data[20:22] = b"\x34\x12"  # the format tag
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="of a kind that is not known"):
        list(read_parts(path))
