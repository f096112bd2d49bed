"""Where numbers that are not finite arise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def first_bad_layer(
    generator: Any,
    ws: Tensor,  # [N, num_ws, w_dim]
    noise_mode: str,
) -> str:
    """Return the name of the first layer whose output is not finite, "mapping", or "".

    Runs the network once more and looks at every layer, which waits for the device.
    """
    if not torch.isfinite(ws).all():
        return "mapping"
    bad: list[str] = []
    names = {spec.name for spec in generator.synthesis.layers}
    hooks = [
        module.register_forward_hook(_recorder(name, bad))
        for path, module in generator.synthesis.named_modules()
        if (name := getattr(module, "layer_name", path)) in names
    ]
    try:
        generator.synthesis(ws, noise_mode=noise_mode)
    finally:
        for hook in hooks:
            hook.remove()
    return bad[0] if bad else ""


def _recorder(name: str, bad: list[str]) -> Any:
    def record(module: nn.Module, arguments: Any, output: Any) -> None:
        outputs = output if isinstance(output, tuple) else (output,)
        if not all(torch.isfinite(x).all() for x in outputs if isinstance(x, Tensor)):
            bad.append(name)

    return record
