"""Sources beside the first one, as parameters of a source: of style mixing, and of regions."""

from __future__ import annotations

from msgspec.structs import replace
from torch import Tensor

from sgview.state.motion import Motion
from sgview.state.params import Mixing, Params, Region


def is_mixing(params: Params) -> bool:
    """Return whether some of the second source is in w."""
    mixing = params.mixing
    return bool(mixing.rows) and mixing.amount != 0.0 and any(mixing.rows)


class OtherSource:
    """Parameters under which another source is the source, the same object for the same; and the
    rows of w that were made of them.
    """

    def __init__(self) -> None:
        self._made_of: tuple[object, ...] = ()
        self._params = Params()
        self._rows: tuple[tuple[object, ...], Tensor] | None = None  # and what they are of

    def params(self, params: Params, other: Mixing | Region) -> Params:
        """Return `params` with the other source in place of the first."""
        made_of = (params.noise, params.latents, params.mapping, other)
        if len(self._made_of) != len(made_of) or any(
            old is not new for old, new in zip(self._made_of, made_of, strict=True)
        ):
            latents = replace(
                params.latents,
                source=other.source,
                seed=other.seed,
                between=other.between,
                entry=other.entry,
            )
            noise = replace(params.noise, seed=other.seed)
            self._params = replace(params, latents=latents, noise=noise)
            self._made_of = made_of
        return self._params

    def kept(self, key: tuple[object, ...]) -> Tensor | None:
        """Return the rows that were kept under `key`; () keeps none."""
        is_same = bool(key) and self._rows is not None and self._rows[0] == key
        return self._rows[1] if is_same and self._rows is not None else None

    def keep(self, key: tuple[object, ...], rows: Tensor) -> Tensor:
        """Return a copy of rows, in memory that stays."""
        memory = rows.clone() if self._rows is None else self._rows[1].copy_(rows)
        self._rows = (key, memory)
        return memory


def other_motion(motion: Motion, name: str) -> Motion:
    """Return `motion` as it moves the source of that name; no glide leads there."""
    at = motion.positions
    return Motion(positions={**at, "seed": at.get(f"{name}.seed", 0.0)})
