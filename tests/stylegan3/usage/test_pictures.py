"""Scripts that make pictures and films, in the usage of the published gen_images, gen_video and
style_mixing."""

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import stylegan3
from stylegan3.checkpoints import read, save_safetensors
from tests.support import DATA


def make_transform(translate: tuple[float, float], degrees: float) -> np.ndarray:  # [3, 3]
    """Turn, then move, as a matrix of the plane."""
    s, c = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[c, s, translate[0]], [-s, c, translate[1]], [0.0, 0.0, 1.0]])


def to_bytes(image: torch.Tensor) -> np.ndarray:  # [N, 3, H, W] -> [N, H, W, 3] uint8
    return (image.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8).cpu().numpy()


def latents(G: Any, seeds: list[int]) -> torch.Tensor:
    return torch.from_numpy(np.stack([np.random.RandomState(s).randn(G.z_dim) for s in seeds]))


def test_images_of_seeds(G: Any) -> None:
    device = torch.device("cpu")
    label = torch.zeros([1, G.c_dim], device=device)
    if G.c_dim:
        label[:, 2] = 1
    if hasattr(G.synthesis, "input"):
        m = np.linalg.inv(make_transform((0.1, -0.2), 20))
        G.synthesis.input.transform.copy_(torch.from_numpy(m))
    pictures = []
    for seed in (0, 1):
        z = latents(G, [seed]).to(device)
        image = G(z, label, truncation_psi=0.7, noise_mode="const")
        pictures.append(to_bytes(image)[0])
    shape = (G.img_resolution, G.img_resolution, 3)
    assert [picture.shape for picture in pictures] == [shape, shape]
    assert (pictures[0] != pictures[1]).any()
    together = to_bytes(G(latents(G, [0, 1]), label.expand(2, -1), 0.7, noise_mode="const"))
    if not hasattr(G.synthesis, "input"):  # StyleGAN3 normalises styles over the batch
        assert np.abs(together.astype(int) - np.stack(pictures)).max() <= 1


def test_a_film_between_latents(G: Any) -> None:
    interpolate = pytest.importorskip("scipy.interpolate")
    psi = 0.8
    c = torch.zeros([3, G.c_dim]) if G.c_dim else None
    ws = G.mapping(z=latents(G, [0, 1, 2]), c=c, truncation_psi=psi)
    _ = G.synthesis(ws[:1])  # warm up
    x = np.arange(-3, 6)
    keys = np.tile(ws.cpu().numpy(), [3, 1, 1])
    curve = interpolate.interp1d(x, keys, kind="cubic", axis=0)
    frames = []
    for t in np.linspace(0, 2, 4, endpoint=False):
        if hasattr(G.synthesis, "input"):
            turn = torch.from_numpy(make_transform((0, 0), 90 * t))
            G.synthesis.input.transform.copy_(turn)
        w = torch.from_numpy(curve(t))
        frames.append(to_bytes(G.synthesis(ws=w.unsqueeze(0), noise_mode="const")[0:1])[0])
    assert all((a != b).any() for a, b in pairwise(frames))


def test_styles_of_one_in_the_other(G: Any) -> None:
    rows, columns, styles = [0, 1], [2], list(range(2, 5))
    seeds = rows + columns
    all_w = G.mapping(latents(G, seeds), None)
    w_avg = G.mapping.w_avg if not G.c_dim else G.mapping.w_avg[0]
    all_w = w_avg + (all_w - w_avg) * 0.7
    w_of = dict(zip(seeds, list(all_w), strict=True))
    for row in rows:
        for column in columns:
            w = w_of[row].clone()
            w[styles] = w_of[column][styles]
            mixed = G.synthesis(w[np.newaxis], noise_mode="const")
            pure = G.synthesis(w_of[row][np.newaxis], noise_mode="const")
            assert not torch.equal(mixed, pure)
            assert torch.equal(w[:2], w_of[row][:2])


