"""Everything of `cuda.core`, untyped."""

from typing import Any

def __getattr__(name: str) -> Any: ...
