"""StyleGAN2 weights in the layout of the rosinality port, which many projects save and extend.

Tensors copy directly: only axes of length one go, and the stored blur kernels are four times the
resampling filter. pSp, e4e and ReStyle keep such a generator under `decoder.`.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from stylegan3.checkpoints.container.tensors import read_tensor
from stylegan3.checkpoints.errors import UnusableError, naming
from stylegan3.checkpoints.found import FoundGenerator, Part, configure, infer_options
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.checkpoints.source import Source
from stylegan3.families import FAMILIES

STYLEGAN2 = FAMILIES["stylegan2"]
LAYER = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
    "conv.blur.kernel": "resample_filter",
}
TORGB = {k: v for k, v in LAYER.items() if k.startswith("conv.") and "blur" not in k}
TORGB |= {"bias": "bias"}
LARGEST_KERNEL = 32  # taps


def is_rosinality(tensors: dict[str, TensorRef]) -> bool:
    """Whether a state dict has this layout."""
    names = ("style.1.weight", "input.input", "conv1.conv.weight", "to_rgb1.conv.weight")
    return all(name in tensors for name in names)


@naming("StyleGAN2")
def convert_rosinality(
    source: Source, tensors: dict[str, TensorRef], latent_avg: Any
) -> FoundGenerator:
    """Rename the tensors of such a state dict.

    Raises:
        UnusableError: if they are no StyleGAN2 generator.
    """
    notes: list[str] = []
    parts: dict[str, Part] = {}
    for name, ref in tensors.items():
        published = _published(name)
        if published is None:
            parts[name] = Part.of(ref)  # surplus: reported by name
        elif published:
            parts[published] = _squeezed(published, ref)
    options = infer_options(STYLEGAN2, {name: part.shape for name, part in parts.items()})
    options |= {"conv_clamp": None, "num_fp16_res": 0}
    kernel = tensors.get("convs.0.conv.blur.kernel")
    if kernel is not None:
        options["resample_filter"] = _taps(source, kernel)
    config = configure(STYLEGAN2.config, options)
    if isinstance(latent_avg, TensorRef) and 1 <= len(latent_avg.shape) <= 3:
        rows = latent_avg.numel // max(config.w_dim, 1)
        if latent_avg.shape[-1] == config.w_dim and rows:
            parts["mapping.w_avg"] = Part(
                latent_avg, (config.w_dim,), lambda x: x.reshape(-1, x.shape[-1])[0], is_buffer=True
            )
            if rows > 1:
                notes.append("its average latent has several rows, of which the first is used")
    return FoundGenerator(config, parts, "rosinality checkpoint of StyleGAN2", notes)


def _published(name: str) -> str | None:
    """Published name of a tensor; "" to leave it out, None if this layout has no such tensor."""
    if match := re.fullmatch(r"style\.(\d{1,3})\.(weight|bias)", name):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}"
    if name == "input.input":
        return "synthesis.b4.const"
    if match := re.fullmatch(r"noises\.noise_(\d{1,3})", name):
        index = int(match[1])
        return f"synthesis.b{4 << (index + 1) // 2}.conv{0 if index % 2 else 1}.noise_const"
    if match := re.fullmatch(r"(conv1|convs\.(\d{1,3}))\.(.+)", name):
        index = -1 if match[2] is None else int(match[2])
        layer = f"b{8 << index // 2}.conv{index % 2}" if index >= 0 else "b4.conv1"
        last = LAYER.get(match[3])
        return f"synthesis.{layer}.{last}" if last else None
    if match := re.fullmatch(r"to_rgb(1|s\.(\d{1,3}))\.(.+)", name):
        block = "b4" if match[2] is None else f"b{8 << int(match[2])}"
        if match[3] == "upsample.kernel":
            return f"synthesis.{block}.resample_filter"
        last = TORGB.get(match[3])
        return f"synthesis.{block}.torgb.{last}" if last else None
    return None


def _squeezed(published: str, ref: TensorRef) -> Part:
    last = published.rpartition(".")[2]
    is_buffer = last in ("noise_const", "resample_filter")
    rank = {"const": 3, "noise_strength": 0, "noise_const": 2, "resample_filter": 2}.get(last)
    if last == "bias":
        rank = 1
    elif last == "weight":
        rank = 2 if ".affine." in published or ".fc" in published else 4
    if rank is None:
        return Part.of(ref, is_buffer)
    shape = _drop_ones(ref.shape, rank)
    if last == "resample_filter":
        return Part(ref, shape, lambda x: x / 4, is_buffer)
    return Part(ref, shape, lambda x: x.reshape(shape), is_buffer)


def _drop_ones(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Drop axes of length one, leading ones first, until `rank` axes are left."""
    axes = list(shape)
    while len(axes) > rank and 1 in axes:
        axes.remove(1)
    return tuple(axes)


def _taps(source: Source, kernel: TensorRef) -> tuple[float, ...]:
    """The 1-D filter whose outer product is `kernel`, its smallest tap 1."""
    if len(kernel.shape) != 2 or max(kernel.shape) > LARGEST_KERNEL or min(kernel.shape) < 1:
        raise UnusableError(
            f"its blur kernel has the shape {list(kernel.shape)}, which no network has"
        )
    values: Tensor = read_tensor(source, "convs.0.conv.blur.kernel", kernel, torch.float64)
    rows = values.sum(1)
    smallest = rows[rows != 0].abs().min() if rows.any() else torch.tensor(1.0)
    return tuple(round(float(v), 4) for v in rows / smallest)
