"""The rows of w of a source beside the first one."""

from __future__ import annotations

from torch import Tensor

from sgview.state.other_sources import OtherParams


class OtherRows:
    """Keeps them, in memory that stays, with the parameters that they are made by."""

    def __init__(self) -> None:
        self.params = OtherParams()
        self._key: tuple[object, ...] = ()  # of what they are
        self._rows: Tensor | None = None

    def find(self, key: tuple[object, ...]) -> Tensor | None:
        """Return the rows that were kept under `key`; () finds none."""
        return self._rows if key and key == self._key else None

    def keep(self, key: tuple[object, ...], rows: Tensor) -> Tensor:  # [num_ws, w_dim]
        """Return a copy of rows; `key` finds it again until others are kept."""
        self._key = key
        self._rows = rows.clone() if self._rows is None else self._rows.copy_(rows)
        return self._rows
