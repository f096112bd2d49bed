"""What is in a folder of networks: a row a file, with what it is, or why it does not open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sgview.cli.description import describe
from sgview.cli.tables import format_table
from sgview.state.text import drawable, format_bytes, sentence_of

SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".model", ".ckpt", ".safetensors"}
MOST_FILES = 10_000


def describe_folder(folder: Path) -> list[dict[str, Any]]:
    """Return what is known of each network in `folder` and below, as plain JSON values.

    Each file is read once, however often it is there.
    """
    rows: list[dict[str, Any]] = []
    seen: dict[str, dict[str, Any]] = {}  # by hash
    for path in tqdm(
        list(_files(folder)), unit="file", desc=folder.name, disable=None, leave=False
    ):
        name = drawable(str(path.relative_to(folder)))
        try:
            digest, size = _hash(path), path.stat().st_size
        except OSError as error:
            rows.append({"file": name, "opens": False, "reason": error.strerror or str(error)})
            continue
        row = {"file": name, "bytes": size, "sha256": digest}
        if digest in seen:
            same = {k: v for k, v in seen[digest].items() if k not in ("file", "duplicate_of")}
            rows.append({**same, **row, "duplicate_of": seen[digest]["file"]})
            continue
        rows.append(row | _facts(path))
        seen[digest] = rows[-1]
    return rows


def format_folder(folder: Path, rows: list[dict[str, Any]]) -> str:
    """The rows as a table and a sentence."""
    if not rows:
        return f"{folder}: no network files here (*{', *'.join(sorted(SUFFIXES))})"
    cells = [
        (
            row["file"],
            row.get("family", ""),
            _pictures(row),
            _classes(row),
            format_bytes(row.get("bytes", 0)),
            f"same as {row['duplicate_of']}" if "duplicate_of" in row else _verdict(row),
        )
        for row in rows
    ]
    heads = ("file", "family", "pictures", "classes", "size", "opens")
    count = sum(row["opens"] for row in rows)
    table = format_table(heads, cells, right=(2, 3, 4))
    return f"{table}\n\n{count} of {len(rows)} files open"


def _files(folder: Path) -> Iterator[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    hidden = (part.startswith(".") for path in found for part in path.relative_to(folder).parts[:1])
    shown = (path for path, is_hidden in zip(found, hidden, strict=True) if not is_hidden)
    for _, path in zip(range(MOST_FILES), shown, strict=False):
        if path.is_file():
            yield path


def _facts(path: Path) -> dict[str, Any]:
    from stylegan3.checkpoints import CheckpointError, read

    try:
        report = describe(path, read(path, dtype=None))
    except CheckpointError as error:
        return {"opens": False, "reason": drawable(str(error)).removeprefix(f"{path}: ")}
    except Exception as error:  # one file never costs the answer about the others
        return {"opens": False, "reason": sentence_of(error)}
    return {
        "opens": True,
        "reason": "",
        "family": report["family"],
        "format": report["format"],
        "img_width": report["img_width"],
        "img_height": report["img_height"],
        "classes": report["config"]["c_dim"],
        "has_class_names": bool(report["class_names"]),
        "num_parameters": report["num_parameters"],
        "notes": report["notes"],
    }


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pictures(row: dict[str, Any]) -> str:
    return f"{row['img_width']} × {row['img_height']}" if "img_width" in row else ""


def _classes(row: dict[str, Any]) -> str:
    named = ", named" if row.get("has_class_names") else ""
    return f"{row['classes']}{named}" if row.get("classes") else ""


def _verdict(row: dict[str, Any]) -> str:
    return "yes" if row["opens"] else f"no: {row['reason']}"
