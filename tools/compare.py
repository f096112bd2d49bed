"""Compare networks with what the published programs compute from them.

    python -m tools.compare FOLDER..

A folder holds networks, and beside `NAME.pkl` (`.pt`, `.pth`, ..) a `NAME.npz` with arrays:

    z [n, z_dim], c [n, c_dim]          what goes in; `noiseN`, `w_avg` where the file has none
    ws, image                           of them: psi 1, noise maps constant
    ws_psi0.7_cutoff3, image_psi0.7 ..  truncated; `_centroids`: towards the nearest of `centroids`
    layer/NAME                          the output of that layer, of the first sample
    w_direct [1, w_dim], image_w_direct that vector as every row of `ws`

Each is compared with the generator, then with the engine, then with the generator that is read back
from what `sgview convert` writes. The exit code is 1 where a relative L2 is above the tolerance.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

import stylegan3
from sgview.engine.engine import Engine
from sgview.engine.networks import load_network
from sgview.state.params import Latents, Layer, Params
from sgview.state.params import Mapping as Truncation
from stylegan3.checkpoints import read, save_safetensors
from stylegan3.ops.upfirdn2d import upsample2d
from tools.published import relative_error

TOLERANCE = 1e-5
_KEY = re.compile(r"(?P<what>ws|image)(?:_psi(?P<psi>[\d.]+?))?(?:_cutoff(?P<cutoff>\d+))?")
_SCOPE = re.compile(r"(?P<height>\d+)x\d+/(?P<part>Conv|Conv0_up|Conv1|ToRGB|Skip)")
_PARTS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}
Arrays = Mapping[str, Tensor]


class Result(NamedTuple):
    """How far one array is from what was computed here."""

    how: str  # "generator", "engine", "converted"
    key: str
    error: float  # relative L2


class Player(NamedTuple):
    """Something that plays a network."""

    image: Callable[[float, int | None], Tensor]  # psi, cutoff -> [n, C, H, W]
    synthesis: Callable[[Tensor, str], Tensor]  # ws, layer ("": the image) -> [n, C, H, W]


def networks_in(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each network that has arrays beside it, and those."""
    for arrays in sorted(folder.glob("*.npz")):
        for path in sorted(folder.glob(f"{arrays.stem}.*")):
            if path.suffix in (".pkl", ".pt", ".pth", ".model", ".safetensors"):
                yield path, arrays


def compare(path: Path, arrays: Arrays) -> Iterator[Result]:
    """Yield all comparisons of one network."""
    generator = prepared(stylegan3.load(path), arrays)
    label = arrays["c"] if generator.c_dim else None
    for key, psi, cutoff in truncations(arrays, "ws"):
        ws = generator.mapping(arrays["z"], label, psi, cutoff)
        yield Result("generator", key, relative_error(ws, arrays[key]))
    yield from _played("generator", arrays, generator, _player(generator, arrays))
    with tempfile.TemporaryDirectory() as folder, Engine("cpu", latents=Path(folder)) as engine:
        network = load_network(path)
        prepared(network.generator, arrays)
        engine.set_network("a", network)
        yield from _played("engine", arrays, generator, _engine_player(engine, arrays))
        yield from _towards_centroids(engine, arrays, Path(folder))
        file = Path(folder) / "converted.safetensors"
        save_safetensors(read(path), file)
        again = prepared(stylegan3.load(file), arrays)
        yield from _played("converted", arrays, again, _player(again, arrays))


def prepared(generator: Any, arrays: Arrays) -> Any:
    """Give a generator what its file does not hold: noise by resolution, and the average of w."""
    if "w_avg" in arrays:
        generator.mapping.w_avg.copy_(arrays["w_avg"].reshape(generator.mapping.w_avg.shape))
    for name, tensor in generator.state_dict().items():
        block = re.fullmatch(r"synthesis\.b(\d+)\..*noise_const", name)
        key = f"noise{int(block[1]).bit_length() - 3}" if block else ""
        if key in arrays:
            tensor.copy_(arrays[key].reshape(tensor.shape))
    return generator


def truncations(arrays: Arrays, what: str) -> Iterator[tuple[str, float, int | None]]:
    """Yield the names of arrays of "ws" or "image", with psi and cutoff."""
    for key in arrays:
        match = _KEY.fullmatch(key)
        if match is not None and match["what"] == what:
            cutoff = None if match["cutoff"] is None else int(match["cutoff"])
            yield key, float(match["psi"] or 1.0), cutoff
    if what == "image" and "image_default" in arrays:
        yield "image_default", 0.7, 8


