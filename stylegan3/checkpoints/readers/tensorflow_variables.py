"""Variables of TensorFlow networks under the published names of their tensors.

Scopes are named by the size of their pictures, height first; the stages are counted from the first
one, whatever its size. Configurations B to D have one ToRGB, `ToRGB_lod0`, outside of them. Weights
are stored `[kH, kW, in, out]` and dense weights `[in, out]`; style biases are stored without the 1
that modulation adds; the kernels of upsampling layers are stored flipped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator

from torch import Tensor

from stylegan3.checkpoints.errors import WHERE, UnusableError
from stylegan3.checkpoints.found import Part
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.layers import block_name

SCOPE = re.compile(r"synthesis/(\d{1,5})x(\d{1,5})/(.+)", re.ASCII)
# ToRGB of configurations B to D, whatever `architecture` says
GROWN_RGB = re.compile(r"synthesis/ToRGB_lod(\d{1,2})/(.+)", re.ASCII)
NOISE = re.compile(r"synthesis/noise(\d{1,3})", re.ASCII)


def _dense(x: Tensor) -> Tensor:
    return x.T


def _convolution(x: Tensor) -> Tensor:
    return x.permute(3, 2, 0, 1)


def _flipped(x: Tensor) -> Tensor:
    return x.flip(0, 1).permute(3, 2, 0, 1)


def _plus_one(x: Tensor) -> Tensor:
    return x + 1


def _first(x: Tensor) -> Tensor:
    return x[0]


def _first_plane(x: Tensor) -> Tensor:
    return x[0, 0]


# Variable name ("block" for a scope named by size) -> published name ("bR" for its block),
# conversion, and the axes that remain, in the published order.
Rule = tuple[str, str, Callable[[Tensor], Tensor] | None, tuple[int, ...] | None]
_DENSE, _CONV = (1, 0), (3, 2, 0, 1)
RULES: tuple[Rule, ...] = (
    (r"dlatent_avg", "mapping.w_avg", None, None),
    (r"mapping/Dense(\d+)/weight", "mapping.fc{0}.weight", _dense, _DENSE),
    (r"mapping/Dense(\d+)/bias", "mapping.fc{0}.bias", None, None),
    (r"mapping/LabelEmbed/weight", "mapping.embed.weight", _dense, _DENSE),
    (r"mapping/LabelEmbed/bias", "mapping.embed.bias", None, None),
    (r"mapping/LabelConcat/weight", "mapping.embed.weight", _dense, _DENSE),
    (r"block/Const/const", "synthesis.bR.const", _first, (1, 2, 3)),
    (r"block/Conv0_up/weight", "synthesis.bR.conv0.weight", _flipped, _CONV),
    (r"block/Conv0_up/(.*)", "synthesis.bR.conv0.{0}", None, None),
    (r"block/Conv1?/weight", "synthesis.bR.conv1.weight", _convolution, _CONV),
    (r"block/Conv1?/(.*)", "synthesis.bR.conv1.{0}", None, None),
    (r"block/ToRGB/weight", "synthesis.bR.torgb.weight", _convolution, _CONV),
    (r"block/ToRGB/(.*)", "synthesis.bR.torgb.{0}", None, None),
    (r"block/Skip/weight", "synthesis.bR.skip.weight", _flipped, _CONV),
)  # fmt: skip


class Stages:
    """Scopes by their size: each stage is twice as large as the one before."""

    def __init__(self, height: int, width: int) -> None:
        self._first = (height, width)

    def block(self, height: int, width: int) -> str | None:
        """The block of a scope, "b8" for the second stage; None if no stage has this size."""
        ratio = height // max(self._first[0], 1)
        is_stage = ratio >= 1 and ratio & (ratio - 1) == 0
        if not is_stage or (height, width) != tuple(side * ratio for side in self._first):
            return None
        return f"b{4 * ratio}"

    def count(self, variables: Iterable[str]) -> int:
        """How many stages follow the first one in the scopes of these variables."""
        matches = filter(None, map(SCOPE.fullmatch, variables))
        sizes = {(int(match[1]), int(match[2])) for match in matches}
        heights = [size[0] for size in sizes if self.block(*size)]
        return (max(heights, default=0) // max(self._first[0], 1) or 1).bit_length() - 1

    def scope(self, stage: int) -> str:
        """The scope of a stage, 0 for the first: "16x16"."""
        height, width = (side << stage for side in self._first)
        return f"{height}x{width}"


def parts_of(variables: dict[str, TensorRef], stages: Stages) -> Iterator[tuple[str, Part]]:
    """Published names, and the tensors in the published layout; unknown names stay as they are.

    Raises:
        UnusableError: if a variable has another number of axes than its kind.
    """
    for name, ref in variables.items():
        if name == "lod" or name.endswith("/lod"):
            continue  # progressive growing, which the reader has looked at
        if noise := NOISE.fullmatch(name):
            index = int(noise[1])
            layer = f"b{4 << (index + 1) // 2}.conv{0 if index % 2 else 1}"
            _require_rank(name, ref, 4)
            part = Part(ref, ref.shape[2:], _first_plane, is_buffer=True)
            yield f"synthesis.{layer}.noise_const", part
            continue
        block, place = _place(name, stages)
        for pattern, published, convert, axes in RULES:
            if match := re.fullmatch(pattern, place):
                whole = published.replace("bR", block).format(*match.groups())
                yield _part(name, whole, ref, convert, axes)
                break
        else:
            yield name, Part.of(ref)  # surplus: reported by name


def _place(name: str, stages: Stages) -> tuple[str, str]:
    """The block of a variable and its name with "block" for the scope; any other name as it is."""
    if match := SCOPE.fullmatch(name):
        block = stages.block(int(match[1]), int(match[2]))
        if block is not None:
            return block, f"block/{match[3]}"
    return "", name


def _part(
    name: str,
    published: str,
    ref: TensorRef,
    convert: Callable[[Tensor], Tensor] | None,
    axes: tuple[int, ...] | None,
) -> tuple[str, Part]:
    stem, _, last = published.rpartition(".")
    if last == "mod_weight":
        published, convert, axes = f"{stem}.affine.weight", _dense, _DENSE
    elif last == "mod_bias":
        published, convert = f"{stem}.affine.bias", _plus_one
    if axes is None:
        return published, Part(ref, ref.shape, convert)
    _require_rank(name, ref, max(axes) + 1)
    return published, Part(ref, tuple(ref.shape[axis] for axis in axes), convert)


def _require_rank(name: str, ref: TensorRef, rank: int) -> None:
    if len(ref.shape) != rank or math.prod(ref.shape) == 0:
        raise UnusableError(f"variable {name} has the shape {list(ref.shape)}, not {rank} axes")


def as_grown(
    variables: dict[str, TensorRef], stages: Stages, lod: float, notes: list[str]
) -> dict[str, TensorRef]:
    """The variables of configurations B to D that are run; each ToRGB in its stage's scope.

    Args:
        variables: of all stages, also of those that are not run yet.
        stages: their scopes.
        lod: how many doublings are still to come; where it is no whole number, the pictures of two
            stages are mixed.
        notes: are told what was left out.

    Raises:
        UnusableError: if there are not as many stages.
    """
    last = stages.count(variables)
    if not 0 <= lod <= last:
        raise UnusableError(
            f"it is StyleGAN2 (configuration B to D), but its configuration is impossible: lod is"
            f" {lod:g} of {last} doublings; {WHERE}"
        )
    kept: dict[str, TensorRef] = {}
    for name, ref in variables.items():
        if rgb := GROWN_RGB.fullmatch(name):
            if math.floor(lod) <= int(rgb[1]) <= math.ceil(lod):
                kept[f"synthesis/{stages.scope(last - int(rgb[1]))}/ToRGB/{rgb[2]}"] = ref
        elif _stage(name, stages) <= last - math.floor(lod):
            kept[name] = ref
    if lod:
        run = stages.scope(last - math.floor(lod)).replace("x", " × ")
        notes.append(
            f"it was saved while it grew (lod {lod:g}): layers finer than {run} px are left out"
        )
    elif len(kept) < len(variables):
        notes.append("its ToRGB layers of lower resolutions served its growth and are left out")
    return kept


def _stage(name: str, stages: Stages) -> int:
    """The stage that a variable belongs to, 0 for what belongs to none."""
    if noise := NOISE.fullmatch(name):
        return (int(noise[1]) + 1) // 2
    scope = SCOPE.fullmatch(name)
    block = stages.block(int(scope[1]), int(scope[2])) if scope else None
    return int(block[1:]).bit_length() - 3 if block else 0


def without_other_noise(parts: dict[str, Part], init_res: tuple[int, int]) -> dict[str, Part]:
    """Leave out noise pictures of another size than their layer's: programs draw those anew."""

    def is_other(name: str, part: Part) -> bool:
        block = block_name(name)
        if block is None or not name.endswith(".noise_const"):
            return False
        return part.shape != tuple(side * block.resolution // 4 for side in init_res)

    return {name: part for name, part in parts.items() if not is_other(name, part)}
