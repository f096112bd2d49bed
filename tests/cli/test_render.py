"""`sgview render`, as a user calls it: without a screen."""

import io
import re
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from sgview.cli import main
from sgview.engine.engine import Engine
from sgview.engine.networks import builtin_networks, load_network
from sgview.engine.picture.picture import Picture
from sgview.show.resolver import Resolver
from sgview.show.takes.recorder import TakeRecorder
from sgview.show.takes.take import FadeStart, RecordedNetwork
from sgview.signals import Instant
from sgview.state.networks import Slot
from sgview.state.params import Edit, Mapping, Params
from sgview.state.status import Notice
from tests.support import DATA
from tests.support.until import LIMIT, until

A, B = str(DATA / "sg3-t-64-a.pkl"), str(DATA / "sg3-t-64-b.pkl")
COND = str(DATA / "sg2-cond-resnet-32.pkl")


@pytest.fixture(autouse=True)
def no_user_config(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def render(out: Path, *arguments: str) -> list[np.ndarray]:
    assert main(["render", *arguments, "--device", "cpu", "--out", str(out)]) == 0
    return [np.asarray(Image.open(path)) for path in sorted(out.iterdir())]


def test_pictures_move_and_the_same_command_gives_the_same_pictures(tmp_path: Path) -> None:
    options = ("--frames", "3", "--fps", "2", "--edit", "synthesis.input.weight=1 + t")
    first = render(tmp_path / "1", A, B, "--blend", "L2=0.5", *options)
    again = render(tmp_path / "2", A, B, "--blend", "L2=0.5", *options)
    assert [picture.shape for picture in first] == [(64, 64, 3)] * 3
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[2])
    unblended = render(tmp_path / "3", A, B, *options)
    assert not np.array_equal(first[0], unblended[0])


def test_start_continues_a_take(tmp_path: Path) -> None:
    whole = render(tmp_path / "1", A, "--frames", "3", "--fps", "4")
    rest = render(tmp_path / "2", A, "--frames", "1", "--fps", "4", "--start", "0.5")
    np.testing.assert_array_equal(whole[2], rest[0])


@pytest.mark.parametrize("network", ["sg3-t-64-a.pkl", "sg2-64-a.pkl"])
def test_a_ground_that_moves_is_rendered_again_bit_for_bit(tmp_path: Path, network: str) -> None:
    """And from the middle on too: positions follow from time alone."""
    preset = tmp_path / "look.toml"
    preset.write_text(
        "[ground.input]\nspeed_x = 0.1\nspeed_rotate = 20\nshear = 0.1\n"
        "[ground.noise]\nmoving = 3.0\nstrength = 2.0\nlayers = { b64_conv1 = 3.0 }\n"
        "[ground.constant]\namount = 1.0\n"
    )
    options = (str(DATA / network), "--preset", str(preset), "--fps", "4")
    whole = render(tmp_path / "1", *options, "--frames", "4")
    np.testing.assert_array_equal(whole, render(tmp_path / "2", *options, "--frames", "4"))
    rest = render(tmp_path / "3", *options, "--frames", "2", "--start", "0.5")
    np.testing.assert_array_equal(whole[2:], rest)


def test_a_loop_is_one_period_and_ends_before_it_begins_anew(tmp_path: Path) -> None:
    preset = tmp_path / "look.toml"
    keys = '[{ at = 0, place = "seed 1" }, { at = 0.7, place = "seed 2" }]'
    looks = (
        "[noise]\nloop = 1.5",
        f'[latents]\nsource = "path"\n[latents.path]\nkeys = {keys}\nends = "ping-pong"',
        '[noise]\nloop = 3\nloop_unit = "beats"\n[latents]\nmotion = -1.0',
        '[latents]\nsource = "seeds"\n[ground.constant]\namount = 1.0\nloop = 1.5',
    )
    for number, look in enumerate(looks):
        preset.write_text(look)
        options = (A, "--preset", str(preset), "--fps", "4")
        loop = render(tmp_path / f"{number}", *options, "--loop")
        assert len(loop) == 6
        for turn in (1.0, 2.0):
            start = str(turn * (1.4 if number == 1 else 1.5))
            one = ("--frames", "1", "--start", start)
            again = render(tmp_path / f"{number} after {turn:.0f}", *options, *one)
            np.testing.assert_array_equal(again[0], loop[0])
        assert not np.array_equal(loop[0], loop[1])


