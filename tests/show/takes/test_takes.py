"""A show, recorded and played again."""

import json
import math
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sgview.show.resolver import Resolver
from sgview.show.script_frame import ScriptFrame
from sgview.show.takes.recorder import TakeRecorder
from sgview.show.takes.replay import Shot, count, replay
from sgview.show.takes.take import FadeStart, RecordedNetwork, read_take
from sgview.signals.incoming import Inputs, Instant
from sgview.state.networks import Slot
from sgview.state.params import Blend, Edit, Mapping, Noise, Params
from sgview.state.validation import ConfigError
from tests.support.disk import full_disk
from tests.support.until import until

A: dict[Slot, RecordedNetwork] = {"a": RecordedNetwork(path="/a.pkl", name="a")}
AB: dict[Slot, RecordedNetwork] = {**A, "b": RecordedNetwork(path="", name="blooms")}
STEP = 0.016667


def act(params: Params, instant: Instant):
    play = ScriptFrame(params, instant)
    if instant.t > 0.2:
        play.edit_layer_by_name("synthesis.input.weight", math.cos(instant.t))
    return play.params, tuple(play.changes)


def perform(path: Path, frames: int = 120) -> list[Shot]:
    """Play live for a while, uneven frames and all, and return what was shown."""
    resolver = Resolver()
    params = Params(
        noise=Noise(amplitude=0.3),
        bindings={
            "mapping.truncation_psi": "smooth(osc('/x', 0), 0.3)",
            "noise.offset": "audio('low') + sin(beat) + mouse.x",
            "latents.motion": "audio('low') * 3",
        },
        edits=(Edit(tensor="x", expression="lfo(2) * 3"),),
    )
    inputs = Inputs()
    t = beat = 0.0
    # Before the take: something is remembered, and a crossfade is under way.
    for _ in range(30):
        t += STEP
        resolver.resolve(params, Instant(t, dt=STEP, elapsed=STEP, inputs=inputs))
    resolver.fade(1.0, "smooth")
    params = replace(params, noise=replace(params.noise, amplitude=0.9))
    resolver.resolve(params, Instant(t, dt=STEP, elapsed=STEP, inputs=inputs))
    resolver.restart()
    recorder = TakeRecorder(path, params, resolver, A)
    shown: list[Shot] = []
    for n in range(frames):
        elapsed = STEP * (1 + (n * 7 % 5) / 10)
        dt = elapsed * params.playback.speed
        t, beat = t + dt, beat + elapsed * 2
        if n == 40:
            inputs = replace(inputs, osc={"/x": (0.7,)}, mouse=(0.25, 0.5))
        if n % 3 == 0:
            inputs = replace(inputs, audio={"low": n / 100}, bands=(n / 100, 0.1))
        if 50 <= n < 60:
            params = replace(params, blend=Blend(amounts={"L3": (n - 49) / 10}))
        if n == 70:  # a look is recalled
            resolver.fade(0.5, "out")
            recorder.note_fade(FadeStart(seconds=0.5, easing="out"))
            params = Params(mapping=Mapping(truncation_psi=2.0), bindings={"noise.offset": "t"})
        if n == 90:
            t = 0.0  # rewound
        networks = A if n < 30 else AB
        instant = Instant(t, dt=dt, elapsed=elapsed, beat=beat, bpm=120 + n // 50, inputs=inputs)
        if n in (90, 100):
            instant = replace(instant, restarts=("",) if n == 90 else ("seed",))
        resolved = resolver.resolve(params, instant, act)
        recorder.record(params, instant, resolved.changes, networks)
        shown.append(Shot(resolved.params, t, networks, resolved.motion))
    assert recorder.status.frames == frames
    recorder.close()
    recorder.close()
    return shown


def test_what_is_played_again_is_what_was_shown(tmp_path: Path) -> None:
    path = tmp_path / "new" / "take.jsonl.zst"
    shown = perform(path)
    take = read_take(path)
    assert not take.is_cut_short
    assert list(replay(take)) == shown
    assert count(take) == len(shown)
    # Not because nothing moved.
    assert len({shot.motion.positions["noise.x"] for shot in shown if shot.motion}) > 100
    assert len({repr(shot.params) for shot in shown}) > 100
    assert shown[-1].params.edits[-1].tensor == "synthesis.input.weight"
    assert 0.3 < shown[0].params.noise.amplitude < 0.31


def test_the_same_take_twice_is_the_same(tmp_path: Path) -> None:
    perform(tmp_path / "a.zst")
    take = read_take(tmp_path / "a.zst")
    for fps in (None, 24.0, 60.0, 144.0):
        assert list(replay(take, fps)) == list(replay(take, fps))


@pytest.mark.parametrize("fps", [10.0, 30.0, 60.0, 144.0])
def test_at_another_rate_it_takes_as_long_and_passes_the_same_values(
    tmp_path: Path, fps: float
) -> None:
    shown = perform(tmp_path / "a.zst")
    take = read_take(tmp_path / "a.zst")
    shots = list(replay(take, fps))
    assert len(shots) == count(take, fps)
    assert (len(shots) - 1) / fps == pytest.approx(take.seconds, abs=1 / fps)
    times = [frame.time for frame in take.frames]
    for n in (0, len(shots) // 4, len(shots) // 3):
        time = times[0] + n / fps
        live = max(k for k in range(len(times)) if times[k] <= time + 1e-6)
        assert shots[n].t == pytest.approx(shown[live].t, abs=0.03)
        assert shots[n].params.noise.offset == pytest.approx(
            shown[live].params.noise.offset, abs=0.1
        )
    assert shots[-1].params.mapping.truncation_psi == pytest.approx(
        shown[-1].params.mapping.truncation_psi, abs=0.05
    )
    assert shots[-1].networks == AB


def test_time_runs_evenly_between_recorded_frames_and_jumps_stay_jumps(tmp_path: Path) -> None:
    perform(tmp_path / "a.zst")
    take = read_take(tmp_path / "a.zst")
    t = [shot.t for shot in replay(take, 240.0)]
    steps = [b - a for a, b in pairwise(t)]
    backwards = [step for step in steps if step < 0]
    assert len(backwards) == 1
    assert all(abs(step - 1 / 240) < 0.03 for step in steps if step >= 0)


def test_a_recording_that_was_killed_is_read_up_to_there(tmp_path: Path) -> None:
    shown = perform(tmp_path / "a.zst")
    data = (tmp_path / "a.zst").read_bytes()
    (tmp_path / "cut.zst").write_bytes(data[:-40])
    take = read_take(tmp_path / "cut.zst")
    assert take.is_cut_short
    assert 0 < len(take.frames) < len(shown)
    assert list(replay(take)) == shown[: len(take.frames)]


def test_what_was_played_until_a_second_ago_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.zst"
    resolver = Resolver()
    recorder = TakeRecorder(path, Params(), resolver, A)
    for n in range(300):
        recorder.record(Params(), Instant(n / 60, dt=1 / 60, elapsed=1 / 60), (), A)

    def is_on_the_disk() -> bool:
        try:
            return len(read_take(path).frames) >= 239
        except ConfigError:  # nothing yet
            return False

    until(is_on_the_disk)
    recorder.close()
    assert len(read_take(path).frames) == 300


def test_a_take_is_small(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path / "a.zst", Params(), Resolver(), A)
    for n in range(3600):
        recorder.record(Params(), Instant(n / 60 + 1e-4 / (n + 1), elapsed=1 / 60), (), A)
    recorder.close()
    assert (tmp_path / "a.zst").stat().st_size < 100_000


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    perform(tmp_path / "a.zst", 3)
    with pytest.raises(FileExistsError):
        TakeRecorder(tmp_path / "a.zst", Params(), Resolver(), A)


def compress(*lines: object) -> bytes:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return zstandard.ZstdCompressor().compress((text + "\n").encode())


HEAD = {"sgview_take": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a take"),
        (b"PK\x03\x04", "is not a take"),
        (b"\x28\xb5\x2f\xfd garbage", "is not a take|ends in the middle"),
        (compress("["), "line 1"),
        (compress({"sgview_take": 9}), "version 9"),
        (compress(HEAD), "holds no frames"),
        (compress(HEAD, {"t": "x"}), "line 2"),
        (compress(HEAD, {"t": 1, "zzz": 2}), "line 2"),
        (compress(HEAD, {"t": 1}, {"t": 1, "params": {"noise": {"perod": 1}}}), "line 3"),
        (compress(HEAD, {"t": 1, "params": {"nose": {}}}), "line 2: unknown field nose"),
        (compress(HEAD, {"t": 1, "inputs": {"osc": 3}}), "line 2"),
        (compress({"params": {"noise": {"seed": "x"}}}), "line 1"),
        (compress(HEAD, "[" * 100_000), "line 2"),
    ],
)
def test_files_that_are_no_takes(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.zst"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=message) as caught:
        read_take(path)
    assert str(path) in str(caught.value)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zst"
    path.write_bytes(compress(HEAD, " " * 20_000_000))
    with pytest.raises(ConfigError, match="a line has more than"):
        read_take(path)


@pytest.mark.parametrize(
    "change",
    [
        ("set", "noise.nothing", 1),
        ("exec", "x", 1),
        ("node", "noise", {"seed": "x"}),
        ("set", "noise.seed", "x"),
    ],
)
def test_changes_of_no_script_are_refused(tmp_path: Path, change: tuple) -> None:
    path = tmp_path / "a.zst"
    path.write_bytes(compress(HEAD, {"t": 1, "changes": [change]}))
    with pytest.raises(ConfigError, match="cannot be played"):
        list(replay(read_take(path)))


@given(st.data())
def test_any_damage_gives_a_take_or_one_sentence(tmp_path_factory, data) -> None:
    path = tmp_path_factory.mktemp("damage") / "a.zst"
    lines = [HEAD, {"t": 1, "params": {"noise": {"seed": 4}}}, {"t": 2, "fade": None}]
    if data.draw(st.booleans()):
        content = bytearray(compress(*lines))
    else:
        content = bytearray("\n".join(map(json.dumps, lines)).encode())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    is_compressed = content[:4] == b"\x28\xb5\x2f\xfd" or at < 4
    path.write_bytes(content if is_compressed else zstandard.compress(bytes(content)))
    with suppress(ConfigError):
        list(replay(read_take(path)))


def test_a_recording_on_a_full_disk_says_so_at_the_latest_when_it_ends(tmp_path: Path) -> None:
    recorder = TakeRecorder(tmp_path / "t.jsonl.zst", Params(), Resolver(), A)
    with full_disk(10):
        recorder.record(Params(), Instant(0.0), (), A)
        recorder.close()
    assert "cannot be written" in recorder.problem


def test_names_that_are_no_unicode_do_not_end_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.zst"
    networks: dict[Slot, RecordedNetwork] = {
        "a": RecordedNetwork(path="/bad\udcff.pkl", name="bad\udcff")
    }
    recorder = TakeRecorder(path, Params(), Resolver(), networks)
    for n in range(10):
        recorder.record(Params(sliders={"\ud800": float(n)}), Instant(n * STEP), (), networks)
    recorder.close()
    assert not recorder.problem
    take = read_take(path)
    assert len(take.frames) == 10
    assert take.frames[-1].params.sliders == {"\ufffd": 9.0}
