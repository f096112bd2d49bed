"""StyleGAN3, StyleGAN2-ADA and StyleGAN-XL pickles as the published PyTorch programs write them.

Such a file is a dictionary with `G`, `D`, `G_ema` and more, one with only `G_ema`, the module
itself, or, of other programs, a list of modules, or modules that wrap one another. Modules carry
the arguments they were built with; the source text that they embed is skipped unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from stylegan3.checkpoints.detect import refuse_relatives
from stylegan3.checkpoints.errors import UnusableError, naming
from stylegan3.checkpoints.found import (
    FoundGenerator,
    Part,
    configure,
    infer_options,
    plain_scalars,
    strip_prefix,
)
from stylegan3.checkpoints.pickle.modules import ModuleRef, as_module
from stylegan3.checkpoints.pickle.values import Stub
from stylegan3.checkpoints.readers.prefixes import is_averaged, prefix_of
from stylegan3.checkpoints.readers.xl import configure_xl
from stylegan3.config import Config
from stylegan3.families import Family, recognise
from stylegan3.layers import alias_free_name, block_name

POSITIONAL = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
MOST_PLACES = 64
# Options that say how to compute, not what.
HARMLESS = {
    *("fp16_channels_last", "channels_last", "fused_modconv_default", "use_fp16", "num_ws"),
    *("mapping_kwargs", "synthesis_kwargs", "force_fp32", "fused_modconv", "class_name"),
    *("channels_dict", "square", "kernel_size"),
}
TALL = (4, 2)  # what StyleGAN-Human's StyleGAN2 starts from where `square` is false


def read_nvlabs(tree: Any) -> FoundGenerator | None:
    """The generator in the tree of such a pickle, or None if the file is something else.

    Raises:
        UnusableError: if there is a generator that cannot be used.
    """
    seen: set[int] = set()  # one module can stand in many places
    for key, value in _places(tree):
        if not isinstance(value, Stub) or id(value) in seen or len(seen) >= MOST_PLACES:
            continue
        seen.add(id(value))
        module = as_module(value)
        if module is None:
            continue
        refuse_relatives((*module.parameters, *module.buffers))
        module = _unwrapped(module)
        family = recognise((*module.parameters, *module.buffers))
        if family is None:
            continue
        notes, training = [], {}
        if key in ("G", "g"):
            notes.append("it has no averaged weights (G_ema), so the training weights G are used")
        elif isinstance(tree, list | tuple):
            notes.append(f"it is a list of {len(tree)}, of which the last generator is used")
        if isinstance(tree, dict):
            told = (tree, tree.get("training_set_kwargs"), tree.get("progress"))
            training = {k: v for values in told for k, v in plain_scalars(values).items()}
        parts = {name: Part.of(ref) for name, ref in module.parameters.items()}
        parts |= {name: Part.of(ref, is_buffer=True) for name, ref in module.buffers.items()}
        with naming(family.label):
            config = _config(family, module, parts, notes)
        return FoundGenerator(config, parts, "PyTorch pickle of a network", notes, training)
    return None


def _places(tree: Any) -> Iterator[tuple[str, Any]]:
    """Where a module may be, with its key: the averaged one first, of a list the last."""
    yield "", tree
    if isinstance(tree, list | tuple):
        yield from (("", value) for value in reversed(tree[:MOST_PLACES]))
    if isinstance(tree, dict):
        known = [key for key in ("G_ema", "g_ema", "ema", "G", "g") if key in tree]
        yield from ((key, tree[key]) for key in known)
        others = {key: value for key, value in _named(tree) if key not in known}
        below = [pair for _, value in others.items() for pair in _named(value)]
        yield from sorted(
            (*others.items(), *below), key=lambda pair: is_averaged([pair[0]]), reverse=True
        )


def _named(values: Any) -> list[tuple[str, Any]]:
    pairs = list(values.items())[:MOST_PLACES] if isinstance(values, dict) else []
    return [(key, value) for key, value in pairs if isinstance(key, str)]


def _unwrapped(module: ModuleRef) -> ModuleRef:
    """The generator inside of a module that only wraps it, as DataParallel does."""
    prefix = prefix_of(tuple(module.parameters))
    if not prefix:
        return module
    return ModuleRef(
        module.class_name,
        module.states.get(prefix.removesuffix("."), {}),
        strip_prefix(module.parameters, prefix),
        strip_prefix(module.buffers, prefix),
        {k.removeprefix(prefix): v for k, v in module.states.items() if k.startswith(prefix)},
    )


def _config(family: Family, module: ModuleRef, parts: dict[str, Part], notes: list[str]) -> Config:
    if family.name == "stylegan-xl":
        return configure_xl(module, {name: part.shape for name, part in parts.items()})
    attributes = _attributes(family, module)
    if module.kwargs or module.args:
        return configure(family.config, attributes | _arguments(family.config, module, notes))
    if "img_resolution" in attributes and "channel_base" in attributes:
        return configure(family.config, attributes)
    inferred = infer_options(family, {name: part.shape for name, part in parts.items()})
    settings = ("conv_clamp", "num_fp16_res", "activation", "output_scale")
    return configure(
        family.config, inferred | {k: attributes[k] for k in settings if k in attributes}
    )


def _arguments(cls: type[Config], module: ModuleRef, notes: list[str]) -> dict[str, Any]:
    """Configuration from the arguments that the generator was built with."""
    if len(module.args) > len(POSITIONAL) + 2:
        raise UnusableError("its generator was built with arguments that no published one takes")
    positional = (*POSITIONAL, "mapping_kwargs", "synthesis_kwargs")
    given = dict(zip(positional, module.args, strict=False)) | module.kwargs
    for nested in ("mapping_kwargs", "synthesis_kwargs"):
        if not isinstance(given.setdefault(nested, {}), dict):
            raise UnusableError(f"its configuration is impossible: {nested} is no dictionary")
    mapping, flat = given["mapping_kwargs"], given | given["synthesis_kwargs"]
    mapping_known = cls.mapping_options
    known = [f.name for f in fields(cls) if f.name not in mapping_known.values()]
    options = {name: _plain(flat[name]) for name in known if name in flat}
    options |= {mapping_known[k]: _plain(v) for k, v in mapping.items() if k in mapping_known}
    unknown = [k for k in flat if k not in known and k not in HARMLESS]
    unknown += [f"mapping {k}" for k in mapping if k not in mapping_known]
    if unknown:
        shown = ", ".join(str(name)[:40] for name in unknown[:8])
        notes.append(f"options that the published networks lack are left out: {shown}")
    if options.get("w_avg_beta", 0) is None:
        del options["w_avg_beta"]
    if options.get("resample_filter", ()) is None:
        options["resample_filter"] = (1.0,)
    if "kernel_size" in given["synthesis_kwargs"] and cls.family == "stylegan2":
        options["conv_kernel"] = _plain(flat["kernel_size"])
    if "init_res" in known and "init_res" not in options and flat.get("square") is False:
        options["init_res"] = TALL
    if "block_channels" in known and "channels_dict" in flat:
        options["block_channels"] = _block_channels(flat["channels_dict"])
    return options


def _block_channels(widths: Any) -> tuple[Any, ...]:
    """Feature maps of each block, 4 px first, from `channels_dict` of a pruned network."""
    if not isinstance(widths, dict) or not all(type(size) is int for size in widths):
        raise UnusableError("its configuration is impossible: channels_dict says no widths")
    return tuple(_plain(widths[size]) for size in sorted(widths))


def _attributes(family: Family, module: ModuleRef) -> dict[str, Any]:
    """What the modules say about themselves: the program's defaults at the time of training."""
    mapping = module.states.get("mapping", {})
    options = {k: module.state[k] for k in POSITIONAL if k in module.state}
    options |= {
        "num_mapping_layers": mapping.get("num_layers"),
        "w_avg_beta": mapping.get("w_avg_beta"),
        "num_fp16_res": module.states.get("synthesis", {}).get("num_fp16_res"),
    }
    own, layer = ATTRIBUTES[family.name](module) if family.name in ATTRIBUTES else ({}, {})
    options |= {k: v for k, v in own.items() if options.get(k) is None}
    options = {k: _plain(v) for k, v in options.items() if v is not None}
    if "conv_clamp" in layer:
        options["conv_clamp"] = _plain(layer["conv_clamp"])  # None is a value: no clamping
    return options


