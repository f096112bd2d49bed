"""Values that do nothing as things are set, and why: panels dim them, and say so."""

from __future__ import annotations

from collections.abc import Mapping

from sgview.state.latent_params import Source
from sgview.state.other_sources import MIXING, is_mixing, other_sources
from sgview.state.params import Noise, Params, Region, Regions
from sgview.state.region_params import NAMES, regions_on

GLIDING = frozenset(("seeds", "plane", "library"))
"""Sources that glide to where they are set anew."""
_TRANSFORM = ("translate", "translate_speed", "rotate", "scale", "pivot")
_AXES = ("x", "y", "z")


def idle_reason(params: Params, path: str) -> str:
    """Return why the value at `path` changes nothing in the picture now, "" if it may.

    Args:
        params: as they are set.
        path: of a leaf, such as "noise.rotate.z", or of a vector: it is idle if all of it is.
    """
    words = path.split(".")
    if words[0] == "noise":
        return _noise_reason(params, words[1], words[2] if len(words) > 2 else "")
    if words[0] == "canvas":
        return _canvas_reason(params, words[1])
    if words[0] == "latents":
        return _latents_reason(params, words[1])
    if words[0] == "ground":
        return _ground_reason(params, words[1], words[2])
    if words[0] == "mapping":
        return _mapping_reason(params, words[1])
    if words[0] == "mixing" and words[1] != "rows" and not any(params.mixing.rows):
        return "No row of the second source is mixed in: paint some."
    if path == "directions.strength" and not any(params.directions.amounts.values()):
        return "No direction acts."
    if words[0] == "walk":
        return _walk_reason(params, words[1])
    if words[0] == "regions":
        return _regions_reason(params.regions, words[1], words[-1])
    return ""


def _regions_reason(regions: Regions, region: str, name: str) -> str:
    if region not in NAMES:
        return "" if regions_on(regions) else "No further latent is in the picture."
    here: Region = getattr(regions, region)
    if name != "strength" and here.strength == 0.0:
        return "Its strength is 0."
    if name == "size" and here.mask == "linear":
        return "A line has no size."
    if name == "softness" and here.mask == "file":
        return "A file is as soft as its grey."
    if name == "speed_y" and here.mask in ("linear", "band"):
        return "It moves the way it points to, at Speed X."
    if name in ("angle", "speed_angle") and here.mask == "radial":
        return "A disc looks the same however it is turned."
    return ""


def _mapping_reason(params: Params, name: str) -> str:
    if params.latents.space == "w":
        return "The vector is used as w: the mapping network is left out."
    is_of_centre = name in ("centre", "centre_entry", "modes", "softness", "centroids")
    if is_of_centre and params.mapping.truncation_psi == 1.0:
        return "Truncation psi is 1: nothing is pulled anywhere."
    return ""


def _walk_reason(params: Params, name: str) -> str:
    walk = params.walk
    if name != "reach" and walk.reach == 0.0:
        return "The walk has no reach."
    if name == "speed" and walk.loop > 0.0:
        return "The loop moves the walk."
    if name in ("loop_unit", "loop_steps") and walk.loop <= 0.0:
        return "There is no loop."
    return ""


def idle_reasons(params: Params, paths: tuple[str, ...]) -> Mapping[str, str]:
    """Return the reasons of those of `paths` that are idle."""
    reasons = {path: idle_reason(params, path) for path in paths}
    return {path: reason for path, reason in reasons.items() if reason}


def _canvas_reason(params: Params, name: str) -> str:
    shape = params.canvas.shape
    if name in ("width", "height") and shape != "free":
        return "A free canvas alone has it."
    if name in ("pixels_wide", "pixels_high") and shape != "pixels":
        return "A canvas in pixels alone has it."
    if name == "fill" and shape == "own":
        return "The picture has the network's own size."
    return ""


def _latents_reason(params: Params, name: str) -> str:
    latents = params.latents
    if name in ("mode", "gaussianise") and latents.source != "noise":
        return "Noise alone has it."
    sources = {latents.source, *(other.source for other in other_sources(params).values())}
    if name == "glide" and GLIDING.isdisjoint(sources):
        return "There is nothing to glide to: it is for seeds, plane and library."
    if name == "motion" and stands(params):
        return "The source has no speed of its own yet: set one below."
    return ""


def stands(params: Params) -> bool:
    """Return whether all speeds that the fader multiplies are 0 or unheard.

    Those of the source, of sources beside it, and of the random walk.
    """
    walk = params.walk
    if walk.reach and (walk.speed or walk.loop):
        return False
    for name, other in other_sources(params).items():
        is_heard = name != MIXING or is_mixing(params)
        if is_heard and _moves(params, other.source, other.seed_speed):
            return False
    return not _moves(params, params.latents.source, params.latents.seed_speed)