def _player(generator: Any, arrays: Arrays) -> Player:
    label = arrays["c"] if generator.c_dim else None
    return Player(
        lambda psi, cutoff: generator(
            arrays["z"], label, truncation_psi=psi, truncation_cutoff=cutoff
        ),
        lambda ws, layer: generator.synthesis(ws, layer=layer or None),
    )


def _engine_player(engine: Engine, arrays: Arrays) -> Player:
    def image(psi: float, cutoff: int | None) -> Tensor:
        pictures = []
        for row, z in enumerate(arrays["z"]):  # the engine plays one label at a time
            params = Params(mapping=_mapping(arrays, row, psi, cutoff))
            pictures.append(engine.synthesise(params, z=z[None]))
        return torch.cat(pictures)

    return Player(
        image, lambda ws, layer: engine.synthesise(Params(layer=Layer(name=layer)), ws=ws)
    )


def _mapping(arrays: Arrays, row: int, psi: float, cutoff: int | None = None) -> Truncation:
    weights = tuple(arrays["c"][row].tolist()) if "c" in arrays else ()
    return Truncation(class_weights=weights, truncation_psi=psi, truncation_cutoff=cutoff)


def _played(how: str, arrays: Arrays, generator: Any, player: Player) -> Iterator[Result]:
    for key, psi, cutoff in truncations(arrays, "image"):
        yield Result(how, key, relative_error(player.image(psi, cutoff), arrays[key]))
    if "w_direct" in arrays:
        rows = arrays["w_direct"][:, None].expand(-1, generator.num_ws, -1)
        image = player.synthesis(rows, "")
        yield Result(how, "image_w_direct", relative_error(image, arrays["image_w_direct"]))
    picture: Tensor | None = None  # of a TensorFlow network, up to a resolution
    for key in (key for key in arrays if key.startswith("layer/")):
        name, scope = key.removeprefix("layer/"), _SCOPE.fullmatch(key.removeprefix("layer/"))
        if scope is not None and generator.config.family == "stylegan2":
            first = generator.config.init_res[0]
            name = f"b{4 * int(scope['height']) // first}.{_PARTS[scope['part']]}"
        features = player.synthesis(arrays["ws"][:1], name)
        if name.endswith(".torgb") and scope is not None:  # that program shows the picture so far
            if picture is not None:
                block = generator.synthesis.get_submodule(name.partition(".")[0])
                features = features + upsample2d(picture, block.resample_filter)
            picture = features
        yield Result(how, key, relative_error(features, arrays[key]))


def _towards_centroids(engine: Engine, arrays: Arrays, folder: Path) -> Iterator[Result]:
    for key in arrays:
        if not (match := re.fullmatch(r"image_psi([\d.]+)_centroids", key)):
            continue
        np.save(folder / "centroids.npy", arrays["centroids"].numpy())
        pictures = []
        for row, z in enumerate(arrays["z"]):
            np.save(folder / f"z{row}.npy", z[None].numpy())
            mapping = _mapping(arrays, row, float(match[1]))
            mapping = Truncation(
                class_weights=mapping.class_weights,
                truncation_psi=mapping.truncation_psi,
                centre="modes",
                centroids="centroids",
                softness=0.0,
            )
            latents = Latents(source="library", entry=f"z{row}")
            pictures.append(engine.synthesise(Params(latents=latents, mapping=mapping)))
        yield Result("engine", key, relative_error(torch.cat(pictures), arrays[key]))


@torch.no_grad()
def main(arguments: list[str] | None = None) -> int:
    """Print a row for each network and way; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument("--all", action="store_true", help="print every array")
    options = parser.parse_args(arguments)
    worst = count = 0.0
    for path, npz in (pair for folder in options.folders for pair in networks_in(folder)):
        with np.load(npz) as file:
            arrays = {key: torch.from_numpy(file[key]) for key in file.files}
        results = list(compare(path, arrays))
        count += len(results)
        for how in dict.fromkeys(result.how for result in results):
            of_these = [result for result in results if result.how == how]
            most = max(of_these, key=lambda result: result.error)
            worst = max(worst, most.error)
            print(f"{path.name:32} {how:10} {len(of_these):3} {most.error:8.1e}  {most.key}")
        for result in results:
            if options.all or result.error > options.tolerance:
                print(f"    {result.how:10} {result.error:8.1e}  {result.key}")
    print(f"{count:.0f} arrays, the worst at {worst:.1e}")
    return int(worst > options.tolerance or not count)


if __name__ == "__main__":
    sys.exit(main())
