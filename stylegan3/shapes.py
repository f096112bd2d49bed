"""What the shapes of a network's tensors say about its configuration, whatever its family.

Each family's module `infer` asks here, for files that do not state their configuration. A sentence
about what is wrong starts where "FILE: " ends: "tensor mapping.fc0.weight is missing".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes by the published names of the tensors."""


def shape_of(shapes: Shapes, name: str, rank: int) -> tuple[int, ...]:
    """The shape of a tensor that every network of the family has.

    Raises:
        ValueError: if it is missing, or has another number of axes than `rank`, or an empty one.
    """
    shape = shapes.get(name)
    if shape is None:
        raise ValueError(f"tensor {name} is missing")
    if len(shape) != rank or min(shape) < 1:
        raise ValueError(f"tensor {name} has the shape {list(shape)}, which no network has")
    return shape


def mapping_options(shapes: Shapes) -> dict[str, Any]:
    """Options of a mapping network with such tensors.

    Raises:
        ValueError: if tensors of it are missing or misshapen.
    """
    count = 0
    while f"mapping.fc{count}.weight" in shapes:
        count += 1
    width, inputs = shape_of(shapes, "mapping.fc0.weight", 2)
    w_dim = shape_of(shapes, f"mapping.fc{count - 1}.weight", 2)[0]
    options: dict[str, Any] = {"z_dim": inputs, "w_dim": w_dim, "num_mapping_layers": count}
    if "mapping.embed.weight" in shapes:
        features, c_dim = shape_of(shapes, "mapping.embed.weight", 2)
        options |= {"z_dim": inputs - features, "c_dim": c_dim}
        if "mapping.embed.bias" not in shapes and inputs == 2 * features:
            options["label_concat"] = True  # of TensorFlow's networks from before StyleGAN2-ADA
        elif features != w_dim:
            options["embed_features"] = features
    if count > 1 and width != w_dim:
        options["layer_features"] = width
    return options
