"""Training states in pieces small enough to carry, and the network files that are the result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from stylegan3 import Generator
from stylegan3.checkpoints import Checkpoint, save_safetensors

PIECE = 15_000_000  # bytes at most in one file


def flatten_state(value: Any, prefix: str = "") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Split nested dictionaries and lists into tensors and plain values, both by dotted path."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    items = (
        value.items()
        if isinstance(value, Mapping)
        else enumerate(value)
        if isinstance(value, list | tuple)
        else None
    )
    if items is None:
        if isinstance(value, Tensor):
            tensors[prefix] = value.detach()
        else:
            plain[prefix] = value
        return tensors, plain
    for key, item in items:
        more = flatten_state(item, f"{prefix}/{key}" if prefix else str(key))
        tensors |= more[0]
        plain |= more[1]
    return tensors, plain


def save_pieces(
    folder: Path, tensors: Mapping[str, Tensor], plain: Mapping[str, Any], stem: str = "state"
) -> list[Path]:
    """Write tensors into STEM-0.safetensors, STEM-1 .. and the plain values into the first.

    Raises:
        ValueError: if one tensor alone is larger than a piece.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{stem}-*.safetensors"):
        old.unlink()
    pieces: list[dict[str, Tensor]] = [{}]
    used = 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        if size > PIECE:
            raise ValueError(f"{name} has {size} bytes: more than the {PIECE} of one piece")
        if used + size > PIECE:
            pieces.append({})
            used = 0
        # clones: entries may be views of one storage, which the format refuses
        pieces[-1][name] = tensor.cpu().clone().contiguous()
        used += size
    paths = []
    for index, piece in enumerate(pieces):
        path = folder / f"{stem}-{index}.safetensors"
        metadata = {"pieces": str(len(pieces))}
        if index == 0:
            metadata["plain"] = json.dumps(dict(plain))
        save_file(piece, path, metadata)
        paths.append(path)
    return paths


def load_pieces(folder: Path, stem: str = "state") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_pieces` wrote.

    Raises:
        FileNotFoundError: if a piece is missing.
    """
    first = folder / f"{stem}-0.safetensors"
    if not first.exists():
        raise FileNotFoundError(f"{folder} holds no {stem}-0.safetensors: not a training folder")
    with safe_open(first, "pt") as file:
        metadata = file.metadata()
    tensors: dict[str, Tensor] = {}
    for index in range(int(metadata["pieces"])):
        path = folder / f"{stem}-{index}.safetensors"
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: the state has {metadata['pieces']} pieces")
        tensors |= load_file(path)
    return tensors, json.loads(metadata["plain"])


def load_plain(folder: Path, stem: str = "state") -> dict[str, Any]:
    """The plain values alone of what `save_pieces` wrote; empty if there is nothing."""
    first = folder / f"{stem}-0.safetensors"
    if not first.exists():
        return {}
    with safe_open(first, "pt") as file:
        return json.loads(file.metadata()["plain"])


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries below `prefix/`, without it."""
    start = f"{prefix}/"
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}


def export_network(generator: Generator, path: Path, record: Mapping[str, Any]) -> Path:
    """Write a float16 network file with its training record and licence in the metadata.

    Args:
        generator: the averaged network.
        path: the safetensors file to write.
        record: what was trained: family, images seen, seed, commit, and so on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: t.detach().float().cpu() for name, t in generator.state_dict().items()}
    origin = f"sgview demo networks, {record.get('family', '')}"
    checkpoint = Checkpoint(generator.config, state, "", origin)
    save_safetensors(checkpoint, path, is_half=True)
    with safe_open(path, "pt") as file:
        metadata = dict(file.metadata())
    metadata["training"] = json.dumps(dict(record))
    metadata["license"] = "MIT"
    save_file(load_file(path), path, metadata)
    return path


def load_record(path: Path) -> list[dict[str, Any]]:
    """What the network in a file that `export_network` wrote is built on, itself included."""
    with safe_open(path, "pt") as file:
        training = json.loads((file.metadata() or {}).get("training", "{}"))
    own = {key: training[key] for key in ("family", "images", "seed") if key in training}
    return [*training.get("built_on", []), own]


def clone_state(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies that later steps do not change."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def restore_in_place(target: Mapping[str, Tensor], source: Mapping[str, Tensor]) -> None:
    """Copy values by name into tensors whose addresses must stay (captured graphs hold them)."""
    with torch.no_grad():
        for name, tensor in target.items():
            tensor.copy_(source[name])


def restore_adam(adam: torch.optim.Optimizer, tensors: dict[str, Tensor], rate: Tensor) -> None:
    """Put saved moments back; a compact state has none, and they build up again."""
    if not tensors:
        return
    state: dict[int, dict[str, Tensor]] = {}
    for path, tensor in tensors.items():
        index, name = path.split("/")
        state.setdefault(int(index), {})[name] = tensor
    adam.load_state_dict({"state": state, "param_groups": adam.state_dict()["param_groups"]})
    for group in adam.param_groups:
        group["lr"] = rate  # loading copied it: steps must follow the trainer's again
