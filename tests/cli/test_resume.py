"""`sgview render --resume` and `--force`: nothing that was made is lost."""

import argparse
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from sgview.cli import main
from sgview.cli.shots import Plan, plan_settings
from sgview.cli.unfinished import Unfinished, ingredients
from sgview.engine.engine import Engine
from sgview.engine.picture.picture import Picture
from sgview.outputs.film_parts import count_pictures
from sgview.outputs.film_writers import open_film_writer
from sgview.settings import FolderSettings, Settings
from sgview.state.params import Directions, Latents, Mapping, Params
from tests.outputs.test_film_parts import numbers_of, picture
from tests.support import DATA
from tests.support.disk import full_disk

A, B = str(DATA / "sg3-t-64-a.pkl"), str(DATA / "sg3-t-64-b.pkl")
FPS, FRAMES = 8, 20
COMMAND = ["render", A, "--device", "cpu", "--fps", str(FPS), "--frames", str(FRAMES), "--out"]


@pytest.fixture(autouse=True)
def no_user_config(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch):
    """`stop_at(7)`: Ctrl+C comes while the picture after seven is made; `stop_at(None)`: never."""
    original = Engine.render
    wanted: list[int | None] = [None]
    rendered: list[float] = []

    def interrupted(engine: Engine, params: Params, t: float, *more: Any) -> Picture | None:
        rendered.append(t)
        if wanted[0] is not None and t >= wanted[0] / FPS:
            signal.raise_signal(signal.SIGINT)
        return original(engine, params, t, *more)

    def set_stop(number: int | None) -> list[float]:
        wanted[0] = number
        rendered.clear()
        return rendered

    monkeypatch.setattr(Engine, "render", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield set_stop
    signal.signal(signal.SIGINT, before)


def pictures_of(path: Path) -> np.ndarray:
    if path.is_dir():
        return np.stack([np.asarray(Image.open(p)) for p in sorted(path.glob("*.png"))])
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


StopAt = Callable[[int | None], list[float]]


@pytest.mark.parametrize("name", ["film.mp4", "film.webm", "pictures"])
def test_what_was_interrupted_goes_on(tmp_path: Path, capsys, stop_at: StopAt, name: str) -> None:
    out, whole = tmp_path / name, tmp_path / "whole" / name
    assert main([*COMMAND, str(whole)]) == 0
    for number in (5, 13):
        rendered = stop_at(number)
        assert main([*COMMAND, str(out), *["--resume"] * (number > 5)]) == 130
        said = capsys.readouterr().err.splitlines()[-1]
        assert said == f"sgview: stopped; {out} holds {number} pictures; --resume goes on with it"
        if out.is_file():
            assert count_pictures(out) == number
    rendered = stop_at(None)
    assert main([*COMMAND, str(out), "--resume"]) == 0
    assert min(rendered[1:]) == 13 / FPS  # after the one that options are checked with
    assert f"{out}: {FRAMES} pictures" in capsys.readouterr().err
    made, wanted = pictures_of(out).astype(float), pictures_of(whole).astype(float)
    assert made.shape == wanted.shape
    # A film is encoded anew from there; what it shows is the same picture.
    assert np.abs(made - wanted).mean() <= (2.0 if out.is_file() else 0.0)
    beside = [p.name for p in out.parent.iterdir() if p.name.startswith("film")]
    assert beside in ([], [name])
    assert not (out / "render.json").exists()


def test_several_films_go_on_from_where_each_is(tmp_path: Path, capsys, stop_at: StopAt) -> None:
    """Of films a second plays for certain after a kill, of files every picture."""
    film, pngs, late = tmp_path / "film.mp4", tmp_path / "pngs", tmp_path / "late.webm"
    whole = tmp_path / "whole"
    assert main([*COMMAND, str(whole)]) == 0
    command = [*COMMAND, str(film), "--out", str(pngs), "--out", str(late)]
    stop_at(11)
    assert main(command[:-2]) == 130
    manifest = tmp_path / "film.mp4.render.json"
    manifest.write_text(manifest.read_text().replace('"kept": 11', '"kept": 0'))  # as if killed
    rendered = stop_at(15)
    assert main([*command, "--resume"]) == 130
    assert min(rendered[1:]) == 0.0  # for the film that had not been begun
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.count(" holds 15 pictures; --resume goes on with it") == 3
    assert [count_pictures(film), len(list(pngs.glob("*.png"))), count_pictures(late)] == [15] * 3
    rendered = stop_at(None)
    assert main([*command, "--resume"]) == 0
    assert min(rendered[1:]) == 15 / FPS
    assert {path.name: path.read_bytes() for path in pngs.iterdir()} == {
        path.name: path.read_bytes() for path in whole.iterdir()
    }
    wanted = pictures_of(whole).astype(float)
    for path in (film, late):
        assert np.abs(pictures_of(path) - wanted).mean() <= 2.5
    before = film.read_bytes()
    late.unlink()  # one that is lost is made again, the others stay
    assert main([*command, "--resume"]) == 0
    assert count_pictures(late) == FRAMES
    assert main([*command, "--resume"]) == 0
    assert "whole already" in capsys.readouterr().err
    assert film.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "film.mp4",
        "late.webm",
    ]


