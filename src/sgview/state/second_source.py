"""The second source of style mixing, as parameters and positions of a source."""

from __future__ import annotations

from msgspec.structs import replace

from sgview.state.motion import Motion
from sgview.state.params import Latents, Params


def is_mixing(params: Params) -> bool:
    """Return whether some of the second source is in w."""
    mixing = params.mixing
    return bool(mixing.rows) and mixing.amount != 0.0 and any(mixing.rows)


def second_latents(params: Params) -> Latents:
    """Return the latents as they are where the second source is the source."""
    mixing = params.mixing
    return replace(
        params.latents,
        source=mixing.source,
        seed=mixing.seed,
        between=mixing.between,
        entry=mixing.entry,
    )


def second_motion(motion: Motion) -> Motion:
    """Return `motion` as it moves the second source: its own walk over seeds, its own glides."""
    at = motion.positions
    return Motion(positions={**at, "seed": at.get("mixing.seed", 0.0)}, trail=motion.second_trail)


class SecondParams:
    """Parameters under which the second source is the source; the same object for the same."""

    def __init__(self) -> None:
        self._made_of: tuple[object, ...] = ()
        self._params = Params()

    def of(self, params: Params) -> Params:
        """Return `params` with the second source in place of the first."""
        made_of = (params.noise, params.latents, params.mapping, params.mixing)
        if len(self._made_of) != len(made_of) or any(
            old is not new for old, new in zip(self._made_of, made_of, strict=True)
        ):
            noise = replace(params.noise, seed=params.mixing.seed)
            self._params = replace(params, latents=second_latents(params), noise=noise)
            self._made_of = made_of
        return self._params
