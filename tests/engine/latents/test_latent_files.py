"""Files of latents: their shapes and names, and what is refused."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import save_file

from sgview.engine.latents.latent_files import LatentFileError, read_latents
from sgview.state.embedded_latent import KEY, embed

WIDTH, ROWS = 32, 6


def values(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def write(path, name: str, tensor: torch.Tensor) -> None:
    if path.suffix == ".npy":
        np.save(path, tensor.numpy())
    elif path.suffix == ".npz":
        np.savez(path, **{name: tensor.numpy()})
    elif path.suffix == ".pt":
        torch.save({name: tensor}, path)
    else:
        save_file({name: tensor}, path)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt", ".safetensors"])
@pytest.mark.parametrize("key", ["w", "ws", "dlatents", "projected_w"])
@pytest.mark.parametrize(
    "shape",
    [(WIDTH,), (1, WIDTH), (ROWS, WIDTH), (1, ROWS, WIDTH), (3, ROWS, WIDTH), (3, 1, WIDTH)],
)
def test_shapes_of_w(tmp_path, suffix, key, shape):
    path, held = tmp_path / f"x{suffix}", values(*shape)
    write(path, key, held)
    file = read_latents(path)
    entries = shape[0] if len(shape) == 3 else 1
    rows = shape[-2] if len(shape) > 1 else 1
    assert file.kind == "w" and file.values.shape == (entries, rows, WIDTH)
    got = file.entry(entries - 1, WIDTH, ROWS)
    wanted = held.reshape(entries, rows, WIDTH)[entries - 1]
    assert torch.equal(got[:rows], wanted) and torch.equal(got[-1], wanted[-1])
    # rows fewer or more than the network has
    assert torch.equal(file.entry(0, WIDTH, 9)[8], held.reshape(entries, rows, WIDTH)[0, -1])
    assert file.entry(0, WIDTH, 2).shape == (2, WIDTH)


@pytest.mark.parametrize("shape", [(WIDTH,), (4, WIDTH)])
@pytest.mark.parametrize("suffix", [".npz", ".pt", ".safetensors"])
def test_shapes_of_z(tmp_path, suffix, shape):
    path = tmp_path / f"x{suffix}"
    write(path, "z", values(*shape))
    file = read_latents(path)
    assert file.kind == "z" and file.values.shape == (values(*shape).numel() // WIDTH, 1, WIDTH)


def test_files_as_projectors_write_them(tmp_path):
    # one picture a key, with more beside the latent
    noise = [values(1, 1, 4, 4)]
    held = {"a.png": {"img": values(3, 8, 8), "latent": values(ROWS, WIDTH), "noise": noise}}
    torch.save(held, tmp_path / "a.pt")
    assert torch.equal(read_latents(tmp_path / "a.pt").values[0], values(ROWS, WIDTH))
    torch.save(values(1, ROWS, WIDTH).requires_grad_(), tmp_path / "b.pt")
    assert torch.equal(read_latents(tmp_path / "b.pt").values, values(1, ROWS, WIDTH))
    torch.save(
        [values(1, ROWS, WIDTH)] * 2, tmp_path / "old.pt", _use_new_zipfile_serialization=False
    )
    with pytest.raises(LatentFileError, match="holds no latent"):
        read_latents(tmp_path / "old.pt")
    np.savez(tmp_path / "c.npz", w=values(1, ROWS, WIDTH).numpy(), label=np.array(["x"]))
    assert read_latents(tmp_path / "c.npz").values.shape == (1, ROWS, WIDTH)
    torch.save({"w": values(WIDTH).half()}, tmp_path / "d.pt")
    assert read_latents(tmp_path / "d.pt").values.dtype == torch.float32


def test_another_width_is_refused_with_both_sizes(tmp_path):
    write(tmp_path / "x.npz", "w", values(1, 100))
    file = read_latents(tmp_path / "x.npz")
    with pytest.raises(LatentFileError, match=r"x: its w has 100 numbers, the network's has 32"):
        file.entry(0, WIDTH, ROWS, "x")
    with pytest.raises(LatentFileError, match="holds 1 latents, there is no #4"):
        file.entry(3, 100, ROWS, "x")


class Trap:
    def __reduce__(self):
        return exec, ("import pathlib; pathlib.Path('sprung').touch()",)


def test_nothing_in_a_file_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    np.savez("x.npz", w=np.array([Trap()], dtype=object))
    torch.save({"w": Trap()}, "x.pt")
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"w": Trap()}))
    for name in ("x.npy", "x.npz", "x.pt", "x.pkl"):
        with pytest.raises(LatentFileError):
            read_latents(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.npy", b""),
        ("x.npy", b"\x93NUMPY\x01\x00"),
        ("x.npz", b"PK\x03\x04 cut short"),
        ("x.pt", b"PK\x03\x04 cut short"),
        ("x.safetensors", b"\xff" * 40),
        ("x.pt", b"<html>"),
    ],
)
def test_damaged_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LatentFileError):
        read_latents(tmp_path / name)
    with pytest.raises(LatentFileError, match=r"gone|cannot be read|no such"):
        read_latents(tmp_path / "gone.npy")


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    write(tmp_path / "x.npz", "w", torch.full((1, WIDTH), float("nan")))
    with pytest.raises(LatentFileError, match="not finite"):
        read_latents(tmp_path / "x.npz")


def png(path, text: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "x")
    info.add_itxt("sgview", "ä" * 1000)
    info.add_itxt(KEY, text)
    Image.new("RGB", (64, 64)).save(path, pnginfo=info)


@pytest.mark.parametrize(("kind", "rows"), [("z", 1), ("w", ROWS)])
def test_a_snapshot_is_a_file_of_its_latent(tmp_path, kind, rows):
    held = values(rows, WIDTH)
    png(tmp_path / "x.png", embed(kind, held.numpy().tobytes(), WIDTH))
    file = read_latents(tmp_path / "x.png")
    assert file.kind == kind and torch.equal(file.values, held.unsqueeze(0))


def test_a_png_without_a_latent_and_damaged_ones_are_refused(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "short.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    png(tmp_path / "damaged.png", '{"kind": "z", "rows": 1, "width": 4, "data": "AAAA"}')
    png(tmp_path / "nan.png", embed("z", np.full(4, np.nan, "<f4").tobytes(), 4))
    for name in ("plain", "text", "short", "damaged", "nan"):
        with pytest.raises(LatentFileError, match=name):
            read_latents(tmp_path / f"{name}.png")


def test_what_numpy_would_load_by_executing_it_is_refused_in_our_words(tmp_path):
    noise, objects = tmp_path / "noise.npz", tmp_path / "objects.npz"
    noise.write_bytes(b"no numbers")
    np.savez(objects, w=np.array([{}, []], dtype=object))
    for path in (noise, objects):
        with pytest.raises(LatentFileError) as raised:
            read_latents(path)
        assert str(raised.value) == f"{path} cannot be read: it holds no plain arrays of numbers"
