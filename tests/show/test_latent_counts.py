"""Files of several latents: how many there are, from their heads alone, and a cell for each."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sgview.engine.latents.latent_files import read_latent_shapes, read_latents
from sgview.show.latent_counts import MOST, count_latents
from sgview.show.latent_folder import LatentFolder
from tests.support.until import until


@pytest.mark.parametrize(
    ("name", "shape", "count"),
    [
        ("w", (512,), 1),
        ("ws", (14, 512), 1),
        ("w", (3, 14, 512), 3),
        ("projected_w", (1, 14, 512), 1),
        ("z", (5, 512), 5),
        ("z", (512,), 1),
        ("dlatents", (1000, 14, 8), MOST),
        ("w", (0, 14, 8), 1),
    ],
)
def test_shapes(name: str, shape: tuple[int, ...], count: int, tmp_path: Path) -> None:
    values = np.zeros(shape, np.float32)
    np.savez(tmp_path / "a.npz", **{name: values}, seed=3)
    assert count_latents(tmp_path / "a.npz") == count
    save_file({name: torch.from_numpy(values), "more": torch.zeros(2)}, tmp_path / "a.safetensors")
    assert count_latents(tmp_path / "a.safetensors") == count
    np.save(tmp_path / f"{name}.npy", values)
    assert count_latents(tmp_path / f"{name}.npy") == count
    torch.save({name: torch.from_numpy(values), "steps": 7}, tmp_path / "a.pt")
    assert count_latents(tmp_path / "a.pt", read_latent_shapes) == count
    torch.save(torch.from_numpy(values), tmp_path / f"{name}.pth")
    assert count_latents(tmp_path / f"{name}.pth", read_latent_shapes) == count


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.safetensors", "a.pt", "gone.npz"])
@pytest.mark.parametrize("data", [b"", b"\x93NUMPY\x01\x00\xff\xff", b"PK\x03\x04", b"\xff" * 40])
def test_what_is_damaged_counts_as_one(name: str, data: bytes, tmp_path: Path) -> None:
    if name != "gone.npz":
        (tmp_path / name).write_bytes(data)
    assert count_latents(tmp_path / name, read_latent_shapes) == 1


@pytest.mark.parametrize(
    "held",
    [
        [{"w": torch.zeros(1, 14, 8)}, {"w": torch.zeros(2, 14, 8)}, {"w": torch.zeros(14, 6)}],
        {"a": {"latent": torch.zeros(3, 14, 8)}, "latent_in": torch.zeros(9, 14, 8)},
        {"z": torch.zeros(3, 8), "noises": [torch.zeros(4, 4)] * 20},
    ],
)
def test_as_many_are_counted_as_play(held: object, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "a.pt")
    assert count_latents(tmp_path / "a.pt", read_latent_shapes) == 3
    assert len(read_latents(tmp_path / "a.pt").values) == 3


class Written:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return self.path.touch, ()


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(3, 14, 8), "more": Written(tmp_path / "mark")}, tmp_path / "a.pt")
    assert count_latents(tmp_path / "a.pt", read_latent_shapes) == 1  # it is refused
    assert not (tmp_path / "mark").exists()


def test_each_latent_of_a_file_is_an_entry(tmp_path: Path) -> None:
    np.savez(tmp_path / "walk.npz", w=np.zeros((3, 14, 8), np.float32))
    np.savez(tmp_path / "alone.npz", w=np.zeros((14, 8), np.float32))
    torch.save(torch.zeros(2, 14, 8), tmp_path / "zoo.pt")
    folder = LatentFolder(tmp_path, read_shapes=read_latent_shapes)
    until(lambda: folder.entries, folder.poll)
    several = ["walk.npz#1", "walk.npz#2", "walk.npz#3", "zoo.pt#1", "zoo.pt#2"]
    assert list(folder.entries) == ["alone.npz", *several]
    folder.close()
