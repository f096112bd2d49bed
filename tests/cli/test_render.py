"""`sgview render`, as a user calls it: without a screen."""

import signal
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sgview.cli import main
from sgview.engine.engine import Engine
from sgview.engine.picture import Picture
from sgview.state.params import Params

DATA = Path(__file__).parents[1] / "data"
A, B = str(DATA / "sg3-t-64-a.pkl"), str(DATA / "sg3-t-64-b.pkl")


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


def test_layer_and_flip(tmp_path: Path) -> None:
    plain = render(tmp_path / "1", A, "--frames", "1", "--layer", "L6")[0]
    flipped = render(tmp_path / "2", A, "--frames", "1", "--layer", "L6_52_16", "--flip-h")[0]
    assert plain.shape == (52, 52, 3)
    np.testing.assert_array_equal(plain[:, ::-1], flipped)


def test_without_networks_the_built_in_pair_plays(tmp_path: Path) -> None:
    out = tmp_path / "take.mp4"
    assert main(["render", "--frames", "2", "--blend", "b4=1", "--out", str(out)]) == 0
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == 2


def test_pair_and_look_are_chosen_by_name(tmp_path: Path) -> None:
    look = render(tmp_path / "1", "--frames", "1", "--preset", "veins")[0]
    assert look.shape == (64, 64, 3)
    other = render(tmp_path / "2", "--demo", "sg3", "--frames", "1", "--blend", "L4=1")[0]
    assert other.shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([A, "--layer", "L99"], "has no layer 'L99'; there is input, L0_36_16"),
        ([A, "--edit", "synthesis.inptu=1"], "the edit of synthesis.inptu cannot act"),
        ([A, "--edit", "mapping.w_avg=foo(t)"], "the edit of mapping.w_avg cannot act"),
        ([A, "--blend", "L1=1"], "group L1 cannot blend: there is no network B"),
        ([A, B, "--blend", "L99=1"], "group L99 cannot blend: there is mapping, input, L0"),
        (["missing.pkl"], "missing.pkl"),
        ([A, "--frames", "0"], "--frames and --fps must be greater than zero"),
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


def test_ctrl_c_leaves_a_playable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "take.mp4"
    render_picture = Engine.render

    def interrupted(engine: Engine, params: Params, t: float) -> Picture | None:
        if t >= 1.0:
            signal.raise_signal(signal.SIGINT)
        return render_picture(engine, params, t)

    monkeypatch.setattr(Engine, "render", interrupted)
    assert main(["render", A, "--device", "cpu", "--fps", "12", "--out", str(out)]) == 130
    assert "stopped; " in capsys.readouterr().err
    with av.open(str(out)) as container:
        assert len(list(container.decode(video=0))) == 12
