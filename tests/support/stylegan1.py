"""StyleGAN1 in the three published layouts: random tensors, and step by step what they compute.

Nothing here is shared with the networks under test: everything is float64, and each formula stands
as the formats describe it, for one layout after the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Tensors = dict[str, Tensor]
Z_DIM, W_DIM, HIDDEN, LAYERS = 6, 5, 7, 3


def draws(seed: int = 0) -> Callable[..., Tensor]:
    """`draw(3, 4)` is a random tensor of that shape, none of its numbers 0."""
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(shape, generator=generator) + 0.1


def tensorflow_variables(widths: dict[int, int], c_dim: int = 0) -> Tensors:
    """Variables of a network with `widths` feature maps by resolution [px]."""
    draw = draws()
    top = max(widths)
    v = {"lod": torch.tensor(0.0), "dlatent_avg": draw(W_DIM), "synthesis/lod": torch.tensor(0.0)}
    if c_dim:
        v["mapping/LabelConcat/weight"] = draw(c_dim, Z_DIM)
    sides = [Z_DIM * (2 if c_dim else 1), *[HIDDEN] * (LAYERS - 1), W_DIM]
    for i in range(LAYERS):
        v[f"mapping/Dense{i}/weight"] = draw(sides[i], sides[i + 1]) * 100
        v[f"mapping/Dense{i}/bias"] = draw(sides[i + 1]) * 100
    for j, (r, width) in enumerate(widths.items()):
        before = widths.get(r // 2, width)
        for i, layer in enumerate(("Const", "Conv") if r == 4 else ("Conv0_up", "Conv1")):
            scope = f"synthesis/{r}x{r}/{layer}"
            if layer == "Const":
                v[f"{scope}/const"] = draw(1, width, 4, 4)
            else:
                v[f"{scope}/weight"] = draw(3, 3, width if i else before, width)
            v[f"{scope}/Noise/weight"], v[f"{scope}/bias"] = draw(width), draw(width)
            v[f"{scope}/StyleMod/weight"] = draw(W_DIM, 2 * width)
            v[f"{scope}/StyleMod/bias"] = draw(2 * width)
            v[f"synthesis/noise{2 * j + i}"] = draw(1, 1, r, r)
        lod = int(math.log2(top // r))
        v[f"synthesis/ToRGB_lod{lod}/weight"] = draw(1, 1, width, 3)
        v[f"synthesis/ToRGB_lod{lod}/bias"] = draw(3)
    return v


def tensorflow_w(v: Tensors, z: Tensor, c: Tensor | None = None) -> Tensor:  # [N, W_DIM]
    """The mapping network."""
    v = {name: x.double() for name, x in v.items()}
    x = z.double()
    if c is not None:
        x = torch.cat([x, c.double() @ v["mapping/LabelConcat/weight"]], 1)
    x = x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()
    for i in range(LAYERS):
        a, b = v[f"mapping/Dense{i}/weight"], v[f"mapping/Dense{i}/bias"]
        x = F.leaky_relu(x @ (a * math.sqrt(2) * 0.01 / math.sqrt(len(a))) + 0.01 * b, 0.2)
    return x


def tensorflow_outputs(v: Tensors, ws: Tensor, fused_from: int = 128, lod: float = 0) -> Tensors:
    """Outputs of all layers by their names, and the picture as ""."""
    v = {name: x.double() for name, x in v.items()}
    ends = ("/Conv/bias", "/Conv1/bias")
    sizes = sorted(int(k.split("/")[1].split("x")[0]) for k in v if k.endswith(ends))
    row, x, out, pictures = 0, None, {}, {}
    for r in sizes:
        for layer in ("Const", "Conv") if r == 4 else ("Conv0_up", "Conv1"):
            scope = f"synthesis/{r}x{r}/{layer}"
            if layer == "Const":
                x = v[f"{scope}/const"].expand(len(ws), -1, -1, -1)
            else:
                w = v[f"{scope}/weight"].permute(3, 2, 0, 1)
                w = w * math.sqrt(2) / math.sqrt(9 * w.shape[1])
                x = convolved(x, w, layer == "Conv0_up", r >= fused_from)
                x = blurred(x) if layer == "Conv0_up" else x
            noise = v[f"synthesis/noise{row}"] * v[f"{scope}/Noise/weight"][:, None, None]
            x = F.leaky_relu(x + noise + v[f"{scope}/bias"][:, None, None], 0.2)
            s = v[f"{scope}/StyleMod/weight"]
            t = ws[:, row].double() @ (s / math.sqrt(W_DIM)) + v[f"{scope}/StyleMod/bias"]
            half = t.shape[1] // 2
            x = normed(x, 1e-8) * (t[:, :half, None, None] + 1) + t[:, half:, None, None]
            out[scope.removeprefix("synthesis/")] = x
            row += 1
        level = int(math.log2(max(sizes) // r))
        w = v[f"synthesis/ToRGB_lod{level}/weight"].permute(3, 2, 0, 1)
        rgb = F.conv2d(x, w / math.sqrt(w.shape[1]), v[f"synthesis/ToRGB_lod{level}/bias"])
        pictures[level] = out[f"ToRGB_lod{level}"] = rgb
    level = math.floor(lod)
    share = lod - level
    out[""] = pictures[level] * (1 - share)
    if share:
        out[""] = out[""] + doubled(pictures[level + 1]) * share
    for _ in range(level):
        out[""] = doubled(out[""])
    return out


def genforce_tensors(v: Tensors) -> Tensors:
    """The same network under the names of GenForce."""
    found = {"truncation.w_avg": v["dlatent_avg"], "synthesis.lod": v["lod"]}
    if "mapping/LabelConcat/weight" in v:
        found["mapping.label_weight"] = v["mapping/LabelConcat/weight"]
    for i in range(LAYERS):
        found[f"mapping.dense{i}.weight"] = v[f"mapping/Dense{i}/weight"].T
        found[f"mapping.dense{i}.bias"] = v[f"mapping/Dense{i}/bias"]
    last = max(int(k[len("synthesis/noise") :]) for k in v if k.startswith("synthesis/noise"))
    for row in range(last + 1):
        r = 4 << row // 2
        layer = (("Const", "Conv") if r == 4 else ("Conv0_up", "Conv1"))[row % 2]
        theirs, ours = f"synthesis/{r}x{r}/{layer}", f"synthesis.layer{row}"
        if layer == "Const":
            found[f"{ours}.const"] = v[f"{theirs}/const"]
        else:
            found[f"{ours}.weight"] = v[f"{theirs}/weight"].permute(3, 2, 0, 1)
        if layer == "Conv0_up":
            width = v[f"{theirs}/bias"].shape[0]
            found[f"{ours}.blur.kernel"] = blur_kernel().float().expand(width, 1, 3, 3)
        found[f"{ours}.bias"] = v[f"{theirs}/bias"]
        found[f"{ours}.apply_noise.weight"] = v[f"{theirs}/Noise/weight"]
        found[f"{ours}.apply_noise.noise"] = v[f"synthesis/noise{row}"]
        found[f"{ours}.style.weight"] = v[f"{theirs}/StyleMod/weight"].T
        found[f"{ours}.style.bias"] = v[f"{theirs}/StyleMod/bias"]
        if row % 2:
            torgb = f"synthesis/ToRGB_lod{(last - row) // 2}"
            found[f"synthesis.output{row // 2}.weight"] = v[f"{torgb}/weight"].permute(3, 2, 0, 1)
            found[f"synthesis.output{row // 2}.bias"] = v[f"{torgb}/bias"]
    return {name: x.contiguous() for name, x in found.items()}


def rosinality_tensors(widths: dict[int, int]) -> Tensors:
    """Tensors of a network with `widths` feature maps by resolution [px]; fused from 128 px on."""
    draw, t = draws(1), {}
    for j, (r, width) in enumerate(widths.items()):
        block = f"generator.progression.{j}"
        before = widths.get(r // 2, width)
        if r == 4:
            t[f"{block}.conv1.input"] = draw(1, width, 4, 4)
        else:
            shape = (before, width, 3, 3) if r >= 128 else (width, before, 3, 3)
            name = "0.weight" if r >= 128 else "1.conv.weight_orig"
            t[f"{block}.conv1.{name}"] = draw(*shape)
            t[f"{block}.conv1.{name.rpartition('.')[0]}.bias"] = draw(width)
            blur = f"{block}.conv1.{1 if r >= 128 else 2}"
            t[f"{blur}.weight"] = blur_kernel().float().expand(width, 1, 3, 3).contiguous()
            t[f"{blur}.weight_flip"] = t[f"{blur}.weight"].clone()
        t[f"{block}.conv2.conv.weight_orig"] = draw(width, width, 3, 3)
        t[f"{block}.conv2.conv.bias"] = draw(width)
        for half in (1, 2):
            t[f"{block}.noise{half}.weight_orig"] = draw(1, width, 1, 1)
            t[f"{block}.adain{half}.style.linear.weight_orig"] = draw(2 * width, W_DIM)
            t[f"{block}.adain{half}.style.linear.bias"] = draw(2 * width)
        t[f"generator.to_rgb.{j}.conv.weight_orig"] = draw(3, width, 1, 1)
        t[f"generator.to_rgb.{j}.conv.bias"] = draw(3)
    for i in range(LAYERS):
        t[f"style.{1 + 2 * i}.linear.weight_orig"] = draw(W_DIM, W_DIM)
        t[f"style.{1 + 2 * i}.linear.bias"] = draw(W_DIM)
    return t


def rosinality_w(t: Tensors, z: Tensor) -> Tensor:  # [N, W_DIM]
    """The mapping network."""
    x = z.double() / (z.double().square().mean(1, keepdim=True) + 1e-8).sqrt()
    for i in range(LAYERS):
        layer = f"style.{1 + 2 * i}.linear"
        a, b = t[f"{layer}.weight_orig"].double(), t[f"{layer}.bias"].double()
        x = F.leaky_relu(x @ (a * math.sqrt(2 / W_DIM)).T + b, 0.2)
    return x


def rosinality_outputs(t: Tensors, ws: Tensor, noise: dict[int, Tensor]) -> Tensors:
    """Outputs of all layers by their names, with `noise` pictures by resolution [px]."""
    t = {name: x.double() for name, x in t.items()}
    x, out, j = None, {}, 0
    while f"generator.progression.{j}.conv2.conv.bias" in t:
        block, r = f"generator.progression.{j}", 4 << j
        for half in (1, 2):
            conv = f"{block}.conv{half}"
            if half == 2:
                x = convolved(x, _gained(t[f"{conv}.conv.weight_orig"]), False, False)
                x = x + t[f"{conv}.conv.bias"][:, None, None]
            elif j == 0:
                x = t[f"{conv}.input"].expand(len(ws), -1, -1, -1)
            elif f"{conv}.0.weight" in t:
                w = t[f"{conv}.0.weight"]
                w = (w * math.sqrt(2 / (9 * w.shape[0]))).transpose(0, 1)
                x = convolved(x, w / 4, True, True) + t[f"{conv}.0.bias"][:, None, None]
                x = blurred(x)
            else:
                x = convolved(x, _gained(t[f"{conv}.1.conv.weight_orig"]), True, False)
                x = blurred(x + t[f"{conv}.1.conv.bias"][:, None, None])
            name = block.removeprefix("generator.")
            if half == 1:
                out[f"{name}.conv1"] = x
            strength = t[f"{block}.noise{half}.weight_orig"]
            strength = strength * math.sqrt(2 / strength.shape[1])
            x = F.leaky_relu(x + strength * noise[r].double(), 0.2)
            style = f"{block}.adain{half}.style.linear"
            s = ws[:, 2 * j].double() @ _gained(t[f"{style}.weight_orig"]).T + t[f"{style}.bias"]
            factor, offset = s[:, :, None, None].chunk(2, 1)
            x = factor * normed(x, 1e-5) + offset
            out[f"{name}.adain{half}"] = x
        out[name] = x
        j += 1
    torgb = f"generator.to_rgb.{j - 1}.conv"
    rgb = F.conv2d(x, _gained(t[f"{torgb}.weight_orig"]), t[f"{torgb}.bias"])
    out[f"to_rgb.{j - 1}"] = out[""] = rgb
    return out


def _gained(weight: Tensor) -> Tensor:
    return weight * math.sqrt(2 / weight[0].numel())


def convolved(x: Tensor, w: Tensor, is_up: bool, is_fused: bool) -> Tensor:
    """Convolve with `w` [out, in, 3, 3], twice as large where `is_up`."""
    if not is_up:
        return F.conv2d(x, w, padding=1)
    if not is_fused:
        return F.conv2d(doubled(x), w, padding=1)
    kernel = torch.zeros(*w.shape[:2], 4, 4, dtype=w.dtype)
    for a in (0, 1):
        for b in (0, 1):
            kernel[:, :, a : a + 3, b : b + 3] += w
    return F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2, padding=1)


def doubled(x: Tensor) -> Tensor:
    """Every pixel twice in both directions."""
    return x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).flatten(4, 5).flatten(2, 3)


def blur_kernel() -> Tensor:
    """[1 2 1] x [1 2 1] / 16."""
    taps = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64)
    return taps[:, None] * taps / 16


def blurred(x: Tensor) -> Tensor:
    """Blur with zeros around."""
    channels = x.shape[1]
    return F.conv2d(x, blur_kernel().expand(channels, 1, 3, 3), padding=1, groups=channels)


def normed(x: Tensor, epsilon: float) -> Tensor:
    """Mean 0 and variance 1 of every channel and sample."""
    centred = x - x.mean((2, 3), keepdim=True)
    return centred / (centred.square().mean((2, 3), keepdim=True) + epsilon).sqrt()
