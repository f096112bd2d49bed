"""Generators that are saved as tensors by name: which dictionary of a file holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stylegan3.checkpoints.detect import refuse_relatives
from stylegan3.checkpoints.found import (
    Part,
    RawGenerator,
    configure,
    plain_scalars,
    strip_prefix,
    tensors_in,
)
from stylegan3.checkpoints.infer import infer_config
from stylegan3.checkpoints.pickle.values import ArrayRef, TensorRef
from stylegan3.checkpoints.readers.rosinality import convert_rosinality, is_rosinality
from stylegan3.checkpoints.source import Source
from stylegan3.config import StyleGAN2Config, StyleGAN3Config
from stylegan3.layers import block_name, is_alias_free

# Averaged weights first. "" is the file's dictionary itself.
KEYS = ("g_ema", "G_ema", "ema", "params_ema", "state_dict", "g", "G", "generator", "model", "")
TRAINING_WEIGHTS = ("g", "G")
PREFIXES = ("", "module.", "decoder.", "module.decoder.", "g_ema.", "G_ema.", "generator.", "G.")


def read_state_dict(source: Source, tree: Any) -> RawGenerator | None:
    """The generator among the tensors of a file, or None if there is none.

    Raises:
        UnusableError: if there is a generator that cannot be used.
    """
    if not isinstance(tree, dict):
        return None
    for key, prefix, tensors in _candidates(tree):
        raw = None
        if is_rosinality(tensors):
            raw = convert_rosinality(source, tensors, _latent_avg(tree))
        elif is_published(tensors):
            raw = _published(tensors)
        if raw is None:
            continue
        if prefix.endswith("decoder."):
            raw.notes.append("it is an encoder's checkpoint, of which the decoder is used")
            raw.source_format = f"decoder in an encoder's checkpoint, {raw.source_format}"
        if key in TRAINING_WEIGHTS:
            raw.notes.append(
                f"it has no averaged weights (g_ema), so the training weights {key} are used"
            )
        raw.training = plain_scalars(tree)
        return raw
    return None


def is_published(tensors: dict[str, TensorRef]) -> bool:
    """Whether these are the published names of a StyleGAN2 or StyleGAN3 generator."""
    if "mapping.fc0.weight" not in tensors:
        return False
    return is_alias_free(tensors) or any(
        block is not None and block.tensor == "conv1.weight" for block in map(block_name, tensors)
    )


def _candidates(tree: dict[Any, Any]) -> Iterator[tuple[str, str, dict[str, TensorRef]]]:
    for key in KEYS:
        tensors = tensors_in(tree.get(key) if key else tree)
        for prefix in PREFIXES if tensors else ():
            below = strip_prefix(tensors, prefix)
            if below:
                yield key, prefix, below


def _published(tensors: dict[str, TensorRef]) -> RawGenerator:
    refuse_relatives(tensors)
    cls = StyleGAN3Config if is_alias_free(tensors) else StyleGAN2Config
    config = configure(cls, infer_config(cls, {name: ref.shape for name, ref in tensors.items()}))
    parts = {name: Part.of(ref) for name, ref in tensors.items()}
    return RawGenerator(config, parts, "state dict with the published names")


def _latent_avg(tree: dict[Any, Any]) -> Any:
    value = tree.get("latent_avg")
    return value.ref if isinstance(value, ArrayRef) else value
