"""`sgview inspect`: tables for people, JSON for programs, one sentence for what cannot be read."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sgview.cli import inspect, main
from tests.support import DATA


def test_table(capsys) -> None:
    assert main(["inspect", str(DATA / "sg3-r-64.pkl")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:8] == [
        "sg3-r-64.pkl",
        "  family      StyleGAN3-R",
        "  format      PyTorch pickle of a network",
        "  file size   191.5 kB",
        "  pictures    64 × 64 px, 3 channels",
        "  latents     z 32, w 32 × 10 rows",
        "  parameters  9,479",
        "  in buffers  1,106",
    ]
    assert "  use_radial_filters     True" in lines
    assert "  L8_64_3   64 × 64         3" in lines
    tensors = lines.index("Tensors (72)")
    assert len(lines) == tensors + 3 + 72
    assert lines[tensors + 3] == (
        "  synthesis.input.weight            16 × 16          float32  parameter"
    )
    assert not [line for line in lines if line != line.rstrip() or len(line) > 100]


def test_json(capsys) -> None:
    path = DATA / "sg2-cond-resnet-32.pkl"
    assert main(["inspect", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["file"] == str(path)
    assert report["bytes"] == path.stat().st_size
    assert report["family"] == "StyleGAN2"
    assert report["config"]["c_dim"] == 3
    assert report["config"]["architecture"] == "resnet"
    assert report["layers"][0] == {
        "name": "input",
        "group": "b4",
        "size": 4,
        "channels": 16,
        "width": 4,
    }
    assert (report["img_width"], report["img_height"]) == (32, 32)
    shapes = {t["name"]: (t["shape"], t["kind"]) for t in report["tensors"]}
    assert shapes["synthesis.b8.skip.weight"] == ([16, 16, 1, 1], "parameter")
    assert shapes["mapping.w_avg"] == ([32], "buffer")
    assert report["num_parameters"] + report["num_buffer_values"] == sum(
        _product(shape) for shape, _ in shapes.values()
    )


def test_pictures_that_are_not_square(capsys) -> None:
    assert main(["inspect", str(DATA / "faults" / "eps_4x6.pkl")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  pictures    24 × 16 px, 3 channels" in lines
    assert "  input        6 × 4         8" in lines
    assert "  b16.torgb  24 × 16         3" in lines


def _product(shape: list[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def test_notes_and_training_facts_are_shown(tmp_path) -> None:
    report = inspect.describe(*_read(DATA / "sg2-tf-legacy-32.pkl"))
    report |= {"notes": ["it is old"], "training": {"cur_nimg": 25_000_000, "mirror": True}}
    text = inspect.format_report(report)
    assert "  note        it is old" in text
    assert "Training\n  cur_nimg  25000000\n  mirror    True" in text


def _read(path: Path):
    from stylegan3.checkpoints import read

    return path, read(path)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_files_that_cannot_be_read(capsys, tmp_path, arguments) -> None:
    path = tmp_path / "page.pkl"
    path.write_text("<!DOCTYPE html>")
    assert main(["inspect", str(path), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"sgview: {path}: it is a web page, not a network: the download failed or needs a login\n"
    )


def test_a_reader_that_stops_early_is_no_error() -> None:
    """`sgview inspect FILE | head -1`"""
    command = [sys.executable, "-m", "sgview", "inspect", str(DATA / "sg2-64-a.pkl")]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert program.stdout is not None and program.stderr is not None
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait(60) == 0
    program.stderr.close()


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (347_100_000, "347.1 MB")],
)
def test_file_sizes(count, text) -> None:
    assert inspect.format_bytes(count) == text


def test_a_folder_is_a_row_for_each_file(tmp_path: Path, capsys) -> None:
    for name in ("sg2-64-a.pkl", "sg3-r-64.pkl"):
        shutil.copy(DATA / name, tmp_path / name)
    (tmp_path / "more").mkdir()
    shutil.copy(DATA / "sg2-64-a.pkl", tmp_path / "more" / "again.pkl")
    (tmp_path / "page.pkl").write_bytes(b"<!DOCTYPE html><html>")
    (tmp_path / "readme.txt").write_text("no network")
    assert main(["inspect", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:6]] == [
        "more/again.pkl",
        "page.pkl",
        "sg2-64-a.pkl",
        "sg3-r-64.pkl",
    ]
    assert "no: " in lines[3] and "web page" in lines[3]
    assert lines[4].endswith("same as more/again.pkl")
    assert lines[5].endswith("yes") and "StyleGAN3-R" in lines[5] and "64 × 64" in lines[5]
    assert lines[-1] == "3 of 4 files open"


def test_a_folder_as_json(tmp_path: Path, capsys) -> None:
    shutil.copy(DATA / "sg2-cond-resnet-32.pkl", tmp_path / "a.pkl")
    assert main(["inspect", str(tmp_path), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["file"], row["opens"], row["img_width"]) == ("a.pkl", True, 32)
    assert row["classes"] > 0 and len(row["sha256"]) == 64


def test_a_folder_without_networks_says_so(tmp_path: Path, capsys) -> None:
    assert main(["inspect", str(tmp_path)]) == 0
    assert "no network files here" in capsys.readouterr().out


def test_names_of_classes(tmp_path, capsys) -> None:
    path = tmp_path / "animals.pkl"
    shutil.copy(DATA / "sg2-cond-resnet-32.pkl", path)
    names = path.with_suffix(".txt")
    names.write_text("cat\nowl\n")
    assert main(["inspect", str(path)]) == 0
    assert "animals.txt has 2 lines for 3 classes: it is not used" in capsys.readouterr().out
    names.write_text("cat\nowl\ndog\n")
    assert main(["inspect", str(path)]) == 0
    assert "Classes (3)\n  0  cat\n  1  owl\n  2  dog\n" in capsys.readouterr().out
    assert main(["inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["class_names"] == ["cat", "owl", "dog"]
    assert main(["inspect", str(tmp_path)]) == 0
    assert "3, named" in capsys.readouterr().out
