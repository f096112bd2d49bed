"""Generators that are saved as tensors by name, with nothing said about them but their names."""

from __future__ import annotations

from typing import Any

from stylegan3.checkpoints.detect import refuse_relatives
from stylegan3.checkpoints.found import (
    FoundGenerator,
    Part,
    configure,
    infer_options,
    plain_scalars,
)
from stylegan3.checkpoints.pickle.values import ArrayRef, TensorRef
from stylegan3.checkpoints.readers.genforce import convert_genforce, is_genforce
from stylegan3.checkpoints.readers.prefixes import Place, places
from stylegan3.checkpoints.readers.rosinality import convert_rosinality, is_rosinality
from stylegan3.checkpoints.source import Source
from stylegan3.families import Family, recognise

MAPPING = "mapping.fc0.weight"  # which generators of all families have
# What tensors alone do not say.
ASSUMED = ("output_scale", "conv_clamp", "mapping_lr_multiplier", "activation")


def read_state_dict(source: Source, tree: Any) -> FoundGenerator | None:
    """The generator among the tensors of a file, or None if there is none.

    Raises:
        UnusableError: if there is a generator that cannot be used.
    """
    for place in places(tree):
        found = None
        if is_rosinality(place.tensors):
            found = convert_rosinality(source, place.tensors, _latent_avg(tree))
        elif is_genforce(place.tensors):
            found = convert_genforce(place.tensors)
        elif (family := recognise(place.tensors)) and MAPPING in place.tensors:
            refuse_relatives([place.prefix + name for name in place.tensors])
            found = _published(family, place.tensors)
        if found is None:
            continue
        found.assumed = ASSUMED
        if place.words[-1:] == ["decoder"]:
            found.notes.append("it is an encoder's checkpoint, of which the decoder is used")
            found.source_format = f"decoder in an encoder's checkpoint, {found.source_format}"
        if place.is_training:
            found.notes.append(
                f"it has no averaged weights (g_ema), so the training weights {_key(place)} are"
                " used"
            )
        found.training = plain_scalars(tree)
        return found
    return None


def _key(place: Place) -> str:
    return place.prefix.rstrip(".").rpartition(".")[2][:40]


def _published(family: Family, tensors: dict[str, TensorRef]) -> FoundGenerator:
    options = infer_options(family, {name: ref.shape for name, ref in tensors.items()})
    config = configure(family.config, options)
    parts = {name: Part.of(ref) for name, ref in tensors.items()}
    return FoundGenerator(config, parts, "state dict with the published names")


def _latent_avg(tree: Any) -> Any:
    value = tree.get("latent_avg") if isinstance(tree, dict) else None
    return value.ref if isinstance(value, ArrayRef) else value
