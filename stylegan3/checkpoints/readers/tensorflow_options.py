"""Options of TensorFlow networks: each is honoured, shown by the tensors, harmless, or refused.

They stand in `static_kwargs`, which holds only what differs from the defaults of the program that
wrote the file. An option that changes the calculation and no tensor would give wrong pictures in
silence, so one that is not known here is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.values import Global
from stylegan3.config import Config

# Name in the file -> in the configuration.
HONOURED = {
    "architecture": "architecture",
    "resample_kernel": "resample_filter",
    "resample_filter": "resample_filter",
    "nonlinearity": "activation",
    "mapping_nonlinearity": "mapping_activation",
    "mapping_lrmul": "mapping_lr_multiplier",
    "conv_clamp": "conv_clamp",
    "num_fp16_res": "num_fp16_res",
    "dlatent_avg_beta": "w_avg_beta",
}
BOX_FILTER = (1.0, 1.0)  # what `resample_kernel` None means
SHOWN_BY_TENSORS = {
    *("num_channels", "resolution", "label_size", "latent_size", "dlatent_size"),
    *("mapping_layers", "mapping_fmaps", "label_fmaps", "use_noise"),
    *("fmap_base", "fmap_decay", "fmap_min", "fmap_max", "fmap_const"),
}
COMPARED = {
    *("dlatent_broadcast", "init_res", "min_h", "min_w", "res_log2"),
    *("resolution_h", "resolution_w"),
}
# What concerns training, the program's own ways of computing the same, or inputs that are given
# anew with every picture here.
HARMLESS = {
    *("truncation_psi", "truncation_cutoff", "truncation_psi_val", "truncation_cutoff_val"),
    *("style_mixing_prob", "randomize_noise", "is_training", "is_validation"),
    *("is_template_graph", "force_clean_graph", "return_dlatents", "components", "structure"),
    *("dtype", "fused_modconv", "impl", "gpu_impl", "verbose", "seed"),
}
# Options of which this project computes one value alone.
ONLY: Mapping[str, Any] = {
    "normalize_latents": True,
    "use_styles": True,
    "const_input_layer": True,
    "use_instance_norm": False,
    "use_pixel_norm": False,
    "use_wscale": True,
}
FUNCTIONS = {"synthesis_func": "G_synthesis", "mapping_func": "G_mapping"}  # names start so
WHERE = "docs/formats.md lists the options that are known"


def configuration_options(given: Mapping[Any, Any]) -> dict[str, Any]:
    """What these options say that no tensor shows, by the configuration's names.

    Raises:
        UnusableError: naming an option that is unknown, or a value that is not supported.
    """
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name in HONOURED:
            is_box = value is None and HONOURED[name] == "resample_filter"
            if is_box or value is not None:
                value = tuple(value) if isinstance(value, list) else value
                options[HONOURED[name]] = BOX_FILTER if is_box else value
        elif name in ONLY:
            if value not in (None, ONLY[name]):
                raise UnusableError(
                    f"it is StyleGAN2 with the option {name} = {_short(value)}, of which only"
                    f" {ONLY[name]} is supported; {WHERE}"
                )
        elif name in FUNCTIONS:
            _check_function(name, value)
        elif name not in SHOWN_BY_TENSORS | COMPARED | HARMLESS:
            raise UnusableError(
                f"it is StyleGAN2 with the option {_short(name)} = {_short(value)}, which is not"
                f" known and may change its pictures; {WHERE}"
            )
    return options


def check_geometry(given: Mapping[Any, Any], config: Config, init_res: tuple[int, int]) -> None:
    """Refuse options that say another size than the tensors have.

    Raises:
        UnusableError: naming the option.
    """
    height, width = init_res
    shown = {
        "min_h": height,
        "min_w": width,
        "res_log2": (config.img_height // height).bit_length() - 1,
        "resolution_h": config.img_height,
        "resolution_w": config.img_width,
        "init_res": init_res,
        "dlatent_broadcast": config.num_ws,
    }
    for name, expected in shown.items():
        value = given.get(name)
        value = tuple(value) if isinstance(value, list) else value
        if value is not None and value != expected:
            raise UnusableError(
                f"it is StyleGAN2 with the option {name} = {_short(value)}, but its tensors make"
                f" {config.img_width} × {config.img_height} px from {width} × {height}"
                f" ({name} = {expected}); {WHERE}"
            )


def _check_function(name: str, value: Any) -> None:
    text = value.name if isinstance(value, Global) else value
    last = text.rpartition(".")[2] if isinstance(text, str) else ""
    if value is not None and not last.startswith(FUNCTIONS[name]):
        raise UnusableError(
            f"it is StyleGAN2 with the option {name} = {_short(value)}, which is no function that"
            f" is known; {WHERE}"
        )


def _short(value: Any) -> str:
    """A value from a file, of a type that is cheap to show."""
    if isinstance(value, str):
        return value[:40]
    if value is None or type(value) in (bool, float):
        return str(value)
    if type(value) is int:
        return str(value) if abs(value) < 1 << 62 else "an enormous number"
    is_short = isinstance(value, tuple | list) and len(value) <= 8
    if is_short and all(type(item) in (int, float) and abs(item) < 1 << 62 for item in value):
        return " × ".join(map(str, value))
    return f"a {type(value).__name__}"