def test_a_loop_is_refused_where_nothing_loops(tmp_path: Path, capsys) -> None:
    for arguments in (["--loop"], ["--loop", "--frames", "3"]):
        out = ["--out", str(tmp_path / "out"), "--device", "cpu"]
        assert main(["render", A, *arguments, *out]) == 2
    assert "nothing that loops" in capsys.readouterr().err


def test_layer_and_flip(tmp_path: Path) -> None:
    plain = render(tmp_path / "1", A, "--frames", "1", "--layer", "L6")[0]
    flipped = render(tmp_path / "2", A, "--frames", "1", "--layer", "L6_52_16", "--flip-h")[0]
    assert plain.shape == (52, 52, 3)
    np.testing.assert_array_equal(plain[:, ::-1], flipped)


def write_script(path: Path, body: str) -> str:
    path.write_text(f"def frame(play):\n    {body}\n")
    return str(path)


def test_a_script_plays_along(tmp_path: Path) -> None:
    body = "edit_layer_by_name('synthesis.input.weight', 1 + absTime.seconds)"
    script = write_script(tmp_path / "play.py", body)
    options = ("--frames", "3", "--fps", "2")
    played = render(tmp_path / "1", A, *options, "--script", script)
    edited = render(tmp_path / "2", A, *options, "--edit", "synthesis.input.weight=1 + t")
    np.testing.assert_array_equal(played, edited)


def test_a_script_that_fails_is_an_error_with_its_line(tmp_path: Path, capsys) -> None:
    script = write_script(tmp_path / "play.py", "1 / (play.t - 0.5)")
    out = str(tmp_path / "out")
    arguments = ["render", A, "--frames", "3", "--fps", "2", "--script", script, "--out", out]
    assert main(arguments) == 2
    assert "play.py, line 2: ZeroDivisionError" in capsys.readouterr().err


def test_a_name_that_a_script_misspells_is_an_error_as_with_edit(tmp_path: Path, capsys) -> None:
    script = write_script(tmp_path / "play.py", "edit_layer_by_name('synthesis.input.wieght', 5)")
    out = str(tmp_path / "out")
    assert main(["render", A, "--frames", "1", "--script", script, "--out", out]) == 2
    error = capsys.readouterr().err
    assert "play.py, line 2: sg3-t-64-a has no tensor 'synthesis.input.wieght'" in error
    assert "did you mean synthesis.input.weight?" in error


def write_pulses(path: Path) -> str:
    """Half a second of 100 Hz in every second, mono, 3 s."""
    t = np.arange(3 * 48_000) / 48_000
    samples = np.sin(2 * np.pi * 100 * t) * (t % 1.0 < 0.5)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((samples * 32_000).astype("<i2").tobytes())
    return str(path)


def test_sound_moves_what_is_bound_to_it_alike_every_time(tmp_path: Path) -> None:
    sound = write_pulses(tmp_path / "pulses.wav")
    preset = tmp_path / "look.toml"
    preset.write_text(
        "[noise]\ntranslate_speed = [0, 0, 0]\n"
        "[bindings]\n'mapping.truncation_psi' = \"1 - audio('low')\"\n"
    )
    options = (A, "--preset", str(preset), "--frames", "5", "--fps", "2", "--start", "0.4")
    first = render(tmp_path / "1", *options, "--audio", sound)
    again = render(tmp_path / "2", *options, "--audio", sound)
    np.testing.assert_array_equal(first, again)
    loud, silent = first[0], first[1]  # at 0.4 s and 0.9 s
    assert (loud != silent).mean() > 0.2
    average = render(tmp_path / "3", A, "--psi", "0", "--frames", "1")[0]
    assert np.abs(loud.astype(int) - average).mean() < np.abs(silent.astype(int) - average).mean()
    assert np.abs(loud.astype(int) - average).max() <= 12
    assert np.abs(loud.astype(int) - first[2]).max() <= 3  # a second later