def test_psi_for_each_sample_and_cutoffs(G: Any) -> None:
    z, c = torch.randn(3, G.z_dim), torch.eye(3, G.c_dim) if G.c_dim else None
    psis = [0.3, 1.0, -0.5]
    for given in (torch.tensor(psis), np.array(psis), torch.tensor(psis)[:, None]):
        ws = G.mapping(z, c, truncation_psi=given, truncation_cutoff=4)
        for n, psi in enumerate(psis):
            label = None if c is None else c[n : n + 1]
            alone = G.mapping(z[n : n + 1], label, truncation_psi=psi, truncation_cutoff=4)
            torch.testing.assert_close(ws[n : n + 1], alone)
    last = G.mapping(z, c, truncation_psi=0.5, truncation_cutoff=-2)
    torch.testing.assert_close(last, G.mapping(z, c, 0.5, G.num_ws - 2))
    with pytest.raises(ValueError, match=r"truncation_psi must be a number, or have shape \[3\]"):
        G.mapping(z, c, truncation_psi=torch.ones(2))
    with pytest.raises(ValueError, match="truncation_cutoff must be a whole number"):
        G.mapping(z, c, 0.5, 1.5)


def test_arrays_and_empty_batches(G: Any) -> None:
    z = np.random.RandomState(0).randn(2, G.z_dim)
    image = G(z, noise_mode="const")
    torch.testing.assert_close(image, G(torch.from_numpy(z).float(), noise_mode="const"))
    ws = G.mapping(z).numpy()
    assert torch.equal(G.synthesis(ws), image)
    nothing = G(torch.zeros(0, G.z_dim), update_emas=True)
    assert nothing.shape == (0, 3, G.img_resolution, G.img_resolution)
    assert all(tensor.isfinite().all() for tensor in G.state_dict().values())


def test_wrong_calls_say_what_is_wrong(G: Any) -> None:
    z = torch.randn(2, G.z_dim)
    ws = G.mapping(z)
    wrong = {
        "noise_mode must be const, random or none, not 'perlin'": lambda: G(z, noise_mode="perlin"),
        r"c must .*not \[2, 9\]": lambda: G(z, torch.zeros(2, 9)),
        "z must be a tensor or an array, not str": lambda: G("z"),
        r"z must have shape \[N, 24\], not \[24\]": lambda: G(z[0]),
        r"ws must have shape": lambda: G.synthesis(ws[:, 0]),
        "a layer goes by its name": lambda: G.synthesis(ws, layer=6),
        "a noise mode is given by name": lambda: G(z, None, 1, None, "const"),
    }
    for message, call in wrong.items():
        with pytest.raises(ValueError, match=message):
            call()


def test_a_layer_by_its_index() -> None:
    G: Any = stylegan3.load(DATA / "sg3-t-64-a.pkl")
    ws = G.mapping(torch.randn(1, G.z_dim))
    features = G.synthesis(ws, layer="L6")
    name = next(name for name in G.synthesis.layer_names if name.startswith("L6_"))
    assert torch.equal(features, G.synthesis(ws, layer=name))
    with pytest.raises(ValueError, match="no layer is called 'L66'; try L6, "):
        G.synthesis(ws, layer="L66")


@pytest.mark.parametrize("kind", ["pickle", "zip", "stream", "safetensors"])
def test_loading_from_a_home_folder_or_an_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = DATA / "sg2-64-a.pkl"
    want = stylegan3.load(path).state_dict()
    if kind == "safetensors":
        path = tmp_path / "other.safetensors"
        save_safetensors(read(DATA / "sg2-64-a.pkl"), path)
    elif kind != "pickle":
        path = tmp_path / "other.pt"
        torch.save(want, path, _use_new_zipfile_serialization=kind == "zip")
    (tmp_path / "net.pkl").write_bytes(path.read_bytes())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with path.open("rb") as file:
        loaded = [stylegan3.load("~/net.pkl"), stylegan3.load(file)]
        assert not file.closed
    loaded.append(stylegan3.load(io.BytesIO(path.read_bytes())))
    for generator in loaded:
        assert all(torch.equal(want[k], v) for k, v in generator.state_dict().items())


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(stylegan3.CheckpointError, match=r"^https://a\.b/c\.pkl: .*download"):
        stylegan3.load("https://a.b/c.pkl")
    (tmp_path / "a.txt").write_text("text")
    with (
        (tmp_path / "a.txt").open(encoding="utf-8") as file,
        pytest.raises(stylegan3.CheckpointError, match="no file opened in binary mode"),
    ):
        stylegan3.load(file)  # type: ignore[arg-type]
    with pytest.raises(stylegan3.CheckpointError, match="a BytesIO: "):
        stylegan3.load(io.BytesIO(b"nothing of the kind"))
