"""Sources beside the first one, as it is told of them: style mixing's, and those of regions."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sgview.state.motion import Motion
from sgview.state.params import Latents, Mixing, Params, Region
from sgview.state.region_params import regions_on

Other = Mixing | Region
MIXING = "mixing"


def is_mixing(params: Params) -> bool:
    """Return whether some of the second source is in w."""
    mixing = params.mixing
    return bool(mixing.rows) and mixing.amount != 0.0 and any(mixing.rows)


def other_sources(params: Params) -> Mapping[str, Other]:
    """Return those that are set to play beside the first, by name: "mixing", "regions.second"."""
    found: dict[str, Other] = {MIXING: params.mixing} if params.mixing.rows else {}
    for name, region in regions_on(params.regions):
        found[f"regions.{name}"] = region
    return found


def other_latents(latents: Latents, other: Other) -> Latents:
    """Return the latents as they are where another source is the source."""
    return replace(
        latents,
        source=other.source,
        seed=other.seed,
        between=other.between,
        entry=other.entry,
    )


def other_motion(motion: Motion, name: str) -> Motion:
    """Return `motion` as it moves the source of that name: its own walk and glides."""
    at = motion.positions
    seed = at.get(f"{name}.seed", 0.0)
    return Motion(positions={**at, "seed": seed}, trail=motion.trails.get(name, ()))


class OtherParams:
    """Parameters under which another source is the source; the same object for the same."""

    def __init__(self) -> None:
        self._made_of: tuple[object, ...] = ()
        self._params = Params()

    def of(self, params: Params, other: Other) -> Params:
        """Return `params` with the other source in place of the first."""
        made_of = (params.noise, params.latents, params.mapping, other)
        if len(self._made_of) != len(made_of) or any(
            old is not new for old, new in zip(self._made_of, made_of, strict=True)
        ):
            noise = replace(params.noise, seed=other.seed)
            latents = other_latents(params.latents, other)
            self._params = replace(params, latents=latents, noise=noise)
            self._made_of = made_of
        return self._params
