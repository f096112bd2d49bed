"""StyleGAN-XL's configuration from a pickled module.

The arguments of a network with superresolution stages are those of the last stage alone, and point
to the file of the stem. So the layers themselves are read: their names and shapes, and what their
attributes say of frequencies.
"""

from __future__ import annotations

from typing import Any

from stylegan3.checkpoints.errors import UnusableError, naming
from stylegan3.checkpoints.found import configure
from stylegan3.checkpoints.pickle.modules import ModuleRef
from stylegan3.config import Config
from stylegan3.layers import alias_free_name
from stylegan3.shapes import Shapes
from stylegan3.xl.config import StyleGANXLConfig
from stylegan3.xl.infer import infer_stylegan_xl

# Attributes that are options: of the whole synthesis, and of its first layer.
SYNTHESIS_OPTIONS = ("output_scale", "num_fp16_res", "num_critical")
FREQUENCIES = ("first_cutoff", "first_stopband", "last_stopband_rel")
LAYER_OPTIONS = ("filter_size", "lrelu_upsampling", "magnitude_ema_beta")


@naming("StyleGAN-XL")
def configure_xl(module: ModuleRef, shapes: Shapes) -> Config:
    """The configuration of a StyleGAN-XL module with tensors of these shapes.

    Raises:
        UnusableError: if there is no such network.
    """
    synthesis, mapping = module.states.get("synthesis", {}), module.states.get("mapping", {})
    layers = _layers(module)
    first = next(iter(layers.values()), {})
    dense = module.states.get("mapping.fc0", {})
    if dense.get("activation", "lrelu") != "lrelu":
        raise UnusableError("it is StyleGAN-XL, but with another activation in its mapping")
    known = {k: synthesis[k] for k in FREQUENCIES if _is_number(synthesis.get(k))}
    cutoffs = {
        name: state["out_cutoff"]
        for name, state in layers.items()
        if _is_number(state.get("out_cutoff"))
    }
    try:
        options = infer_stylegan_xl(shapes, cutoffs, known)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    settings = {k: synthesis[k] for k in SYNTHESIS_OPTIONS if k in synthesis}
    settings |= {k: first[k] for k in LAYER_OPTIONS if k in first}
    settings |= {"w_avg_beta": mapping.get("w_avg_beta"), "mapping_lr_multiplier": None}
    if _is_number(dense.get("bias_gain")):
        settings["mapping_lr_multiplier"] = dense["bias_gain"]
    options |= {k: v for k, v in settings.items() if v is not None}
    if "conv_clamp" in first:
        options["conv_clamp"] = first["conv_clamp"]  # None is a value: no clamping
    return configure(StyleGANXLConfig, options | _base(module, options))


def _layers(module: ModuleRef) -> dict[str, dict[str, Any]]:
    """Attributes of the layers by name, in order."""
    found = {}
    for path, state in module.states.items():
        layer = alias_free_name(path)
        if layer is not None and not layer.tensor:
            found[layer] = state
    return {layer.name: found[layer] for layer in sorted(found)}


def _base(module: ModuleRef, options: dict[str, Any]) -> dict[str, Any]:
    """Channel base and maximum as the program was told, where they lead to the same layers."""
    synthesis = module.states.get("synthesis", {})
    told = {k: synthesis[k] for k in ("channel_base", "channel_max") if k in synthesis}
    try:
        asked, found = StyleGANXLConfig(**options | told), StyleGANXLConfig(**options)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return {}
    return told if asked.layers == found.layers else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