def test_a_whole_film_is_left_alone(tmp_path: Path, capsys, stop_at: StopAt) -> None:
    out = tmp_path / "film.mkv"
    assert main([*COMMAND, str(out)]) == 0
    before = out.read_bytes()
    assert main([*COMMAND, str(out), "--resume"]) == 0
    assert "whole already" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert main([*COMMAND, str(tmp_path / "new.mkv"), "--resume"]) == 2
    assert "there is nothing to go on with" in capsys.readouterr().err


def test_another_command_is_refused(tmp_path: Path, capsys, stop_at: StopAt) -> None:
    out = tmp_path / "film.mp4"
    stop_at(3)
    assert main([*COMMAND, str(out)]) == 130
    before = out.read_bytes()
    for more, name in [
        (["--fps", "9"], "rate"),
        (["--frames", "21"], "number of pictures"),
        (["--psi", "0.5"], "preset or option"),
        (["--start", "1"], "start"),
        ([B], "network A"),
    ]:
        command = ["render", *more, *COMMAND[2:]] if more == [B] else [*COMMAND]
        assert main([*command, str(out), "--resume", *more * (more != [B])]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith(f"sgview: {out} was begun with another {name}: ")
    assert main([*COMMAND, str(out), "--resume", "--force"]) == 2
    assert main([*COMMAND, str(out)]) == 2
    assert "exists already: add --resume to go on, or --force" in capsys.readouterr().err
    (tmp_path / "film.mp4.render.json").write_text("[")
    assert main([*COMMAND, str(out), "--resume"]) == 2
    assert "film.mp4.render.json cannot be read" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_a_film_is_made_of_the_files_that_play_in_it(tmp_path: Path) -> None:
    settings = Settings(
        folders=FolderSettings(latents=str(tmp_path)),
        params=Params(
            latents=Latents(source="library", entry="petals"),
            mapping=Mapping(centre="modes", centroids="kinds"),
            directions=Directions(amounts={"smile": 1.0, "sefa1": 1.0}),
        ),
    )
    args = argparse.Namespace(
        **dict.fromkeys(("take", "script", "audio", "a", "demo", "codec", "quality", "fps")),
        start=0.0, frames=2, loop=False, range=(0, None), size="picture", fit="fit", alpha=False,
    )  # fmt: skip
    plan = plan_settings(settings, args, {})
    (tmp_path / "directions").mkdir()
    for label, name, file in (
        ("latent of the library", "petals", "petals.npy"),
        ("file of modes", "kinds", "kinds.npy"),
        ("direction", "smile", "directions/smile.npy"),
    ):
        found = []
        for content in (None, b"1", b"2"):
            if content is not None:
                (tmp_path / file).write_bytes(content)
            found.append(ingredients(args, settings, plan)[label])
        assert [list(names) for names in found] == [[name]] * 3
        assert len({names[name] for names in found}) == 3


def test_an_old_film_stays_until_the_new_one_is_whole(
    tmp_path: Path, capsys, stop_at: StopAt
) -> None:
    out, partial = tmp_path / "film.mp4", tmp_path / "film.partial.mp4"
    out.write_bytes(b"old")
    stop_at(4)
    assert main([*COMMAND, str(out), "--force"]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"sgview: stopped; {partial} holds 4 pictures, {out} is as it was")
    assert out.read_bytes() == b"old"
    assert count_pictures(partial) == 4
    stop_at(None)
    assert main([*COMMAND, str(out), "--resume"]) == 0
    assert count_pictures(out) == FRAMES
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["film.mp4"]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.webm"])
def test_after_a_full_disk_the_sentence_counts_what_plays(
    tmp_path: Path, capsys, name: str
) -> None:
    out = tmp_path / name
    command = [*COMMAND, str(out), "--layer", "L2", "--edit", "synthesis.input.phases:add=t*9"]
    command += ["--size", "400x400"]  # much more than the notes beside the film
    assert main(command) == 0
    size = out.stat().st_size
    out.unlink()
    capsys.readouterr()
    with full_disk(size * 2 // 3):
        assert main(command) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"sgview: {out} cannot be written: ")
    count = int(said.split(f"{out} plays ")[1].split()[0])
    assert 0 < count < FRAMES
    decoded = 0
    try:
        with av.open(str(out)) as container:
            for _ in container.decode(video=0):
                decoded += 1
    except av.FFmpegError:
        pass
    assert decoded == count
    assert main([*command, "--resume"]) == 0
    assert count_pictures(out) == FRAMES


def film(path: Path) -> Unfinished:
    opened = partial(open_film_writer, threads=2)  # what is in hand grows with them
    return Unfinished(path, {"take": "x"}, Plan(iter(()), 90, FPS), opened)


def write_until_killed(path: Path, end: int, *, is_begun: bool) -> None:
    """Let a process write pictures up to `end`, and be killed."""
    child = os.fork()
    if not child:
        try:
            made = film(path)
            assert not is_begun or made.resume()
            writer = made.open()
            for number in range(made.there, end):
                writer.write(picture(number))
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)  # something else went wrong
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_what_was_killed_twice_goes_on(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"film{suffix}"
    write_until_killed(out, 40, is_begun=False)
    write_until_killed(out, 75, is_begun=True)
    last = film(out)
    assert last.resume()
    assert 0 < last.there < 75  # seconds that are still being encoded are lost
    writer = last.open()
    for number in range(last.there, 90):
        writer.write(picture(number))
    writer.close()
    last.finish(90 - last.there)
    assert numbers_of(out)[0] == [number % 30 for number in range(90)]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
