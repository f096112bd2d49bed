"""The program that compares networks with what was published of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support import DATA
from tools import compare

NAMES = ("sg2-tf-legacy-32.pkl", "sg2-cond-resnet-32.pkl", "sg3-t-64-b.pkl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        for file in (DATA / name, (DATA / name).with_suffix(".npz")):
            shutil.copy(file, tmp_path)
    (tmp_path / "notes.txt").write_text("beside them")
    return tmp_path


def test_what_was_published_comes_out_in_every_way(folder: Path, capsys) -> None:
    assert compare.main([str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split()[:3] for line in lines[:-1]]
    assert [row[:2] for row in rows] == [
        [name, how] for name in sorted(NAMES) for how in ("generator", "engine", "converted")
    ]
    counts = [int(row[2]) for row in rows]
    assert lines[-1].startswith(f"{sum(counts)} arrays") and min(counts) >= 3


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("sg2-cond-resnet-32", "ws_psi0.7_cutoff3"),
        ("sg2-cond-resnet-32", "image"),
        ("sg2-tf-legacy-32", "layer/b16.torgb"),
        ("sg3-t-64-b", "image_w_direct"),
    ],
)
def test_one_wrong_number_shows(folder: Path, capsys, name: str, key: str) -> None:
    for path in folder.glob("*.npz"):
        if path.stem != name:
            path.unlink()
    with np.load(folder / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    arrays[key] = arrays[key] + 1e-3 * np.abs(arrays[key]).max()
    np.savez(folder / f"{name}.npz", **arrays)
    assert compare.main([str(folder)]) == 1
    above = [line.split() for line in capsys.readouterr().out.splitlines() if line[:4] == "    "]
    ways = ["generator"] if key.startswith("ws") else ["generator", "engine", "converted"]
    assert [(how, wrong) for how, _, wrong in above] == [(how, key) for how in ways]


def test_a_folder_without_any_is_no_success(tmp_path: Path, capsys) -> None:
    assert compare.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("0 arrays")
