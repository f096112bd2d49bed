"""What was measured on this machine's cards, kept on disk beside the compiled kernels."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from stylegan3.cuda.kernel import check_driver

_LIMIT = 4 * 2**20  # [bytes] of a file; some thousand layers


def card_of(device: torch.device) -> str:
    """Name a card and all that decides how fast its kernels are."""
    from cuda.bindings import driver

    name = torch.cuda.get_device_name(device)
    major, minor = torch.cuda.get_device_capability(device)
    version = check_driver(driver.cuDriverGetVersion())
    return f"{name}, {major}.{minor}, driver {version}, torch {torch.__version__}"


def read_kept(path: Path) -> dict[str, Any]:
    """Return what a file holds; nothing where there is none, or where it holds no table."""
    try:
        if path.stat().st_size > _LIMIT:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_kept(path: Path, values: dict[str, Any]) -> None:
    """Replace a file by one that holds `values`.

    Raises:
        OSError: if it cannot be written; the old one is there then.
    """
    replace_file(path, json.dumps(values, indent=1).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Write a file aside and rename it: programs that start together never read half of one.

    Raises:
        OSError: if it cannot be written; the old one is there then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        aside = Path(folder) / path.name
        aside.write_bytes(data)
        aside.replace(path)
