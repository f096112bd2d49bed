"""StyleGAN-XL's configuration from the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.alias_free.infer import channel_base
from stylegan3.layers import AliasFreeName, alias_free_name, is_alias_free
from stylegan3.shapes import Shapes, shape_of
from stylegan3.xl.config import NUM_CRITICAL, StyleGANXLConfig, grow, kept_below, layers_of

EMBED, EMBED_PROJ = "mapping.embed.weight", "mapping.embed_proj.weight"
UP_FACTORS = (2, 4, 8, 16)
STEM_RESOLUTIONS = tuple(1 << k for k in range(4, 13))
MOST_STAGES_TRIED = 3_000  # published networks need some hundred
_NO_MATCH = "its layers follow no published configuration"

Stages = tuple[tuple[int, ...], tuple[int, ...]]
"""Layers of each superresolution stage, and by which factor each enlarges the picture."""


def is_stylegan_xl(tensors: Iterable[str]) -> bool:
    """Return whether these are the names of a StyleGAN-XL network's tensors."""
    names = frozenset(tensors)
    has_embedding = EMBED in names and "mapping.embed.bias" not in names
    return (has_embedding or EMBED_PROJ in names) and is_alias_free(names)


def infer_stylegan_xl(
    shapes: Shapes,
    cutoffs: Mapping[str, float] | None = None,  # by layer, where the file says them
    known: Mapping[str, Any] | None = None,  # options that the file says
) -> dict[str, Any]:
    """Options of the network that has such tensors; what shapes do not show keeps its default.

    Raises:
        ValueError: if no published network has such tensors.
    """
    try:
        return _infer(shapes, cutoffs or {}, known or {})
    except ValueError as error:
        raise ValueError(f"it is StyleGAN-XL, but {error}") from error


def _infer(
    shapes: Shapes, cutoffs: Mapping[str, float], known: Mapping[str, Any]
) -> dict[str, Any]:
    found = (name for name in map(alias_free_name, shapes) if name and name.tensor)
    layers = tuple(sorted({replace(name, tensor="") for name in found}))
    num_stem = _stem_layers(layers)
    first = shape_of(shapes, f"synthesis.{layers[0].name}.weight", 4)
    options = dict(known) | {
        "img_resolution": layers[-1].size,
        "img_channels": layers[-1].channels,
        "num_layers": num_stem,
        "conv_kernel": first[2],
        "use_radial_filters": len(shapes.get(f"synthesis.{layers[0].name}.down_filter", ())) == 2,
    }
    options |= _mapping(shapes)
    for name, value in options.items():
        StyleGANXLConfig.check_option(name, value)
    try:
        for stages in _Search(shapes, layers, cutoffs).stages(options):
            found = _with_widths(options | stages, layers)
            if found is not None:
                return found
    except (ValueError, ArithmeticError) as error:
        raise ValueError(_NO_MATCH) from error
    raise ValueError(_NO_MATCH)


def _with_widths(
    options: dict[str, Any], layers: tuple[AliasFreeName, ...]
) -> dict[str, Any] | None:
    """The options with channel base and maximum; None where none leads to these layers."""
    widths = [layer.channels for layer in layers[:-1]]
    wide = StyleGANXLConfig(**options, channel_base=1 << 20)
    try:
        base = channel_base(wide, widths)
    except ValueError:
        return None
    options = options | {"channel_base": base, "channel_max": max(widths)}
    names = [layer.name for layer in StyleGANXLConfig(**options).layers]
    return options if names == [layer.name for layer in layers] else None


def _mapping(shapes: Shapes) -> dict[str, Any]:
    """Options of the mapping network."""
    count = 0
    while {f"mapping.fc{count}.weight", f"mapping.fc{count}.bias"} & shapes.keys():
        count += 1
    inputs = shape_of(shapes, "mapping.fc0.weight", 2)[1]
    w_dim = shape_of(shapes, f"mapping.fc{count - 1}.weight", 2)[0]
    options = {"z_dim": inputs, "w_dim": w_dim, "num_mapping_layers": count, "embed_classes": 0}
    if EMBED in shapes:
        options["embed_classes"], options["embed_features"] = shape_of(shapes, EMBED, 2)
    if EMBED_PROJ in shapes:
        options["z_dim"] = shape_of(shapes, EMBED_PROJ, 2)[0]
        options["c_dim"] = options["embed_classes"]
        if "mapping.w_avg" in shapes:  # of each class that the network was trained for
            options["c_dim"] = shape_of(shapes, "mapping.w_avg", 2)[0]
    return options