def _moves(params: Params, source: Source, seed_speed: float) -> bool:
    """Return whether a source has a speed of its own."""
    latents, noise = params.latents, params.noise
    speeds = {
        "noise": (noise.loop, *noise.translate_speed, noise.translate_4d_speed),
        "seeds": (seed_speed,),
        "plane": (latents.plane.speed_x, latents.plane.speed_y),
        "path": (latents.path.speed,) if len(latents.path.keys) > 1 else (),
        "library": (),
    }[source]
    return any(speeds)


def _ground_reason(params: Params, part: str, name: str) -> str:
    ground, reason = params.ground, ""
    if part == "input":
        place = (ground.input.x, ground.input.y, ground.input.rotate, ground.input.shear)
        parts = ("x", "y", "rotate", "scale")
        speeds = [getattr(ground.input, f"speed_{name}") for name in parts]
        if name == "untransform" and ground.input.scale == 1.0 and not any((*place, *speeds)):
            reason = "The picture is where it was trained to be."
    elif part == "noise" and name not in ("strength", "layers"):
        if params.noise_mode != "const":
            reason = "It is for the noise stored in the network: choose Const above."
        else:
            reason = _loop_reason(name, ground.noise.loop, "moving")
    elif part == "noise" and params.noise_mode == "none":
        reason = "There is no noise: choose Const or Random above."
    elif part == "constant":
        if name != "amount" and ground.constant.amount == 0.0:
            reason = "The amount is 0."
        else:
            reason = _loop_reason(name, ground.constant.loop, "speed")
    return reason


def _loop_reason(name: str, loop: float, speed: str) -> str:
    if name == speed:
        return "The loop moves it." if loop > 0.0 else ""
    if name.startswith("loop_"):
        return "" if loop > 0.0 else "There is no loop."
    return ""


def _noise_reason(params: Params, name: str, axis: str) -> str:
    noise, latents = params.noise, params.latents
    if latents.source != "noise":
        return "Noise does not play: another source does."
    if name == "monochrome":
        if latents.space == "z":
            return "There is one row of z; rows of their own are for the use as W."
    elif name in ("harmonic_spread", "harmonic_gain"):
        return "There are no octaves beyond the first." if noise.harmonics == 0 else ""
    elif name in ("amplitude", "exponent") and noise.amplitude == 0.0 and name == "exponent":
        return "The amplitude is 0."
    elif name == "amplitude":
        if latents.space == "z" and noise.offset == 0.0:
            return "z is normalised by its length: without an offset its height has no effect."
    elif name in ("loop_unit", "loop_size"):
        return "" if noise.loop > 0.0 else "There is no loop."
    elif name == "translate_4d_speed" and noise.loop > 0.0:
        return "The loop moves the noise."
    elif name in ("translate_4d", "translate_4d_speed"):
        is_4d = noise.type.endswith("4d") or noise.type == "random" or noise.loop > 0.0
        return "" if is_4d else "The noise has no fourth dimension."
    elif name in _TRANSFORM:
        return _transform_reason(noise, name, axis, latents.mode == "independent")
    return ""


def _transform_reason(noise: Noise, name: str, axis: str, is_independent: bool) -> str:
    if name == "translate_speed" and noise.loop > 0.0:
        return "The loop moves the noise."
    if not axis:
        reasons = [_transform_reason(noise, name, axis, is_independent) for axis in _AXES]
        return reasons[0] if all(reasons) else ""
    place = int(axis) if axis.isdigit() else _AXES.index(axis)
    is_flat = noise.type.endswith("2d") and noise.loop <= 0.0
    if name in ("translate", "translate_speed"):
        return "The noise has no third dimension." if place == 2 and is_flat else ""
    is_pivoted = any(noise.pivot)
    if name == "rotate":
        if is_independent and not is_pivoted:
            return "Every value is at the centre of the strip: turning it moves nothing."
        if place == 0 and not is_pivoted:
            return "The strip lies along x: turning it about x moves nothing."
        return ""
    if name == "scale":
        if is_independent and not is_pivoted:
            return "Every value is at the centre of the strip: its size has no effect."
        if place > 0 and not noise.pivot[place]:
            return "The strip lies along x and has no other size."
        return ""
    is_turned, size = any(noise.rotate), noise.scale[place]
    if not is_turned and size == 1.0:
        return "Nothing turns or scales about it."
    if place == 2 and is_flat and not is_turned:
        return "The noise has no third dimension."
    return ""
