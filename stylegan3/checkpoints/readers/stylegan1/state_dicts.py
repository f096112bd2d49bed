"""StyleGAN1 generators that are saved as tensors by name: which dictionary of a file holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stylegan3.checkpoints.errors import WHERE, UnusableError
from stylegan3.checkpoints.found import FoundGenerator, plain_scalars, strip_prefix, tensors_in
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.checkpoints.readers.stylegan1.genforce import (
    convert_genforce_stylegan1,
    is_genforce_stylegan1,
)
from stylegan3.checkpoints.readers.stylegan1.rosinality import (
    convert_rosinality_stylegan1,
    is_rosinality_stylegan1,
)
from stylegan3.checkpoints.source import Source

# Averaged weights first. "" is the file's dictionary itself.
KEYS = ("g_running", "generator_smooth", "generator", "")
TRAINING_WEIGHTS = "generator"
PREFIXES = ("", "module.")  # of networks that were trained on several GPUs


def read_stylegan1(source: Source, tree: Any) -> FoundGenerator | None:
    """The StyleGAN1 generator among the tensors of a file, or None if there is none.

    Raises:
        UnusableError: if there is a generator that cannot be used.
    """
    if not isinstance(tree, dict):
        return None
    is_named = False
    for key, tensors in _candidates(tree):
        notes: list[str] = []
        if key == TRAINING_WEIGHTS:
            notes.append(f"it has no averaged weights, so the training weights {key} are used")
        if is_rosinality_stylegan1(tensors):
            found = convert_rosinality_stylegan1(tensors, notes)
        elif is_genforce_stylegan1(tensors):
            found = convert_genforce_stylegan1(source, tensors, notes)
        else:
            is_named |= any(re.match(r"(generator\.)?progression\.\d", name) for name in tensors)
            continue
        found.training = plain_scalars(tree)
        return found
    if is_named:
        raise UnusableError(
            "it is StyleGAN1 of style-based-gan-pytorch, but its generator is not complete;"
            f" {WHERE}"
        )
    return None


def _candidates(tree: dict[Any, Any]) -> Iterator[tuple[str, dict[str, TensorRef]]]:
    for held in (tree, tree.get("models")):
        if not isinstance(held, dict):
            continue
        for key in KEYS:
            tensors = tensors_in(held.get(key) if key else held)
            for prefix in PREFIXES if tensors else ():
                below = strip_prefix(tensors, prefix)
                if below:
                    yield key, below