def _stem_layers(layers: tuple[AliasFreeName, ...]) -> int:
    """Layers of the stem, without ToRGB: the gap in the numbers shows where the first stage begins.

    Raises:
        ValueError: if layers are missing.
    """
    numbers = [layer.index for layer in layers]
    gap = next((i for i, number in enumerate(numbers) if number != i), len(numbers))
    after = range(gap + 1, gap + 1 + len(numbers) - gap)
    if len(numbers) < 3 or numbers[gap:] != list(after):
        raise ValueError("layers are missing: their names do not count from L0 upwards")
    return len(numbers) - 1 if gap == len(numbers) else gap + NUM_CRITICAL


@dataclass
class _Search:
    """Finds the stages whose layers are called, and filter, as in the file."""

    shapes: Shapes
    layers: tuple[AliasFreeName, ...]
    cutoffs: Mapping[str, float]
    left: int = MOST_STAGES_TRIED

    def stages(self, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Margin and stages that lead to layers of these sizes.

        Raises:
            ValueError: if too many had to be tried.
        """
        known = ("num_layers", "conv_kernel", "use_radial_filters", "first_cutoff")
        known += ("first_stopband", "last_stopband_rel")
        base: dict[str, Any] = {k: options[k] for k in known if k in options}
        base["channel_base"] = 1 << 20
        for resolution in STEM_RESOLUTIONS:
            if options["img_resolution"] % resolution:
                continue
            stem = StyleGAN3Config(img_resolution=resolution, **base)
            margin = (self.layers[0].size - int(stem.sampling_rates[0])) // 2
            if margin < 0:
                continue
            stem = replace(stem, margin_size=margin)
            for heads, ups in self._above(stem, layers_of(stem), 0, resolution):
                yield {"margin_size": margin, "head_layers": heads, "up_factors": ups}

    def _above(
        self, stem: StyleGAN3Config, stage: tuple[AliasFreeLayer, ...], start: int, resolution: int
    ) -> Iterator[Stages]:
        """Ways to go on from a stage that begins at place `start` and ends at `resolution`."""
        if start + len(stage) == len(self.layers):
            if resolution == self.layers[-1].size and self._fits(stage, start):
                yield (), ()
            return
        kept = kept_below(stage)
        if not self._fits(kept, start):
            return
        start += len(kept)
        rest = len(self.layers) - start
        for up in UP_FACTORS:
            following = resolution * up
            if self.layers[-1].size % following:
                continue
            is_last = following == self.layers[-1].size
            counts = (rest - 1,) if is_last else range(NUM_CRITICAL + 1, rest - 1)
            for count in counts if rest > NUM_CRITICAL + 1 else ():
                self.left -= 1
                if self.left < 0:
                    raise ValueError(_NO_MATCH)
                grown = layers_of(grow(stem, kept, count, following), start + 1)
                for heads, ups in self._above(stem, grown, start, following):
                    yield (count, *heads), (up, *ups)

    def _fits(self, layers: tuple[AliasFreeLayer, ...], start: int) -> bool:
        return all(map(self._fits_one, layers, self.layers[start : start + len(layers)]))

    def _fits_one(self, g: AliasFreeLayer, name: AliasFreeName) -> bool:
        if (g.index, g.out_size) != (name.index, name.size):
            return False
        for tensor, taps in (("up_filter", g.up_taps), ("down_filter", g.down_taps)):
            shape = self.shapes.get(f"synthesis.{name.name}.{tensor}")
            if shape and shape[0] != taps and not g.is_torgb:
                return False
        cutoff = self.cutoffs.get(name.name)
        return cutoff is None or abs(cutoff - g.out_cutoff) <= 1e-6 * g.out_cutoff
