"""`sgview render --workers`: the same film by many, whatever happens to some of them."""

import io
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sgview.cli import main
from sgview.cli.films.cluster import connect
from sgview.cli.films.parts import Parts
from sgview.cli.films.recipe import Chunk
from sgview.state.validation import ConfigError
from tests.support import DATA
from tests.support.processes import descendants_called

A, B = str(DATA / "sg3-t-64-a.pkl"), str(DATA / "sg3-t-64-b.pkl")
MOVING = ("--blend", "L2=0.5", "--edit", "synthesis.input.weight=1 + sin(t)")
SMALL = ("--layer", "L4")  # what comes after it is not computed
FRAMES = 72  # chunks of 16, the last one shorter; two workers have them in hand


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """One Ray for all tests here, which would otherwise start one each."""
    ray = pytest.importorskip("ray")
    for is_last in (False, True):  # each waits 30 s twice: a busy machine takes longer
        try:
            connect("2")
            break
        except ConfigError:
            if is_last:
                raise
    yield
    ray.shutdown()


@pytest.fixture(autouse=True)
def no_user_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the chunks that were made, in the order in which they came."""
    numbers: list[int] = []
    keep = Parts.keep

    def note(parts: Parts, chunk: Chunk, files: list[bytes]) -> None:
        numbers.append(chunk.number)
        keep(parts, chunk, files)

    monkeypatch.setattr(Parts, "keep", note)
    return numbers


def when_kept(monkeypatch: pytest.MonkeyPatch, count: int, act: Callable[[], object]) -> None:
    """Act once, when so many chunks are there."""
    left = [count]
    keep = Parts.keep

    def keep_and_act(parts: Parts, chunk: Chunk, files: list[bytes]) -> None:
        keep(parts, chunk, files)
        left[0] -= 1
        if left[0] == 0:
            act()

    monkeypatch.setattr(Parts, "keep", keep_and_act)


def render(out: Path, workers: int, *options: str) -> int:
    command = ["render", A, B, *MOVING, *SMALL, "--device", "cpu", "--frames", str(FRAMES)]
    command += ["--fps", "12", "--workers", str(workers), "--out", str(out), *options]
    return main(command)


@pytest.fixture(scope="module")
def by_one(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> dict[str, bytes]:
    """The files that one worker makes."""
    folder = tmp_path_factory.mktemp("one") / "one"
    assert render(folder, 1) == 0
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def kill_workers(most: int = 2) -> None:
    for number in descendants_called("ray::FilmWorker", os.getpid())[:most]:
        os.kill(number, signal.SIGKILL)


def test_many_make_the_files_of_one_though_workers_are_lost(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept: list[int],
    capsys: pytest.CaptureFixture[str],
    by_one: dict[str, bytes],
) -> None:
    assert list(by_one) == [f"{number:06d}.png" for number in range(FRAMES)]
    assert len(set(by_one.values())) == FRAMES
    when_kept(monkeypatch, 1, kill_workers)
    assert render(tmp_path / "two", 2) == 0
    assert "workers were lost (" in capsys.readouterr().err
    assert contents(tmp_path / "two") == by_one
    assert sorted(kept) == [0, 1, 2, 3, 4]  # nothing lost, nothing twice
    assert [path.name for path in tmp_path.iterdir()] == ["two"]


def test_a_stopped_film_goes_on_with_what_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept: list[int],
    capsys: pytest.CaptureFixture[str],
    by_one: dict[str, bytes],
) -> None:
    film = tmp_path / "film.mp4"
    with monkeypatch.context() as patch:
        when_kept(patch, 2, lambda: signal.raise_signal(signal.SIGINT))
        assert render(film, 1) == 130
    first = list(kept)
    assert len(first) >= 2  # and what had come by then
    assert "pictures are there, and the same command goes on" in capsys.readouterr().err
    assert not film.exists()
    assert main(["render", A, "--device", "cpu", "--workers", "1", "--out", str(film)]) == 2
    assert "holds what another film has got so far" in capsys.readouterr().err

    parts = tmp_path / "film.mp4.parts"
    spoilt = parts / f"{first[0]:06d}-0"
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"?")
    with (parts / "manifest.jsonl").open("ab") as manifest:
        manifest.write(b'{"number": 4, "ke')  # as a loss of power leaves it
    kept.clear()
    assert render(film, 1) == 0
    assert sorted(kept) == sorted({0, 1, 2, 3, 4} - set(first[1:]))  # what is there stays
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 12
    assert len(frames) == FRAMES
    for number in (0, 15, 16, 47, 48, 71):
        pixels = np.asarray(Image.open(io.BytesIO(by_one[f"{number:06d}.png"])))
        errors = [np.abs(frame.astype(int) - pixels).mean() for frame in frames]
        assert int(np.argmin(errors)) == number


def test_several_films_of_one_run_are_what_each_would_be_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: list[int], by_one: dict[str, bytes]
) -> None:
    """Though the run was stopped, had begun with two of them, and a worker was lost."""
    pngs, film, lossless = (tmp_path / name for name in ("pngs", "film.mp4", "film.mkv"))
    outs = ("--out", str(film))
    with monkeypatch.context() as patch:
        when_kept(patch, 3, lambda: signal.raise_signal(signal.SIGINT))
        assert render(pngs, 1, *outs) == 130
    begun = Counter(kept)
    assert {path.name for path in tmp_path.iterdir()} == {"pngs", "pngs.parts", "film.mp4.parts"}
    when_kept(monkeypatch, 1, lambda: kill_workers(1))
    sheet = ("--preview", str(tmp_path / "sheet.png"))
    assert render(pngs, 2, *outs, "--out", str(lossless), *sheet, "--resume") == 0
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {"pngs", "film.mp4", "film.mkv", "sheet.png"}
    assert contents(pngs) == by_one
    # Each chunk was kept once for each film, also if it had been there for another one.
    assert min(begun.values()) == 2 and Counter(kept) == Counter([0, 1, 2, 3, 4] * 3)
    for path in (film, lossless):
        with av.open(str(path)) as container:
            assert container.streams.video[0].average_rate == 12
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(frames) == FRAMES
        for number in (0, 15, 16, 71):
            pixels = np.asarray(Image.open(io.BytesIO(by_one[f"{number:06d}.png"]))).astype(int)
            errors = [np.abs(frame - pixels).mean() for frame in frames]
            assert int(np.argmin(errors)) == number


def test_what_a_worker_cannot_play_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render(tmp_path / "1", 1, "--layer", "L99") == 2
    assert "has no layer 'L99'" in capsys.readouterr().err
    assert main(["render", str(tmp_path / "no.pkl"), "--workers", "1", "--out", "x.mp4"]) == 2
    assert "no.pkl cannot be read" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_ray_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert render(tmp_path / "1", 2) == 2
    assert "--workers needs Ray: pip install 'sgview[farm]'" in capsys.readouterr().err


def test_workers_play_the_files_that_parameters_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever those lie: a machine of the farm has none of them."""
    monkeypatch.chdir(tmp_path)
    library = tmp_path / "library"
    for folder in ("directions", "masks"):
        (library / folder).mkdir(parents=True)
    preset, out = tmp_path / "petals.toml", tmp_path / "farm"
    preset.write_text(
        'version = 2\n[latents]\nsource = "library"\nentry = "petals"\n'
        '[mapping]\ntruncation_psi = 0.5\ncentre = "modes"\ncentroids = "kinds"\n'
        '[directions.amounts]\n"smile#2:1-2" = 2.0\n'
        '[regions.second]\nstrength = 1.0\nmask = "file"\nfile = "half"\n'
    )
    config = tmp_path / "config" / "sgview"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f"[folders]\nlatents = '{library}'\n")
    command = ["render", A, "--device", "cpu", "--frames", "2", "--preset", str(preset)]
    numbers = np.random.default_rng(1).normal(size=(4, 2, 32)).astype(np.float32)
    np.savez(library / "petals.npz", z=numbers[0, :1])
    np.save(library / "kinds.npy", numbers[1])
    np.save(library / "directions" / "smile.npy", numbers[2])
    mask = np.zeros((8, 8), np.uint8)
    mask[:4] = 255
    Image.fromarray(mask).save(library / "masks" / "half.png")
    assert main([*command, "--workers", "1", "--out", str(out)]) == 0
    files = ("", "kinds.npy", "directions/smile.npy", "masks/half.png")
    alone = [tmp_path / f"alone {number}" for number in range(len(files))]
    for folder, file in zip(alone, files, strict=True):
        if file.endswith(".npy"):
            np.save(library / file, numbers[3])
        elif file:
            Image.fromarray(mask.T).save(library / file)
        assert main([*command, "--out", str(folder)]) == 0
    assert contents(out) == contents(alone[0])
    assert len({contents(folder)["000000.png"] for folder in alone}) == 4  # each does something
    for gone in files[1:]:
        (library / gone).rename(library / "away")
        assert main([*command, "--out", str(tmp_path / "refused")]) == 2
        assert Path(gone).stem in capsys.readouterr().err.splitlines()[-1]
        (library / "away").rename(library / gone)
    np.savez(library / "petals.npz", z=np.zeros((1, 8), np.float32))
    assert main([*command, "--force", "--out", str(out)]) == 2  # nobody wanted a film of seed 0
    assert "its z has 8 numbers, the network's has 32" in capsys.readouterr().err
