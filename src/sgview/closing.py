"""What all owners of things that do not free themselves have in common."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """Frees what it owns at the end of a `with`, by `close`, which does nothing a second time."""

    def close(self) -> None:
        """Free everything; what is of OpenGL needs its context current."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