def record(path: Path, networks: dict[Slot, RecordedNetwork]) -> list[tuple[Params, float]]:
    """Record 12 frames and return what was shown in each."""
    resolver = Resolver()
    params = Params(edits=(Edit(tensor="synthesis.input.weight", expression="1 + sin(t)"),))
    recorder = TakeRecorder(path, params, resolver, networks)
    shown = []
    for n in range(12):
        if n == 4:
            resolver.fade(0.2, "linear")
            recorder.note_fade(FadeStart(seconds=0.2, easing="linear"))
            params = Params(mapping=Mapping(truncation_psi=0.3))
        if n == 8:
            networks = {slot: network for slot, network in networks.items() if slot == "a"}
        instant = Instant(n / 20, dt=1 / 20, elapsed=1 / 20)
        shown.append((resolver.resolve(params, instant).params, instant.t))
        recorder.record(params, instant, (), networks)
    recorder.close()
    return shown


def test_a_take_is_rendered_as_it_was_played(tmp_path: Path) -> None:
    path = tmp_path / "take.jsonl.zst"
    pair: dict[Slot, RecordedNetwork] = {
        "a": RecordedNetwork(path=A, name="a"),
        "b": RecordedNetwork(path=B, name="b"),
    }
    shown = record(path, pair)
    first = render(tmp_path / "1", "--take", str(path))
    assert len(first) == 12
    np.testing.assert_array_equal(first, render(tmp_path / "2", "--take", str(path)))
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(A))
        for pixels, (params, t) in zip(first, shown, strict=True):
            picture = engine.render(params, t)
            assert picture is not None
            np.testing.assert_array_equal(pixels, picture.rgba8.numpy()[..., :3])
    assert (first[3] != first[6]).any()
    some = render(tmp_path / "3", "--take", str(path), "--start", "0.1", "--frames", "3")
    np.testing.assert_array_equal(some, first[2:5])
    faster = render(tmp_path / "4", "--take", str(path), "--fps", "40")
    assert len(faster) == 23
    np.testing.assert_array_equal(faster[0], first[0])
    other = render(tmp_path / "5", B, "--take", str(path), "--frames", "1")
    assert (other[0] != first[0]).any()


def test_a_take_of_the_built_in_pair(tmp_path: Path) -> None:
    path = tmp_path / "take.jsonl.zst"
    name = builtin_networks("sg3")[0].status.name
    record(path, {"a": RecordedNetwork(path="", name=name)})
    pictures = render(tmp_path / "1", "--take", str(path), "--frames", "2")
    plain = tmp_path / "plain.toml"  # a take has no look of its own to start with
    plain.write_text("version = 2\n")
    demo = ("--demo", "sg3", "--preset", str(plain))
    demo += ("--edit", "synthesis.input.weight=1 + sin(t)")
    np.testing.assert_array_equal(
        pictures, render(tmp_path / "2", *demo, "--frames", "2", "--fps", "20")
    )


def test_without_networks_the_built_in_pair_plays(tmp_path: Path) -> None:
    out = tmp_path / "take.mp4"
    assert main(["render", "--frames", "2", "--blend", "b4=1", "--out", str(out)]) == 0
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == 2


