"""Generators that are saved as tensors by name: which dictionary of a file holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stylegan3.checkpoints.detect import refuse_relatives
from stylegan3.checkpoints.found import (
    FoundGenerator,
    Part,
    configure,
    infer_options,
    plain_scalars,
    strip_prefix,
    tensors_in,
)
from stylegan3.checkpoints.pickle.values import ArrayRef, TensorRef
from stylegan3.checkpoints.readers.rosinality import convert_rosinality, is_rosinality
from stylegan3.checkpoints.source import Source
from stylegan3.families import Family, recognise

# Averaged weights first. "" is the file's dictionary itself.
KEYS = ("g_ema", "G_ema", "ema", "params_ema", "state_dict", "g", "G", "generator", "model", "")
MAPPING = "mapping.fc0.weight"  # which generators of all families have
TRAINING_WEIGHTS = ("g", "G")
PREFIXES = ("", "module.", "decoder.", "module.decoder.", "g_ema.", "G_ema.", "generator.", "G.")


def read_state_dict(source: Source, tree: Any) -> FoundGenerator | None:
    """The generator among the tensors of a file, or None if there is none.

    Raises:
        UnusableError: if there is a generator that cannot be used.
    """
    if not isinstance(tree, dict):
        return None
    for key, prefix, tensors in _candidates(tree):
        found = None
        if is_rosinality(tensors):
            found = convert_rosinality(source, tensors, _latent_avg(tree))
        elif (family := recognise(tensors)) and MAPPING in tensors:
            found = _published(family, tensors)
        if found is None:
            continue
        if prefix.endswith("decoder."):
            found.notes.append("it is an encoder's checkpoint, of which the decoder is used")
            found.source_format = f"decoder in an encoder's checkpoint, {found.source_format}"
        if key in TRAINING_WEIGHTS:
            found.notes.append(
                f"it has no averaged weights (g_ema), so the training weights {key} are used"
            )
        found.training = plain_scalars(tree)
        return found
    return None


def _candidates(tree: dict[Any, Any]) -> Iterator[tuple[str, str, dict[str, TensorRef]]]:
    for key in KEYS:
        tensors = tensors_in(tree.get(key) if key else tree)
        for prefix in PREFIXES if tensors else ():
            below = strip_prefix(tensors, prefix)
            if below:
                yield key, prefix, below


def _published(family: Family, tensors: dict[str, TensorRef]) -> FoundGenerator:
    refuse_relatives(tensors)
    options = infer_options(family, {name: ref.shape for name, ref in tensors.items()})
    config = configure(family.config, options)
    parts = {name: Part.of(ref) for name, ref in tensors.items()}
    return FoundGenerator(config, parts, "state dict with the published names")


def _latent_avg(tree: dict[Any, Any]) -> Any:
    value = tree.get("latent_avg")
    return value.ref if isinstance(value, ArrayRef) else value