def _stylegan2_attributes(module: ModuleRef) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options that modules of StyleGAN2 state, and the attributes of a layer."""
    parsed = ((block_name(name), state) for name, state in module.states.items())
    blocks = [state for block, state in parsed if block is not None and not block.tensor]
    layer = module.states.get("synthesis.b4.conv1", {})
    options = {k: layer[k] for k in ("use_noise", "activation") if k in layer}
    const = module.parameters.get("synthesis.b4.const")
    if const is not None and len(const.shape) == 3:
        options["init_res"] = const.shape[1:]
    if blocks and "architecture" in blocks[0]:
        options["architecture"] = blocks[0]["architecture"]
    if blocks and "use_fp16" in blocks[0]:
        options["num_fp16_res"] = sum(block.get("use_fp16") is True for block in blocks)
    return options, layer


def _stylegan3_attributes(module: ModuleRef) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options that modules of StyleGAN3 state, and the attributes of a layer."""
    synthesis = module.states.get("synthesis", {})
    parsed = ((alias_free_name(name), state) for name, state in module.states.items())
    first = [s for n, s in parsed if n is not None and n.index == 0 and not n.tensor]
    layer = first[0] if first else {}
    names = ("num_layers", "num_critical", "margin_size", "output_scale")
    options = {k: synthesis[k] for k in names if k in synthesis}
    options |= {k: layer[k] for k in ("conv_kernel", "magnitude_ema_beta") if k in layer}
    if "square" in module.state:
        options["square"] = module.state["square"]
    return options, layer


# By family. One that is not here states its options only as arguments, or in its tensors' shapes.
ATTRIBUTES = {"stylegan2": _stylegan2_attributes, "stylegan3": _stylegan3_attributes}


def _plain(value: Any) -> Any:
    """Lists as tuples, whole floating-point numbers as integers where they stand for sizes."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    return value