def test_pair_and_look_are_chosen_by_name(tmp_path: Path) -> None:
    look = render(tmp_path / "1", "--frames", "1", "--preset", "veins")[0]
    assert look.shape == (128, 128, 3)
    other = render(tmp_path / "2", "--demo", "sg3", "--frames", "1", "--blend", "L4=1")[0]
    size = builtin_networks("sg3")[0].status.img_resolution
    assert other.shape == (size, size, 3)


def test_all_blends_what_is_not_named(tmp_path: Path) -> None:
    options = ("--frames", "1", "--blend", "all=1")
    b_alone = render(tmp_path / "1", B, *options[:2])
    blended = render(tmp_path / "2", A, B, *options)
    np.testing.assert_array_equal(blended, b_alone)
    but_input = render(tmp_path / "3", A, B, *options, "--blend", "input=0")
    assert not np.array_equal(but_input, b_alone)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([A, "--blend", "all=1"], "group all cannot blend: there is no network B"),
        ([A, "--layer", "L99"], "has no layer 'L99'; there is input, L0_36_16"),
        ([A, "--edit", "synthesis.inptu=1"], "the edit of synthesis.inptu cannot act"),
        ([A, "--edit", "mapping.w_avg=foo(t)"], "the edit of mapping.w_avg cannot act"),
        ([A, "--blend", "L1=1"], "group L1 cannot blend: there is no network B"),
        ([A, B, "--blend", "L99=1"], "group L99 cannot blend: there is mapping, input, L0"),
        (["missing.pkl"], "missing.pkl"),
        (["--take", "missing.zst"], "missing.zst cannot be read"),
        (["--take", "missing.zst", "--psi", "1"], "--psi does not go with --take"),
        ([A, "--audio", "missing.wav"], "missing.wav cannot be read as sound"),
        ([A, "--script", "missing.py"], "missing.py: It cannot be read"),
        ([A, "--frames", "0"], "--frames and --fps must be greater than zero"),
        ([A, "--class", "3"], "--class 3: there is no such class, the network has no classes"),
        ([COND, "--class", "9"], "--class 9: there is no such class, the last one is 2"),
        ([A, "--range", "400:500"], "--range 400:500 leaves nothing of 300 pictures"),
        ([A, "--report", "r.json"], "--report is for --workers: give that too"),
        ([A, "--threads", "2"], "--threads is for --workers: give that too"),
        ([A, "--workers", "2", "--threads", "0"], "--threads must be at least 1, not 0"),
        ([A, "--out", ".."], "--out ..: name a film, or a folder of its own"),
        ([A, "--out", ""], "--out .: name a film, or a folder of its own"),
        (["/dev/zero"], "/dev/zero: it is no regular file"),
    ],
)
def test_what_cannot_be_rendered_is_refused_before_a_file_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "take.mp4"
    assert main(["render", "--out", str(out), *arguments]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("sgview: ")
    assert message in errors[0]
    assert not out.exists()


def test_a_canvas_that_memory_has_no_room_for_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sgview.engine.canvas._room", lambda _: 1_000_000)
    out = tmp_path / "pictures"
    assert main(["render", A, "--canvas", "16:9", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sgview: A canvas of 114 × 64 px would take about 0.0 GB, and 0.0 GB")
    assert not out.exists()


def test_what_the_first_picture_has_to_say_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notices = [[Notice(0, "warning", "It is slow.", "Wait.")]]
    monkeypatch.setattr(Engine, "take_notices", lambda _: notices.pop() if notices else [])
    assert main(["render", A, "--frames", "1", "--out", str(tmp_path / "p")]) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first == "sgview: It is slow. Wait."
    assert last.endswith("p: 1 picture, 0.0 s")


def b_alone(tmp_path: Path) -> tuple[str, str]:
    """A preset in which B plays alone."""
    preset = tmp_path / "b.toml"
    preset.write_text('[blend]\nsource = "b"\n')
    return "--preset", str(preset)


def test_a_layer_is_looked_for_in_the_network_that_plays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(DATA / "sg2-64-a.pkl")
    alone = b_alone(tmp_path)
    options = ("--frames", "1", "--layer", "b16.conv0", *alone)
    assert render(tmp_path / "1", A, other, *options)[0].shape == (16, 16, 3)
    out = tmp_path / "take.mp4"
    assert main(["render", A, other, "--layer", "L6", *alone, "--out", str(out)]) == 2
    assert "sg2-64-a has no layer 'L6'; there is input, b4" in capsys.readouterr().err
    # without B, A plays
    options = ("--frames", "1", "--layer", "L6_148_512", *alone)
    assert render(tmp_path / "2", A, *options)[0].shape == (52, 52, 3)


def test_ctrl_c_leaves_a_playable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "take.mp4"
    render_picture = Engine.render

    def interrupted(engine: Engine, params: Params, t: float, *more: Any) -> Picture | None:
        if t >= 1.0:
            signal.raise_signal(signal.SIGINT)
        return render_picture(engine, params, t, *more)

    monkeypatch.setattr(Engine, "render", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
    try:
        assert main(["render", A, "--device", "cpu", "--fps", "12", "--out", str(out)]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "stopped; " in capsys.readouterr().err
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == 12


RENDER = """
import sys
from sgview.cli import main
raise SystemExit(main(["render", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("interrupts", [[signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM]])
def test_an_interrupted_film_holds_what_is_said(tmp_path: Path, interrupts: list) -> None:
    out = tmp_path / "film.mkv"
    command = [sys.executable, "-c", RENDER, A, "--device", "cpu", "--out", str(out)]
    command += ["--frames", "100000", "--fps", "5"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: out.is_file() and out.stat().st_size > 20_000)
        for number in interrupts:
            process.send_signal(number)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(LIMIT) == 130
    match = re.search(r"stopped; .* holds (\d+) pictures", said)
    assert match is not None, said
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == int(match[1])
    assert "Traceback" not in said


def test_a_film_is_replaced_only_when_asked(tmp_path: Path, capsys) -> None:
    out = tmp_path / "film.mp4"
    out.write_text("mine")
    arguments = ["render", A, "--device", "cpu", "--frames", "2", "--out", str(out)]
    assert main(arguments) == 2
    assert f"{out} exists already: choose another name, or add --force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main([*arguments, "--force"]) == 0
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == 2


def test_old_and_new_pictures_are_never_mixed(tmp_path: Path, capsys) -> None:
    out = tmp_path / "pictures"
    out.mkdir()
    for name in ("000000.png", "000007.png", "mine.png", "notes.txt"):
        (out / name).write_text("old")
    arguments = ["render", A, "--device", "cpu", "--frames", "2", "--out", str(out)]
    assert main(arguments) == 2
    assert "holds 2 pictures of an earlier run" in capsys.readouterr().err
    assert (out / "000000.png").read_text() == "old"
    assert main([*arguments, "--force"]) == 0
    names = sorted(path.name for path in out.iterdir())
    assert names == ["000000.png", "000001.png", "mine.png", "notes.txt"]
    assert (out / "mine.png").read_text() == "old"


@pytest.mark.parametrize("answer", ["y\n", "n\n", ""])
def test_at_a_terminal_it_is_a_question(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = tmp_path / "film.mp4"
    out.write_text("mine")
    said = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", said)
    arguments = ["render", A, "--device", "cpu", "--frames", "2", "--out", str(out)]
    assert main(arguments) == (0 if answer == "y\n" else 2)
    assert "Replace? [y/N]" in said.getvalue()
    assert (out.read_bytes() == b"mine") == (answer != "y\n")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("frames", ["3", "20"])
def test_a_device_that_is_full_is_one_sentence(
    tmp_path: Path, capsys, suffix: str, frames: str
) -> None:
    out = tmp_path / f"full{suffix}"
    out.symlink_to("/dev/full")
    assert main(["render", A, "--device", "cpu", "--frames", frames, "--out", str(out)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"sgview: {out} cannot be written: No space left")
