"""Names of StyleGAN1's layers, as the three published programs give them.

The layers are the same; only how they are called, and which of their outputs have a name, differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stylegan3.stylegan1.config import PROGRAMS, Program, StyleGAN1Config

Place = Literal["convolution", "first", "second", "torgb"]
"""Where in a block: before noise and style of its first layer, after those of its first or second
layer, or its picture."""


@dataclass(frozen=True)
class NamedOutput:
    """An output of the network that has a name."""

    name: str  # "8x8/Conv0_up", "progression.1.adain1", "layer2"
    resolution: int  # of its block, and so its size [px]
    place: Place


def tensor_layers(resolution: int) -> tuple[str, str]:
    """Names, within tensors' names, of the two layers of the block of `resolution`."""
    return ("Const", "Conv") if resolution == 4 else ("Conv0_up", "Conv1")


def named_outputs(config: StyleGAN1Config, program: Program) -> tuple[NamedOutput, ...]:
    """The outputs that `program` has names for, in the order they are computed."""
    found = []
    for stage, resolution in enumerate(config.block_resolutions):
        rows = _block(program, stage, resolution, config.lod_of(resolution))
        has_torgb = config.torgb_weight(resolution) > 0
        found += [row for row in rows if has_torgb or row.place != "torgb"]
    return tuple(found)


def every_name(config: StyleGAN1Config) -> dict[str, NamedOutput]:
    """Outputs by every name that one of the programs has for them."""
    return {row.name: row for program in PROGRAMS for row in named_outputs(config, program)}


def _block(program: Program, stage: int, resolution: int, lod: int) -> list[NamedOutput]:
    names: tuple[tuple[str, Place], ...]
    if program == "rosinality":
        block = f"progression.{stage}"
        names = (
            (f"{block}.conv1", "convolution"),
            (f"{block}.adain1", "first"),
            (f"{block}.adain2", "second"),
            (block, "second"),
            (f"to_rgb.{stage}", "torgb"),
        )
    elif program == "genforce":
        names = (
            (f"layer{2 * stage}", "first"),
            (f"layer{2 * stage + 1}", "second"),
            (f"output{stage}", "torgb"),
        )
    else:
        first, second = tensor_layers(resolution)
        scope = f"{resolution}x{resolution}"
        names = (
            (f"{scope}/{first}", "first"),
            (f"{scope}/{second}", "second"),
            (f"ToRGB_lod{lod}", "torgb"),
        )
    return [NamedOutput(name, resolution, place) for name, place in names]
