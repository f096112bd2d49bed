"""What TensorFlow's StyleGAN1 says about itself: each option is followed, harmless, or refused.

They stand in `static_kwargs`, which holds only what differs from the program's defaults. An option
that is not known may change the pictures, so it is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.values import Stub
from stylegan3.checkpoints.readers.stylegan1.parts import FUSED_FROM

# Name in the file -> in the configuration.
FOLLOWED = {
    "nonlinearity": "activation",
    "mapping_nonlinearity": "mapping_activation",
    "mapping_lrmul": "mapping_lr_multiplier",
    "use_instance_norm": "use_instance_norm",
    "blur_filter": "blur_filter",
}
# What tensors show, what concerns training, and what is given anew with every picture here.
HARMLESS = {
    *("num_channels", "resolution", "label_size", "latent_size", "dlatent_size"),
    *("mapping_layers", "mapping_fmaps", "dlatent_broadcast", "use_noise"),
    *("fmap_base", "fmap_decay", "fmap_max", "truncation_psi", "truncation_cutoff"),
    *("truncation_psi_val", "truncation_cutoff_val", "dlatent_avg_beta", "style_mixing_prob"),
    *("randomize_noise", "is_training", "is_validation", "is_template_graph"),
    *("force_clean_graph", "components", "structure", "dtype"),
}
# Options of which this project computes one value alone.
ONLY = {
    "use_styles": True,
    "use_pixel_norm": False,
    "const_input_layer": True,
    "normalize_latents": True,
    "use_wscale": True,
}


def stated_options(network: Stub) -> tuple[dict[str, Any], float]:
    """Options by the configuration's names, and from where on upsampling layers are fused [px].

    Raises:
        UnusableError: naming an option that is unknown, or a value that is not supported.
    """
    given = _static_kwargs(network)
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name in FOLLOWED:
            options[FOLLOWED[name]] = tuple(value) if isinstance(value, list) else value
        elif name in ONLY:
            if value is not ONLY[name]:
                raise UnusableError(
                    f"it is StyleGAN1 with the option {name} = {_short(value)}, of which only"
                    f" {ONLY[name]} is supported"
                )
        elif name not in HARMLESS and name != "fused_scale":
            raise UnusableError(
                f"it is StyleGAN1 with the option {_short(name)} = {_short(value)}, which is not"
                " known and may change its pictures"
            )
    if options.get("blur_filter", ()) is None:
        options["blur_filter"] = (1.0,)
    return options, _fused_from(given.get("fused_scale", "auto"))


def _static_kwargs(network: Stub) -> Mapping[Any, Any]:
    """Options of the network and of its components; those of the network itself count more."""
    components = network.state.get("components")
    below = list(components.values())[:8] if isinstance(components, dict) else []
    given: dict[Any, Any] = {}
    for part in (*below, network):
        state = part.state if isinstance(part, Stub) else None
        options = state.get("static_kwargs") if isinstance(state, dict) else None
        given |= options if isinstance(options, dict) else {}
    return given


def _fused_from(fused_scale: Any) -> float:
    if fused_scale is True:
        return 0
    if fused_scale is False:
        return math.inf
    if fused_scale != "auto":
        raise UnusableError(
            f"it is StyleGAN1 with the option fused_scale = {_short(fused_scale)}, of which only"
            " auto, True and False are supported"
        )
    return FUSED_FROM


def _short(value: Any) -> str:
    """A value from a file, of a type that is cheap to show."""
    if isinstance(value, str):
        return value[:40]
    if value is None or type(value) in (bool, float):
        return str(value)
    if type(value) is int and abs(value) < 1 << 62:
        return str(value)
    return f"a {type(value).__name__}"
